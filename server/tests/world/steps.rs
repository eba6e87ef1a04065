//! What people do, and what happens to them.

use crate::world::{Proof, World, seq};
use proptest::{prelude::*, sample::Index};
use server::ids::SessionId;
use shared::{
    Epoch, ErrorCode, Kind, Label, LogName, MessageId, Nickname, Rejection, Request, RoomName, Seq, Text,
    request::{Destination, Place, Send, Start},
};

/// The last ones are another spelling, one that looks like another, and none at all.
pub(crate) const NAMES: [&str; 7] = ["alice", "bob", "carol", "dave", "Alice", "b0b", "-_-"];
const ROOMS: [&str; 6] = ["#lobby", "#old", "#dev", "@", "#tea", "#x"];
const SESSIONS: usize = 8;

/// Where a join starts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From {
    Last(u64),
    /// So many entries before what was seen.
    Seen(u64),
    Start,
    BeyondHead,
    OtherEpoch(u64),
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Connect {
        name: usize,
        proof: Option<Proof>,
        quiet: bool,
        exempt: bool,
    },
    /// A connection that has said nothing yet.
    Open(bool),
    Hello(u64),
    Login(usize, Proof, bool),
    Break,
    /// The last connection that broke comes back, after so long.
    Resume(u64),
    Bye,
    Bad(u32),
    Join(usize, From),
    Leave(usize),
    Say {
        room: usize,
        id: usize,
        kind: Kind,
        text: &'static str,
        re: Option<u64>,
    },
    SendTo {
        to: usize,
        id: usize,
        text: &'static str,
    },
    Ignore {
        on: bool,
        until: Option<u64>,
    },
    Away(bool),
    Read {
        room: usize,
        back_by: u64,
        back: bool,
    },
    Ls {
        room: Option<usize>,
        after: Option<usize>,
        limit: u64,
    },
    Rooms {
        after: Option<usize>,
        limit: u64,
    },
    History {
        room: usize,
        at: u8,
        n: u64,
        limit: u64,
    },
    Search {
        text: &'static str,
        room: Option<usize>,
        limit: u64,
        from: u8,
    },
    Small(u8),
    Commit {
        count: usize,
        is_full: bool,
    },
    Flush {
        bytes: usize,
    },
    Page,
    Pass(u64),
    Restart(usize),
    Verify,
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

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        6 => Just(Proof::Guest), 6 => Just(Proof::Own), 1 => Just(Proof::Other), 1 => Just(Proof::Broken),
    ]
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => Just("a text"), 2 => Just("another text"), 1 => Just(" \u{7}")]
}

fn asking() -> BoxedStrategy<Step> {
    let limit = || prop_oneof![2 => 1_u64..4, 1 => Just(50_u64)];
    let room = || prop::option::of(prop::sample::select(vec![0_usize, 1, 2, 4, 5]));
    let words = prop::sample::select(vec!["text", "an text", "OLD", "\u{7}", "nothing"]);
    prop_oneof![
        (room(), prop::option::of(0_usize..6), limit()).prop_map(|(room, after, limit)| Step::Ls {
            room,
            after,
            limit
        }),
        (room(), limit()).prop_map(|(after, limit)| Step::Rooms { after, limit }),
        (0_usize..6, 0_u8..4, 0_u64..12, prop_oneof![3 => limit(), 1 => Just(150_u64)])
            .prop_map(|(room, at, n, limit)| Step::History { room, at, n, limit }),
        (words, prop::option::of(0_usize..6), limit(), 0_u8..6).prop_map(|(text, room, limit, from)| Step::Search {
            text,
            room,
            limit,
            from
        }),
        (0_u8..3).prop_map(Step::Small),
    ]
    .boxed()
}

fn talking() -> BoxedStrategy<Step> {
    let kind = prop_oneof![4 => Just(Kind::Talk), 1 => Just(Kind::Action), 1 => Just(Kind::Topic)];
    let room = prop_oneof![8 => 0_usize..3, 1 => 4_usize..6];
    let until = prop::option::weighted(0.3, 0_u64..20_000);
    prop_oneof![
        12 => (room, 0_usize..12, kind, text(), prop::option::weighted(0.2, 1_u64..9))
            .prop_map(|(room, id, kind, text, re)| Step::Say { room, id, kind, text, re }),
        4 => (0_usize..6, 0_usize..12, text()).prop_map(|(to, id, text)| Step::SendTo { to, id, text }),
        4 => (any::<bool>(), until).prop_map(|(on, until)| Step::Ignore { on, until }),
        2 => any::<bool>().prop_map(Step::Away),
        6 => (0_usize..5, 0_u64..4, prop::bool::weighted(0.2))
            .prop_map(|(room, back_by, back)| Step::Read { room, back_by: back_by.wrapping_sub(1), back }),
    ]
    .boxed()
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let flag = prop::bool::weighted;
    let name = || prop_oneof![12 => 0_usize..4, 1 => 4_usize..7];
    prop_oneof![
        6 => (name(), prop::option::weighted(0.3, proof()), flag(0.2), flag(0.9))
            .prop_map(|(name, proof, quiet, exempt)| Step::Connect { name, proof, quiet, exempt }),
        1 => any::<bool>().prop_map(Step::Open),
        1 => prop_oneof![6 => Just(1_u64), 1 => Just(2)].prop_map(Step::Hello),
        1 => (name(), proof(), flag(0.2)).prop_map(|(name, proof, quiet)| Step::Login(name, proof, quiet)),
        2 => Just(Step::Break),
        2 => prop_oneof![2 => 0_u64..59_000, 1 => 60_000_u64..61_000].prop_map(Step::Resume),
        1 => Just(Step::Bye),
        1 => prop_oneof![8 => Just(1_u32), 1 => Just(10)].prop_map(Step::Bad),
        8 => (prop_oneof![8 => 0_usize..4, 1 => 4_usize..6], from()).prop_map(|(room, from)| Step::Join(room, from)),
        1 => (0_usize..5).prop_map(Step::Leave),
        24 => talking(),
        5 => asking(),
        8 => (0_usize..5, flag(0.1)).prop_map(|(count, is_full)| Step::Commit { count, is_full }),
        6 => (1_usize..600).prop_map(|bytes| Step::Flush { bytes }),
        2 => Just(Step::Page),
        3 => prop_oneof![3 => 0_u64..1_500, 1 => 0_u64..90_000].prop_map(Step::Pass),
        1 => (flag(0.3), 0_usize..4).prop_map(|(restart, trim)| if restart { Step::Restart(trim) } else { Step::Page }),
        1 => Just(Step::Verify),
    ]
}

