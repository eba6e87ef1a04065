//! How fast somebody may talk, and ask: talk is read later, questions are refused for a while.

use super::places::{HERE, THERE, guest, member, server};
use crate::common::{Client, Server};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Says so much in one write.
fn say(client: &mut Client, from: usize, count: usize) {
    let line = |n: usize| {
        let request = json!({"type": "broadcast", "room": "#r", "id": format!("m{n}"), "msg": "quick"});
        format!("{request}\n")
    };
    client.send_bytes((from..from + count).map(line).collect::<String>().as_bytes());
}

/// The ids that are acknowledged, in their order, and how often it was said that they are read later.
fn acknowledged(client: &mut Client, count: usize) -> (Vec<String>, usize) {
    let (mut ids, mut notices) = (Vec::new(), 0);
    while ids.len() < count {
        let event = client.next();
        match event["type"].as_str().unwrap() {
            "ack" => ids.push(event["id"].as_str().unwrap().to_owned()),
            "notice" => {
                assert_eq!(event["code"], "slowed_down", "{event}");
                notices += 1;
            }
            "error" => panic!("nothing is refused: {event}"),
            _ => {}
        }
    }
    (ids, notices)
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("m{n}")).collect()
}

#[test]
fn who_talks_too_fast_is_read_later_and_told_so_once() {
    // Ten at once, then two a second.
    let server = server("sends_per_s = 2");
    let mut ann = member(HERE, &server, "ann", "#r");
    let mut bob = member(HERE, &server, "bob", "#r");
    let start = Instant::now();
    say(&mut ann, 0, 16);
    let (said, notices) = acknowledged(&mut ann, 16);
    let took = start.elapsed();
    assert_eq!((said, notices), (ids(16), 1));
    assert!((Duration::from_millis(2_400)..Duration::from_secs(6)).contains(&took), "{took:?}");
    say(&mut ann, 16, 2);
    assert_eq!(acknowledged(&mut ann, 2).1, 0, "it was said already");
    // Everybody has their own rate.
    let start = Instant::now();
    say(&mut bob, 0, 8);
    assert_eq!(acknowledged(&mut bob, 8).1, 0);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn who_waits_is_never_slowed_down() {
    let server = server("sends_per_s = 5");
    let mut ann = member(HERE, &server, "ann", "#r");
    for n in 0..20 {
        say(&mut ann, n, 1);
        assert_eq!(acknowledged(&mut ann, 1), (vec![format!("m{n}")], 0));
        thread::sleep(Duration::from_millis(110));
    }
}

#[test]
fn people_of_one_address_share_a_rate() {
    let server = server("sends_per_s = 100\nsends_per_address_s = 2");
    let mut crowd: Vec<Client> = (0..4).map(|n| member(HERE, &server, &format!("guest{n}"), "#r")).collect();
    let mut elsewhere = member(THERE, &server, "elsewhere", "#r");
    let start = Instant::now();
    for client in &mut crowd {
        say(client, 0, 4);
    }
    let quick = Instant::now();
    say(&mut elsewhere, 0, 8);
    assert_eq!(acknowledged(&mut elsewhere, 8), (ids(8), 0));
    assert!(quick.elapsed() < Duration::from_secs(1), "{:?}", quick.elapsed());
    let notices: usize = crowd
        .iter_mut()
        .map(|client| {
            let (said, notices) = acknowledged(client, 4);
            assert_eq!(said, ids(4));
            notices
        })
        .sum();
    let took = start.elapsed();
    assert!((Duration::from_millis(2_400)..Duration::from_secs(8)).contains(&took), "{took:?}");
    assert!((1..=4).contains(&notices), "{notices}");
}

#[test]
fn a_pause_of_one_session_holds_up_nobody_else_and_goodbye_comes_after_it() {
    let server = server("sends_per_s = 2");
    let mut ann = member(HERE, &server, "ann", "#r");
    let mut bob = member(THERE, &server, "bob", "#r");
    say(&mut ann, 0, 14);
    ann.send(&json!({"type": "bye"}));
    let start = Instant::now();
    bob.send(&json!({"type": "ping"}));
    bob.expect("pong");
    assert!(start.elapsed() < Duration::from_secs(1));
    // All that was said before the goodbye is heard.
    for n in 0..14 {
        assert_eq!(bob.expect("message")["id"], format!("m{n}"));
    }
    ann.rest();
}

fn ask(client: &mut Client, kind: &str, tag: usize) -> Value {
    let mut request = match kind {
        "search" => json!({"type": "search", "text": "nothing"}),
        "join" => json!({"type": "join", "room": "#r", "last": 0}),
        _ => json!({"type": "history", "room": "#r", "limit": 10}),
    };
    let tag = tag.to_string();
    request["tag"] = tag.as_str().into();
    client.send(&request);
    loop {
        let event = client.next();
        if event["tag"] == tag.as_str() {
            return event;
        }
    }
}

/// Asks until it is refused; how often it was answered, and how long it is to wait.
fn until_refused(client: &mut Client, kind: &str) -> (usize, Duration) {
    for n in 0..200 {
        let answer = ask(client, kind, n);
        if answer["type"] == "error" {
            assert_eq!((&answer["code"], &answer["request"]), (&json!("slow_down"), &json!(kind)), "{answer}");
            return (n, Duration::from_millis(answer["retry_ms"].as_u64().expect("it is for a while")));
        }
    }
    panic!("{kind} is never refused");
}

#[test]
fn who_asks_too_fast_is_refused_for_as_long_as_is_said() {
    for kind in ["history", "search", "join"] {
        // Ten at once, then two a second.
        let server = server("queries_per_s = 2");
        let mut ann = member(HERE, &server, "ann", "#r");
        let (count, wait) = until_refused(&mut ann, kind);
        assert!((2..=12).contains(&count), "{count} of {kind}");
        assert!((Duration::from_millis(1)..=Duration::from_secs(5)).contains(&wait), "{wait:?}");
        // What is no question goes on.
        say(&mut ann, 0, 3);
        acknowledged(&mut ann, 3);
        let mut bob = guest(HERE, &server, "bob");
        assert_ne!(ask(&mut bob, kind, 500)["type"], "error", "everybody has their own rate");
        thread::sleep(wait);
        assert_ne!(ask(&mut ann, kind, 501)["type"], "error", "waiting as told is enough for {kind}");
        assert_eq!(ask(&mut ann, kind, 502)["type"], "error", "and for one of them");
    }
}

#[test]
fn questions_of_one_address_share_a_rate() {
    let server = server("queries_per_s = 100\nqueries_per_address_s = 2");
    let mut ann = member(HERE, &server, "ann", "#r");
    until_refused(&mut ann, "history");
    let mut bob = guest(HERE, &server, "bob");
    assert_eq!(ask(&mut bob, "history", 500)["code"], "slow_down");
    assert!(status_slowed(&server) >= 2);
    let mut elsewhere = member(THERE, &server, "elsewhere", "#r");
    assert_eq!(ask(&mut elsewhere, "history", 501)["type"], "history");
}

fn status_slowed(server: &Server) -> u64 {
    super::places::status(server)["slowed_total"].as_u64().unwrap()
}

#[test]
fn no_rate_is_no_limit() {
    let server = server(
        "sends_per_s = 0\nsends_per_address_s = 0\nqueries_per_s = 0\nqueries_per_address_s = 0\n\
         failed_logins_per_address_min = 0\nclaims_per_address_h = 0",
    );
    let mut ann = member(HERE, &server, "ann", "#r");
    for round in 0..20 {
        say(&mut ann, round * 30, 30);
        assert_eq!(acknowledged(&mut ann, 30).1, 0);
    }
    for n in 0..300 {
        assert_eq!(ask(&mut ann, "history", n)["type"], "history");
    }
}
