//! A room, or what a person has said and been told, as lines of JSON.

use super::source::{open_journal, unreadable};
use crate::{
    ids::{LogId, PersonId},
    journal::{
        Account, Page, StoredLog,
        sqlite::{FILE, read, schema, write::push_line},
    },
};
use anyhow::Context;
use rusqlite::Connection;
use serde::Serialize;
use shared::{Epoch, LogName, Nickname, RoomName, Seq};
use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    path::Path,
};

/// Entries of a person that are read before they are written out.
const PAGE: usize = 200;

/// What is to be written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All entries of a room.
    Room(RoomName),
    /// The account of a claimed nickname, what it has said in rooms, and its inbox.
    Person(Nickname),
}

/// What stands before the entries.
#[derive(Serialize)]
#[serde(tag = "type")]
enum Head<'a> {
    #[serde(rename = "export")]
    Room { room: &'a RoomName, epoch: &'a Epoch, first: Seq, head: Seq, topic: &'a str },
    #[serde(rename = "export")]
    Person { nickname: &'a str, epoch: &'a Epoch, first: Seq, head: Seq },
    #[serde(rename = "account")]
    Account { nickname: &'a str, key: String, read: BTreeMap<&'a str, Seq> },
}

/// Writes a room or a person out of the journal of a data directory, over which a server may run. A line that says what
/// follows comes first (for a person `epoch`, `first` and `head` are those of the inbox, and a line for the account
/// follows), then every entry as the line that a client would get, up to where the log stood when it began.
///
/// It reads in pages, and nothing is being read while it writes: who takes the output slowly holds up nobody.
pub fn export(data_dir: &Path, what: What, out: &mut impl Write) -> anyhow::Result<()> {
    let connection = open_journal(data_dir)?;
    let mut export = Export { connection, data_dir, out };
    match what {
        What::Room(room) => export.room(&room)?,
        What::Person(nickname) => export.person(&nickname)?,
    }
    export.out.flush().context(UNWRITTEN)
}

const UNWRITTEN: &str = "the export can't be written";

struct Export<'a, W> {
    connection: Connection,
    data_dir: &'a Path,
    out: &'a mut W,
}

impl<W: Write> Export<'_, W> {
    fn room(&mut self, room: &RoomName) -> anyhow::Result<()> {
        let log = self.read(schema::logs)?.into_iter().find(|log| log.room.as_ref() == Some(room));
        let log = log.with_context(|| format!("there is no room {room} in {}", self.data_dir.display()))?;
        let StoredLog { epoch, first, head, topic, .. } = &log;
        self.head(&Head::Room { room, epoch, first: *first, head: *head, topic })?;
        self.log(&log, &room.clone().into())
    }

    fn person(&mut self, nickname: &Nickname) -> anyhow::Result<()> {
        let logs = self.read(schema::logs)?;
        let account = self.read(|connection| find_account(connection, nickname, &logs))?.with_context(|| {
            format!("nobody has claimed the nickname {nickname} in {}, or one like it", self.data_dir.display())
        })?;
        let is_inbox = |log: &&StoredLog| log.log == account.inbox;
        let inbox = logs.iter().find(is_inbox).context("the inbox is missing")?;
        let rooms: HashMap<LogId, &RoomName> =
            logs.iter().filter_map(|log| Some((log.log, log.room.as_ref()?))).collect();

        let StoredLog { epoch, first, head, .. } = inbox;
        let nickname = account.nickname.as_str();
        self.head(&Head::Person { nickname, epoch, first: *first, head: *head })?;
        let name_of = |log: LogId| match rooms.get(&log) {
            Some(room) => Some(room.as_str()),
            None => (log == account.inbox).then(|| LogName::Inbox.as_str()),
        };
        let read = account.marks.iter().filter_map(|(log, seq)| Some((name_of(*log)?, *seq))).collect();
        self.head(&Head::Account { nickname, key: account.key.to_string(), read })?;
        self.said_in(account.person, &rooms)?;
        self.log(inbox, &LogName::Inbox)
    }

    /// What a person has said in rooms, room by room.
    fn said_in(&mut self, person: PersonId, rooms: &HashMap<LogId, &RoomName>) -> anyhow::Result<()> {
        let mut places = self.read(|connection| places_of(connection, person))?;
        // By id it was found, by log and seq it is told.
        places.sort_unstable();
        for page in places.chunks(PAGE) {
            let lines = self.read(|connection| lines_at(connection, page, rooms))?;
            self.write(&lines)?;
        }
        Ok(())
    }

    /// All entries of a log up to its head.
    fn log(&mut self, log: &StoredLog, name: &LogName) -> anyhow::Result<()> {
        let mut after = log.first.previous();
        while after < log.head {
            let page = self.read(|connection| Ok(read::lines(connection, log.log, name, after, log.head)?))?;
            let Page::Lines(lines, last) = page else { anyhow::bail!("a page of another kind") };
            self.write(&lines)?;
            after = last;
        }
        Ok(())
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> anyhow::Result<T>) -> anyhow::Result<T> {
        read(&self.connection).map_err(|error| unreadable(error, &self.data_dir.join(FILE)))
    }

    fn head(&mut self, head: &Head<'_>) -> anyhow::Result<()> {
        self.write(&shared::event::encode(head))
    }

    fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        self.out.write_all(lines).context(UNWRITTEN)
    }
}

/// The account whose nickname that is, in whichever of its spellings.
fn find_account(connection: &Connection, nickname: &Nickname, logs: &[StoredLog]) -> anyhow::Result<Option<Account>> {
    let mut statement = connection.prepare(&format!("SELECT {} FROM account", schema::ACCOUNT_COLUMNS))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let claimed: String = row.get("nickname")?;
        if Nickname::parse(&claimed).is_ok_and(|claimed| claimed.is_same(nickname)) {
            let epoch = |inbox| logs.iter().find(|log| log.log == inbox).map(|log| log.epoch.clone());
            return schema::account(connection, row, epoch).map(Some);
        }
    }
    Ok(None)
}

/// Where everything lies that a person has said: 8 bytes an entry.
fn places_of(connection: &Connection, person: PersonId) -> anyhow::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT place FROM entry WHERE sender = ?")?;
    let places = statement.query_map([person.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(places)
}

/// The entries at these places as lines, without those that lie in inboxes.
fn lines_at(connection: &Connection, places: &[i64], rooms: &HashMap<LogId, &RoomName>) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    let mut statement = connection.prepare_cached(&format!("SELECT {} FROM entry WHERE place = ?", read::COLUMNS))?;
    for place in places {
        let (log, _) = LogId::from_place(*place);
        if let Some(room) = rooms.get(&log) {
            let room: LogName = (*room).clone().into();
            push_line(&mut lines, &room, statement.query_row([place], read::entry)?);
        }
    }
    Ok(lines)
}
