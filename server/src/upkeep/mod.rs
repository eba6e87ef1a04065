//! What an operator does with a journal beside serving it: back it up, put it back, look through it, write it out.
//!
//! Everything here reads through a connection of its own and writes to other files: a server may run over the data
//! directory meanwhile, and does not notice. Only [`restore()`] makes a data directory, where none is.

mod backup;
mod damage;
mod export;
mod files;
mod kept;
mod restore;
mod source;
mod verify;

pub use backup::backup;
pub use damage::Damage;
pub use export::{What, export};
pub use kept::KEPT_FILES;
pub use restore::restore;
pub use verify::verify;

use std::fmt;

/// How much there is in a journal. What guests have in their inboxes is not counted: it goes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Rooms, and inboxes of claimed nicknames.
    pub logs: u64,
    /// Rooms.
    pub rooms: u64,
    /// Claimed nicknames.
    pub accounts: u64,
    /// Entries of all logs, tombstones as well.
    pub entries: u64,
    /// Entries whose text is gone.
    pub tombstones: u64,
    /// What the database takes.
    pub bytes: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logs, rooms, accounts, entries, tombstones, bytes } = self;
        write!(f, "{logs} logs ({rooms} rooms), {accounts} accounts, ")?;
        write!(f, "{entries} entries ({tombstones} tombstones), {bytes} bytes")
    }
}
