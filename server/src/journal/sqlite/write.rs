//! Ops become rows: one transaction a batch, seqs given where the row is made, each line encoded once.

use super::{change::Changed, index::Backlog, mark::Mark, order::Refusing, read::EntryRow, schema, sum::damaged};
use crate::{
    WallClock,
    ids::{IdMap, LogId, PersonId, SessionId},
    journal::{Batch, Change, Committed, Done, Draft, Op, Stored},
};
use rusqlite::{Connection, OptionalExtension, params};
use shared::{
    Entry, Kind, LogName, Nickname, Seq, UnixMillis,
    event::Message,
    text::{Body, Label},
};

/// The one connection that writes, and where each log stands.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) wall: WallClock,
    /// Entries that are stored in all, those of guests' inboxes not counted; and the file that says so.
    count: u64,
    mark: Option<Mark>,
    pub(super) heads: IdMap<LogId, Head>,
    /// What the index lacks.
    pub(super) backlog: Backlog,
    /// Logs whose topic the op that is being stored has taken out.
    pub(super) untopic: Vec<LogId>,
    /// Guests' inboxes from this one on, up to -1, are of earlier runs.
    pub(super) stale_guests: Option<i32>,
    refusing: Refusing,
    /// Some entries have gone whose ids are still known.
    has_gone_ids: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) seq: Seq,
    at: UnixMillis,
}

impl Writer {
    pub(super) fn new(connection: Connection, wall: WallClock, stored: &Stored) -> rusqlite::Result<Self> {
        let backlog = Backlog::load(&connection, &stored.logs)?;
        let stale_guests = Some(1 - stored.next_guest);
        let count = stored.entries();
        let has_gone_ids = connection.query_row("SELECT EXISTS (SELECT 1 FROM gone_id)", [], |row| row.get(0))?;
        Ok(Self {
            connection,
            wall,
            count,
            mark: None,
            stale_guests,
            heads: IdMap::default(),
            backlog,
            untopic: Vec::new(),
            refusing: Refusing::default(),
            has_gone_ids,
        })
    }

    /// Notes from now on how much is stored.
    pub(super) fn mark(mut self, mark: Mark) -> Self {
        mark.write(self.count);
        self.mark = Some(mark);
        self
    }

    /// Stores a batch. `Err`: nobody knows what is on disk; the journal must not go on.
    pub(super) fn commit(&mut self, ops: Vec<Op>) -> Result<Batch, String> {
        let mut batch = Batch::default();
        let refusing = self.refusing.clone();
        match self.try_commit(&ops, &mut batch) {
            Ok(mut results) => {
                self.note_stored(&results);
                self.note_changes(&ops, &mut results);
                batch.done = ops.into_iter().zip(results).collect();
                Ok(batch)
            }
            Err(error) if schema::is_full(&error) && self.roll_back() => {
                // Read again from what is stored.
                self.heads.clear();
                self.refusing = refusing;
                self.note_refused(&ops);
                let done = ops.into_iter().map(|op| (op, Done::Unavailable)).collect();
                Ok(Batch { done, lines: Vec::new() })
            }
            // A failed commit or fsync is never tried again: what reached the disk is unknown.
            Err(error) => Err(format!("the journal can't store: {error}")),
        }
    }

    fn roll_back(&self) -> bool {
        self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok()
    }

