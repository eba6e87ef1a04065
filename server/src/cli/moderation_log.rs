//! The moderation log, read beside the server.

use anyhow::Context;
use rusqlite::{Connection, OpenFlags};
use std::{io::Write, path::Path};

/// Prints the newest `last` lines, oldest first; all of them without.
pub(super) fn print(data_dir: &Path, json: bool, last: Option<u64>, out: &mut impl Write) -> anyhow::Result<()> {
    let path = data_dir.join("journal.sqlite3");
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| format!("the journal {} can't be read", path.display()))?;
    let last = i64::try_from(last.unwrap_or(u64::MAX)).unwrap_or(-1);
    let mut statement = connection.prepare(
        "SELECT at, actor, room, target, act FROM (SELECT * FROM moderation_log ORDER BY n DESC LIMIT ?) ORDER BY n",
    )?;
    let mut rows = statement.query([last])?;
    while let Some(row) = rows.next()? {
        let (at, actor, room): (i64, String, Option<String>) = (row.get("at")?, row.get("actor")?, row.get("room")?);
        let (target, act): (String, String) = (row.get("target")?, row.get("act")?);
        if json {
            let line = serde_json::json!({ "at": at, "actor": actor, "room": room, "target": target, "act": act });
            writeln!(out, "{line}")?;
        } else {
            let time = jiff::Timestamp::from_millisecond(at).map(|time| time.to_string()).unwrap_or_default();
            // Names and reasons were cleaned when they came in.
            writeln!(out, "{time}  {actor}  {}  {target}  {act}", room.as_deref().unwrap_or("-"))?;
        }
    }
    Ok(())
}
