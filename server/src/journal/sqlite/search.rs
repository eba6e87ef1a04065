//! Search: the index gives candidates, [`Words::match_text`] decides; what the index lacks is read through.

use super::{
    read::{COLUMNS, encoded_size, entry, first_not_older},
    schema,
};
use crate::{
    ids::LogId,
    journal::{
        SearchQuery,
        search_text::{Position, Words},
    },
};
use rusqlite::{Connection, OptionalExtension, params};
use shared::{
    Event, LogName, Seq,
    event::{Message, Search},
    limits,
};

/// The newest entries of a log, which are read through before the index is asked: about 2 ms of work.
const RECENT: u64 = 2_000;

/// Answers a `search`.
pub(super) fn search(connection: &Connection, query: &SearchQuery) -> rusqlite::Result<Event> {
    let words = Words::parse(query.text.as_str());
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut hits: Vec<(Position, Message)> = Vec::new();
    for (log, room, first, head) in &query.logs {
        let head = below(connection, *log, room, *first, *head, query.from.as_ref())?;
        let scope = Scope { connection, words: &words, log: *log, room, limit: limit + 1 };
        hits.extend(scope.search(*first, head)?);
    }
    hits.sort_by(|(a, _), (b, _)| b.cmp(a));
    let (mut entries, mut next, mut last) = (Vec::new(), None, None);
    let mut room_left = limits::SERVER_LINE / 2;
    for (position, message) in hits {
        let size = encoded_size(&message);
        if entries.len() == limit || size > room_left {
            next = last;
            break;
        }
        room_left -= size;
        last = Some(position.encode());
        entries.push(message);
    }
    Ok(Event::Search(Search { entries, next }))
}

/// The last entry of a log that stands behind `from` in the order of hits.
fn below(
    connection: &Connection,
    log: LogId,
    room: &LogName,
    first: Seq,
    head: Seq,
    from: Option<&Position>,
) -> rusqlite::Result<Seq> {
    let Some(from) = from else { return Ok(head) };
    let same_time = first_not_older(connection, log, first, head, from.at)?;
    if room.as_str() == &*from.room {
        return Ok(from.seq.previous().min(head));
    }
    if room.as_str() > &*from.room {
        return Ok(same_time.previous());
    }
    Ok(first_not_older(connection, log, first, head, from.at + 1)?.previous())
}

struct Scope<'a> {
    connection: &'a Connection,
    words: &'a Words,
    log: LogId,
    room: &'a LogName,
    limit: usize,
}

impl Scope<'_> {
    /// The newest hits from `first` to `head`.
    fn search(&self, first: Seq, head: Seq) -> rusqlite::Result<Vec<(Position, Message)>> {
        let Some(fts) = self.words.fts_query() else { return self.scan(first, head) };
        // What is common is found among the newest entries sooner than the index has put together all that begins like it.
        let indexed = self.indexed()?.min(head.back(RECENT));
        let mut hits = self.scan(indexed.next().max(first), head)?;
        if hits.len() < self.limit && indexed >= first {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM found JOIN entry ON entry.place = found.rowid
                 WHERE found MATCH ? AND found.rowid BETWEEN ? AND ? ORDER BY found.rowid DESC"
            ))?;
            let rows = statement.query(params![fts, self.log.place(first), self.log.place(indexed)])?;
            self.collect(rows, &mut hits)?;
        }
        Ok(hits)
    }

    fn indexed(&self) -> rusqlite::Result<Seq> {
        let mut statement = self.connection.prepare_cached("SELECT indexed FROM log WHERE log = ?")?;
        Ok(statement.query_row([self.log.0], |row| schema::seq(row, "indexed")).optional()?.unwrap_or_default())
    }

    fn scan(&self, first: Seq, head: Seq) -> rusqlite::Result<Vec<(Position, Message)>> {
        let mut hits = Vec::new();
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM entry WHERE place BETWEEN ? AND ? ORDER BY place DESC"))?;
        self.collect(statement.query([self.log.place(first), self.log.place(head)])?, &mut hits)?;
        Ok(hits)
    }

    fn collect(&self, mut rows: rusqlite::Rows<'_>, hits: &mut Vec<(Position, Message)>) -> rusqlite::Result<()> {
        while hits.len() < self.limit {
            let Some(row) = rows.next()? else { break };
            let text = row.get_ref(8)?;
            if !text.as_str_or_null()?.is_some_and(|text| self.words.match_text(text)) {
                continue;
            }
            let entry = entry(row)?;
            let position = Position { at: entry.at, room: self.room.as_str().into(), seq: entry.seq };
            hits.push((position, Message { room: self.room.clone(), entry }));
        }
        Ok(())
    }
}
