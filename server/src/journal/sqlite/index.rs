//! What the writer does when there is nothing to store: the full-text index follows the commits (how far it has come stands
//! in each log's row), and inboxes of guests that a crash has left behind go.

use super::{schema, write::Writer};
use crate::{
    ids::{IdMap, LogId},
    journal::{StoredLog, search_text::index_text},
};
use rusqlite::{Connection, params};
use shared::Seq;
use std::collections::BTreeMap;

/// Entries that are indexed in one transaction: about 5 ms of work.
pub(super) const CHUNK: u64 = 1_000;

/// What the index lacks.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Logs, and the first entry of each that it lacks.
    logs: BTreeMap<LogId, Seq>,
    /// Entries in all.
    count: u64,
}

impl Backlog {
    /// What it lacks at the start, of logs whose heads have been read.
    pub(super) fn load(connection: &Connection, logs: &[StoredLog]) -> rusqlite::Result<Self> {
        let heads: IdMap<LogId, Seq> = logs.iter().map(|log| (log.log, log.head)).collect();
        let mut statement = connection.prepare("SELECT log, indexed FROM log")?;
        let rows = statement.query_map([], |row| Ok((LogId(row.get("log")?), schema::seq(row, "indexed")?)))?;
        let mut backlog = Self::default();
        for row in rows {
            let (log, indexed) = row?;
            if let Some(head) = heads.get(&log).copied().filter(|head| *head > indexed) {
                backlog.logs.insert(log, indexed.next());
                backlog.count += head.since(indexed);
            }
        }
        Ok(backlog)
    }

    /// An entry is new.
    pub(super) fn add(&mut self, log: LogId, seq: Seq) {
        self.logs.entry(log).or_insert(seq);
        self.count += 1;
    }

    /// Entries of a log before this one have gone.
    pub(super) fn skip_to(&mut self, log: LogId, first: Seq) {
        if let Some(next) = self.logs.get_mut(&log).filter(|next| **next < first) {
            self.count = self.count.saturating_sub(first.since(*next));
            *next = first;
        }
    }

    /// Entries that it lacks.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

impl Writer {
    /// Does a little of what is left to do. False if nothing is, or nothing can be done now.
    pub(super) fn tidy_some(&mut self) -> bool {
        self.index_some() || self.drop_some()
    }

    /// Deletes some entries of inboxes of guests of earlier runs: nobody can read them any more.
    fn drop_some(&mut self) -> bool {
        let Some(end) = self.stale_guests.take() else { return false };
        let first = LogId(end).place(Seq::ZERO);
        let dropped = self.connection.execute(
            "DELETE FROM entry WHERE place IN (SELECT place FROM entry WHERE place >= ? AND place < 0 LIMIT ?)",
            params![first, CHUNK],
        );
        match dropped {
            Ok(0) => {}
            Ok(_) => self.stale_guests = Some(end),
            Err(error) => tracing::warn!(%error, "guests_left_behind"),
        }
        self.stale_guests.is_some()
    }

    /// Indexes a chunk. False if there is nothing left to do, or nothing more can be done now.
    fn index_some(&mut self) -> bool {
        if self.backlog.logs.is_empty() {
            return false;
        }
        match self.index_chunk() {
            Ok(logs) => {
                for (log, next) in logs {
                    let first = self.backlog.logs.insert(log, next).unwrap_or(next);
                    self.backlog.count = self.backlog.count.saturating_sub(next.since(first));
                    if self.heads.get(&log).is_none_or(|head| head.seq < next) {
                        self.backlog.logs.remove(&log);
                    }
                }
                true
            }
            Err(error) => {
                // Nothing is lost: search reads what the index lacks, and the next commit tries again.
                tracing::warn!(%error, "index_behind");
                let _ = self.connection.execute_batch("ROLLBACK");
                false
            }
        }
    }

    /// Indexes some entries in one transaction; the logs, and which entry of each is next.
    fn index_chunk(&mut self) -> rusqlite::Result<Vec<(LogId, Seq)>> {
        let logs: Vec<(LogId, Seq)> = self.backlog.logs.iter().map(|(log, from)| (*log, *from)).collect();
        for (log, _) in &logs {
            // Where each ends is known from here on.
            self.head(*log)?;
        }
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let (mut left, mut done) = (CHUNK, Vec::new());
        for (log, from) in logs {
            if left == 0 {
                break;
            }
            let end = from.forward(left);
            let count = self.index_log(log, from, end)?;
            left -= count;
            done.push((log, from.forward(count)));
        }
        self.connection.execute_batch("COMMIT")?;
        Ok(done)
    }

    /// Indexes the entries of a log from one up to, and without, another; how many there were.
    fn index_log(&self, log: LogId, from: Seq, end: Seq) -> rusqlite::Result<u64> {
        let mut select =
            self.connection.prepare_cached("SELECT place, msg FROM entry WHERE place >= ? AND place < ?")?;
        let mut insert = self.connection.prepare_cached("INSERT INTO found (rowid, msg) VALUES (?, ?)")?;
        let mut rows = select.query([log.place(from), log.place(end)])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            if let Some(text) = row.get_ref(1)?.as_str_or_null()? {
                insert.execute(params![row.get::<_, i64>(0)?, index_text(text)])?;
            }
            count += 1;
        }
        let indexed = from.forward(count).previous();
        self.connection
            .prepare_cached("UPDATE log SET indexed = ? WHERE log = ?")?
            .execute(params![indexed.get(), log.0])?;
        Ok(count)
    }
}
