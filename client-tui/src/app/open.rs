//! Opening: what an earlier run has left, and conversations as they are needed.

use super::{
    App, Link, Log,
    conversation::{Conversation, Partner},
    draft::Draft,
    form::Choice,
    outbox::Outbox,
    ring::Preferences,
    span::Gap,
    timeline::entry_of,
};
use crate::{
    config::Config,
    markup,
    store::{Job, Saved, SavedLog},
    theme::{Ground, Theme},
};
use shared::{Entry, LogName, Seq, text::Label};
use std::collections::BTreeMap;

impl App {
    /// Opens a choice: its room is on the screen. What was kept of it comes with [`App::restore`].
    pub fn open(&mut self, choice: &Choice) {
        self.rename(Label::new(choice.nickname.as_str()));
        self.address = Some(choice.address.clone());
        self.home = choice.room.clone();
        self.conversations.clear();
        self.logs = BTreeMap::from([(LogName::Inbox, Log::default())]);
        self.outbox = Outbox::default();
        self.loaded = false;
        // A connection that is still there belongs to the choice before.
        self.link = Link::Idle;
        let home = self.conversation(&Partner::Room(choice.room.clone()));
        self.active = home;
        self.enter();
    }

    /// What was kept of an earlier run: the last talk is on the screen before the network answers.
    pub fn restore(&mut self, saved: Saved) {
        self.inputs.set(saved.inputs);
        self.circle = saved.kept.get("circle").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        self.restore_tabs(&saved.tabs);
        for log in saved.logs {
            self.restore_log(log);
        }
        for (send, _) in &saved.outbox {
            self.conversation(&Partner::from(&send.to));
        }
        self.outbox.restore(saved.outbox);
        for draft in saved.drafts {
            let index = Partner::parse(&draft.conversation).and_then(|partner| self.find(&partner));
            if let Some(conversation) = index.map(|index| &mut self.conversations[index])
                && conversation.draft.is_empty()
            {
                conversation.draft = Draft::new(draft.text, draft.cursor);
                conversation.draft.reply = draft.re;
            }
        }
        self.restore_mentions();
        self.count_unread();
        self.enter();
        self.loaded = true;
        self.log_in();
    }

    /// The tabs as they were; the room that was asked for is the one on the screen.
    fn restore_tabs(&mut self, names: &[String]) {
        let home = self.current().map(|conversation| conversation.partner.clone());
        let here = std::mem::take(&mut self.conversations);
        for partner in names.iter().filter_map(|name| Partner::parse(name)) {
            if !here.iter().any(|conversation| conversation.partner == partner) {
                self.conversation(&partner);
            } else if let Some(known) = here.iter().position(|conversation| conversation.partner == partner) {
                self.conversations.push(Conversation::new(here[known].partner.clone(), super::Span::default()));
            }
        }
        for conversation in here {
            match self.find(&conversation.partner) {
                Some(index) => self.conversations[index] = conversation,
                None => self.conversations.push(conversation),
            }
        }
        self.active = home.and_then(|home| self.find(&home)).unwrap_or(0);
    }

    fn restore_log(&mut self, log: SavedLog) {
        if let LogName::Room(room) = &log.room
            && self.find(&Partner::Room(room.clone())).is_none()
        {
            return;
        }
        let known = self.logs.entry(log.room.clone()).or_default();
        (known.epoch, known.cursor, known.head, known.mark) = (Some(log.epoch), log.cursor, log.cursor, log.mark);
        let start = log.entries.first().map_or(log.cursor.next(), |entry| entry.seq);
        known.span = start.into();
        for conversation in self.conversations.iter_mut().filter(|c| c.partner.log() == log.room) {
            conversation.timeline.clear(start);
        }
        let mut last = Seq::ZERO;
        for entry in log.entries {
            if last > Seq::ZERO && entry.seq > last.next() {
                self.open_gap(&log.room, Gap { after: last, before: entry.seq, lost: false });
            }
            last = entry.seq;
            let Some(partner) = self.partner_of(&log.room, &entry) else { continue };
            let index = self.find(&partner).unwrap_or_else(|| {
                let span = self.logs[&log.room].span.clone();
                self.conversations.push(Conversation::new(partner, span));
                self.conversations.len() - 1
            });
            self.conversations[index].timeline.append(entry);
        }
        if last > Seq::ZERO && last < log.cursor {
            self.open_gap(&log.room, Gap { after: last, before: log.cursor.next(), lost: false });
        }
    }

