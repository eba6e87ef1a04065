//! Looking through a journal: whether it is what was stored.

use super::{
    Damage, Report, kept,
    source::{data_dir_of, open_backup, open_journal},
};
use crate::{
    ids::LogId,
    journal::sqlite::{FILE, mark::Mark, read, schema},
};
use anyhow::Context;
use rusqlite::Connection;
use shared::{Entry, Epoch, Kind, Seq, text::Label};
use std::{collections::BTreeMap, path::Path};

/// Looks through a backup, or through the journal of a data directory, over which a server may run. If anything is
/// wrong the error is a [`Damage`] that says what.
///
/// It sees the journal as it is at one moment. For as long as it takes, the server's log can't begin anew.
pub fn verify(path: &Path) -> anyhow::Result<Report> {
    let Some(data_dir) = data_dir_of(path) else {
        let looked = inspect(&open_backup(path)?, None);
        return looked.with_context(|| format!("the backup {} is damaged", path.display()));
    };
    // What is noted at first is stored then.
    let known = Mark::read(data_dir);
    let looked = inspect(&open_journal(data_dir)?, known);
    looked.with_context(|| format!("the journal {} is damaged: restore a backup", data_dir.join(FILE).display()))
}

/// Looks through a journal. `known`: how many entries its logs are said to have had.
pub(super) fn inspect(connection: &Connection, known: Option<u64>) -> anyhow::Result<Report> {
    // All questions are about one moment.
    let moment = connection.unchecked_transaction()?;
    let mut inspection = Inspection::new(&moment);
    inspection.step("the database", Inspection::look_at_pages);
    inspection.step("the logs", Inspection::look_at_logs);
    inspection.step("the accounts", Inspection::look_at_accounts);
    inspection.look_at_entries();
    inspection.step("the ids", Inspection::look_at_ids);
    inspection.look_at_files();
    if let Some(lost) = known.and_then(|known| known.checked_sub(inspection.had)).filter(|lost| *lost > 0) {
        inspection.damage.note(format!("the ends of logs: of what was stored {lost} are missing"));
    }
    if inspection.damage.is_none() { Ok(inspection.report) } else { Err(inspection.damage.into()) }
}

struct Inspection<'a> {
    connection: &'a Connection,
    report: Report,
    damage: Damage,
    logs: BTreeMap<LogId, Log>,
    /// Entries that the logs have had, by their heads.
    had: u64,
}

/// What is known of a log.
struct Log {
    /// As a finding names it.
    name: String,
    /// Where it begins; unknown if its row is damaged.
    first: Option<Seq>,
    epoch: Option<Epoch>,
    /// How far search knows it.
    indexed: Seq,
}

impl<'a> Inspection<'a> {
    fn new(connection: &'a Connection) -> Self {
        let (report, damage, logs) = (Report::default(), Damage::default(), BTreeMap::new());
        Self { connection, report, damage, logs, had: 0 }
    }

    /// Looks at something. What can't be read is damaged; the rest is looked at all the same.
    fn step(&mut self, what: &str, look: impl FnOnce(&mut Self) -> rusqlite::Result<()>) {
        if let Err(error) = look(self) {
            self.damage.note(format!("{what}: not to be read: {error}"));
        }
    }

