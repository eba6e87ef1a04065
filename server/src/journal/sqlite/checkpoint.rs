//! When the write-ahead log goes into the database: between commits, never as a part of one. A commit that is durable must
//! not be taken for a failed one because a checkpoint behind it failed, nor wait for it.

use super::schema;
use rusqlite::Connection;
use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

/// Pages in the log before they go into the database: as many as its index in shared memory holds in its first part. The
/// more there are, the more often one that is written again and again is copied only once.
const PAGES: i32 = 4_000;
/// Pages that must come before the next try, where readers still needed the log.
const AGAIN: i32 = 1_000;

/// The log's length, and when something is done about it.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pages: Arc<AtomicI32>,
    due: i32,
}

impl Checkpoint {
    /// Takes over from SQLite, which would do it inside of a commit.
    pub(super) fn take_over(connection: &mut Connection) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let pages = Arc::new(AtomicI32::new(0));
        let seen = pages.clone();
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, due: PAGES })
    }

    /// Moves the log into the database if it is long. On a full disk it stays where it is.
    pub(super) fn run_if_due(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.due {
            // The log has begun anew.
            self.due = self.due.min(pages.max(PAGES - AGAIN) + AGAIN);
            return Ok(());
        }
        match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            Err(error) if schema::is_full(&error) => {}
            result => result?,
        }
        self.due = pages.saturating_add(AGAIN);
        Ok(())
    }
}
