//! Moving through the log of the conversation on the screen.

use super::{
    App,
    conversation::View,
    timeline::Place,
    viewport::{Top, down, live_top, settle, up},
};
use crate::rows::Blocks;
use shared::Seq;

/// The top row of a view. A view that would leave rows empty is at the end.
pub fn top(blocks: &Blocks<'_>, view: View, height: usize) -> Top {
    let live = live_top(blocks, height);
    match view {
        View::Live => live,
        View::At { place, row, .. } => settle(blocks, (blocks.find(place), row)).min(live),
    }
}

impl App {
    /// The top row of the conversation on the screen.
    pub(super) fn top(&self) -> Option<Top> {
        let layout = self.layout()?;
        let conversation = self.current()?;
        let blocks = self.blocks(conversation, layout.log.width);
        Some(top(&blocks, conversation.view, usize::from(layout.log.height)))
    }

    /// Scrolls by rows: negative is up. At the top, older entries are asked for.
    pub(super) fn scroll(&mut self, rows: isize) {
        let Some(layout) = self.layout() else { return };
        let height = usize::from(layout.log.height);
        let Some(conversation) = self.current() else { return };
        let blocks = self.blocks(conversation, layout.log.width);
        if blocks.is_empty() {
            return;
        }
        let live = live_top(&blocks, height);
        let from = top(&blocks, conversation.view, height);
        let (to, is_first) = if rows < 0 {
            up(&blocks, from, rows.unsigned_abs())
        } else {
            (down(&blocks, from, rows.unsigned_abs()), false)
        };
        let newest = match conversation.view {
            View::At { newest, .. } => newest,
            View::Live => conversation.timeline.last_seq().unwrap_or(Seq::ZERO),
        };
        let view = match blocks.place(to.0) {
            Some(place) if to < live => View::At { place, row: to.1, newest },
            _ => View::Live,
        };
        if let Some(conversation) = self.current_mut() {
            conversation.view = view;
        }
        if is_first {
            self.fetch_older();
        }
    }

    /// Puts the top of the window where an item stands, at a row of it. What comes from now on is counted as missed.
    pub(super) fn look_from(&mut self, place: Place, row: usize) {
        let newest = self.cursor();
        if let Some(conversation) = self.current_mut() {
            conversation.view = View::At { place, row, newest };
        }
        self.settle_view();
    }

    /// A view that reaches the end is live.
    pub(super) fn settle_view(&mut self) {
        let Some(layout) = self.layout() else { return };
        let Some(conversation) = self.current().filter(|conversation| conversation.view != View::Live) else { return };
        let blocks = self.blocks(conversation, layout.log.width);
        let height = usize::from(layout.log.height);
        if top(&blocks, conversation.view, height) >= live_top(&blocks, height)
            && let Some(conversation) = self.current_mut()
        {
            conversation.view = View::Live;
        }
    }

    /// Rows that a page key scrolls by.
    pub(super) fn page_rows(&self) -> isize {
        let height = self.layout().map_or(1, |layout| layout.log.height);
        isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Goes back to the end.
    pub(super) fn go_live(&mut self) -> bool {
        let Some(conversation) = self.current_mut() else { return false };
        let was_away = std::mem::take(&mut conversation.view) != View::Live;
        conversation.timeline.trim(false);
        was_away
    }

    /// A conversation opens at what is unread, if that does not fit on the screen.
    pub(super) fn open_at_divider(&mut self) {
        let Some(conversation) = self.current() else { return };
        let Some(divider) = conversation.divider.filter(|_| conversation.unread > 0) else { return };
        // What is not here of it is a row, too.
        let at = conversation.timeline.find(Place { seq: divider, sub: 1 });
        if let Some(place) = conversation.timeline.items().get(at).map(|item| item.place) {
            self.look_from(place, 0);
        }
    }
}
