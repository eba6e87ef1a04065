//! What a client keeps on disk: outbox, drafts, input history, cursors, read marks, the newest entries.
//!
//! A [`Profile`] (a nickname at a server) has its own of everything but the input history. Writing happens on a thread
//! of its own, all that is queued in one transaction, durably; what waits for it hears of it.

mod thread;
mod write;

pub use thread::{StoreThread, Written};

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, params};
use shared::{
    Entry, Epoch, Kind, LogName, MessageId, Nickname, Seq, Text, UnixMillis,
    request::{Destination, Send},
};
use std::{collections::BTreeMap, path::Path};

const FILE: &str = "client.sqlite3";
/// Entries of a log that a start shows.
const SHOWN: u64 = 300;
/// Entries of a page that is read without a link.
const PAGE: u64 = 100;
/// The version of the tables.
const VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, profile TEXT NOT NULL, id TEXT NOT NULL UNIQUE, target TEXT NOT NULL,
    kind TEXT NOT NULL, re INTEGER, msg TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS draft (
    profile TEXT, conversation TEXT, text TEXT NOT NULL, cursor INTEGER NOT NULL, re INTEGER,
    PRIMARY KEY (profile, conversation)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS input (number INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS log (
    profile TEXT, room TEXT, epoch TEXT NOT NULL, cursor INTEGER NOT NULL, mark INTEGER, PRIMARY KEY (profile, room)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    profile TEXT, room TEXT, seq INTEGER, entry TEXT NOT NULL, PRIMARY KEY (profile, room, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (profile TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (profile, key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tab (profile TEXT, name TEXT, place INTEGER NOT NULL, PRIMARY KEY (profile, name)) STRICT, WITHOUT ROWID;
";

/// A nickname at a server, in one string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile(String);

impl Profile {
    /// The profile of a nickname at an address.
    pub fn new(nickname: &str, address: &shared::Address) -> Self {
        Self(format!("{nickname}@{address}"))
    }
}

/// Something to write.
#[derive(Debug, Clone)]
pub enum Job {
    /// Whom to call the next time.
    Remember {
        /// The server.
        server: String,
        /// The nickname.
        nickname: String,
        /// The room.
        room: String,
    },
    /// A message waits for its `ack`; the app hears when it is on disk.
    Queue(Send, UnixMillis),
    /// The message is stored at the server, or refused.
    Settle(MessageId),
    /// New entries of a log, and its cursor, in one transaction.
    Entries {
        /// The log.
        room: LogName,
        /// Its incarnation.
        epoch: Epoch,
        /// The end of the newest run without a hole.
        cursor: Seq,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Everything of a log that is kept goes: it is another one now.
    Forget(LogName),
    /// Entries behind this one are gone at the server.
    Truncate(LogName, Seq),
    /// The text of an entry was taken out.
    Redact(LogName, Seq),
    /// How far a log is read.
    Mark(LogName, Seq),
    /// What is being typed; an empty text: nothing.
    Draft {
        /// Where.
        conversation: String,
        /// What.
        text: String,
        /// Where the caret stands, in characters.
        cursor: usize,
        /// The entry that it replies to.
        re: Option<Seq>,
    },
    /// A value of the person's own making, by its key.
    Keep {
        /// What it is called.
        key: String,
        /// What it is.
        value: String,
    },
    /// The app wants what is kept of the profile.
    Load,
    /// The app wants the entries before one that are kept.
    Page {
        /// Of which log.
        room: LogName,
        /// Before this one.
        before: Seq,
    },
    /// A line for the input history.
    Input(String),
    /// The open conversations, in order.
    Tabs(Vec<String>),
}

impl Job {
    /// It is written down at once: somebody waits for it, or nobody else has it. What the server has, too, may wait a little
    /// for more of its kind.
    fn is_urgent(&self) -> bool {
        !matches!(self, Self::Entries { .. } | Self::Mark(..) | Self::Settle(_))
    }

    /// It must outlast a loss of power. Everything else the server has, or is of the moment: that the program itself ends
    /// is no loss.
    fn must_last(&self) -> bool {
        matches!(self, Self::Queue(..))
    }

    /// It is answered.
    fn is_question(&self) -> bool {
        matches!(self, Self::Load | Self::Page { .. })
    }
}

/// A log as it was when the client ended.
#[derive(Debug, Clone)]
pub struct SavedLog {
    /// The log.
    pub room: LogName,
    /// Its incarnation.
    pub epoch: Epoch,
    /// The end of the newest run without a hole.
    pub cursor: Seq,
    /// How far it is read.
    pub mark: Option<Seq>,
    /// Its newest entries.
    pub entries: Vec<Entry>,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDraft {
    /// Where.
    pub conversation: String,
    /// What.
    pub text: String,
    /// Where the caret stands, in characters.
    pub cursor: usize,
    /// The entry that it replies to.
    pub re: Option<Seq>,
}

/// What a profile had when the client ended.
#[derive(Debug, Default)]
pub struct Saved {
    /// The logs that it followed.
    pub logs: Vec<SavedLog>,
    /// The open conversations, in order.
    pub tabs: Vec<String>,
    /// Messages without an `ack`, in their order, and when they were written.
    pub outbox: Vec<(Send, UnixMillis)>,
    /// What was being typed.
    pub drafts: Vec<SavedDraft>,
    /// Lines typed before, oldest first.
    pub inputs: Vec<String>,
    /// Values of the person's own making, by their keys.
    pub kept: BTreeMap<String, String>,
}

/// The database of a data directory.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    /// What is committed now outlasts a loss of power.
    lasts: bool,
}

impl Store {
    /// Opens it; makes it on the first run.
    pub fn open(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(FILE);
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            prepare(&connection)?;
            Ok(connection)
        };
        let connection = open().with_context(|| format!("the store {} can't be opened", path.display()))?;
        Ok(Self { connection, lasts: true })
    }

    /// A store in memory.
    pub fn in_memory() -> anyhow::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection, lasts: true })
    }

    /// A setting of an earlier run.
    pub fn setting(&self, key: &str) -> anyhow::Result<Option<String>> {
        Ok(self.connection.query_row("SELECT value FROM setting WHERE key = ?", [key], |row| row.get(0)).optional()?)
    }

    /// The store of an earlier run, if there was one.
    pub fn open_existing(directory: &Path) -> anyhow::Result<Option<Self>> {
        if directory.join(FILE).exists() { Self::open(directory).map(Some) } else { Ok(None) }
    }

    /// What a profile had.
    pub fn load(&self, profile: &Profile) -> anyhow::Result<Saved> {
        let texts = |sql: &str, argument: &str| -> rusqlite::Result<Vec<String>> {
            self.connection.prepare(sql)?.query_map([argument], |row| row.get(0))?.collect()
        };
        let mut inputs = texts("SELECT text FROM input WHERE ? <> '' ORDER BY number DESC LIMIT 500", "all")?;
        inputs.reverse();
        Ok(Saved {
            logs: self.logs(profile)?,
            tabs: texts("SELECT name FROM tab WHERE profile = ? ORDER BY place", &profile.0)?,
            outbox: self.outbox(profile)?,
            drafts: self.drafts(profile)?,
            inputs,
            kept: self.kept(profile)?,
        })
    }

    fn kept(&self, profile: &Profile) -> rusqlite::Result<BTreeMap<String, String>> {
        let mut statement = self.connection.prepare("SELECT key, value FROM kept WHERE profile = ?")?;
        statement.query_map([&profile.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// The newest entries before one, ascending.
    pub fn page(&self, profile: &Profile, room: &LogName, before: Seq) -> anyhow::Result<Vec<Entry>> {
        Ok(self.entries(profile, room.as_str(), before, PAGE)?)
    }

    fn logs(&self, profile: &Profile) -> anyhow::Result<Vec<SavedLog>> {
        let mut statement = self.connection.prepare("SELECT room, epoch, cursor, mark FROM log WHERE profile = ?")?;
        let mut rows = statement.query([&profile.0])?;
        let mut logs = Vec::new();
        while let Some(row) = rows.next()? {
            let room: String = row.get(0)?;
            let (Ok(name), Some(epoch)) = (LogName::parse(&room), Epoch::parse(&row.get::<_, String>(1)?)) else {
                continue;
            };
            logs.push(SavedLog {
                room: name,
                epoch,
                cursor: Seq::new(row.get(2)?).unwrap_or_default(),
                mark: row.get::<_, Option<u64>>(3)?.and_then(Seq::new),
                entries: self.entries(profile, &room, Seq::LAST, SHOWN)?,
            });
        }
        Ok(logs)
    }

    fn entries(&self, profile: &Profile, room: &str, before: Seq, limit: u64) -> rusqlite::Result<Vec<Entry>> {
        let sql = "SELECT entry FROM entry WHERE profile = ? AND room = ? AND seq < ? ORDER BY seq DESC LIMIT ?";
        let lines: Vec<String> = self
            .connection
            .prepare_cached(sql)?
            .query_map(params![profile.0, room, before.get(), limit], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(lines.iter().rev().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    fn outbox(&self, profile: &Profile) -> rusqlite::Result<Vec<(Send, UnixMillis)>> {
        let sql = "SELECT id, target, kind, re, msg, at FROM outbox WHERE profile = ? ORDER BY number";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([&profile.0], |row| {
            let target: String = row.get(1)?;
            let kind = Kind::from(row.get::<_, String>(2)?.as_str());
            let msg: String = row.get(4)?;
            let to = match LogName::parse(&target) {
                Ok(LogName::Room(room)) => Some(Destination::Room(room)),
                _ => target.strip_prefix('@').and_then(|name| Nickname::parse(name).ok()).map(Destination::Person),
            };
            let send = MessageId::parse(&row.get::<_, String>(0)?).zip(to).map(|(id, to)| Send {
                text: if kind == Kind::Topic { Text::parse_topic(&msg) } else { Text::parse(&msg) },
                re: row.get::<_, Option<u64>>(3).ok().flatten().and_then(Seq::new),
                id,
                to,
                kind,
            });
            Ok(send.zip(row.get(5).ok()))
        })?;
        rows.filter_map(Result::transpose).collect()
    }

    fn drafts(&self, profile: &Profile) -> rusqlite::Result<Vec<SavedDraft>> {
        let mut statement =
            self.connection.prepare("SELECT conversation, text, cursor, re FROM draft WHERE profile = ?")?;
        statement
            .query_map([&profile.0], |row| {
                let re = row.get::<_, Option<u64>>(3)?.and_then(Seq::new);
                Ok(SavedDraft { conversation: row.get(0)?, text: row.get(1)?, cursor: row.get(2)?, re })
            })?
            .collect()
    }

    /// Does all jobs in one transaction.
    pub fn write(&mut self, profile: &Profile, jobs: &[Job]) -> anyhow::Result<()> {
        let must_last = jobs.iter().any(Job::must_last);
        if must_last != self.lasts {
            self.connection.pragma_update(None, "synchronous", if must_last { "FULL" } else { "NORMAL" })?;
            self.lasts = must_last;
        }
        let transaction = self.connection.transaction()?;
        for job in jobs {
            write::apply(&transaction, &profile.0, job)?;
        }
        write::forget_old(&transaction, &profile.0, jobs)?;
        Ok(transaction.commit()?)
    }
}

/// Makes the tables, or brings those of an earlier version up to this one.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if version == VERSION {
        return Ok(());
    }
    // The file remembers this one.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(SCHEMA)?;
    let has_re = "SELECT count(*) FROM pragma_table_info('draft') WHERE name = 're'";
    if connection.query_row(has_re, [], |row| row.get::<_, i64>(0))? == 0 {
        connection.execute_batch("ALTER TABLE draft ADD COLUMN re INTEGER")?;
    }
    connection.pragma_update(None, "user_version", VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::Address;
    use shared::{
        RoomName,
        text::{Body, Label},
    };

    fn entry(seq: u64, text: &str) -> Entry {
        Entry {
            seq: Seq::new(seq).unwrap(),
            id: MessageId::parse("x").unwrap(),
            from: Some(Label::new("alice")),
            to: None,
            at: 5,
            kind: Kind::Talk,
            re: None,
            msg: Some(Body::new(text)),
        }
    }

    #[test]
    fn what_was_written_is_there_after_a_crash() {
        let directory = tempfile::tempdir().unwrap();
        let profile = Profile::new("alice", &Address::parse("127.0.0.1").unwrap());
        let room = LogName::Room(RoomName::lobby());
        let send = |id: &str| Send {
            id: MessageId::parse(id).unwrap(),
            to: Destination::Person(Nickname::parse("小明").unwrap()),
            kind: Kind::Action,
            re: Seq::new(3),
            text: Text::parse("嗨\nthere"),
        };
        let mut store = Store::open(directory.path()).unwrap();
        let epoch = Epoch::parse("e").unwrap();
        let cursor = Seq::new(8).unwrap();
        let entries = vec![entry(7, "看到昨天的日志了吗"), entry(8, "yes")];
        let jobs = [
            Job::Queue(send("a"), 1),
            Job::Queue(send("b"), 2),
            Job::Settle(send("a").id),
            Job::Entries { room: room.clone(), epoch, cursor, entries: entries.clone() },
            Job::Mark(room.clone(), Seq::new(7).unwrap()),
            Job::Draft { conversation: "#lobby".into(), text: "half a th".into(), cursor: 9, re: None },
            Job::Input("hello".into()),
            Job::Tabs(vec!["#lobby".into(), "@bob".into()]),
        ];
        store.write(&profile, &jobs).unwrap();
        // No orderly end: a second connection sees what a crash would leave.
        let saved = Store::open(directory.path()).unwrap().load(&profile).unwrap();
        assert_eq!(saved.outbox, [(send("b"), 2)]);
        assert_eq!(saved.logs[0].entries, entries);
        assert_eq!((saved.logs[0].cursor, saved.logs[0].mark), (cursor, Seq::new(7)));
        assert_eq!(saved.drafts[0].text, "half a th");
        assert_eq!(saved.inputs, ["hello"]);
        assert_eq!(saved.tabs, ["#lobby", "@bob"]);
        let other = Profile::new("bob", &Address::parse("127.0.0.1").unwrap());
        assert!(Store::open(directory.path()).unwrap().load(&other).unwrap().outbox.is_empty());
    }
}
