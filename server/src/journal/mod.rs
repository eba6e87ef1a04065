//! Where things become durable: entries get their seq here, and everything that must survive the server is kept here.
//!
//! Ops go in by batches, in order; a stream of [`Batch`]es comes out, in the same order, each op with its result. What
//! stands in a batch is on disk. Pages are read beside it.

pub mod change;
pub mod search_text;
pub(crate) mod sqlite;

pub use change::{Change, Deed, Invite, Kept, RoomRule, Sanction, Sanctioned, Subject};
pub use sqlite::{InlineJournal, Settings, SqliteJournal, lock_directory};

use crate::ids::{LogId, PersonId, SessionId};
use shared::{
    Epoch, Kind, LogName, MessageId, Nickname, Rejection, RoomName, Seq, Tag, Text, UnixMillis,
    identity::PublicKey,
    request::{Login, Place, Start},
};
use std::collections::BTreeMap;

/// Numbers of guests that are reserved at once, so that not every guest costs a write.
pub const GUEST_BLOCK: i32 = 4_096;

/// Takes ops and queries; what comes of them arrives as [`Output`]s, ops in their order.
pub trait Journal: Send {
    /// Hands in what is to be stored. Returns at once.
    fn write(&mut self, ops: Vec<Op>);
    /// Asks for a page. Returns at once.
    fn read(&mut self, query: Query);
}

/// Who asked for something, and what the client called it.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The session that gets the answer.
    pub session: SessionId,
    /// Comes back in the answer.
    pub tag: Option<Tag>,
    /// The request's room as it was sent, where an error must repeat it so.
    pub room: Option<Box<str>>,
}

/// Something to store.
#[derive(Debug, Clone)]
pub enum Op {
    /// A message.
    Append(Asker, Box<Draft>),
    /// A room that is not there yet, and the `join` that waits for it. Who makes it owns it, if it has a key.
    OpenRoom(Asker, RoomName, Start, Option<PersonId>),
    /// A nickname for a key, and the `login` that waits for it.
    Claim(Asker, Nickname, Box<Login>, Option<InviteHash>),
    /// Ignore mode of a claimed nickname on, or off.
    SetHold(Option<Asker>, PersonId, Option<Hold>),
    /// Read mark of a claimed nickname; true: it may move back.
    SetMark(Option<Asker>, PersonId, LogId, Seq, bool),
    /// A guest has gone; so does its inbox.
    DropInbox(LogId),
    /// Numbers of guests below this one are in use.
    ReserveGuests(i32),
    /// The same, and the `login` of a guest that waits for it, and what it was let in by.
    AdmitGuest(Asker, Box<Login>, i32, Option<InviteHash>),
    /// Changes beside entries; who asked for them at the server's own door is answered by this number.
    Deed(Option<Asker>, Option<u64>, Box<Deed>),
    /// A session that was told [`Done::Unavailable`] has ended.
    Ended(SessionId),
}

impl Op {
    /// Whose request is answered when it is done.
    pub fn asker(&self) -> Option<&Asker> {
        match self {
            Self::Append(asker, _)
            | Self::OpenRoom(asker, ..)
            | Self::Claim(asker, ..)
            | Self::AdmitGuest(asker, ..)
            | Self::SetHold(Some(asker), ..)
            | Self::Deed(Some(asker), ..)
            | Self::SetMark(Some(asker), ..) => Some(asker),
            Self::SetHold(None, ..)
            | Self::SetMark(None, ..)
            | Self::Deed(None, ..)
            | Self::DropInbox(_)
            | Self::ReserveGuests(_)
            | Self::Ended(_) => None,
        }
    }
}

/// A message that wants to become an entry.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The log: a room, or the sender's own inbox.
    pub log: LogId,
    /// Its name.
    pub room: LogName,
    /// Who says it.
    pub sender: PersonId,
    /// The sender's nickname.
    pub from: Nickname,
    /// The sender's name for it: unique for sender and log.
    pub id: MessageId,
    /// What it is.
    pub kind: Kind,
    /// The entry of this log that it replies to.
    pub re: Option<Seq>,
    /// Its text.
    pub text: Text,
    /// Of a direct message: to whom, and into which other inbox (none to oneself).
    pub to: Option<(Nickname, Option<LogId>)>,
    /// If the id is not known already, this refuses it.
    pub refusal: Option<Rejection>,
    /// What is stored with it.
    pub changes: Vec<Change>,
}

/// A person's ignore mode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hold {
    /// When the server ends it.
    pub until: Option<UnixMillis>,
    /// The head of each room where it began.
    pub since: BTreeMap<LogId, Seq>,
}

/// What comes out of a journal.
#[derive(Debug)]
pub enum Output {
    /// Ops that are durable now, or refused.
    Batch(Batch),
    /// A page of a query.
    Page(Query, Page),
    /// It can't go on. What it has not answered may be stored or not.
    Failed(String),
}

/// Ops that were done in one transaction, in their order.
#[derive(Debug, Default)]
pub struct Batch {
    /// Each op with its result.
    pub done: Vec<(Op, Done)>,
    /// The new entries as lines, behind each other.
    pub lines: Vec<u8>,
}

