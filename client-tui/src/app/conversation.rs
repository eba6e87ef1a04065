//! A conversation: a room, or the direct messages with one person.

use super::{
    draft::Draft,
    roster::Roster,
    span::Span,
    timeline::{Place, Timeline},
};
use crate::rows::body::Bodies;
use shared::{LogName, RoomName, Seq, request::Destination, text::Label};
use std::{cell::RefCell, fmt};

/// Whom one talks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partner {
    /// Everybody in a room.
    Room(RoomName),
    /// One person.
    Person(Label),
}

impl Partner {
    /// The partner that a tab is named after.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('@') {
            Some("") => None,
            Some(name) => Some(Self::Person(Label::new(name))),
            None => RoomName::parse(text).ok().map(Self::Room),
        }
    }

    /// The log that its entries come from.
    pub fn log(&self) -> LogName {
        match self {
            Self::Room(room) => LogName::Room(room.clone()),
            Self::Person(_) => LogName::Inbox,
        }
    }
}

impl From<&Destination> for Partner {
    fn from(to: &Destination) -> Self {
        match to {
            Destination::Room(room) => Self::Room(room.clone()),
            Destination::Person(name) => Self::Person(Label::new(name.as_str())),
        }
    }
}

impl fmt::Display for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(room) => room.fmt(f),
            Self::Person(name) => write!(f, "@{name}"),
        }
    }
}

/// Where a conversation is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// At its end, wherever that moves.
    #[default]
    Live,
    /// At an item, and which of its rows is the top one. `newest` was the last entry when the view left the end.
    At {
        /// The item.
        place: Place,
        /// The row.
        row: usize,
        /// The last entry at that time.
        newest: Seq,
    },
}

/// A conversation.
#[derive(Debug)]
pub struct Conversation {
    /// Whom one talks with.
    pub partner: Partner,
    /// What was said.
    pub timeline: Timeline,
    /// Where it is looked at.
    pub view: View,
    /// What is being typed.
    pub draft: Draft,
    /// Who is here.
    pub roster: Roster,
    /// What it is about.
    pub topic: Label,
    /// Entries behind this one are new; absent: none are.
    pub divider: Option<Seq>,
    /// Entries that are not read.
    pub unread: u64,
    /// Those of them that name the reader, as far as they are here.
    pub mentions: u64,
    /// Ignore mode holds back so many.
    pub held: u64,
    /// Its texts as rows. Only kept: whoever draws could make them anew.
    pub bodies: RefCell<Bodies>,
}

impl Conversation {
    /// An empty one of a log of which so much is here.
    pub fn new(partner: Partner, span: Span) -> Self {
        Self {
            partner,
            timeline: Timeline::new(span),
            view: View::Live,
            draft: Draft::default(),
            roster: Roster::default(),
            topic: Label::default(),
            divider: None,
            unread: 0,
            mentions: 0,
            held: 0,
            bodies: RefCell::default(),
        }
    }

    /// A view at the very top holds on to the first item: what comes before it pushes it down.
    pub fn hold_view(&mut self) {
        if let (View::At { place, .. }, Some(first)) = (&mut self.view, self.timeline.items().front())
            && *place == Place::TOP
        {
            *place = first.place;
        }
    }

    /// Entries that came after the view had left the end.
    pub fn missed(&self) -> u64 {
        match self.view {
            View::Live => 0,
            View::At { newest, .. } => self.timeline.count_behind(newest),
        }
    }
}
