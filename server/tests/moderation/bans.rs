//! Who is kept out or quiet: by name, by key, by address, by network; for a while or for good.

use super::people::{People, ROOM, to};
use crate::common::{
    house::{OPERATOR, act, identity, said, wait_as_told},
    proxied::Proxied,
};
use serde_json::{Value, json};

fn join() -> Value {
    json!({"type": "join", "room": ROOM})
}

#[test]
fn a_banned_name_is_out_however_it_is_written() {
    let mut people = People::new();
    let mut bob = people.house.guest("bob").in_room(ROOM);
    people.mo.done(act("ban", ROOM, "a", &json!({"nickname": "BOB", "reason": "spam"})));
    let notice = bob.hear("notice");
    assert_eq!((&notice["code"], &notice["room"]), (&json!("kicked"), &json!(ROOM)));
    assert!(notice["detail"].as_str().unwrap().contains("spam"), "{notice}");
    let refusal = bob.ask(join());
    assert_eq!((&refusal["code"], refusal.get("retry_ms")), (&json!("banned"), None), "{refusal}");
    for request in [
        json!({"type": "history", "room": ROOM}),
        json!({"type": "search", "room": ROOM, "text": "x"}),
        json!({"type": "ls", "room": ROOM}),
        said(ROOM, "b", "hello?"),
        json!({"type": "topic", "room": ROOM, "id": "c", "msg": "bob"}),
        json!({"type": "redact", "room": ROOM, "id": "d", "re": 1}),
    ] {
        assert_eq!(bob.code(request.clone()), "banned", "{request}");
    }
    // It is this room's affair.
    bob.join("#elsewhere");
    bob.done(json!({"type": "sendto", "nickname": "mike", "id": "e", "msg": "why?"}));
    drop(bob);
    let mut look_alike = people.house.guest("b0b");
    assert_eq!(look_alike.code(join()), "banned");
    assert_eq!(people.house.guest("bobby").in_room(ROOM).try_say(ROOM, "a", "another one"), "ok");
    people.house.crash();
    let mut look_alike = people.house.guest("b0b");
    assert_eq!(look_alike.code(join()), "banned", "it is kept");
    people.house.keyed("mo").in_room(ROOM).done(act("unban", ROOM, "f", &to("bob")));
    look_alike.join(ROOM);
    people.house.restart();
    people.house.guest("bob").join(ROOM);
}

#[test]
fn a_banned_key_is_out_under_every_nickname() {
    let mut people = People::new();
    people.mo.done(act("ban", ROOM, "a", &to("mike")));
    people.mike.hear("notice");
    let (mut other, _) = people.house.try_login("michael", Some(&identity("mike")), &json!({}));
    assert_eq!(other.code(join()), "banned");
    // Whoever is in already under another nickname is out, too.
    let (mut gustav, _) = people.house.try_login("gustav", Some(&identity("tav")), &json!({}));
    gustav.join(ROOM);
    let (mut tav, _) = people.house.try_login("tav", Some(&identity("tav")), &json!({}));
    tav.join(ROOM);
    people.mo.done(act("ban", ROOM, "b", &to("tav")));
    gustav.hear("notice");
    tav.hear("notice");
    people.house.restart();
    let (mut other, _) = people.house.try_login("michael", Some(&identity("mike")), &json!({}));
    assert_eq!(other.code(join()), "banned");
    people.house.keyed("mo").in_room(ROOM).done(act("unban", ROOM, "c", &to("mike")));
    other.join(ROOM);
    people.house.keyed("mike").join(ROOM);
    let (mut gustav, _) = people.house.try_login("gustav", Some(&identity("tav")), &json!({}));
    assert_eq!(gustav.code(join()), "banned", "nobody has unbanned that one");
}

#[test]
fn a_ban_and_a_mute_end_when_they_said() {
    let mut people = People::new();
    people.mo.done(act("ban", ROOM, "a", &json!({"nickname": "gus", "for_s": 2})));
    people.mo.done(act("mute", ROOM, "b", &json!({"nickname": "mike", "for_s": 2})));
    let (banned, muted) = (people.gus.ask(join()), people.mike.ask(said(ROOM, "c", "x")));
    for (refusal, code) in [(&banned, "banned"), (&muted, "muted")] {
        assert_eq!(refusal["code"], code);
        assert!((1..=2_000).contains(&refusal["retry_ms"].as_u64().unwrap()), "{refusal}");
    }
    people.house.crash();
    let (mut gus, mut mike) = (people.house.guest("gus"), people.house.keyed("mike").in_room(ROOM));
    // How long it still is, is kept.
    for refusal in [gus.ask(join()), mike.ask(said(ROOM, "c", "x"))] {
        assert!(refusal["retry_ms"].as_u64().unwrap() < 2_000, "{refusal}");
        wait_as_told(&refusal);
    }
    gus.join(ROOM);
    mike.say(ROOM, "c", "x");
}

