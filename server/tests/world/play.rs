//! Dialogues as plain text.

use super::World;
use serde_json::Value;
use shared::Incoming;
use std::collections::BTreeMap;

/// Plain text: `+ alice` connects a guest, `+ alice key` an owner, `+ alice key quiet` a quiet one, `- alice` breaks it,
/// `~ 300` lets time pass, `alice2 > {…}` asks, `alice2 < {…}` must be what comes next (with at least these fields),
/// `alice2 .` has nothing more to hear. The journal stores at once; behind `!` only at the next `!`, in one batch.
pub(crate) fn play(script: &str) {
    let (mut world, mut ids, mut stores) = (World::new(super::wide()), BTreeMap::new(), true);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        match words[..] {
            ["~", millis] => world.pass(millis.parse().unwrap()),
            ["restart"] => world.restart(0),
            ["!"] => stores = !stores,
            ["-", who] => world.disconnect(ids[who]),
            ["+", who, ..] => {
                let (name, how) = (who.trim_end_matches(char::is_numeric), words.get(2).unwrap_or(&""));
                let id = world.connect(name, how.contains("key"), how.contains("quiet"), true);
                world.settle();
                world.clients[id].heard.clear();
                ids.insert(who.to_owned(), id);
            }
            [who, ">", json] => world.ask(ids[who], Incoming::parse(json.as_bytes()).unwrap().request),
            [who, "<", json] => {
                let heard = world.clients[ids[who]].heard.pop_front();
                let heard = serde_json::to_value(heard.map(|heard| heard.event)).unwrap();
                let expected: Value = serde_json::from_str(json).unwrap();
                let is_there = |(key, value): (&String, &Value)| heard.get(key) == Some(value);
                assert!(expected.as_object().unwrap().iter().all(is_there), "{line}\nbut {heard}\nin {script}");
            }
            [who, "."] => {
                let heard = &world.clients[ids[who]].heard;
                assert!(heard.is_empty(), "{line} but {heard:?}");
            }
            _ => panic!("{line}?"),
        }
        if stores {
            world.settle();
        }
    }
}
