//! Checksums of rows (CRC-32, as in ISO 3309): a disk that gives back other bytes than it was given is noticed when they
//! are read, not shown.

use crc32fast::Hasher;

/// A checksum over values of a row.
#[derive(Debug, Default)]
pub(crate) struct Sum(Hasher);

impl Sum {
    /// Adds a number.
    pub(super) fn number(mut self, number: i64) -> Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    /// Adds bytes, or that there are none.
    pub(crate) fn bytes(self, bytes: Option<&[u8]>) -> Self {
        let length = bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).expect("rows are small"));
        let mut sum = self.number(length);
        sum.0.update(bytes.unwrap_or_default());
        sum
    }

    /// Adds a text, or that there is none.
    pub(crate) fn text(self, text: Option<&str>) -> Self {
        self.bytes(text.map(str::as_bytes))
    }

    /// The checksum.
    pub(crate) fn finish(self) -> u32 {
        self.0.finalize()
    }

    /// An error if a stored checksum is another one. Rows of the first format have none.
    pub(crate) fn check(self, stored: Option<u32>) -> rusqlite::Result<()> {
        let sum = self.finish();
        if stored.is_none_or(|stored| stored == sum) { Ok(()) } else { Err(damaged()) }
    }
}

/// The journal contradicts itself.
pub(super) fn damaged() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_moved_from_one_value_to_the_next_is_noticed() {
        let sum = |a, b| Sum::default().text(a).text(b).finish();
        assert_ne!(sum(Some("ab"), Some("c")), sum(Some("a"), Some("bc")));
        assert_ne!(sum(None, Some("")), sum(Some(""), None));
        assert!(Sum::default().number(5).check(None).is_ok());
        assert!(Sum::default().number(5).check(Some(Sum::default().number(6).finish())).is_err());
    }
}
