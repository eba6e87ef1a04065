//! Real talk, said again by its own people, while those who listen break, resume and ignore: everybody has the same log.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod replay;

use common::{Client, DEADLINE, Server};
use replay::{Acked, ROOMS, Told, replay, script};
use serde_json::{Value, json};
use shared::{Nickname, text::clean};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// What a listener does every so many entries, beside listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Stays,
    Breaks(usize),
    Ignores(usize),
    IgnoresAndBreaks(usize),
}

/// Somebody who only listens, and must end with the whole log of a room.
struct Listener {
    address: SocketAddr,
    room: &'static str,
    client: Client,
    nickname: String,
    epoch: Value,
    /// The log, from the first entry on.
    log: Vec<Value>,
    /// Entries behind a gap that is being filled.
    behind: VecDeque<Value>,
    breaks: usize,
}

impl Listener {
    fn come(server: &Server, room: &'static str, number: usize) -> Self {
        let nickname = format!("listener-{}-{number}", &room[1..]);
        let mut client = server.guest(&nickname);
        client.send(&json!({"type": "join", "room": room}));
        let epoch = client.expect("joined")["epoch"].clone();
        let (address, log, behind) = (server.address, Vec::new(), VecDeque::new());
        Self { address, room, client, nickname, epoch, log, behind, breaks: 0 }
    }

    /// Listens until it has `total` entries.
    fn listen(mut self, habit: Habit, total: usize, all_said: &AtomicBool) -> Vec<Value> {
        let end = Instant::now() + DEADLINE * 2;
        let mut next = 0;
        while self.log.len() < total {
            assert!(Instant::now() < end, "{} {habit:?} has {} of {total}", self.room, self.log.len());
            if let Some(event) = self.client.next_within(DEADLINE) {
                self.hear(event);
            }
            let (Habit::Breaks(every) | Habit::Ignores(every) | Habit::IgnoresAndBreaks(every)) = habit else {
                continue;
            };
            if self.log.len() < next + every {
                continue;
            }
            next = self.log.len();
            if !matches!(habit, Habit::Breaks(_)) {
                self.ignore_for_a_while(habit, all_said);
            }
            if matches!(habit, Habit::Breaks(_)) {
                self.break_and_resume();
            }
        }
        assert!(habit == Habit::Stays || next > 0, "{habit:?} had no occasion");
        self.log
    }

    fn hear(&mut self, event: Value) {
        match event["type"].as_str().unwrap() {
            "message" => self.take(event),
            "gap" => self.fill_gap(&event),
            "error" => panic!("{event}"),
            _ => {}
        }
    }

    fn take(&mut self, mut event: Value) {
        assert_eq!(event["room"], self.room);
        assert_eq!(event["seq"], self.log.len() + 1, "the next one, not {event}");
        let entry = event.as_object_mut().unwrap();
        entry.retain(|key, _| key != "type" && key != "room");
        self.log.push(event);
    }

    /// What is said not to be sent is in `history`.
    fn fill_gap(&mut self, gap: &Value) {
        assert_eq!((&gap["after"], &gap["lost"]), (&json!(self.log.len()), &json!(false)), "{gap}");
        let before = usize::try_from(gap["before"].as_u64().unwrap()).unwrap();
        while self.log.len() + 1 < before {
            let missing = (before - 1 - self.log.len()).min(200);
            let after = self.log.len();
            self.client.send(&json!({"type": "history", "room": self.room, "after": after, "limit": missing}));
            loop {
                let event = self.client.next();
                match event["type"].as_str().unwrap() {
                    "history" => {
                        self.log.extend(event["entries"].as_array().unwrap().iter().cloned());
                        assert_eq!(self.log.last().unwrap()["seq"], self.log.len());
                        assert!(self.log.len() > after, "{event}");
                        break;
                    }
                    "message" => self.behind.push_back(event),
                    _ => {}
                }
            }
        }
        while let Some(event) = self.behind.pop_front() {
            self.take(event);
        }
    }

    /// The connection is dropped with whatever is on its way. A guest's name is free once the server has seen that, so
    /// the next connection has another.
    fn break_and_resume(&mut self) {
        self.breaks += 1;
        self.client = Client::connect(self.address);
        self.client.hello();
        self.client.send(&json!({"type": "login", "nickname": format!("{}-{}", self.nickname, self.breaks)}));
        let after = self.log.len();
        self.client.send(&json!({"type": "join", "room": self.room, "after": after, "epoch": self.epoch}));
        let joined = self.client.expect("joined");
        assert_eq!(joined["epoch"], self.epoch);
        assert!(joined["head"].as_u64().unwrap() >= after as u64);
    }

    /// Ignore mode, until the server has said that something is held back, or nothing more will come. It ends as it was
    /// asked to, or with the connection.
    fn ignore_for_a_while(&mut self, habit: Habit, all_said: &AtomicBool) {
        self.client.send(&json!({"type": "ignore", "on": true}));
        loop {
            let event = self.client.next();
            if event["type"] == "ignore" {
                break;
            }
            self.hear(event);
        }
        let end = Instant::now() + DEADLINE;
        loop {
            assert!(Instant::now() < end, "neither is anything held back nor all said");
            match self.client.next_within(Duration::from_millis(50)) {
                Some(event) if event["type"] == "held" => break,
                Some(event) => assert!(event["type"] != "message" && event["type"] != "gap", "ignoring, but {event}"),
                None if all_said.load(Ordering::Acquire) => break,
                None => {}
            }
        }
        if matches!(habit, Habit::IgnoresAndBreaks(_)) {
            return self.break_and_resume();
        }
        self.client.send(&json!({"type": "ignore", "on": false}));
        loop {
            let event = self.client.next();
            if event["type"] == "ignore" {
                break;
            }
            assert!(event["type"] != "message" && event["type"] != "gap", "ignoring, but {event}");
        }
    }
}

