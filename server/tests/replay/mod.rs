//! The stretches of #ubuntu as a script, and the speakers who say it again.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "a test panics where it fails")]

use crate::common::Client;
use serde_json::{Value, json};
use shared::limits::SENDS_UNANSWERED;
use std::{
    collections::{HashMap, VecDeque, hash_map},
    fmt::Write as _,
    net::SocketAddr,
};

macro_rules! talk {
    ($file:literal) => {
        include_str!(concat!("../../../assets/talk/ubuntu-irc/", $file))
    };
}

pub const ROOMS: [(&str, &str); 4] = [
    ("#hoary", talk!("2004-11-15_03.txt")),
    ("#karmic", talk!("2009-10-01_17.txt")),
    ("#oneiric", talk!("2011-11-13_02.txt")),
    ("#yakkety", talk!("2016-12-19_20.txt")),
];

/// Nicknames that are none here, or are one name with another here.
pub const ALIASES: [(&str, &str); 6] = [
    ("_-_-", "dashes"),
    ("Nightw0lf", "Nightwolf"),
    ("[Sanyi]", "[sanyi]"),
    ("Dr_Willis", "dr_willis"),
    ("MRK", "mrk"),
    ("Roasted", "roasted"),
];

/// What a line of the files tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Said { from: &'static str, kind: &'static str, text: &'static str },
    Left(&'static str),
}

pub fn tell(line: &'static str) -> Option<Told> {
    let alias = |name| ALIASES.iter().find(|(other, _)| *other == name).map_or(name, |(_, alias)| *alias);
    let said = |from, kind, text: &'static str| {
        (!text.trim().is_empty()).then(|| Told::Said { from: alias(from), kind, text })
    };
    let Some(line) = line.strip_prefix("=== ") else {
        let line = &line["[00:00] ".len()..];
        return match line.strip_prefix(" * ") {
            Some(action) => action.split_once(' ').and_then(|(from, text)| said(from, "action", text)),
            None => line.strip_prefix('<')?.split_once("> ").and_then(|(from, text)| said(from, "talk", text)),
        };
    };
    let (from, text) = line.split_once(' ')?;
    if text.starts_with("has joined #") {
        // People come when they first say something.
        None
    } else if text.starts_with("has left #") || text.starts_with("is now known as ") {
        Some(Told::Left(alias(from)))
    } else {
        said(from, "action", text)
    }
}

/// What is told, room by room in turns.
pub fn script() -> Vec<(usize, Told)> {
    let mut files = ROOMS.map(|(_, text)| text.lines());
    let mut script = Vec::new();
    loop {
        let lines = files.each_mut().map(Iterator::next);
        if lines.iter().all(Option::is_none) {
            return script;
        }
        script.extend(lines.iter().enumerate().filter_map(|(room, line)| Some((room, tell((*line)?)?))));
    }
}

/// Somebody who talks, in as many rooms as the files say. Reads when it must.
pub struct Speaker {
    client: Client,
    /// The last entry that it has in each of its rooms.
    seen: HashMap<usize, u64>,
    unanswered: VecDeque<(usize, String)>,
}

/// Room, id and seq of an acknowledged message.
pub type Acked = (usize, String, u64);

impl Speaker {
    pub fn come(address: SocketAddr, nickname: &str) -> Self {
        let mut client = Client::connect(address);
        let login = json!({"type": "login", "nickname": nickname});
        client.send_bytes(format!("{}\n{login}\n", json!({"type": "hello", "version": 1})).as_bytes());
        Self { client, seen: HashMap::new(), unanswered: VecDeque::new() }
    }

    pub fn say(&mut self, room: usize, id: String, kind: &str, text: &str, acked: &mut Vec<Acked>) {
        while self.unanswered.len() >= SENDS_UNANSWERED {
            let event = self.client.next();
            self.hear(&event, acked);
        }
        let name = ROOMS[room].0;
        let mut lines = String::new();
        if let hash_map::Entry::Vacant(new) = self.seen.entry(room) {
            new.insert(0);
            writeln!(lines, "{}", json!({"type": "join", "room": name, "last": 0})).unwrap();
        }
        let mut send = json!({"type": "broadcast", "room": name, "id": id, "msg": text});
        if kind == "action" {
            send["kind"] = kind.into();
        }
        writeln!(lines, "{send}").unwrap();
        self.client.send_bytes(lines.as_bytes());
        self.unanswered.push_back((room, id));
    }

    /// Everything is answered before `bye` is.
    pub fn leave(mut self, acked: &mut Vec<Acked>) {
        self.client.send(&json!({"type": "bye"}));
        for event in self.client.rest() {
            self.hear(&event, acked);
        }
        assert_eq!(self.unanswered, []);
    }

    pub fn hear(&mut self, event: &Value, acked: &mut Vec<Acked>) {
        let room = || ROOMS.iter().position(|(name, _)| event["room"] == *name).unwrap();
        match event["type"].as_str().unwrap() {
            "login" => assert_eq!(event["success"], true, "{event}"),
            "joined" => drop(self.seen.insert(room(), event["head"].as_u64().unwrap())),
            "message" => {
                let seen = self.seen.get_mut(&room()).unwrap();
                *seen += 1;
                assert_eq!(event["seq"], *seen, "{event}");
            }
            "ack" => {
                let (room, id) = self.unanswered.pop_front().expect("something was sent");
                assert_eq!((&event["room"], &event["id"]), (&json!(ROOMS[room].0), &json!(id)));
                acked.push((room, id, event["seq"].as_u64().unwrap()));
            }
            "error" | "gap" => panic!("{event}"),
            _ => {}
        }
    }
}

/// Says everything; gives what was acknowledged.
pub fn replay(address: SocketAddr) -> Vec<Acked> {
    let script = script();
    let mut last_words = HashMap::new();
    for (at, (_, told)) in script.iter().enumerate() {
        if let Told::Said { from, .. } = told {
            last_words.insert(*from, at);
        }
    }
    let (mut speakers, mut acked) = (HashMap::<&str, Speaker>::new(), Vec::new());
    for (at, (room, told)) in script.into_iter().enumerate() {
        let leaves = match told {
            Told::Left(who) => who,
            Told::Said { from, kind, text } => {
                let speaker = speakers.entry(from).or_insert_with(|| Speaker::come(address, from));
                speaker.say(room, format!("line-{at}"), kind, text, &mut acked);
                if last_words[from] > at {
                    continue;
                }
                from
            }
        };
        if let Some(speaker) = speakers.remove(leaves) {
            speaker.leave(&mut acked);
        }
    }
    assert!(speakers.is_empty());
    acked
}