#[test]
fn who_is_muted_reads_and_does_not_talk() {
    let mut people = People::new();
    people.mike.say(ROOM, "before", "while I could");
    people.mo.done(act("mute", ROOM, "a", &json!({"nickname": "mike", "reason": "loud"})));
    people.mo.done(act("mute", ROOM, "a2", &to("gus")));
    let topic = |id: &str| json!({"type": "topic", "room": ROOM, "id": id, "msg": "mine"});
    let direct = |id: &str| json!({"type": "sendto", "nickname": "gus", "id": id, "msg": "psst"});
    let refusal = people.mike.ask(said(ROOM, "b", "hm"));
    assert_eq!((&refusal["code"], refusal.get("retry_ms")), (&json!("muted"), None));
    assert!(refusal["detail"].as_str().unwrap().contains("loud"), "{refusal}");
    assert_eq!(people.mike.code(topic("c")), "muted");
    assert_eq!(people.gus.try_say(ROOM, "b", "hm"), "muted");
    assert_eq!(people.mike.code(json!({"type": "redact", "room": ROOM, "id": "r", "re": 2, "reason": "hm"})), "muted");
    assert_eq!(people.mike.found(ROOM, "could"), 1);
    people.mike.done(direct("d"));
    people.mike.join("#other");
    people.mike.say("#other", "e", "here I may");
    people.house.crash();
    let mut mike = people.house.keyed("mike").in_room(ROOM).in_room("#other");
    assert_eq!(mike.try_say(ROOM, "f", "hm"), "muted");
    let _gus = people.house.guest("gus");
    let mut op = people.operator();
    op.done(act("mute", ROOM, "g", &json!({"nickname": "mike", "everywhere": true})));
    assert_eq!(mike.try_say("#other", "h", "hm"), "muted");
    assert_eq!(mike.code(direct("i")), "muted");
    let mut mo = people.house.keyed("mo").in_room(ROOM);
    mo.done(act("unmute", ROOM, "j", &to("mike")));
    assert_eq!(mike.try_say(ROOM, "k", "hm"), "muted", "the other one still holds");
    let everywhere = json!({"nickname": "mike", "everywhere": true});
    assert_eq!(mo.code(act("unmute", ROOM, "l", &everywhere)), "forbidden");
    op.done(act("unmute", ROOM, "m", &everywhere));
    mike.say(ROOM, "k", "hm");
    mike.done(direct("i"));
}

#[test]
fn an_address_is_banned_with_its_household() {
    let server = Proxied::new("");
    let mut olga = server.come("192.0.2.1", "olga", true).0.in_room(ROOM);
    let mut eve = server.guest("198.51.100.7", "eve").in_room(ROOM);
    let mut frank = server.guest("198.51.100.7", "frank").in_room(ROOM);
    let mut gina = server.guest("198.51.100.8", "gina").in_room(ROOM);
    olga.done(act("ban", ROOM, "a", &to("eve")));
    eve.hear("notice");
    frank.say(ROOM, "a", "not me");
    olga.done(act("ban", ROOM, "b", &json!({"nickname": "eve", "address": true})));
    frank.hear("notice");
    assert_eq!(frank.code(join()), "banned");
    assert_eq!(server.guest("198.51.100.7", "heinz").code(join()), "banned");
    gina.say(ROOM, "a", "not me either");
    // Of IPv6 a household has a /64.
    server.guest("2001:db8:1:2::3", "ivy").join(ROOM);
    let mut ivy = server.guest("2001:db8:1:2::3", "ivy2");
    ivy.join(ROOM);
    olga.done(act("ban", ROOM, "c", &json!({"nickname": "ivy2", "address": true})));
    assert_eq!(server.guest("2001:db8:1:2:ffff::9", "jack").code(join()), "banned");
    server.guest("2001:db8:1:3::3", "kim").join(ROOM);
    olga.done(act("unban", ROOM, "d", &to("eve")));
    frank.join(ROOM);
    eve.join(ROOM);
}

