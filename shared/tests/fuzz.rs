//! Arbitrary bytes and texts against everything that reads them.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

#[path = "fuzz/events.rs"]
mod events;
#[path = "fuzz/moderation.rs"]
mod moderation;
#[path = "fuzz/names.rs"]
mod names;
#[path = "fuzz/streams.rs"]
mod streams;
#[path = "fuzz/texts.rs"]
mod texts;

use proptest::{prelude::*, sample::Index};

/// The same cases every time; other ones with `PROPTEST_RNG_SEED`, more with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_random = default.rng_seed == proptest::test_runner::RngSeed::Random;
    let rng_seed = if is_random { proptest::test_runner::RngSeed::Fixed(1) } else { default.rng_seed };
    ProptestConfig { rng_seed, failure_persistence: None, ..default }
}

/// `bytes` cut into pieces anywhere.
fn pieces<'b>(bytes: &'b [u8], cuts: &[Index]) -> Vec<&'b [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 0..9)
}
