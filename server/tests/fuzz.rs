//! The whole way of bytes: lines, requests, the hub, answers. Whatever comes in, the model says what must come out.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

#[path = "fuzz/lines.rs"]
mod lines;
#[path = "../src/session/sniff.rs"]
mod sniff;
mod world;

use lines::{bytes, lines};
use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use server::ids::SessionId;
use shared::{
    Incoming, Rejection,
    classic::FirstObject,
    codec::{Line, LineCodec},
    limits,
};
use sniff::{Sniff, sniff as look_at};
use world::{World, narrow, wide};

/// The same cases every time; other ones with `PROPTEST_RNG_SEED`, more with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let rng_seed = if default.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { default.rng_seed };
    ProptestConfig { rng_seed, failure_persistence: None, ..default }
}

/// Gives a session's bytes to the hub, as a connection does.
fn hear(world: &mut World, id: SessionId, codec: &mut LineCodec, mut bytes: &[u8]) {
    loop {
        let is_in = world.clients.get(id).is_some_and(|client| client.person.is_some());
        let limit = if is_in { limits::CLIENT_LINE } else { limits::CLIENT_LINE_BEFORE_LOGIN };
        let line = match codec.next(&mut bytes, limit) {
            None => return,
            Some(Line::Whole(line)) if line.trim_ascii().is_empty() => continue,
            Some(Line::Whole(line)) => Incoming::parse(line),
            Some(Line::TooLong) => Err(Rejection::new(shared::ErrorCode::LineTooLong, "too long")),
        };
        // Who is gone is asked all the same: nothing may come of it.
        world.ask_line(id, line);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_is_said_is_answered_as_it_must_be(
        is_narrow in any::<bool>(),
        said in prop::collection::vec((0_usize..4, lines(), any::<Index>(), 0_u8..8), 1..48)
    ) {
        let mut world = World::new(if is_narrow { narrow() } else { wide() });
        let alice = world.connect("alice", true, false, true);
        let carol = world.connect("carol", false, false, false);
        let sessions = [alice, carol, world.connect("bob", true, true, true), world.open(true)];
        let mut codecs: [LineCodec; 4] = Default::default();
        for (who, line, cut, what) in &said {
            let (start, end) = line.split_at(cut.index(line.len() + 1));
            hear(&mut world, sessions[*who], &mut codecs[*who], start);
            match what {
                0 => drop(world.commit(2, false)),
                1 => world.settle(),
                2 => world.pass(700),
                3 => world.verify(),
                _ => {}
            }
            hear(&mut world, sessions[*who], &mut codecs[*who], end);
        }
        world.settle();
        world.verify();
        // A session that is gone has left nothing behind.
        for id in sessions {
            if world.clients.contains_key(id) {
                world.disconnect(id);
            }
            assert!(world.hub.session(id).is_none() && world.hub.follows(id).is_empty());
        }
        world.settle();
        world.pass(61_000);
        world.settle();
        world.verify();
        prop_assert!(world.members(&shared::RoomName::lobby()).is_empty());
    }

    #[test]
    fn a_decision_about_the_dialect_stands(bytes in bytes(), cut in any::<Index>()) {
        let early = look_at(&bytes[..cut.index(bytes.len() + 1)], false);
        prop_assert!(early == Sniff::Wait || early == look_at(&bytes, false), "{:?}", early);
        // Waiting makes nothing else of what is decided.
        prop_assert!(early == Sniff::Wait || early == look_at(&bytes, true), "{:?}", early);
        if bytes.first() == Some(&b'{') && shared::classic::first_object(&bytes) == FirstObject::Classic {
            prop_assert_eq!(look_at(&bytes, false), Sniff::Classic);
        }
    }
}
