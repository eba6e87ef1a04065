//! All that a person has said goes for good.

use super::kept::{ROOM, flood};
use crate::common::house::{House, act, identity, redact};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Words that occur nowhere else, whatever is compressed of their beginnings.
const WORDS: [&str; 8] =
    ["qvzkwjxu", "wplmtrgh", "xkcdvbnq", "yhtgbrfv", "zmqplwok", "jrtwvxyz", "kfqmwzpl", "bvcxqtrw"];

/// In which files of a directory which of the words are.
fn places(directory: &Path, words: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = fs::read(&path) else { continue };
        // Of a word in an index only its end may be there.
        let has = |word: &str| bytes.windows(6).any(|part| part == &word.as_bytes()[2..]);
        places.extend(words.iter().filter(|word| has(word)).map(|word| format!("{word} in {}", path.display())));
    }
    places
}

#[test]
fn nothing_is_left_of_what_a_person_has_said() {
    let mut house = House::new("");
    let mut ann = house.keyed("ann").in_room(ROOM).in_room("@").in_room("#third").in_room("#fourth");
    let mut bob = house.keyed("bob").in_room(ROOM).in_room("#other").in_room("@");
    let [plain, action, topic, direct, long, taken, to_bob, twin] = WORDS;
    let stays = "remembered";
    ann.say(ROOM, "a", stays);
    let first = bob.say(ROOM, "b1", &format!("{plain} 茶 {twin}"));
    bob.done(json!({"type": "broadcast", "room": ROOM, "id": "b2", "msg": action, "kind": "action", "re": 1}));
    bob.done(json!({"type": "topic", "room": "#other", "id": "b3", "msg": topic}));
    let to_ann = bob.done(json!({"type": "sendto", "nickname": "ann", "id": "b4", "msg": direct}));
    bob.say("#other", "b5", &format!("{} {long}", "and ".repeat(900)));
    let slip = bob.say(ROOM, "b6", taken);
    bob.done(redact(ROOM, "b7", &slip["seq"], ""));
    ann.done(json!({"type": "sendto", "nickname": "bob", "id": "a2", "msg": to_bob}));
    ann.done(json!({"type": "sendto", "nickname": "bob", "id": "a3", "msg": stays}));
    flood(&mut bob, "#other", 1..=1_100, 60);
    // Entries that come between others are moved about within their pages, and leave something behind there.
    for n in 0..120_usize {
        let room = if n % 3 == 0 { "#other" } else { ROOM };
        bob.say(room, &format!("c{n}"), &format!("{} {plain}", "or ".repeat(n * 37 % 400)));
        ann.say(["#third", "#fourth"][n % 2], &format!("c{n}"), &"well ".repeat(n * 53 % 200 + 1));
    }
    // The index has caught up.
    assert_eq!((ann.found(ROOM, twin), bob.found("#other", long), ann.found("@", direct)), (1, 1, 1));
    let before = places(house.path(), &WORDS);
    for word in [plain, action, topic, direct, long, to_bob] {
        assert!(before.iter().any(|place| place.starts_with(word)), "{word}: {before:?}");
    }

    let told = house.order(&["erase", "--person", "bob"]);
    assert!(told.contains(" texts taken out; "), "{told}");
    // What ann has written to bob is hers, in her own inbox.
    let gone: Vec<&str> = WORDS.into_iter().filter(|word| *word != to_bob).collect();
    assert_eq!(places(house.path(), &gone), Vec::<String>::new());

    for _ in 0..2 {
        let tombs = |history: &[Value]| history.iter().filter(|entry| entry["kind"] == "redacted").count();
        let history = ann.history(ROOM);
        assert_eq!((history.len(), tombs(&history)), (85, 84), "{history:?}");
        let expected = json!({"seq": first["seq"], "id": "b1", "kind": "redacted", "at": first["at"]});
        assert_eq!(history[1], expected);
        assert_eq!(history[0]["msg"], stays);
        let inbox = ann.history("@");
        assert_eq!((inbox.len(), tombs(&inbox)), (3, 1), "{inbox:?}");
        assert_eq!(bob.history("@").len(), 3);
        assert_eq!(tombs(&bob.history("@")), 3, "what was told to the person goes with it");
        assert_eq!(ann.join("#other")["topic"], "");
        assert_eq!((ann.found("#other", "lorem"), ann.found(ROOM, plain), ann.found("@", direct)), (0, 0, 0));
        assert_eq!(ann.found("@", stays), 1);
        // Nothing that was sent becomes something new.
        assert_eq!(bob.say(ROOM, "b1", "as it was")["seq"], first["seq"]);
        let again = bob.done(json!({"type": "sendto", "nickname": "ann", "id": "b4", "msg": direct}));
        assert_eq!(again["seq"], to_ann["seq"]);
        assert_eq!(bob.say("#other", "n700", "as it was")["type"], "ack");
        assert_eq!(ann.history("@").len(), 3);
        assert!(house.order(&["verify"]).starts_with("whole"));
        house.crash();
        ann = house.keyed("ann").in_room(ROOM).in_room("@");
        bob = house.keyed("bob").in_room(ROOM).in_room("#other").in_room("@");
    }
    assert!(house.has_logged(["operator", "-", "bob", "erase"]), "{:?}", house.log());
    // Whoever was erased may go on.
    bob.say(ROOM, "new", "here again");
    assert!(house.cli(&["erase", "--person", "nobody"]).unwrap_err().contains("nobody has claimed"));
}

#[test]
fn a_listener_and_a_moderator_have_nothing_left_either() {
    let mut house = House::new("");
    let mut olga = house.keyed("olga").in_room(ROOM);
    let mut bob = house.keyed("bob").in_room(ROOM);
    for n in 0..20 {
        bob.say(ROOM, &format!("b{n}"), "said in passing");
    }
    olga.done(act("mute", ROOM, "m", &json!({"nickname": "bob"})));
    house.order(&["erase", "--person", "bob", "--release"]);
    bob.rest();
    // From memory, and from the disk.
    for _ in 0..2 {
        olga.heard();
        olga.done(json!({"type": "leave", "room": ROOM}));
        olga.done(json!({"type": "join", "room": ROOM, "last": 100}));
        let told: Vec<Value> = (1..=21).map(|_| olga.hear("message")).collect();
        assert_eq!(told[20]["seq"], 21);
        assert_eq!(told.iter().filter(|event| event["kind"] == "redacted").count(), 20, "{told:?}");
        assert!(told.iter().all(|event| event["msg"] != "said in passing"));
        house.restart();
        olga = house.keyed("olga").in_room(ROOM);
    }
    let (_, login) = house.try_login("bob", Some(&identity("somebody else")), &json!({}));
    assert_eq!(login["success"], true, "{login}");
}
