//! Pages of history: asked for as one scrolls, visits or quotes; taken in as they come.

use super::{
    App, Link,
    pages::{Page, Purpose},
    timeline::{Place, What},
    viewport::up,
};
use crate::rows::Heights;
use shared::{Entry, LogName, Request, Seq, event::History, request::Place as Where};

/// Entries that a page of history brings.
const PAGE: u64 = 100;
/// Entries around one that is visited.
const AROUND: u64 = 50;

impl App {
    fn ask_page(&mut self, room: LogName, place: Where, limit: u64, purpose: Purpose) {
        let page = Page { room: room.clone(), place, purpose };
        if self.link == Link::Up && !self.pages.has(&page) {
            self.pages.ask(page);
            self.ask(Request::History { room, place, limit });
        }
    }

    /// Asks for what is older than the first entry that is here; without a link, what the store has of it.
    pub(super) fn fetch_older(&mut self) {
        let Some(conversation) = self.current() else { return };
        let (room, start) = (conversation.partner.log(), conversation.timeline.span().start());
        if start <= self.log_of(conversation).first || self.is_loading(conversation) {
            return;
        }
        if self.link == Link::Up {
            self.ask_page(room, Where::Before(start), PAGE, Purpose::Read);
        } else {
            self.reading_store = Some(room.clone());
            self.store(crate::store::Job::Page { room, before: start });
        }
    }

    /// Fills a gap from its newer end.
    pub(super) fn fetch_gap(&mut self, before: Seq) {
        if self.link != Link::Up {
            return self.say_key("not-connected");
        }
        if let Some(conversation) = self.current() {
            let room = conversation.partner.log();
            self.ask_page(room, Where::Before(before), PAGE, Purpose::Read);
        }
    }

    /// The gap that is on the screen, if there is one that can be filled.
    pub(super) fn visible_gap(&self) -> Option<Seq> {
        let layout = self.layout()?;
        let conversation = self.current()?;
        let first = self.top()?.0.saturating_sub(1);
        let items = conversation.timeline.items().iter().skip(first).take(usize::from(layout.log.height));
        items.rev().find_map(|item| match &item.what {
            What::Gap(gap) if !gap.lost => Some(gap.before),
            _ => None,
        })
    }

    /// Goes to an entry of the conversation on the screen; it is fetched if it is not here.
    pub(super) fn visit(&mut self, seq: Seq) {
        let Some(conversation) = self.current() else { return };
        let room = conversation.partner.log();
        if conversation.timeline.entry(seq).is_some() {
            self.show_entry(seq);
        } else if self.link == Link::Up {
            let before = seq.forward(AROUND / 2).min(self.log_of(conversation).cursor.next());
            self.ask_page(room, Where::Before(before), AROUND, Purpose::Visit(seq));
        } else {
            self.say_key("not-connected");
        }
    }

    /// `/goto`: what was said at a moment.
    pub(super) fn visit_moment(&mut self, arguments: &str) -> bool {
        let Some(at) = super::when::moment(arguments, self.now.wall, &self.zone) else {
            self.say_key("goto-wrong");
            return false;
        };
        if self.link != Link::Up {
            self.show_moment(at);
            return true;
        }
        let Some(room) = self.current().map(|conversation| conversation.partner.log()) else { return false };
        self.ask_page(room, Where::At(at), PAGE, Purpose::Moment(at));
        true
    }

    /// Brings an entry that is here into sight, and selects it.
    fn show_entry(&mut self, seq: Seq) {
        let place = Place::entry(seq);
        self.look_at(place);
        self.focus = super::Focus::Log(place);
    }

    /// The first entry that is not older stands at the top.
    fn show_moment(&mut self, at: shared::UnixMillis) {
        let Some(conversation) = self.current() else { return };
        let found = conversation
            .timeline
            .items()
            .iter()
            .find(|item| matches!(&item.what, What::Entry(entry) if entry.at >= at));
        match found.map(|item| item.place) {
            Some(place) => self.look_from(place, 0),
            None => {
                self.go_live();
                self.say_key("goto-nothing");
            }
        }
    }

