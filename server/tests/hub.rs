//! The rules against a model: whatever people do, in whatever order the journal answers.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod world;

use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use server::ids::SessionId;
use shared::{
    Epoch, Event, Kind, LogName, MessageId, Nickname, Request, RoomName, Text,
    event::Ls,
    request::{Destination, Place, Send, Start},
};
use std::collections::{BTreeMap, BTreeSet};
use world::{World, named, play, seq};

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
const ROOMS: [&str; 4] = ["#lobby", "#old", "#dev", "@"];
const SESSIONS: usize = 7;
const CASES: u32 = 384;

/// Where a join starts.
#[derive(Debug, Clone, Copy)]
enum From {
    Last(u64),
    /// So many entries before what was seen.
    Seen(u64),
    Start,
    BeyondHead,
    OtherEpoch(u64),
}

#[derive(Debug, Clone)]
enum Step {
    Connect { name: usize, claimed: bool, quiet: bool, exempt: bool },
    Break,
    Bye,
    Join(usize, From),
    Leave(usize),
    Say { room: usize, id: usize, kind: Kind, other: bool, re: bool },
    SendTo { to: usize, id: usize },
    Ignore { on: bool, until: Option<u64> },
    Away(bool),
    Read { room: usize, back_by: u64, back: bool },
    List(usize),
    Commit { count: usize, is_full: bool },
    Flush { bytes: usize },
    Page,
    Pass(u64),
    Restart,
}

