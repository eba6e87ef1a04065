//! State as cells: one file a pane, each a pure function of the state.

mod form;
mod input;
mod log;
mod overlay;
mod picker;
mod status;
mod tabs;
mod users;

use crate::{
    app::{App, draft::Draft},
    layout::Layout,
    links::Links,
    text::fit,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::Line,
    widgets::{Clear, Widget},
};

pub(crate) use tabs::tab_at;

/// What a frame has beside its cells.
#[derive(Debug, Default)]
pub struct Frame {
    /// Where the hardware cursor stands, if anywhere.
    pub caret: Option<Position>,
    /// Where the links on the screen lead.
    pub links: Links,
}

/// Draws everything.
pub fn draw(app: &App, buffer: &mut Buffer) -> Frame {
    let mut frame = Frame::default();
    let area = buffer.area;
    if let Some(form) = &app.form {
        frame.caret = form::draw(app, form, area, buffer);
        return frame;
    }
    let Some(layout) = app.layout().filter(|_| app.size == (area.width, area.height)) else {
        put(buffer, area.x, area.y, area.width, &app.locale.text("too-small"), Style::new());
        return frame;
    };
    if !app.is_bare {
        tabs::draw(app, layout.tabs, buffer);
    }
    log::draw(app, &layout, buffer, &mut frame.links);
    users::draw(app, &layout, buffer);
    let caret = input::draw(app, &layout, buffer);
    status::draw(app, layout.status, buffer);
    frame.caret = match &app.overlay {
        Some(overlay) => overlay::draw(app, overlay, area, buffer),
        None => caret,
    };
    frame
}

/// Where everything lies, if the input line can be drawn alone: nothing lies over it, nothing opens from it, and what is
/// typed does not show elsewhere.
pub(crate) fn plan(app: &App) -> Option<Layout> {
    let is_alone = app.form.is_none() && app.overlay.is_none() && app.completion.is_none() && !app.prefix;
    app.layout().filter(|_| is_alone)
}

/// Draws the rule over the input line, and the input line.
pub(crate) fn draw_input(app: &App, layout: &Layout, buffer: &mut Buffer) -> Frame {
    Frame { caret: input::draw(app, layout, buffer), links: Links::new() }
}

/// Writes a text into one row, cut to a width, over whatever is there. Outside of the buffer nothing is written.
fn put(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) {
    let text = fit(text, width.into());
    let columns = u16::try_from(crate::text::width(&text)).unwrap_or(width);
    let place = Rect::new(x, y, columns, 1).intersection(buffer.area);
    if !place.is_empty() {
        buffer.set_style(place, Style::reset());
        buffer.set_stringn(place.x, place.y, text, place.width.into(), style);
    }
}

/// Writes what is typed into one row, scrolled so far that the caret is in sight. The caret's column in the row.
fn put_draft(buffer: &mut Buffer, x: u16, y: u16, room: u16, draft: &Draft) -> u16 {
    let text = draft.text();
    let before = crate::text::width(&text[..draft.caret()]);
    let start = crate::text::byte_at_column(text, (before + 1).saturating_sub(room.into()));
    put(buffer, x, y, room, &text[start..], Style::new());
    u16::try_from(before - crate::text::width(&text[..start])).unwrap_or(0)
}

fn put_line(buffer: &mut Buffer, x: u16, y: u16, width: u16, line: &Line<'_>) {
    let row = Rect::new(x, y, width, 1).intersection(buffer.area);
    if !row.is_empty() {
        line.render(row, buffer);
    }
}

/// Empties an area that lies over others. A wide character that it cuts in half is blanked whole.
fn clear(area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    for y in area.top()..area.bottom() {
        if area.x > 0 && crate::text::width(buffer[(area.x - 1, y)].symbol()) > 1 {
            buffer[(area.x - 1, y)].set_symbol(" ");
        }
    }
    Clear.render(area, buffer);
}
