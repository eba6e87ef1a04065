//! The tab bar: conversations with their unread counts, the server and the link.

use super::put;
use crate::{
    app::{App, Link},
    text::{drawable_line, fit, width},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let server = server(app);
    let server_width = u16::try_from(width(&server)).unwrap_or(area.width);
    let has_server = area.width >= server_width + 12;
    let end = if has_server { area.width - server_width - 1 } else { area.width };
    // The active tab is always in sight: those left of it go first.
    let names: Vec<String> =
        app.conversations.iter().map(|c| fit(&drawable_line(&c.partner.to_string()), 16)).collect();
    let labels: Vec<String> = app
        .conversations
        .iter()
        .zip(&names)
        .map(|(conversation, name)| match conversation.unread {
            0 => format!(" {name} "),
            unread => format!(" {name} {unread} "),
        })
        .collect();
    let mut first = 0;
    let upto_active =
        |first: usize| labels[first..=app.active.min(labels.len() - 1)].iter().map(|l| width(l)).sum::<usize>();
    while !labels.is_empty() && first < app.active && upto_active(first) + 2 > usize::from(end) {
        first += 1;
    }
    let mut x = area.x;
    for (index, label) in labels.iter().enumerate().skip(first) {
        let style = if index == app.active {
            app.theme.selected()
        } else if app.conversations[index].unread > 0 {
            app.theme.accent()
        } else {
            Style::new()
        };
        let room = end.saturating_sub(x);
        let columns = u16::try_from(width(label)).unwrap_or(room).min(room);
        put(buffer, x, area.y, columns, label, style);
        x += columns;
    }
    if has_server {
        let style = if app.link == Link::Up { app.theme.dim() } else { app.theme.warning() };
        put(buffer, end, area.y, server_width, &server, style);
    }
}

fn server(app: &App) -> String {
    let host = app.address.as_ref().map(|address| fit(&drawable_line(&address.host), 30)).unwrap_or_default();
    let state = if app.link == Link::Up { "●" } else { "○" };
    format!("{host} {state}")
}
