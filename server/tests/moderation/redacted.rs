//! What is taken out.

use super::people::{People, ROOM, to};
use crate::common::house::{act, redact};
use serde_json::{Value, json};

/// What is left of an entry.
fn tombstone(ack: &Value) -> Value {
    json!({"seq": ack["seq"], "id": ack["id"], "kind": "redacted", "at": ack["at"]})
}

#[test]
fn ones_own_text_goes_and_a_moderator_takes_out_everybodys() {
    let mut people = People::new();
    let own = people.mike.say(ROOM, "own", "unwise words");
    let other = people.gus.say(ROOM, "own", "unwise words");
    let third = people.mike.say(ROOM, "third", "unwise words stay");
    let reply =
        people.mike.done(json!({"type": "broadcast", "room": ROOM, "id": "re", "msg": "to it", "re": own["seq"]}));
    assert_eq!(people.mike.code(redact(ROOM, "a", &other["seq"], "")), "forbidden");
    assert_eq!(people.gus.code(redact(ROOM, "a", &own["seq"], "")), "forbidden");
    assert_eq!(people.mike.found(ROOM, "unwise"), 3, "a refused one changes nothing");
    let told = people.mike.done(redact(ROOM, "b", &own["seq"], "I was tired"));
    assert_eq!(told["seq"], reply["seq"].as_u64().unwrap() + 1, "those that were refused use no number");
    people.mo.done(redact(ROOM, "c", &other["seq"], ""));
    let entry = people.olga.hear_that(|event| event["kind"] == "redact");
    let expected = json!({"type": "message", "room": ROOM, "seq": told["seq"], "id": "b", "from": "mike",
        "at": told["at"], "kind": "redact", "re": own["seq"], "msg": "I was tired"});
    assert_eq!(entry, expected);
    let check = |people: &mut People| {
        let history = people.olga.history(ROOM);
        let at = |ack: &Value| history[usize::try_from(ack["seq"].as_u64().unwrap()).unwrap() - 1].clone();
        assert_eq!((at(&own), at(&other)), (tombstone(&own), tombstone(&other)));
        assert_eq!((&at(&third)["msg"], &at(&reply)["re"]), (&json!("unwise words stay"), &own["seq"]));
        assert_eq!(people.olga.found(ROOM, "unwise"), 1);
        // A session that comes back has it from memory, or from the disk.
        let joined = people.olga.join(ROOM);
        let after = own["seq"].as_u64().unwrap() - 1;
        people.olga.done(json!({"type": "join", "room": ROOM, "after": after, "epoch": joined["epoch"]}));
        let is_old = |event: &Value| event["type"] == "message" && event["seq"] == own["seq"];
        let mut expected = tombstone(&own);
        (expected["type"], expected["room"]) = ("message".into(), ROOM.into());
        people.olga.heard();
        people.olga.done(json!({"type": "join", "room": ROOM, "after": after, "epoch": joined["epoch"]}));
        assert_eq!(people.olga.hear_that(is_old), expected);
    };
    check(&mut people);
    // Who says it again is told that it was said.
    assert_eq!(people.mike.say(ROOM, "own", "unwise words")["seq"], own["seq"]);
    assert_eq!(people.mike.say(ROOM, "own", "other words")["seq"], own["seq"], "of a tombstone nothing is compared");
    assert_eq!(people.mike.done(redact(ROOM, "b", &own["seq"], "I was tired"))["seq"], told["seq"]);
    assert_eq!(people.mike.code(redact(ROOM, "b", &third["seq"], "I was tired")), "id_reused");
    people.house.crash();
    people.olga = people.house.keyed("olga").in_room(ROOM);
    check(&mut people);
    let mut mike = people.house.keyed("mike").in_room(ROOM);
    assert_eq!(mike.say(ROOM, "own", "unwise words")["seq"], own["seq"]);
    // What is taken out twice is out.
    mike.done(redact(ROOM, "d", &own["seq"], ""));
    check(&mut people);
}

#[test]
fn what_is_not_there_is_not_taken_out() {
    let mut people = People::new();
    let ack = people.mike.say(ROOM, "a", "the last one");
    let head = ack["seq"].as_u64().unwrap();
    for (re, code) in [(json!(0), "bad_field"), (json!(head + 1), "bad_field"), (json!("1"), "bad_field")] {
        assert_eq!(people.mike.code(redact(ROOM, "b", &re, "")), code, "{re}");
        assert_eq!(people.mo.code(redact(ROOM, "b", &re, "")), code, "{re}");
    }
    assert_eq!(people.mike.code(json!({"type": "redact", "room": ROOM, "id": "b"})), "missing_field");
    assert_eq!(people.mike.code(redact("#nowhere", "b", &json!(1), "")), "not_in_room");
    people.mike.done(json!({"type": "leave", "room": ROOM}));
    assert_eq!(people.mike.code(redact(ROOM, "b", &ack["seq"], "")), "not_in_room");
    assert_eq!(people.mike.code(redact("@", "b", &json!(1), "")), "room_invalid");
}

#[test]
fn who_says_it_and_takes_it_back_at_once_has_said_nothing() {
    let mut people = People::new();
    let head = people.mike.join(ROOM)["head"].as_u64().unwrap();
    for round in 0..20 {
        let re = json!(head + 1 + round * 2);
        let ack = people.mike.say(ROOM, &format!("s{round}"), "slip of the tongue");
        assert_eq!(ack["seq"], re);
        people.mike.done(redact(ROOM, &format!("r{round}"), &re, ""));
    }
    assert_eq!(people.olga.found(ROOM, "tongue"), 0);
    let left = people.olga.history(ROOM);
    assert!(left.iter().all(|entry| entry["msg"] != "slip of the tongue"));
    assert_eq!(left.iter().filter(|entry| entry["kind"] == "redacted").count(), 20);
}

#[test]
fn an_act_can_be_taken_out_and_still_holds() {
    let mut people = People::new();
    let ban = people.mo.done(act("ban", ROOM, "a", &json!({"nickname": "gus", "reason": "a slander"})));
    people.olga.done(redact(ROOM, "b", &ban["seq"], ""));
    let join = json!({"type": "join", "room": ROOM});
    assert_eq!(people.gus.code(join.clone()), "banned");
    people.house.crash();
    let mut gus = people.house.guest("gus");
    assert_eq!(gus.code(join.clone()), "banned");
    people.house.keyed("mo").in_room(ROOM).done(act("unban", ROOM, "c", &to("gus")));
    gus.done(join);
}

#[test]
fn a_topic_that_is_taken_out_is_the_topic_no_more() {
    let mut people = People::new();
    let ack = people.gus.done(json!({"type": "topic", "room": ROOM, "id": "t", "msg": "something vile"}));
    people.mo.done(redact(ROOM, "r", &ack["seq"], ""));
    assert_eq!(people.olga.join(ROOM)["topic"], "");
    people.house.crash();
    assert_eq!(people.house.guest("gus").join(ROOM)["topic"], "");
}
