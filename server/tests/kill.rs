//! The server is killed in the middle of a burst, and sometimes in the middle of its start, again and again over one data
//! directory. Whatever it has acknowledged or shown is there afterwards, once, under the same number.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{DEADLINE, Server, dice::Dice, stream::Door, wire::Wire};
use serde_json::{Value, json};
use shared::{
    identity::Identity,
    limits::{LAST_DEFAULT, SENDS_UNANSWERED},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::SocketAddr,
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

/// Kills of one data directory; there are four, so that the logs stay short and both cores have something to do.
const ROUNDS: usize = 50;
/// Kills over TLS, where everything else is plain.
const ROUNDS_OVER_TLS: usize = 12;
const SENDERS: u8 = 4;
const ROOMS: [&str; 2] = ["#kill-a", "#kill-b"];
const LINES: &str = include_str!("../../assets/talk/zh/lines.txt");

/// A message as its sender knows it.
#[derive(Debug, Clone)]
struct Message {
    room: usize,
    id: String,
    text: String,
}

/// Somebody who says more than can be stored before the server dies, and keeps what is not acknowledged.
struct Sender {
    nickname: String,
    identity: Identity,
    sent: usize,
    unacknowledged: VecDeque<Message>,
    /// Where each message is, by its id.
    acknowledged: HashMap<String, (Message, u64)>,
}

impl Sender {
    fn new(number: u8) -> Self {
        let identity = Identity::from_secret(&[number + 1; 32]);
        let (unacknowledged, acknowledged) = (VecDeque::new(), HashMap::new());
        Self { nickname: format!("sender-{number}"), identity, sent: 0, unacknowledged, acknowledged }
    }

    fn next_message(&mut self) -> Message {
        self.sent += 1;
        let line = LINES.lines().cycle().nth(self.sent % 311).unwrap();
        let text = format!("{} {line}", self.sent);
        Message { room: self.sent % 3 % ROOMS.len(), id: format!("m{}", self.sent), text }
    }

    /// Talks until the connection ends; `acks` gets something for each acknowledgement. Without it nothing new is said,
    /// and it ends when everything old is acknowledged.
    fn run(&mut self, door: Door, acks: Option<&mpsc::Sender<()>>) -> Option<()> {
        let mut wire = Wire::connect(door)?;
        wire.log_in(&self.nickname, &self.identity)?;
        for room in ROOMS {
            wire.send(&json!({"type": "join", "room": room, "last": 0}))?;
            wire.expect("joined")?;
        }
        for message in &self.unacknowledged {
            say(&mut wire, message)?;
        }
        loop {
            while self.unacknowledged.len() < SENDS_UNANSWERED && acks.is_some() {
                let message = self.next_message();
                self.unacknowledged.push_back(message.clone());
                say(&mut wire, &message)?;
            }
            if self.unacknowledged.is_empty() {
                return Some(());
            }
            let ack = wire.expect("ack")?;
            let message = self.unacknowledged.pop_front().unwrap();
            assert_eq!((&ack["id"], &ack["room"]), (&json!(message.id), &json!(ROOMS[message.room])), "in order");
            self.acknowledged.insert(message.id.clone(), (message, ack["seq"].as_u64().unwrap()));
            // Once there were enough of them nobody counts.
            acks.map(|acks| acks.send(()));
        }
    }
}

fn say(wire: &mut Wire, message: &Message) -> Option<()> {
    let Message { room, id, text } = message;
    wire.send(&json!({"type": "broadcast", "room": ROOMS[*room], "id": id, "msg": text}))
}

/// An entry without what only its room knows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: String,
    from: String,
    at: u64,
    text: String,
}

impl Entry {
    fn of(event: &Value) -> Self {
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        Self { id: text("id"), from: text("from"), at: event["at"].as_u64().unwrap(), text: text("msg") }
    }
}

type Log = BTreeMap<u64, Entry>;

/// Somebody who listens, and goes on behind the last entry that it was shown.
struct Listener {
    identity: Identity,
    epochs: [Option<Value>; 2],
    cursors: [u64; 2],
    shown: [Log; 2],
}

impl Listener {
    fn new() -> Self {
        let identity = Identity::from_secret(&[99; 32]);
        Self { identity, epochs: Default::default(), cursors: [0; 2], shown: Default::default() }
    }

    /// Listens until the connection ends.
    fn run(&mut self, door: Door) -> Option<()> {
        let mut wire = Wire::connect(door)?;
        wire.log_in("listener", &self.identity)?;
        for (room, name) in ROOMS.iter().enumerate() {
            let mut join = json!({"type": "join", "room": name});
            if let Some(epoch) = &self.epochs[room] {
                join["after"] = self.cursors[room].into();
                join["epoch"] = epoch.clone();
            }
            wire.send(&join)?;
        }
        loop {
            let event = wire.next()?;
            if let Some(room) = ROOMS.iter().position(|name| event["room"] == *name) {
                self.hear(room, &event);
            }
        }
    }

    fn hear(&mut self, room: usize, event: &Value) {
        let (cursor, number) = (&mut self.cursors[room], |key: &str| event[key].as_u64().unwrap());
        match event["type"].as_str().unwrap() {
            "joined" => match &self.epochs[room] {
                Some(epoch) => {
                    assert_eq!(event["epoch"], *epoch, "a kill begins no new incarnation");
                    assert!(number("head") >= *cursor, "{event}, but {cursor} was shown");
                }
                None => {
                    self.epochs[room] = Some(event["epoch"].clone());
                    *cursor = number("head").saturating_sub(LAST_DEFAULT);
                }
            },
            "gap" => {
                assert_eq!((number("after"), &event["lost"]), (*cursor, &json!(false)), "{event}");
                *cursor = number("before") - 1;
            }
            "message" => {
                *cursor += 1;
                assert_eq!(number("seq"), *cursor, "{event}");
                self.shown[room].insert(*cursor, Entry::of(event));
            }
            _ => {}
        }
    }
}

