//! Who puts out whom, and who makes whom what.

use crate::common::house::{House, OPERATOR, Somebody, act, identity, said};
use serde_json::{Value, json};

pub(crate) const ROOM: &str = "#x";

/// A room with its owner, a moderator, a member and a guest in it.
pub(crate) struct People {
    pub(crate) house: House,
    pub(crate) olga: Somebody,
    pub(crate) mo: Somebody,
    pub(crate) mike: Somebody,
    pub(crate) gus: Somebody,
}

impl People {
    pub(crate) fn new() -> Self {
        let house = House::new("");
        let mut olga = house.keyed("olga").in_room(ROOM);
        let (mo, mike) = (house.keyed("mo").in_room(ROOM), house.keyed("mike").in_room(ROOM));
        let gus = house.guest("gus").in_room(ROOM);
        olga.done(act("grant", ROOM, "mo", &json!({"nickname": "mo"})));
        Self { house, olga, mo, mike, gus }
    }

    pub(crate) fn operator(&self) -> Somebody {
        self.house.keyed(OPERATOR).in_room(ROOM)
    }
}

pub(crate) fn to(nickname: &str) -> Value {
    json!({"nickname": nickname})
}

#[test]
fn who_is_kicked_is_told_why_and_may_come_again() {
    let mut people = People::new();
    // What happens at the same time is told as one: they came, before they go.
    people.mike.hear_that(|event| event["type"] == "presence" && event["joined"] == json!(["gus"]));
    let ack = people.mo.done(act("kick", ROOM, "k", &json!({"nickname": "gus", "reason": " enough\nof it "})));
    assert_eq!((&ack["type"], &ack["id"], &ack["room"]), (&json!("ack"), &json!("k"), &json!(ROOM)));
    let notice = people.gus.hear("notice");
    assert_eq!(notice, json!({"type": "notice", "code": "kicked", "room": ROOM, "detail": "enough of it"}));
    assert_eq!(people.gus.try_say(ROOM, "a", "but"), "not_in_room");
    let entry = people.mike.hear_that(|event| event["kind"] == "moderation" && event["id"] == "k");
    let expected = json!({"type": "message", "room": ROOM, "seq": ack["seq"], "id": "k", "from": "mo", "to": "gus",
        "at": ack["at"], "kind": "moderation", "msg": "kick: enough of it"});
    assert_eq!(entry, expected);
    people.mike.hear_that(|event| event["type"] == "presence" && event["left"] == json!(["gus"]));
    // Nothing of the room reaches them any more.
    people.gus.heard();
    people.mike.say(ROOM, "b", "peace");
    assert!(people.gus.heard().iter().all(|event| event["type"] != "message"));
    assert_eq!(people.gus.join(ROOM)["type"], "joined");
    people.gus.say(ROOM, "c", "here I am");
    let again = people.mo.done(act("kick", ROOM, "k", &json!({"nickname": "gus", "reason": "enough of it"})));
    assert_eq!(again["seq"], ack["seq"]);
    assert_eq!(people.gus.try_say(ROOM, "d", "still here"), "ok", "an act that is known is not done again");
    assert_eq!(people.mo.code(act("kick", ROOM, "k", &to("mike"))), "id_reused");
}

#[test]
fn every_session_of_who_is_kicked_is_out_and_only_of_that_room() {
    let mut people = People::new();
    let (mut quiet, login) = people.house.try_login("mike", Some(&identity("mike")), &json!({"quiet": true}));
    assert_eq!(login["success"], true);
    quiet.join(ROOM);
    people.mike.join("#other");
    people.olga.done(act("kick", ROOM, "k", &to("mike")));
    for session in [&mut people.mike, &mut quiet] {
        let notice = session.hear("notice");
        assert_eq!(notice, json!({"type": "notice", "code": "kicked", "room": ROOM}));
        assert_eq!(session.try_say(ROOM, "a", "but"), "not_in_room");
    }
    people.mike.say("#other", "b", "never mind");
    assert_eq!(people.olga.code(act("kick", ROOM, "k2", &to("mike"))), "no_such_user", "who is not there");
    assert_eq!(people.olga.code(act("kick", ROOM, "k3", &to("nobody"))), "no_such_user");
    // From the whole server, by an operator alone.
    let everywhere = json!({"nickname": "mike", "everywhere": true, "reason": "bye"});
    assert_eq!(people.olga.code(act("kick", ROOM, "k4", &everywhere)), "forbidden");
    people.operator().done(act("kick", ROOM, "k5", &everywhere));
    for session in [&mut people.mike, &mut quiet] {
        let rest = session.rest();
        assert_eq!(rest.last().unwrap(), &json!({"type": "notice", "code": "kicked", "detail": "bye"}));
    }
    people.house.keyed("mike").join(ROOM);
}

