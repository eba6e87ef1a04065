//! How much is measured.

use std::time::Duration;

/// How often and how long each thing is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// How often everything is done.
    pub(crate) rounds: usize,
    /// Messages that are always on their way when people talk as fast as they can.
    pub(crate) open: usize,
    /// How long a crowd talks before it is measured.
    pub(crate) warm: Duration,
    /// How long it talks then.
    pub(crate) talk: Duration,
    /// How long it talks slowly, to see how long a message takes.
    pub(crate) latency: Duration,
    /// Writes to the disk, to see how long one takes.
    pub(crate) syncs: usize,
    /// Idle connections whose price is asked, and how long they are watched.
    pub(crate) idle: usize,
    pub(crate) idle_time: Duration,
    /// Connections in all.
    pub(crate) hold: usize,
    /// How long some do not read.
    pub(crate) stall: Duration,
    /// Entries of the long history.
    pub(crate) archive: usize,
    /// Starts with it and without.
    pub(crate) starts: usize,
    /// How long it is read, and how long those who talk are watched without.
    pub(crate) pages: Duration,
}

impl Plan {
    /// What the goals are about.
    pub(crate) const WHOLE: Self = Self {
        rounds: 3,
        open: 32,
        warm: Duration::from_secs(1),
        talk: Duration::from_secs(5),
        latency: Duration::from_secs(10),
        syncs: 200,
        idle: 10_000,
        idle_time: Duration::from_secs(30),
        hold: 19_000,
        stall: Duration::from_secs(30),
        archive: 1_000_000,
        starts: 11,
        pages: Duration::from_secs(20),
    };
    /// Only to see that it runs.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        open: 32,
        warm: Duration::from_millis(200),
        talk: Duration::from_secs(1),
        latency: Duration::from_secs(1),
        syncs: 20,
        idle: 1_000,
        idle_time: Duration::from_secs(2),
        hold: 1_500,
        stall: Duration::from_secs(4),
        archive: 30_000,
        starts: 3,
        pages: Duration::from_secs(3),
    };

    /// What can be done with so many connections.
    pub(crate) fn with_at_most(self, connections: usize) -> Self {
        Self { idle: self.idle.min(connections), hold: self.hold.min(connections), ..self }
    }

    /// It in words.
    pub(crate) fn words(self) -> String {
        let Self { rounds, open, talk, latency, idle, hold, archive, starts, .. } = self;
        let (talk, latency) = (talk.as_secs(), latency.as_secs());
        let (stall, pages) = (self.stall.as_secs(), self.pages.as_secs());
        format!(
            "medians of {rounds} rounds; {open} messages on their way, {talk} s of talk, {latency} s of slow talk; {idle} \
             idle connections, then {hold}; {stall} s of not reading; {archive} entries, {starts} starts, {pages} s of pages"
        )
    }
}