/// Logs as they are stored, page by page; gone through after each kill.
#[derive(Default)]
struct Audit {
    stored: [Log; 2],
}

impl Audit {
    fn check(&mut self, door: Door, senders: &[Sender], listener: &Listener) {
        let mut wire = Wire::connect(door).unwrap();
        wire.send(&json!({"type": "hello", "version": 1})).unwrap();
        wire.send(&json!({"type": "login", "nickname": "auditor"})).unwrap();
        assert_eq!(wire.expect("login").unwrap()["success"], true);
        for (room, name) in ROOMS.iter().enumerate() {
            let log = pages(&mut wire, name);
            for (seq, entry) in &self.stored[room] {
                assert_eq!(log.get(seq), Some(entry), "{name} {seq} was there, and is as it was");
            }
            for (seq, entry) in &listener.shown[room] {
                assert_eq!(log.get(seq), Some(entry), "{name} {seq} was shown, and is there");
            }
            let ids: HashSet<_> = log.values().map(|entry| (&entry.from, &entry.id)).collect();
            assert_eq!(ids.len(), log.len(), "{name}: nothing is there twice");
            self.stored[room] = log;
        }
        for sender in senders {
            for (id, (message, seq)) in &sender.acknowledged {
                let entry = self.stored[message.room].get(seq).map(|entry| (&entry.from, &entry.id, &entry.text));
                assert_eq!(entry, Some((&sender.nickname, id, &message.text)), "acknowledged as {seq}");
            }
        }
    }
}

/// A whole log; its numbers have no holes.
fn pages(wire: &mut Wire, room: &str) -> Log {
    let mut log = Log::new();
    loop {
        wire.send(&json!({"type": "history", "room": room, "after": log.len(), "limit": 200})).unwrap();
        let page = wire.next().unwrap();
        if log.is_empty() && page["code"] == "room_invalid" {
            // Nothing has been said yet.
            return log;
        }
        assert_eq!(page["type"], "history", "{page}");
        for entry in page["entries"].as_array().unwrap() {
            assert_eq!(entry["seq"], log.len() + 1, "{room} has no holes");
            log.insert(log.len() as u64 + 1, Entry::of(entry));
        }
        if page["more"] == false {
            return log;
        }
    }
}

/// Lets everybody talk until so many messages of this round are acknowledged, and a little longer; then kills the server.
fn burst(
    server: &mut Server,
    door: Door,
    senders: &mut [Sender],
    listener: &mut Listener,
    acks_before_kill: u64,
    longer: Duration,
) {
    let (acks, acked) = mpsc::channel();
    let talked = thread::scope(|scope| {
        scope.spawn(move || listener.run(door));
        for sender in senders {
            let acks = acks.clone();
            scope.spawn(move || sender.run(door, Some(&acks)));
        }
        drop(acks);
        let talked = (0..acks_before_kill).all(|_| acked.recv_timeout(DEADLINE).is_ok());
        thread::sleep(longer);
        server.kill();
        talked
    });
    assert!(talked, "the talk went on until the kill");
}

/// A server that does not live to serve: killed while it opens its journal, or just before or after.
fn stillborn(directory: &Path, age: Duration) {
    let mut child = common::command(directory, "127.0.0.1:0").stdout(std::process::Stdio::null()).spawn().unwrap();
    thread::sleep(age);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// All rounds over one data directory, with clients that come in as `door` has it.
fn rounds(salt: u64, rounds: usize, door: fn(SocketAddr) -> Door) {
    let mut dice = Dice::of_this_run(salt);
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::start_in(directory.path(), "127.0.0.1:0", "");
    let mut senders: Vec<Sender> = (0..SENDERS).map(Sender::new).collect();
    let (mut listener, mut audit) = (Listener::new(), Audit::default());
    let mut unacknowledged = 0;
    for _ in 0..rounds {
        if dice.below(4) == 0 {
            stillborn(directory.path(), dice.while_below(Duration::from_millis(40)));
        }
        let mut server = start();
        let door = door(server.address);
        audit.check(door, &senders, &listener);
        // From none at all, in the middle of the logins, to well into the burst.
        let (acks, longer) = (dice.below(310) as u64, dice.while_below(Duration::from_millis(2)));
        burst(&mut server, door, &mut senders, &mut listener, acks, longer);
        unacknowledged += senders.iter().map(|sender| sender.unacknowledged.len()).sum::<usize>();
    }
    assert!(unacknowledged > rounds, "the kills came in mid-burst");

    let server = start();
    for sender in &mut senders {
        assert_eq!(sender.run(door(server.address), None), Some(()));
    }
    audit.check(door(server.address), &senders, &listener);
    let sent: usize = senders.iter().map(|sender| sender.sent).sum();
    assert_eq!(audit.stored.iter().map(Log::len).sum::<usize>(), sent, "everything that was sent is there, once");
    assert!(listener.shown.iter().all(|log| log.len() > rounds), "the listener was shown something");
}

#[test]
fn what_was_acknowledged_or_shown_survives_a_kill() {
    rounds(1, ROUNDS, Door::from);
}

#[test]
fn so_it_does_in_a_second_directory() {
    rounds(2, ROUNDS, Door::from);
}

#[test]
fn so_it_does_in_a_third_directory() {
    rounds(3, ROUNDS, Door::from);
}

#[test]
fn so_it_does_in_a_fourth_directory() {
    rounds(4, ROUNDS, Door::from);
}

#[test]
fn so_it_does_over_tls() {
    rounds(5, ROUNDS_OVER_TLS, Door::secure);
}
