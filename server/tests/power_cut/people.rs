//! People who talk, and note what they were told, and how long the trace was by then.

use super::trace;
use crate::common::{dice::Dice, wire::Wire};
use serde_json::{Value, json};
use shared::{
    identity::Identity,
    limits::{SENDS_UNANSWERED, TEXT},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    path::Path,
    sync::mpsc,
};

pub(crate) const PEOPLE: usize = 4;
pub(crate) const ROOMS: [&str; 2] = ["#cut-a", "#cut-b"];
/// The rooms, then each person's inbox.
pub(crate) const LOGS: usize = ROOMS.len() + PEOPLE;
const TALK: &str = include_str!("../../../assets/talk/zh/lines.txt");

/// A message as its sender knows it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// A room, or the sender's inbox.
    pub(crate) log: usize,
    /// To whom, if it is direct.
    pub(crate) to: Option<usize>,
    pub(crate) id: String,
    pub(crate) text: String,
}

/// Somebody with a key.
pub(crate) struct Person {
    pub(crate) number: usize,
    pub(crate) nickname: String,
    identity: Identity,
    pub(crate) messages: Vec<Message>,
}

impl Person {
    pub(crate) fn new(number: usize) -> Self {
        let identity = Identity::from_secret(&[u8::try_from(number).unwrap() + 1; 32]);
        Self { number, nickname: nickname(number), identity, messages: Vec::new() }
    }

    fn think(&mut self, dice: &mut Dice) -> usize {
        let number = self.messages.len();
        let lines = TALK.lines().cycle().skip(dice.below(300));
        let mut text = format!("{number}");
        for line in lines.take(if dice.percent(80) { 1 } else { 1 + dice.below(60) }) {
            if text.len() + 1 + line.len() <= TEXT {
                text = format!("{text} {}", line.trim());
            }
        }
        let to = dice.percent(25).then(|| (self.number + 1 + dice.below(PEOPLE - 1)) % PEOPLE);
        let log = if to.is_some() { ROOMS.len() + self.number } else { dice.below(ROOMS.len()) };
        self.messages.push(Message { log, to, id: format!("m{number}"), text });
        number
    }
}

fn nickname(number: usize) -> String {
    format!("person-{number}")
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) at: u64,
    pub(crate) text: String,
}

impl Entry {
    fn of(event: &Value) -> Self {
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        Self { id: text("id"), from: text("from"), at: event["at"].as_u64().unwrap(), text: text("msg") }
    }
}

pub(crate) type Log = BTreeMap<u64, Entry>;

/// What a server has said, and must stand by.
#[derive(Debug, Clone)]
pub(crate) enum Claim {
    Epoch(usize, String),
    Ack { person: usize, message: usize, log: usize, seq: u64, entry: Entry },
    Shown { person: usize, log: usize, seq: u64, entry: Entry },
}

/// All that must be so.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) epochs: BTreeMap<usize, String>,
    pub(crate) logs: [Log; LOGS],
    /// Which messages of whom.
    pub(crate) acked: [BTreeSet<usize>; PEOPLE],
    /// The last entry that somebody was shown, by person and log.
    cursors: BTreeMap<(usize, usize), u64>,
}

impl Known {
    pub(crate) fn note(&mut self, claim: &Claim) {
        match claim {
            Claim::Epoch(log, epoch) => {
                let known = self.epochs.entry(*log).or_insert_with(|| epoch.clone());
                assert_eq!(known, epoch, "log {log} is the one that it was");
            }
            Claim::Ack { person, message, log, seq, entry } => {
                self.acked[*person].insert(*message);
                self.entry(*log, *seq, entry);
            }
            Claim::Shown { person, log, seq, entry } => {
                self.cursors.insert((*person, *log), *seq);
                self.entry(*log, *seq, entry);
            }
        }
    }

    fn entry(&mut self, log: usize, seq: u64, entry: &Entry) {
        let known = self.logs[log].entry(seq).or_insert_with(|| entry.clone());
        assert_eq!(known, entry, "there is one entry {seq} of log {log}");
    }
}

/// A connection of somebody. `None` from its functions: it has ended.
pub(crate) struct Session<'a> {
    person: &'a mut Person,
    wire: Wire,
    trace: Option<&'a Path>,
    cursors: BTreeMap<usize, u64>,
    queue: VecDeque<usize>,
    unanswered: VecDeque<usize>,
    pub(crate) claims: Vec<(u64, Claim)>,
}

