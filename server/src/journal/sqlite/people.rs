//! Rooms and claimed nicknames as rows, and what is kept of a person beside what it has said.

use super::{
    schema,
    write::{Writer, full},
};
use crate::{
    ids::{LogId, PersonId},
    journal::{Account, Done, Hold, InviteHash},
};
use rusqlite::{OptionalExtension, params};
use shared::{Epoch, Nickname, RoomName, Seq, identity::PublicKey, moderation::Role};
use std::collections::BTreeMap;

/// A number that nobody has had: what is left of somebody who gave a nickname back is nobody else's.
const NEW_PERSON: &str = "max(coalesce((SELECT max(person) FROM account), 0),
    coalesce((SELECT max(sender) FROM entry), 0), coalesce((SELECT max(sender) FROM gone_id), 0), 0) + 1";

impl Writer {
    pub(super) fn open_room(&self, room: &RoomName, owner: Option<PersonId>) -> rusqlite::Result<Done> {
        let mut find = self.connection.prepare_cached("SELECT log, epoch FROM log WHERE room = ?")?;
        let known: Option<(i32, String)> =
            find.query_row([room.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((log, epoch)) = known {
            return Ok(Epoch::parse(&epoch).map_or(Done::Refused, |epoch| Done::Opened(LogId(log), epoch)));
        }
        let (log, epoch) = self.new_log(Some(room))?;
        if let Some(owner) = owner {
            self.set_role(log, owner, Role::Owner)?;
        }
        Ok(Done::Opened(log, epoch))
    }

    fn new_log(&self, room: Option<&RoomName>) -> rusqlite::Result<(LogId, Epoch)> {
        let epoch = schema::new_epoch();
        self.connection
            .prepare_cached("INSERT INTO log (room, epoch) VALUES (?, ?)")?
            .execute(params![room.map(RoomName::as_str), epoch.as_str()])?;
        let log = LogId(i32::try_from(self.connection.last_insert_rowid()).map_err(|_| full())?);
        schema::seal_log(&self.connection, log)?;
        Ok((log, epoch))
    }

    pub(super) fn claim(
        &self,
        nickname: &Nickname,
        key: &PublicKey,
        invite: Option<&InviteHash>,
    ) -> rusqlite::Result<Done> {
        let (inbox, epoch) = self.new_log(None)?;
        let sum = schema::account_sum(nickname.as_str(), key.as_bytes(), inbox).finish();
        self.connection
            .prepare_cached(&format!(
                "INSERT INTO account (person, nickname, key, inbox, seen, sum) VALUES ({NEW_PERSON}, ?, ?, ?, ?, ?)"
            ))?
            .execute(params![nickname.as_str(), key.as_bytes(), inbox.0, self.wall.now(), sum])?;
        let person = PersonId(self.connection.last_insert_rowid());
        if let Some(hash) = invite {
            self.use_invite(hash, nickname.as_str())?;
        }
        let (nickname, marks, seen) = (nickname.clone(), BTreeMap::new(), Some(self.wall.now()));
        let account = Account { person, nickname, key: *key, inbox, epoch, hold: None, marks, seen };
        Ok(Done::Claimed(account))
    }

    /// True if the person's ignore mode is on: only then can what is kept of it be put right.
    pub(super) fn is_holding(&self, person: PersonId) -> rusqlite::Result<bool> {
        let mut statement = self.connection.prepare_cached("SELECT holding FROM account WHERE person = ?")?;
        Ok(statement.query_row([person.0], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    pub(super) fn set_hold(&self, person: PersonId, hold: Option<&Hold>) -> rusqlite::Result<Done> {
        self.connection
            .prepare_cached("UPDATE account SET holding = ?, until = ? WHERE person = ?")?
            .execute(params![hold.is_some(), hold.and_then(|hold| hold.until), person.0])?;
        self.connection.prepare_cached("DELETE FROM hold WHERE person = ?")?.execute([person.0])?;
        let mut insert = self.connection.prepare_cached("INSERT INTO hold (person, log, since) VALUES (?, ?, ?)")?;
        for (log, since) in hold.iter().flat_map(|hold| &hold.since) {
            insert.execute(params![person.0, log.0, since.get()])?;
        }
        Ok(Done::Stored)
    }

    pub(super) fn set_mark(&self, person: PersonId, log: LogId, seq: Seq, back: bool) -> rusqlite::Result<Done> {
        self.connection
            .prepare_cached(
                "INSERT INTO mark (person, log, seq) VALUES (?, ?, ?) ON CONFLICT DO UPDATE
                 SET seq = CASE WHEN ? THEN excluded.seq ELSE max(seq, excluded.seq) END",
            )?
            .execute(params![person.0, log.0, seq.get(), back])?;
        Ok(Done::Stored)
    }

    pub(super) fn drop_inbox(&mut self, log: LogId) -> rusqlite::Result<Done> {
        self.heads.remove(&log);
        let last = Seq::ZERO.forward(u64::from(u32::MAX));
        self.connection
            .prepare_cached("DELETE FROM entry WHERE place BETWEEN ? AND ?")?
            .execute([log.place(Seq::ZERO), log.place(last)])?;
        Ok(Done::Stored)
    }
}