#[test]
fn nobody_acts_on_somebody_who_is_as_much_or_more() {
    let mut people = People::new();
    let mut op = people.operator();
    let _mel = people.house.keyed("mel").in_room(ROOM);
    people.olga.done(act("grant", ROOM, "mel", &to("mel")));
    for (number, action) in ["kick", "ban", "unban", "mute", "unmute"].into_iter().enumerate() {
        let id = |who: &str| format!("{who}{number}");
        for target in ["olga", "mel", OPERATOR] {
            assert_eq!(people.mo.code(act(action, ROOM, &id(target), &to(target))), "forbidden", "{action} {target}");
            assert_eq!(people.mike.code(act(action, ROOM, &id(target), &to(target))), "forbidden");
            assert_eq!(people.gus.code(act(action, ROOM, &id(target), &to(target))), "forbidden");
        }
        assert_eq!(people.olga.code(act(action, ROOM, &id("op"), &to(OPERATOR))), "forbidden");
        assert_eq!(people.mike.code(act(action, ROOM, &id("gus"), &to("gus"))), "forbidden", "a member is nobody");
    }
    assert_eq!(people.mo.code(act("revoke", ROOM, "r1", &to("olga"))), "forbidden");
    assert_eq!(people.olga.code(act("revoke", ROOM, "r2", &to(OPERATOR))), "forbidden");
    people.olga.done(act("kick", ROOM, "k1", &to("mel")));
    op.done(act("kick", ROOM, "k2", &to("olga")));
    people.olga.hear("notice");
    assert_eq!(people.olga.code(act("lock", ROOM, "l", &json!({}))), "not_in_room", "who is out keeps no order");
}

#[test]
fn another_nickname_of_the_same_key_is_no_way_to_somebody_above() {
    let mut people = People::new();
    let (_other, login) = people.house.try_login("olga2", Some(&identity("olga")), &json!({}));
    assert_eq!(login["success"], true);
    for action in ["ban", "mute"] {
        assert_eq!(people.mo.code(act(action, ROOM, action, &to("olga2"))), "forbidden", "{action}");
    }
    people.olga.say(ROOM, "a", "still here");
}

#[test]
fn roles_are_given_and_taken_by_owners() {
    let mut people = People::new();
    assert_eq!(people.mike.code(act("kick", ROOM, "a", &to("gus"))), "forbidden");
    assert_eq!(people.mo.code(act("grant", ROOM, "b", &to("mike"))), "forbidden");
    assert_eq!(people.olga.code(act("grant", ROOM, "c", &to("gus"))), "no_such_user", "guests are nothing for long");
    assert_eq!(people.olga.code(act("grant", ROOM, "d", &to("nobody"))), "no_such_user");
    people.olga.done(act("grant", ROOM, "e", &to("mike")));
    let entry = people.gus.hear_that(|event| event["id"] == "e");
    assert_eq!((&entry["msg"], &entry["to"]), (&json!("grant moderator"), &json!("mike")));
    people.mike.done(act("kick", ROOM, "f", &to("gus")));
    people.olga.done(act("revoke", ROOM, "g", &to("mike")));
    people.gus.join(ROOM);
    assert_eq!(people.mike.code(act("kick", ROOM, "h", &to("gus"))), "forbidden");
    // A second owner is one in every way, but for the first.
    people.olga.done(act("grant", ROOM, "i", &json!({"nickname": "mike", "role": "owner"})));
    people.mike.done(act("revoke", ROOM, "j", &to("mo")));
    assert_eq!(people.mike.code(act("revoke", ROOM, "k", &to("olga"))), "forbidden");
    assert_eq!(people.mo.code(act("lock", ROOM, "l", &json!({}))), "forbidden");
}

#[test]
fn who_makes_a_room_owns_it_and_one_that_nobody_owns_can_be_claimed() {
    let mut people = People::new();
    let owner = |nickname: &str| json!({"nickname": nickname, "role": "owner"});
    people.mike.join("#mine");
    people.mike.done(act("lock", "#mine", "a", &json!({})));
    people.gus.join("#free");
    assert_eq!(people.gus.code(act("lock", "#free", "a", &json!({}))), "forbidden", "a guest owns nothing");
    assert_eq!(people.gus.code(act("grant", "#free", "b", &owner("gus"))), "forbidden");
    assert_eq!(people.mike.code(act("grant", "#free", "c", &owner("mike"))), "not_in_room");
    people.mike.join("#free");
    assert_eq!(people.mike.code(act("grant", "#free", "d", &owner("mo"))), "forbidden", "only for oneself");
    people.mike.done(act("grant", "#free", "e", &owner("Mike")));
    people.mike.done(act("grant", "#free", "f", &to("mo")));
    people.mo.join("#free");
    assert_eq!(people.mo.code(act("grant", "#free", "g", &owner("mo"))), "forbidden", "it is somebody's now");
    people.house.crash();
    let mut mo = people.house.keyed("mo").in_room("#free").in_room("#mine");
    assert_eq!(mo.code(act("grant", "#free", "h", &owner("mo"))), "forbidden");
    mo.done(act("kick", "#free", "i", &to("mo")));
    assert_eq!(mo.code(said("#mine", "j", "let me")), "forbidden");
    people.house.keyed("mike").in_room("#mine").say("#mine", "k", "mine");
}
