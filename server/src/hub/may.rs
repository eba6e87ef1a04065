//! Who may do what: the one place that every path asks.

use super::{Hub, Now, Refusal};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::Sanction,
};
use shared::{
    ErrorCode, RoomName,
    identity::PublicKey,
    moderation::{Action, Role},
};

/// What somebody is, in a room or on the whole server; each may do what those before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Here for one login.
    Guest,
    /// With a claimed nickname.
    Member,
    /// Keeps order in the room.
    Moderator,
    /// Whose room it is.
    Owner,
    /// Keeps order on the server.
    Operator,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Join a room.
    Join,
    /// Read what was said in it, or who is there.
    Read,
    /// Say something in it.
    Talk,
    /// Set its topic.
    Topic,
    /// Say something to a person.
    Write,
    /// Take out a text of one's own.
    RedactOwn,
    /// Take out anybody's text.
    Redact,
    /// Keep order in the room.
    Moderate(Action),
    /// Keep order on the whole server, or against a network.
    Everywhere,
}

impl Wish {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Join,
            Self::Read,
            Self::Talk,
            Self::Topic,
            Self::Write,
            Self::RedactOwn,
            Self::Redact,
            Self::Everywhere,
        ];
        plain.into_iter().chain(Action::ALL.map(Self::Moderate))
    }

    /// What one must at least be, in a room that is locked or not, on a server that is only read or not.
    pub fn needs(self, is_locked: bool, is_read_only: bool) -> Standing {
        match self {
            Self::Talk | Self::Topic if is_locked || is_read_only => Standing::Moderator,
            Self::Write if is_read_only => Standing::Operator,
            Self::Join | Self::Read | Self::Talk | Self::Topic | Self::Write | Self::RedactOwn => Standing::Guest,
            Self::Moderate(Action::Grant | Action::Revoke) => Standing::Owner,
            Self::Redact | Self::Moderate(_) => Standing::Moderator,
            Self::Everywhere => Standing::Operator,
        }
    }

    /// True if it is saying something, which is taken from who is muted.
    fn is_talk(self) -> bool {
        matches!(self, Self::Talk | Self::Topic | Self::Write)
    }
}

impl From<Role> for Standing {
    fn from(role: Role) -> Self {
        match role {
            Role::Moderator => Self::Moderator,
            Role::Owner => Self::Owner,
        }
    }
}

/// How careful the server is with who comes, and with what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alert {
    /// Not at all.
    Calm,
    /// Nobody new: neither guests nor new claims.
    NoNewNames,
    /// Nobody from where nobody with a key has come from before, either.
    NoNewAddresses,
    /// Only moderators talk, either.
    ReadOnly,
}

impl Alert {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Calm, Self::NoNewNames, Self::NoNewAddresses, Self::ReadOnly];

    /// From its number; too large a one is the last.
    pub fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::ReadOnly)
    }
}

impl Hub {
    /// What a person is in a room; without one, on the server.
    pub(super) fn standing(&self, person: PersonId, room: Option<&RoomName>) -> Standing {
        let Some(known) = self.people.get(&person) else { return Standing::Guest };
        let Some(key) = known.key.as_deref() else { return Standing::Guest };
        if self.is_operator(key) {
            return Standing::Operator;
        }
        let role = room.and_then(|room| self.rooms.get(room)).and_then(|room| room.rule.roles.get(&person));
        role.map_or(Standing::Member, |role| (*role).into())
    }

    /// True if it is an operator's, by order or by configuration.
    pub(super) fn is_operator(&self, key: &PublicKey) -> bool {
        self.operators.contains(key) || self.rules.operators.contains(key)
    }

    /// Whether a person may do something, in a room or to another person.
    pub(super) fn may(&self, person: PersonId, wish: Wish, room: Option<&RoomName>, now: Now) -> Result<(), Refusal> {
        let standing = self.standing(person, room);
        if standing == Standing::Operator {
            return Ok(());
        }
        let known = room.and_then(|room| self.rooms.get(room));
        let log = known.map(|room| room.log);
        // Whoever keeps order in a room is not put out of it with their neighbours.
        let near = log.filter(|_| standing < Standing::Moderator);
        self.not_sanctioned(person, Sanction::Ban, log, near, now)?;
        if wish.is_talk() {
            self.not_sanctioned(person, Sanction::Mute, log, near, now)?;
        }
        let is_locked = known.is_some_and(|room| room.rule.is_locked);
        let is_read_only = self.alert >= Alert::ReadOnly;
        if standing >= wish.needs(is_locked, is_read_only) {
            return Ok(());
        }
        let detail = match wish {
            _ if wish.is_talk() && is_read_only => "the server is only read for now",
            Wish::Talk | Wish::Topic => "the room is locked: only its moderators talk",
            Wish::Moderate(Action::Grant | Action::Revoke) => "only the room's owner and operators give roles",
            Wish::Everywhere => "only operators do that",
            _ => "only moderators do that",
        };
        Err(Refusal::new(ErrorCode::Forbidden, detail))
    }

    /// A refusal, if a sanction holds for a person in a log or everywhere, or for where it comes from in `near` or
    /// everywhere.
    fn not_sanctioned(
        &self,
        person: PersonId,
        sanction: Sanction,
        log: Option<LogId>,
        near: Option<LogId>,
        now: Now,
    ) -> Result<(), Refusal> {
        if self.sanctions.is_empty() {
            return Ok(());
        }
        let Some(known) = self.people.get(&person) else { return Ok(()) };
        let addresses = known.sessions.iter().filter_map(|(id, _)| self.address(*id));
        let (name, key) = (Some(known.nickname()), known.key.as_deref());
        let found = self.sanctions.find(sanction, log, name, key, std::iter::empty(), now.wall);
        let found = found.or_else(|| self.sanctions.find(sanction, near, None, None, addresses, now.wall));
        found.map_or(Ok(()), |found| Err(super::sanctions::refusal(found, now.wall)))
    }

    /// Where a session comes from.
    pub(super) fn address(&self, id: SessionId) -> Option<std::net::IpAddr> {
        self.sessions.get(id).map(|session| session.address)
    }
}

#[cfg(test)]
#[path = "may_tests.rs"]
mod tests;
