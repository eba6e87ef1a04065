//! At the end every log is read from the disk: it has no hole, and everything that was accepted is there once.

use crate::{
    classic::mark,
    client::{ROOMS, identity, keyed_name, room_name},
    crowd::{Crowd, KEYS},
    hear::Line,
    ledger::{Ledger, NOBODY},
};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What the logs of the disk hold.
#[derive(Default)]
struct Found {
    /// Direct messages that a key has got.
    direct: HashSet<(u32, usize)>,
    /// What classic clients have said.
    marks: HashSet<(u32, u32)>,
}

/// Reads all rooms, and the inboxes of all keys.
pub(crate) fn audit(address: SocketAddr, crowd: &mut Crowd) -> anyhow::Result<()> {
    let mut found = Found::default();
    let mut reader = Reader::log_in(address, "auditor", None)?;
    for room in 0..ROOMS {
        reader.read(&room_name(room), NOBODY, &mut crowd.ledger, &mut found)?;
    }
    for key in (0..KEYS).filter(|key| crowd.claimed[*key]) {
        let mut reader = Reader::log_in(address, &keyed_name(key), Some(key))?;
        reader.read("@", u32::try_from(key)?, &mut crowd.ledger, &mut found)?;
    }
    let ledger = &mut crowd.ledger;
    for (number, said) in ledger.said.iter().enumerate().filter(|(_, said)| said.is_acked) {
        let has_key = said.to != NOBODY;
        // A guest's own inbox has gone with it.
        let is_lost = if has_key { !found.direct.contains(&(said.to, number)) } else { !said.found };
        if is_lost && (has_key || ledger.logs[said.log].is_kept) {
            ledger.faults.add("an accepted message is not there", || format!("m{number}: {said:?}"));
        }
    }
    for client in &crowd.clients {
        let crate::client::Who::Classic(speaker) = client.who else { continue };
        for number in &client.classic.came_back {
            if !found.marks.contains(&(u32::try_from(speaker)?, *number)) {
                ledger.faults.add("a classic one's message is not there", || format!("{speaker}.{number}"));
            }
        }
    }
    Ok(())
}

/// A connection that waits for each answer.
struct Reader(BufReader<TcpStream>);

impl Reader {
    fn log_in(address: SocketAddr, name: &str, key: Option<usize>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut reader = Self(BufReader::new(stream));
        let welcome = reader.ask(&json!({"type": "hello", "version": 1}), "welcome")?;
        let mut login = json!({"type": "login", "nickname": name, "quiet": true});
        if let Some(identity) = key.map(identity) {
            let welcome: Line<'_> = serde_json::from_str(&welcome)?;
            let signature = identity.sign_login(welcome.challenge.as_deref().unwrap_or(""), b"", name);
            login["key"] = identity.public().to_string().into();
            login["signature"] = signature.context("no challenge")?.to_string().into();
        }
        let answer = reader.ask(&login, "login")?;
        ensure!(answer.contains("\"success\":true"), "{name} can't log in: {answer}");
        Ok(reader)
    }

    /// Asks for something; gives the first line of that type.
    fn ask(&mut self, request: &Value, kind: &str) -> anyhow::Result<String> {
        self.0.get_mut().write_all(format!("{request}\n").as_bytes())?;
        let start = format!("{{\"type\":\"{kind}\"");
        loop {
            let mut line = String::new();
            ensure!(self.0.read_line(&mut line)? > 0, "the server has closed before {kind}");
            ensure!(!line.starts_with("{\"type\":\"error\""), "{line}");
            if line.starts_with(&start) {
                return Ok(line);
            }
        }
    }

    /// Reads a log from its first entry to its head.
    fn read(&mut self, room: &str, key: u32, ledger: &mut Ledger, found: &mut Found) -> anyhow::Result<()> {
        let joined = self.ask(&json!({"type": "join", "room": room, "last": 0}), "joined")?;
        let joined: Line<'_> = serde_json::from_str(&joined)?;
        let (log, head) = (ledger.log(joined.epoch.as_deref().unwrap_or("")), joined.head.unwrap_or(0));
        ledger.logs[log].is_kept = true;
        let mut last = 0;
        // A room without members and entries has no pages either.
        while last < head {
            let page = self.ask(&json!({"type": "history", "room": room, "after": last, "limit": 200}), "history")?;
            let page: Line<'_> = serde_json::from_str(&page)?;
            for entry in page.entries.as_deref().unwrap_or_default() {
                if entry.seq != last + 1 {
                    ledger.faults.add("a log has a hole", || format!("{room}: {} after {last}", entry.seq));
                }
                last = entry.seq;
                found.take(log, key, entry, ledger);
            }
            if page.more != Some(true) {
                break;
            }
        }
        if last != head {
            ledger.faults.add("a log ends before its head", || format!("{room}: {last} of {head}"));
        }
        Ok(())
    }
}

impl Found {
    fn take(&mut self, log: usize, key: u32, entry: &crate::hear::Entry<'_>, ledger: &mut Ledger) {
        if let Some(number) = ledger.see(log, entry.seen()) {
            let said = &mut ledger.said[number];
            said.found |= said.log == log;
            if key != NOBODY && said.to == key && !self.direct.insert((key, number)) {
                ledger.faults.add("a direct message is there twice", || format!("m{number}"));
            }
            return;
        }
        let is_classic = key == NOBODY && entry.from.as_deref().is_some_and(|from| from.starts_with("classic"));
        if is_classic
            && let Some(mark) = entry.msg.as_deref().and_then(mark)
            && !self.marks.insert(mark)
        {
            ledger.faults.add("a classic one's message is there twice", || format!("{mark:?}"));
        }
    }
}
