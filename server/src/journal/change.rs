//! What is kept beside entries: who may do what, who may not, who was let in by what. Each change is stored in one
//! transaction with the entry that tells of it, and with its line in the moderation log.

use crate::ids::{LogId, PersonId};
use shared::{RoomName, Seq, UnixMillis, identity::PublicKey, moderation::Role, network::Network};

/// What somebody may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sanction {
    /// Be there.
    Ban,
    /// Talk.
    Mute,
}

/// Whom a sanction is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Everybody with a nickname that looks like this one.
    Name(Box<str>),
    /// Everybody with this key, whatever the nickname.
    Key(PublicKey),
    /// Everybody from there.
    Network(Network),
}

/// A sanction as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanctioned {
    /// What is not allowed.
    pub sanction: Sanction,
    /// Where; absent: everywhere.
    pub scope: Option<LogId>,
    /// To whom.
    pub subject: Subject,
    /// When it ends.
    pub until: Option<UnixMillis>,
    /// Why.
    pub reason: Box<str>,
    /// The nickname that it was said against; empty for a network alone.
    pub name: Box<str>,
}

/// An invite, by the hash of its token: whoever reads the journal can't use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The room that it was made for.
    pub room: Option<RoomName>,
    /// When it ends.
    pub until: Option<UnixMillis>,
    /// How often it may still be used; absent: as often as one likes.
    pub uses: Option<u32>,
    /// What its maker calls it.
    pub note: Box<str>,
}

/// What is kept.
#[derive(Debug, Clone)]
pub enum Change {
    /// Somebody may not do something any more.
    Sanction(Sanctioned),
    /// A sanction ends.
    Lift(Sanction, Option<LogId>, Subject),
    /// Seconds between two messages of a person in a room; 0: none.
    Slow(LogId, u32),
    /// Only moderators talk in a room, or everybody again.
    Lock(LogId, bool),
    /// A person has a role in a room, or none any more.
    Role(LogId, PersonId, Option<Role>),
    /// A key belongs to an operator, or does no more.
    Operator(PublicKey, bool),
    /// A new invite.
    Invite(Invite),
    /// An invite is no longer good.
    Uninvite([u8; 32]),
    /// How careful the server is with who comes.
    Alert(u8),
    /// The text of an entry goes. `by`: only if that person has written it.
    Redact {
        /// Which log.
        log: LogId,
        /// Which entry.
        seq: Seq,
        /// Who must have written it.
        by: Option<PersonId>,
    },
    /// A claimed nickname is free again; its inbox, marks and roles go.
    Release(PersonId),
    /// A claimed nickname was used.
    Seen(PersonId),
    /// Somebody with a key has logged in from a household, by the hash of its network.
    Place([u8; 32]),
    /// Texts of a person's entries go, a thousand at once; and those of its inbox.
    Erase(PersonId),
    /// Entries of a log go, a thousand at once.
    Expire {
        /// Which log.
        log: LogId,
        /// So many of the newest stay.
        keep: u64,
        /// And all that are not older than this.
        before: Option<UnixMillis>,
    },
    /// Nothing is left of what has gone, and its space is given back.
    Compact,
}

/// Changes with who made them, for the moderation log.
#[derive(Debug, Clone)]
pub struct Deed {
    /// Who; `server` for what it does itself.
    pub actor: Box<str>,
    /// To whom, or to what.
    pub target: Box<str>,
    /// What, in words; empty: it is no act that anybody would look for.
    pub act: Box<str>,
    /// What is stored.
    pub changes: Vec<Change>,
}

/// What a room is beside its log.
#[derive(Debug, Clone, Default)]
pub struct RoomRule {
    /// Seconds between two messages of a person.
    pub slow_s: u32,
    /// Only moderators talk.
    pub is_locked: bool,
    /// Who is more than a member.
    pub roles: Vec<(PersonId, Role)>,
}

/// Everything of this page that is kept, when the server starts.
#[derive(Debug, Default)]
pub struct Kept {
    /// What who may not do.
    pub sanctions: Vec<Sanctioned>,
    /// What rooms are beside their logs.
    pub rules: Vec<(LogId, RoomRule)>,
    /// Keys of operators.
    pub operators: Vec<PublicKey>,
    /// Invites that may still be used.
    pub invites: Vec<Invite>,
    /// How careful the server is.
    pub alert: u8,
    /// Hashes of the households that people with keys came from.
    pub places: Vec<[u8; 32]>,
}