fn from() -> impl Strategy<Value = From> {
    prop_oneof![
        6 => (0_u64..6).prop_map(From::Last),
        1 => Just(From::Last(1_000)),
        4 => (0_u64..3).prop_map(From::Seen),
        1 => Just(From::Start),
        1 => Just(From::BeyondHead),
        1 => (0_u64..3).prop_map(From::OtherEpoch),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let flag = prop::bool::weighted;
    let kind = prop_oneof![4 => Just(Kind::Talk), 1 => Just(Kind::Action), 1 => Just(Kind::Topic)];
    let until = prop::option::weighted(0.3, 0_u64..20_000);
    prop_oneof![
        6 => (0_usize..4, flag(0.3), flag(0.2), flag(0.9))
            .prop_map(|(name, other, quiet, exempt)| Step::Connect { name, claimed: (name < 2) != other, quiet, exempt }),
        1 => Just(Step::Break),
        1 => Just(Step::Bye),
        8 => (0_usize..4, from()).prop_map(|(room, from)| Step::Join(room, from)),
        1 => (0_usize..4).prop_map(Step::Leave),
        12 => (0_usize..3, 0_usize..12, kind, flag(0.1), flag(0.2))
            .prop_map(|(room, id, kind, other, re)| Step::Say { room, id, kind, other, re }),
        4 => (0_usize..4, 0_usize..12).prop_map(|(to, id)| Step::SendTo { to, id }),
        4 => (any::<bool>(), until).prop_map(|(on, until)| Step::Ignore { on, until }),
        1 => any::<bool>().prop_map(Step::Away),
        6 => (0_usize..4, 0_u64..4, flag(0.2)).prop_map(|(room, back_by, back)| Step::Read { room, back_by, back }),
        1 => (0_usize..4).prop_map(Step::List),
        8 => (0_usize..5, flag(0.1)).prop_map(|(count, is_full)| Step::Commit { count, is_full }),
        6 => (1_usize..600).prop_map(|bytes| Step::Flush { bytes }),
        2 => Just(Step::Page),
        3 => prop_oneof![3 => 0_u64..1_500, 1 => 0_u64..90_000].prop_map(Step::Pass),
        1 => flag(0.3).prop_map(|restart| if restart { Step::Restart } else { Step::Page }),
    ]
}

fn send(to: Destination, id: usize, kind: Kind, other: bool, re: bool) -> Request {
    let text = Text::parse(if other { "another text" } else { "a text" });
    let id = MessageId::parse(&format!("m{id}")).unwrap();
    Request::Send(Send { id, to, kind, re: re.then(|| seq(1)), text })
}

fn start(world: &World, id: SessionId, room: &LogName, from: From) -> Start {
    let view = world.clients[id].views.get(room);
    let (seen, head) = view.map_or((0, 0), |view| (view.next - 1, world.hub.head(view.log).get()));
    let epoch = view.map_or_else(|| Epoch::parse("none").unwrap(), |view| view.epoch.clone());
    let resume = match from {
        From::Last(last) => return Start { last, resume: None },
        From::Seen(back) => (seen.saturating_sub(back), epoch),
        From::Start => (0, epoch),
        From::BeyondHead => (head + 3, epoch),
        From::OtherEpoch(after) => (after, Epoch::parse("other").unwrap()),
    };
    Start { last: 5, resume: Some((seq(resume.0), resume.1)) }
}

/// What a session asks in a step.
fn request(world: &World, id: SessionId, step: &Step) -> Option<Request> {
    let log = |room: usize| LogName::parse(ROOMS[room]).unwrap();
    let room = |room: usize| RoomName::parse(ROOMS[room]).unwrap();
    Some(match *step {
        Step::Bye => Request::Bye,
        Step::Join(room, from) => Request::Join { room: log(room), start: start(world, id, &log(room), from) },
        Step::Leave(room) => Request::Leave { room: log(room) },
        Step::Say { room: n, id, ref kind, other, re } => send(Destination::Room(room(n)), id, kind.clone(), other, re),
        Step::SendTo { to, id } => {
            send(Destination::Person(Nickname::parse(NAMES[to]).unwrap()), id, Kind::Talk, false, false)
        }
        Step::Ignore { on, until } => Request::Ignore { on, until: until.map(|until| world.now.wall + until) },
        Step::Away(on) => Request::Away { on },
        Step::Read { room, back_by, back } => {
            let head = world.clients[id].views.get(&log(room)).map_or(0, |view| world.hub.head(view.log).get());
            Request::Read { room: log(room), seq: seq(head.saturating_sub(back_by)), back }
        }
        Step::List(0) => Request::Ls { room: None, after: None, limit: 500 },
        Step::List(1) => Request::Ls { room: Some(room(2)), after: None, limit: 500 },
        Step::List(2) => Request::Rooms { after: None, limit: 500 },
        Step::List(_) => Request::History { room: log(0), place: Place::Newest, limit: 3 },
        _ => return None,
    })
}

fn take(world: &mut World, step: &Step, who: Index) {
    let clients: Vec<SessionId> = world.clients.keys().collect();
    match *step {
        Step::Connect { name, claimed, quiet, exempt } if clients.len() < SESSIONS => {
            world.connect(NAMES[name], claimed, quiet, exempt);
        }
        Step::Commit { count, is_full } => drop(world.commit(count, is_full)),
        Step::Page => world.page(),
        Step::Pass(millis) => world.pass(millis),
        Step::Restart => world.restart(),
        _ if clients.is_empty() => {}
        Step::Break => world.disconnect(*who.get(&clients)),
        Step::Flush { bytes } => drop(world.flush(*who.get(&clients), bytes)),
        _ => {
            if let Some(request) = request(world, *who.get(&clients), step) {
                world.ask(*who.get(&clients), request);
            }
        }
    }
}

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

fn ls(world: &mut World, id: SessionId, room: Option<RoomName>) -> Ls {
    world.ask(id, Request::Ls { room, after: None, limit: 500 });
    match world.clients[id].heard.back().map(|outgoing| outgoing.event.clone()) {
        Some(Event::Ls(page)) => page,
        other => panic!("no ls but {other:?}"),
    }
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
    for id in all(world) {
        for (room, view) in world.clients[id].views.clone() {
            assert_eq!((view.next, view.gaps.len()), (world.hub.head(view.log).get() + 1, 0), "all of {room} is here");
            if let LogName::Room(room) = room {
                let page = ls(world, id, Some(room.clone()));
                let fresh: BTreeMap<_, _> = page.members.iter().map(named).collect();
                assert_eq!(fresh, view.roster, "the roster of {room} is that of a fresh ls");
            }
        }
    }
    for (id, log) in &world.disk.logs {
        assert_eq!(log.doubles(), 0, "nothing is stored twice");
        let follows = |client: SessionId| world.clients[client].views.values().any(|view| view.log == *id);
        let followers: Vec<SessionId> = world.hub.followers(*id).collect();
        assert_eq!(followers, all(world).into_iter().filter(|id| follows(*id)).collect::<Vec<_>>(), "of {id:?}");
    }
    check_online(world);
    check_names(world);
}

/// Who is gone is gone.
fn check_online(world: &mut World) {
    world.pass(61_000);
    let asker = world.connect("zed", false, false, true);
    let here = world.clients.values().filter(|client| client.person.is_some() && !client.quiet);
    let here: BTreeSet<String> = here.map(|client| client.nickname.clone()).collect();
    let online = ls(world, asker, None).members.into_iter().map(|member| member.nickname.to_string());
    assert_eq!(online.collect::<BTreeSet<_>>(), here);
}

/// Names of guests are free again, and what belongs to a key is kept over a restart.
fn check_names(world: &mut World) {
    world.clients.keys().collect::<Vec<_>>().into_iter().for_each(|id| world.ask(id, Request::Bye));
    world.settle();
    for _ in 0..2 {
        for name in NAMES {
            // What must come of it, the world knows.
            let guest = world.connect(name, false, false, true);
            let owner = world.connect(name, true, false, true);
            world.settle();
            let is_claimed = world.disk.accounts.iter().any(|account| account.nickname.as_str() == name);
            let is_in = |id: SessionId| world.clients[id].person.is_some();
            assert_eq!((is_in(guest), is_in(owner)), (!is_claimed, is_claimed));
        }
        world.restart();
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

    #[test]
    fn every_promise_holds_whatever_people_do(
        steps in prop::collection::vec((step(), any::<Index>()), 1..64)
    ) {
        let mut world = World::new();
        for (step, who) in &steps {
            take(&mut world, step, *who);
        }
        check_at_rest(&mut world);
    }
}

#[test]
fn an_ignorer_hears_direct_messages_and_loses_nothing() {
    play(
        r##"
        + bob key
        + carol
        carol > {"type":"join","room":"#dev"}
        bob > {"type":"join","room":"#dev"}
        bob > {"type":"join","room":"@"}
        bob > {"type":"ignore","on":true}
        bob < {"type":"joined","room":"#dev","members":2,"head":0,"read":0}
        bob < {"type":"joined","room":"@"}
        bob < {"type":"ignore","on":true}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"anybody?"}
        carol > {"type":"topic","room":"#dev","id":"t","msg":"waiting"}
        carol > {"type":"sendto","nickname":"bob","id":"b","msg":"you?"}
        bob < {"type":"message","room":"@","seq":1,"from":"carol","to":"bob","msg":"you?"}
        bob > {"type":"broadcast","room":"#dev","id":"a","msg":"me"}
        bob < {"type":"error","code":"ignoring","request":"broadcast","id":"a","room":"#dev"}
        ~ 1100
        bob < {"type":"presence","changed":[{"nickname":"bob","state":"ignoring"}]}
        bob < {"type":"held","room":"#dev","count":2}
        bob > {"type":"ignore","on":false}
        bob < {"type":"ignore","on":false,"held":2}
        bob < {"type":"message","room":"#dev","seq":1,"msg":"anybody?"}
        bob < {"type":"message","room":"#dev","seq":2,"kind":"topic","msg":"waiting"}
        bob .
        "##,
    );
}

#[test]
fn a_break_is_away_and_a_resume_is_no_arrival() {
    play(
        r##"
        + alice key
        + bob key
        alice > {"type":"join","room":"#lobby","last":0}
        bob > {"type":"join","room":"#lobby","last":0}
        ~ 300
        alice < {"type":"joined","members":1}
        alice < {"type":"presence","members":2,"joined":["bob"]}
        - bob
        ~ 300
        alice < {"type":"presence","members":2,"changed":[{"nickname":"bob","state":"away"}]}
        + bob key
        bob > {"type":"join","room":"#lobby","after":997,"epoch":"lobby"}
        bob < {"type":"joined","members":2,"head":998}
        bob < {"type":"message","seq":998}
        ~ 300
        alice < {"type":"presence","members":2,"changed":[{"nickname":"bob","state":"online"}]}
        - bob
        ~ 59000
        alice < {"type":"presence","members":2,"changed":[{"nickname":"bob","state":"away"}]}
        ~ 2000
        ~ 300
        alice < {"type":"presence","members":1,"left":["bob"]}
        alice .
        "##,
    );
}

#[test]
fn two_devices_agree_on_read_marks() {
    play(
        r##"
        + alice key
        + alice2 key
        + carol
        carol > {"type":"join","room":"#dev"}
        alice > {"type":"join","room":"#dev"}
        alice < {"type":"joined","read":0}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"1"}
        carol > {"type":"broadcast","room":"#dev","id":"b","msg":"2"}
        alice2 > {"type":"join","room":"#dev","last":0}
        alice2 < {"type":"joined","head":2,"read":0}
        alice < {"type":"message","seq":1}
        alice < {"type":"message","seq":2}
        alice > {"type":"read","room":"#dev","seq":2}
        alice < {"type":"read","room":"#dev","seq":2}
        alice2 < {"type":"read","room":"#dev","seq":2}
        alice2 > {"type":"read","room":"#dev","seq":1}
        alice2 < {"type":"read","room":"#dev","seq":2}
        alice2 > {"type":"read","room":"#dev","seq":1,"back":true}
        alice2 < {"type":"read","room":"#dev","seq":1}
        alice < {"type":"read","room":"#dev","seq":1}
        alice > {"type":"read","room":"#dev","seq":3}
        alice < {"type":"error","code":"bad_field","request":"read","room":"#dev"}
        alice .
        alice2 .
        "##,
    );
}

