//! Connections that end or stand still in odd places: half lines, a goodbye behind the last word, one byte at a time, somebody
//! who never reads, somebody who has vanished.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, DEADLINE, Server};
use serde_json::{Value, json};
use shared::identity::Identity;
use socket2::SockRef;
use std::{
    thread,
    time::{Duration, Instant},
};

fn broadcast(id: &str, text: &str) -> Value {
    json!({"type": "broadcast", "room": "#r", "id": id, "msg": text})
}

/// Ends it as a machine does that knows nothing of the connection.
fn reset(client: Client) {
    SockRef::from(client.stream.socket()).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Listens until somebody has left the room; what was said until then.
fn heard_until_left(client: &mut Client, nickname: &str) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let event = client.next();
        match event["type"].as_str().unwrap() {
            "message" => heard.push(event["id"].clone()),
            "presence" if event["left"].as_array().is_some_and(|left| left.contains(&json!(nickname))) => return heard,
            _ => {}
        }
    }
}

fn stored(client: &mut Client) -> Vec<Value> {
    client.send(&json!({"type": "history", "room": "#r"}));
    client.expect("history")["entries"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect()
}

#[test]
fn of_half_a_line_before_a_reset_nothing_happens() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.member("bob", "#r"));
    ann.send(&broadcast("m1", "whole"));
    ann.expect("ack");
    ann.send_bytes(&broadcast("m2", "half a li").to_string().as_bytes()[..60]);
    reset(ann);
    assert_eq!(heard_until_left(&mut bob, "ann"), ["m1"]);
    assert_eq!(stored(&mut bob), ["m1"]);
}

#[test]
fn of_half_a_line_before_the_end_nothing_happens() {
    let server = Server::start();
    // All of the request is there, but for the line's end.
    let whole = broadcast("m2", "all but its end").to_string();
    for length in [1, 30, whole.len() - 1, whole.len()] {
        let (mut ann, mut bob) = (server.member("ann", "#r"), server.member("bob", "#r"));
        ann.send_bytes(format!("{}\n{}", broadcast("m1", "whole"), &whole[..length]).as_bytes());
        ann.stream.end().unwrap();
        let kinds: Vec<Value> = ann.rest().iter().map(|event| event["type"].clone()).collect();
        let kinds: Vec<&Value> = kinds.iter().filter(|kind| *kind != "presence").collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "ack").count(), 1, "{kinds:?}");
        assert!(!kinds.iter().any(|kind| *kind == "error"), "{kinds:?}");
        heard_until_left(&mut bob, "ann");
        assert!(!stored(&mut bob).contains(&json!("m2")));
        bob.send(&json!({"type": "bye"}));
        bob.rest();
    }
}

#[test]
fn what_was_asked_just_before_the_end_is_answered() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.member("bob", "#r"));
    let requests = [
        broadcast("m1", "the last word"),
        json!({"type": "sendto", "nickname": "bob", "id": "d1", "msg": "but one"}),
        json!({"type": "history", "room": "#r", "tag": "h"}),
    ];
    let lines: String = requests.iter().flat_map(|request| [request.to_string(), "\n".to_owned()]).collect();
    ann.send_bytes(lines.as_bytes());
    ann.stream.end().unwrap();
    let events = ann.rest();
    let has = |kind: &str, key: &str, value: &str| events.iter().any(|e| e["type"] == kind && e[key] == value);
    assert!(has("ack", "id", "m1") && has("ack", "id", "d1") && has("history", "tag", "h"), "{events:?}");
    assert!(has("message", "id", "m1"), "what she follows is shown to her: {events:?}");
    assert_eq!(heard_until_left(&mut bob, "ann"), ["m1"]);
    bob.send(&json!({"type": "join", "room": "@"}));
    assert_eq!(bob.expect("message")["id"], "d1");
}

#[test]
fn what_was_said_just_before_everything_is_closed_is_said() {
    let server = Server::start();
    let mut bob = server.member("bob", "#r");
    for n in 0..50 {
        let (nickname, id) = (format!("ann{n}"), format!("m{n}"));
        let mut ann = server.member(&nickname, "#r");
        ann.send(&broadcast(&id, "and away"));
        // Both halves at once: the answer will find nobody.
        drop(ann);
        assert_eq!(bob.expect("message")["id"], id);
    }
    assert_eq!(stored(&mut bob).len(), 50);
}

#[test]
fn bytes_may_come_one_by_one() {
    let server = Server::start();
    let mut bob = server.member("bob", "#r");
    let mut ann = server.connect();
    let say = |ann: &mut Client, line: String| line.as_bytes().chunks(1).for_each(|byte| ann.send_bytes(byte));
    say(&mut ann, format!("{}\r\n", json!({"type": "hello", "version": 1})));
    let welcome = ann.expect("welcome");
    let login = ann.stream.keyed_login(&welcome, "ann", &Identity::from_secret(&[1; 32]));
    say(&mut ann, format!("{login}\n"));
    assert_eq!(ann.expect("login")["success"], true);
    say(&mut ann, format!("{}\n", json!({"type": "join", "room": "#r"})));
    ann.expect("joined");
    let text = "Grüße, 你好, 👩‍👩‍👧!";
    say(&mut ann, format!("\r\n\n{}\r\n{}\n", broadcast("m1", text), broadcast("m2", text)));
    for seq in 1..=2 {
        let ack = ann.expect("ack");
        assert_eq!((&ack["id"], &ack["seq"]), (&json!(format!("m{seq}")), &json!(seq)));
        let message = bob.expect("message");
        assert_eq!((&message["msg"], &message["seq"]), (&json!(text), &json!(seq)));
    }
    // What is read one by one is the same.
    say(&mut ann, format!("{}\n", json!({"type": "bye"})));
    assert!(ann.rest().iter().all(|event| event["type"] == "message" || event["type"] == "presence"));
}

