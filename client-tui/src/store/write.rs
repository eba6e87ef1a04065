//! Jobs as rows.

use super::Job;
use rusqlite::{Connection, params};
use shared::{Seq, request::Destination};
use std::collections::BTreeMap;

/// Entries of a log that are kept.
const KEPT: u64 = 10_000;
/// Lines of input history that are kept.
const INPUTS: i64 = 500;

/// Lets go what is too old of the logs that jobs have added to.
pub(super) fn forget_old(connection: &Connection, profile: &str, jobs: &[Job]) -> rusqlite::Result<()> {
    let mut ends = BTreeMap::new();
    for job in jobs {
        if let Job::Entries { room, cursor, .. } = job {
            ends.insert(room.as_str(), *cursor);
        }
    }
    for (room, cursor) in ends {
        let oldest = cursor.back(KEPT).get();
        let sql = "DELETE FROM entry WHERE profile = ? AND room = ? AND seq < ?";
        connection.prepare_cached(sql)?.execute(params![profile, room, oldest])?;
    }
    Ok(())
}

/// Writes a job down, inside a transaction.
pub(super) fn apply(connection: &Connection, profile: &str, job: &Job) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.prepare_cached(sql)?.execute(values);
    match job {
        Job::Remember { server, nickname, room } => {
            for (key, value) in [("server", server), ("nickname", nickname), ("room", room)] {
                run(
                    "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    &[&key, value],
                )?;
            }
        }
        Job::Queue(send, at) => {
            let target = match &send.to {
                Destination::Room(room) => room.as_str().to_owned(),
                Destination::Person(name) => format!("@{name}"),
            };
            let text = send.text.as_ref().map_or("", |text| text.as_str());
            connection
                .prepare_cached(
                    "INSERT INTO outbox (profile, id, target, kind, re, msg, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    profile,
                    send.id.as_str(),
                    target,
                    send.kind.as_str(),
                    send.re.map(Seq::get),
                    text,
                    at
                ])?;
        }
        Job::Settle(id) => drop(run("DELETE FROM outbox WHERE id = ?", &[&id.as_str()])?),
        Job::Entries { room, epoch, cursor, entries } => {
            run(
                "INSERT INTO log (profile, room, epoch, cursor) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET epoch = excluded.epoch, cursor = excluded.cursor",
                &[&profile, &room.as_str(), &epoch.as_str(), &cursor.get()],
            )?;
            let mut insert = connection.prepare_cached("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)")?;
            for entry in entries {
                let line = serde_json::to_string(entry).unwrap_or_default();
                insert.execute(params![profile, room.as_str(), entry.seq.get(), line])?;
            }
        }
        Job::Forget(room) => {
            run("DELETE FROM entry WHERE profile = ? AND room = ?", &[&profile, &room.as_str()])?;
            run("DELETE FROM log WHERE profile = ? AND room = ?", &[&profile, &room.as_str()])?;
        }
        Job::Truncate(room, last) => {
            let values: [&dyn rusqlite::ToSql; 3] = [&profile, &room.as_str(), &last.get()];
            run("DELETE FROM entry WHERE profile = ? AND room = ? AND seq > ?", &values)?;
        }
        Job::Redact(room, seq) => {
            // Its number, id and time stay, as they do in the log.
            let sql = "UPDATE entry SET entry = json_set(json_remove(entry, '$.from', '$.to', '$.re', '$.msg'), '$.kind', 'redacted')
                       WHERE profile = ? AND room = ? AND seq = ?";
            run(sql, &[&profile, &room.as_str(), &seq.get()])?;
        }
        Job::Mark(room, seq) => {
            run("UPDATE log SET mark = ? WHERE profile = ? AND room = ?", &[&seq.get(), &profile, &room.as_str()])?;
        }
        Job::Draft { conversation, text, re: None, .. } if text.is_empty() => {
            run("DELETE FROM draft WHERE profile = ? AND conversation = ?", &[&profile, conversation])?;
        }
        Job::Draft { conversation, text, cursor, re } => {
            let re = re.map(Seq::get);
            run(
                "INSERT OR REPLACE INTO draft (profile, conversation, text, cursor, re) VALUES (?, ?, ?, ?, ?)",
                &[&profile, conversation, text, cursor, &re],
            )?;
        }
        Job::Keep { key, value } => {
            run("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", &[&profile, key, value])?;
        }
        // What is read is told, not written.
        Job::Load | Job::Page { .. } => {}
        Job::Input(text) => {
            run("INSERT INTO input (text) VALUES (?)", &[text])?;
            run("DELETE FROM input WHERE number <= (SELECT max(number) FROM input) - ?", &[&INPUTS])?;
        }
        Job::Tabs(names) => {
            run("DELETE FROM tab WHERE profile = ?", &[&profile])?;
            for (place, name) in names.iter().enumerate() {
                run("INSERT OR REPLACE INTO tab VALUES (?, ?, ?)", &[&profile, name, &place])?;
            }
        }
    }
    Ok(())
}
