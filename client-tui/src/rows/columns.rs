//! The columns of a row: time, name, text, and what became of a message.

use super::{Blocks, body::Body};
use crate::{
    text::{fit, width},
    time,
};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use shared::UnixMillis;

/// Columns kept at the right for what became of a message.
const STATE: usize = 2;

/// What stands beside a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'a> {
    /// When; absent where the row above says it.
    pub(super) at: Option<UnixMillis>,
    /// Who, or a mark.
    pub(super) name: &'a str,
    /// How the name looks.
    pub(super) name_style: Style,
    /// What became of it.
    pub(super) state: &'a str,
    /// It is selected.
    pub(super) is_selected: bool,
}

impl<'a> Beside<'a> {
    /// A name that looks like this, nothing more.
    pub(super) fn name(name: &'a str, name_style: Style) -> Self {
        Self { at: None, name, name_style, state: "", is_selected: false }
    }
}

impl Blocks<'_> {
    /// A narrow log has no room for times.
    fn has_time(&self) -> bool {
        self.context.width >= 40
    }

    /// Columns before a text.
    fn indent(&self) -> usize {
        let time = if self.has_time() { 7 } else { 1 };
        if self.context.is_bare { 0 } else { time + self.nick_width + 3 }
    }

    /// Columns of a text.
    pub(super) fn room(&self) -> usize {
        let state = if self.context.is_bare { 0 } else { STATE };
        self.context.width.saturating_sub(self.indent() + state).max(1)
    }

    /// Puts rows beside their columns: time and name before the first, what became of it behind the last.
    pub(super) fn push_body(&self, beside: Beside<'_>, body: &Body, rows: &mut Vec<Line<'static>>) {
        if self.context.is_bare {
            return push_bare(beside, body, rows);
        }
        let theme = self.context.theme;
        let last = body.rows.len().saturating_sub(1);
        for (number, row) in body.rows.iter().enumerate() {
            let mut spans = Vec::with_capacity(row.spans.len() + 5);
            self.push_left(beside, number == 0, &mut spans);
            spans.extend(row.spans.iter().cloned());
            if number == last && !beside.state.is_empty() {
                let style = if beside.state == "!" { theme.warning() } else { theme.dim() };
                let fill = self.room().saturating_sub(row.width) + STATE - 1;
                spans.push(Span::raw(" ".repeat(fill)));
                spans.push(Span::styled(beside.state.to_owned(), style));
            }
            rows.push(Line::from(spans));
        }
    }

    fn push_left(&self, beside: Beside<'_>, is_first: bool, spans: &mut Vec<Span<'static>>) {
        let theme = self.context.theme;
        let bar = if beside.is_selected { "▌" } else { "│" };
        let bar_style = if beside.is_selected { theme.accent() } else { theme.dim() };
        if is_first {
            let name = fit(beside.name, self.nick_width);
            let pad = " ".repeat(self.nick_width - width(&name));
            let time = match beside.at {
                Some(at) => time::clock(at, self.context.zone),
                None => " ".repeat(5),
            };
            let left = if self.has_time() { format!(" {time} {pad}") } else { format!(" {pad}") };
            let name_style = if beside.is_selected { theme.selected() } else { beside.name_style };
            spans.push(Span::styled(left, theme.dim()));
            spans.push(Span::styled(name, name_style));
        } else {
            spans.push(Span::raw(" ".repeat(self.indent() - 3)));
        }
        spans.push(Span::styled(format!(" {bar} "), bar_style));
    }
}

/// For copying: the name before the text, nothing beside it.
fn push_bare(beside: Beside<'_>, body: &Body, rows: &mut Vec<Line<'static>>) {
    if !beside.name.is_empty() {
        rows.push(Line::styled(format!("{}:", beside.name), beside.name_style));
    }
    rows.extend(body.rows.iter().map(|row| Line::from(row.spans.clone())));
}