#[test]
fn a_read_mark_only_moves_forward_whoever_moves_it() {
    play(
        r##"
        + alice key
        + alice2 key
        + carol
        carol > {"type":"join","room":"#dev"}
        alice > {"type":"join","room":"#dev"}
        alice2 > {"type":"join","room":"#dev"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"1"}
        carol > {"type":"broadcast","room":"#dev","id":"b","msg":"2"}
        !
        alice > {"type":"read","room":"#dev","seq":2}
        alice2 > {"type":"read","room":"#dev","seq":1}
        !
        "##,
    );
}

#[test]
fn a_mode_that_has_ended_does_not_come_back() {
    play(
        r##"
        + alice key
        + alice2 key
        alice > {"type":"ignore","on":true}
        !
        alice > {"type":"ignore","on":false}
        alice2 > {"type":"join","room":"#lobby","last":0}
        !
        alice < {"type":"ignore","on":true}
        alice < {"type":"ignore","on":false}
        restart
        + alice key
        "##,
    );
}

#[test]
fn the_same_id_is_one_entry_whatever_has_changed() {
    play(
        r##"
        + carol
        carol > {"type":"join","room":"#dev"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"once"}
        carol > {"type":"leave","room":"#dev"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"once"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"twice"}
        carol > {"type":"broadcast","room":"#dev","id":"b","msg":"out"}
        carol > {"type":"broadcast","room":"#nowhere","id":"b","msg":"out"}
        carol < {"type":"joined"}
        carol < {"type":"ack","id":"a","seq":1}
        carol < {"type":"message","seq":1,"msg":"once"}
        carol < {"type":"left","room":"#dev"}
        carol < {"type":"ack","id":"a","seq":1}
        carol < {"type":"error","code":"id_reused","id":"a"}
        carol < {"type":"error","code":"not_in_room","id":"b","room":"#dev"}
        carol < {"type":"error","code":"not_in_room","id":"b","room":"#nowhere"}
        carol .
        "##,
    );
}

#[test]
fn a_mode_with_an_end_ends_by_itself() {
    let mut world = World::new();
    let bob = world.connect("bob", true, false, true);
    let until = Some(world.now.wall + 60_000);
    world.ask(bob, Request::Ignore { on: true, until });
    world.settle();
    for (millis, ignoring) in [(59_000, true), (2_000, false)] {
        world.pass(millis);
        world.settle();
        assert_eq!(world.clients[bob].ignoring, ignoring);
    }
}
