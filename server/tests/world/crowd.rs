//! Rooms with too many members to name: only counted, until they are few again.

use crate::{
    config,
    world::{Proof, World, wide},
};
use proptest::{prelude::*, sample::Index};
use server::ids::SessionId;
use shared::{Event, Label, LogName, Request, request::Start};

#[derive(Debug, Clone)]
enum Step {
    Come(usize),
    Go(usize, u8),
    Ignore(bool),
    Away(bool),
    Pass(u64),
    Watch(usize),
    Leave(usize),
    Verify,
}

fn step() -> impl Strategy<Value = Step> {
    // Up to the two sizes where something changes, and just beyond them.
    let many = || prop_oneof![3 => 1_usize..4, 1 => 40_usize..60];
    prop_oneof![
        4 => many().prop_map(Step::Come),
        4 => (many(), 0_u8..3).prop_map(|(count, how)| Step::Go(count, how)),
        1 => any::<bool>().prop_map(Step::Ignore),
        1 => any::<bool>().prop_map(Step::Away),
        3 => (0_u64..1_300).prop_map(Step::Pass),
        2 => (0_usize..3).prop_map(Step::Watch),
        1 => (0_usize..3).prop_map(Step::Leave),
        1 => Just(Step::Verify),
    ]
}

fn lobby() -> LogName {
    LogName::parse("#dev").unwrap()
}

fn join() -> Request {
    Request::Join { room: lobby(), start: Start { last: 0, resume: None } }
}

fn come(world: &mut World, name: &str, proof: Proof) -> SessionId {
    let id = world.open(true);
    world.clients[id].deaf = true;
    world.ask(id, Request::Hello { version: 1, agent: Label::new("test") });
    world.log_in(id, name, proof, false);
    id
}

/// So many people in a room, and three who watch it, one of them quietly.
fn crowd(count: usize, proof: Proof) -> (World, Vec<SessionId>, Vec<SessionId>) {
    let mut world = World::new(wide());
    let watching = ["alice", "bob", "carol"].map(|name| {
        let id = world.connect(name, name != "carol", name == "bob", true);
        world.ask(id, join());
        world.settle();
        id
    });
    let people: Vec<SessionId> = (0..count).map(|n| come(&mut world, &format!("p{n}"), proof)).collect();
    world.settle();
    for some in people.chunks(25) {
        for id in some {
            world.ask(*id, join());
        }
        world.pass(200);
    }
    (world, people, watching.to_vec())
}

fn take(world: &mut World, people: &mut Vec<SessionId>, watching: &[SessionId], step: &Step, who: Index, turn: usize) {
    match *step {
        Step::Come(count) => {
            for n in 0..count.min(530 - people.len().min(530)) {
                let id = come(world, &format!("q{turn}-{n}"), Proof::Guest);
                world.ask(id, join());
                people.push(id);
            }
        }
        Step::Go(count, how) => {
            for _ in 0..count.min(people.len().saturating_sub(440)) {
                let id = people.swap_remove(who.index(people.len()));
                match how {
                    0 => world.ask(id, Request::Bye),
                    1 => world.ask(id, Request::Leave { room: lobby() }),
                    _ => world.disconnect(id),
                }
            }
        }
        Step::Ignore(on) => world.ask(*who.get(people), Request::Ignore { on, until: None }),
        Step::Away(on) => world.ask(*who.get(people), Request::Away { on }),
        Step::Pass(millis) => world.pass(millis),
        Step::Watch(n) => world.ask(watching[n], join()),
        Step::Leave(n) => world.ask(watching[n], Request::Leave { room: lobby() }),
        Step::Verify => world.verify(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: (config().cases / 512).max(1), max_shrink_iters: 16, ..config() })]

    #[test]
    fn a_crowd_is_counted_and_named_again(
        count in prop_oneof![490_usize..502, 447_usize..453],
        steps in prop::collection::vec((step(), any::<Index>()), 8..14)
    ) {
        let (mut world, mut people, watching) = crowd(count, Proof::Guest);
        for (turn, (step, who)) in steps.iter().enumerate() {
            take(&mut world, &mut people, &watching, step, *who, turn);
        }
        world.settle();
        world.verify();
    }
}

#[test]
fn from_over_five_hundred_down_to_four_hundred_and_fifty() {
    let (mut world, mut people, watching) = crowd(497, Proof::Guest);
    let roster = |world: &World, n: usize| {
        let view = &world.clients[watching[n]].views[&lobby()];
        (view.members, view.roster.as_ref().map(std::collections::BTreeMap::len))
    };
    world.verify();
    assert_eq!(roster(&world, 0), (499, Some(499)), "the quiet one does not count");
    let more: Vec<SessionId> = (0..2).map(|n| come(&mut world, &format!("more{n}"), Proof::Guest)).collect();
    world.ask(more[0], join());
    world.verify();
    assert_eq!(roster(&world, 0), (500, Some(500)));
    world.ask(more[1], join());
    world.verify();
    assert_eq!(roster(&world, 0), (501, None));
    while people.len() > 447 {
        world.ask(people.pop().unwrap(), Request::Bye);
    }
    world.verify();
    assert_eq!(roster(&world, 1), (451, None), "the quiet one is told as well");
    world.ask(people.pop().unwrap(), Request::Bye);
    world.verify();
    assert_eq!(roster(&world, 2), (450, Some(450)));
    world.ask(more[0], Request::Away { on: true });
    world.verify();
    let heard = world.clients[watching[2]].heard.iter().filter(|heard| matches!(heard.event, Event::Roster { .. }));
    assert_eq!(heard.count(), 1);
}

#[test]
fn a_crowd_that_comes_back_after_a_restart_is_counted() {
    let (mut world, _, _) = crowd(505, Proof::Own);
    world.verify();
    let epoch = world.disk.logs.values().find(|log| log.room.is_some() && log.first == 1 && log.head() == 0);
    let resume = Some((super::world::seq(0), epoch.unwrap().epoch.clone()));
    world.restart(0);
    let alice = world.connect("alice", true, false, true);
    world.ask(alice, Request::Join { room: lobby(), start: Start { last: 0, resume: resume.clone() } });
    for n in 0..505 {
        let id = come(&mut world, &format!("p{n}"), Proof::Own);
        world.ask(id, Request::Join { room: lobby(), start: Start { last: 0, resume: resume.clone() } });
        // They come one after the other, as connections do.
        world.pass(5);
    }
    world.verify();
}
