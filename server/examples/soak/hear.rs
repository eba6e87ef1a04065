//! What a native client hears, and whether it may be so.

use crate::{
    client::{Client, INBOX, Phase, Stands, Who, identity, room_of},
    crowd::Crowd,
    ledger::Seen,
};
use serde::Deserialize;
use serde_json::json;
use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

/// How long a refusal may be due to a change of ignore mode.
const CHANGE: Duration = Duration::from_secs(15);

/// Any line of the server, as far as it matters.
#[derive(Debug, Deserialize)]
pub(crate) struct Line<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow)]
    room: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) epoch: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
    #[serde(borrow)]
    msg: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    request: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) challenge: Option<Cow<'a, str>>,
    seq: Option<u64>,
    first: Option<u64>,
    pub(crate) head: Option<u64>,
    after: Option<u64>,
    before: Option<u64>,
    lost: Option<bool>,
    pub(crate) success: Option<bool>,
    on: Option<bool>,
    ignoring: Option<bool>,
    until: Option<u64>,
    #[serde(borrow)]
    pub(crate) entries: Option<Vec<Entry<'a>>>,
    pub(crate) more: Option<bool>,
}

/// An entry of a page; of a search with its room.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    room: Option<Cow<'a, str>>,
    pub(crate) seq: u64,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) from: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) msg: Option<Cow<'a, str>>,
}

impl Entry<'_> {
    pub(crate) fn seen(&self) -> Seen<'_> {
        let (from, text) = (self.from.as_deref().unwrap_or(""), self.msg.as_deref().unwrap_or(""));
        Seen { seq: self.seq, id: &self.id, from, text }
    }
}

impl Crowd {
    /// A line has come.
    pub(crate) fn hear(&mut self, n: usize, bytes: &[u8], now: Instant) {
        let line: Line<'_> = match serde_json::from_slice(bytes) {
            Ok(line) => line,
            Err(error) => {
                return self.ledger.faults.add("a line can't be read", || {
                    format!("{error}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]))
                });
            }
        };
        let heard = match &*line.kind {
            "message" => self.heard_entry(n, &line, now),
            "ack" => self.heard_ack(n, &line, now),
            "joined" => self.heard_joined(n, &line),
            "gap" => self.heard_gap(n, &line),
            "error" => self.heard_error(n, &line, now),
            "history" | "search" => self.heard_page(n, &line),
            "welcome" => self.heard_welcome(n, &line, now),
            "login" => self.heard_login(n, &line, now),
            "ignore" => self.heard_ignore(n, &line, now),
            "left" => {
                let room = line.room.as_deref().and_then(room_of);
                self.clients[n].follows.retain(|follow| Some(follow.room) != room);
                Ok(())
            }
            "ping" => {
                self.clients[n].ask(&json!({"type": "pong"}));
                Ok(())
            }
            "held" | "away" | "read" | "ls" | "rooms" | "help" | "pong" | "presence" | "roster" => Ok(()),
            _ => Err("nobody expects that"),
        };
        if let Err(what) = heard {
            let client = &self.clients[n];
            let words = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
            let stands: Vec<_> = client.follows.iter().map(|f| (f.room, f.cursor, f.stands)).collect();
            self.ledger.faults.add(what, || format!("{}, {stands:?}: {words}", client.name));
        }
    }

