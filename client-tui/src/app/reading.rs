//! What is read: only what stood before the reader's eyes for a second moves a mark.

use super::{
    App,
    conversation::{Partner, View},
    timeline::{What, entry_of, seq_of},
};
use crate::markup;
use shared::{LogName, Request, Seq, text::Label};

/// The newest row must have been seen for so long.
const SEEN_MS: u64 = 1_000;

impl App {
    /// True if the newest row of that conversation is before the reader's eyes.
    pub(super) fn is_seeing(&self, index: usize) -> bool {
        index == self.active
            && self.has_focus
            && self.form.is_none()
            && self.overlay.is_none()
            && self.layout().is_some()
            && self.current().is_some_and(|conversation| conversation.view == View::Live)
    }

    pub(super) fn focus_changed(&mut self, has_focus: bool) {
        self.has_focus = has_focus;
        self.seen_since = None;
    }

    /// Notices that the newest row is seen, and moves the mark when it was for long enough.
    pub(super) fn see(&mut self) {
        let is_unread = self
            .current()
            .is_some_and(|conversation| conversation.unread > 0 && self.log_of(conversation).catching_up.is_none());
        if !is_unread
            || self.is_mark_held
            || self.hits.is_some()
            || !self.is_seeing(self.active)
            || self.link != super::Link::Up
        {
            self.seen_since = None;
            return;
        }
        let since = *self.seen_since.get_or_insert(self.now.mono);
        if self.now.mono >= since + SEEN_MS {
            self.seen_since = None;
            self.read_now();
        }
    }

    pub(super) fn next_seen(&self) -> Option<u64> {
        self.seen_since.map(|since| since + SEEN_MS)
    }

    /// The mark was put back by hand: it stays there until the conversation is left, or something new comes.
    pub(super) fn hold_mark(&mut self) {
        self.is_mark_held = true;
        self.seen_since = None;
    }

    /// Everything of the conversation on the screen is read.
    pub(super) fn read_now(&mut self) {
        let Some(conversation) = self.current_mut() else { return };
        (conversation.unread, conversation.mentions) = (0, 0);
        let room = conversation.partner.log();
        let cursor = self.logs.get(&room).map_or(Seq::ZERO, |log| log.cursor);
        let seq = if room == LogName::Inbox { self.inbox_read(cursor) } else { cursor };
        let Some(log) = self.logs.get_mut(&room) else { return };
        if log.mark.is_none_or(|mark| seq > mark) && seq > Seq::ZERO {
            self.set_mark(&room, seq);
            self.ask(Request::Read { room, seq, back: false });
        }
    }

    /// How far the inbox is read: up to the first entry that another person's conversation has unread.
    fn inbox_read(&self, cursor: Seq) -> Seq {
        let unread = self.conversations.iter().filter(|c| c.unread > 0 && matches!(c.partner, Partner::Person(_)));
        let first = unread.filter_map(|conversation| {
            let theirs = conversation.timeline.items().iter().rev().filter(|item| self.is_theirs(&item.what));
            theirs.filter_map(seq_of).take(usize::try_from(conversation.unread).unwrap_or(usize::MAX)).last()
        });
        first.min().map_or(cursor, Seq::previous)
    }

    fn is_theirs(&self, what: &What) -> bool {
        matches!(what, What::Entry(entry) if entry.from.as_ref() != Some(&self.me))
    }

    /// Another device of the person has read.
    pub(super) fn read_elsewhere(&mut self, room: &LogName, seq: Seq) {
        self.set_mark(room, seq);
        self.count_unread();
    }

    /// Counts what is unread everywhere, by the marks.
    pub(super) fn count_unread(&mut self) {
        for index in 0..self.conversations.len() {
            let conversation = &self.conversations[index];
            let log = self.logs.get(&conversation.partner.log());
            let unread = match (log.and_then(|log| Some((log.head, log.mark?))), &conversation.partner) {
                (None, _) => 0,
                (Some((head, mark)), Partner::Room(_)) => head.since(mark),
                (Some((_, mark)), Partner::Person(_)) => {
                    let items = conversation.timeline.items().iter().rev();
                    let behind = items.take_while(|item| seq_of(item).is_none_or(|seq| seq > mark));
                    behind.filter(|item| self.is_theirs(&item.what)).count() as u64
                }
            };
            let mentions = if unread == 0 { 0 } else { self.count_mentions(index, log.and_then(|log| log.mark)) };
            let conversation = &mut self.conversations[index];
            (conversation.unread, conversation.mentions) = (unread, mentions);
        }
    }

    /// Unread entries that name the reader, as far as they are here.
    fn count_mentions(&self, index: usize, mark: Option<Seq>) -> u64 {
        let items = self.conversations[index].timeline.items().iter().rev();
        let unread = items.filter_map(entry_of).take_while(|entry| mark.is_some_and(|mark| entry.seq > mark));
        let is_theirs = |from: &Label| *from != self.me && !self.circle.hides(from);
        let theirs = unread.filter(|entry| entry.from.as_ref().is_some_and(is_theirs));
        theirs.filter(|entry| markup::mentions(entry.msg.as_deref().unwrap_or_default(), &self.words)).count() as u64
    }

    /// Puts the divider of the conversation on the screen where its unread entries begin.
    pub(super) fn divide(&mut self) {
        let Some(conversation) = self.current() else { return };
        if conversation.unread == 0 || conversation.divider.is_some() {
            return;
        }
        let mark = self.logs.get(&conversation.partner.log()).and_then(|log| log.mark);
        if let Some(conversation) = self.current_mut() {
            conversation.divider = mark;
        }
    }

    /// The conversation on the screen is another one now.
    pub(super) fn enter(&mut self) {
        (self.seen_since, self.is_mark_held) = (None, false);
        (self.focus, self.hits) = (super::Focus::Input, None);
        self.completion = None;
        self.inputs.leave();
        self.divide();
        self.open_at_divider();
        self.fill_empty();
    }

    /// Nothing is here of what may have been said with a person whose conversation was left.
    fn fill_empty(&mut self) {
        let is_blank = self.current().is_some_and(|current| {
            current.timeline.items().is_empty() && current.timeline.span().start() > self.log_of(current).cursor
        });
        if is_blank && self.loaded {
            self.fetch_older();
        }
    }

    /// The conversation on the screen is left: its divider goes.
    pub(super) fn leave_view(&mut self) {
        self.save_draft(true);
        if let Some(conversation) = self.current_mut() {
            conversation.divider = None;
        }
    }
}
