//! What lies over everything: the help, made from the table of commands, and questions.

use super::{clear, picker, put};
use crate::{
    app::{App, Overlay},
    command::{COMMANDS, Command, key_name},
    text::{drawable_line, fit, width},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    widgets::{Block, Widget},
};

/// Rows of a text that a question shows.
const QUESTION_ROWS: usize = 8;
/// Columns of the help that have room for every key.
const ROOMY: u16 = 90;
/// Rows of the help that are not in the table.
const MORE: usize = 4;

pub(super) fn draw(app: &App, overlay: &Overlay, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    match overlay {
        Overlay::Help(at) => help(app, usize::from(*at), area, buffer),
        Overlay::Paste(text) => {
            let title = app.locale.with("paste-ask", &[("count", text.lines().count().into())]);
            let rows: Vec<&str> = text.lines().take(QUESTION_ROWS).collect();
            question(app, &title, &rows, text.lines().count() > QUESTION_ROWS, area, buffer);
        }
        Overlay::Unsent => {
            let texts: Vec<String> = app
                .outbox
                .held()
                .map(|message| drawable_line(message.send.text.as_ref().map_or("", |text| text.as_str())))
                .collect();
            let rows: Vec<&str> = texts.iter().take(QUESTION_ROWS).map(String::as_str).collect();
            question(app, &app.unsent_question(), &rows, texts.len() > QUESTION_ROWS, area, buffer);
        }
        Overlay::Certificate(changed) => {
            let title = app.locale.with("certificate-title", &[("server", changed.address.clone().into())]);
            let rows = app.certificate_rows(changed);
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            question(app, &title, &rows, false, area, buffer);
        }
        Overlay::Picker(picker) => return picker::draw(app, picker, area, buffer),
    }
    None
}

/// A frame in the middle; gives what is inside.
pub(super) fn frame(title: &str, columns: u16, rows: u16, app: &App, area: Rect, buffer: &mut Buffer) -> Rect {
    let (columns, rows) = (columns.min(area.width), rows.min(area.height));
    let place = Rect::new((area.width - columns) / 2, (area.height - rows) / 2, columns, rows);
    // What would be left at its sides means nothing.
    clear(Rect { x: 0, width: area.width, ..place }, buffer);
    let title = fit(&format!(" {title} "), usize::from(columns.saturating_sub(2)));
    let block = Block::bordered().title(title).border_style(app.theme.dim());
    let inside = block.inner(place);
    block.render(place, buffer);
    inside
}

impl App {
    /// How far the help can be scrolled.
    pub(crate) fn help_end(&self) -> u16 {
        let height = usize::from(self.size.1.saturating_sub(2));
        u16::try_from((COMMANDS.len() + MORE).saturating_sub(height)).unwrap_or(0)
    }
}

fn help(app: &App, at: usize, area: Rect, buffer: &mut Buffer) {
    let rows = u16::try_from(COMMANDS.len() + MORE + 2).unwrap_or(u16::MAX);
    let inside = frame(&app.locale.text("help-title"), 98, rows, app, area, buffer);
    let mut lines: Vec<(String, String, String)> =
        COMMANDS.iter().map(|command| line(app, command, inside.width >= ROOMY)).collect();
    let more: [(&str, &str, &str); MORE] = [
        ("@NICK TEXT", "", "help-direct"),
        ("//TEXT", "", "help-slash"),
        ("", "Ctrl-C Ctrl-C", "help-quit-twice"),
        ("", "Alt-1…9", "help-tab"),
    ];
    lines.extend(more.map(|(shape, keys, help)| (shape.into(), keys.into(), app.locale.text(help))));
    let height = usize::from(inside.height);
    let at = at.min(lines.len().saturating_sub(height));
    let shapes = lines.iter().map(|(shape, ..)| width(shape)).max().unwrap_or(0) + 2;
    let keys = lines.iter().map(|(_, keys, _)| width(keys)).max().unwrap_or(0) + 2;
    let (shapes, keys) = (u16::try_from(shapes).unwrap_or(0), u16::try_from(keys).unwrap_or(0));
    for (y, (shape, key, text)) in (inside.y..inside.bottom()).zip(lines.iter().skip(at)) {
        let room = |used: u16| inside.width.saturating_sub(used + 1);
        put(buffer, inside.x + 1, y, room(0), shape, app.theme.own());
        put(buffer, inside.x + 1 + shapes, y, room(shapes), key, app.theme.accent());
        put(buffer, inside.x + 1 + shapes + keys, y, room(shapes + keys), text, Style::new());
    }
}

/// A row of the help; where there is little room, with one key.
fn line(app: &App, command: &Command, is_roomy: bool) -> (String, String, String) {
    let shape = command.names.first().map_or_else(String::new, |name| format!("/{name} {}", command.arguments));
    let keys = app.keymap.keys_of(command.action).iter().take(if is_roomy { usize::MAX } else { 1 });
    let keys: Vec<String> = keys.map(|key| key_name(key)).collect();
    (shape.trim_end().to_owned(), keys.join(", "), app.locale.text(command.help))
}

/// A question in the title, what it is about below. The keys that answer it stand in the question.
fn question(app: &App, title: &str, rows: &[&str], has_more: bool, area: Rect, buffer: &mut Buffer) {
    let height = u16::try_from(rows.len() + usize::from(has_more)).unwrap_or(1) + 2;
    let inside = frame(title, 76, height, app, area, buffer);
    let more = has_more.then_some("…");
    for (y, row) in (inside.y..inside.bottom()).zip(rows.iter().copied().chain(more)) {
        put(buffer, inside.x + 1, y, inside.width.saturating_sub(2), &drawable_line(row), Style::new());
    }
}
