//! Acts of moderation: what may be done to whom, as a request carries it and as an entry says it.
//!
//! An entry of kind `moderation` has the act in its `msg`: the action, what belongs to it, and behind a colon the reason,
//! as `ban everywhere 600s: spam`, `slow 10s`, `grant moderator`. Whom it concerns stands in `to`.

use crate::{
    id::MessageId,
    network::Network,
    nickname::Nickname,
    room::RoomName,
    text::{clean_line, cut},
};
use std::fmt;

/// Bytes of a reason.
pub const REASON: usize = 200;
/// The longest time that an act may last, in seconds: ten years.
pub const FOR_S: u64 = 10 * 366 * 24 * 3_600;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Put somebody out; they may come back.
    Kick,
    /// Put somebody out, and keep them out.
    Ban,
    /// End a ban.
    Unban,
    /// Somebody may not talk.
    Mute,
    /// End that.
    Unmute,
    /// Everybody waits between two messages: `for_s` is how long, 0 ends it.
    Slow,
    /// Only moderators talk.
    Lock,
    /// End that.
    Unlock,
    /// Give somebody a role.
    Grant,
    /// Take it back.
    Revoke,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Kick,
        Self::Ban,
        Self::Unban,
        Self::Mute,
        Self::Unmute,
        Self::Slow,
        Self::Lock,
        Self::Unlock,
        Self::Grant,
        Self::Revoke,
    ];

    /// As it travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Slow => "slow",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
        }
    }

    /// From its name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// True if it is done to a person.
    pub fn has_target(self) -> bool {
        !matches!(self, Self::Slow | Self::Lock | Self::Unlock)
    }

    /// True if it may be done to a network instead of a person.
    pub fn takes_network(self) -> bool {
        matches!(self, Self::Ban | Self::Unban)
    }

    /// True if it may last for a while.
    pub fn takes_time(self) -> bool {
        matches!(self, Self::Ban | Self::Mute | Self::Slow)
    }
}

/// What somebody may be in a room beside a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Keeps order.
    Moderator,
    /// Whose room it is: also makes moderators.
    Owner,
}

impl Role {
    /// As it travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// From its name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Moderator, Self::Owner].into_iter().find(|role| role.as_str() == text)
    }
}

/// An act as it stands in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What is done.
    pub action: Action,
    /// On the whole server, not in the room alone.
    pub everywhere: bool,
    /// The person's address, too.
    pub address: bool,
    /// The network that it is done to.
    pub network: Option<Network>,
    /// The role that is given or taken.
    pub role: Option<Role>,
    /// For how long, in seconds; absent: until it is ended.
    pub for_s: Option<u64>,
    /// Why.
    pub reason: Box<str>,
}

impl Act {
    /// An act without anything beside it.
    pub fn new(action: Action) -> Self {
        let (everywhere, address, reason) = (false, false, "".into());
        Self { action, everywhere, address, network: None, role: None, for_s: None, reason }
    }

    /// A reason as it is kept: on one line, and not too long.
    pub fn reason(text: &str) -> Box<str> {
        cut(clean_line(text).trim(), REASON).trim().into()
    }

    /// Reads an act as an entry has it. `None`: one that this version does not know.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, reason) = text.split_once(": ").unwrap_or((text, ""));
        let mut words = head.split(' ');
        let mut act = Self { reason: Self::reason(reason), ..Self::new(Action::parse(words.next()?)?) };
        for word in words {
            if word == "everywhere" {
                act.everywhere = true;
            } else if word == "address" {
                act.address = true;
            } else if let Some(role) = Role::parse(word) {
                act.role = Some(role);
            } else if let Some(seconds) = word.strip_suffix('s').and_then(|digits| digits.parse().ok()) {
                act.for_s = Some(seconds);
            } else {
                act.network = Some(word.parse().ok()?);
            }
        }
        Some(act)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action.as_str())?;
        let flags = [(self.everywhere, "everywhere"), (self.address, "address")];
        for (_, word) in flags.iter().filter(|(is_set, _)| *is_set) {
            write!(f, " {word}")?;
        }
        if let Some(role) = self.role {
            write!(f, " {}", role.as_str())?;
        }
        if let Some(network) = &self.network {
            write!(f, " {network}")?;
        }
        if let Some(seconds) = self.for_s {
            write!(f, " {seconds}s")?;
        }
        if self.reason.is_empty() { Ok(()) } else { write!(f, ": {}", self.reason) }
    }
}

/// The request `moderate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderate {
    /// What its sender calls it.
    pub id: MessageId,
    /// Where it is done, and told.
    pub room: RoomName,
    /// To whom.
    pub nickname: Option<Nickname>,
    /// What.
    pub act: Act,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_act_as_an_entry_says_it() {
        let act =
            Act { everywhere: true, for_s: Some(600), reason: Act::reason("spam: again"), ..Act::new(Action::Ban) };
        assert_eq!(act.to_string(), "ban everywhere 600s: spam: again");
        assert_eq!(Act::parse(&act.to_string()), Some(act));
        assert_eq!(Act::parse("grant owner").unwrap().role, Some(Role::Owner));
        assert_eq!(Act::parse("ban 10.0.0.0/8").unwrap().network, Some("10.0.0.0/8".parse().unwrap()));
        assert_eq!(Act::parse("dance"), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same_way(text in "[a-z]{1,8}( [a-z0-9/.:]{0,10}){0,3}(: \\PC{0,40})?") {
            if let Some(act) = Act::parse(&text) {
                prop_assert_eq!(Act::parse(&act.to_string()), Some(act));
            }
        }
    }
}
