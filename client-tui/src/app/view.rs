//! What the view asks of the state: panes, prompt, blocks, people. Nothing here changes anything.

use super::{
    App, Focus, Link, Log,
    conversation::{Conversation, Partner},
    outbox::Outgoing,
};
use crate::{
    layout::{Layout, layout},
    rows::{Blocks, Context},
    text::{drawable_line, fit, width},
};
use shared::{Seq, event::State, request::Destination, text::Label};
use std::{collections::HashMap, sync::LazyLock};

/// For conversations whose log is not followed.
static NO_LOG: LazyLock<Log> = LazyLock::new(|| Log { quotes: HashMap::new(), ..Log::default() });

impl App {
    /// Messages on their way to a partner.
    pub fn pending(&self, partner: &Partner) -> Vec<&Outgoing> {
        let is_to = |to: &Destination| match (to, partner) {
            (Destination::Room(a), Partner::Room(b)) => a == b,
            (Destination::Person(a), Partner::Person(b)) => a.as_str().to_lowercase() == b.to_lowercase(),
            _ => false,
        };
        self.outbox.messages().iter().filter(|message| is_to(&message.send.to)).collect()
    }

    /// The panes, if the window is large enough.
    pub fn layout(&self) -> Option<Layout> {
        let (width, height) = self.size;
        let rows = self.current().map_or(1, |conversation| {
            let (rows, (caret, _)) = conversation.draft.rows(self.input_width());
            rows.len().max(caret + 1)
        });
        let layout = layout(width, height, self.users_wanted, u16::try_from(rows).unwrap_or(u16::MAX))?;
        Some(if self.is_bare { layout.bare() } else { layout })
    }

    /// Columns of the input line behind its prompt.
    pub fn input_width(&self) -> usize {
        usize::from(self.size.0).saturating_sub(width(&self.prompt()) + 1).max(1)
    }

    /// What stands before the caret; in a direct conversation also to whom it goes.
    pub fn prompt(&self) -> String {
        let short = |name: &str| fit(&drawable_line(name), 12);
        if let Some(search) = self.inputs.search() {
            return format!(" {} ", self.locale.with("history-search", &[("query", fit(&search.query, 20).into())]));
        }
        match self.current().map(|conversation| &conversation.partner) {
            Some(Partner::Person(name)) => format!(" {} → {} › ", short(&self.me), short(name)),
            _ => format!(" {} › ", short(&self.me)),
        }
    }

    /// Who is in a conversation, and in which state: of a direct one, as the rooms tell. Without a link nobody knows.
    pub fn people(&self, conversation: &Conversation) -> Vec<(Label, State)> {
        let mut people = self.last_known_people(conversation);
        people.retain(|(name, _)| !self.circle.hides(name));
        if self.link != Link::Up {
            for (_, state) in &mut people {
                *state = State::Unknown;
            }
        }
        people
    }

    fn last_known_people(&self, conversation: &Conversation) -> Vec<(Label, State)> {
        let Partner::Person(name) = &conversation.partner else {
            return conversation.roster.people().map(|(name, state)| (name.clone(), state)).collect();
        };
        let everybody = || self.conversations.iter().flat_map(|other| other.roster.people());
        let seen = everybody().find(|(other, _)| other.to_lowercase() == name.to_lowercase());
        let state = |found: Option<(&Label, State)>| found.map_or(State::Unknown, |(_, state)| state);
        let mine = state(everybody().find(|(other, _)| **other == self.me));
        vec![(self.me.clone(), mine), (name.clone(), state(seen))]
    }

    /// The log that a conversation shows a part of.
    pub fn log_of(&self, conversation: &Conversation) -> &Log {
        self.logs.get(&conversation.partner.log()).unwrap_or(&NO_LOG)
    }

    /// The blocks of a conversation in a log of so many columns.
    pub fn blocks<'a>(&'a self, conversation: &'a Conversation, width: u16) -> Blocks<'a> {
        let log = self.log_of(conversation);
        let context = Context {
            width: usize::from(width),
            me: &self.me,
            words: &self.words,
            // Whoever colours code may have come since.
            look: (self.look << 1) | u64::from(self.highlighter.is_some()),
            locale: &self.locale,
            theme: &self.theme,
            zone: &self.zone,
            circle: &self.circle,
            quotes: &log.quotes,
            late: &self.late,
            first: log.first,
            cursor: log.cursor,
            is_loading: self.is_loading(conversation),
            selected: if let Focus::Log(place) = self.focus { Some(place) } else { None },
            highlighter: self.highlighter.as_ref(),
            is_bare: self.is_bare,
        };
        Blocks::new(conversation, context, self.pending(&conversation.partner))
    }

    /// Older entries of a conversation's log are on their way.
    pub fn is_loading(&self, conversation: &Conversation) -> bool {
        let room = conversation.partner.log();
        self.pages.is_reading(&room) || self.reading_store.as_ref() == Some(&room)
    }

    /// The end of the log of the conversation on the screen.
    pub(super) fn cursor(&self) -> Seq {
        self.current().map_or(Seq::ZERO, |conversation| self.log_of(conversation).cursor)
    }

    /// The conversations that have a tab: those with hidden people have none, unless one is on the screen.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = usize> {
        let is_hidden = |partner: &Partner| matches!(partner, Partner::Person(name) if self.circle.hides(name));
        let indices = 0..self.conversations.len();
        indices.filter(move |index| *index == self.active || !is_hidden(&self.conversations[*index].partner))
    }

    /// Unread entries everywhere.
    pub fn unread(&self) -> u64 {
        self.shown().map(|index| self.conversations[index].unread).sum()
    }
}
