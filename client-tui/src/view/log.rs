//! The message log: only the rows that are on the screen are made.

use super::{put, put_line};
use crate::{
    app::{
        App, Link,
        conversation::{Partner, View},
        scroll::top,
    },
    layout::Layout,
    text::{drawable_line, fit, width},
    time::day_name,
};
use ratatui::{buffer::Buffer, style::Style};

pub(super) fn draw(app: &App, layout: &Layout, buffer: &mut Buffer) {
    let area = layout.log;
    let Some(conversation) = app.current() else { return };
    let blocks = app.blocks(conversation, area.width);
    let height = usize::from(area.height);
    let (first, skipped) = top(&blocks, conversation.view, height);
    let rows = (first..blocks.len()).flat_map(|index| blocks.rows(index)).skip(skipped).take(height);
    for (y, row) in (area.y..).zip(rows) {
        put_line(buffer, area.x, y, area.width, &row);
    }
    // A day's own divider at the top says it already.
    let has_divider = skipped == 0 && blocks.begins_day(first);
    let day = (first..blocks.len()).find_map(|index| blocks.day(index)).filter(|_| !has_divider);
    title(app, layout, day.map(|day| day_name(day, &app.locale)), buffer);
    if blocks.is_empty() {
        let key = if app.link == Link::Up { "empty" } else { "empty-offline" };
        put(buffer, area.x + 1, area.y, area.width.saturating_sub(1), &app.locale.text(key), app.theme.dim());
    }
    if conversation.is_loading && matches!(conversation.view, View::At { .. }) {
        let text = app.locale.text("loading");
        put(buffer, area.x, area.y, area.width, &format!(" {text} "), app.theme.badge());
    }
    let missed = conversation.missed();
    if missed > 0 {
        let text = format!(" {} ", app.locale.with("missed", &[("count", missed.into())]));
        let columns = u16::try_from(width(&text)).unwrap_or(area.width).min(area.width);
        put(buffer, area.right() - columns, area.bottom() - 1, columns, &text, app.theme.badge());
    }
}

/// The rule above: the day of the top row, the topic, and how many are here.
fn title(app: &App, layout: &Layout, day: Option<String>, buffer: &mut Buffer) {
    let area = layout.title;
    let Some(conversation) = app.current() else { return };
    put(buffer, area.x, area.y, area.width, &"─".repeat(area.width.into()), app.theme.dim());
    let topic = drawable_line(&conversation.topic);
    let parts: Vec<String> = day.into_iter().chain((!topic.is_empty()).then_some(topic)).collect();
    if !parts.is_empty() {
        let room = layout.log.width.saturating_sub(4);
        let text = format!(" {} ", fit(&parts.join(" · "), usize::from(room).saturating_sub(2)));
        put(buffer, area.x + 2, area.y, room, &text, Style::new());
    }
    if let Some(users) = layout.users.filter(|_| !layout.users_cover) {
        put(buffer, users.x - 1, area.y, 1, "┬", app.theme.dim());
        if matches!(conversation.partner, Partner::Room(_)) {
            let count = conversation.roster.members.max(conversation.roster.len() as u64);
            let text = match app.link {
                Link::Up => app.locale.with("online", &[("count", count.into())]),
                _ => app.locale.text("online-unknown"),
            };
            put(buffer, users.x, area.y, users.width, &format!(" {text} "), Style::new());
        }
    }
}