    /// What SQLite itself finds: pages, indexes, the search index.
    fn look_at_pages(&mut self) -> rusqlite::Result<()> {
        let pragma = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        self.report.bytes = pragma("page_count")? * pragma("page_size")?;
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let said: String = row.get(0)?;
            if said != "ok" {
                self.damage.note(format!("the database: {}", Label::new(&said)));
            }
        }
        Ok(())
    }

    fn look_at_logs(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(&format!("SELECT {}, indexed FROM log", schema::LOG_COLUMNS))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number = LogId(row.get("log")?);
            let mut log = Log {
                name: format!("log {}", number.0),
                first: None,
                epoch: None,
                indexed: schema::seq(row, "indexed").unwrap_or_default(),
            };
            self.report.logs += 1;
            match schema::log(row) {
                Ok(stored) => {
                    (log.first, log.epoch) = (Some(stored.first), Some(stored.epoch));
                    if let Some(room) = stored.room {
                        self.report.rooms += 1;
                        log.name = room.to_string();
                    }
                }
                Err(error) => self.damage.note(format!("{}: {}", log.name, in_words(&error))),
            }
            self.logs.insert(number, log);
        }
        Ok(())
    }

    fn look_at_accounts(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(&format!("SELECT {} FROM account", schema::ACCOUNT_COLUMNS))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.report.accounts += 1;
            let epoch = |inbox| self.logs.get(&inbox).map(|log| log.epoch.clone().unwrap_or_else(schema::new_epoch));
            match schema::account(self.connection, row, epoch) {
                Ok(account) => {
                    if let Some(log) = self.logs.get_mut(&account.inbox) {
                        log.name = format!("the inbox of {}", account.nickname);
                    }
                }
                Err(error) => {
                    let nickname = Label::new(&row.get::<_, String>("nickname").unwrap_or_default());
                    self.damage.note(format!("the account of {nickname}: {}", in_words(&error)));
                }
            }
        }
        Ok(())
    }

    fn look_at_entries(&mut self) {
        self.step("the inboxes of guests", |this| this.look_at_places(i64::MIN, -1, "a guest's inbox", |_, _, _| {}));
        let mut looked_at = -1;
        for (number, log) in std::mem::take(&mut self.logs) {
            self.step("the entries", |this| this.look_for_strays(looked_at, number.place(Seq::ZERO)));
            self.step(&log.name, |this| this.look_at_log(number, &log));
            looked_at = number.place(Seq::LAST);
        }
        self.step("the entries", |this| this.look_for_strays(looked_at, i64::MAX));
    }

    /// Entries strictly between two places, where no log is.
    fn look_for_strays(&mut self, after: i64, before: i64) -> rusqlite::Result<()> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*), min(place) FROM entry WHERE place > ? AND place < ?")?;
        let (count, first): (u64, Option<i64>) =
            statement.query_row([after, before], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some(first) = first {
            let (log, seq) = LogId::from_place(first);
            self.damage.note(format!("log {} {seq}: the log is not there ({count} such entries)", log.0));
        }
        Ok(())
    }

    fn look_at_log(&mut self, number: LogId, log: &Log) -> rusqlite::Result<()> {
        let (mut expected, mut before) = (log.first, 0);
        let (from, to) = (number.place(Seq::ZERO), number.place(Seq::LAST));
        let looked = self.look_at_places(from, to, &log.name, |this, seq, entry| {
            this.report.entries += 1;
            match expected {
                Some(expected) if expected < seq => this.damage.note(missing(&log.name, expected, seq.previous())),
                Some(expected) if expected > seq => {
                    this.damage.note(format!("{} {seq}: it lies before the first entry", log.name));
                }
                _ => {}
            }
            expected = Some(seq.next());
            let Some(entry) = entry else { return };
            this.report.tombstones += u64::from(entry.kind == Kind::Redacted);
            if entry.at < before {
                this.damage.note(format!("{} {seq}: its time is before that of the entry before it", log.name));
            }
            before = entry.at;
        });
        let head = expected.unwrap_or(Seq::FIRST).previous();
        self.had += head.get();
        if looked.is_ok() && head < log.indexed {
            self.damage.note(missing(&log.name, head.next(), log.indexed));
        }
        looked
    }

    /// Looks at the rows of entries from one place to another, and says what is to be said of any. `each` gets the seq,
    /// and the entry if it is whole.
    fn look_at_places(
        &mut self,
        from: i64,
        to: i64,
        name: &str,
        mut each: impl FnMut(&mut Self, Seq, Option<&Entry>),
    ) -> rusqlite::Result<()> {
        let sql = format!("SELECT {}, log FROM entry WHERE place BETWEEN ? AND ? ORDER BY place", read::COLUMNS);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([from, to])?;
        while let Some(row) = rows.next()? {
            let (log, seq) = LogId::from_place(row.get("place")?);
            let entry = read::entry(row).ok().filter(|_| row.get("log") == Ok(log.0));
            if entry.is_none() {
                self.damage.note(format!("{name} {seq}: it is not what was stored"));
            }
            each(self, seq, entry.as_ref());
        }
        Ok(())
    }

    /// An id is unique for sender and log.
    fn look_at_ids(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT max(place) FROM entry GROUP BY sender, id, log HAVING count(*) > 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (log, seq) = LogId::from_place(row.get(0)?);
            self.damage.note(format!("log {} {seq}: its sender has used its id twice", log.0));
        }
        Ok(())
    }

    /// The files that a backup holds.
    fn look_at_files(&mut self) {
        let is_backup = self.connection.table_exists(Some("main"), kept::TABLE).unwrap_or(false);
        if let Some(error) = is_backup.then(|| kept::load(self.connection).err()).flatten() {
            self.damage.note(error.to_string());
        }
    }
}

fn missing(name: &str, first: Seq, last: Seq) -> String {
    if first == last { format!("{name} {first}: it is missing") } else { format!("{name} {first} to {last}: missing") }
}

/// What is wrong with a row.
fn in_words(error: &anyhow::Error) -> String {
    let is_plain = error.downcast_ref::<rusqlite::Error>().is_none();
    if is_plain { error.to_string() } else { "it is not what was stored".into() }
}
