//! The message log: only the rows that are on the screen are made.

use super::{put, put_line};
use crate::{
    app::{
        App, Link,
        conversation::{Conversation, Partner, View},
        scroll::top,
    },
    layout::Layout,
    links::Links,
    rows::{Blocks, Heights},
    text::{drawable_line, fit, width},
    time::day_name,
};
use ratatui::{buffer::Buffer, style::Style};

pub(super) fn draw(app: &App, layout: &Layout, buffer: &mut Buffer, links: &mut Links) {
    let area = layout.log;
    let Some(conversation) = app.current() else { return };
    let blocks = app.blocks(conversation, area.width);
    let height = usize::from(area.height);
    let (first, skipped) = top(&blocks, conversation.view, height);
    let mut y = area.y;
    let mut skip = skipped;
    for index in first..blocks.count() {
        for row in blocks.rows(index, Some(links)).iter().skip(std::mem::take(&mut skip)) {
            if y == area.bottom() {
                break;
            }
            put_line(buffer, area.x, y, area.width, row);
            y += 1;
        }
        if y == area.bottom() {
            break;
        }
    }
    if !app.is_bare {
        title(app, layout, first_day(&blocks, first, skipped).map(|day| day_name(day, &app.locale)), buffer);
    }
    if blocks.is_empty() {
        let key = if app.link == Link::Up { "empty" } else { "empty-offline" };
        put(buffer, area.x + 1, area.y, area.width.saturating_sub(1), &app.locale.text(key), app.theme.dim());
    }
    marks(app, conversation, layout, first == 0, buffer);
}

/// The day of the top row, unless its own divider stands there and says it.
fn first_day(blocks: &Blocks<'_>, first: usize, skipped: usize) -> Option<jiff::civil::Date> {
    let dated = (first..blocks.count()).find(|index| blocks.day(*index).is_some())?;
    let has_divider = skipped == 0 && blocks.begins_day(dated);
    blocks.day(dated).filter(|_| !has_divider)
}

/// What lies over the log: older entries are on their way; new ones are below.
fn marks(app: &App, conversation: &Conversation, layout: &Layout, has_head: bool, buffer: &mut Buffer) {
    let area = layout.log;
    if !has_head && conversation.view != View::Live && app.is_loading(conversation) {
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
