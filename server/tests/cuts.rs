//! A connection is cut behind every single byte of a talk, in each direction, by FIN and by RST. Whoever comes back, goes on
//! where it was and says again what nobody acknowledged, finds everything in the room once, in order, where it was.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod relay;

use common::{DEADLINE, Server, dice::Dice, stream::Door, wire::Wire};
use relay::{Cut, End, Relay, Way};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

/// Talks that go on at the same time.
const PAIRS: usize = 10;
/// Over TLS the normal run cuts behind every byte that is so far from the last; a prime, so that no record is spared.
const STRIDE_OVER_TLS: usize = 53;
/// What Alice says, in this order: `m` to the room, `d` to Bob alone.
const SAID: [&str; 5] = ["m1", "m2", "d1", "m3", "d2"];

/// A log as somebody was shown it.
#[derive(Default)]
struct Log {
    epoch: Option<Value>,
    entries: Vec<Value>,
    /// Entries that must be there still.
    head: u64,
    read: u64,
}

impl Log {
    fn texts(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry["msg"].as_str().unwrap()).collect()
    }

    fn start(&self, room: &str) -> Value {
        match &self.epoch {
            Some(epoch) => json!({"type": "join", "room": room, "after": self.entries.len(), "epoch": epoch}),
            None => json!({"type": "join", "room": room}),
        }
    }

    fn hear(&mut self, event: &Value) {
        match event["type"].as_str().unwrap() {
            "joined" => {
                assert_eq!(*self.epoch.get_or_insert_with(|| event["epoch"].clone()), event["epoch"]);
                assert!(event["head"].as_u64() >= Some(self.head.max(self.entries.len() as u64)), "{event}");
                assert!(event["read"].is_null() || event["read"].as_u64() >= Some(self.read), "{event}: {}", self.read);
            }
            "message" => {
                assert_eq!(event["seq"], self.entries.len() + 1, "each entry once, in order: {event}");
                self.entries.push(entry(event));
            }
            "ack" => self.head = self.head.max(event["seq"].as_u64().unwrap()),
            "read" => self.read = event["seq"].as_u64().unwrap(),
            "gap" => panic!("nothing is passed over: {event}"),
            _ => {}
        }
    }
}

/// An entry without what only its line has.
fn entry(event: &Value) -> Value {
    let mut entry = event.clone();
    let fields = entry.as_object_mut().unwrap();
    fields.retain(|key, _| !["type", "room"].contains(&key.as_str()));
    entry
}

/// Somebody in one room, with all that a client keeps when its connection is cut.
struct Person {
    nickname: String,
    identity: Identity,
    room: String,
    logs: BTreeMap<String, Log>,
    acks: BTreeMap<String, Value>,
    /// As it must be. `None`: asked for, and not answered.
    ignoring: Option<bool>,
    /// As this connection was told.
    is_held: bool,
}

impl Person {
    fn new(nickname: String) -> Self {
        let identity = Identity::from_secret(&[7; 32]);
        let (logs, acks) = (BTreeMap::new(), BTreeMap::new());
        Self { nickname, identity, room: String::new(), logs, acks, ignoring: Some(false), is_held: false }
    }

    fn hear(&mut self, event: &Value) {
        match event["type"].as_str().unwrap() {
            "error" => panic!("{event}"),
            "ack" => drop(self.acks.insert(event["id"].as_str().unwrap().to_owned(), event.clone())),
            "ignore" => {
                self.ignoring = event["on"].as_bool();
                self.is_held = event["on"] == true;
            }
            "message" if event["room"] != "@" => assert!(!self.is_held, "ignore mode is on: {event}"),
            _ => {}
        }
        if let Some(room) = event["room"].as_str() {
            self.logs.entry(room.to_owned()).or_default().hear(event);
        }
    }

    /// Listens until it is so.
    fn until(&mut self, wire: &mut Wire, is_so: impl Fn(&Self, &Value) -> bool) -> Option<Value> {
        let end = Instant::now() + DEADLINE;
        loop {
            let event = wire.next()?;
            self.hear(&event);
            if is_so(self, &event) {
                return Some(event);
            }
            assert!(Instant::now() < end, "{event}, but not what was waited for");
        }
    }

    fn answer(&mut self, wire: &mut Wire, kind: &str) -> Option<Value> {
        self.until(wire, |_, event| event["type"] == kind)
    }

    fn log_in(&mut self, wire: &mut Wire) -> Option<()> {
        let login = wire.log_in(&self.nickname, &self.identity)?;
        if let Some(ignoring) = self.ignoring {
            assert_eq!(login["ignoring"], ignoring, "{login}");
        }
        self.is_held = login["ignoring"] == true;
        Some(())
    }