/// A log as `history` has it, by pages.
fn history(client: &mut Client, room: &str, forward: bool) -> Vec<Value> {
    let mut log = VecDeque::new();
    loop {
        let mut request = json!({"type": "history", "room": room, "limit": 137});
        match (forward, log.front(), log.back()) {
            (true, _, last) => request["after"] = last.map_or(json!(0), |entry: &Value| entry["seq"].clone()),
            (false, Some(first), _) => request["before"] = first["seq"].clone(),
            (false, None, _) => {}
        }
        client.send(&request);
        let page = client.expect("history");
        let entries = page["entries"].as_array().unwrap().iter().cloned();
        if forward {
            log.extend(entries);
        } else {
            entries.rev().for_each(|entry| log.push_front(entry));
        }
        if page["more"] == false {
            return log.into();
        }
    }
}

fn check_history(server: &Server, logs: &[Vec<Value>]) {
    let mut reader = server.guest("historian");
    for ((room, _), log) in ROOMS.iter().zip(logs) {
        assert!(history(&mut reader, room, true) == *log, "{room}: history, forward, is what was seen");
        assert!(history(&mut reader, room, false) == *log, "{room}: history, backward, is what was seen");
    }
}

/// Everything that was said is in the log once, each person's lines in the order that they were said in.
fn check_said(logs: &[Vec<Value>], acked: &[Acked]) {
    let (mut said, mut logged) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
    for (room, told) in script() {
        if let Told::Said { from, kind, text } = told {
            said.entry((room, from)).or_default().push((kind, clean(text).into_owned()));
        }
    }
    for (room, log) in logs.iter().enumerate() {
        for entry in log {
            let kind = entry["kind"].as_str().unwrap_or("talk");
            let text = entry["msg"].as_str().unwrap().to_owned();
            logged.entry((room, entry["from"].as_str().unwrap())).or_default().push((kind, text));
        }
    }
    assert!(said == logged, "what was said is what is in the logs");
    for (room, id, seq) in acked {
        let entry = &logs[*room][usize::try_from(*seq).unwrap() - 1];
        assert_eq!((&entry["id"], &entry["seq"]), (&json!(id), &json!(seq)), "acknowledged as another entry");
    }
    assert_eq!(acked.len(), logs.iter().map(Vec::len).sum::<usize>());
}

#[test]
fn every_nickname_but_the_aliases_is_one_of_its_own() {
    let names: HashSet<&str> = script()
        .into_iter()
        .map(|(_, told)| match told {
            Told::Said { from, .. } | Told::Left(from) => from,
        })
        .collect();
    let mut keys = HashMap::new();
    for name in names {
        let nickname = Nickname::parse(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(other) = keys.insert(nickname.key(), name) {
            panic!("{name} and {other} are one name");
        }
    }
}

#[test]
fn everybody_has_the_same_log_whatever_breaks() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path(), "127.0.0.1:0", "");
    let script = script();
    let total = ROOMS.map(|(name, _)| {
        let of_room = |(room, told): &&(usize, Told)| ROOMS[*room].0 == name && matches!(told, Told::Said { .. });
        script.iter().filter(of_room).count()
    });
    let habits =
        [Habit::Stays, Habit::Breaks(23), Habit::Breaks(311), Habit::Ignores(150), Habit::IgnoresAndBreaks(200)];
    let all_said = AtomicBool::new(false);
    let (acked, logs) = thread::scope(|scope| {
        let mut listeners = Vec::new();
        for ((room, _), total) in ROOMS.iter().zip(total) {
            for (number, habit) in habits.into_iter().enumerate() {
                let (listener, all_said) = (Listener::come(&server, room, number), &all_said);
                listeners.push(scope.spawn(move || listener.listen(habit, total, all_said)));
            }
        }
        let acked = replay(server.address);
        all_said.store(true, Ordering::Release);
        let mut logs = listeners.into_iter().map(|listener| listener.join().unwrap());
        let logs = ROOMS.map(|(room, _)| {
            let log = logs.next().unwrap();
            for habit in &habits[1..] {
                assert!(logs.next().unwrap() == log, "{room}: the listener that {habit:?} has another log");
            }
            log
        });
        (acked, logs)
    });
    check_said(&logs, &acked);
    check_history(&server, &logs);

    // Who comes from far behind is told of a gap, and finds in history what is in it.
    let mut late = Listener::come(&server, ROOMS[0].0, habits.len());
    late.break_and_resume();
    assert_eq!(late.client.expect("gap")["before"], logs[0].len() + 1 - 50);
    late.break_and_resume();
    assert!(late.listen(Habit::Stays, logs[0].len(), &all_said) == logs[0]);

    assert_eq!(server.terminate(), Some(0));
    let server = Server::start_in(directory.path(), "127.0.0.1:0", "");
    check_history(&server, &logs);
}
