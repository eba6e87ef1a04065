//! The user list, beside the log; over it where the window is narrow.

use super::{clear, put};
use crate::{
    app::{App, Focus},
    layout::Layout,
    text::drawable_line,
};
use ratatui::{buffer::Buffer, style::Style};
use shared::event::State;

pub(super) fn draw(app: &App, layout: &Layout, buffer: &mut Buffer) {
    let Some(area) = layout.users else { return };
    let Some(conversation) = app.current() else { return };
    if layout.users_cover {
        clear(ratatui::layout::Rect { x: area.x - 2, width: area.width + 2, ..area }, buffer);
    }
    for y in area.top()..area.bottom() {
        // A divider of the log ends there.
        let joins = buffer.cell((area.x - 2, y)).is_some_and(|cell| cell.symbol() == "─");
        put(buffer, area.x - 1, y, 1, if joins { "┤" } else { "│" }, app.theme.dim());
    }
    let people = app.people(conversation);
    if people.is_empty() && conversation.roster.members > 0 {
        let text = app.locale.with("crowd", &[("count", conversation.roster.members.into())]);
        return put(buffer, area.x + 1, area.y, area.width - 1, &text, app.theme.dim());
    }
    let selected =
        if let Focus::Users(selected) = app.focus { Some(selected.min(people.len().saturating_sub(1))) } else { None };
    let height = usize::from(area.height);
    let first = selected.map_or(0, |selected| (selected + 1).saturating_sub(height));
    for (y, (index, (name, state))) in (area.y..area.bottom()).zip(people.iter().enumerate().skip(first)) {
        let is_last_row = y + 1 == area.bottom();
        if is_last_row && index + 1 < people.len() && selected.is_none() {
            let rest = people.len() - index;
            let text = app.locale.with("more-people", &[("count", rest.into())]);
            put(buffer, area.x + 1, y, area.width - 1, &text, app.theme.dim());
            break;
        }
        let (mark, style) = match state {
            State::Online => ("●", app.theme.quiet_badge()),
            State::Unknown => ("·", app.theme.dim()),
            State::Ignoring => ("⊘", app.theme.mention()),
            State::Away => ("◌", app.theme.dim()),
        };
        let name_text = drawable_line(name);
        let is_me = *name == app.me;
        let you = if is_me { format!(" {}", app.locale.text("you")) } else { String::new() };
        let name_style = if selected == Some(index) {
            app.theme.selected()
        } else if is_me {
            app.theme.own()
        } else if matches!(state, State::Away | State::Unknown) {
            app.theme.dim()
        } else {
            Style::new()
        };
        put(buffer, area.x + 1, y, 1, mark, style);
        put(buffer, area.x + 3, y, area.width.saturating_sub(3), &format!("{name_text}{you}"), name_style);
    }
}
