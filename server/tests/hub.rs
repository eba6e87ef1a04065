//! The rules against a model: whatever people do, in whatever order the journal answers.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

#[path = "world/crowd.rs"]
mod crowd;
#[path = "world/dialogues.rs"]
mod dialogues;
#[path = "world/steps.rs"]
mod steps;
mod world;

use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use server::ids::SessionId;
use shared::{LogName, Request};
use std::collections::BTreeSet;
use steps::{NAMES, step, take};
use world::{World, narrow, wide};

const CASES: u32 = 384;

/// Waits until nobody is owed an answer.
fn rest(world: &mut World) {
    for _ in 0..200 {
        world.settle();
        world.pass(2_000);
        if world.clients.values().all(|client| client.asked.is_empty() && client.pending.is_empty()) {
            while world.hub.next_deadline(world.now).is_some_and(|at| at < world.now.mono + 1_500) {
                world.pass(100);
                world.settle();
            }
            return;
        }
    }
    panic!("somebody never gets an answer");
}

/// When everything has come to rest, everybody has everything, and knows who is here.
fn check_at_rest(world: &mut World) {
    rest(world);
    let all = |world: &World| world.clients.keys().collect::<Vec<_>>();
    for id in all(world) {
        world.clients[id].check_held(world);
    }
    for id in all(world) {
        world.ask(id, Request::Ignore { on: false, until: None });
    }
    rest(world);
    world.verify();
    for id in all(world) {
        for (room, view) in &world.clients[id].views {
            assert_eq!((view.next, view.gaps.len()), (world.hub.head(view.log).get() + 1, 0), "all of {room} is here");
            assert!(*room == LogName::Inbox || view.roster.is_some());
        }
    }
    for (id, log) in &world.disk.logs {
        assert_eq!(log.doubles(), 0, "nothing is stored twice");
        let follows = |client: SessionId| world.clients[client].views.values().any(|view| view.log == *id);
        let followers: Vec<SessionId> = world.hub.followers(*id).iter().copied().collect();
        assert_eq!(followers, all(world).into_iter().filter(|id| follows(*id)).collect::<Vec<_>>(), "of {id:?}");
    }
    check_online(world);
    check_names(world);
}

/// Who is gone is gone.
fn check_online(world: &mut World) {
    world.pass(61_000);
    world.settle();
    world.verify();
    let here = world.clients.values().filter(|client| client.person.is_some() && !client.quiet);
    let here: BTreeSet<&str> = here.map(|client| client.nickname.as_str()).collect();
    assert_eq!(world.online().values().map(|member| member.nickname.as_str()).collect::<BTreeSet<_>>(), here);
}

/// Names of guests are free again, and what belongs to a key is kept over a restart.
fn check_names(world: &mut World) {
    world.clients.keys().collect::<Vec<_>>().into_iter().for_each(|id| world.ask(id, Request::Bye));
    world.settle();
    for _ in 0..2 {
        for name in &NAMES[..4] {
            // What must come of it, the world knows.
            let guest = world.connect(name, false, false, true);
            let owner = world.connect(name, true, false, true);
            world.settle();
            let is_in = |id: SessionId| world.clients[id].person.is_some();
            assert!(!is_in(guest) || !is_in(owner), "{name} is one");
        }
        world.restart(1);
    }
}

/// The same cases every time; other ones with `PROPTEST_RNG_SEED`, more with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let rng_seed = if default.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { default.rng_seed };
    ProptestConfig { cases: default.cases.max(CASES), rng_seed, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    /// `always`: everybody's lists are compared after every step; else only now and then, and more is under way.
    #[test]
    fn every_promise_holds_whatever_people_do(
        is_narrow in prop::bool::weighted(0.3), always in prop::bool::weighted(0.2),
        steps in prop::collection::vec((step(), any::<Index>()), 1..64)
    ) {
        let mut world = World::new(if is_narrow { narrow() } else { wide() });
        for (step, who) in &steps {
            take(&mut world, step, *who);
            if always {
                world.verify();
            }
        }
        check_at_rest(&mut world);
    }
}
