//! The moderation log: a line for each act, which nobody changes.

use super::people::{People, ROOM, to};
use crate::common::house::{act, redact};
use rusqlite::Connection;
use serde_json::json;

#[test]
fn every_act_has_its_line_for_good() {
    let mut people = People::new();
    let mut op = people.operator();
    let said = people.mike.say(ROOM, "s", "unwise");
    let acts = [
        ("mute", json!({"nickname": "gus", "for_s": 9, "reason": "loud"}), "gus", "mute 9s: loud"),
        ("unmute", to("gus"), "gus", "unmute"),
        ("slow", json!({"for_s": 3}), "", "slow 3s"),
        ("lock", json!({"reason": "night"}), "", "lock: night"),
        ("unlock", json!({}), "", "unlock"),
        ("grant", to("mike"), "mike", "grant moderator"),
        ("revoke", to("mike"), "mike", "revoke moderator"),
        ("kick", to("gus"), "gus", "kick"),
        ("ban", json!({"nickname": "gus", "address": false}), "gus", "ban"),
        ("unban", to("gus"), "gus", "unban"),
    ];
    let mut expected: Vec<[String; 4]> = Vec::new();
    let mut expect = |line: [&str; 4]| expected.push(line.map(str::to_owned));
    expect(["olga", ROOM, "mo", "grant moderator"]);
    for (action, more, target, told) in &acts {
        people.olga.done(act(action, ROOM, action, more));
        expect(["olga", ROOM, target, told]);
    }
    let seq = said["seq"].to_string();
    people.mo.done(redact(ROOM, "r", &said["seq"], "rude"));
    expect(["mo", ROOM, &seq, "redact: rude"]);
    op.done(act("ban", ROOM, "b", &json!({"network": "10.1.0.0/16", "everywhere": true})));
    expect(["op", ROOM, "", "ban everywhere 10.1.0.0/16"]);
    // What was refused, and what was asked again, has none.
    assert_eq!(people.mike.code(act("lock", ROOM, "x", &json!({}))), "forbidden");
    people.olga.done(act("slow", ROOM, "slow", &json!({"for_s": 3})));
    for (words, line) in [
        (vec!["admin", "ban", "gus", "--for", "1h", "--reason", "bots"], ["operator", "-", "gus", "ban 3600s: bots"]),
        (vec!["admin", "unban", "gus"], ["operator", "-", "gus", "unban"]),
        (vec!["admin", "mute", "10.2.0.0/16"], ["operator", "-", "10.2.0.0/16", "mute"]),
        (vec!["admin", "unmute", "10.2.0.0/16"], ["operator", "-", "10.2.0.0/16", "unmute"]),
        (vec!["admin", "grant", "mike"], ["operator", "-", "mike", "grant operator"]),
        (vec!["admin", "revoke", "mike"], ["operator", "-", "mike", "revoke operator"]),
        (vec!["admin", "kick", "mo"], ["operator", "-", "mo", "kick"]),
        (vec!["admin", "alert", "no-new-names"], ["operator", "-", "", "alert 1"]),
        (vec!["invite", "--plain", "--note", "for ann"], ["operator", "-", "for ann", "invite"]),
    ] {
        people.house.order(&words);
        expect(line);
    }
    assert_eq!(people.house.log(), expected);
    people.house.crash();
    assert_eq!(people.house.log(), expected);
    let last = people.house.order(&["moderation-log", "--last", "2"]);
    let last: Vec<&str> = last.lines().collect();
    assert!(last.len() == 2 && last[0].ends_with("alert 1") && last[1].ends_with("invite"), "{last:?}");

    let journal = Connection::open(people.house.path().join("journal.sqlite3")).unwrap();
    for sql in [
        "DELETE FROM moderation_log",
        "DELETE FROM moderation_log WHERE n = 1",
        "UPDATE moderation_log SET act = ''",
        "UPDATE moderation_log SET actor = 'nobody' WHERE n = 2",
    ] {
        let error = journal.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("only added to"), "{sql}: {error}");
    }
    assert_eq!(people.house.log(), expected);
}
