//! A selected item of the log, and what can be done with it: copy, reply, unread from here, open.

use super::{
    App, Effect, Focus, Link,
    conversation::{Partner, View},
    scroll::top,
    timeline::{Place, What, entry_of},
    viewport::{down, up},
};
use crate::{markup, rows::Heights, store::Job};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shared::{Entry, LogName, Request, Seq};

impl App {
    /// The selected entry.
    pub(super) fn selected_entry(&self) -> Option<&Entry> {
        let Focus::Log(place) = self.focus else { return None };
        self.current()?.timeline.entry(place.seq).filter(|_| place.sub == 0)
    }

    /// Selects the item above the selected one, or below; the newest one first.
    pub(super) fn select(&mut self, is_down: bool) {
        let Some(conversation) = self.current() else { return };
        let items = conversation.timeline.items();
        let can_be = |at: &usize| match &items[*at].what {
            What::Entry(entry) => !self.circle.hides_entry(entry),
            What::Gap(_) => true,
            What::Presence(_) | What::Note { .. } => false,
        };
        let found = match self.focus {
            Focus::Log(place) if is_down => {
                let at = conversation.timeline.find(place);
                (at + 1..items.len()).find(can_be)
            }
            Focus::Log(place) => (0..conversation.timeline.find(place)).rev().find(can_be),
            _ if is_down => None,
            _ => (0..self.visible_end().min(items.len())).rev().find(can_be),
        };
        match found.map(|at| items[at].place) {
            Some(place) => {
                self.focus = Focus::Log(place);
                self.keep_in_sight(place);
            }
            None if is_down => {
                self.end_selection();
                self.go_live();
            }
            None => self.fetch_older(),
        }
    }

    /// Selects the item that a row of the log shows.
    pub(super) fn select_row(&mut self, row: usize) {
        let (Some(layout), Some(conversation), Some(top)) = (self.layout(), self.current(), self.top()) else { return };
        let blocks = self.blocks(conversation, layout.log.width);
        let (index, _) = down(&blocks, top, row);
        if let Some(place) = blocks.place(index).filter(|place| *place != Place::TOP) {
            self.focus = Focus::Log(place);
        }
    }

    pub(super) fn end_selection(&mut self) {
        self.focus = Focus::Input;
        self.hits = None;
    }

    /// Behind the last item that is on the screen.
    fn visible_end(&self) -> usize {
        let (Some(layout), Some(conversation)) = (self.layout(), self.current()) else { return 0 };
        if conversation.view == View::Live {
            return conversation.timeline.items().len();
        }
        let blocks = self.blocks(conversation, layout.log.width);
        let (mut index, row) = top(&blocks, conversation.view, usize::from(layout.log.height));
        let mut left = usize::from(layout.log.height) + row;
        while index < blocks.count() {
            let rows = blocks.height(index);
            if rows > left {
                break;
            }
            left -= rows;
            index += 1;
        }
        index.saturating_sub(1)
    }

    /// Scrolls as far as is needed to have an item on the screen.
    fn keep_in_sight(&mut self, place: Place) {
        let (Some(layout), Some(conversation)) = (self.layout(), self.current()) else { return };
        let height = usize::from(layout.log.height);
        let blocks = self.blocks(conversation, layout.log.width);
        let index = blocks.find(place);
        let first = top(&blocks, conversation.view, height);
        let last_row = (index, blocks.height(index).saturating_sub(1));
        let (lowest, _) = up(&blocks, last_row, height - 1);
        let to = if (index, 0) < first { Some((index, 0)) } else { (lowest > first).then_some(lowest) };
        if let Some((index, row)) = to
            && let Some(place) = blocks.place(index)
        {
            self.look_from(place, row);
        }
    }

