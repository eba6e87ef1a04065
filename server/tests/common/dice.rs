//! Chance that can be had again: the same seed, the same throws.

use fastrand::Rng;
use std::time::Duration;

/// The variable that names the seed of a run.
const SEED: &str = "PARLOR_TEST_SEED";

/// Where numbers come from.
#[derive(Debug, Clone)]
pub struct Dice(Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// Other ones for each run, or those that the environment names. `salt` tells the tests of a run apart.
    pub fn of_this_run(salt: u64) -> Self {
        let seed =
            std::env::var(SEED).map_or_else(|_| fastrand::u64(..1 << 30), |seed| seed.parse().expect("a number"));
        // Shown where the test fails.
        println!("once more with the same dice: {SEED}={seed}");
        Self::new(seed ^ salt << 32)
    }

    pub fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end.max(1))
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A while shorter than `longest`.
    pub fn while_below(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.0.f64())
    }
}

/// How many times the usual number of trials is wanted: `PARLOR_TRIALS`.
pub fn trials(usual: usize) -> usize {
    let factor = std::env::var("PARLOR_TRIALS").map_or(1.0, |factor| factor.parse::<f64>().expect("a number"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
    let trials = (usual as f64 * factor).round() as usize;
    trials.max(1)
}
