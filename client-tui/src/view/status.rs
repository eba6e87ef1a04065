//! The status line: the link, ignore mode, and what to press.

use super::put;
use crate::{
    app::{App, Link},
    command::{Action, key_name},
    text::width,
    time,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// What the hints name, the most useful first.
const HINTS: [(Action, &str); 3] =
    [(Action::Help, "hint-help"), (Action::ToggleIgnore, "hint-ignore"), (Action::Ls, "hint-users")];

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    let mut badge = |text: &str, style: Style, buffer: &mut Buffer| {
        let room = area.right().saturating_sub(x);
        let columns = u16::try_from(width(text)).unwrap_or(room).min(room);
        put(buffer, x, area.y, columns, text, style);
        x += columns;
        usize::from(room - columns)
    };
    let link_style = if app.link == Link::Up { app.theme.quiet_badge() } else { app.theme.warning() };
    badge(&format!(" {} ", link(app)), link_style, buffer);
    badge("│", app.theme.dim(), buffer);
    if app.ignoring {
        badge(&format!(" {} ", ignore(app)), app.theme.badge(), buffer);
    } else {
        badge(&format!(" {} ", app.locale.text("badge-normal")), app.theme.dim(), buffer);
    }
    if app.away {
        badge(&format!(" {} ", app.locale.text("badge-away")), app.theme.mention(), buffer);
    }
    let room = badge("│", app.theme.dim(), buffer);
    if app.prefix {
        badge(" Ctrl-X … ", app.theme.mention(), buffer);
    } else {
        badge(&hints(app, room), app.theme.dim(), buffer);
    }
}

fn link(app: &App) -> String {
    match &app.link {
        Link::Up => app.locale.text("link-up"),
        Link::Idle => app.locale.text("link-idle"),
        Link::Dialling | Link::Greeted => app.locale.text("link-dialling"),
        Link::Down { retry_at: None, .. } => app.locale.text("offline-decide"),
        Link::Down { retry_at: Some(retry_at), .. } => {
            let seconds = retry_at.saturating_sub(app.now.mono).div_ceil(1_000);
            app.locale.with("link-down", &[("seconds", seconds.into())])
        }
    }
}

fn ignore(app: &App) -> String {
    let mut on = app.locale.text("badge-ignoring");
    if let Some(until) = app.ignoring_until {
        let time = time::clock(until, &app.zone);
        on = app.locale.with("badge-until", &[("on", on.into()), ("time", time.into())]);
    }
    let held = app.held();
    if held == 0 {
        return on;
    }
    let key = app.keymap.keys_of(Action::ToggleIgnore).first().map(|key| key_name(key)).unwrap_or_default();
    app.locale.with("badge-held", &[("on", on.into()), ("count", held.into()), ("key", key.into())])
}

/// Three hints, as long as there is room for: keys with words, short keys with words, keys alone.
fn hints(app: &App, room: usize) -> String {
    let keys = HINTS.map(|(action, word)| (shortest(app.keymap.keys_of(action)), app.locale.text(word)));
    let full = |(key, word): &(String, String)| format!(" {} {word} ", key_name(key));
    let caret = |key: &str| key.replace("C-", "^").to_uppercase();
    let short = |(key, word): &(String, String)| format!(" {} {word} ", caret(key));
    let alone = |(key, _): &(String, String)| format!(" {}", caret(key));
    let forms: [String; 3] =
        [keys.iter().map(full).collect(), keys.iter().map(short).collect(), keys.iter().map(alone).collect()];
    forms.into_iter().find(|line| width(line) <= room).unwrap_or_default()
}

/// A key of one stroke with Control fits everywhere; else the first one.
fn shortest(keys: &[String]) -> String {
    keys.iter().find(|key| key.len() == 3).or(keys.first()).cloned().unwrap_or_default()
}
