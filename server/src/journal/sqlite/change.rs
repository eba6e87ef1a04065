//! Changes beside entries, as rows.

use super::{
    read::{self, EntryRow},
    schema,
    write::{Writer, stored_kind},
};
use crate::{
    ids::{LogId, PersonId},
    journal::{Change, Deed, Done, Sanction, Sanctioned, Subject, Touched},
};
use rusqlite::{OptionalExtension, params};
use shared::{Kind, RoomName, Seq, UnixMillis, moderation::Role};

/// Entries whose text goes in one transaction.
const CHUNK: u64 = 1_000;
/// An id is known for so long after its entry has gone, in milliseconds: 90 days.
const GONE_MS: u64 = 90 * 24 * 3_600_000;
/// A scope of everywhere.
pub(super) const EVERYWHERE: i32 = 0;

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changed {
    /// It is stored; so many entries are touched, of these logs.
    Yes(u64, Vec<LogId>),
    /// It may not be: the entry is another person's.
    Forbidden,
}

impl Writer {
    /// Stores a deed with its line in the moderation log.
    pub(super) fn deed(&mut self, deed: &Deed) -> rusqlite::Result<Done> {
        let mut touched = Touched::default();
        for change in &deed.changes {
            if let Changed::Yes(count, logs) = self.change(change, &deed.actor)? {
                touched.entries += count;
                if let Change::Expire { .. } = change {
                    for log in &logs {
                        touched.firsts.push((*log, self.first(*log)?));
                    }
                }
                touched.logs.extend(logs);
            }
        }
        touched.topics.clone_from(&self.untopic);
        if !deed.act.is_empty() {
            self.log_act(&deed.actor, None, &deed.target, &deed.act)?;
        }
        Ok(Done::Changed(touched))
    }

