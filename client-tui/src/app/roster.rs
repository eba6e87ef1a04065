//! Who is in a room, as far as the server tells.

use shared::{
    event::{Member, Presence, State},
    text::Label,
};
use std::collections::BTreeMap;

/// Who is in a room.
#[derive(Debug, Default)]
pub struct Roster {
    /// Persons, whether they are named or not.
    pub members: u64,
    /// By nickname; empty in a crowd.
    people: BTreeMap<(String, Label), State>,
}

fn key(name: &Label) -> (String, Label) {
    (name.to_lowercase(), name.clone())
}

impl Roster {
    /// Replaces everything.
    pub fn set(&mut self, members: u64, people: Option<&[Member]>) {
        self.members = members;
        self.people = people.into_iter().flatten().map(|member| (key(&member.nickname), member.state)).collect();
    }

    /// Applies what has changed. Without names the room has become a crowd: what was known of it is no longer true.
    pub fn apply(&mut self, presence: &Presence) {
        self.members = presence.members;
        if presence.joined.is_empty() && presence.left.is_empty() && presence.changed.is_empty() {
            self.people.clear();
            return;
        }
        for name in &presence.left {
            self.people.remove(&key(name));
        }
        for name in &presence.joined {
            self.people.insert(key(name), State::Online);
        }
        for member in &presence.changed {
            self.people.insert(key(&member.nickname), member.state);
        }
    }

    /// The people by nickname.
    pub fn people(&self) -> impl Iterator<Item = (&Label, State)> {
        self.people.iter().map(|((_, name), state)| (name, *state))
    }

    /// How many are named.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// True if nobody is named.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}
