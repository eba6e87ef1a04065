//! The input line, the rule over it, and the completion popup.

use super::{clear, put};
use crate::{
    app::{
        App,
        complete::{Candidate, SHOWN},
    },
    layout::Layout,
    text::{drawable_line, width},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
    widgets::{Block, Widget},
};
use shared::limits;

pub(super) fn draw(app: &App, layout: &Layout, buffer: &mut Buffer) -> Option<Position> {
    let area = layout.input;
    rule(app, layout, buffer);
    let conversation = app.current()?;
    let prompt = app.prompt();
    put(buffer, area.x, area.y, area.width, &prompt, app.theme.own());
    let left = area.x + u16::try_from(width(&prompt)).unwrap_or(area.width);
    let text = conversation.draft.text();
    let (rows, (caret_row, caret_column)) = conversation.draft.rows(app.input_width());
    let height = usize::from(area.height);
    let first = (caret_row + 1).saturating_sub(height);
    let over = over_limit(text);
    for (y, row) in (area.y..area.bottom()).zip(rows.iter().skip(first)) {
        // What is over the limit is red before it is sent.
        let split = over.clamp(row.bytes.start, row.bytes.end);
        let (fine, excess) = (&text[row.bytes.start..split], &text[split..row.bytes.end]);
        let columns = u16::try_from(width(fine)).unwrap_or(0);
        put(buffer, left, y, area.width.saturating_sub(left), fine, Style::new());
        let excess_style = app.theme.warning().add_modifier(Modifier::UNDERLINED);
        put(buffer, left + columns, y, area.width.saturating_sub(left + columns), excess, excess_style);
    }
    popup(app, area, left, buffer);
    let (x, y) =
        (left + u16::try_from(caret_column).unwrap_or(0), area.y + u16::try_from(caret_row - first).unwrap_or(0));
    Some(Position::new(x.min(area.right() - 1), y.min(area.bottom() - 1)))
}

/// The byte from which on the text is too long.
fn over_limit(text: &str) -> usize {
    shared::text::cut(text, limits::TEXT).len()
}

/// The rule; in it what has to be said about what was typed.
fn rule(app: &App, layout: &Layout, buffer: &mut Buffer) {
    let area = layout.rule;
    put(buffer, area.x, area.y, area.width, &"─".repeat(area.width.into()), app.theme.dim());
    if let Some(users) = layout.users {
        put(buffer, users.x - 1, area.y, 1, "┴", app.theme.dim());
    }
    let room = usize::from(area.width.saturating_sub(4));
    let said = app.word.as_ref().map(|(word, _)| (drawable_line(word), app.theme.mention()));
    let said = said.or_else(|| Some((with_hint(app.digest_text()?, room), app.theme.badge())));
    if let Some((text, style)) = said.or_else(|| Some((with_hint(reply(app)?, room), app.theme.quote()))) {
        let text = crate::text::fit(&text, room);
        put(buffer, area.x + 1, area.y, area.width.saturating_sub(2), &format!(" {text} "), style);
    }
}

/// A text and what can be done, in so many columns: the text gives way.
fn with_hint((text, hint): (String, String), room: usize) -> String {
    let hint = format!(" – {hint}");
    crate::text::fit(&drawable_line(&text), room.saturating_sub(width(&hint))) + &hint
}

/// What is being replied to, and how to end it.
fn reply(app: &App) -> Option<(String, String)> {
    let conversation = app.current()?;
    let entry = conversation.timeline.entry(conversation.draft.reply?);
    let from = entry.and_then(|entry| entry.from.as_deref()).unwrap_or("?");
    let text = entry.and_then(|entry| entry.msg.as_deref()).unwrap_or("…");
    let arguments = [("who", drawable_line(from).into()), ("text", drawable_line(text).into())];
    Some((app.locale.with("replying", &arguments), app.locale.text("replying-ends")))
}

/// A box whose lower edge lies on the rule.
fn popup(app: &App, area: Rect, left: u16, buffer: &mut Buffer) {
    let Some(completion) = &app.completion else { return };
    let first = (completion.chosen + 1).saturating_sub(SHOWN);
    let shown = || completion.candidates.iter().enumerate().skip(first).take(SHOWN);
    let name = |candidate: &Candidate| drawable_line(candidate.text.trim_end());
    let names = shown().map(|(_, candidate)| width(&name(candidate))).max().unwrap_or(0);
    let helps = shown().map(|(_, candidate)| width(&candidate.help)).max().unwrap_or(0);
    let wanted = names + 4 + if helps > 0 { helps + 2 } else { 0 };
    let columns = u16::try_from(wanted).unwrap_or(area.width).min(area.width.saturating_sub(left));
    let rows = u16::try_from(shown().count() + 2).unwrap_or(0).min(area.y);
    let place = Rect::new(left, area.y - rows, columns, rows);
    clear(place, buffer);
    let block = Block::bordered().border_style(app.theme.dim());
    let inside = block.inner(place);
    block.render(place, buffer);
    for (y, (index, candidate)) in (inside.y..inside.bottom()).zip(shown()) {
        let style = if index == completion.chosen { app.theme.selected() } else { Style::new() };
        let name = name(candidate);
        let pad = " ".repeat(names - width(&name) + if helps > 0 { 2 } else { 0 });
        let row = crate::text::fit(&format!(" {name}{pad}{}", candidate.help), inside.width.into());
        let fill = " ".repeat(usize::from(inside.width) - width(&row));
        put(buffer, inside.x, y, inside.width, &format!("{row}{fill}"), style);
    }
}
