//! Clients that speak the PyChatting dialect. What each says in the lobby carries a mark, `~speaker.number~`: whoever hears
//! it hears the numbers rise.

use crate::{
    client::{Phase, Who},
    crowd::Crowd,
};
use serde::Deserialize;
use serde_json::json;
use shared::limits::CLASSIC_OBJECT;
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// What a classic client knows.
#[derive(Debug, Default)]
pub(crate) struct Knows {
    /// When its nickname, or a guest's, was given back.
    pub(crate) freed: Option<Instant>,
    /// What it has said so far, over all connections.
    said: u32,
    /// What it has heard last of each other one on this connection.
    heard: HashMap<u32, u32>,
    /// What has come back to it.
    pub(crate) came_back: HashSet<u32>,
}

impl Knows {
    /// The connection has ended.
    pub(crate) fn end(&mut self) {
        self.heard.clear();
    }
}

#[derive(Debug, Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    msg: String,
    success: Option<bool>,
}

/// The mark of a text.
pub(crate) fn mark(text: &str) -> Option<(u32, u32)> {
    let (speaker, number) = text.split('~').nth(1)?.split_once('.')?;
    Some((speaker.parse().ok()?, number.parse().ok()?))
}

impl Crowd {
    /// Some wait for the greeting, as PyChatting does, others do not.
    pub(crate) fn greet_classic(&mut self, n: usize) {
        if fastrand::bool() {
            self.login_classic(n);
        }
    }

    fn login_classic(&mut self, n: usize) {
        let client = &mut self.clients[n];
        client.ask(&json!({"type": "login", "msg": client.name}));
        (client.phase, client.since) = (Phase::Login, Instant::now());
    }

    pub(crate) fn say_classic(&mut self, n: usize) -> bool {
        let client = &mut self.clients[n];
        let Who::Classic(speaker) = client.who else { return false };
        if client.ignoring || client.ignore_ends.is_some() {
            return false;
        }
        let line = fastrand::choice(&self.ledger.lines).map_or("", |line| line).replace('~', "-");
        client.classic.said += 1;
        let text = format!("~{speaker}.{}~ {line}", client.classic.said);
        client.ask(&json!({"type": "broadcast", "msg": text}));
        self.ledger.did("said by classic ones");
        self.flush(n);
        true
    }

    pub(crate) fn act_classic(&mut self, n: usize, now: Instant) {
        let client = &mut self.clients[n];
        let what = match fastrand::u32(..100) {
            0..25 => {
                client.ask(&json!({"type": "ls", "msg": null}));
                "classic ls"
            }
            25..35 => {
                client.ask(&json!({"type": "help", "msg": null}));
                "classic help"
            }
            35..45 => {
                let name = crate::client::keyed_name(fastrand::usize(..crate::crowd::KEYS));
                client.ask(&json!({"type": "sendto", "nickname": name, "msg": "psst"}));
                "classic sendto"
            }
            45..55 if !client.ignoring && client.ignore_ends.is_none() => {
                client.ignore_ends = Some(now + Duration::from_secs(fastrand::u64(3..10)));
                self.toggle_classic(n);
                "classic ignore"
            }
            55..65 => {
                self.part(n, false, now);
                "classic broke"
            }
            _ => return,
        };
        self.ledger.did(what);
    }

    pub(crate) fn toggle_classic(&mut self, n: usize) {
        self.clients[n].ask(&json!({"type": "ignore", "msg": null}));
    }

    /// Takes the objects that have come.
    pub(crate) fn hear_classic(&mut self, n: usize) {
        if self.clients[n].phase == Phase::Greeting {
            // The greeting is no object.
            self.clients[n].partial.clear();
            return self.login_classic(n);
        }
        let client = &mut self.clients[n];
        let start = memchr::memchr(b'{', &client.partial).unwrap_or(client.partial.len());
        client.partial.drain(..start);
        loop {
            let client = &mut self.clients[n];
            let mut objects = serde_json::Deserializer::from_slice(&client.partial).into_iter::<Object>();
            let object = match objects.next() {
                Some(Ok(object)) => object,
                Some(Err(error)) if !error.is_eof() => {
                    let words = format!("{error}: {}", String::from_utf8_lossy(&client.partial));
                    client.partial.clear();
                    return self.ledger.faults.add("a classic object can't be read", || words);
                }
                _ => return,
            };
            let end = objects.byte_offset();
            client.partial.drain(..end);
            if end > CLASSIC_OBJECT {
                self.ledger.faults.add("a classic object is too long", || format!("{end} bytes"));
            }
            self.heard_object(n, &object);
        }
    }

    fn heard_object(&mut self, n: usize, object: &Object) {
        let client = &mut self.clients[n];
        match (object.kind.as_str(), object.success) {
            ("login", Some(true)) => (client.phase, client.since) = (Phase::Here, Instant::now()),
            // Its last connection may not be over yet.
            ("login", _) => self.part(n, false, Instant::now()),
            ("ignore", _) => client.ignoring = object.msg.contains("屏蔽模式"),
            ("broadcast", _) => object.msg.lines().for_each(|line| self.heard_mark(n, line)),
            _ => {}
        }
    }

    fn heard_mark(&mut self, n: usize, line: &str) {
        let Some((speaker, number)) = mark(line) else { return };
        let client = &mut self.clients[n];
        if client.who == Who::Classic(speaker as usize) {
            client.classic.came_back.insert(number);
        }
        let last = client.classic.heard.entry(speaker).or_default();
        if number <= *last {
            let words = format!("{}: {speaker}.{number} after {last}", client.name);
            self.ledger.faults.add("a classic one hears out of order", || words);
        }
        *last = number;
    }
}
