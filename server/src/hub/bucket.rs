//! Token buckets: how often something may be done.

use super::Millis;

/// So many seconds' worth may be used at once.
const BURST_S: u64 = 5;

/// Fills with time, up to a burst. The clock is an argument.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// Milliseconds between two tokens; 0: there is no limit.
    interval: Millis,
    /// When the bucket will have been filled.
    full_at: Millis,
}

impl Bucket {
    /// A full bucket of `per_s` tokens a second; 0: no limit.
    pub(super) fn new(per_s: u32, now: Millis) -> Self {
        Self { interval: if per_s == 0 { 0 } else { (1_000 / u64::from(per_s)).max(1) }, full_at: now }
    }

    /// Gives back a token that was taken for nothing.
    pub(super) fn give_back(&mut self) {
        self.full_at = self.full_at.saturating_sub(self.interval);
    }

    /// Takes a token. If there is none: when there will be.
    pub(super) fn take(&mut self, now: Millis) -> Option<Millis> {
        let full_at = self.full_at.max(now) + self.interval;
        let burst = (BURST_S * 1_000).max(self.interval);
        if full_at - now > burst {
            return Some(full_at - burst);
        }
        self.full_at = full_at;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rate_holds_and_waiting_as_told_is_enough(per_s in 1_u32..200, steps in prop::collection::vec(0_u64..2_000, 1..300)) {
            let mut bucket = Bucket::new(per_s, 0);
            let (mut now, mut taken) = (0, 0_u64);
            for step in steps {
                now += step;
                match bucket.take(now) {
                    None => taken += 1,
                    Some(at) => {
                        prop_assert!(at > now);
                        prop_assert_eq!(bucket.clone().take(at), None);
                    }
                }
                let interval = (1_000 / u64::from(per_s)).max(1);
                prop_assert!(taken * interval <= now + BURST_S * 1_000 + interval);
            }
        }
    }
}