    /// A line of the moderation log.
    pub(super) fn log_act(&self, actor: &str, room: Option<&str>, target: &str, act: &str) -> rusqlite::Result<()> {
        let at = self.wall.now();
        self.connection
            .prepare_cached("INSERT INTO moderation_log (at, actor, room, target, act) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![at, actor, room, target, act])?;
        Ok(())
    }

    pub(super) fn change(&mut self, change: &Change, actor: &str) -> rusqlite::Result<Changed> {
        let connection = &self.connection;
        let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.prepare_cached(sql)?.execute(values);
        match change {
            Change::Sanction(sanctioned) => self.sanction(sanctioned, actor)?,
            Change::Lift(sanction, scope, subject) => {
                let scope = scope.map_or(EVERYWHERE, |log| log.0);
                let (kind, subject) = (kind_of(*sanction), subject_text(subject));
                run("DELETE FROM sanction WHERE scope = ? AND kind = ? AND subject = ?", &[&scope, &kind, &subject])?;
            }
            Change::Slow(log, seconds) => {
                let sql = "INSERT INTO room_rule (log, slow_s) VALUES (?, ?) ON CONFLICT DO UPDATE SET slow_s = excluded.slow_s";
                run(sql, &[&log.0, seconds])?;
            }
            Change::Lock(log, is_locked) => {
                let sql = "INSERT INTO room_rule (log, locked) VALUES (?, ?) ON CONFLICT DO UPDATE SET locked = excluded.locked";
                run(sql, &[&log.0, is_locked])?;
            }
            Change::Role(log, person, Some(role)) => self.set_role(*log, *person, *role)?,
            Change::Role(log, person, None) => {
                run("DELETE FROM role WHERE log = ? AND person = ?", &[&log.0, &person.0])?;
            }
            Change::Operator(key, true) => {
                run("INSERT OR IGNORE INTO operator (key) VALUES (?)", &[key.as_bytes()])?;
            }
            Change::Operator(key, false) => {
                run("DELETE FROM operator WHERE key = ?", &[key.as_bytes()])?;
            }
            Change::Invite(invite) => {
                let room = invite.room.as_ref().map(RoomName::as_str);
                let sql = "INSERT INTO invite (hash, room, until, uses, note) VALUES (?, ?, ?, ?, ?)";
                run(sql, &[&invite.hash, &room, &invite.until, &invite.uses, &invite.note])?;
            }
            Change::Uninvite(hash) => {
                run("DELETE FROM invite WHERE hash = ?", &[hash])?;
            }
            Change::Alert(level) => schema::set_meta(&self.connection, "alert", i64::from(*level))?,
            Change::Seen(person) => {
                run("UPDATE account SET seen = ? WHERE person = ?", &[&self.wall.now(), &person.0])?;
            }
            Change::Place(hash) => {
                run("INSERT OR REPLACE INTO place (hash, at) VALUES (?, ?)", &[hash, &self.wall.now()])?;
            }
            Change::Redact { log, seq, by } => return self.redact(*log, *seq, *by),
            Change::Release(person) => self.release(*person)?,
            Change::Erase(person) => return self.erase(*person),
            Change::Expire { log, keep, before } => return self.expire(*log, *keep, *before),
            Change::Compact => {}
        }
        Ok(Changed::Yes(0, Vec::new()))
    }

    fn sanction(&self, sanctioned: &Sanctioned, actor: &str) -> rusqlite::Result<()> {
        let scope = sanctioned.scope.map_or(EVERYWHERE, |log| log.0);
        // Those that have run out go with the next one.
        self.connection.prepare_cached("DELETE FROM sanction WHERE until < ?")?.execute([self.wall.now()])?;
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO sanction (scope, kind, subject, until, at, actor, reason, name)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                scope,
                kind_of(sanctioned.sanction),
                subject_text(&sanctioned.subject),
                sanctioned.until,
                self.wall.now(),
                actor,
                sanctioned.reason,
                sanctioned.name
            ])?;
        Ok(())
    }

    /// One use of an invite less, and a line that says whom it let in.
    pub(super) fn use_invite(&self, hash: &[u8; 32], who: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE invite SET uses = uses - 1 WHERE hash = ? AND uses > 0")?
            .execute([hash])?;
        let note: Option<String> = self
            .connection
            .prepare_cached("SELECT note FROM invite WHERE hash = ?")?
            .query_row([hash], |row| row.get(0))
            .optional()?;
        self.log_act("server", None, who, &format!("let in by invite: {}", note.unwrap_or_default()))
    }

    pub(super) fn set_role(&self, log: LogId, person: PersonId, role: Role) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO role (log, person, role) VALUES (?, ?, ?)")?
            .execute(params![log.0, person.0, role.as_str()])?;
        Ok(())
    }

    /// Leaves a tombstone: number, id and time stay, the text and the names go.
    fn redact(&mut self, log: LogId, seq: Seq, by: Option<PersonId>) -> rusqlite::Result<Changed> {
        let place = log.place(seq);
        let found: Option<(i64, String, u64)> = self
            .connection
            .prepare_cached("SELECT sender, id, at FROM entry WHERE place = ?")?
            .query_row([place], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        // It may have gone since it was asked for.
        let Some((sender, id, at)) = found else { return Ok(Changed::Yes(0, Vec::new())) };
        if by.is_some_and(|by| by.0 != sender) {
            return Ok(Changed::Forbidden);
        }
        self.bury(place, sender, &id, at)?;
        Ok(Changed::Yes(1, vec![log]))
    }

    fn bury(&mut self, place: i64, sender: i64, id: &str, at: u64) -> rusqlite::Result<()> {
        self.untopic(place)?;
        let kind = stored_kind(&Kind::Redacted);
        let row = EntryRow { place, sender, id, author: None, receiver: None, at, kind, re: None, msg: None };
        self.connection
            .prepare_cached(
                "UPDATE entry SET author = NULL, receiver = NULL, kind = ?, re = NULL, msg = NULL, sum = ? WHERE place = ?",
            )?
            .execute(params![kind, row.sum().finish(), place])?;
        self.unfind(place)
    }

    /// A topic that is taken out is the topic no more.
    fn untopic(&mut self, place: i64) -> rusqlite::Result<()> {
        let (log, _) = LogId::from_place(place);
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE log SET topic = '' WHERE log = ? AND topic <> ''
                 AND topic = (SELECT msg FROM entry WHERE place = ? AND kind = 'topic')",
            )?
            .execute(params![log.0, place])?;
        if changed > 0 {
            schema::seal_log(&self.connection, log)?;
            self.untopic.push(log);
        }
        Ok(())
    }

    /// Takes an entry out of the index, if it is in it.
    fn unfind(&self, place: i64) -> rusqlite::Result<()> {
        let (log, seq) = LogId::from_place(place);
        if self.indexed(log)? >= seq {
            self.connection.prepare_cached("DELETE FROM found WHERE rowid = ?")?.execute([place])?;
        }
        Ok(())
    }

    /// The last entry of a log that the index has.
    fn indexed(&self, log: LogId) -> rusqlite::Result<Seq> {
        let mut statement = self.connection.prepare_cached("SELECT indexed FROM log WHERE log = ?")?;
        Ok(statement.query_row([log.0], |row| schema::seq(row, "indexed")).optional()?.unwrap_or(Seq::ZERO))
    }

    fn erase(&mut self, person: PersonId) -> rusqlite::Result<Changed> {
        let inbox: Option<i32> = self
            .connection
            .prepare_cached("SELECT inbox FROM account WHERE person = ?")?
            .query_row([person.0], |row| row.get(0))
            .optional()?;
        let inbox = LogId(inbox.unwrap_or(i32::MIN));
        let last = Seq::ZERO.forward(u64::from(u32::MAX));
        let buried = stored_kind(&Kind::Redacted);
        // What it has written, everywhere; and what was written to it.
        let rows: Vec<(i64, i64, String, u64)> = self
            .connection
            .prepare_cached(
                "SELECT place, sender, id, at FROM entry WHERE sender = ?1 AND kind IS NOT ?2
                 UNION ALL SELECT place, sender, id, at FROM entry
                 WHERE place BETWEEN ?3 AND ?4 AND sender <> ?1 AND kind IS NOT ?2 LIMIT ?5",
            )?
            .query_map(params![person.0, buried, inbox.place(Seq::ZERO), inbox.place(last), CHUNK], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        let mut logs: Vec<LogId> = Vec::new();
        for (place, sender, id, at) in &rows {
            self.bury(*place, *sender, id, *at)?;
            logs.push(LogId::from_place(*place).0);
        }
        logs.dedup();
        Ok(Changed::Yes(rows.len() as u64, logs))
    }

    /// What is older than `before`, or beyond the newest `keep`.
    fn expire(&mut self, log: LogId, keep: u64, before: Option<UnixMillis>) -> rusqlite::Result<Changed> {
        let head = self.head(log)?.seq;
        let first = self.first(log)?;
        let by_count = head.back(keep).next();
        let by_age = before.map(|at| read::first_not_older(&self.connection, log, first, head, at)).transpose()?;
        self.forget(log, by_age.unwrap_or(first).max(by_count))
    }

    fn first(&self, log: LogId) -> rusqlite::Result<Seq> {
        read::first(&self.connection, log)
    }

    /// Entries from the log's first up to, and without, `end`. Their ids are known for a while.
    fn forget(&mut self, log: LogId, end: Seq) -> rusqlite::Result<Changed> {
        let first = self.first(log)?;
        let end = end.min(first.forward(CHUNK)).min(self.head(log)?.seq.next());
        if end <= first {
            return Ok(Changed::Yes(0, Vec::new()));
        }
        let now = self.wall.now();
        let (from, to) = (log.place(first), log.place(end));
        let found = end.min(self.indexed(log)?.next());
        let mut unfind = self.connection.prepare_cached("DELETE FROM found WHERE rowid = ?")?;
        for seq in std::iter::successors(Some(first), |seq| Some(seq.next())).take_while(|seq| *seq < found) {
            unfind.execute([log.place(seq)])?;
        }
        drop(unfind);
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO gone_id (sender, id, log, place, at, gone)
                 SELECT sender, id, log, place, at, ? FROM entry WHERE place >= ? AND place < ? AND sender > 0",
            )?
            .execute(params![now, from, to])?;
        self.connection.prepare_cached("DELETE FROM entry WHERE place >= ? AND place < ?")?.execute([from, to])?;
        self.connection.prepare_cached("DELETE FROM gone_id WHERE gone < ?")?.execute([now.saturating_sub(GONE_MS)])?;
        self.connection
            .prepare_cached("UPDATE log SET first = ?1, indexed = max(indexed, ?1 - 1) WHERE log = ?2")?
            .execute(params![end.get(), log.0])?;
        schema::seal_log(&self.connection, log)?;
        self.backlog.skip_to(log, end);
        Ok(Changed::Yes(end.since(first), vec![log]))
    }

    /// The number and time of an entry that has gone, whose id is still known.
    pub(super) fn gone(&self, person: PersonId, id: &str, log: LogId) -> rusqlite::Result<Option<Done>> {
        let mut statement =
            self.connection.prepare_cached("SELECT place, at FROM gone_id WHERE sender = ? AND id = ? AND log = ?")?;
        let found: Option<(i64, u64)> =
            statement.query_row(params![person.0, id, log.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(found.map(|(place, at)| Done::Known(LogId::from_place(place).1, at)))
    }

    fn release(&mut self, person: PersonId) -> rusqlite::Result<()> {
        let inbox: Option<i32> = self
            .connection
            .prepare_cached("SELECT inbox FROM account WHERE person = ?")?
            .query_row([person.0], |row| row.get(0))
            .optional()?;
        let Some(inbox) = inbox else { return Ok(()) };
        for table in ["mark", "hold", "role", "account"] {
            self.connection.prepare_cached(&format!("DELETE FROM {table} WHERE person = ?"))?.execute([person.0])?;
        }
        let log = LogId(inbox);
        let head = self.head(log)?.seq;
        while let Changed::Yes(1.., _) = self.forget(log, head.next())? {}
        Ok(())
    }

    /// Nothing of what has gone is left in the files: not in the index, not in free pages, not in the log before them.
    pub(super) fn compact(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("INSERT INTO found (found) VALUES ('optimize')")?;
        // Pages keep copies of what was moved within them; only a database that is written anew has none.
        self.connection.execute_batch("VACUUM")?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

fn kind_of(sanction: Sanction) -> &'static str {
    match sanction {
        Sanction::Ban => "ban",
        Sanction::Mute => "mute",
    }
}

fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Name(name) => format!("name {name}"),
        Subject::Key(key) => format!("key {key}"),
        Subject::Network(network) => format!("network {network}"),
    }
}
