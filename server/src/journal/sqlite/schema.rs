//! The tables, how the database is opened, and what is known of it at the start.
//!
//! Entries lie in one table, clustered by [`LogId::place`]; one unique index serves the ids and the authors. Seqs of a
//! log have no holes: what is taken out leaves a tombstone.

use super::{
    Settings, kept,
    sum::Sum,
    tables::{FROM_1, FROM_2, SCHEMA},
};
use crate::{
    ids::{LogId, PersonId},
    journal::{Account, GUEST_BLOCK, Hold, Stored, StoredLog},
};
use anyhow::{Context, ensure};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use shared::{
    Epoch, Nickname, RoomName, Seq,
    identity::{PublicKey, base64url},
};
use std::{collections::BTreeMap, fs::File, os::unix::fs::OpenOptionsExt, path::Path};

/// The format of the tables that this program makes.
pub(crate) const VERSION: i64 = 3;
/// Memory for pages, in KiB (negative in SQLite's language).
const CACHE_KIB: i64 = -8_192;

/// Opens the one connection that writes; makes the tables on the first start, durably, before anybody is let in.
pub(crate) fn open(path: &Path, settings: &Settings) -> anyhow::Result<Connection> {
    refuse_log_alone(path)?;
    make_private(path)?;
    let connection = Connection::open(path)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    ensure!(version != 0 || tables == 0, "it is the database of another program; {ELSEWHERE}");
    connection.pragma_update(None, "cell_size_check", true)?;
    // What is deleted is gone.
    connection.pragma_update(None, "secure_delete", true)?;
    // A row that replaces another one is a deletion, too: the moderation log is only added to.
    connection.pragma_update(None, "recursive_triggers", true)?;
    if version == 0 {
        // Free pages can be given back. It must be said before there is a table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    ensure!(mode == "wal" && synchronous == 2, "SQLite did not take WAL mode with full synchronisation");
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    if let Some(mib) = settings.max_mib {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        limit_pages(&connection, mib.saturating_mul(1 << 20) / page)?;
    }
    match version {
        0 => {
            create(&connection)?;
            settle(&connection, path)?;
        }
        1 => connection.execute_batch(&format!("BEGIN; {FROM_1} {FROM_2} PRAGMA user_version = {VERSION}; COMMIT;"))?,
        2 => connection.execute_batch(&format!("BEGIN; {FROM_2} PRAGMA user_version = {VERSION}; COMMIT;"))?,
        VERSION => {}
        other if other > VERSION => {
            anyhow::bail!("it has format {other}; this server knows format {VERSION}: use a newer server")
        }
        other => anyhow::bail!("it has format {other}, which is none of this program's; {ELSEWHERE}"),
    }
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// What to do about a file that is not this program's.
const ELSEWHERE: &str = "name another directory with --data-dir";

/// A new database is its owner's alone; what SQLite puts beside it is so, too.
fn make_private(path: &Path) -> std::io::Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// SQLite takes a missing main file for a new one, and deletes the log beside it, which may hold everything.
pub(crate) fn refuse_log_alone(path: &Path) -> anyhow::Result<()> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let log = path.with_extension("sqlite3-wal");
    ensure!(
        length(path) > 0 || length(&log) == 0,
        "its main file is missing or empty, and its log {} is not: restore both from a backup, or move the log away to \
         begin anew",
        log.display()
    );
    Ok(())
}

/// What to do about a full disk.
const NO_ROOM: &str = "there is no room left: make some";

/// An error of SQLite with its advice behind it; any other one as it is. `what` says what can't be done.
pub(crate) fn advised(error: anyhow::Error, what: String) -> anyhow::Error {
    let advice = advice(&error);
    let is_plain = error.downcast_ref::<rusqlite::Error>().is_none();
    if is_plain { error.context(what) } else { anyhow::anyhow!("{what}: {error}; {advice}") }
}

/// What an error of SQLite means for who runs the server.
pub(super) fn advice(error: &anyhow::Error) -> &'static str {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, DiskFull, NotADatabase, PermissionDenied, ReadOnly};
    let error = error.chain().find_map(|error| error.downcast_ref::<rusqlite::Error>());
    let code = error.and_then(rusqlite::Error::sqlite_error_code);
    // Where the index of the log in shared memory has no room, SQLite only knows of an error of its own.
    let extended = error.and_then(rusqlite::Error::sqlite_error).map(|error| error.extended_code);
    match code {
        Some(NotADatabase) => "it is no journal: move it away to begin anew, or name another directory with --data-dir",
        Some(DatabaseCorrupt) => "it is damaged: restore a backup",
        Some(DiskFull) => NO_ROOM,
        _ if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => NO_ROOM,
        Some(CannotOpen | PermissionDenied | ReadOnly) => "is it a file, and is there permission to read and write it?",
        _ => "if it is damaged, restore a backup",
    }
}

