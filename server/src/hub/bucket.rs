//! Token buckets: how often something may be done.

use super::Millis;

/// Fills with time, up to a burst. The clock is an argument.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// Milliseconds between two tokens; 0: there is no limit.
    interval: Millis,
    /// So much may be used at once.
    burst: Millis,
    /// When the bucket will have been filled.
    full_at: Millis,
}

impl Bucket {
    /// A full bucket of `per_s` tokens a second, five seconds' worth at once; 0: no limit.
    pub(super) fn per_second(per_s: u32, now: Millis) -> Self {
        Self::new(per_s, 1_000, 5_000, now)
    }

    /// A full bucket of `count` tokens in so many milliseconds, all of them at once; 0: no limit.
    pub(super) fn all_at_once(count: u32, period: Millis, now: Millis) -> Self {
        Self::new(count, period, period, now)
    }

    fn new(count: u32, period: Millis, burst: Millis, now: Millis) -> Self {
        let interval = if count == 0 { 0 } else { (period / u64::from(count)).max(1) };
        Self { interval, burst: burst.max(interval), full_at: now }
    }

    /// Gives back a token that was taken for nothing.
    pub(super) fn give_back(&mut self) {
        self.full_at = self.full_at.saturating_sub(self.interval);
    }

    /// Takes a token. If there is none: when there will be.
    pub(super) fn take(&mut self, now: Millis) -> Option<Millis> {
        self.take_some(1, now)
    }

    /// Takes several tokens, all or none; never more than there may be at once.
    pub(super) fn take_some(&mut self, count: u32, now: Millis) -> Option<Millis> {
        let cost = (self.interval * u64::from(count)).min(self.burst);
        let full_at = self.full_at.max(now) + cost;
        if full_at - now > self.burst {
            return Some(full_at - self.burst);
        }
        self.full_at = full_at;
        None
    }

    /// When there is a token again, if there is none now. Takes none.
    pub(super) fn empty_until(&self, now: Millis) -> Option<Millis> {
        self.clone().take(now)
    }

    /// True if nothing was taken lately: it is as good as a new one.
    pub(super) fn is_full(&self, now: Millis) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rate_holds_and_waiting_as_told_is_enough(
            per_s in 1_u32..200, steps in prop::collection::vec((0_u64..2_000, 1_u32..4), 1..300)
        ) {
            let mut bucket = Bucket::per_second(per_s, 0);
            let (mut now, mut taken) = (0, 0_u64);
            for (step, count) in steps {
                now += step;
                match bucket.take_some(count, now) {
                    None => taken += u64::from(count),
                    Some(at) => {
                        prop_assert!(at > now);
                        prop_assert_eq!(bucket.clone().take_some(count, at), None);
                    }
                }
                let interval = (1_000 / u64::from(per_s)).max(1);
                prop_assert!(taken * interval <= now + 5_000 + 4 * interval);
            }
        }

        #[test]
        fn all_at_once_and_then_no_more(count in 1_u32..100) {
            let mut bucket = Bucket::all_at_once(count, 60_000, 7);
            for _ in 0..count {
                prop_assert!(bucket.empty_until(7).is_none());
                prop_assert_eq!(bucket.take(7), None);
            }
            prop_assert!(bucket.take(7).is_some() && bucket.empty_until(7).is_some());
            prop_assert!(bucket.is_full(7 + 60_000 + 60_000 / u64::from(count)));
        }
    }
}
