//! How much has been stored, in a file beside the database. A database that knows less has lost something: its end was cut
//! off, or it is an older one.
//!
//! The file is written behind each commit and never waited for. After a loss of power it may know less than the database,
//! which is no contradiction; it never knows more.

use crate::journal::sqlite::sum::Sum;
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

const NAME: &str = "stored";

/// The file.
#[derive(Debug)]
pub(crate) struct Mark {
    file: File,
}

impl Mark {
    pub(crate) fn path(directory: &Path) -> PathBuf {
        directory.join(NAME)
    }

    /// What it says. `None`: there is none, or it can't be read.
    pub(crate) fn read(directory: &Path) -> Option<u64> {
        let bytes: [u8; 12] = std::fs::read(Self::path(directory)).ok()?.try_into().ok()?;
        let (count, sum) = bytes.split_at(8);
        let count = u64::from_le_bytes(count.try_into().ok()?);
        (sum_of(count) == *sum).then_some(count)
    }

    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(false).open(Self::path(directory))?;
        Ok(Self { file })
    }

    /// Notes how many entries are stored in all.
    pub(crate) fn write(&self, count: u64) {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&count.to_le_bytes());
        bytes[8..].copy_from_slice(&sum_of(count));
        // A mark that is missing says nothing, and nothing is lost with it.
        let _ = self.file.write_all_at(&bytes, 0);
    }
}

fn sum_of(count: u64) -> [u8; 4] {
    Sum::default().bytes(Some(&count.to_le_bytes())).finish().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_mark_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Mark::read(directory.path()), None);
        let mark = Mark::open(directory.path()).unwrap();
        for count in [0, 7, u64::MAX] {
            mark.write(count);
            assert_eq!(Mark::read(directory.path()), Some(count));
        }
        for bit in 0..96 {
            mark.write(7);
            let mut bytes = std::fs::read(Mark::path(directory.path())).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(Mark::path(directory.path()), &bytes).unwrap();
            assert_eq!(Mark::read(directory.path()), None, "{bit}");
        }
    }
}
