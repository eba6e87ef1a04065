//! The rules against a model: whatever people do, in whatever order the journal answers.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod world;

use proptest::prelude::*;
use server::ids::SessionId;
use shared::{
    Event, Kind, LogName, MessageId, Nickname, Request, RoomName, Seq, Text,
    event::State,
    request::{Destination, Send, Start},
};
use std::collections::BTreeSet;
use world::World;

#[derive(Debug, Clone)]
enum Step {
    Connect { name: usize, claimed: bool, quiet: bool },
    Disconnect { who: usize, broke: bool },
    Join { who: usize, room: usize, last: u64, resume: bool },
    JoinInbox { who: usize },
    Leave { who: usize, room: usize },
    Say { who: usize, room: usize, id: usize },
    SendTo { who: usize, to: usize, id: usize },
    Ignore { who: usize, on: bool },
    Away { who: usize, on: bool },
    Read { who: usize, room: usize, back: bool },
    Commit { count: usize, is_full: bool },
    Flush,
    Pass { millis: u64 },
}

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn room(n: usize) -> RoomName {
    RoomName::parse(["#lobby", "#dev"][n]).unwrap()
}

fn steps() -> impl Strategy<Value = Step> {
    let who = || 0_usize..6;
    prop_oneof![
        3 => (0_usize..4, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(name, claimed, quiet)| Step::Connect { name, claimed, quiet }),
        1 => (who(), any::<bool>()).prop_map(|(who, broke)| Step::Disconnect { who, broke }),
        4 => (who(), 0_usize..2, 0_u64..5, any::<bool>())
            .prop_map(|(who, room, last, resume)| Step::Join { who, room, last, resume }),
        1 => who().prop_map(|who| Step::JoinInbox { who }),
        1 => (who(), 0_usize..2).prop_map(|(who, room)| Step::Leave { who, room }),
        6 => (who(), 0_usize..2, 0_usize..9).prop_map(|(who, room, id)| Step::Say { who, room, id }),
        2 => (who(), 0_usize..4, 0_usize..9).prop_map(|(who, to, id)| Step::SendTo { who, to, id }),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Step::Ignore { who, on }),
        1 => (who(), any::<bool>()).prop_map(|(who, on)| Step::Away { who, on }),
        1 => (who(), 0_usize..2, any::<bool>()).prop_map(|(who, room, back)| Step::Read { who, room, back }),
        4 => (0_usize..5, prop::bool::weighted(0.1)).prop_map(|(count, is_full)| Step::Commit { count, is_full }),
        4 => Just(Step::Flush),
        2 => (0_u64..90_000).prop_map(|millis| Step::Pass { millis }),
    ]
}

fn send(to: Destination, id: usize) -> Request {
    let id = MessageId::parse(&format!("m{id}")).unwrap();
    Request::Send(Send { text: Text::parse(&format!("text of {id:?}")), id, to, kind: Kind::Talk, re: None })
}

fn session(world: &World, who: usize) -> Option<SessionId> {
    world.clients.keys().nth(who)
}

fn take(world: &mut World, step: &Step) {
    match *step {
        Step::Connect { name, claimed, quiet } => {
            if world.clients.len() < 6 {
                world.connect(NAMES[name], claimed, quiet);
            }
        }
        Step::Disconnect { who, broke } => drop(session(world, who).map(|id| world.disconnect(id, broke))),
        Step::Join { who, room: n, last, resume } => {
            let Some(id) = session(world, who).filter(|id| is_logged_in(world, *id)) else { return };
            let name = LogName::Room(room(n));
            let view = world.clients[id].views.get(&name);
            let resume = view.filter(|_| resume).map(|view| (Seq::new(view.next - 1).unwrap(), view.epoch.clone()));
            world.ask(id, Request::Join { room: name, start: Start { last, resume } });
        }
        Step::JoinInbox { who } => {
            let Some(id) = session(world, who).filter(|id| is_logged_in(world, *id)) else { return };
            world.ask(id, Request::Join { room: LogName::Inbox, start: Start { last: 50, resume: None } });
        }
        Step::Leave { who, room: n } => ask(world, who, Request::Leave { room: LogName::Room(room(n)) }),
        Step::Say { who, room: n, id } => ask(world, who, send(Destination::Room(room(n)), id)),
        Step::SendTo { who, to, id } => {
            let to = Nickname::parse(NAMES[to]).unwrap();
            ask(world, who, send(Destination::Person(to), id));
        }
        Step::Ignore { who, on } => ask(world, who, Request::Ignore { on, until: None }),
        Step::Away { who, on } => ask(world, who, Request::Away { on }),
        Step::Read { who, room: n, back } => {
            let room = LogName::Room(room(n));
            ask(world, who, Request::Read { room, seq: Seq::FIRST, back });
        }
        Step::Commit { count, is_full } => world.commit(count, is_full),
        Step::Flush => world.flush_all(),
        Step::Pass { millis } => world.pass(millis),
    }
}

fn is_logged_in(world: &World, id: SessionId) -> bool {
    world.hub.session(id).is_some_and(|session| session.person.is_some())
}

fn ask(world: &mut World, who: usize, request: Request) {
    if let Some(id) = session(world, who) {
        world.ask(id, request);
    }
}