/// True if there was no room for what was to be written.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// A database in memory, with the tables.
pub(super) fn in_memory() -> anyhow::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    create(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The database takes at most so many pages; but it never loses what it has.
pub(super) fn limit_pages(connection: &Connection, pages: u64) -> anyhow::Result<()> {
    Ok(connection.pragma_update(None, "max_page_count", i64::try_from(pages)?)?)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("BEGIN; {SCHEMA} {FROM_2} PRAGMA user_version = {VERSION}; COMMIT;"))
}

/// The tables are in the file, and the file is in its folder, whatever happens.
fn settle(connection: &Connection, path: &Path) -> anyhow::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    // The checkpoint has written the file out. It must not be opened here: closing it would drop SQLite's locks.
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Opens a connection that can only query.
pub(crate) fn open_reader(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The last entry of a log; 0 if there is none.
pub(super) fn head(connection: &Connection, log: LogId) -> rusqlite::Result<Seq> {
    let mut statement =
        connection.prepare_cached("SELECT place FROM entry WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1")?;
    let last = Seq::ZERO.forward(u64::from(u32::MAX));
    let place = statement.query_row([log.place(Seq::ZERO), log.place(last)], |row| row.get(0)).optional()?;
    Ok(place.map_or(Seq::ZERO, |place| LogId::from_place(place).1))
}

/// A seq as SQLite holds it.
pub(crate) fn seq(row: &Row<'_>, column: &str) -> rusqlite::Result<Seq> {
    Ok(Seq::new(row.get(column)?).unwrap_or_default())
}

/// Everything but the entries.
pub(crate) fn load(connection: &Connection) -> anyhow::Result<Stored> {
    let logs = logs(connection)?;
    let next_guest = i32::try_from(meta(connection, "next_guest")?.unwrap_or(1))?;
    let guests_end = reserve_guests(connection, next_guest)?;
    let kept = kept::load(connection)?;
    Ok(Stored { accounts: accounts(connection, &logs)?, logs, next_guest, guests_end, kept })
}

/// Every log.
pub(crate) fn logs(connection: &Connection) -> anyhow::Result<Vec<StoredLog>> {
    let mut statement = connection.prepare(&format!("SELECT {LOG_COLUMNS} FROM log"))?;
    let (mut rows, mut logs) = (statement.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        let log = log(row)?;
        logs.push(StoredLog { head: head(connection, log.log)?.max(log.first.previous()), ..log });
    }
    Ok(logs)
}

/// What [`log`] reads.
pub(crate) const LOG_COLUMNS: &str = "log, room, epoch, first, topic, sum";

/// A log as its row has it: without its head. One with another checksum is an error.
pub(crate) fn log(row: &Row<'_>) -> anyhow::Result<StoredLog> {
    log_sum(row)?.check(row.get("sum")?)?;
    let (room, epoch): (Option<String>, String) = (row.get("room")?, row.get("epoch")?);
    Ok(StoredLog {
        log: LogId(row.get("log")?),
        room: room.map(|room| RoomName::parse(&room)).transpose().context("a room's name is damaged")?,
        epoch: Epoch::parse(&epoch).context("an epoch is damaged")?,
        first: seq(row, "first")?,
        head: Seq::ZERO,
        topic: row.get("topic")?,
    })
}

/// The checksum of a log's row. Which of its entries are indexed is not in it: that follows from the index.
fn log_sum(row: &Row<'_>) -> rusqlite::Result<Sum> {
    let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str_or_null()?));
    let sum = Sum::default().number(row.get("log")?).text(text("room")?).text(text("epoch")?);
    Ok(sum.number(row.get("first")?).text(text("topic")?))
}

/// Writes the checksum of a log's row that was changed.
pub(super) fn seal_log(connection: &Connection, log: LogId) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached("SELECT log, room, epoch, first, topic FROM log WHERE log = ?")?;
    let sum = select.query_row([log.0], |row| log_sum(row).map(Sum::finish))?;
    connection.prepare_cached("UPDATE log SET sum = ? WHERE log = ?")?.execute(params![sum, log.0])?;
    Ok(())
}

