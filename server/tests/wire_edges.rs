//! Corners of the wire: what is repeated as it was sent, what holds after somebody has gone, limits of the server.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Classic, Client, Server};
use serde_json::{Value, json};
use shared::identity::Identity;

fn owner(server: &Server, nickname: &str) -> Client {
    let mut client = server.connect();
    assert_eq!(client.log_in(nickname, &Identity::from_secret(&[3; 32]))["success"], true);
    client
}

#[test]
fn an_error_repeats_the_room_as_it_was_sent() {
    let server = Server::start();
    let mut ann = server.member("ann", "#There");
    ann.send(&json!({"type": "broadcast", "room": "#Nowhere", "id": "m1", "msg": "hi"}));
    assert_eq!(ann.expect("error")["room"], "#Nowhere");
    ann.send(&json!({"type": "broadcast", "room": "#There", "id": "m2", "msg": "hi"}));
    assert_eq!(ann.expect("ack")["room"], "#there", "every event carries the normal form");
    ann.send(&json!({"type": "broadcast", "room": "#There", "id": "m2", "msg": "another"}));
    let error = ann.expect("error");
    assert_eq!((&error["code"], &error["room"]), (&json!("id_reused"), &json!("#There")));
}

#[test]
fn a_known_id_is_acknowledged_when_its_receiver_has_gone() {
    let server = Server::start();
    let mut ann = server.guest("ann");
    let mut guest = server.guest("Guest");
    let line = json!({"type": "sendto", "nickname": "guest", "id": "m1", "msg": "hi"});
    ann.send(&line);
    let first = ann.expect("ack");
    guest.send(&json!({"type": "bye"}));
    guest.rest();
    ann.send(&line);
    assert_eq!(ann.expect("ack"), first);
    ann.send(&json!({"type": "sendto", "nickname": "guest", "id": "m2", "msg": "hi"}));
    assert_eq!(ann.expect("error")["code"], "no_such_user");
}

#[test]
fn at_the_first_join_everything_counts_as_read() {
    let server = Server::start();
    owner(&server, "bob").send(&json!({"type": "bye"}));
    let mut ann = server.guest("ann");
    ann.send(&json!({"type": "sendto", "nickname": "bob", "id": "m1", "msg": "for later"}));
    ann.expect("ack");
    let mut bob = owner(&server, "bob");
    bob.send(&json!({"type": "join", "room": "@"}));
    let joined = bob.expect("joined");
    assert_eq!((&joined["head"], &joined["read"]), (&json!(1), &json!(1)));
    assert_eq!(bob.expect("message")["msg"], "for later");
}

#[test]
fn rooms_members_sessions_and_connections_are_counted() {
    let limits =
        "[limits]\nrooms = 1\nmembers = 2\nsessions_per_person = 2\nconnections_per_address = 5\nexempt = []\n";
    let server = Server::start_with(limits);
    let mut ann = server.member("ann", "#one");
    ann.send(&json!({"type": "join", "room": "#two"}));
    assert_eq!(ann.expect("error")["code"], "too_many");
    let _ben = server.member("ben", "#one");
    let mut first = owner(&server, "cat");
    first.send(&json!({"type": "join", "room": "#one"}));
    assert_eq!(first.expect("error")["code"], "too_many");
    let _second = owner(&server, "cat");
    let mut third = server.connect();
    let answer = third.log_in("cat", &Identity::from_secret(&[3; 32]));
    assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!("too_many")));
    // Who is turned away at the door is told so before anybody knows whether TLS would come.
    let refused: Vec<Value> = server.connect_plainly().rest();
    assert_eq!(refused[0]["code"], "server_full");
}

#[test]
fn a_classic_client_may_say_everything_at_once() {
    let server = Server::start();
    let mut ann = server.member("ann", "#lobby");
    let mut cat = Classic::connect(server.address);
    cat.send_all(&[json!({"type": "login", "msg": "cat"}), json!({"type": "broadcast", "msg": "hi"})]);
    assert_eq!(cat.expect("login", "")["success"], true);
    cat.expect("broadcast", "[cat] : hi");
    assert_eq!(ann.expect("message")["msg"], "hi");
    cat.send_all(&[json!({"type": "ignore", "msg": null}), json!({"type": "ignore", "msg": null})]);
    cat.expect("ignore", "屏蔽");
    cat.expect("ignore", "通常");
}

#[test]
fn a_classic_client_hears_everything_before_the_server_ends() {
    let mut server = Server::start();
    let mut ann = server.member("ann", "#lobby");
    let mut cat = Classic::login(server.address, "cat");
    for n in 1..=12 {
        ann.send(&json!({"type": "broadcast", "room": "#lobby", "id": format!("m{n}"), "msg": format!("number {n}.")}));
        ann.expect("ack");
    }
    assert_eq!(server.terminate(), Some(0));
    let heard = cat.rest();
    let mut from = 0;
    for part in (1..=12).map(|n| format!("number {n}.")).chain(["关闭".to_owned()]) {
        from += heard[from..].find(&part).unwrap_or_else(|| panic!("{part} in order in {heard}"));
    }
}
