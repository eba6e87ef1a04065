//! Files that are there whole, or not at all.

use anyhow::Context;
use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempPath;

/// The folder that a file lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// `path` with something behind its name, as SQLite names the files beside a database.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A new, empty file that nobody else can read.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// What is in a file or folder is on disk.
pub(super) fn sync(path: &Path) -> anyhow::Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("{} can't be written to the disk", path.display()))
}

/// Gives a finished file its name, durably. Never in place of another one.
pub(super) fn put(part: &Path, to: &Path) -> anyhow::Result<()> {
    sync(part)?;
    let named = TempPath::try_from_path(part)?.persist_noclobber(to);
    named.map_err(|error| error.error).with_context(|| format!("{} can't be made", to.display()))?;
    sync(folder_of(to))
}

/// Makes a folder and those above it, durably.
pub(super) fn make_folder(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = folder_of(path);
    make_folder(above)?;
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("the folder {} can't be made", path.display()));
        }
        _ => {}
    }
    sync(above)
}
