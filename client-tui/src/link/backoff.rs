//! How long to wait before the next try: doubling with jitter, at most 5 s in the first minute, 60 s later.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const SOON: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_mins(1);
const FIRST_MINUTE: Duration = Duration::from_mins(1);

/// Tries since the link was last up.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
    waited: Duration,
}

impl Backoff {
    /// The next wait. `jitter` is random, from 0 to 1: so much of the upper half is taken.
    pub fn next(&mut self, jitter: f64) -> Duration {
        let most = if self.waited < FIRST_MINUTE { SOON } else { LATE };
        let full = FIRST.saturating_mul(1 << self.tries.min(16)).min(most);
        self.tries += 1;
        let wait = full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        self.waited += wait;
        wait
    }

    /// The link is up.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_but_not_beyond_five_seconds_in_the_first_minute() {
        let mut backoff = Backoff::default();
        let mut total = Duration::ZERO;
        while total < FIRST_MINUTE {
            let wait = backoff.next(1.0);
            assert!(wait <= SOON);
            total += wait;
        }
        for _ in 0..10 {
            assert!(backoff.next(0.0) >= SOON.mul_f64(0.4));
        }
        assert_eq!(backoff.next(1.0), LATE);
        backoff.reset();
        assert!(backoff.next(1.0) <= FIRST);
    }
}