    fn try_commit(&mut self, ops: &[Op], batch: &mut Batch) -> rusqlite::Result<Vec<Done>> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let results = ops.iter().map(|op| self.apply(op, batch)).collect::<rusqlite::Result<Vec<_>>>()?;
        self.connection.execute_batch("COMMIT")?;
        Ok(results)
    }

    fn apply(&mut self, op: &Op, batch: &mut Batch) -> rusqlite::Result<Done> {
        self.untopic.clear();
        match op {
            Op::Append(asker, draft) => self.append(asker.session, draft, batch),
            Op::OpenRoom(_, room, _, owner) => self.open_room(room, *owner),
            Op::Claim(_, nickname, login, invite) => match &login.proof {
                Some((key, _)) => self.claim(nickname, key, invite.as_ref()),
                None => Ok(Done::Refused),
            },
            Op::Deed(_, _, deed) => self.deed(deed),
            Op::SetHold(None, person, Some(_)) if !self.is_holding(*person)? => Ok(Done::Stored),
            Op::SetHold(_, person, hold) => self.set_hold(*person, hold.as_ref()),
            Op::SetMark(_, person, log, seq, back) => self.set_mark(*person, *log, *seq, *back),
            Op::DropInbox(log) => self.drop_inbox(*log),
            Op::Ended(session) => {
                self.refusing.ended(*session);
                Ok(Done::Stored)
            }
            Op::AdmitGuest(_, login, end, invite) => {
                if let Some(hash) = invite {
                    self.use_invite(hash, &login.sent)?;
                }
                schema::set_meta(&self.connection, "next_guest", i64::from(*end))?;
                Ok(Done::Stored)
            }
            Op::ReserveGuests(end) => {
                schema::set_meta(&self.connection, "next_guest", i64::from(*end))?;
                Ok(Done::Stored)
            }
        }
    }

    fn append(&mut self, session: SessionId, draft: &Draft, batch: &mut Batch) -> rusqlite::Result<Done> {
        let is_overtaking = self.refusing.overtakes(session, draft);
        if draft.refusal.is_some() || is_overtaking {
            let otherwise = if draft.refusal.is_some() { Done::Refused } else { Done::Unavailable };
            return Ok(self.known(draft)?.unwrap_or(otherwise));
        }
        if self.has_gone_ids
            && let Some(gone) = self.gone(draft.sender, draft.id.as_str(), draft.log)?
        {
            return Ok(gone);
        }
        let Some(entry) = self.insert(draft, draft.log, draft.re, batch)? else {
            let known = self.known(draft)?;
            return known.ok_or_else(damaged);
        };
        for change in &draft.changes {
            if self.change(change, draft.from.as_str())? == Changed::Forbidden {
                return self.take_back(entry, batch);
            }
        }
        self.log_draft(draft)?;
        self.refusing.stored(draft);
        self.follow_with_mark(draft.sender, draft.log, entry.seq)?;
        let copy = match &draft.to {
            Some((_, Some(other))) => {
                let re = draft.re.map_or(Ok(None), |re| self.counterpart(draft.log, re, *other))?;
                Some(self.insert(draft, *other, re, batch)?.ok_or_else(damaged)?)
            }
            _ => None,
        };
        if draft.kind == Kind::Topic {
            let mut statement = self.connection.prepare_cached("UPDATE log SET topic = ? WHERE log = ?")?;
            statement.execute(params![draft.text.as_str(), draft.log.0])?;
            schema::seal_log(&self.connection, draft.log)?;
        }
        let untopic = self.untopic.contains(&draft.log);
        Ok(Done::Appended { entry, copy, untopic })
    }

    /// An entry that was just made is none after all.
    fn take_back(&mut self, entry: Committed, batch: &mut Batch) -> rusqlite::Result<Done> {
        batch.lines.truncate(entry.line.start);
        self.connection.prepare_cached("DELETE FROM entry WHERE place = ?")?.execute([entry.log.place(entry.seq)])?;
        self.heads.remove(&entry.log);
        Ok(Done::Forbidden)
    }

    /// Acts of moderation have a line of their own, too.
    fn log_draft(&self, draft: &Draft) -> rusqlite::Result<()> {
        let (room, target) = (draft.room.as_str(), draft.to.as_ref().map_or("", |(name, _)| name.as_str()));
        match draft.kind {
            Kind::Moderation => self.log_act(draft.from.as_str(), Some(room), target, draft.text.as_str()),
            Kind::Redact => {
                let target = draft.re.map(|seq| seq.to_string()).unwrap_or_default();
                self.log_act(draft.from.as_str(), Some(room), &target, &format!("redact: {}", draft.text.as_str()))
            }
            _ => Ok(()),
        }
    }

    /// What is to be said of the draft if its id is known.
    fn known(&self, draft: &Draft) -> rusqlite::Result<Option<Done>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place, at, kind, re, receiver, msg FROM entry WHERE sender = ? AND id = ? AND log = ?",
        )?;
        let mut rows = statement.query(params![draft.sender.0, draft.id.as_str(), draft.log.0])?;
        let Some(row) = rows.next()? else { return self.gone(draft.sender, draft.id.as_str(), draft.log) };
        let kind: Option<String> = row.get("kind")?;
        let receiver: Option<String> = row.get("receiver")?;
        let text: Option<String> = row.get("msg")?;
        let same = kind.as_deref() == stored_kind(&draft.kind)
            && row.get::<_, Option<u64>>("re")? == draft.re.map(Seq::get)
            && is_same_name(receiver.as_deref(), draft.to.as_ref().map(|(name, _)| name))
            && text.as_deref() == Some(draft.text.as_str());
        let is_tombstone = kind.as_deref() == stored_kind(&Kind::Redacted);
        let (_, seq) = LogId::from_place(row.get("place")?);
        Ok(Some(if same || is_tombstone { Done::Known(seq, row.get("at")?) } else { Done::IdReused }))
    }

    /// A new entry; `None` if the log has one of that sender and id.
    fn insert(
        &mut self,
        draft: &Draft,
        log: LogId,
        re: Option<Seq>,
        batch: &mut Batch,
    ) -> rusqlite::Result<Option<Committed>> {
        let head = self.head(log)?;
        // Times of a log never go back, so that pages can be found by time.
        let (seq, at) = (head.seq.next(), head.at.max(self.wall.now()));
        let receiver = draft.to.as_ref().map(|(name, _)| name.as_str());
        let kind = stored_kind(&draft.kind);
        let sum = EntryRow {
            place: log.place(seq),
            sender: draft.sender.0,
            id: draft.id.as_str(),
            author: Some(draft.from.as_str()),
            receiver,
            at,
            kind,
            re: re.map(Seq::get),
            msg: Some(draft.text.as_str()),
        }
        .sum();
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO entry (place, log, sender, id, author, receiver, at, kind, re, msg, sum)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sender, id, log) DO NOTHING",
            )?
            .execute(params![
                log.place(seq),
                log.0,
                draft.sender.0,
                draft.id.as_str(),
                draft.from.as_str(),
                receiver,
                at,
                kind,
                re.map(Seq::get),
                draft.text.as_str(),
                sum.finish()
            ])?;
        if added == 0 {
            return Ok(None);
        }
        self.heads.insert(log, Head { seq, at });
        let start = batch.lines.len();
        let entry = Entry {
            seq,
            id: draft.id.clone(),
            from: Some(Label::new(draft.from.as_str())),
            to: receiver.map(Label::new),
            at,
            kind: draft.kind.clone(),
            re,
            msg: Some(Body::from(&draft.text)),
        };
        push_line(&mut batch.lines, &draft.room, entry);
        Ok(Some(Committed { log, seq, at, line: start..batch.lines.len() }))
    }

    pub(super) fn head(&mut self, log: LogId) -> rusqlite::Result<Head> {
        if let Some(head) = self.heads.get(&log) {
            return Ok(*head);
        }
        let seq = schema::head(&self.connection, log)?;
        let first: Option<u64> = self
            .connection
            .prepare_cached("SELECT first FROM log WHERE log = ?")?
            .query_row([log.0], |row| row.get(0))
            .optional()?;
        let at = self
            .connection
            .prepare_cached("SELECT at FROM entry WHERE place = ?")?
            .query_row([log.place(seq)], |row| row.get(0))
            .optional()?;
        let before_first = first.and_then(Seq::new).unwrap_or(Seq::FIRST).previous();
        let head = Head { seq: seq.max(before_first), at: at.unwrap_or(0) };
        self.heads.insert(log, head);
        Ok(head)
    }

    /// A send moves its sender's read mark if that stood just before it.
    fn follow_with_mark(&self, person: PersonId, log: LogId, seq: Seq) -> rusqlite::Result<()> {
        if person.is_guest() {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE mark SET seq = ?1 WHERE person = ?2 AND log = ?3 AND seq = ?1 - 1")?
            .execute(params![seq.get(), person.0, log.0])?;
        Ok(())
    }

    /// The number that an entry of one inbox has in another one.
    fn counterpart(&self, log: LogId, seq: Seq, other: LogId) -> rusqlite::Result<Option<Seq>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT other.place FROM entry AS one JOIN entry AS other ON other.sender = one.sender AND other.id = one.id
             WHERE one.place = ? AND other.log = ?",
        )?;
        let place = statement.query_row(params![log.place(seq), other.0], |row| row.get(0)).optional()?;
        Ok(place.map(|place| LogId::from_place(place).1))
    }

    fn note_refused(&mut self, ops: &[Op]) {
        for op in ops {
            let Op::Append(asker, draft) = op else { continue };
            // What is stored already need not come again.
            if !matches!(self.known(draft), Ok(Some(_))) {
                self.refusing.refused(asker.session, draft);
            }
        }
    }

    /// Some changes want more than their rows, once these are stored.
    fn note_changes(&mut self, ops: &[Op], results: &mut [Done]) {
        for (op, result) in ops.iter().zip(results) {
            let Op::Deed(_, _, deed) = op else { continue };
            for change in &deed.changes {
                self.note_change(change, result);
            }
        }
    }

    fn note_change(&mut self, change: &Change, result: &mut Done) {
        match change {
            Change::Expire { .. } | Change::Release(_) => {
                self.has_gone_ids = true;
                // Some of the space goes back at once.
                let _ = self.connection.execute_batch("PRAGMA incremental_vacuum(256)");
            }
            Change::Compact => {
                if let Err(error) = self.compact() {
                    // Everything is as it was before.
                    tracing::warn!(%error, "not_compacted");
                    *result = Done::Unavailable;
                }
            }
            _ => {}
        }
    }

    /// Notes what is new and stored.
    fn note_stored(&mut self, results: &[Done]) {
        let before = self.count;
        for done in results {
            let Done::Appended { entry, copy, .. } = done else { continue };
            for new in std::iter::once(entry).chain(copy).filter(|new| new.log.0 > 0) {
                self.backlog.add(new.log, new.seq);
                self.count += 1;
            }
        }
        if let Some(mark) = self.mark.as_ref().filter(|_| before < self.count) {
            mark.write(self.count);
        }
    }
}

/// A receiver who has gone is named as the sender writes it, not as it was held.
fn is_same_name(stored: Option<&str>, name: Option<&Nickname>) -> bool {
    match (stored, name) {
        (Some(stored), Some(name)) => Nickname::parse(stored).is_ok_and(|stored| stored.is_same(name)),
        (stored, name) => stored.is_none() && name.is_none(),
    }
}

/// Talk, the most of all, is stored as nothing.
pub(super) fn stored_kind(kind: &Kind) -> Option<&str> {
    (!kind.is_talk()).then(|| kind.as_str())
}

/// Appends an entry as the line that is sent.
pub(crate) fn push_line(lines: &mut Vec<u8>, room: &LogName, entry: Entry) {
    let message = shared::Event::Message(Message { room: room.clone(), entry });
    serde_json::to_writer(&mut *lines, &message).expect("writing to memory");
    lines.push(b'\n');
}

/// There are no more numbers for logs: to the people it is the same as a full disk.
pub(super) fn full() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None)
}
