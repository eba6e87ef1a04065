//! How many rooms there are, who may make them, and how many people are in one.

use super::places::{HERE, THERE, guest, key, member, owner, server};
use crate::common::Client;
use serde_json::json;

/// What a join is answered with: `joined`, or the code of a refusal.
fn join(client: &mut Client, room: &str) -> String {
    client.send(&json!({"type": "join", "room": room, "tag": room}));
    loop {
        let event = client.next();
        if event["tag"] == room {
            return event[if event["type"] == "error" { "code" } else { "type" }].as_str().unwrap().to_owned();
        }
    }
}

fn leave(client: &mut Client, room: &str) {
    client.send(&json!({"type": "leave", "room": room}));
    client.expect("left");
}

#[test]
fn a_session_follows_so_many_rooms() {
    let server = server("rooms_per_session = 2");
    let mut ann = guest(HERE, &server, "ann");
    assert_eq!([join(&mut ann, "#a"), join(&mut ann, "#b"), join(&mut ann, "#c")], ["joined", "joined", "too_many"]);
    // A room that it is in already it may join again; for one that it leaves it may have another.
    assert_eq!(join(&mut ann, "#b"), "joined");
    leave(&mut ann, "#a");
    assert_eq!(join(&mut ann, "#c"), "joined");
    assert_eq!(join(&mut guest(HERE, &server, "bob"), "#a"), "joined");
}

#[test]
fn a_person_owns_so_many_rooms() {
    let server = server("rooms_per_person = 2");
    let mut ann = owner(HERE, &server, "ann", &key(1));
    assert_eq!([join(&mut ann, "#a"), join(&mut ann, "#b"), join(&mut ann, "#c")], ["joined", "joined", "too_many"]);
    // Not by another session, either, and leaving one does not give it back.
    let mut other = owner(THERE, &server, "ann", &key(1));
    assert_eq!(join(&mut other, "#c"), "too_many");
    // What somebody else has made is nobody's limit.
    assert_eq!(join(&mut owner(HERE, &server, "bob", &key(2)), "#c"), "joined");
    assert_eq!(join(&mut ann, "#c"), "joined");
    // Guests own none.
    let mut guest = guest(HERE, &server, "carol");
    for room in ["#d", "#e", "#f"] {
        assert_eq!(join(&mut guest, room), "joined");
    }
}

#[test]
fn a_room_has_so_many_members() {
    let server = server("members = 2");
    let (mut ann, _bob) = (member(HERE, &server, "ann", "#r"), member(THERE, &server, "bob", "#r"));
    let mut carol = guest(HERE, &server, "carol");
    assert_eq!(join(&mut carol, "#r"), "too_many");
    assert_eq!(join(&mut carol, "#s"), "joined");
    assert_eq!(join(&mut ann, "#r"), "joined", "who is in it is in it");
    leave(&mut ann, "#r");
    assert_eq!(join(&mut carol, "#r"), "joined");
}

#[test]
fn there_are_so_many_rooms() {
    let server = server("rooms = 2");
    let mut ann = guest(HERE, &server, "ann");
    assert_eq!([join(&mut ann, "#a"), join(&mut ann, "#b"), join(&mut ann, "#c")], ["joined", "joined", "too_many"]);
    assert_eq!(join(&mut guest(THERE, &server, "bob"), "#a"), "joined");
}
