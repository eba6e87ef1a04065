//! A list to choose from, with what is typed over it.

use super::{overlay::frame, put, put_draft};
use crate::{
    app::{
        App,
        picker::{List, Picker},
    },
    text::{drawable_line, fit, width},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

/// The widest column of names.
const NAMES: usize = 42;

pub(super) fn draw(app: &App, picker: &Picker, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let columns = area.width.saturating_sub(4).clamp(20, 110);
    let rows = area.height.saturating_sub(4).clamp(6, 30);
    let inside = frame(&title(app, picker), columns, rows, app, area, buffer);
    let has_query = picker.list != List::Mentions;
    let caret = has_query.then(|| query(app, picker, inside, buffer));
    let above = if has_query { 2 } else { 0 };
    let list = Rect { y: inside.y + above, height: inside.height.saturating_sub(above), ..inside };
    rows_of(app, picker, list, buffer);
    caret
}

fn title(app: &App, picker: &Picker) -> String {
    let key = match picker.list {
        List::Jump => "jump-title",
        List::Search { everywhere: true } => "search-title-everywhere",
        List::Search { everywhere: false } => "search-title",
        List::Mentions => "mentions-title",
    };
    let here = app.current().map(|conversation| drawable_line(&conversation.partner.to_string())).unwrap_or_default();
    app.locale.with(key, &[("name", here.into()), ("count", picker.choices.len().into())])
}

/// What is typed, and the rule below it.
fn query(app: &App, picker: &Picker, inside: Rect, buffer: &mut Buffer) -> Position {
    let (x, room) = (inside.x + 3, inside.width.saturating_sub(4));
    put(buffer, inside.x + 1, inside.y, 1, "›", app.theme.own());
    let column = put_draft(buffer, x, inside.y, room, &picker.query);
    let rule = format!("├{}┤", "─".repeat(inside.width.into()));
    put(buffer, inside.x - 1, inside.y + 1, inside.width + 2, &rule, app.theme.dim());
    Position::new((x + column).min(inside.right().saturating_sub(1)), inside.y)
}

fn rows_of(app: &App, picker: &Picker, area: Rect, buffer: &mut Buffer) {
    if picker.choices.is_empty() {
        let key = match picker.list {
            _ if picker.is_waiting => "search-waiting",
            List::Search { .. } if picker.asked.is_none() => "search-hint",
            List::Mentions => "mentions-none",
            List::Jump | List::Search { .. } => "nothing-found",
        };
        put(buffer, area.x + 1, area.y, area.width.saturating_sub(2), &app.locale.text(key), app.theme.dim());
        return;
    }
    let height = usize::from(area.height.max(1));
    let first = (picker.chosen + 1).saturating_sub(height);
    let shown = || picker.choices.iter().enumerate().skip(first).take(height);
    let cap = NAMES.min(usize::from(area.width) / 2);
    let names = shown().map(|(_, choice)| width(&choice.name)).max().unwrap_or(0).min(cap);
    for (y, (index, choice)) in (area.y..area.bottom()).zip(shown()) {
        let style = if index == picker.chosen { app.theme.selected() } else { Style::new() };
        let name = fit(&choice.name, names);
        let pad = names - width(&name);
        let row = format!(" {name}{}  {}", " ".repeat(pad), choice.detail);
        let row = fit(&row, area.width.into());
        let fill = usize::from(area.width) - width(&row);
        put(buffer, area.x, y, area.width, &format!("{row}{}", " ".repeat(fill)), style);
    }
}
