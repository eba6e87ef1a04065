//! The server stands still for a while, as when a machine is out of memory or somebody debugs it. Nobody pays for that: who
//! talked goes on, who was silent is still there, who was just coming comes in.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, DEADLINE, Server, wire::Wire};
use serde_json::{Value, json};
use shared::{identity::Identity, limits::SENDS_UNANSWERED};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

const TALKERS: usize = 3;
/// Longer than any stop.
const PATIENCE: Duration = Duration::from_secs(150);

/// What the threads tell each other.
#[derive(Default)]
struct Talk {
    acknowledged: AtomicUsize,
    over: AtomicBool,
}

impl Talk {
    fn wait_for_more(&self, count: usize) {
        let (before, end) = (self.acknowledged.load(Ordering::Relaxed), Instant::now() + DEADLINE);
        while self.acknowledged.load(Ordering::Relaxed) < before + count {
            assert!(Instant::now() < end, "the talk does not go on");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn enter(address: SocketAddr, nickname: &str) -> Wire {
    let mut wire = Wire::connect(address).unwrap().patient(PATIENCE);
    wire.send(&json!({"type": "hello", "version": 1})).unwrap();
    wire.send(&json!({"type": "login", "nickname": nickname})).unwrap();
    assert_eq!(wire.expect("login").unwrap()["success"], true);
    wire.send(&json!({"type": "join", "room": "#r", "last": 0})).unwrap();
    wire.expect("joined").unwrap();
    wire
}

/// Talks over one connection until the talk is over; where each message is.
fn talker(address: SocketAddr, nickname: &str, talk: &Talk) -> Vec<(u64, String)> {
    let (mut wire, mut said, mut places) = (enter(address, nickname), 0, Vec::new());
    while places.len() < said || !talk.over.load(Ordering::Relaxed) {
        while said < places.len() + SENDS_UNANSWERED && !talk.over.load(Ordering::Relaxed) {
            let id = format!("{nickname}-{said}");
            wire.send(&json!({"type": "broadcast", "room": "#r", "id": id, "msg": id})).unwrap();
            said += 1;
        }
        let ack = wire.expect("ack").unwrap();
        assert_eq!(ack["id"], format!("{nickname}-{}", places.len()), "in order");
        places.push((ack["seq"].as_u64().unwrap(), ack["id"].as_str().unwrap().to_owned()));
        talk.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    places
}

/// Listens until it has been shown the entry that says that it is over.
fn listener(mut wire: Wire) -> Vec<(u64, String)> {
    let mut heard = Vec::new();
    loop {
        let event = wire.expect("message").unwrap();
        assert_eq!(event["seq"], heard.len() + 1);
        if event["msg"] == "over" {
            return heard;
        }
        heard.push((event["seq"].as_u64().unwrap(), event["msg"].as_str().unwrap().to_owned()));
    }
}

/// Ends the talk when it is dropped, so that a test that fails does not wait for those who talk.
struct Host<'a>(&'a Talk);

impl Drop for Host<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

fn login(nickname: &str) -> Value {
    json!({"type": "login", "nickname": nickname})
}

/// People who are on their way in when the server stops, and what they say while nobody listens.
struct Comers {
    silent: Client,
    guest: Client,
    owner: (Client, Value),
    late: Client,
}

impl Comers {
    fn new(server: &Server) -> Self {
        let new = || server.connect();
        let mut comers = Self { silent: new(), guest: new(), owner: (new(), Value::Null), late: new() };
        comers.guest.hello();
        comers.late.hello();
        comers.owner.1 = comers.owner.0.hello();
        comers
    }

    fn speak(&mut self) {
        self.silent.send(&json!({"type": "hello", "version": 1}));
        self.silent.send(&login("silent"));
        self.guest.send(&login("guest"));
        let (client, welcome) = &mut self.owner;
        client.send(&client.stream.keyed_login(welcome, "owner", &Identity::from_secret(&[4; 32])));
    }

    /// The first two have said who they are before the server went on.
    fn guests_come_in(&mut self) {
        assert_eq!(self.silent.first_byte(), b'{', "it is not greeted as somebody who says nothing");
        assert_eq!(self.silent.next()["type"], "welcome");
        for client in [&mut self.silent, &mut self.guest] {
            let answer = client.next();
            assert_eq!(answer["success"], true, "{answer}");
        }
    }

    /// So has this one; the nickname has to be stored first.
    fn owner_comes_in(&mut self) {
        let answer = self.owner.0.next();
        assert_eq!(answer["claimed"], true, "{answer}");
    }

    /// This one has had no time to.
    fn late_comes_in(&mut self) {
        self.late.send(&login("late"));
        let answer = self.late.next();
        assert_eq!(answer["success"], true, "{answer}");
    }
}

fn state(server: &Server) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    stat.rsplit(") ").next().unwrap().chars().next().unwrap()
}

fn stop_for(pause: Duration) -> (Server, Comers) {
    let server = Server::start();
    let (address, talk) = (server.address, &Talk::default());
    let mut idle = server.member("idle", "#r");
    let listening = enter(address, "listener");
    let comers = thread::scope(|scope| {
        let host = Host(talk);
        let heard = scope.spawn(|| listener(listening));
        let talkers: Vec<_> =
            (0..TALKERS).map(|n| scope.spawn(move || talker(address, &format!("talker{n}"), talk))).collect();
        talk.wait_for_more(200);
        let mut comers = Comers::new(&server);
        server.signal("-STOP");
        let end = Instant::now() + DEADLINE;
        while state(&server) != 'T' {
            assert!(Instant::now() < end, "it has stopped");
        }
        let before = talk.acknowledged.load(Ordering::Relaxed);
        comers.speak();
        let early = thread::spawn(move || enter(address, "early"));
        thread::sleep(pause);
        // What was on its way is at most what was unanswered.
        let meanwhile = talk.acknowledged.load(Ordering::Relaxed) - before;
        assert!(meanwhile <= TALKERS * SENDS_UNANSWERED, "{meanwhile}");
        server.signal("-CONT");
        comers.guests_come_in();
        early.join().unwrap();
        talk.wait_for_more(200);
        drop(host);
        let mut said: Vec<_> = talkers.into_iter().flat_map(|talker| talker.join().unwrap()).collect();
        said.sort();
        idle.send(&json!({"type": "broadcast", "room": "#r", "id": "over", "msg": "over"}));
        assert_eq!(idle.expect("ack")["seq"], said.len() + 1, "who was silent is still there; nothing is there twice");
        assert_eq!(heard.join().unwrap(), said, "everybody's words once, where they were acknowledged");
        comers
    });
    (server, comers)
}

#[test]
fn a_server_that_was_stopped_goes_on_as_if_nothing_had_been() {
    let (_server, mut comers) = stop_for(Duration::from_secs(3));
    comers.owner_comes_in();
    comers.late_comes_in();
}

/// `cargo test -p server --test stopped -- --ignored so_it_does`
#[test]
#[ignore = "takes 2 min: longer than any time that the server gives its clients"]
fn so_it_does_after_two_minutes() {
    stop_for(Duration::from_mins(2));
}

/// `cargo test -p server --test stopped -- --ignored who_claimed`
#[test]
#[ignore = "takes 35 s: longer than a client has to log in"]
fn who_claimed_a_nickname_while_the_server_stood_still_gets_it() {
    stop_for(Duration::from_secs(35)).1.owner_comes_in();
}

/// `cargo test -p server --test stopped -- --ignored who_could_not`
#[test]
#[ignore = "takes 35 s: longer than a client has to log in"]
fn who_could_not_log_in_while_the_server_stood_still_may_do_so_afterwards() {
    stop_for(Duration::from_secs(35)).1.late_comes_in();
}
