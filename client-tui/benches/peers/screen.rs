//! What stood on the screen, and since when: the recording of a terminal, emulated once it is quiet.

use super::tty::{COLUMNS, Chunk, DEADLINE, ROWS, Tty};
use anyhow::bail;
use std::{
    num::NonZeroU16,
    time::{Duration, Instant},
};

/// The begin of a synchronized update; ends with `h` where its end has `l`.
pub(crate) const UPDATE_BEGINS: &[u8] = b"\x1b[?2026h";
const UPDATE_ENDS: &[u8] = b"\x1b[?2026l";
/// A program that has drawn nothing for so long is looked at.
const QUIET: Duration = Duration::from_millis(20);

/// How often these bytes stand there.
pub(crate) fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| window == &what).count()
}

/// An emulated screen that follows a terminal.
pub(crate) struct Screen {
    parser: vt100::Parser,
    /// Bytes and chunks that it has taken.
    bytes: usize,
    chunks: usize,
    /// Updates that have begun and not ended.
    open: usize,
}

impl Screen {
    /// A blank screen before the first byte.
    pub(crate) fn new() -> Self {
        let at_least_one = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        let parser = vt100::Parser::new(at_least_one(ROWS), at_least_one(COLUMNS), 0);
        Self { parser, bytes: 0, chunks: 0, open: 0 }
    }

    /// Waits until the screen holds something; gives since when it did. What was on it before `since` is of no interest,
    /// and a half-drawn update does not count.
    pub(crate) fn until(
        &mut self,
        tty: &Tty,
        since: Instant,
        what: &str,
        holds: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Instant> {
        let end = Instant::now() + DEADLINE;
        loop {
            let news = tty.look(|drawn| drawn.chunks[self.chunks..].to_vec());
            for (n, chunk) in news.iter().enumerate() {
                self.take(tty, *chunk);
                let is_of_interest = news.get(n + 1).is_none_or(|next| next.at > since);
                if is_of_interest && self.open == 0 && holds(&self.parser.screen().contents()) {
                    return Ok(chunk.at);
                }
            }
            if Instant::now() > end {
                bail!("in vain: {what}; the screen is\n{}", self.parser.screen().contents());
            }
            if let Err(error) = tty.settle(self.bytes, QUIET) {
                bail!("in vain: {what}: {error}; the screen is\n{}", self.parser.screen().contents());
            }
        }
    }

    fn take(&mut self, tty: &Tty, chunk: Chunk) {
        // A mark may begin in the chunk before.
        let before = self.bytes.saturating_sub(UPDATE_BEGINS.len() - 1);
        let (bytes, overlap) = tty.look(|drawn| (drawn.bytes[before..chunk.end].to_vec(), self.bytes - before));
        self.open = (self.open + count(&bytes, UPDATE_BEGINS)).saturating_sub(count(&bytes, UPDATE_ENDS));
        self.parser.process(&bytes[overlap..]);
        (self.bytes, self.chunks) = (chunk.end, self.chunks + 1);
    }
}