/// What somebody is sent who does not read waits in the journal, not in memory; so does what that person asks for.
#[test]
fn who_never_reads_costs_no_memory_and_misses_nothing() {
    /// So many that the journal's own cache is full before anything is measured.
    const BEFORE: usize = 2_500;
    const ENTRIES: usize = 5_000;
    const PAGES: usize = 60;
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let mut silent: Vec<Client> = (0..4).map(|n| server.member(&format!("silent{n}"), "#r")).collect();
    let text = "memory ".repeat(580);
    let mut say = |from: usize, to: usize| {
        let (mut said, mut acknowledged) = (from, from);
        while acknowledged < to {
            while said < to && said < acknowledged + 32 {
                said += 1;
                ann.send(&broadcast(&format!("m{said}"), &text));
            }
            acknowledged += 1;
            assert_eq!(ann.expect("ack")["seq"], acknowledged);
        }
    };
    say(0, BEFORE);
    let mut asking = server.member("asking", "#r");
    let before = server.memory("VmRSS:");
    for n in 0..PAGES {
        asking.send(&json!({"type": "history", "room": "#r", "before": 300, "limit": 100, "tag": format!("t{n}")}));
    }
    say(BEFORE, ENTRIES);
    let grown = server.memory("VmHWM:").saturating_sub(before);
    println!("{grown} KiB more than before, for {} KiB that nobody has read", ENTRIES * text.len() * 5 / 1024);
    assert!(grown < 8 * 1024, "{grown} KiB");
    thread::scope(|scope| {
        for client in &mut silent {
            scope.spawn(|| {
                for seq in 1..=ENTRIES {
                    assert_eq!(client.expect("message")["seq"], seq);
                }
            });
        }
        let (mut pages, mut seq) = (0, BEFORE - 50);
        while (pages, seq) != (PAGES, ENTRIES) {
            let event = asking.next();
            match event["type"].as_str().unwrap() {
                "history" => {
                    assert_eq!(event["tag"], format!("t{pages}"));
                    assert_eq!(event["entries"].as_array().unwrap().len(), 100);
                    pages += 1;
                }
                "message" => {
                    seq += 1;
                    assert_eq!(event["seq"], seq);
                }
                kind => assert!(["presence", "roster"].contains(&kind), "{event}"),
            }
        }
    });
}

/// Waits until a member has left, and says now and then that it is here itself. When that was.
fn until_left(client: &mut Client, nickname: &str, start: Instant) -> Duration {
    while start.elapsed() < Duration::from_secs(100) {
        client.send(&json!({"type": "ping"}));
        let end = Instant::now() + Duration::from_secs(5);
        while let Some(event) = client.next_within(end.saturating_duration_since(Instant::now())) {
            if event["left"].as_array().is_some_and(|left| left.contains(&json!(nickname))) {
                return start.elapsed();
            }
        }
    }
    panic!("{nickname} is still here");
}

/// `cargo test -p server --test sockets -- --ignored`
#[test]
#[ignore = "takes 95 s: silence is counted by the real clock"]
fn who_has_vanished_is_asked_after_30_s_and_let_go_after_90_s() {
    let server = Server::start();
    let start = Instant::now();
    let (mut vanished, mut bob) = (server.member("vanished", "#r"), server.member("bob", "#r"));
    let ping = thread::spawn(move || {
        let end = Instant::now() + Duration::from_mins(1);
        while Instant::now() < end {
            match vanished.next_within(DEADLINE) {
                Some(event) if event["type"] == "ping" => return (start.elapsed(), vanished),
                _ => {}
            }
        }
        panic!("no ping came");
    });
    let left = until_left(&mut bob, "vanished", start).as_secs();
    let (asked, mut vanished) = ping.join().unwrap();
    assert!((30..36).contains(&asked.as_secs()), "asked after {asked:?}");
    assert!((90..97).contains(&left), "let go after {left} s");
    assert!(vanished.rest().iter().all(|event| event["type"] != "error"));
}

/// `cargo test -p server --test sockets -- --ignored`
#[test]
#[ignore = "takes 95 s: silence is counted by the real clock"]
fn who_has_vanished_with_much_unread_is_let_go_as_well() {
    let server = Server::start();
    let start = Instant::now();
    let (vanished, mut bob) = (server.member("vanished", "#r"), server.member("bob", "#r"));
    // More than the system takes for a connection that nobody reads.
    let text = "unread ".repeat(580);
    for n in 0..3_000 {
        bob.send(&broadcast(&format!("m{n}"), &text));
        bob.expect("ack");
    }
    let left = until_left(&mut bob, "vanished", start).as_secs();
    assert!((90..97).contains(&left), "let go after {left} s");
    drop(vanished);
}

/// `cargo test -p server --test sockets -- --ignored`
#[test]
#[ignore = "takes 95 s: silence is counted by the real clock"]
fn who_has_vanished_with_many_answers_unread_is_let_go_as_well() {
    let server = Server::start();
    let start = Instant::now();
    let (mut vanished, mut bob) = (server.member("vanished", "#r"), server.member("bob", "#r"));
    let text = "unread ".repeat(580);
    for n in 0..200 {
        bob.send(&broadcast(&format!("m{n}"), &text));
        bob.expect("ack");
    }
    for _ in 0..50 {
        vanished.send(&json!({"type": "history", "room": "#r", "limit": 200}));
    }
    let left = until_left(&mut bob, "vanished", start).as_secs();
    assert!((90..97).contains(&left), "let go after {left} s");
}
