//! What the hub wants to happen, and what becomes of a request.

use super::Millis;
use crate::{
    ids::{LogId, SessionId},
    journal::{Op, Query},
};
use shared::{Event, LogName, Outgoing, RoomName};

/// What is to happen.
#[derive(Debug)]
pub enum Effect {
    /// A session is answered.
    Answer(SessionId, Outgoing),
    /// Sessions are told; how, if they do not read, says the slot.
    Tell(Vec<SessionId>, Slot, Event),
    /// Something is to be stored.
    Store(Op),
    /// A page is to be read.
    Read(Query),
    /// A log has new entries.
    Grown(LogId),
    /// A session's cursors may have something to send.
    Flush(SessionId),
    /// A connection ends once what it is owed is written.
    Close(SessionId),
    /// What is kept of a log in memory is no longer so.
    Forget(LogId),
    /// What was asked for at the server's own door is done, with so many entries; absent: it could not be stored.
    Done(u64, Option<u64>),
}

/// What becomes of an event for a session that does not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// It is kept.
    Keep,
    /// It is dropped where too much is unsent; the room's roster follows instead.
    Presence(RoomName),
    /// Only the newest of its kind is kept.
    Latest(&'static str, Option<LogName>),
}

/// Whether a request was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Yes.
    Done,
    /// Not before the session's earlier requests are answered: ask again then.
    Wait,
    /// Not before that time: ask again then.
    Later(Millis),
}