impl<'a> Session<'a> {
    /// Logs in, and goes on in every log where it was.
    pub(crate) fn open(
        person: &'a mut Person,
        address: SocketAddr,
        known: &Known,
        trace: Option<&'a Path>,
    ) -> Option<Self> {
        let number = person.number;
        let mut wire = Wire::connect(address)?;
        let login = wire.log_in(&person.nickname, &person.identity)?;
        let queue = (0..person.messages.len()).filter(|message| !known.acked[number].contains(message)).collect();
        let (cursors, unanswered, claims) = (BTreeMap::new(), VecDeque::new(), Vec::new());
        let mut session = Self { person, wire, trace, cursors, queue, unanswered, claims };
        session.claim(Claim::Epoch(ROOMS.len() + number, login["inbox"]["epoch"].as_str().unwrap().to_owned()));
        for log in [0, 1, ROOMS.len() + number] {
            let mut join = json!({"type": "join", "room": name(log), "last": 0});
            let cursor = known.cursors.get(&(number, log));
            if let Some(cursor) = cursor {
                join = json!({"type": "join", "room": name(log), "after": cursor, "epoch": known.epochs[&log]});
            }
            session.wire.send(&join)?;
            loop {
                let event = session.wire.next()?;
                if event["type"] != "joined" {
                    session.hear(&event);
                    continue;
                }
                let head = event["head"].as_u64().unwrap();
                assert!(head >= cursor.copied().unwrap_or(0), "{event}, but {cursor:?} was shown");
                session.cursors.insert(log, cursor.copied().unwrap_or(head));
                session.claim(Claim::Epoch(log, event["epoch"].as_str().unwrap().to_owned()));
                break;
            }
        }
        Some(session)
    }

    /// Says what is not acknowledged, then new things; `acks` gets something for each acknowledgement. Without it nothing
    /// new is said, and it ends when everything old is acknowledged.
    pub(crate) fn talk(&mut self, mut new: Option<(&mpsc::Sender<()>, Dice)>) -> Option<()> {
        let window = new.as_mut().map_or(SENDS_UNANSWERED, |(_, dice)| 1 + dice.below(SENDS_UNANSWERED));
        loop {
            while self.unanswered.len() < window {
                let message = match (self.queue.pop_front(), &mut new) {
                    (Some(old), _) => old,
                    (None, Some((_, dice))) => self.person.think(dice),
                    (None, None) => break,
                };
                self.unanswered.push_back(message);
                let Message { log, to, id, text } = &self.person.messages[message];
                let request = match to {
                    Some(to) => json!({"type": "sendto", "nickname": nickname(*to), "id": id, "msg": text}),
                    None => json!({"type": "broadcast", "room": ROOMS[*log], "id": id, "msg": text}),
                };
                self.wire.send(&request)?;
            }
            if self.unanswered.is_empty() {
                return Some(());
            }
            let event = self.wire.next()?;
            self.hear(&event);
            if let (Some((acks, _)), true) = (&new, event["type"] == "ack") {
                // Once there were enough of them nobody counts.
                let _ = acks.send(());
            }
        }
    }

    fn claim(&mut self, claim: Claim) {
        self.claims.push((self.trace.map_or(0, trace::length), claim));
    }

    fn hear(&mut self, event: &Value) {
        let (number, person) = (|key: &str| event[key].as_u64().unwrap(), self.person.number);
        match event["type"].as_str().unwrap() {
            "ack" => {
                let message = self.unanswered.pop_front().unwrap();
                let Message { log, id, text, .. } = self.person.messages[message].clone();
                assert_eq!(event["id"], id, "in order");
                let entry = Entry { id, from: self.person.nickname.clone(), at: number("at"), text };
                self.claim(Claim::Ack { person, message, log, seq: number("seq"), entry });
            }
            "message" => {
                let room = event["room"].as_str().unwrap();
                let log = ROOMS.iter().position(|name| *name == room).unwrap_or(ROOMS.len() + person);
                let cursor = self.cursors.get_mut(&log).unwrap();
                *cursor += 1;
                assert_eq!(number("seq"), *cursor, "{event}");
                self.claim(Claim::Shown { person, log, seq: number("seq"), entry: Entry::of(event) });
            }
            "gap" | "error" => panic!("{event}"),
            _ => {}
        }
    }

    /// Hears everything up to the ends of those logs.
    pub(crate) fn hear_up_to(&mut self, heads: &[Log; LOGS]) {
        while self.cursors.iter().any(|(log, cursor)| *cursor < heads[*log].len() as u64) {
            let event = self.wire.next().expect("the connection goes on");
            self.hear(&event);
        }
    }

    /// A whole log; its numbers have no holes.
    pub(crate) fn read(&mut self, log: usize) -> Log {
        let mut entries = Log::new();
        loop {
            let request = json!({"type": "history", "room": name(log), "after": entries.len(), "limit": 200});
            self.wire.send(&request).unwrap();
            let page = loop {
                let event = self.wire.next().expect("the connection goes on");
                if event["type"] == "history" {
                    break event;
                }
                self.hear(&event);
            };
            for entry in page["entries"].as_array().unwrap() {
                assert_eq!(entry["seq"], entries.len() + 1, "log {log} has no holes");
                entries.insert(entries.len() as u64 + 1, Entry::of(entry));
            }
            if page["more"] == false {
                return entries;
            }
        }
    }
}

fn name(log: usize) -> &'static str {
    ROOMS.get(log).copied().unwrap_or("@")
}
