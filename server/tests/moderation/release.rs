//! A nickname that is given back is nobody's.

use super::people::{People, ROOM, to};
use crate::common::house::{act, identity, redact, said};
use serde_json::json;

#[test]
fn a_nickname_that_is_given_back_is_free_and_nothing_of_it_is_left() {
    let mut people = People::new();
    people.olga.done(act("grant", ROOM, "g", &to("mike")));
    let join = people.mike.join("@");
    people.olga.done(json!({"type": "sendto", "nickname": "mike", "id": "d", "msg": "for mike alone"}));
    let said_before = people.mike.say(ROOM, "a", "mike was here");
    let (mut second, _) = people.house.try_login("mike", Some(&identity("mike")), &json!({"quiet": true}));
    let answer = people.mike.ask(json!({"type": "release"}));
    assert_eq!((&answer["type"], &answer["nickname"]), (&json!("release"), &json!("mike")));
    people.mike.rest();
    second.rest();
    people.gus.hear_that(|event| event["type"] == "presence" && event["left"] == json!(["mike"]));
    assert_eq!(people.olga.code(json!({"type": "sendto", "nickname": "mike", "id": "e", "msg": "x"})), "no_such_user");
    assert!(people.house.has_logged(["mike", "-", "mike", "release"]), "{:?}", people.house.log());

    for restart in [false, true] {
        if restart {
            people.house.crash();
        }
        let (mut new, login) = people.house.try_login("mike", Some(&identity("another")), &json!({}));
        assert_eq!((&login["success"], &login["claimed"]), (&json!(true), &json!(true)), "{login}");
        let inbox = new.join("@");
        assert_eq!((&inbox["head"], &inbox["first"]), (&json!(0), &json!(1)), "{inbox}");
        assert_ne!(inbox["epoch"], join["epoch"]);
        assert!(new.history("@").is_empty());
        let page = new.ask(json!({"type": "search", "text": "alone"}));
        assert_eq!(page["entries"], json!([]), "{page}");
        new.join(ROOM);
        assert_eq!(new.code(act("kick", ROOM, "k", &to("gus"))), "forbidden", "the role has gone");
        assert_eq!(people.house.refused("mike", Some(&identity("mike")), &json!({})), "nickname_claimed");
        // What the one before has said is another's.
        assert_eq!(new.code(redact(ROOM, "r", &said_before["seq"], "")), "forbidden");
        let ack = new.ask(said(ROOM, "a", "somebody else"));
        assert_eq!(ack["type"], "ack", "ids are the person's own: {ack}");
        assert_ne!(ack["seq"], said_before["seq"]);
        new.done(json!({"type": "release"}));
        new.rest();
    }
    // A guest may take it, too; and whoever had it.
    drop(people.house.guest("mike"));
    let (mut old, login) = people.house.try_login("mike", Some(&identity("mike")), &json!({}));
    assert_eq!(login["success"], true, "{login}");
    old.join(ROOM);
    assert_eq!(old.code(redact(ROOM, "r", &said_before["seq"], "")), "forbidden", "one that comes back is new");
}

#[test]
fn an_operator_gives_a_nickname_back_for_somebody() {
    let mut people = People::new();
    assert_eq!(people.house.order(&["admin", "release", "mike"]), "done\n");
    people.mike.rest();
    let error = people.house.cli(&["admin", "release", "mike"]).unwrap_err();
    assert!(error.contains("nobody has claimed mike"), "{error}");
    let error = people.house.cli(&["admin", "release", "gus"]).unwrap_err();
    assert!(error.contains("nobody has claimed gus"), "{error}");
    assert!(people.house.has_logged(["operator", "-", "mike", "release"]));
    people.house.guest("mike").join(ROOM);
}
