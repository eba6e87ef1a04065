//! What the configuration keeps, and what is known of the rest.

use crate::common::house::{House, Somebody, redact, said};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{fs, path::Path, thread, time::Duration};

pub(crate) const ROOM: &str = "#x";

/// Says many things, some of them at once; each has a word of its own.
pub(crate) fn flood(somebody: &mut Somebody, room: &str, numbers: std::ops::RangeInclusive<u64>, padding: usize) {
    let numbers: Vec<u64> = numbers.collect();
    for chunk in numbers.chunks(32) {
        let lines = chunk.iter().map(|n| said(room, &format!("n{n}"), &text(*n, padding)).to_string() + "\n");
        somebody.client.send_bytes(lines.collect::<String>().as_bytes());
        for n in chunk {
            let ack = somebody.hear_that(|event| event["type"] == "ack" || event["type"] == "error");
            assert_eq!((&ack["type"], &ack["id"]), (&json!("ack"), &json!(format!("n{n}"))));
        }
    }
}

fn text(n: u64, padding: usize) -> String {
    format!("word{n}x {}", "lorem ".repeat(padding / 6))
}

pub(crate) fn size(directory: &Path) -> u64 {
    let files = ["journal.sqlite3", "journal.sqlite3-wal"].map(|name| directory.join(name));
    files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
}

