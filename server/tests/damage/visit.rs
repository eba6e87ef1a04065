//! People at a server over a damaged journal: what they are shown, and what they are told.

use super::{
    inspect::{Findings, Verdict, View},
    origin::{PEOPLE, ROOMS, identity},
};
use crate::common::{
    process::{End, Process},
    wire::{Nothing, Wire},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// Longer than any answer takes.
const WAIT: Duration = Duration::from_secs(5);
const WORD: &str = "g7";
const FIELDS: [&str; 7] = ["seq", "id", "from", "to", "at", "kind", "msg"];

/// Starts a server over it, looks at everything, says something, and ends it.
pub(crate) fn visit(directory: &Path, truth: &View) -> Verdict {
    let mut verdict = Verdict::default();
    let server = match Process::start(directory, |_| {}) {
        Ok(server) => server,
        Err(end) => {
            has_words(&end, &mut verdict.findings);
            verdict.refused = Some(end.stderr);
            return verdict;
        }
    };
    let went = PEOPLE[..2].iter().try_for_each(|nickname| look(&server, nickname, truth, &mut verdict));
    if let Err(Nothing::Silence) = went {
        verdict.findings.insert("nothing comes");
        server.kill();
        return verdict;
    }
    // If it has met the damage it has ended, or is about to.
    let end = if went.is_err() { server.end() } else { server.terminate() };
    if went.is_err() || end.code != Some(0) {
        has_words(&end, &mut verdict.findings);
        verdict.stopped = Some(end.stderr);
    }
    verdict
}

fn has_words(end: &End, findings: &mut Findings) {
    if end.code == Some(0) || !end.stderr.contains("journal") {
        findings.insert("it ends without a word");
    }
    if end.code.is_none() || end.stderr.contains("panicked") {
        findings.insert("a panic");
    }
}

/// The next event of that type, or an error.
fn answer(wire: &mut Wire, kind: &str) -> Result<Value, Nothing> {
    loop {
        let event = wire.try_next()?;
        if event["type"] == kind || event["type"] == "error" {
            return Ok(event);
        }
    }
}

fn ask(wire: &mut Wire, request: &Value, kind: &str) -> Result<Value, Nothing> {
    wire.send(request).ok_or(Nothing::Ended)?;
    answer(wire, kind)
}

fn look(server: &Process, nickname: &str, truth: &View, verdict: &mut Verdict) -> Result<(), Nothing> {
    let mut wire = Wire::connect(server.address).ok_or(Nothing::Ended)?.patient(WAIT);
    let welcome = ask(&mut wire, &json!({"type": "hello", "version": 1}), "welcome")?;
    let identity = identity(nickname);
    let login = wire.keyed_login(&welcome, nickname, &identity);
    let login = ask(&mut wire, &login, "login")?;
    if login["success"] != true {
        verdict.findings.insert("somebody can't log in any more");
        return Ok(());
    }
    for room in ROOMS.into_iter().chain(["@"]) {
        let log = &truth.logs[if room == "@" { nickname } else { room }];
        let (head, epoch) = (log.stored.head.get(), log.stored.epoch.as_str());
        let join = json!({"type": "join", "room": room, "after": head, "epoch": epoch});
        let joined = ask(&mut wire, &join, "joined")?;
        if joined["type"] == "error" {
            verdict.findings.insert("a room can't be joined");
            continue;
        }
        let is_same = joined["epoch"] == epoch;
        verdict.said |= !is_same || joined["head"].as_u64() < Some(head);
        let stored: BTreeMap<u64, Value> =
            log.lines.iter().map(|(seq, line)| (*seq, serde_json::from_str(line).unwrap())).collect();
        let mut compare = |entry: &Value, findings: &mut Findings| {
            let same = entry["seq"].as_u64().and_then(|seq| stored.get(&seq));
            let is_new = entry["id"].as_str().is_some_and(|id| id.starts_with("new"));
            if !is_new && !same.is_some_and(|same| FIELDS.iter().all(|field| same[field] == entry[field])) {
                findings.insert("an entry is another one");
            }
        };
        follow(&mut wire, room, &joined, verdict, &mut compare)?;
        let history = ask(&mut wire, &json!({"type": "history", "room": room, "limit": 200}), "history")?;
        for entry in history["entries"].as_array().into_iter().flatten() {
            compare(entry, &mut verdict.findings);
        }
        let found = ask(&mut wire, &json!({"type": "search", "room": room, "text": WORD}), "search")?;
        for entry in found["entries"].as_array().into_iter().flatten() {
            compare(entry, &mut verdict.findings);
        }
        if room != "@" {
            let id = format!("new-{nickname}-{}", &room[1..]);
            let ack = ask(&mut wire, &json!({"type": "broadcast", "room": room, "id": id, "msg": "new"}), "ack")?;
            if is_same && ack["seq"].as_u64() <= Some(head) {
                verdict.findings.insert("a log ends too early: its numbers are given again");
            }
        }
    }
    Ok(())
}

/// Hears a log from its beginning.
fn follow(
    wire: &mut Wire,
    room: &str,
    joined: &Value,
    verdict: &mut Verdict,
    compare: &mut impl FnMut(&Value, &mut Findings),
) -> Result<(), Nothing> {
    let again = json!({"type": "join", "room": room, "after": 0, "epoch": joined["epoch"]});
    let head = ask(wire, &again, "joined")?["head"].as_u64().unwrap_or(0);
    let mut cursor = 0;
    while cursor < head {
        let event = wire.try_next()?;
        if event["type"] == "gap" {
            cursor = event["before"].as_u64().unwrap() - 1;
            verdict.said |= event["lost"] == true;
        }
        if event["type"] == "message" && event["room"] == room {
            let seq = event["seq"].as_u64().unwrap();
            if seq != cursor + 1 {
                verdict.findings.insert("a log has a hole");
            }
            cursor = seq;
            compare(&event, &mut verdict.findings);
        }
    }
    Ok(())
}
