//! How much is measured.

use std::time::Duration;

/// How often each thing is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Starts in a directory that was used before.
    pub(crate) starts: usize,
    /// Starts in new directories.
    pub(crate) first_starts: usize,
    /// Keys under every rate.
    pub(crate) keys: usize,
    /// Floods, one after the other.
    pub(crate) floods: usize,
    /// Messages of each.
    pub(crate) flood: usize,
    /// How long an idle client is watched.
    pub(crate) idle: Duration,
    /// Resizes, and presses of `PageUp`.
    pub(crate) redraws: usize,
}

impl Plan {
    /// What the goals are about.
    pub(crate) const WHOLE: Self = Self {
        starts: 15,
        first_starts: 3,
        keys: 300,
        floods: 5,
        flood: 20_000,
        idle: Duration::from_secs(10),
        redraws: 10,
    };
    /// Only to see that it runs.
    pub(crate) const QUICK: Self = Self {
        starts: 1,
        first_starts: 1,
        keys: 20,
        floods: 1,
        flood: 2_000,
        idle: Duration::from_secs(1),
        redraws: 2,
    };

    /// It in words.
    pub(crate) fn words(self) -> String {
        let Self { starts, first_starts, keys, floods, flood, idle, redraws } = self;
        let seconds = idle.as_secs();
        format!(
            "medians of {starts} starts ({first_starts} in a new directory), {keys} keys, {floods} floods of {flood} \
             messages, {redraws} redraws; {seconds} s of idling"
        )
    }
}
