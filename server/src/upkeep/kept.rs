//! Small files of a data directory that a backup holds beside the journal, in a table.

use super::files::{create_private, put};
use crate::journal::sqlite::sum::Sum;
use anyhow::{Context, ensure};
use rusqlite::{Connection, params};
use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
};

/// What a data directory needs beside its journal to be what it was.
pub const KEPT_FILES: [&str; 2] = ["tls-cert.pem", "tls-key.pem"];

pub(super) const TABLE: &str = "kept_file";
const CREATE: &str = "CREATE TABLE kept_file (name TEXT PRIMARY KEY, bytes BLOB NOT NULL, sum INTEGER NOT NULL) STRICT";

/// A file of a backup.
#[derive(Debug)]
pub(super) struct KeptFile {
    name: &'static str,
    bytes: Vec<u8>,
}

/// Puts those that are there into a backup.
pub(super) fn keep(backup: &Connection, data_dir: &Path) -> anyhow::Result<()> {
    backup.execute_batch(CREATE)?;
    for name in KEPT_FILES {
        let path = data_dir.join(name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            read => read.with_context(|| format!("{} can't be read", path.display()))?,
        };
        let sum = Sum::default().text(Some(name)).bytes(Some(&bytes)).finish();
        backup.execute("INSERT INTO kept_file (name, bytes, sum) VALUES (?, ?, ?)", params![name, bytes, sum])?;
    }
    Ok(())
}

/// Those of a backup. Only files of [`KEPT_FILES`] get into a data directory, whatever a backup says.
pub(super) fn load(backup: &Connection) -> anyhow::Result<Vec<KeptFile>> {
    let mut statement = backup.prepare("SELECT name, bytes, sum FROM kept_file")?;
    let (mut rows, mut files) = (statement.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        let (name, bytes): (String, Vec<u8>) = (row.get("name")?, row.get("bytes")?);
        let sum = Sum::default().text(Some(&name)).bytes(Some(&bytes));
        sum.check(row.get("sum")?).ok().with_context(|| format!("the file {name:?} in it is not what was stored"))?;
        let known = KEPT_FILES.iter().copied().find(|known| *known == name);
        let name = known.with_context(|| format!("this program does not know the file {name:?} in it"))?;
        files.push(KeptFile { name, bytes });
    }
    Ok(files)
}

/// An error if another file has that name already: perhaps it is the newer one.
pub(super) fn refuse_others(files: &[KeptFile], data_dir: &Path) -> anyhow::Result<()> {
    for file in files {
        let path = data_dir.join(file.name);
        ensure!(
            !path.exists() || is_there(file, &path),
            "{} is there already, and the backup has another one: move it away, and put back afterwards what you need",
            path.display()
        );
    }
    Ok(())
}

fn is_there(file: &KeptFile, path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes == file.bytes)
}

/// Writes them, each whole or not at all; in `making` they become so.
pub(super) fn put_back(files: &[KeptFile], making: &Path, data_dir: &Path) -> anyhow::Result<()> {
    for file in files {
        let (part, path) = (making.join(file.name), data_dir.join(file.name));
        if is_there(file, &path) {
            continue;
        }
        let written = create_private(&part).and_then(|mut new| new.write_all(&file.bytes));
        written.with_context(|| format!("{} can't be written", part.display()))?;
        put(&part, &path)?;
    }
    Ok(())
}
