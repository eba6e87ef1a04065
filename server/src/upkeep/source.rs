//! Opening what is read: the journal of a data directory, or a backup.

use super::files::{beside, folder_of};
use crate::journal::sqlite::{FILE, schema};
use anyhow::ensure;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::path::Path;

/// Opens the journal of a data directory. A server may run over it, or start or end meanwhile. Where none runs, two files
/// of SQLite stay beside the database, empty or as they were.
pub(super) fn open_journal(data_dir: &Path) -> anyhow::Result<Connection> {
    let path = data_dir.join(FILE);
    ensure!(path.exists(), "there is no journal in {}: is it the data directory?", data_dir.display());
    let open = || {
        // Even a reader would delete that log.
        schema::refuse_log_alone(&path)?;
        let connection = schema::open_reader(&path)?;
        make_reader(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| unreadable(error, &path))
}

/// Opens a backup.
pub(super) fn open_backup(path: &Path) -> anyhow::Result<Connection> {
    let open = || {
        ensure!(path.is_file(), "it is no file");
        // A backup is one file. What is not in it, nobody would miss.
        for end in ["-wal", "-journal"] {
            let log = beside(path, end);
            let is_empty = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
            ensure!(is_empty, "{} belongs to it: it is a database in use, no backup", log.display());
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        make_reader(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| unreadable(error, path))
}

/// The data directory that a path names: itself, or by its database.
pub(super) fn data_dir_of(path: &Path) -> Option<&Path> {
    match path.file_name() {
        _ if path.is_dir() => Some(path),
        Some(name) if name == FILE => Some(folder_of(path)),
        _ => None,
    }
}

/// Says which file can't be read, and what to do.
pub(super) fn unreadable(error: anyhow::Error, path: &Path) -> anyhow::Error {
    schema::advised(error, format!("{} can't be read", path.display()))
}

/// From here on nothing is written. Refuses what this program does not know; the first format is read as if its rows
/// had a column for checksums.
fn make_reader(connection: &Connection) -> anyhow::Result<()> {
    // The log belongs to the server: whoever closes last would move it into the database otherwise.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    ensure!(format <= schema::VERSION, "it has format {format}, and this is an older program: use a newer one");
    ensure!(format > 0 && connection.table_exists(Some("main"), "entry")?, "it is no journal of this program");
    if format == 1 {
        connection.pragma_update(None, "query_only", false)?;
        for table in ["entry", "log", "account"] {
            connection
                .execute_batch(&format!("CREATE TEMP VIEW {table} AS SELECT *, NULL AS sum FROM main.{table}"))?;
        }
    }
    connection.pragma_update(None, "query_only", true)?;
    Ok(())
}
