//! Slow rooms and locked ones; and that what was acknowledged stays so, whatever becomes of its sender.

use super::people::{People, ROOM, to};
use crate::common::house::{act, said, wait_as_told};
use serde_json::json;
use std::time::Instant;

fn slow(id: &str, seconds: u64) -> serde_json::Value {
    act("slow", ROOM, id, &json!({"for_s": seconds}))
}

#[test]
fn in_a_slow_room_waiting_as_told_is_enough() {
    let mut people = People::new();
    assert_eq!(people.mike.code(slow("s", 1)), "forbidden");
    people.mo.done(slow("s", 1));
    for round in 0..2 {
        for person in [&mut people.mike, &mut people.gus] {
            let started = Instant::now();
            person.say(ROOM, &format!("a{round}"), "one");
            let refusal = person.ask(said(ROOM, &format!("b{round}"), "two"));
            assert_eq!((&refusal["code"], &refusal["id"]), (&json!("slow_down"), &json!(format!("b{round}"))));
            assert!((1..=1_000).contains(&refusal["retry_ms"].as_u64().unwrap()), "{refusal}");
            assert_eq!(person.try_say(ROOM, &format!("a{round}"), "one"), "ok", "it is known");
            wait_as_told(&refusal);
            person.say(ROOM, &format!("b{round}"), "two");
            assert!(started.elapsed().as_millis() >= 1_000);
            wait_as_told(&refusal);
        }
    }
    // Who keeps order does not wait; nor does who writes to a person, or in another room.
    for number in 0..3 {
        for person in [&mut people.mo, &mut people.olga] {
            person.say(ROOM, &format!("m{number}"), "at once");
        }
        people.mike.done(json!({"type": "sendto", "nickname": "gus", "id": format!("d{number}"), "msg": "psst"}));
    }
    people.mo.done(slow("s2", 600));
    people.house.crash();
    let mut mike = people.house.keyed("mike").in_room(ROOM);
    mike.say(ROOM, "c", "one");
    let refusal = mike.ask(said(ROOM, "d", "two"));
    assert!((590_000..=600_000).contains(&refusal["retry_ms"].as_u64().unwrap()), "{refusal}");
    people.house.keyed("olga").in_room(ROOM).done(slow("s3", 0));
    for id in ["d", "e", "f"] {
        mike.say(ROOM, id, "as I like");
    }
}

#[test]
fn what_is_sent_again_makes_nobody_wait() {
    let mut people = People::new();
    people.mo.done(slow("s", 1));
    people.mike.say(ROOM, "a", "one");
    let refusal = people.mike.ask(said(ROOM, "b", "two"));
    wait_as_told(&refusal);
    people.mike.say(ROOM, "a", "one");
    people.mike.say(ROOM, "b", "two");
}

#[test]
fn in_a_locked_room_moderators_talk() {
    let mut people = People::new();
    let topic = |id: &str, msg: &str| json!({"type": "topic", "room": ROOM, "id": id, "msg": msg});
    people.gus.done(topic("t", "anybody may"));
    assert_eq!(people.gus.code(act("lock", ROOM, "l", &json!({}))), "forbidden");
    people.mo.done(act("lock", ROOM, "l", &json!({"reason": "night"})));
    people.house.crash();
    let mut mike = people.house.keyed("mike").in_room(ROOM);
    let mut mo = people.house.keyed("mo").in_room(ROOM);
    let mut gus = people.house.guest("gus");
    assert_eq!(gus.join(ROOM)["topic"], "anybody may", "it is closed to nobody");
    for person in [&mut mike, &mut gus] {
        assert_eq!(person.try_say(ROOM, "a", "hello?"), "forbidden");
        assert_eq!(person.code(topic("b", "mine")), "forbidden");
        person.done(json!({"type": "history", "room": ROOM}));
    }
    mo.say(ROOM, "a", "good night");
    mo.done(topic("b", "closed"));
    mo.done(act("unlock", ROOM, "u", &json!({})));
    people.house.crash();
    people.house.guest("gus").in_room(ROOM).done(topic("c", "open again"));
}

#[test]
fn what_was_acknowledged_is_acknowledged_again() {
    let mut people = People::new();
    let first = people.mike.say(ROOM, "known", "once");
    let again = |people: &mut People, why: &str| {
        assert_eq!(people.mike.say(ROOM, "known", "once")["seq"], first["seq"], "{why}");
        assert_eq!(people.mike.try_say(ROOM, "known", "twice"), "id_reused", "{why}");
    };
    people.mo.done(act("lock", ROOM, "a", &json!({})));
    again(&mut people, "locked");
    assert_eq!(people.mike.try_say(ROOM, "new", "x"), "forbidden");
    people.mo.done(act("mute", ROOM, "b", &to("mike")));
    again(&mut people, "muted");
    assert_eq!(people.mike.try_say(ROOM, "new", "x"), "muted");
    people.mo.done(act("slow", ROOM, "c", &json!({"for_s": 600})));
    people.house.order(&["admin", "alert", "read-only"]);
    again(&mut people, "read-only");
    people.mo.done(act("ban", ROOM, "d", &to("mike")));
    again(&mut people, "banned, and out of the room");
    assert_eq!(people.mike.try_say(ROOM, "new", "x"), "banned");
    people.house.crash();
    people.mike = people.house.keyed("mike");
    again(&mut people, "after a crash");
    // Acts as well: their moderator is none any more.
    let mut mo = people.house.keyed("mo").in_room(ROOM);
    let kicked = mo.done(act("kick", ROOM, "k", &to("mo")));
    people.house.keyed("olga").in_room(ROOM).done(act("revoke", ROOM, "e", &to("mo")));
    assert_eq!(mo.done(act("kick", ROOM, "k", &to("mo")))["seq"], kicked["seq"]);
    assert_eq!(mo.code(act("lock", ROOM, "k", &json!({}))), "id_reused");
    assert_eq!(mo.code(act("lock", ROOM, "l", &json!({}))), "forbidden");
}
