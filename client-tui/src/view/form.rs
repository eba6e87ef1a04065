//! The first run's form.

use super::{put, put_draft};
use crate::{
    app::{
        App,
        form::{Check, FIELDS, Form},
    },
    text::{width, wrap},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    widgets::{Block, Widget},
};

pub(super) fn draw(app: &App, form: &Form, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.width < 20 || area.height < 6 {
        put(buffer, area.x, area.y, area.width, &app.locale.text("too-small"), Style::new());
        return None;
    }
    let (columns, rows) = (64.min(area.width), 13.min(area.height));
    let place = Rect::new((area.width - columns) / 2, (area.height - rows) / 3, columns, rows);
    let block = Block::bordered().title(format!(" {} ", app.locale.text("form-title"))).border_style(app.theme.dim());
    let inside = block.inner(place);
    block.render(place, buffer);
    let labels: Vec<String> = FIELDS.iter().map(|key| app.locale.text(key)).collect();
    let label_width = u16::try_from(labels.iter().map(|label| width(label)).max().unwrap_or(0)).unwrap_or(0) + 2;
    let spacing = if inside.height >= 10 { 2 } else { 1 };
    let mut caret = None;
    for (index, (label, field)) in labels.iter().zip(&form.fields).enumerate() {
        let y = inside.y + u16::try_from(index).unwrap_or(0) * spacing + (spacing - 1);
        let is_focused = index == form.focus;
        let style = if is_focused { app.theme.own() } else { app.theme.dim() };
        put(buffer, inside.x + 1, y, label_width, label, style);
        let left = inside.x + 1 + label_width;
        let room = inside.right().saturating_sub(left + 1);
        let column = put_draft(buffer, left, y, room, field);
        if is_focused {
            let x = left + column;
            caret = Some(Position::new(x.min(area.right() - 1), y.min(area.bottom() - 1)));
        }
    }
    let (text, style) = match &form.check {
        Check::None => (app.locale.text("form-hint"), app.theme.dim()),
        Check::Trying(text) => (text.clone(), app.theme.accent()),
        Check::Failed(text) => (text.clone(), app.theme.warning()),
    };
    let top = inside.y + 3 * spacing + 1;
    let room = usize::from(inside.width.saturating_sub(2)).max(1);
    for (y, row) in (top..inside.bottom()).zip(wrap(&text, room)) {
        put(buffer, inside.x + 1, y, inside.width.saturating_sub(2), &text[row.bytes], style);
    }
    caret
}
