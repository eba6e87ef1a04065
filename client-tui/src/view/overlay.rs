//! What lies over everything: the help, made from the table of commands, and questions.

use super::{clear, put};
use crate::{
    app::{App, Overlay},
    command::{COMMANDS, Command, key_name},
    text::{fit, width},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Block, Widget},
};

/// Rows of a pasted text that the question shows.
const PASTE_ROWS: usize = 8;

pub(super) fn draw(app: &App, overlay: &Overlay, area: Rect, buffer: &mut Buffer) {
    match overlay {
        Overlay::Help(at) => help(app, usize::from(*at), area, buffer),
        Overlay::Paste(text) => paste(app, text, area, buffer),
    }
}

/// A frame in the middle; gives what is inside.
fn frame(title: &str, columns: u16, rows: u16, app: &App, area: Rect, buffer: &mut Buffer) -> Rect {
    let (columns, rows) = (columns.min(area.width), rows.min(area.height));
    let place = Rect::new((area.width - columns) / 2, (area.height - rows) / 2, columns, rows);
    clear(place, buffer);
    let title = fit(&format!(" {title} "), usize::from(columns.saturating_sub(2)));
    let block = Block::bordered().title(title).border_style(app.theme.dim());
    let inside = block.inner(place);
    block.render(place, buffer);
    inside
}

fn help(app: &App, at: usize, area: Rect, buffer: &mut Buffer) {
    let rows = u16::try_from(COMMANDS.len() + 6).unwrap_or(u16::MAX);
    let inside = frame(&app.locale.text("help-title"), 92, rows, app, area, buffer);
    let mut lines: Vec<(String, String, String)> = vec![
        ("@NICK TEXT".into(), String::new(), app.locale.text("help-direct")),
        ("//TEXT".into(), String::new(), app.locale.text("help-slash")),
        (String::new(), "Ctrl-C Ctrl-C".into(), app.locale.text("help-quit-twice")),
        (String::new(), "Alt-1…9".into(), app.locale.text("help-tab")),
    ];
    lines.splice(0..0, COMMANDS.iter().map(|command| line(app, command)));
    let height = usize::from(inside.height);
    let at = at.min(lines.len().saturating_sub(height));
    let shapes = lines.iter().map(|(shape, ..)| width(shape)).max().unwrap_or(0) + 2;
    let keys = lines.iter().map(|(_, keys, _)| width(keys)).max().unwrap_or(0) + 2;
    let (shapes, keys) = (u16::try_from(shapes).unwrap_or(0), u16::try_from(keys).unwrap_or(0));
    for (y, (shape, key, text)) in (inside.y..inside.bottom()).zip(lines.iter().skip(at)) {
        let room = |used: u16| inside.width.saturating_sub(used + 1);
        put(buffer, inside.x + 1, y, room(0), shape, app.theme.own());
        put(buffer, inside.x + 1 + shapes, y, room(shapes), key, app.theme.mention());
        put(buffer, inside.x + 1 + shapes + keys, y, room(shapes + keys), text, Style::new());
    }
}

fn line(app: &App, command: &Command) -> (String, String, String) {
    let shape = command.names.first().map_or_else(String::new, |name| format!("/{name} {}", command.arguments));
    let keys: Vec<String> = command.keys.iter().map(|key| key_name(key)).collect();
    (shape.trim_end().to_owned(), keys.join(", "), app.locale.text(command.help))
}

fn paste(app: &App, text: &str, area: Rect, buffer: &mut Buffer) {
    let count = text.lines().count();
    let rows = u16::try_from(count.min(PASTE_ROWS) + 2).unwrap_or(u16::MAX);
    let title = app.locale.with("paste-ask", &[("count", count.into())]);
    let inside = frame(&title, 72, rows, app, area, buffer);
    for (y, line) in (inside.y..inside.bottom()).zip(text.lines()) {
        put(buffer, inside.x + 1, y, inside.width.saturating_sub(1), &crate::text::drawable_line(line), Style::new());
    }
}