    fn open_gap(&mut self, room: &LogName, gap: Gap) {
        if let Some(log) = self.logs.get_mut(room) {
            log.span.open(gap);
        }
        for conversation in self.conversations.iter_mut().filter(|c| c.partner.log() == *room) {
            conversation.timeline.open_gap(gap);
        }
    }

    /// A page that the store had, without a link: as much of it as is one run up to what is here.
    pub(super) fn kept_page(&mut self, room: &LogName, entries: Vec<Entry>) {
        self.reading_store = None;
        let Some(start) = self.logs.get(room).map(|log| log.span.start()) else { return };
        let mut next = start;
        let mut run: Vec<Entry> = Vec::new();
        for entry in entries.into_iter().rev() {
            if entry.seq.next() != next {
                break;
            }
            next = entry.seq;
            run.insert(0, entry);
        }
        if next < start {
            self.take_in(room, run, next, start.previous());
        } else {
            self.say_key("not-connected");
        }
    }

    /// Messages of before that name the reader.
    fn restore_mentions(&mut self) {
        let mut found: Vec<(LogName, Entry)> = Vec::new();
        for conversation in &self.conversations {
            let theirs = conversation.timeline.items().iter().filter_map(entry_of).filter(|entry| {
                entry.from.as_ref() != Some(&self.me)
                    && markup::mentions(entry.msg.as_deref().unwrap_or_default(), &self.words)
            });
            found.extend(theirs.map(|entry| (conversation.partner.log(), entry.clone())));
        }
        found.sort_by_key(|(_, entry)| entry.at);
        for (room, entry) in &found {
            self.collect_mention(room, entry);
        }
    }

    /// The nickname is another one: what stands out follows it.
    pub(super) fn rename(&mut self, me: Label) {
        self.me = me;
        self.words = std::iter::once(self.me.to_string()).chain(self.preferences.highlight.iter().cloned()).collect();
        self.look += 1;
    }

    /// What rings, and what stands out.
    pub fn prefer(&mut self, preferences: Preferences) {
        self.preferences = preferences;
        self.rename(self.me.clone());
    }

    /// As the configuration says.
    pub fn configure(&mut self, config: &Config) {
        let said = &config.notifications;
        self.keymap = config.keymap.clone();
        self.has_mouse = config.mouse;
        self.asks_ground = config.ground == Ground::Unknown;
        self.ground = config.ground;
        self.prefer(Preferences {
            rooms: said.rooms,
            direct: said.direct,
            highlight: config.highlight.clone(),
            title: said.title,
        });
        self.set_theme(&self.base_theme.clone());
    }

    /// Looks another way. The theme has as many colours as the terminal.
    pub fn set_theme(&mut self, theme: &Theme) {
        self.base_theme = theme.clone();
        self.theme = theme.on(self.ground);
        self.look += 1;
    }

    /// The terminal has told its ground, or it has changed.
    pub(super) fn ground_changed(&mut self, is_dark: bool) {
        if self.asks_ground {
            self.ground = if is_dark { Ground::Dark } else { Ground::Light };
            self.set_theme(&self.base_theme.clone());
        }
    }

    pub(super) fn find(&self, partner: &Partner) -> Option<usize> {
        let same = |other: &Partner| match (other, partner) {
            (Partner::Person(a), Partner::Person(b)) => a.to_lowercase() == b.to_lowercase(),
            (a, b) => a == b,
        };
        self.conversations.iter().position(|conversation| same(&conversation.partner))
    }

    /// Where the conversation with a partner stands; it is opened if it is not.
    pub(super) fn conversation(&mut self, partner: &Partner) -> usize {
        if let Some(index) = self.find(partner) {
            return index;
        }
        let log = self.logs.entry(partner.log()).or_default();
        let span = match partner {
            Partner::Room(_) => log.span.clone(),
            // It may have been left: what was said with this person before is not here.
            Partner::Person(_) => log.cursor.next().into(),
        };
        self.conversations.push(Conversation::new(partner.clone(), span));
        self.conversations.len() - 1
    }

    pub(super) fn tabs_changed(&mut self) {
        let names = self.conversations.iter().map(|conversation| conversation.partner.to_string()).collect();
        self.store(Job::Tabs(names));
    }

    /// The conversation that an entry belongs to.
    pub(super) fn partner_of(&self, room: &LogName, entry: &shared::Entry) -> Option<Partner> {
        match room {
            LogName::Room(room) => Some(Partner::Room(room.clone())),
            LogName::Inbox => {
                let from = entry.from.clone()?;
                let other = if from == self.me { entry.to.clone().unwrap_or(from) } else { from };
                Some(Partner::Person(other))
            }
        }
    }
}