/// What became of an op.
#[derive(Debug)]
pub enum Done {
    /// The message is an entry now: of its log, and of the receiver's inbox.
    Appended {
        /// In the log it was sent to.
        entry: Committed,
        /// In the receiver's inbox.
        copy: Option<Committed>,
        /// The log has no topic any more: it was taken out.
        untopic: bool,
    },
    /// The id was known, and the message the same.
    Known(Seq, UnixMillis),
    /// The id was known for another message.
    IdReused,
    /// The draft's refusal holds.
    Refused,
    /// What was to be changed is not the sender's to change.
    Forbidden,
    /// The changes are stored.
    Changed(Touched),
    /// Nothing of it was stored; try later. So it is with every later message of that session into that log, until the
    /// first one that was refused comes again: their order is kept.
    Unavailable,
    /// The room is there.
    Opened(LogId, Epoch),
    /// The nickname belongs to the key.
    Claimed(Account),
    /// It is stored.
    Stored,
}

/// Entries that changes have touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// How many.
    pub entries: u64,
    /// Of these logs: what is kept of them elsewhere is no longer so.
    pub logs: Vec<LogId>,
    /// Rooms whose topic has gone with the entry that set it.
    pub topics: Vec<LogId>,
    /// Logs that begin later now.
    pub firsts: Vec<(LogId, Seq)>,
}

/// SHA-256 of an invite's token.
pub type InviteHash = [u8; 32];

/// A new entry.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Its log.
    pub log: LogId,
    /// Its number.
    pub seq: Seq,
    /// When.
    pub at: UnixMillis,
    /// Where its line lies in [`Batch::lines`].
    pub line: std::ops::Range<usize>,
}

/// A log as it is when the server starts.
#[derive(Debug, Clone)]
pub struct StoredLog {
    /// Its number.
    pub log: LogId,
    /// The room; absent for an inbox.
    pub room: Option<RoomName>,
    /// Its incarnation.
    pub epoch: Epoch,
    /// The first entry that is kept.
    pub first: Seq,
    /// The last entry.
    pub head: Seq,
    /// The room's topic.
    pub topic: String,
}

/// A claimed nickname.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number.
    pub person: PersonId,
    /// The nickname as it was claimed.
    pub nickname: Nickname,
    /// Whom it belongs to.
    pub key: PublicKey,
    /// The log of its direct messages.
    pub inbox: LogId,
    /// That log's incarnation.
    pub epoch: Epoch,
    /// Its ignore mode, if it is on.
    pub hold: Option<Hold>,
    /// How far it has read.
    pub marks: BTreeMap<LogId, Seq>,
    /// When it was used last, if that is known.
    pub seen: Option<UnixMillis>,
}

/// What the server knows when it starts.
#[derive(Debug, Default)]
pub struct Stored {
    /// Every log.
    pub logs: Vec<StoredLog>,
    /// Every claimed nickname.
    pub accounts: Vec<Account>,
    /// Guests get numbers from here on,
    pub next_guest: i32,
    /// and below here without asking: nobody gets them again.
    pub guests_end: i32,
    /// Who may do what, and who may not.
    pub kept: Kept,
}

impl Stored {
    /// Entries in all that the logs have had.
    pub fn entries(&self) -> u64 {
        self.logs.iter().map(|log| log.head.get()).sum()
    }
}

/// A page to read.
#[derive(Debug, Clone)]
pub enum Query {
    /// For a cursor that is behind the tail: lines of entries behind `after` up to `head`.
    Lines {
        /// Whose cursor.
        session: SessionId,
        /// Which log.
        log: LogId,
        /// Its name.
        room: LogName,
        /// The cursor.
        after: Seq,
        /// The last entry that may be shown.
        head: Seq,
        /// Which stand of the cursor this is for; another one has no use for it.
        stand: u64,
    },
    /// A `history` request.
    History(Asker, HistoryQuery),
    /// A `search` request.
    Search(Asker, SearchQuery),
}

/// A page of history.
#[derive(Debug, Clone)]
pub struct HistoryQuery {
    /// Which log.
    pub log: LogId,
    /// Its name.
    pub room: LogName,
    /// Its incarnation.
    pub epoch: Epoch,
    /// The first entry that is kept.
    pub first: Seq,
    /// The last entry that may be shown.
    pub head: Seq,
    /// Where.
    pub place: Place,
    /// At most so many.
    pub limit: u64,
}

/// A page of hits.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// The words.
    pub text: Text,
    /// Where to look: each log with its name, its first and its last entry.
    pub logs: Vec<(LogId, LogName, Seq, Seq)>,
    /// At most so many.
    pub limit: u64,
    /// Behind this hit.
    pub from: Option<search_text::Position>,
}

/// What a query found.
#[derive(Debug)]
pub enum Page {
    /// Lines as they are sent, and the seq of the last one.
    Lines(Vec<u8>, Seq),
    /// An answer as it is sent.
    Answer(Box<shared::Event>),
    /// It could not be read.
    Failed(String),
}
