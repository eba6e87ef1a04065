//! What a server did to its files, as the shim wrote it down.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The files of a journal, in the shim's order.
pub(crate) const FILES: [&str; 3] = ["journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-journal"];
const DIRECTORY: usize = 3;
const HEADER: usize = 24;

#[derive(Debug, Clone)]
pub(crate) enum What {
    Create,
    Write(usize, Vec<u8>),
    Truncate(usize),
    Sync,
    Unlink,
    /// What was created and unlinked before is so.
    SyncNames,
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// How long the trace was when this was in it.
    pub(crate) end: u64,
    /// Index into [`FILES`].
    pub(crate) file: usize,
    pub(crate) what: What,
}

/// The shim, compiled.
pub(crate) struct Shim {
    folder: tempfile::TempDir,
}

impl Shim {
    pub(crate) fn compile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_cut/shim.c");
        let mut command = Command::new("cc");
        command.args(["-O1", "-shared", "-fPIC", "-o"]).arg(folder.path().join("shim.so")).arg(source).arg("-ldl");
        assert!(command.status().expect("a C compiler, as SQLite needs one").success());
        Self { folder }
    }

    /// Where it writes; what was there is gone.
    pub(crate) fn new_trace(&self) -> PathBuf {
        let path = self.folder.path().join("trace");
        std::fs::write(&path, "").unwrap();
        path
    }

    /// Puts it under a server over that directory.
    pub(crate) fn load(&self, command: &mut Command, directory: &Path, trace: &Path) {
        command.env("LD_PRELOAD", self.folder.path().join("shim.so"));
        command.env("PARLOR_TRACE", trace).env("PARLOR_TRACE_DIR", directory);
    }
}

/// How long a trace is now.
pub(crate) fn length(trace: &Path) -> u64 {
    std::fs::metadata(trace).unwrap().len()
}

/// Reads a trace; what a kill has cut off at its end is no record.
pub(crate) fn read(trace: &Path) -> Vec<Record> {
    let bytes = std::fs::read(trace).unwrap();
    let number = |at: usize| usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap();
    let (mut at, mut records) = (0, Vec::new());
    while at + HEADER <= bytes.len() {
        let (file, offset, length) = (usize::from(bytes[at + 1]) - 1, number(at + 8), number(at + 16));
        let what = match bytes[at] {
            1 => What::Create,
            2 => What::Write(offset, bytes.get(at + HEADER..at + HEADER + length).unwrap_or_default().to_vec()),
            3 => What::Truncate(offset),
            4 if file == DIRECTORY => What::SyncNames,
            4 => What::Sync,
            5 => What::Unlink,
            other => panic!("{other} at {at} is no record"),
        };
        at += HEADER + length;
        if at <= bytes.len() {
            records.push(Record { end: at as u64, file, what });
        }
    }
    records
}
