//! A copy of a journal while a server writes to it.

use super::{
    Report,
    files::{create_private, folder_of, put},
    kept,
    source::{open_backup, open_journal},
    verify::inspect,
};
use crate::journal::sqlite::{FILE, schema};
use anyhow::{Context, ensure};
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use std::path::Path;

/// Copies the journal of a data directory, and the files of [`super::KEPT_FILES`], into a new file that only its owner
/// can read. Whatever was acknowledged before the call is in it.
///
/// The file gets its name when it is complete, looked through and on disk; an existing one is never replaced. If the
/// process is killed, a folder `.parlor-backup-…` may stay beside it.
pub fn backup(data_dir: &Path, to: &Path) -> anyhow::Result<Report> {
    ensure!(to.symlink_metadata().is_err(), "{} is there already: name another file, or move it away", to.display());
    let journal = open_journal(data_dir)?;
    let folder = folder_of(to);
    let making = tempfile::Builder::new().prefix(".parlor-backup-").tempdir_in(folder);
    let making = making.with_context(|| format!("no backup can be made in {}", folder.display()))?;
    let part = making.path().join("backup");
    let made = copy(&journal, &part).and_then(|copy| kept::keep(&copy, data_dir));
    made.map_err(|error| schema::advised(error, format!("the backup {} can't be made", to.display())))?;
    let report = inspect(&open_backup(&part)?, None).with_context(|| {
        let journal = data_dir.join(FILE);
        format!("no backup was made: the journal {} is damaged; restore the last good backup", journal.display())
    })?;
    put(&part, to)?;
    Ok(report)
}

/// Copies a database into a new file, which can be written to then.
///
/// Page by page, for that is as quick as reading the file, while `VACUUM INTO` makes each table and index anew: as long
/// as a reader stays, the log that the server writes can't begin anew. And all pages in one step, for between two steps
/// each commit would have the copy begin anew.
pub(super) fn copy(from: &Connection, to: &Path) -> anyhow::Result<Connection> {
    create_private(to)?;
    let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let step = Backup::new(from, &mut copy)?.step(-1)?;
    ensure!(step == StepResult::Done, "another program holds the journal: try again");
    // One file without a log beside it: it can be read wherever it is put.
    let mode: String = copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    ensure!(mode == "delete", "SQLite did not leave WAL mode");
    Ok(copy)
}