    /// Joins where it was.
    fn join(&mut self, wire: &mut Wire, room: &str) -> Option<()> {
        wire.send(&self.logs.entry(room.to_owned()).or_default().start(room))?;
        self.answer(wire, "joined").map(drop)
    }

    /// Says something in one write, and waits until it is acknowledged.
    fn say(&mut self, wire: &mut Wire, ids: &[&str], to: &str) -> Option<()> {
        let request = |id: &&str| match *id {
            id if id.starts_with('d') => {
                json!({"type": "sendto", "nickname": to, "id": id, "msg": format!("{id} 悄悄话")})
            }
            "m3" => json!({"type": "broadcast", "room": self.room, "id": "m3", "msg": "m3", "kind": "action", "re": 1}),
            id => json!({"type": "broadcast", "room": self.room, "id": id, "msg": id}),
        };
        wire.send_all(&ids.iter().map(request).collect::<Vec<_>>())?;
        while let Some(id) = ids.iter().find(|id| !self.acks.contains_key(**id)) {
            self.until(wire, |_, event| event["type"] == "ack" && event["id"] == *id)?;
        }
        Some(())
    }

    fn ignore(&mut self, wire: &mut Wire, on: bool) -> Option<()> {
        self.ignoring = None;
        wire.send(&json!({"type": "ignore", "on": on}))?;
        self.until(wire, |person, event| event["type"] == "ignore" && person.ignoring == Some(on)).map(drop)
    }

    /// A whole log, once everything of it has been shown as well.
    fn whole(&mut self, wire: &mut Wire, room: &str) -> Vec<Value> {
        wire.send(&json!({"type": "history", "room": room, "after": 0, "limit": 200})).unwrap();
        let page = self.answer(wire, "history").unwrap();
        let stored: Vec<Value> = page["entries"].as_array().unwrap().iter().map(entry).collect();
        while self.logs[room].entries.len() < stored.len() {
            self.until(wire, |_, event| event["type"] == "message").unwrap();
        }
        assert_eq!(self.logs[room].entries, stored, "what was shown, before the cut and behind it, is the log");
        stored
    }
}

/// Somebody whose connection stays.
struct Bob {
    person: Person,
    wire: Wire,
}

impl Bob {
    fn new(door: Door, nickname: String) -> Self {
        let mut bob = Self { person: Person::new(nickname), wire: Wire::connect(door).unwrap() };
        bob.person.log_in(&mut bob.wire).unwrap();
        bob.person.join(&mut bob.wire, "@").unwrap();
        bob
    }

    fn go_to(&mut self, room: &str) {
        if !self.person.room.is_empty() {
            self.wire.send(&json!({"type": "leave", "room": self.person.room})).unwrap();
        }
        room.clone_into(&mut self.person.room);
        self.person.join(&mut self.wire, room).unwrap();
    }

    fn say(&mut self, id: &str) {
        self.person.acks.remove(id);
        self.person.say(&mut self.wire, &[id], "").unwrap();
    }
}

/// All of the talk. `None`: the connection was cut.
fn talk(alice: &mut Person, wire: &mut Wire, bob: &mut Bob) -> Option<()> {
    let (room, to) = (alice.room.clone(), bob.person.nickname.clone());
    alice.log_in(wire)?;
    alice.join(wire, &room)?;
    alice.join(wire, "@")?;
    alice.say(wire, &SAID[..2], &to)?;
    alice.say(wire, &SAID[2..3], &to)?;
    alice.ignore(wire, true)?;
    bob.say("meanwhile");
    alice.ignore(wire, false)?;
    alice.say(wire, &SAID[3..], &to)?;
    let read = json!({"type": "read", "room": room, "seq": 4});
    wire.send_all(&[read, json!({"type": "history", "room": room, "before": 4, "limit": 2})])?;
    alice.answer(wire, "read")?;
    assert_eq!(alice.answer(wire, "history")?["entries"].as_array().unwrap().len(), 2);
    wire.send(&json!({"type": "bye"}))?;
    while let Some(event) = wire.next() {
        alice.hear(&event);
    }
    Some(())
}