fn seqs(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

/// That nothing before `first` is there any more, and everything from it on is.
fn check(house: &House, somebody: &mut Somebody, first: u64, head: u64) {
    let joined = somebody.join(ROOM);
    assert_eq!((&joined["first"], &joined["head"]), (&json!(first), &json!(head)));
    assert_eq!(seqs(&somebody.history(ROOM)), (first..=head).collect::<Vec<_>>());
    for (place, expected) in [
        (json!({"before": first}), vec![]),
        (json!({"before": first + 2}), vec![first, first + 1]),
        (json!({"before": 3}), vec![]),
        (json!({"after": 3, "limit": 2}), vec![first, first + 1]),
        (json!({"at": 0, "limit": 1}), vec![first]),
        (json!({"limit": 1}), vec![head]),
    ] {
        let mut request = json!({"type": "history", "room": ROOM});
        request.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let page = somebody.done(request);
        assert_eq!(seqs(page["entries"].as_array().unwrap()), expected, "{place}");
    }
    for (n, count) in [(1, 0), (first - 1, 0), (first, 1), (head, 1)] {
        assert_eq!(somebody.found(ROOM, &format!("word{n}x")), count, "{n} of {first} to {head}");
    }
    // Who comes back from before is told what is lost.
    somebody.heard();
    somebody.done(json!({"type": "join", "room": ROOM, "after": 5, "epoch": joined["epoch"]}));
    let gap = somebody.hear_that(|event| event["type"] == "gap" || event["type"] == "message");
    let expected = json!({"type": "gap", "room": ROOM, "after": 5, "before": first, "lost": true});
    assert_eq!(gap, expected);
    assert_eq!(somebody.hear("message")["seq"], first);
    somebody.done(json!({"type": "join", "room": ROOM, "after": first - 1, "epoch": joined["epoch"]}));
    somebody.heard();
    let whole = house.order(&["verify"]);
    assert!(whole.starts_with("whole: "), "{whole}");
}

#[test]
fn the_newest_entries_stay_and_of_the_others_the_ids() {
    let mut house = House::new("[retention]\nentries = 100");
    let mut ann = house.keyed("ann").in_room(ROOM).in_room("@");
    let mut bob = house.keyed("bob").in_room(ROOM);
    let mut guest = house.guest("guest").in_room(ROOM);
    flood(&mut ann, ROOM, 1..=1_300, 600);
    bob.say("#x", "n1301", "word1301x");
    guest.say("#x", "n1302", "word1302x");
    let before = size(house.path());
    let told = house.order(&["retention"]);
    assert!(told.starts_with("1202 entries let go; "), "{told}");
    let after = size(house.path());
    assert!(after < before / 3, "{before} bytes, and then {after}: {told}");
    check(&house, &mut bob, 1_203, 1_302);
    assert!(house.order(&["retention"]).starts_with("0 entries"));
    for _ in 0..2 {
        // What was acknowledged is acknowledged again, whatever it says now.
        for n in [1, 700, 1_202] {
            assert_eq!(ann.say(ROOM, &format!("n{n}"), "forgotten what it was")["seq"], n);
        }
        assert_eq!(ann.try_say(ROOM, "n1300", "this is still known"), "id_reused");
        assert_eq!(ann.join(ROOM)["head"], 1_302, "nothing new has come of it");
        assert_eq!(ann.code(redact(ROOM, "r", &json!(1_202), "")), "bad_field");
        assert_eq!(ann.code(redact(ROOM, "r", &json!(1), "")), "bad_field");
        house.crash();
        (ann, bob) = (house.keyed("ann").in_room(ROOM), house.keyed("bob"));
        check(&house, &mut bob, 1_203, 1_302);
    }
    // Another person's ids are their own.
    assert_eq!(bob.say(ROOM, "n1", "word1303x")["seq"], 1_303);
    bob.done(json!({"type": "broadcast", "room": ROOM, "id": "re", "msg": "word1304x to what has gone", "re": 5}));
    house.order(&["retention"]);
    check(&house, &mut bob, 1_205, 1_304);
}

#[test]
fn direct_messages_go_as_well() {
    let house = House::new("[retention]\nentries = 10");
    let (mut ann, mut bob) = (house.keyed("ann"), house.keyed("bob"));
    for n in 1..=25 {
        ann.done(json!({"type": "sendto", "nickname": "bob", "id": format!("n{n}"), "msg": format!("word{n}x")}));
    }
    house.order(&["retention"]);
    for person in [&mut ann, &mut bob] {
        assert_eq!(seqs(&person.history("@")), (16..=25).collect::<Vec<_>>());
        assert_eq!((person.found("@", "word15x"), person.found("@", "word16x")), (0, 1));
    }
    let again = ann.done(json!({"type": "sendto", "nickname": "bob", "id": "n3", "msg": "word3x"}));
    assert_eq!(again["seq"], 3);
    assert_eq!(bob.history("@").len(), 10, "nobody is told twice");
}

/// Everything in a room up to a number was said so many days ago.
fn make_older(house: &mut House, config: &str, up_to: u64, days: u64) {
    house.server.kill();
    let journal = Connection::open(house.path().join("journal.sqlite3")).unwrap();
    let sql = "UPDATE entry SET at = at - ?, sum = NULL WHERE log = (SELECT log FROM log WHERE room = ?)
               AND (place & 0xffffffff) <= ?";
    journal.execute(sql, (days * 24 * 3_600_000, ROOM, up_to)).unwrap();
    drop(journal);
    house.server = crate::common::Server::start_in(house.path(), "127.0.0.1:0", config);
}

#[test]
fn what_is_too_old_goes_by_itself_when_the_server_starts() {
    let config = "[retention]\ndays = 2";
    let mut house = House::new(config);
    flood(&mut house.keyed("ann").in_room(ROOM), ROOM, 1..=1_500, 60);
    // Of more than are taken out at once.
    make_older(&mut house, config, 1_400, 3);
    let mut bob = house.keyed("bob");
    let end = std::time::Instant::now() + crate::common::DEADLINE;
    while bob.join(ROOM)["first"] != 1_401 {
        assert!(std::time::Instant::now() < end, "{}", bob.join(ROOM));
        bob.done(json!({"type": "leave", "room": ROOM}));
        thread::sleep(Duration::from_millis(20));
    }
    check(&house, &mut bob, 1_401, 1_500);
    // Both rules at once: what either lets go has gone.
    make_older(&mut house, "[retention]\ndays = 2\nentries = 90", 1_405, 3);
    house.order(&["retention"]);
    check(&house, &mut house.keyed("bob"), 1_411, 1_500);
    make_older(&mut house, "[retention]\ndays = 2\nentries = 90", 1_430, 3);
    house.order(&["retention"]);
    check(&house, &mut house.keyed("bob"), 1_431, 1_500);
}

#[test]
fn all_of_a_room_may_go_and_it_goes_on_where_it_was() {
    let config = "[retention]\ndays = 2";
    let mut house = House::new(config);
    flood(&mut house.keyed("ann").in_room(ROOM), ROOM, 1..=50, 60);
    make_older(&mut house, config, 50, 3);
    house.order(&["retention"]);
    for _ in 0..2 {
        let mut bob = house.keyed("bob");
        let joined = bob.join(ROOM);
        assert_eq!((&joined["first"], &joined["head"]), (&json!(51), &json!(50)));
        assert!(bob.history(ROOM).is_empty() && bob.found(ROOM, "lorem") == 0);
        house.crash();
    }
    let mut ann = house.keyed("ann").in_room(ROOM);
    assert_eq!(ann.say(ROOM, "n50", "word50x")["seq"], 50);
    assert_eq!(ann.say(ROOM, "n51", "word51x")["seq"], 51);
    house.order(&["verify"]);
}

#[test]
fn whatever_is_asked_while_entries_go_the_server_goes_on() {
    let mut house = House::new("[retention]\nentries = 5");
    let mut ann = house.keyed("ann").in_room(ROOM);
    for round in 0..8 {
        flood(&mut ann, ROOM, round * 400 + 1..=round * 400 + 400, 60);
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let house = &house;
        thread::scope(|scope| {
            for name in ["ann", "bob"] {
                let is_over = &is_over;
                scope.spawn(move || {
                    let mut reader = house.keyed(name).in_room(ROOM);
                    let (head, epoch) =
                        (reader.join(ROOM)["head"].as_u64().unwrap(), reader.join(ROOM)["epoch"].clone());
                    for n in 0.. {
                        let old = head.saturating_sub(n % 400).max(1);
                        reader.code(redact(ROOM, &format!("{name}{round}-{n}"), &json!(old), ""));
                        reader.done(json!({"type": "join", "room": ROOM, "after": old, "epoch": epoch}));
                        reader.done(json!({"type": "history", "room": ROOM, "after": old, "limit": 200}));
                        reader.done(json!({"type": "history", "room": ROOM, "at": 1_700_000_000_000_u64}));
                        reader.done(json!({"type": "search", "room": ROOM, "text": "lorem"}));
                        if is_over.load(std::sync::atomic::Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
            for _ in 0..3 {
                thread::sleep(Duration::from_millis(15));
                house.order(&["retention"]);
            }
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        ann.join(ROOM);
    }
    assert!(house.server.is_running());
    assert!(house.order(&["verify"]).starts_with("whole"));
}
