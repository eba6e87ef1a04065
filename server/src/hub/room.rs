//! A log as the hub sees it, and a room around one.

use super::{Millis, changes::Rule, person::Name, presence::Change};
use crate::ids::{IdMap, LogId, PersonId, SessionId};
use shared::{Epoch, Seq, limits, moderation::Role};
use std::collections::{BTreeMap, BTreeSet};

/// A log: where it stands, and who follows it.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) epoch: Epoch,
    /// The first entry that is kept.
    pub(super) first: Seq,
    /// The last committed entry.
    pub(super) head: Seq,
    pub(super) followers: BTreeSet<SessionId>,
}

impl Log {
    pub(super) fn new(epoch: Epoch, first: Seq, head: Seq) -> Self {
        Self { epoch, first, head, followers: BTreeSet::new() }
    }
}

/// A room: a log with members.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) log: LogId,
    pub(super) topic: String,
    /// Persons in it, by nickname.
    pub(super) members: BTreeMap<Name, Member>,
    /// Too many to name: from over 500 members until they are 450.
    pub(super) is_crowd: bool,
    /// What the next presence tells.
    pub(super) changes: Vec<Change>,
    /// Who may do what in it.
    pub(super) rule: Rule,
    /// When who has said something last, while everybody has to wait between two messages.
    pub(super) spoken: IdMap<PersonId, Millis>,
}

/// A person in a room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) person: PersonId,
    /// Its sessions that follow the room, the quiet ones not counted.
    pub(super) sessions: usize,
    /// If all of them broke: when it counts as gone.
    pub(super) gone_at: Option<Millis>,
}

impl Room {
    pub(super) fn new(log: LogId, topic: String) -> Self {
        Self {
            log,
            topic,
            members: BTreeMap::new(),
            is_crowd: false,
            changes: Vec::new(),
            rule: Rule::default(),
            spoken: IdMap::default(),
        }
    }

    /// True if it belongs to somebody.
    pub(super) fn has_owner(&self) -> bool {
        self.rule.roles.values().any(|role| *role == Role::Owner)
    }

    /// Notices that the room has grown into a crowd. What was to be named no longer is.
    pub(super) fn grow(&mut self) {
        if self.members.len() > limits::ROSTER_MAX {
            self.is_crowd = true;
            self.changes.clear();
        }
    }
}
