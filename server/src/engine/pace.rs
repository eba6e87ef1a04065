//! When the followers of a log are written to: at once, or together with what comes a little later.
//!
//! A write costs the same whatever its size. So a log with so many followers that writing to all of them takes a while is
//! written out again only after as long: what comes meanwhile travels in one write instead of many.

use super::{Engine, Socket};
use crate::{
    hub::Millis,
    ids::{IdMap, LogId},
};
use std::collections::BTreeSet;

/// What a write takes, in microseconds, as measured on several machines.
const WRITE_US: usize = 6;
/// The longest pause, in milliseconds.
const PAUSE_MAX: usize = 20;

/// Logs that were just written out, and those of them that have grown since.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Not before then is the log written out again.
    until: IdMap<LogId, Millis>,
    grown: BTreeSet<(Millis, LogId)>,
}

impl Pace {
    /// True if the log is written out now; its followers are so many.
    fn begins(&mut self, log: LogId, followers: usize, now: Millis) -> bool {
        let pause = (followers * WRITE_US / 1_000).min(PAUSE_MAX);
        if pause == 0 {
            return true;
        }
        let until = self.until.entry(log).or_default();
        if *until > now {
            self.grown.insert((*until, log));
            return false;
        }
        *until = now + pause as Millis;
        true
    }

    /// A log whose pause is over.
    fn next_due(&mut self, now: Millis) -> Option<LogId> {
        let (_, log) = self.grown.first().copied().filter(|(at, _)| *at <= now)?;
        self.grown.pop_first();
        Some(log)
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Millis> {
        self.grown.first().map(|(at, _)| *at)
    }

    /// Forgets the pauses that are over.
    pub(super) fn sweep(&mut self, now: Millis) {
        self.until.retain(|_, until| *until > now);
    }
}

impl<S: Socket> Engine<S> {
    /// A log has new entries.
    pub(super) fn grown(&mut self, log: LogId) {
        if self.pace.begins(log, self.hub.followers(log).len(), self.now.mono) {
            self.mark_followers(log);
        }
    }

    /// Those are written to that a pause has kept waiting.
    pub(super) fn end_pauses(&mut self) {
        while let Some(log) = self.pace.next_due(self.now.mono) {
            self.grown(log);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_log_waits_as_long_as_its_writes_take_and_a_small_one_never() {
        let (mut pace, crowd, few) = (Pace::default(), LogId(1), LogId(2));
        assert!(pace.begins(crowd, 1_000, 100));
        for now in 100..106 {
            assert!(pace.begins(few, 10, now));
            assert!(!pace.begins(crowd, 1_000, now));
            assert_eq!((pace.next(), pace.next_due(now)), (Some(106), None));
        }
        assert_eq!(pace.next_due(106), Some(crowd));
        assert!(pace.begins(crowd, 1_000, 106));
        assert_eq!(pace.next(), None);
        assert!(pace.begins(crowd, 100_000, 112));
        assert!(!pace.begins(crowd, 100_000, 131));
        assert!(pace.begins(crowd, 100_000, 132));
    }
}