    fn heard_entry(&mut self, n: usize, line: &Line<'_>, now: Instant) -> Result<(), &'static str> {
        let client = &mut self.clients[n];
        let (ignoring, waits_since) = (client.ignoring, client.waits_since);
        let follow = client.log_of(line)?;
        let waits_since = waits_since.max(follow.since);
        let seq = line.seq.ok_or("an entry has no number")?;
        let (log, room, expected) = (follow.log, follow.room, follow.cursor + 1);
        follow.cursor = seq;
        let text = line.msg.as_deref().unwrap_or("");
        let seen = Seen { seq, id: line.id.as_deref().unwrap_or(""), from: line.from.as_deref().unwrap_or(""), text };
        if let Some(number) = self.ledger.see(log, seen) {
            self.ledger.delivered(number, waits_since, now);
        }
        if seq < expected {
            return Err("an entry came twice");
        }
        if seq > expected {
            return Err("an entry is missing");
        }
        if ignoring && room != INBOX { Err("an entry came through ignore mode") } else { Ok(()) }
    }

    fn heard_ack(&mut self, n: usize, line: &Line<'_>, now: Instant) -> Result<(), &'static str> {
        let number = self.answered(n, line)?;
        let log = self.clients[n].log_of(line)?.log;
        self.ledger.ack(number, log, line.seq.ok_or("an ack has no number")?, now);
        Ok(())
    }

    /// The message that is answered: always the oldest one.
    fn answered(&mut self, n: usize, line: &Line<'_>) -> Result<usize, &'static str> {
        let number = line.id.as_deref().and_then(|id| id.strip_prefix('m')?.parse().ok()).ok_or("an unknown id")?;
        self.requests.remove(&number);
        match self.clients[n].unanswered.pop_front() {
            Some(first) if first == number => Ok(number),
            _ => Err("answers are not in order"),
        }
    }

    fn heard_joined(&mut self, n: usize, line: &Line<'_>) -> Result<(), &'static str> {
        let (Some(epoch), Some(first), Some(head)) = (line.epoch.as_deref(), line.first, line.head) else {
            return Err("a room says too little of itself");
        };
        let log = self.ledger.log(epoch);
        let room = line.room.as_deref().and_then(room_of).ok_or("an unknown room")?;
        let client = &mut self.clients[n];
        let follow = client.follow(room).ok_or("a room that was not joined")?;
        match follow.stands {
            Stands::Resumes if *follow.epoch != *epoch => return Err("a log has another epoch"),
            Stands::Resumes if follow.cursor > head => return Err("a log has become shorter"),
            Stands::Resumes => {}
            Stands::Fresh(last) => {
                follow.cursor = head.saturating_sub(last).max(first.saturating_sub(1));
                (follow.log, follow.epoch) = (log, epoch.into());
            }
            Stands::In | Stands::Leaves | Stands::Away => return Err("a room was joined twice"),
        }
        follow.stands = Stands::In;
        follow.since = Instant::now();
        if client.follows.iter().all(|follow| follow.stands == Stands::In) {
            self.send_again(n);
        }
        Ok(())
    }

    fn heard_gap(&mut self, n: usize, line: &Line<'_>) -> Result<(), &'static str> {
        let follow = self.clients[n].log_of(line)?;
        let (after, before) = (line.after.unwrap_or(0), line.before.unwrap_or(0));
        if line.lost != Some(false) {
            return Err("entries are lost");
        }
        if after != follow.cursor || before <= after {
            return Err("a gap does not begin where the log was left");
        }
        follow.cursor = before - 1;
        self.ledger.did("gap");
        Ok(())
    }

    fn heard_error(&mut self, n: usize, line: &Line<'_>, now: Instant) -> Result<(), &'static str> {
        let code = line.code.as_deref().unwrap_or("");
        let request = line.request.as_deref().unwrap_or("");
        let number = if line.id.is_some() { Some(self.answered(n, line)?) } else { None };
        let client = &self.clients[n];
        let may_be = match code {
            "ignoring" => client.ignoring || client.ignore_changed.is_some_and(|at| now < at + CHANGE),
            "no_such_user" => number.is_some_and(|number| self.ledger.said[number].to == crate::ledger::NOBODY),
            _ => false,
        };
        *self.ledger.refused.entry(format!("{request}: {code}")).or_default() += 1;
        if may_be { Ok(()) } else { Err("a refusal without a reason") }
    }

    fn heard_page(&mut self, n: usize, line: &Line<'_>) -> Result<(), &'static str> {
        let entries = line.entries.as_deref().unwrap_or_default();
        if line.kind == "history" {
            let log = self.ledger.log(line.epoch.as_deref().ok_or("a page of no log")?);
            for entry in entries {
                self.ledger.see(log, entry.seen());
            }
            let in_order = entries.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq);
            return if in_order { Ok(()) } else { Err("a page has holes") };
        }
        for entry in entries {
            let room = entry.room.as_deref().and_then(room_of).ok_or("a hit in an unknown room")?;
            if let Some(log) = self.clients[n].follow(room).filter(|f| f.stands == Stands::In).map(|f| f.log) {
                self.ledger.see(log, entry.seen());
            }
        }
        Ok(())
    }

    fn heard_welcome(&mut self, n: usize, line: &Line<'_>, now: Instant) -> Result<(), &'static str> {
        let client = &mut self.clients[n];
        let mut login = json!({"type": "login", "nickname": client.name});
        if let Who::Keyed(key) = client.who {
            let (identity, challenge) = (identity(key), line.challenge.as_deref().unwrap_or(""));
            let signature = identity.sign_login(challenge, b"", &client.name).ok_or("no challenge")?;
            login["key"] = identity.public().to_string().into();
            login["signature"] = signature.to_string().into();
        }
        client.ask(&login);
        (client.phase, client.since) = (Phase::Login, now);
        Ok(())
    }

    fn heard_login(&mut self, n: usize, line: &Line<'_>, now: Instant) -> Result<(), &'static str> {
        let client = &mut self.clients[n];
        if line.success == Some(true) {
            (client.phase, client.since, client.waits_since) = (Phase::Here, now, now);
            client.adopt(line.ignoring.unwrap_or(false), line.until, now);
            client.join_all();
            if let Who::Keyed(key) = client.who {
                self.claimed[key] = true;
            }
            return Ok(());
        }
        let code = line.code.as_deref().unwrap_or("");
        *self.ledger.refused.entry(format!("login: {code}")).or_default() += 1;
        match (code, self.clients[n].who) {
            ("nickname_taken", Who::Guest(_)) => {
                self.is_taken(n, now);
                let login = json!({"type": "login", "nickname": self.clients[n].name});
                self.clients[n].ask(&login);
                Ok(())
            }
            // Its other client is just claiming the name.
            ("nickname_taken", Who::Keyed(key)) if !self.claimed[key] => {
                self.part(n, false, now);
                Ok(())
            }
            _ => Err("a login is refused without a reason"),
        }
    }

    fn heard_ignore(&mut self, n: usize, line: &Line<'_>, now: Instant) -> Result<(), &'static str> {
        let client = &mut self.clients[n];
        client.ignore_changed = Some(now);
        client.adopt(line.on.ok_or("an ignore mode that is neither on nor off")?, line.until, now);
        Ok(())
    }
}

impl Client {
    /// The log that a line is about.
    fn log_of(&mut self, line: &Line<'_>) -> Result<&mut crate::client::Follow, &'static str> {
        let room = line.room.as_deref().and_then(room_of).ok_or("an unknown room")?;
        let follow = self.follow(room).ok_or("a room that was not joined")?;
        if matches!(follow.stands, Stands::In | Stands::Leaves) {
            Ok(follow)
        } else {
            Err("an entry before its room was joined")
        }
    }

    /// Ignore mode is on or off now.
    fn adopt(&mut self, on: bool, until: Option<u64>, now: Instant) {
        self.ignoring = on;
        self.waits_since = now;
        let ends = until.map(|until| {
            let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            now + Duration::from_millis(until).saturating_sub(wall)
        });
        self.until = ends.filter(|_| on);
        // Without an end somebody has to end it.
        if !on {
            self.ignore_ends = None;
        } else if self.until.is_none() {
            self.ignore_ends.get_or_insert(now + Duration::from_secs(5));
        }
    }
}