/// When everything has come to rest, everybody has everything, and knows who is here.
fn check_at_rest(world: &mut World) {
    world.commit_all();
    for id in world.clients.keys().collect::<Vec<_>>() {
        world.ask(id, Request::Ignore { on: false, until: None });
    }
    world.commit_all();
    // Whoever is away by a break is gone after a minute; that travels with the next tick.
    world.pass(70_000);
    world.commit_all();
    world.pass(2_000);
    world.flush_all();
    for id in world.clients.keys().collect::<Vec<_>>() {
        let follows: Vec<_> = world.hub.session(id).map(|session| session.follows().to_vec()).unwrap_or_default();
        for follow in follows {
            let view = world.clients[id].views[&follow.room].clone();
            assert_eq!(view.next, world.hub.head(follow.log).get() + 1, "nothing is missing in {}", follow.room);
            if let LogName::Room(room) = &follow.room {
                assert_eq!(world.ls(id, room), view.roster, "the roster of {} is that of a fresh ls", follow.room);
            }
        }
    }
    for log in world.logs.values() {
        let ids: BTreeSet<_> = log.iter().map(|(sender, entry)| (sender, &entry.id)).collect();
        assert_eq!(ids.len(), log.len(), "nothing is stored twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_promise_holds_whatever_people_do(steps in prop::collection::vec(steps(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            take(&mut world, step);
        }
        check_at_rest(&mut world);
    }
}

fn join(world: &mut World, id: SessionId) {
    world.ask(id, Request::Join { room: LogName::Room(room(0)), start: Start { last: 50, resume: None } });
    world.commit_all();
}

fn texts(world: &World, id: SessionId) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Message(message) => message.entry.msg.as_ref().map(ToString::to_string),
        _ => None,
    };
    world.clients[id].events.iter().filter_map(text).collect()
}

#[test]
fn an_ignorer_hears_direct_messages_and_loses_nothing() {
    let mut world = World::new();
    let (alice, bob) = (world.connect("alice", false, false), world.connect("bob", true, false));
    join(&mut world, alice);
    join(&mut world, bob);
    world.ask(bob, Request::Join { room: LogName::Inbox, start: Start { last: 50, resume: None } });
    world.ask(bob, Request::Ignore { on: true, until: None });
    world.commit_all();
    world.ask(alice, send(Destination::Room(room(0)), 1));
    world.ask(alice, send(Destination::Person(Nickname::parse("bob").unwrap()), 2));
    world.commit_all();
    world.pass(1_100);
    world.flush_all();
    assert_eq!(texts(&world, bob), ["text of MessageId(\"m2\")"]);
    assert_eq!(world.clients[bob].held.get(&room(0)), Some(&1));
    world.ask(bob, Request::Ignore { on: false, until: None });
    world.commit_all();
    world.flush_all();
    assert_eq!(texts(&world, bob), ["text of MessageId(\"m2\")", "text of MessageId(\"m1\")"]);
}

#[test]
fn a_mode_with_an_end_ends_by_itself() {
    let mut world = World::new();
    let bob = world.connect("bob", true, false);
    join(&mut world, bob);
    let until = world.now.wall + 60_000;
    world.ask(bob, Request::Ignore { on: true, until: Some(until) });
    world.commit_all();
    assert!(world.clients[bob].ignoring);
    world.pass(59_000);
    world.commit_all();
    assert!(world.clients[bob].ignoring);
    world.pass(2_000);
    world.commit_all();
    assert!(!world.clients[bob].ignoring);
}

#[test]
fn a_break_is_away_and_a_resume_is_no_arrival() {
    let mut world = World::new();
    let (alice, bob) = (world.connect("alice", false, false), world.connect("bob", true, false));
    join(&mut world, alice);
    join(&mut world, bob);
    world.pass(300);
    let epoch = world.clients[bob].views[&LogName::Room(room(0))].epoch.clone();
    world.disconnect(bob, true);
    world.pass(300);
    let state = |world: &World| world.clients[alice].views[&LogName::Room(room(0))].roster.get("bob").copied();
    assert_eq!(state(&world), Some(State::Away));
    let bob = world.connect("bob", true, false);
    let resume = Some((Seq::ZERO, epoch));
    world.ask(bob, Request::Join { room: LogName::Room(room(0)), start: Start { last: 50, resume } });
    world.pass(300);
    assert_eq!(state(&world), Some(State::Online));
    world.disconnect(bob, true);
    world.pass(61_000);
    world.pass(300);
    assert_eq!(state(&world), None);
    let joins = world.clients[alice].events.iter().filter(|e| matches!(e, Event::Presence(p) if !p.joined.is_empty()));
    assert_eq!(joins.count(), 1, "bob has joined once");
}

#[test]
fn a_guests_name_is_free_when_it_has_gone_and_a_claimed_one_never_is() {
    let mut world = World::new();
    let accepted = |world: &World, id| {
        world.clients[id].events.iter().any(|event| matches!(event, Event::Login(login) if login.success))
    };
    let guest = world.connect("carol", false, false);
    let second = world.connect("Carol", false, false);
    assert!(accepted(&world, guest) && !accepted(&world, second));
    world.disconnect(guest, true);
    let owner = world.connect("carol", true, false);
    assert!(accepted(&world, owner));
    world.disconnect(owner, false);
    let guest = world.connect("carol", false, false);
    assert!(!accepted(&world, guest));
    let owner = world.connect("carol", true, false);
    assert!(accepted(&world, owner));
}
