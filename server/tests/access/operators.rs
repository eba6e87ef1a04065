//! Who is an operator, and what is ordered at the server's own door.

use crate::common::{
    house::{House, OPERATOR, act, identity, key},
    proxied::Proxied,
};
use serde_json::json;

#[test]
fn operators_are_made_and_unmade_while_the_server_runs() {
    let mut house = House::new("");
    let _owner = house.keyed("olga").in_room("#x");
    let mut ann = house.keyed("ann").in_room("#x");
    let everywhere = |id: &str| act("kick", "#x", id, &json!({"nickname": "olga", "everywhere": true}));
    assert_eq!(ann.code(everywhere("a")), "forbidden");
    house.order(&["admin", "grant", "ann"]);
    ann.done(everywhere("a"));
    house.crash();
    let mut ann = house.keyed("ann").in_room("#x");
    ann.done(act("lock", "#x", "b", &json!({})));
    house.order(&["admin", "revoke", "ann"]);
    assert_eq!(ann.code(act("unlock", "#x", "c", &json!({}))), "forbidden");
    house.restart();
    let mut ann = house.keyed("ann").in_room("#x");
    assert_eq!(ann.code(act("unlock", "#x", "c", &json!({}))), "forbidden");
    // By key, before there is a nickname.
    house.order(&["admin", "grant", &key("zoe")]);
    house.keyed("zoe").in_room("#x").done(act("unlock", "#x", "d", &json!({})));
    house.order(&["admin", "revoke", &key("zoe")]);
    // The configuration's are not unmade here.
    house.order(&["admin", "revoke", &key(OPERATOR)]);
    house.keyed(OPERATOR).in_room("#x").done(act("slow", "#x", "e", &json!({"for_s": 1})));
    for who in ["nobody", "10.0.0.0/8", "-_-"] {
        house.cli(&["admin", "grant", who]).expect_err("nobody of that name");
    }
}

#[test]
fn people_are_put_out_and_kept_out_by_order() {
    let mut house = House::new("");
    let mut bob = house.keyed("bob").in_room("#x");
    let mut guest = house.guest("guest").in_room("#x");
    house.order(&["admin", "kick", "Bob", "--reason", "enough"]);
    assert_eq!(bob.rest().pop().unwrap(), json!({"type": "notice", "code": "kicked", "detail": "enough"}));
    let error = house.cli(&["admin", "kick", "bob"]).unwrap_err();
    assert!(error.contains("bob is not here"), "{error}");
    let mut bob = house.keyed("bob").in_room("#x");

    house.order(&["admin", "ban", "bob", "--for", "1h", "--reason", "spam"]);
    let notice = bob.rest().pop().unwrap();
    assert!(notice["code"] == "kicked" && notice["detail"].as_str().unwrap().contains("spam"), "{notice}");
    house.crash();
    let (_, login) = house.try_login("bob", Some(&identity("bob")), &json!({}));
    assert!(login["code"] == "banned" && login["retry_ms"].as_u64().unwrap() > 3_500_000, "{login}");
    assert_eq!(house.refused("b0b", None, &json!({})), "banned", "it looks like it");
    assert_eq!(house.refused("robert", Some(&identity("bob")), &json!({})), "banned", "it is the same key");
    house.order(&["admin", "unban", "bob"]);
    let mut bob = house.keyed("bob").in_room("#x");
    let error = house.cli(&["admin", "unban", "bob"]).unwrap_err();
    assert!(error.contains("nothing holds against bob"), "{error}");

    house.order(&["admin", "ban", &key("bob")]);
    bob.rest();
    assert_eq!(house.refused("robert", Some(&identity("bob")), &json!({})), "banned");
    let (_, login) = house.try_login("bobby", Some(&identity("bobby")), &json!({}));
    assert_eq!(login["success"], true, "{login}");
    house.order(&["admin", "unban", &key("bob")]);

    let mut bob = house.keyed("bob").in_room("#x");
    house.order(&["admin", "mute", &key("bob"), "--reason", "loud"]);
    let direct = json!({"type": "sendto", "nickname": "bobby", "id": "d", "msg": "psst"});
    assert_eq!((bob.try_say("#x", "a", "x"), bob.code(direct.clone())), ("muted".into(), "muted".into()));
    house.crash();
    let mut bob = house.keyed("bob").in_room("#x");
    assert_eq!(bob.try_say("#x", "a", "x"), "muted");
    house.order(&["admin", "unmute", &key("bob")]);
    bob.say("#x", "a", "x");
    bob.done(direct);
    drop(guest.rest());
    for who in ["-_-", "10.0.0.0/99", ""] {
        house.cli(&["admin", "ban", who]).expect_err("nobody of that name");
    }
}

#[test]
fn a_network_is_kept_out_by_order() {
    let mut server = Proxied::new("");
    let mut bob = server.come("203.0.113.9", "bob", true).0.in_room("#x");
    let mut far = server.guest("198.51.100.7", "far").in_room("#x");
    server.0.order(&["admin", "mute", "203.0.113.0/24"]);
    assert_eq!((bob.try_say("#x", "a", "x"), far.try_say("#x", "a", "x")), ("muted".into(), "ok".into()));
    server.0.order(&["admin", "unmute", "203.0.113.0/24"]);
    bob.say("#x", "a", "x");
    server.0.order(&["admin", "ban", "203.0.113.0/24"]);
    bob.rest();
    far.say("#x", "b", "still here");
    server.0.crash();
    assert_eq!(server.refused("203.0.113.77", "bob", true), "banned");
    assert_eq!(server.refused("203.0.112.77", "bob", true), "none");
    assert_eq!(server.refused("203.0.113.77", OPERATOR, true), "none");
    server.0.order(&["admin", "unban", "203.0.113.0/24"]);
    assert_eq!(server.refused("203.0.113.77", "bob", true), "none");
}

#[test]
fn an_order_without_a_server_says_so() {
    let mut house = House::new("");
    house.server.terminate();
    let error = house.cli(&["admin", "kick", "bob"]).unwrap_err();
    assert!(error.contains("no server answers"), "{error}");
    house.server = crate::common::Server::start_in(house.path(), "127.0.0.1:0", "");
    house.order(&["status"]);
}
