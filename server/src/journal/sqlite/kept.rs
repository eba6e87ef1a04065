//! What is kept beside entries, logs and accounts, read at the start.

use super::{change::EVERYWHERE, schema};
use crate::{
    ids::{LogId, PersonId},
    journal::{Invite, Kept, RoomRule, Sanction, Sanctioned, Subject},
};
use rusqlite::{Connection, Row};
use shared::{RoomName, identity::PublicKey, moderation::Role};
use std::collections::BTreeMap;

fn subject_of(text: &str) -> Option<Subject> {
    let (word, rest) = text.split_once(' ')?;
    match word {
        "name" => Some(Subject::Name(rest.into())),
        "key" => PublicKey::parse(rest).map(Subject::Key),
        "network" => rest.parse().ok().map(Subject::Network),
        _ => None,
    }
}

fn sanctioned(row: &Row<'_>) -> rusqlite::Result<Option<Sanctioned>> {
    let scope: i32 = row.get("scope")?;
    let kind: String = row.get("kind")?;
    let subject = subject_of(&row.get::<_, String>("subject")?);
    Ok(subject.map(|subject| Sanctioned {
        sanction: if kind == "mute" { Sanction::Mute } else { Sanction::Ban },
        scope: (scope != EVERYWHERE).then_some(LogId(scope)),
        subject,
        until: row.get("until").unwrap_or(None),
        reason: row.get::<_, String>("reason").unwrap_or_default().into(),
        name: row.get::<_, String>("name").unwrap_or_default().into(),
    }))
}

/// Everything that is kept beside entries, logs and accounts.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Kept> {
    let mut sanctions = connection.prepare("SELECT scope, kind, subject, until, reason, name FROM sanction")?;
    let sanctions = sanctions.query_map([], sanctioned)?.collect::<Result<Vec<_>, _>>()?;
    let mut invites = connection.prepare("SELECT hash, room, until, uses, note FROM invite")?;
    let invites = invites.query_map([], |row| {
        let room: Option<String> = row.get("room")?;
        let note: String = row.get("note")?;
        Ok(Invite {
            hash: row.get("hash")?,
            room: room.and_then(|room| RoomName::parse(&room).ok()),
            until: row.get("until")?,
            uses: row.get("uses")?,
            note: note.into(),
        })
    })?;
    let mut operators = connection.prepare("SELECT key FROM operator")?;
    let operators = operators.query_map([], |row| row.get(0).map(PublicKey::from_bytes))?;
    let mut places = connection.prepare("SELECT hash FROM place")?;
    let places = places.query_map([], |row| row.get(0))?;
    Ok(Kept {
        sanctions: sanctions.into_iter().flatten().collect(),
        rules: rules(connection)?,
        operators: operators.collect::<Result<_, _>>()?,
        invites: invites.collect::<Result<_, _>>()?,
        alert: u8::try_from(schema::meta(connection, "alert")?.unwrap_or(0)).unwrap_or(0),
        places: places.collect::<Result<_, _>>()?,
    })
}

fn rules(connection: &Connection) -> rusqlite::Result<Vec<(LogId, RoomRule)>> {
    let mut rules: BTreeMap<LogId, RoomRule> = BTreeMap::new();
    let mut statement = connection.prepare("SELECT log, slow_s, locked FROM room_rule")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rule = rules.entry(LogId(row.get("log")?)).or_default();
        (rule.slow_s, rule.is_locked) = (row.get("slow_s")?, row.get("locked")?);
    }
    let mut statement = connection.prepare("SELECT log, person, role FROM role")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let role = Role::parse(&row.get::<_, String>("role")?);
        let rule = rules.entry(LogId(row.get("log")?)).or_default();
        rule.roles.extend(role.map(|role| Ok::<_, rusqlite::Error>((PersonId(row.get("person")?), role))).transpose()?);
    }
    Ok(rules.into_iter().collect())
}
