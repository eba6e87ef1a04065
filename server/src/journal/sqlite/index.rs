//! What the writer does when there is nothing to store: the full-text index follows the commits (how far it has come stands
//! in each log's row), and inboxes of guests that a crash has left behind go.

use super::{schema, write::Writer};
use crate::{ids::LogId, journal::search_text::index_text};
use rusqlite::{Connection, params};
use shared::Seq;
use std::collections::BTreeMap;

/// Entries that are indexed in one transaction: about 5 ms of work.
const CHUNK: u64 = 1_000;

/// Logs whose index is behind, and the first entry that it lacks.
pub(super) fn behind(connection: &Connection) -> rusqlite::Result<BTreeMap<LogId, Seq>> {
    let mut statement = connection.prepare("SELECT log, indexed FROM log")?;
    let rows = statement.query_map([], |row| Ok((LogId(row.get("log")?), schema::seq(row, "indexed")?)))?;
    let mut behind = BTreeMap::new();
    for row in rows {
        let (log, indexed) = row?;
        if schema::head(connection, log)? > indexed {
            behind.insert(log, indexed.next());
        }
    }
    Ok(behind)
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

    /// Indexes a chunk of one log. False if there is nothing left to do, or nothing more can be done now.
    fn index_some(&mut self) -> bool {
        let Some((&log, &from)) = self.unindexed.iter().next() else { return false };
        match self.index_chunk(log, from) {
            Ok(Some(next)) => self.unindexed.insert(log, next),
            Ok(None) => self.unindexed.remove(&log),
            Err(error) => {
                // Nothing is lost: search reads what the index lacks, and the next commit tries again.
                tracing::warn!(%error, "index_behind");
                let _ = self.connection.execute_batch("ROLLBACK");
                return false;
            }
        };
        true
    }

    fn index_chunk(&self, log: LogId, from: Seq) -> rusqlite::Result<Option<Seq>> {
        let connection = &self.connection;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let end = from.forward(CHUNK);
        let mut last = None;
        {
            let mut select =
                connection.prepare_cached("SELECT place, msg FROM entry WHERE place >= ? AND place < ?")?;
            let mut insert = connection.prepare_cached("INSERT INTO found (rowid, msg) VALUES (?, ?)")?;
            let mut rows = select.query([log.place(from), log.place(end)])?;
            while let Some(row) = rows.next()? {
                let place: i64 = row.get(0)?;
                if let Some(text) = row.get::<_, Option<String>>(1)? {
                    insert.execute(params![place, index_text(&text)])?;
                }
                last = Some(LogId::from_place(place).1);
            }
        }
        if let Some(last) = last {
            connection
                .prepare_cached("UPDATE log SET indexed = ? WHERE log = ?")?
                .execute(params![last.get(), log.0])?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(last.filter(|last| last.next() == end).map(Seq::next))
    }
}