#[test]
fn a_network_is_banned_by_an_operator() {
    let server = Proxied::new("");
    let network = |more: &Value| {
        let mut fields = json!({"network": "203.0.113.0/24"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let mut olga = server.come("192.0.2.1", "olga", true).0.in_room(ROOM);
    let mut op = server.come("203.0.113.5", OPERATOR, true).0.in_room(ROOM);
    let mut eve = server.guest("203.0.113.200", "eve").in_room(ROOM);
    let (mut mike, _) = server.come("203.0.113.9", "mike", true);
    assert_eq!(olga.code(act("ban", ROOM, "a", &network(&json!({})))), "forbidden");
    op.done(act("ban", ROOM, "a", &network(&json!({}))));
    eve.hear("notice");
    assert_eq!((eve.code(join()), mike.code(join())), ("banned".into(), "banned".into()));
    eve.join("#other");
    op.done(act("ban", ROOM, "b", &network(&json!({"everywhere": true, "reason": "floods"}))));
    for session in [&mut eve, &mut mike] {
        let notice = session.rest().pop().unwrap();
        assert_eq!((&notice["code"], notice.get("room")), (&json!("kicked"), None), "{notice}");
        assert!(notice["detail"].as_str().unwrap().contains("floods"), "{notice}");
    }
    for (nickname, is_keyed) in [("eve", false), ("mike", true), ("new", true)] {
        let (_, login) = server.come("203.0.113.9", nickname, is_keyed);
        assert_eq!((&login["success"], &login["code"]), (&json!(false), &json!("banned")), "{nickname}");
    }
    let (_, login) = server.come("203.0.113.5", OPERATOR, true);
    assert_eq!(login["success"], true, "an operator is let in from anywhere");
    let (mut elsewhere, login) = server.come("192.0.2.9", "mike", true);
    assert_eq!(login["success"], true);
    elsewhere.join(ROOM);
    op.done(act("unban", ROOM, "c", &network(&json!({"everywhere": true}))));
    let mut eve = server.guest("203.0.113.200", "eve");
    assert_eq!(eve.code(join()), "banned", "the room's own still holds");
    op.done(act("unban", ROOM, "d", &network(&json!({}))));
    eve.join(ROOM);
}

#[test]
fn an_address_is_no_way_to_somebody_above() {
    let server = Proxied::new("");
    let mut olga = server.come("198.51.100.7", "olga", true).0.in_room(ROOM);
    let mut mo = server.come("192.0.2.1", "mo", true).0.in_room(ROOM);
    olga.done(act("grant", ROOM, "a", &to("mo")));
    let _eve = server.guest("198.51.100.7", "eve").in_room(ROOM);
    // Both are behind one router.
    mo.done(act("ban", ROOM, "b", &json!({"nickname": "eve", "address": true})));
    assert!(olga.heard().iter().all(|event| event["type"] != "notice"));
    olga.say(ROOM, "c", "still here");
    olga.join(ROOM);
}

#[test]
fn a_ban_from_the_whole_server() {
    let mut people = People::new();
    let everywhere = json!({"nickname": "mike", "everywhere": true, "for_s": 600});
    assert_eq!(people.mo.code(act("ban", ROOM, "a", &everywhere)), "forbidden");
    people.operator().done(act("ban", ROOM, "a", &everywhere));
    assert_eq!(people.mike.rest().pop().unwrap()["code"], "kicked");
    let entry = people.gus.hear_that(|event| event["kind"] == "moderation" && event["id"] == "a");
    assert_eq!(entry["msg"], "ban everywhere 600s");
    people.house.crash();
    let (_, login) = people.house.try_login("mike", Some(&identity("mike")), &json!({}));
    assert_eq!((&login["code"], &login["nickname"]), (&json!("banned"), &json!("mike")), "{login}");
    assert!((590_000..=600_000).contains(&login["retry_ms"].as_u64().unwrap()), "{login}");
    assert_eq!(people.house.refused("michael", Some(&identity("mike")), &json!({})), "banned");
    assert_eq!(people.house.refused("mike", None, &json!({})), "banned");
    people.operator().done(act("unban", ROOM, "b", &json!({"nickname": "mike", "everywhere": true})));
    people.house.keyed("mike").join(ROOM);
}
