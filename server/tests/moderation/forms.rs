//! Acts in a wrong form, and which error each one is.

use super::people::{People, ROOM};
use serde_json::{Value, json};

#[test]
fn each_wrong_form_has_its_error() {
    let mut people = People::new();
    let long = "x".repeat(65);
    let cases: &[(&str, Value)] = &[
        ("missing_field", json!({"action": null})),
        ("missing_field", json!({"room": null})),
        ("missing_field", json!({"id": null})),
        ("missing_field", json!({"nickname": null})),
        ("missing_field", json!({"action": "slow", "nickname": null})),
        ("bad_field", json!({"action": "dance"})),
        ("bad_field", json!({"action": "KICK"})),
        ("bad_field", json!({"action": 1})),
        ("bad_field", json!({"id": ""})),
        ("bad_field", json!({"id": long})),
        ("bad_field", json!({"id": "with space"})),
        ("room_invalid", json!({"room": "x"})),
        ("room_invalid", json!({"room": "@"})),
        ("bad_field", json!({"room": 1})),
        ("nickname_invalid", json!({"nickname": "-_-"})),
        ("nickname_invalid", json!({"nickname": ""})),
        ("bad_field", json!({"nickname": 1})),
        ("bad_field", json!({"for_s": 5})),
        ("bad_field", json!({"action": "grant", "for_s": 5})),
        ("bad_field", json!({"action": "ban", "for_s": 0})),
        ("bad_field", json!({"action": "mute", "for_s": 0})),
        ("bad_field", json!({"action": "ban", "for_s": -1})),
        ("bad_field", json!({"action": "ban", "for_s": "5"})),
        ("bad_field", json!({"action": "ban", "for_s": 1.5})),
        ("bad_field", json!({"action": "ban", "for_s": 9_000_000_000_u64})),
        ("bad_field", json!({"action": "lock"})),
        ("bad_field", json!({"action": "slow", "for_s": 5})),
        ("bad_field", json!({"action": "lock", "nickname": null, "for_s": 5})),
        ("bad_field", json!({"action": "ban", "network": "10.0.0.0/8"})),
        ("bad_field", json!({"action": "mute", "nickname": null, "network": "10.0.0.0/8"})),
        ("bad_field", json!({"action": "ban", "nickname": null, "network": "10.0.0.0/33"})),
        ("bad_field", json!({"action": "ban", "nickname": null, "network": "everybody"})),
        ("bad_field", json!({"action": "grant", "role": "king"})),
        ("bad_field", json!({"action": "grant", "role": 1})),
        ("bad_field", json!({"everywhere": "yes"})),
        ("bad_field", json!({"action": "ban", "address": 1})),
        ("bad_field", json!({"reason": 1})),
    ];
    for (code, change) in cases {
        let mut request = json!({"type": "moderate", "room": ROOM, "id": "m", "action": "kick", "nickname": "gus"});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        // Who asks makes no difference: the form comes first.
        for person in [&mut people.olga, &mut people.gus] {
            let error = person.ask(request.clone());
            // Ten bad lines in a row would end the connection.
            person.done(json!({"type": "ping"}));
            assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)), "{request}: {error}");
            assert_eq!(error["request"], "moderate");
            assert!(error["detail"].as_str().unwrap().contains("field ") || code.ends_with("invalid"), "{error}");
        }
    }
    let gus = people.gus.heard();
    assert!(gus.iter().all(|event| event["type"] != "notice"), "nothing was done");
    assert!(people.olga.history(ROOM).iter().all(|entry| entry["id"] != "m"));
}

#[test]
fn rights_come_before_membership_and_a_room_that_is_not_there_knows_nobody() {
    let mut people = People::new();
    let kick = |room: &str| json!({"type": "moderate", "room": room, "id": "m", "action": "kick", "nickname": "gus"});
    assert_eq!(people.olga.code(kick("#nowhere")), "not_in_room");
    people.olga.done(json!({"type": "leave", "room": ROOM}));
    people.mike.done(json!({"type": "leave", "room": ROOM}));
    assert_eq!(people.olga.code(kick(ROOM)), "not_in_room");
    assert_eq!(people.mike.code(kick(ROOM)), "forbidden");
    let mut stranger = people.house.guest("stranger");
    assert_eq!(stranger.code(json!({"type": "release"})), "forbidden", "a guest has nothing to give back");
    let mut unknown = people.house.server.connect();
    unknown.hello();
    for request in [kick(ROOM), json!({"type": "redact", "room": ROOM, "id": "r", "re": 1}), json!({"type": "release"})]
    {
        unknown.send(&request);
        assert_eq!(unknown.expect("error")["code"], "not_logged_in", "{request}");
    }
}

#[test]
fn a_reason_is_one_line_and_not_too_long() {
    let mut people = People::new();
    let reason = format!("a\u{202e}b\r\nc {}", "茶".repeat(300));
    let ack = people.olga.done(
        json!({"type": "moderate", "room": ROOM, "id": "m", "action": "mute", "nickname": "gus", "reason": reason}),
    );
    let entry = people.mike.hear_that(|event| event["seq"] == ack["seq"]);
    let text = entry["msg"].as_str().unwrap();
    assert!(text.starts_with("mute: ab c 茶") && text.len() <= 210, "{text}");
    assert!(!text.contains('\n') && !text.contains('\u{202e}'), "{text}");
}