/// All logs are others from now on: what clients know of them is no longer so.
pub(crate) fn renew_epochs(connection: &Connection, stored: &mut Stored) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for log in &mut stored.logs {
        log.epoch = new_epoch();
        connection
            .prepare_cached("UPDATE log SET epoch = ? WHERE log = ?")?
            .execute(params![log.epoch.as_str(), log.log.0])?;
        seal_log(connection, log.log)?;
    }
    for account in &mut stored.accounts {
        if let Some(log) = stored.logs.iter().find(|log| log.log == account.inbox) {
            account.epoch = log.epoch.clone();
        }
    }
    connection.execute_batch("COMMIT")
}

/// A new word for the incarnation of a log.
pub(crate) fn new_epoch() -> Epoch {
    let mut random = [0; 9];
    getrandom::fill(&mut random).expect("the system has random bytes");
    Epoch::parse(&base64url(&random)).expect("12 characters")
}

/// The checksum of a claimed nickname.
pub(super) fn account_sum(nickname: &str, key: &[u8], inbox: LogId) -> Sum {
    Sum::default().text(Some(nickname)).bytes(Some(key)).number(inbox.0.into())
}

/// Reserves the first numbers, so that the first guests do not wait; on a full disk, none.
fn reserve_guests(connection: &Connection, next: i32) -> rusqlite::Result<i32> {
    let end = next.saturating_add(GUEST_BLOCK);
    match set_meta(connection, "next_guest", i64::from(end)) {
        Ok(()) => Ok(end),
        Err(error) if is_full(&error) => Ok(next),
        Err(error) => Err(error),
    }
}

pub(super) fn set_meta(connection: &Connection, key: &str, value: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute(params![key, value])?;
    Ok(())
}

pub(super) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
    connection.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get(0)).optional()
}

fn accounts(connection: &Connection, logs: &[StoredLog]) -> anyhow::Result<Vec<Account>> {
    let epochs: BTreeMap<LogId, &Epoch> = logs.iter().map(|log| (log.log, &log.epoch)).collect();
    let mut statement = connection.prepare(&format!("SELECT {ACCOUNT_COLUMNS} FROM account"))?;
    let mut rows = statement.query([])?;
    let mut accounts = Vec::new();
    while let Some(row) = rows.next()? {
        accounts.push(account(connection, row, |inbox| epochs.get(&inbox).copied().cloned())?);
    }
    let mut seen = connection.prepare("SELECT seen FROM account WHERE person = ?")?;
    for account in &mut accounts {
        account.seen = seen.query_row([account.person.0], |row| row.get(0))?;
    }
    Ok(accounts)
}

/// What [`account`] reads.
pub(crate) const ACCOUNT_COLUMNS: &str = "person, nickname, key, inbox, holding, until, sum";

/// A claimed nickname, with the epoch that its inbox has. One with another checksum is an error.
pub(crate) fn account(
    connection: &Connection,
    row: &Row<'_>,
    epoch: impl Fn(LogId) -> Option<Epoch>,
) -> anyhow::Result<Account> {
    let person = PersonId(row.get("person")?);
    let inbox = LogId(row.get("inbox")?);
    let hold = if row.get("holding")? {
        let since = seqs(connection, "SELECT log, since AS seq FROM hold", person)?;
        Some(Hold { until: row.get("until")?, since })
    } else {
        None
    };
    let (nickname, key): (String, [u8; 32]) = (row.get("nickname")?, row.get("key")?);
    account_sum(&nickname, &key, inbox).check(row.get("sum")?)?;
    Ok(Account {
        person,
        nickname: Nickname::parse(&nickname).context("a nickname is damaged")?,
        key: PublicKey::from_bytes(key),
        inbox,
        epoch: epoch(inbox).context("an inbox is missing")?,
        hold,
        marks: seqs(connection, "SELECT log, seq FROM mark", person)?,
        // Older formats do not know it.
        seen: None,
    })
}

fn seqs(connection: &Connection, select: &str, person: PersonId) -> rusqlite::Result<BTreeMap<LogId, Seq>> {
    connection
        .prepare_cached(&format!("{select} WHERE person = ?"))?
        .query_map(params![person.0], |row| Ok((LogId(row.get("log")?), seq(row, "seq")?)))?
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn sqlite_is_new_enough() {
        // Older ones can lose a committed write in WAL mode when two connections write or checkpoint.
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }
}
