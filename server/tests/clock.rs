//! The clock on the wall is a label: whatever it shows, and however it jumps, talk goes on in one order.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::Client;
use serde_json::{Value, json};
use server::{Config, Running, WallClock, config::Listen, config::Overrides};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// 19 January 2038, 03:14:08 UTC: one second more than fits into 31 bits.
const Y2038: u64 = 2_147_483_648_000;

/// A server whose clock shows what it is told.
struct World {
    clock: Arc<AtomicU64>,
    server: Running,
    _directory: tempfile::TempDir,
}

impl World {
    fn at(time: u64) -> Self {
        let (directory, clock) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(time)));
        let shown = clock.clone();
        let overrides = Overrides { data_dir: Some(directory.path().into()), ..Overrides::default() };
        let mut config = Config::load(overrides).unwrap();
        config.listen = vec![Listen { address: "127.0.0.1:0".parse().unwrap(), required: true }];
        config.journal.wall = WallClock::new(move || shown.load(Ordering::Relaxed));
        Self { clock, server: server::start(config).unwrap(), _directory: directory }
    }

    fn member(&self, nickname: &str) -> Client {
        let mut client = Client::connect(self.server.addresses[0]);
        client.hello();
        client.send(&json!({"type": "login", "nickname": nickname}));
        assert_eq!(client.expect("login")["success"], true);
        client.send(&json!({"type": "join", "room": "#time"}));
        client.expect("joined");
        client
    }

    fn set(&self, time: u64) {
        self.clock.store(time, Ordering::Relaxed);
    }
}

/// Says something; seq and time of the ack.
fn say(client: &mut Client, id: u64) -> (u64, u64) {
    client.send(&json!({"type": "broadcast", "room": "#time", "id": format!("n{id}"), "msg": format!("line {id}")}));
    let ack = client.expect("ack");
    (ack["seq"].as_u64().unwrap(), ack["at"].as_u64().unwrap())
}

fn seqs(page: &Value) -> Vec<u64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

#[test]
fn at_any_time_of_the_world_talk_goes_on() {
    for time in [0, 1, Y2038 - 1, Y2038, 4_294_967_296_000, 253_402_300_800_000] {
        let world = World::at(time);
        let mut alice = world.member("alice");
        assert_eq!((say(&mut alice, 1), say(&mut alice, 2)), ((1, time), (2, time)), "a clock that stands still");
        alice.send(&json!({"type": "history", "room": "#time", "at": time}));
        assert_eq!(seqs(&alice.expect("history")), [1, 2]);
        world.server.stop().unwrap();
    }
}

#[test]
fn times_of_a_log_never_go_back_and_its_order_is_that_of_the_numbers() {
    let world = World::at(Y2038);
    let mut alice = world.member("alice");
    let mut last = (0, 0);
    for (number, time) in [Y2038, Y2038 + 86_400_000, 0, 5, Y2038 - 1, Y2038 + 86_400_001, 1].into_iter().enumerate() {
        world.set(time);
        let said = say(&mut alice, number as u64);
        assert_eq!(said.0, last.0 + 1);
        assert!(said.1 >= last.1, "{said:?} after {last:?}");
        last = said;
    }
    alice.send(&json!({"type": "history", "room": "#time", "at": Y2038 + 1}));
    assert_eq!(
        seqs(&alice.expect("history")),
        [2, 3, 4, 5, 6, 7],
        "what came while the clock was back counts as later"
    );
    alice.send(&json!({"type": "search", "text": "line", "room": "#time"}));
    assert_eq!(seqs(&alice.expect("search")), [7, 6, 5, 4, 3, 2, 1]);
    world.server.stop().unwrap();
}

#[test]
fn ignore_mode_ends_by_the_clock_on_the_wall_even_if_that_jumps() {
    let world = World::at(Y2038);
    let (mut alice, mut bob) = (world.member("alice"), world.member("bob"));
    alice.send(&json!({"type": "ignore", "on": true, "until": Y2038 + 3_600_000}));
    assert_eq!(alice.expect("ignore")["on"], true);
    say(&mut bob, 1);
    world.set(Y2038 + 3_600_000);
    // Something happens, and so the server looks at its clock.
    say(&mut bob, 2);
    let over = alice.expect("ignore");
    // Whether the last line was there before the mode ended depends on who was faster.
    assert!(over["on"] == false && (1..=2).contains(&over["held"].as_u64().unwrap()), "{over}");
    assert_eq!(alice.expect("message")["seq"], 1);
    world.server.stop().unwrap();
}
