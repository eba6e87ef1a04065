//! A data directory out of a backup.

use super::{
    Report,
    backup::copy,
    files::{beside, make_folder, put, sync},
    kept,
    source::{open_backup, unreadable},
    verify::inspect,
};
use crate::journal::{
    Settings, lock_directory,
    sqlite::{FILE, mark::Mark, schema},
};
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};

/// In the data directory, while the journal is being made. What a process that was killed leaves of it goes with the
/// next try.
const MAKING: &str = ".restore";

/// Makes the journal of a data directory, and the files that the backup holds, out of a backup. No journal may be
/// there, and no server may run.
///
/// All logs get new epochs, so that clients that know more than the backup are told so. The journal gets its name last:
/// if the process is killed there is none, and trying again works, or everything is there. The files belong to whoever
/// runs it.
pub fn restore(from: &Path, data_dir: &Path) -> anyhow::Result<Report> {
    if journal_in(data_dir).is_some() {
        // Where a server runs that is the better word.
        drop(lock_directory(data_dir)?);
    }
    refuse_journal(data_dir)?;
    let backup = open_backup(from)?;
    let is_backup = backup.table_exists(Some("main"), kept::TABLE).map_err(|error| unreadable(error.into(), from))?;
    ensure!(is_backup, "{} is a journal, but was not made as a backup: something may be missing", from.display());
    let report = inspect(&backup, None)
        .with_context(|| format!("the backup {} is damaged: take another one", from.display()))?;
    let files = kept::load(&backup).map_err(|error| unreadable(error, from))?;
    kept::refuse_others(&files, data_dir)?;

    make_folder(data_dir)?;
    let _lock = lock_directory(data_dir)?;
    refuse_journal(data_dir)?;
    let _ = std::fs::remove_dir_all(data_dir.join(MAKING));
    let making = tempfile::Builder::new().prefix(MAKING).rand_bytes(0).tempdir_in(data_dir);
    let making = making.with_context(|| format!("nothing can be made in {}", data_dir.display()))?;
    let (part, path) = (making.path().join(FILE), data_dir.join(FILE));
    let made = copy(&backup, &part).map(drop).and_then(|()| prepare(&part));
    let entries =
        made.map_err(|error| schema::advised(error, format!("the journal {} can't be made", path.display())))?;
    kept::put_back(&files, making.path(), data_dir)?;
    put(&part, &path)?;
    Mark::open(data_dir).with_context(|| format!("{} can't be made", Mark::path(data_dir).display()))?.write(entries);
    sync(&Mark::path(data_dir))?;
    sync(data_dir)?;
    Ok(report)
}

/// A file in the data directory that belongs to a journal. A log that lies there would be taken for the restored one's.
fn journal_in(data_dir: &Path) -> Option<PathBuf> {
    let path = data_dir.join(FILE);
    ["", "-wal", "-shm", "-journal"].iter().map(|end| beside(&path, end)).find(|path| path.symlink_metadata().is_ok())
}

fn refuse_journal(data_dir: &Path) -> anyhow::Result<()> {
    if let Some(path) = journal_in(data_dir) {
        bail!(
            "there is a journal already: move {} away, with all {FILE}* beside it, or name another directory",
            path.display()
        );
    }
    Ok(())
}

/// Makes a copy of a backup what a server starts over; how many entries its logs have had.
fn prepare(path: &Path) -> anyhow::Result<u64> {
    let connection = schema::open(path, &Settings::default())?;
    // Guests have gone, and nobody will ever be able to read their inboxes.
    connection.execute_batch("BEGIN; DROP TABLE kept_file; DELETE FROM entry WHERE place < 0; COMMIT")?;
    let mut stored = schema::load(&connection)?;
    schema::renew_epochs(&connection, &mut stored)?;
    // Everything is to be in the file before it gets its name.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)?;
    ensure!(!beside(path, "-wal").exists(), "SQLite has left a log behind");
    Ok(stored.entries())
}