    /// Puts the window where an item stands, a third below its top.
    pub(super) fn look_at(&mut self, place: Place) {
        let Some(layout) = self.layout() else { return };
        let Some(conversation) = self.current() else { return };
        let blocks = self.blocks(conversation, layout.log.width);
        let index = blocks.find(place).min(blocks.count().saturating_sub(1));
        let ((index, row), _) = up(&blocks, (index, 0), usize::from(layout.log.height / 3));
        let place = blocks.place(index).unwrap_or(place);
        self.look_from(place, row);
    }

    /// A page has come.
    pub(super) fn history(&mut self, answer: History) {
        let Some(page) = self.pages.answered(&answer.room) else { return };
        let Some(log) = self.logs.get_mut(&answer.room) else { return };
        if log.epoch.as_ref() != Some(&answer.epoch) {
            return;
        }
        if let Purpose::Quote(seq) = page.purpose {
            let quoted = answer.entries.into_iter().find(|entry| entry.seq == seq);
            log.quotes.insert(seq, quoted);
            return;
        }
        if let Where::Before(_) = page.place
            && !answer.more
        {
            // What the server keeps begins here.
            let first = answer.entries.first().map_or(log.first, |entry| entry.seq);
            log.first = log.first.max(first);
        }
        let (first, cursor) = (log.first, log.cursor);
        if let Some((from, to)) = page.covers(&answer, first) {
            let entries = answer.entries.into_iter().filter(|entry| entry.seq <= cursor).collect();
            self.take_in(&answer.room, entries, from, to.min(cursor));
        }
        match page.purpose {
            Purpose::Visit(seq) => match self.current().and_then(|current| current.timeline.entry(seq)) {
                Some(_) => self.show_entry(seq),
                None => self.say_key("entry-gone"),
            },
            Purpose::Moment(at) => self.show_moment(at),
            Purpose::Read | Purpose::Quote(_) => {}
        }
    }

    /// Puts a stretch of a log into every conversation that shows a part of it.
    pub(super) fn take_in(&mut self, room: &LogName, entries: Vec<Entry>, from: Seq, to: Seq) {
        self.want_quotes(room, &entries);
        if let Some(log) = self.logs.get_mut(room) {
            log.span.cover(from, to);
        }
        if *room == LogName::Inbox {
            for entry in &entries {
                if let Some(partner) = self.partner_of(room, entry) {
                    self.conversation(&partner);
                }
            }
        }
        for index in 0..self.conversations.len() {
            let partner = &self.conversations[index].partner;
            if partner.log() != *room {
                continue;
            }
            let own: Vec<Entry> = entries.iter().filter(|entry| self.belongs(room, entry, index)).cloned().collect();
            self.conversations[index].hold_view();
            self.conversations[index].timeline.merge(own, from, to);
        }
    }

    /// True if that conversation shows an entry.
    pub(super) fn belongs(&self, room: &LogName, entry: &Entry, index: usize) -> bool {
        self.partner_of(room, entry).and_then(|partner| self.find(&partner)) == Some(index)
    }

    /// Entries that are replied to and not here are to be asked for.
    pub(super) fn want_quotes<'e>(&mut self, room: &LogName, entries: impl IntoIterator<Item = &'e Entry>) {
        /// Quotes that wait; older ones are given up.
        const WANTED: usize = 64;
        let Some(log) = self.logs.get(room) else { return };
        for seq in entries.into_iter().filter_map(|entry| entry.re) {
            let wanted = (room.clone(), seq);
            if !log.span.has(seq) && !log.quotes.contains_key(&seq) && !self.quotes_wanted.contains(&wanted) {
                self.quotes_wanted.truncate(WANTED - 1);
                self.quotes_wanted.push_front(wanted);
            }
        }
    }

    /// Asks for one quoted entry at a time.
    pub(super) fn ask_for_quotes(&mut self) {
        if self.link != Link::Up || self.pages.is_quoting() {
            return;
        }
        let Some((room, seq)) = self.quotes_wanted.pop_front() else { return };
        if self.logs.get(&room).is_some_and(|log| log.joined) {
            self.ask_page(room, Where::Before(seq.next()), 1, Purpose::Quote(seq));
        }
    }
}
