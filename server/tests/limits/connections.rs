//! How many connections there may be: in all, from one place, of people who have not said who they are.

use super::places::{
    HERE, THERE, as_guest, from, guest, is_in, is_over, is_refused, key, owner, server, status, until_connections,
};
use crate::common::Client;
use serde_json::json;
use std::time::Duration;

/// Fills a server or a place with eight people; then a ninth is let in only with a known key, and a tenth not at all.
fn eight_and_a_reserve(limit: &str) {
    let server = server(&format!("{limit} = 8"));
    owner(HERE, &server, "ann", &key(1)).send(&json!({"type": "bye"}));
    until_connections(&server, 0);
    let mut crowd: Vec<Client> = (0..8).map(|n| guest(HERE, &server, &format!("guest{n}"))).collect();
    let mut late = from(HERE, &server);
    assert!(is_refused(&as_guest(&mut late, "late"), "slow_down").is_some_and(|wait| !wait.is_zero()));
    // An unknown key is no better.
    let mut stranger = late;
    let welcome = stranger.hello();
    assert!(is_refused(&super::places::again(&mut stranger, &welcome, "new", &key(9)), "slow_down").is_some());
    // Beyond the reserve nobody is let in, not even to say who they are.
    let before = status(&server)["refused_total"].as_u64().unwrap();
    is_over(&mut from(HERE, &server), Some("server_full"));
    assert_eq!(status(&server)["refused_total"], before + 1);
    drop(stranger);
    until_connections(&server, 8);
    let mut ann = owner(HERE, &server, "ann", &key(1));
    is_over(&mut from(HERE, &server), Some("server_full"));
    ann.send(&json!({"type": "join", "room": "#r"}));
    ann.expect("joined");
    // Whose place is free is taken by anybody.
    drop(crowd.pop());
    drop(ann);
    until_connections(&server, 7);
    guest(HERE, &server, "late");
}

#[test]
fn beyond_all_connections_there_is_a_reserve_for_known_keys() {
    eight_and_a_reserve("connections");
}

#[test]
fn beyond_the_connections_of_an_address_there_is_a_reserve_for_known_keys() {
    eight_and_a_reserve("connections_per_address");
}

#[test]
fn a_full_address_keeps_nobody_else_out_and_a_full_server_does() {
    let server = server("connections_per_address = 2\nconnections = 5");
    let _here = [guest(HERE, &server, "a"), guest(HERE, &server, "b")];
    is_over(&mut from(HERE, &server), Some("server_full"));
    let _there = [guest(THERE, &server, "c"), guest(THERE, &server, "d")];
    is_over(&mut from(THERE, &server), Some("server_full"));
    let fifth = guest([127, 0, 0, 4].into(), &server, "e");
    is_over(&mut from([127, 0, 0, 5].into(), &server), Some("server_full"));
    drop(fifth);
    until_connections(&server, 4);
    guest([127, 0, 0, 5].into(), &server, "f");
}

#[test]
fn of_those_who_have_not_logged_in_the_oldest_ends() {
    let server = server("connections_not_logged_in = 3");
    let stranger = || {
        let mut client = from(HERE, &server);
        client.hello();
        client
    };
    let (mut first, mut second, mut third) = (stranger(), stranger(), stranger());
    // Who has logged in is no stranger any more.
    second.send(&json!({"type": "login", "nickname": "second"}));
    is_in(&second.expect("login"));
    let (mut fourth, mut fifth) = (stranger(), stranger());
    is_over(&mut first, None);
    let mut sixth = stranger();
    is_over(&mut third, None);
    for (n, client) in [&mut fourth, &mut fifth, &mut sixth, &mut second].into_iter().enumerate() {
        client.send(&json!({"type": "ping", "tag": n.to_string()}));
        assert_eq!(client.expect("pong")["tag"], n.to_string());
    }
    // Silent ones count, too, and who comes is always let in.
    let _silent: Vec<Client> = (0..20).map(|_| from(HERE, &server)).collect();
    let _late = guest(HERE, &server, "late");
    until_connections(&server, 4);
}

#[test]
fn exempt_addresses_have_no_limit() {
    let limits = "[limits]\nexempt = [\"127.0.0.2/32\"]\nconnections = 2\nconnections_not_logged_in = 1\n\
                  connections_per_address = 1\nsends_per_s = 1";
    let server = crate::common::Server::start_with(limits);
    let mut crowd: Vec<Client> = (0..10).map(|n| guest(HERE, &server, &format!("guest{n}"))).collect();
    is_over(&mut from(THERE, &server), Some("server_full"));
    crowd[0].send(&json!({"type": "join", "room": "#r"}));
    for n in 0..30 {
        crowd[0].send(&json!({"type": "broadcast", "room": "#r", "id": format!("m{n}"), "msg": "x"}));
    }
    let start = std::time::Instant::now();
    (0..30).for_each(|_| drop(crowd[0].expect("ack")));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn limits_that_are_reloaded_hold_for_who_comes_next() {
    let server = server("connections_per_address = 1");
    let mut first = guest(HERE, &server, "first");
    is_over(&mut from(HERE, &server), Some("server_full"));
    std::fs::write(server.directory.join("config.toml"), "[limits]\nexempt = []\nconnections_per_address = 3").unwrap();
    server.signal("-HUP");
    let end = std::time::Instant::now() + crate::common::DEADLINE;
    let mut second = loop {
        let mut client = from(HERE, &server);
        client.send(&json!({"type": "hello", "version": 1}));
        if client.next()["type"] == "welcome" {
            break client;
        }
        assert!(std::time::Instant::now() < end, "the reload is not heard");
    };
    second.send(&json!({"type": "login", "nickname": "second"}));
    is_in(&second.expect("login"));
    first.send(&json!({"type": "ping"}));
    first.expect("pong");
}
