//! What was said, and what every log has been seen to hold: each entry once, in its place, the same for everybody.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::{Duration, Instant},
};

/// Faults of one kind that are said at once.
const SAID_AT_ONCE: u64 = 5;

/// Nobody that outlives its connection.
pub(crate) const NOBODY: u32 = u32::MAX;

/// What must not happen, and how often it did.
#[derive(Debug, Default)]
pub(crate) struct Faults(BTreeMap<&'static str, u64>);

impl Faults {
    pub(crate) fn add(&mut self, what: &'static str, words: impl FnOnce() -> String) {
        let count = self.0.entry(what).or_default();
        *count += 1;
        if *count <= SAID_AT_ONCE {
            println!("broken: {what}: {}", words());
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// A message of a native client. Its id is its number.
#[derive(Debug)]
pub(crate) struct Said {
    /// When it went out; later, if it had to be sent again.
    pub(crate) at: Instant,
    /// The log that it is for: the room's, or the sender's inbox.
    pub(crate) log: usize,
    /// Which of the lines it is.
    pub(crate) line: usize,
    /// The key that it was written to.
    pub(crate) to: u32,
    /// Its place there; 0 is not known.
    pub(crate) seq: u64,
    pub(crate) is_acked: bool,
    /// It was sent more than once: how long it took says nothing.
    pub(crate) again: bool,
    pub(crate) is_topic: bool,
    /// The last reading of all logs has found it.
    pub(crate) found: bool,
}

/// A log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// What each entry is; 0 has not been seen.
    entries: Vec<u64>,
    pub(crate) head: u64,
    /// The last reading has found it.
    pub(crate) is_kept: bool,
}

/// An entry as somebody has got it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) seq: u64,
    pub(crate) id: &'a str,
    pub(crate) from: &'a str,
    pub(crate) text: &'a str,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) lines: Vec<Box<str>>,
    pub(crate) said: Vec<Said>,
    pub(crate) logs: Vec<Log>,
    epochs: HashMap<Box<str>, usize>,
    pub(crate) faults: Faults,
    /// Refusals that may be.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Things that were done.
    pub(crate) done: BTreeMap<&'static str, u64>,
    /// Of this minute: how long acks took, and entries on their way to everybody who was waiting; in microseconds.
    pub(crate) acks: Vec<u32>,
    pub(crate) deliveries: Vec<u32>,
    pub(crate) delivered: u64,
    hasher: BuildHasherDefault<DefaultHasher>,
}

impl Ledger {
    /// Nothing was said yet; what will be are these lines.
    pub(crate) fn new(lines: Vec<Box<str>>) -> Self {
        Self { lines, ..Self::default() }
    }

    /// The log of an epoch.
    pub(crate) fn log(&mut self, epoch: &str) -> usize {
        if let Some(log) = self.epochs.get(epoch) {
            return *log;
        }
        self.logs.push(Log::default());
        self.epochs.insert(epoch.into(), self.logs.len() - 1);
        self.logs.len() - 1
    }

    /// The inbox of a guest that is gone.
    pub(crate) fn forget(&mut self, epoch: &str) {
        if let Some(log) = self.epochs.remove(epoch) {
            self.logs[log].entries = Vec::new();
        }
    }

    pub(crate) fn did(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// A new message; gives its number.
    pub(crate) fn say(&mut self, log: usize, to: u32, is_topic: bool) -> usize {
        let line = fastrand::usize(..self.lines.len());
        let at = Instant::now();
        self.said.push(Said { at, log, line, to, seq: 0, is_acked: false, again: false, is_topic, found: false });
        self.said.len() - 1
    }

    /// An entry was seen, live or on a page. Gives the number of its message, if a native client said it.
    pub(crate) fn see(&mut self, log: usize, seen: Seen<'_>) -> Option<usize> {
        let index = usize::try_from(seen.seq).unwrap_or(0);
        let mark = self.hasher.hash_one((seen.id, seen.from)) | 1;
        let stands = &mut self.logs[log];
        if stands.entries.len() <= index {
            stands.entries.resize(index + 1, 0);
            stands.head = seen.seq;
        }
        let before = std::mem::replace(&mut stands.entries[index], mark);
        if before != 0 && before != mark {
            self.faults.add("two entries have one place", || format!("{seen:?}"));
        }
        let number: usize = seen.id.strip_prefix('m')?.parse().ok()?;
        let Some(said) = self.said.get_mut(number) else {
            self.faults.add("nobody has said it", || format!("{seen:?}"));
            return None;
        };
        if said.log == log {
            if said.seq != 0 && said.seq != seen.seq {
                self.faults.add("a message has two places", || format!("{seen:?} and {}", said.seq));
            }
            said.seq = seen.seq;
        }
        if !said.is_topic && *self.lines[said.line] != *seen.text {
            self.faults.add("a text is another", || format!("{seen:?}, not {:?}", self.lines[said.line]));
        }
        Some(number)
    }

    /// A message was accepted.
    pub(crate) fn ack(&mut self, number: usize, log: usize, seq: u64, now: Instant) {
        let Some(said) = self.said.get_mut(number) else { return };
        if said.log != log || (said.seq != 0 && said.seq != seq) {
            self.faults.add("an ack names another place", || format!("m{number}: {seq}, not {}", said.seq));
        }
        said.seq = seq;
        if !said.again && !said.is_acked {
            self.acks.push(micros(now.saturating_duration_since(said.at)));
        }
        said.is_acked = true;
        self.did("acked");
    }

    /// Somebody who was waiting for it has got a message.
    pub(crate) fn delivered(&mut self, number: usize, waits_since: Instant, now: Instant) {
        self.delivered += 1;
        let said = &self.said[number];
        if !said.again && said.at > waits_since {
            self.deliveries.push(micros(now.saturating_duration_since(said.at)));
        }
    }

    /// What was done, refused, and broken.
    pub(crate) fn words(&self) -> String {
        let list = |counts: Vec<String>| if counts.is_empty() { "nothing".into() } else { counts.join(", ") };
        let done = list(self.done.iter().map(|(what, count)| format!("{what} {count}")).collect());
        let refused = list(self.refused.iter().map(|(what, count)| format!("{what} {count}")).collect());
        let broken = list(self.faults.0.iter().map(|(what, count)| format!("{what}: {count}")).collect());
        format!(
            "done: {done}; delivered {}\nrefused, as it may be: {refused}\npromises broken: {broken}",
            self.delivered
        )
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
