//! Chance that can be had again: what a run did at random follows from one number, which a failing test shows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The variable that names the number.
const SEED: &str = "PARLOR_TEST_SEED";

/// Where numbers come from.
pub struct Chance(u64);

impl Chance {
    /// A new one for each run, or the one that the environment names. `salt` tells the tests of a run apart.
    pub fn new(salt: u64) -> Self {
        let seed = match std::env::var(SEED) {
            Ok(seed) => seed.parse().expect("a number"),
            Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos()),
        };
        // Shown where the test fails.
        println!("once more with the same chance: {SEED}={seed}");
        Self(seed ^ salt << 32)
    }

    /// A number from 0 up to, and without, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    /// A while shorter than `longest`.
    pub fn while_below(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(longest.as_micros()).unwrap()))
    }
}
