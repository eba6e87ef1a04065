//! Pages: read, the statement ended, then handed to the loop. No reader stays open while a socket is written.

use super::{
    schema, search,
    sum::{Sum, damaged},
    write::push_line,
};
use crate::{
    ids::LogId,
    journal::{HistoryQuery, Page, Query},
};
use rusqlite::{Connection, OptionalExtension, Row};
use shared::{
    Entry, Event, Kind, LogName, MessageId, Seq, UnixMillis,
    event::History,
    limits,
    request::Place,
    text::{Body, Label},
};

/// Bytes of lines for a cursor that is behind the tail.
const LINES_BYTES: usize = 64 * 1024;
/// Bytes that an answer has beside its entries, generously.
const ANSWER_FRAME: usize = 1_024;

pub(crate) const COLUMNS: &str = "entry.place, sender, id, author, receiver, at, kind, re, entry.msg, sum";

/// Answers a query.
pub(super) fn page(connection: &Connection, query: &Query) -> Page {
    // All of a page is of one moment: entries may go between two statements.
    let moment = connection.unchecked_transaction();
    let page = moment.and_then(|_moment| match query {
        Query::Lines { log, room, after, head, .. } => lines(connection, *log, room, *after, *head),
        Query::History(_, query) => history(connection, query).map(|event| Page::Answer(Box::new(event))),
        Query::Search(_, query) => search::search(connection, query).map(|event| Page::Answer(Box::new(event))),
    });
    page.unwrap_or_else(|error| {
        let error = anyhow::Error::from(error);
        Page::Failed(format!("{error}; {}", schema::advice(&error)))
    })
}

/// Lines of entries behind `after` up to `head`, as many as a page has.
pub(crate) fn lines(
    connection: &Connection,
    log: LogId,
    room: &LogName,
    after: Seq,
    head: Seq,
) -> rusqlite::Result<Page> {
    let (mut lines, mut last) = (Vec::new(), after);
    if first(connection, log)? > after.next() {
        // They have gone just now; the cursor will be told.
        return Ok(Page::Lines(lines, last));
    }
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM entry WHERE place > ? AND place <= ?"))?;
    let mut rows = statement.query([log.place(after), log.place(head)])?;
    while lines.len() < LINES_BYTES && last < head {
        // Seqs have no holes: where one is missing, the journal is damaged.
        let entry = entry(rows.next()?.ok_or_else(damaged)?)?;
        if entry.seq != last.next() {
            return Err(damaged());
        }
        last = entry.seq;
        push_line(&mut lines, room, entry);
    }
    Ok(Page::Lines(lines, last))
}

fn history(connection: &Connection, query: &HistoryQuery) -> rusqlite::Result<Event> {
    // Some may have gone since it was asked.
    let from = query.first.max(first(connection, query.log)?);
    let ascending = matches!(query.place, Place::After(_) | Place::At(_));
    // The entries strictly between these two are asked for.
    let (after, before) = match query.place {
        Place::Newest => (from.previous(), query.head.next()),
        Place::Before(seq) => (from.previous(), seq.min(query.head.next())),
        Place::After(seq) => (seq.max(from.previous()), query.head.next()),
        Place::At(at) => {
            let first = first_not_older(connection, query.log, from, query.head, at)?;
            (first.previous(), query.head.next())
        }
    };
    let order = if ascending { "ASC" } else { "DESC" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM entry WHERE place > ? AND place < ? ORDER BY place {order} LIMIT ?"
    ))?;
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = statement.query([query.log.place(after), query.log.place(before), limit])?;
    let mut entries = Vec::new();
    let mut room_left = limits::SERVER_LINE - ANSWER_FRAME;
    let mut more = false;
    let mut expected = if ascending { after.next() } else { before.previous() };
    while after < expected && expected < before {
        let entry = entry(rows.next()?.ok_or_else(damaged)?)?;
        if entry.seq != expected {
            return Err(damaged());
        }
        expected = if ascending { expected.next() } else { expected.previous() };
        let size = encoded_size(&entry);
        more = entries.len() as u64 == query.limit || size > room_left;
        if more {
            break;
        }
        room_left -= size;
        entries.push(entry);
    }
    if !ascending {
        entries.reverse();
    }
    Ok(Event::History(History { room: query.room.clone(), epoch: query.epoch.clone(), entries, more }))
}

/// The first entry of a log that is kept.
pub(super) fn first(connection: &Connection, log: LogId) -> rusqlite::Result<Seq> {
    let mut statement = connection.prepare_cached("SELECT first FROM log WHERE log = ?")?;
    // A guest's inbox has no row, and loses nothing.
    Ok(statement.query_row([log.0], |row| schema::seq(row, "first")).optional()?.unwrap_or(Seq::FIRST))
}

/// The bytes that an entry takes in an answer, with its comma and room.
pub(super) fn encoded_size<T: serde::Serialize>(entry: &T) -> usize {
    serde_json::to_vec(entry).map_or(limits::SERVER_LINE, |line| line.len() + 1)
}

/// The first entry from `first` to `head` with at least that time, or the one behind `head`. Times of a log never go back.
pub(super) fn first_not_older(
    connection: &Connection,
    log: LogId,
    first: Seq,
    head: Seq,
    at: UnixMillis,
) -> rusqlite::Result<Seq> {
    let mut statement = connection.prepare_cached("SELECT at FROM entry WHERE place = ?")?;
    let (mut low, mut high) = (first, head.next());
    while low < high {
        let middle = low.forward(high.since(low) / 2);
        let time: Option<UnixMillis> = statement.query_row([log.place(middle)], |row| row.get(0)).optional()?;
        if time.ok_or_else(damaged)? < at {
            low = middle.next();
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// An entry as its row has it, in the order of [`COLUMNS`].
pub(super) struct EntryRow<'a> {
    pub(super) place: i64,
    pub(super) sender: i64,
    pub(super) id: &'a str,
    pub(super) author: Option<&'a str>,
    pub(super) receiver: Option<&'a str>,
    pub(super) at: UnixMillis,
    pub(super) kind: Option<&'a str>,
    pub(super) re: Option<u64>,
    pub(super) msg: Option<&'a str>,
}

impl EntryRow<'_> {
    /// Its checksum.
    pub(super) fn sum(&self) -> Sum {
        let number = |number: u64| i64::try_from(number).unwrap_or(-1);
        let sum = Sum::default().number(self.place).number(self.sender).text(Some(self.id)).text(self.author);
        let sum = sum.text(self.receiver).number(number(self.at)).text(self.kind);
        sum.number(self.re.map_or(-1, number)).text(self.msg)
    }
}

/// The entry of a row that was selected with [`COLUMNS`]. One with another checksum is an error.
pub(crate) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str_or_null()?));
    let found = EntryRow {
        place: row.get(0)?,
        sender: row.get(1)?,
        id: text(2)?.ok_or_else(damaged)?,
        author: text(3)?,
        receiver: text(4)?,
        at: row.get(5)?,
        kind: text(6)?,
        re: row.get(7)?,
        msg: text(8)?,
    };
    found.sum().check(row.get(9)?)?;
    Ok(Entry {
        seq: LogId::from_place(found.place).1,
        id: MessageId::parse(found.id).ok_or_else(damaged)?,
        from: found.author.map(Label::new),
        to: found.receiver.map(Label::new),
        at: found.at,
        kind: found.kind.map_or(Kind::Talk, Kind::from),
        re: found.re.and_then(Seq::new),
        msg: found.msg.map(Body::new),
    })
}
