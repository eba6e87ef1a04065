//! Moving through the log: always by an item and a row of it, never by a count from an end that moves.

use super::{App, conversation::View};
use crate::rows::Blocks;
use shared::{LogName, Request, Seq, request::Place};

/// Entries that a page of history brings.
const PAGE: u64 = 100;

/// The top row of the window: a block, and a row of it.
pub type Top = (usize, usize);

/// The top row when the last row is at the bottom.
pub fn live_top(blocks: &Blocks<'_>, height: usize) -> Top {
    let mut left = height;
    for index in (0..blocks.len()).rev() {
        let rows = blocks.rows(index).len();
        if rows >= left {
            return (index, rows - left);
        }
        left -= rows;
    }
    (0, 0)
}

/// The top row of a view. A view whose item is gone, or that would leave rows empty, is at the end.
pub fn top(blocks: &Blocks<'_>, view: View, height: usize) -> Top {
    let live = live_top(blocks, height);
    match view {
        View::Live => live,
        View::At { key, row, .. } => match blocks.find(key) {
            Some(index) => (index, row.min(blocks.rows(index).len().saturating_sub(1))).min(live),
            None => live,
        },
    }
}

fn up(blocks: &Blocks<'_>, (mut index, mut row): Top, mut count: usize) -> (Top, bool) {
    while count > row {
        if index == 0 {
            return ((0, 0), true);
        }
        count -= row + 1;
        index -= 1;
        row = blocks.rows(index).len().saturating_sub(1);
    }
    ((index, row - count), index == 0 && row == count)
}

fn down(blocks: &Blocks<'_>, (mut index, mut row): Top, mut count: usize) -> Top {
    while index < blocks.len() {
        let left = blocks.rows(index).len() - row;
        if count < left {
            return (index, row + count);
        }
        count -= left;
        (index, row) = (index + 1, 0);
    }
    (index, 0)
}

impl App {
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
        let view = match blocks.key(to.0) {
            Some(key) if to < live => View::At { key, row: to.1, newest },
            _ => View::Live,
        };
        if let Some(conversation) = self.current_mut() {
            conversation.view = view;
        }
        if is_first {
            self.fetch_older();
        }
    }

    /// Rows that a page key scrolls by.
    pub(super) fn page_rows(&self) -> isize {
        let height = self.layout().map_or(1, |layout| layout.log.height);
        isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Goes back to the end.
    pub(super) fn go_live(&mut self) -> bool {
        self.current_mut().is_some_and(|conversation| std::mem::take(&mut conversation.view) != View::Live)
    }

    /// Asks for what is older than the first entry that is here.
    fn fetch_older(&mut self) {
        let is_up = self.link == super::Link::Up;
        let Some(conversation) = self.current_mut() else { return };
        let Some(first) = conversation.timeline.first_seq() else { return };
        if conversation.is_loading || conversation.is_complete || !is_up {
            return;
        }
        conversation.is_loading = true;
        let room: LogName = conversation.partner.log();
        self.ask(Request::History { room, place: Place::Before(first), limit: PAGE });
    }

    /// Asks for what lies in the gap that is on the screen, if there is one.
    pub(super) fn fetch_gap(&mut self) -> bool {
        let Some(layout) = self.layout() else { return false };
        let Some(conversation) = self.current() else { return false };
        let blocks = self.blocks(conversation, layout.log.width);
        let (first, _) = top(&blocks, conversation.view, usize::from(layout.log.height));
        let items = conversation.timeline.items();
        let gap =
            items.iter().skip(first).take(usize::from(layout.log.height)).rev().find_map(|item| match item.what {
                super::timeline::What::Gap { before, lost: false, .. } => Some(before),
                _ => None,
            });
        let Some(before) = gap.filter(|_| self.link == super::Link::Up) else { return false };
        let room = conversation.partner.log();
        if let Some(conversation) = self.current_mut() {
            conversation.is_loading = true;
        }
        self.ask(Request::History { room, place: Place::Before(before), limit: PAGE });
        true
    }
}