    /// Keys of the selection. False: the key goes to the input line.
    pub(super) fn log_key(&mut self, key: KeyEvent) -> bool {
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return false;
        }
        let is_empty = self.current().is_some_and(|conversation| conversation.draft.is_empty());
        match key.code {
            KeyCode::Esc => self.end_selection(),
            KeyCode::Up => self.select(false),
            KeyCode::Down => self.select(true),
            KeyCode::Enter if is_empty => self.open_selected(),
            KeyCode::Char('c') if is_empty => {
                self.copy();
            }
            KeyCode::Char('r') if is_empty => {
                self.reply("");
            }
            KeyCode::Char('u') if is_empty => self.unread_from_here(),
            KeyCode::Char('n') if is_empty && self.hits.is_some() => self.walk_hits(true),
            KeyCode::Char('N') if is_empty && self.hits.is_some() => self.walk_hits(false),
            KeyCode::Char(_) | KeyCode::Enter => {
                self.end_selection();
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Asks the terminal to copy the selected message, or the newest one: its text, unwrapped.
    pub(super) fn copy(&mut self) -> bool {
        let newest = || self.current()?.timeline.items().iter().rev().find_map(entry_of);
        let Some(entry) = self.selected_entry().or_else(newest) else {
            self.say_key("nothing-to-copy");
            return false;
        };
        let text = crate::text::drawable(entry.msg.as_deref().unwrap_or_default());
        self.effects.push(Effect::Copy(text));
        self.say_key("copy-asked");
        self.end_selection();
        true
    }

    /// Replies to the selected message, or the newest one of another person. Without a text the draft becomes the reply.
    pub(super) fn reply(&mut self, text: &str) -> bool {
        let theirs = |entry: &&Entry| entry.from.as_ref() != Some(&self.me) && entry.from.is_some();
        let newest = || self.current()?.timeline.items().iter().rev().filter_map(entry_of).find(theirs);
        let Some(seq) = self.selected_entry().or_else(newest).map(|entry| entry.seq) else {
            self.say_key("nothing-to-reply");
            return false;
        };
        self.end_selection();
        if let Some(conversation) = self.current_mut() {
            conversation.draft.reply = Some(seq);
        }
        if text.is_empty() {
            self.draft_changed();
            return true;
        }
        self.talk(text, shared::Kind::Talk)
    }

    /// The draft is no reply any more. False: it was none.
    pub(super) fn drop_reply(&mut self) -> bool {
        let dropped = self.current_mut().and_then(|conversation| conversation.draft.reply.take()).is_some();
        if dropped {
            self.draft_changed();
        }
        dropped
    }

    /// Moves the read mark back to before the selected message: on every device it is unread from there.
    fn unread_from_here(&mut self) {
        let Some(seq) = self.selected_entry().map(|entry| entry.seq) else { return };
        let Some(room) = self.current().map(|conversation| conversation.partner.log()) else { return };
        if self.link != Link::Up {
            return self.say_key("not-connected");
        }
        let seq = seq.previous();
        self.set_mark(&room, seq);
        self.ask(Request::Read { room, seq, back: true });
        if let Some(conversation) = self.current_mut() {
            conversation.divider = Some(seq);
        }
        self.count_unread();
        self.hold_mark();
        self.say_key("unread-from-here");
        self.end_selection();
    }

    /// Puts a mark down, here.
    pub(super) fn set_mark(&mut self, room: &LogName, seq: Seq) {
        if let Some(log) = self.logs.get_mut(room) {
            log.mark = Some(seq);
            self.store(Job::Mark(room.clone(), seq));
        }
    }

    /// Enter: the quoted message, the first link, or what lies in the gap.
    fn open_selected(&mut self) {
        let Focus::Log(place) = self.focus else { return };
        let Some(conversation) = self.current() else { return };
        let at = conversation.timeline.find(place);
        match conversation.timeline.items().get(at).filter(|item| item.place == place).map(|item| &item.what) {
            Some(What::Gap(gap)) if !gap.lost => {
                let before = gap.before;
                self.fetch_gap(before);
            }
            Some(What::Entry(entry)) => match entry.re {
                Some(re) => self.visit(re),
                None => {
                    let text = entry.msg.as_deref().unwrap_or_default();
                    match markup::styled(text, &[]).links.into_iter().next() {
                        Some(url) => self.effects.push(Effect::Open(url)),
                        None => self.say_key("nothing-to-open"),
                    }
                }
            },
            _ => {}
        }
    }

    /// The author of the selected message, or the person of a direct conversation.
    pub(super) fn person_meant(&self) -> Option<String> {
        let selected = self.selected_entry().and_then(|entry| entry.from.as_deref()).map(ToOwned::to_owned);
        selected.or_else(|| match &self.current()?.partner {
            Partner::Person(name) => Some(name.to_string()),
            Partner::Room(_) => None,
        })
    }
}
