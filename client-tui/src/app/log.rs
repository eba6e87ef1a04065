//! Logs that are followed, whichever conversations show them.

use super::span::Span;
use shared::{Entry, Epoch, LogName, Seq, request::Start};
use std::collections::HashMap;

/// A log that is followed.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Its incarnation, once it is known.
    pub epoch: Option<Epoch>,
    /// The first entry that the server keeps.
    pub first: Seq,
    /// The end of the newest run without a hole.
    pub cursor: Seq,
    /// The last entry that is known of: that of the `join`, until it is here.
    pub head: Seq,
    /// How far it is read, on any device.
    pub mark: Option<Seq>,
    /// The server has answered the `join` of this connection.
    pub joined: bool,
    /// The `join` was refused for a while: when to ask again.
    pub join_at: Option<u64>,
    /// What was missed is on its way, up to this entry.
    pub catching_up: Option<Seq>,
    /// Which entries are here, whichever conversation shows them.
    pub span: Span,
    /// Entries that are quoted and not here; absent ones the server does not have.
    pub quotes: HashMap<Seq, Option<Entry>>,
}

impl Log {
    /// Where a `join` goes on.
    pub(super) fn start(&self) -> Start {
        Start { last: shared::limits::LAST_DEFAULT, resume: self.epoch.clone().map(|epoch| (self.cursor, epoch)) }
    }
}

/// A message that names the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Its log.
    pub room: LogName,
    /// The entry.
    pub entry: Entry,
}
