//! How careful the server is, changed while it runs.

use crate::common::{
    house::{House, OPERATOR, act, identity},
    proxied::Proxied,
};
use serde_json::{Value, json};

fn alert(house: &House, level: &str) {
    assert_eq!(house.order(&["admin", "alert", level]), "done\n");
    let status: Value = serde_json::from_str(&house.order(&["status", "--json"])).unwrap();
    let levels = ["calm", "no-new-names", "no-new-addresses", "read-only"];
    assert_eq!(levels[usize::try_from(status["alert"].as_u64().unwrap()).unwrap()], level);
}

#[test]
fn nobody_new_is_let_in_for_a_while() {
    let mut house = House::new("");
    let mut ann = house.keyed("ann").in_room("#x");
    let mut guest = house.guest("guest").in_room("#x");
    alert(&house, "no-new-names");
    assert_eq!(house.refused("bob", Some(&identity("bob")), &json!({})), "forbidden");
    assert_eq!(house.refused("another", None, &json!({})), "forbidden");
    // Who is there stays, and talks.
    guest.say("#x", "a", "hello");
    ann.say("#x", "a", "hello");
    house.keyed("ann").join("#new");
    house.keyed(OPERATOR);
    house.crash();
    assert_eq!(house.refused("another", None, &json!({})), "forbidden", "it is kept");
    house.keyed("ann");
    alert(&house, "calm");
    house.guest("another");
    house.keyed("bob");
}

#[test]
fn nobody_is_let_in_from_where_no_key_has_come_from() {
    let mut server = Proxied::new("");
    assert_eq!(server.refused("192.0.2.1", "ann", true), "none");
    assert_eq!(server.refused("2001:db8:1:2::3", "ann", true), "none");
    server.guest("198.51.100.7", "guest");
    alert(&server.0, "no-new-addresses");
    for _ in 0..2 {
        for (from, nickname, is_keyed, code) in [
            ("192.0.2.1", "ann", true, "none"),
            ("2001:db8:1:2:9::9", "ann", true, "none"),
            ("2001:db8:1:3::3", "ann", true, "forbidden"),
            ("192.0.2.2", "ann", true, "forbidden"),
            // Guests make no place known, and none of the names is new here.
            ("198.51.100.7", "ann", true, "forbidden"),
            ("192.0.2.1", "guest", false, "forbidden"),
            ("192.0.2.1", "bob", true, "forbidden"),
            ("203.0.113.1", OPERATOR, true, "none"),
        ] {
            assert_eq!(server.refused(from, nickname, is_keyed), code, "{nickname} from {from}");
        }
        server.0.crash();
    }
    alert(&server.0, "calm");
    assert_eq!(server.refused("198.51.100.7", "ann", true), "none");
}

#[test]
fn a_server_that_is_only_read() {
    let mut house = House::new("");
    let mut ann = house.keyed("ann").in_room("#x");
    let mut bob = house.keyed("bob").in_room("#x");
    bob.say("#x", "before", "unwise");
    let mut op = house.keyed(OPERATOR).in_room("#x");
    alert(&house, "read-only");
    let direct = |id: &str| json!({"type": "sendto", "nickname": "ann", "id": id, "msg": "psst"});
    assert_eq!(bob.try_say("#x", "a", "hello"), "forbidden");
    assert_eq!(bob.code(json!({"type": "topic", "room": "#x", "id": "t", "msg": "hello"})), "forbidden");
    assert_eq!((bob.code(direct("d")), ann.code(direct("d"))), ("forbidden".into(), "forbidden".into()));
    assert_eq!(house.refused("guest", None, &json!({})), "forbidden");
    assert_eq!(bob.found("#x", "unwise"), 1);
    // A room's owner keeps order in it; an operator everywhere.
    ann.say("#x", "a", "quiet, please");
    ann.done(act("kick", "#x", "k", &json!({"nickname": "bob"})));
    op.say("#x", "a", "quiet, please");
    op.done(direct("d"));
    bob.join("#x");
    house.crash();
    let mut bob = house.keyed("bob").in_room("#x");
    assert_eq!(bob.try_say("#x", "a", "hello"), "forbidden");
    alert(&house, "calm");
    bob.say("#x", "a", "hello");
    bob.done(direct("d"));
}