/// A talk that is cut, and what comes after it. False: it was not cut, for it was over before.
fn cut_talk(door: Door, bob: &mut Bob, cut: Cut) -> bool {
    let mut alice = Person::new(format!("alice{:05}", cut.after));
    alice.room = format!("#cut{:05}", cut.after);
    bob.go_to(&alice.room);
    bob.say("hello");
    let heard = bob.person.logs["@"].entries.len();
    let (end, relay) = Relay::open(door.address, cut);
    let was_cut = thread::scope(|scope| {
        let carrying = scope.spawn(|| relay.carry());
        // Over TLS the handshake may be what is cut.
        let wire = door.enter(end).ok().and_then(Wire::over);
        let is_over = wire.and_then(|mut wire| talk(&mut alice, &mut wire, bob)).is_some();
        let was_cut = carrying.join().unwrap();
        assert!(is_over || was_cut, "nobody else ends the connection");
        was_cut
    });
    let (room, to) = (alice.room.clone(), bob.person.nickname.clone());
    let before = alice.acks.clone();
    let mut wire = Wire::connect(door).unwrap();
    alice.log_in(&mut wire).unwrap();
    alice.join(&mut wire, &room).unwrap();
    alice.join(&mut wire, "@").unwrap();
    if alice.ignoring != Some(false) {
        alice.ignore(&mut wire, false).unwrap();
    }
    let again: Vec<&str> = SAID.into_iter().filter(|id| !alice.acks.contains_key(*id)).collect();
    alice.say(&mut wire, &again, &to).unwrap();

    let stored = alice.whole(&mut wire, &room);
    let texts: Vec<&str> = stored.iter().map(|entry| entry["msg"].as_str().unwrap()).collect();
    let all = ["hello", "m1", "m2", "meanwhile", "m3"];
    let has_meanwhile = texts.contains(&"meanwhile");
    let expected: Vec<&str> = all.into_iter().filter(|text| has_meanwhile || *text != "meanwhile").collect();
    assert_eq!(texts, expected, "everything once, in order");
    let inbox = alice.whole(&mut wire, "@");
    for (id, ack) in &alice.acks {
        let log = if ack["room"] == "@" { &inbox } else { &stored };
        let place = usize::try_from(ack["seq"].as_u64().unwrap()).unwrap() - 1;
        assert_eq!((&log[place]["id"], &log[place]["at"]), (&json!(id), &ack["at"]), "{ack}");
    }
    assert!(before.iter().all(|(id, ack)| alice.acks[id] == *ack));
    assert_eq!(alice.logs["@"].texts(), ["d1 悄悄话", "d2 悄悄话"]);
    assert_eq!(bob.person.whole(&mut bob.wire, &room), stored, "Bob, who stayed, was shown the same");
    // He hears direct messages beside the room.
    while bob.person.logs["@"].entries.len() < heard + 2 {
        bob.person.until(&mut bob.wire, |_, event| event["type"] == "message").unwrap();
    }
    assert_eq!(bob.person.logs["@"].texts()[heard..], ["d1 悄悄话", "d2 悄悄话"]);
    wire.send(&json!({"type": "bye"})).unwrap();
    was_cut
}

/// Cuts behind every byte of a talk in that direction.
fn cut_everywhere(way: Way, end: End) {
    cut_in_steps(way, end, Door::from, 0, 1);
}

/// Cuts behind the first byte, and again behind each that is a stride further, until a talk is over before it is cut.
fn cut_in_steps(way: Way, end: End, door: fn(SocketAddr) -> Door, first: usize, stride: usize) {
    let server = Server::start_with("[limits]\nrooms = 100000\n");
    let (next, over) = (AtomicUsize::new(first), AtomicUsize::new(usize::MAX));
    thread::scope(|scope| {
        for pair in 0..PAIRS {
            let (next, over, door) = (&next, &over, door(server.address));
            scope.spawn(move || {
                let mut bob = Bob::new(door, format!("bob{pair}"));
                loop {
                    let after = next.fetch_add(stride, Ordering::Relaxed);
                    if after > over.load(Ordering::Relaxed) {
                        return;
                    }
                    if !cut_talk(door, &mut bob, Cut { way, after, end }) {
                        over.fetch_min(after, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let length = over.into_inner();
    println!("{way:?}, {end:?}: {} cuts within {length} bytes", (length - first) / stride);
    assert!((500..20_000).contains(&length), "{length} bytes");
}

#[test]
fn what_goes_to_the_server_is_cut_by_a_close() {
    cut_everywhere(Way::ToServer, End::Close);
}

#[test]
fn what_goes_to_the_server_is_cut_by_a_reset() {
    cut_everywhere(Way::ToServer, End::Reset);
}

#[test]
fn what_goes_to_the_client_is_cut_by_a_close() {
    cut_everywhere(Way::ToClient, End::Close);
}

#[test]
fn what_goes_to_the_client_is_cut_by_a_reset() {
    cut_everywhere(Way::ToClient, End::Reset);
}

/// Handshakes, records and goodbyes, too, are cut anywhere.
#[test]
fn what_is_said_over_tls_is_cut_as_well() {
    let mut dice = Dice::of_this_run(6);
    for way in [Way::ToServer, Way::ToClient] {
        for end in [End::Close, End::Reset] {
            cut_in_steps(way, end, Door::secure, dice.below(STRIDE_OVER_TLS), STRIDE_OVER_TLS);
        }
    }
}
