//! Pages: read, the statement ended, then handed to the loop. No reader stays open while a socket is written.

use super::{search, write::push_line};
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

const COLUMNS: &str = "place, id, author, receiver, at, kind, re, msg";

/// Answers a query.
pub(super) fn page(connection: &Connection, query: &Query) -> Page {
    let page = match query {
        Query::Lines { log, room, after, head, .. } => lines(connection, *log, room, *after, *head),
        Query::History(_, query) => history(connection, query).map(|event| Page::Answer(Box::new(event))),
        Query::Search(_, query) => search::search(connection, query).map(|event| Page::Answer(Box::new(event))),
    };
    page.unwrap_or_else(|error| Page::Failed(error.to_string()))
}

fn lines(connection: &Connection, log: LogId, room: &LogName, after: Seq, head: Seq) -> rusqlite::Result<Page> {
    let (mut lines, mut last) = (Vec::new(), after);
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM entry WHERE place > ? AND place <= ?"))?;
    let mut rows = statement.query([log.place(after), log.place(head)])?;
    while let Some(row) = rows.next()? {
        let entry = entry(row)?;
        last = entry.seq;
        push_line(&mut lines, room, entry);
        if lines.len() >= LINES_BYTES {
            break;
        }
    }
    Ok(Page::Lines(lines, last))
}

fn history(connection: &Connection, query: &HistoryQuery) -> rusqlite::Result<Event> {
    let ascending = matches!(query.place, Place::After(_) | Place::At(_));
    // The entries strictly between these two are asked for.
    let (after, before) = match query.place {
        Place::Newest => (query.first.previous(), query.head.next()),
        Place::Before(seq) => (query.first.previous(), seq.min(query.head.next())),
        Place::After(seq) => (seq.max(query.first.previous()), query.head.next()),
        Place::At(at) => {
            let first = first_not_older(connection, query.log, query.first, query.head, at)?;
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
    while let Some(row) = rows.next()? {
        let entry = entry(row)?;
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
        if time.is_some_and(|time| time < at) {
            low = middle.next();
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// An entry as its row has it.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (_, seq) = LogId::from_place(row.get("place")?);
    let label = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.as_deref().map(Label::new));
    let id: String = row.get("id")?;
    Ok(Entry {
        seq,
        id: MessageId::parse(&id).ok_or(rusqlite::Error::InvalidQuery)?,
        from: label("author")?,
        to: label("receiver")?,
        at: row.get("at")?,
        kind: row.get::<_, Option<String>>("kind")?.map_or(Kind::Talk, |kind| Kind::from(kind.as_str())),
        re: row.get::<_, Option<u64>>("re")?.and_then(Seq::new),
        msg: row.get::<_, Option<String>>("msg")?.as_deref().map(Body::new),
    })
}
