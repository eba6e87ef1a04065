//! A person: a claimed nickname with its key, or a guest's one login.

use super::rates::Allowance;
use crate::{
    ids::{LogId, SessionId},
    journal::Hold,
};
use shared::{Nickname, RoomName, Seq, UnixMillis, event::Member, event::State, identity::PublicKey, text::Label};
use std::{collections::BTreeMap, sync::Arc};

/// A nickname behind what lists are sorted by; whoever lists it shares it.
pub(super) type Name = Arc<(Box<str>, Nickname)>;

/// A person.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) order: Name,
    /// Whom a claimed nickname belongs to.
    pub(super) key: Option<Box<PublicKey>>,
    /// The log of its direct messages.
    pub(super) inbox: LogId,
    /// Its connections, and whether each is quiet.
    pub(super) sessions: Vec<(SessionId, bool)>,
    /// Rooms that it is a member of, in no order.
    pub(super) rooms: Vec<RoomName>,
    /// Said to be away.
    pub(super) away: bool,
    /// Ignore mode, while it is on.
    pub(super) hold: Option<Box<Hold>>,
    /// How far a claimed nickname has read.
    pub(super) marks: BTreeMap<LogId, Seq>,
    /// What it may still do.
    pub(super) allowance: Allowance,
    /// When a claimed nickname was used last, if that is known.
    pub(super) seen: Option<UnixMillis>,
}

impl Person {
    pub(super) fn new(nickname: Nickname, key: Option<PublicKey>, inbox: LogId, allowance: Allowance) -> Self {
        Self {
            order: Arc::new(nickname.order()),
            key: key.map(Box::new),
            inbox,
            sessions: Vec::new(),
            rooms: Vec::new(),
            away: false,
            hold: None,
            marks: BTreeMap::new(),
            allowance,
            seen: None,
        }
    }

    pub(super) fn nickname(&self) -> &Nickname {
        &self.order.1
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.key.is_some()
    }

    /// True while it counts as online.
    pub(super) fn is_listed(&self) -> bool {
        !self.rooms.is_empty() || self.sessions.iter().any(|(_, quiet)| !quiet)
    }

    /// Its sessions that ignore mode and presence are about.
    pub(super) fn loud_sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions.iter().filter(|(_, quiet)| !quiet).map(|(id, _)| *id)
    }

    /// As lists show it. `connected`: a connection of it is there (in the room that the list is of).
    pub(super) fn member(&self, connected: bool) -> Member {
        let state = if connected && self.hold.is_some() {
            State::Ignoring
        } else if !connected || self.away {
            State::Away
        } else {
            State::Online
        };
        Member { nickname: self.label(), state }
    }

    pub(super) fn label(&self) -> Label {
        Label::new(self.nickname().as_str())
    }
}
