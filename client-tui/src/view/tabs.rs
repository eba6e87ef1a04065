//! The tab bar: conversations with their unread counts, the server and the link.

use super::put;
use crate::{
    app::{App, Link, conversation::Conversation},
    text::{drawable_line, fit, width},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// The widest name of a conversation.
const NAME: usize = 16;
/// Columns that conversations have at least; else the server is not shown.
const TABS: u16 = 12;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    for (index, label, x, columns) in tabs(app, area) {
        let conversation = &app.conversations[index];
        let style = if index == app.active {
            app.theme.selected()
        } else if conversation.mentions > 0 {
            app.theme.mention()
        } else if conversation.unread > 0 {
            app.theme.accent()
        } else {
            Style::new()
        };
        put(buffer, x, area.y, columns, &label, style);
    }
    let server = server(app);
    let end = tabs_end(&server, area);
    if end < area.right() {
        let style = if app.link == Link::Up { app.theme.dim() } else { app.theme.warning() };
        put(buffer, end, area.y, area.right() - end, &server, style);
    }
}

/// The conversation whose tab stands in a column.
pub(crate) fn tab_at(app: &App, area: Rect, column: u16) -> Option<usize> {
    let found = tabs(app, area).into_iter().find(|(_, _, x, columns)| (*x..x + columns).contains(&column));
    found.map(|(index, ..)| index)
}

/// Where the tabs end, and the server begins.
fn tabs_end(server: &str, area: Rect) -> u16 {
    let columns = u16::try_from(width(server)).unwrap_or(area.width);
    if area.width >= columns + TABS { area.right() - columns - 1 } else { area.right() }
}

/// The tabs that are shown: which, its label, its column and its columns. The active one is always in sight: those left of
/// it go first.
fn tabs(app: &App, area: Rect) -> Vec<(usize, String, u16, u16)> {
    let end = tabs_end(&server(app), area);
    let labels: Vec<(usize, String)> = app.shown().map(|index| (index, label(&app.conversations[index]))).collect();
    let active = labels.iter().position(|(index, _)| *index == app.active).unwrap_or(0);
    let upto_active = |first: usize| labels[first..=active].iter().map(|(_, label)| width(label)).sum::<usize>();
    let mut first = 0;
    while first < active && upto_active(first) + 2 > usize::from(end) {
        first += 1;
    }
    let mut x = area.x;
    let mut shown = Vec::new();
    for (index, label) in labels.into_iter().skip(first) {
        let room = end.saturating_sub(x + u16::from(end < area.right()));
        let columns = u16::try_from(width(&label)).unwrap_or(room).min(room);
        shown.push((index, label, x, columns));
        x += columns;
    }
    shown
}

/// The name and what is unread; a `!` behind it tells that some of it names the reader.
fn label(conversation: &Conversation) -> String {
    let name = fit(&drawable_line(&conversation.partner.to_string()), NAME);
    let mark = if conversation.mentions > 0 { "!" } else { "" };
    match conversation.unread {
        0 => format!(" {name} "),
        unread => format!(" {name} {unread}{mark} "),
    }
}

fn server(app: &App) -> String {
    let host = app.address.as_ref().map(|address| fit(&drawable_line(&address.host), 30)).unwrap_or_default();
    let state = if app.link == Link::Up { "●" } else { "○" };
    match app.latency {
        Some(latency) => format!("{host} {state} {} ms", latency.max(1)),
        None => format!("{host} {state}"),
    }
}