fn room(n: usize) -> RoomName {
    RoomName::parse(ROOMS[n]).unwrap_or_else(|_| RoomName::lobby())
}

fn log(n: usize) -> LogName {
    LogName::parse(ROOMS[n]).unwrap()
}

fn send(to: Destination, id: usize, kind: Kind, text: &str, re: Option<u64>) -> Request {
    let text = if kind == Kind::Topic { Text::parse_topic(text) } else { Text::parse(text) };
    let id = MessageId::parse(&format!("m{id}")).unwrap();
    Request::Send(Send { id, to, kind, re: re.map(seq), text })
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
    let client = &world.clients[id];
    let head = |room: usize| world.log_of(client, &log(room)).map_or(Seq::ZERO, |log| world.hub.head(log));
    Some(match *step {
        Step::Hello(version) => Request::Hello { version, agent: Label::new("test") },
        Step::Bye => Request::Bye,
        Step::Join(room, from) => Request::Join { room: log(room), start: start(world, id, &log(room), from) },
        Step::Leave(room) => Request::Leave { room: log(room) },
        Step::Say { room: n, id, ref kind, text, re } => send(Destination::Room(room(n)), id, kind.clone(), text, re),
        Step::SendTo { to, id, text } => {
            let to = Destination::Person(Nickname::parse(NAMES[to]).unwrap());
            send(to, id, Kind::Talk, text, None)
        }
        Step::Ignore { on, until } => Request::Ignore { on, until: until.map(|until| world.now.wall + until) },
        Step::Away(on) => Request::Away { on },
        Step::Read { room, back_by, back } => {
            // Sometimes just beyond the last entry.
            let head = head(room).get();
            let to = if back_by == u64::MAX { head + 1 } else { head.saturating_sub(back_by) };
            Request::Read { room: log(room), seq: seq(to), back }
        }
        Step::Ls { room: n, after, limit } => {
            Request::Ls { room: n.map(room), after: after.map(|n| Nickname::parse(NAMES[n]).unwrap()), limit }
        }
        Step::Rooms { after, limit } => Request::Rooms { after: after.map(room), limit },
        Step::History { room, at, n, limit } => {
            let near = head(room).forward(2).back(n);
            let places = [Place::Newest, Place::Before(near), Place::After(near), Place::At(world.now.wall - n * 100)];
            Request::History { room: log(room), place: places[usize::from(at)], limit }
        }
        Step::Search { text, room, limit, from } => {
            let from = match from {
                0 => Some("nonsense".to_owned()),
                1 | 2 => client.next.clone(),
                _ => None,
            };
            Request::Search { text: Text::parse(text), room: room.map(log), limit, from }
        }
        Step::Small(n) => [Request::Ping, Request::Pong, Request::Help][usize::from(n)].clone(),
        _ => return None,
    })
}

/// A connection that broke comes back with what it has.
fn resume(world: &mut World, after: u64) {
    let Some(broken) = world.broken.pop() else { return };
    world.pass(after);
    // Who is gone by now is gone at once.
    world.look(world.observer, Request::Ls { room: None, after: None, limit: 500 });
    let id = world.connect(&broken.nickname, broken.claimed, false, true);
    for (room, seen, epoch) in broken.rooms {
        let start = Start { last: 5, resume: Some((seq(seen), epoch)) };
        world.ask(id, Request::Join { room, start });
    }
}

pub(crate) fn take(world: &mut World, step: &Step, who: Index) {
    let clients = world.actors();
    let has_room = clients.len() < SESSIONS;
    match *step {
        Step::Connect { name, proof, quiet, exempt } if has_room => {
            let id = world.open(exempt);
            world.ask(id, Request::Hello { version: 1, agent: Label::new("test") });
            let proof = proof.unwrap_or(if name < 2 { Proof::Own } else { Proof::Guest });
            world.log_in(id, NAMES[name], proof, quiet);
        }
        Step::Open(exempt) if has_room => drop(world.open(exempt)),
        Step::Resume(after) if has_room => resume(world, after),
        Step::Commit { count, is_full } => drop(world.commit(count, is_full)),
        Step::Page => world.page(),
        Step::Pass(millis) => world.pass(millis),
        Step::Restart(trim) => world.restart(trim),
        Step::Verify => world.verify(),
        _ if clients.is_empty() => {}
        Step::Break => world.break_off(*who.get(&clients)),
        Step::Login(name, proof, quiet) => world.log_in(*who.get(&clients), NAMES[name], proof, quiet),
        Step::Bad(count) => {
            for _ in 0..count {
                world.ask_line(*who.get(&clients), Err(Rejection::new(ErrorCode::BadJson, "not JSON")));
            }
        }
        Step::Flush { bytes } => drop(world.flush(*who.get(&clients), bytes)),
        _ => {
            if let Some(request) = request(world, *who.get(&clients), step) {
                world.ask(*who.get(&clients), request);
            }
        }
    }
}
