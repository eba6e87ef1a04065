//! What the journal has done becomes visible: heads move, those who asked are answered.

use super::{Effect, Hub, Now, Refusal};
use crate::{
    ids::{LogId, SessionId},
    journal::{Asker, Committed, Done, Draft, Op},
};
use shared::{
    ErrorCode, Event, Kind, LogName, Outgoing, Rejection, RoomName, Seq, UnixMillis, event::Ack, text::Label,
};

/// When to try again what the journal could not take.
pub(super) const UNAVAILABLE_RETRY_MS: u64 = 1_000;
const UNAVAILABLE: &str = "the journal can't take it now; nothing was stored";

impl Hub {
    /// Takes ops that are done, in the order of the journal.
    pub fn settle(&mut self, done: impl IntoIterator<Item = (Op, Done)>, now: Now) {
        for (op, done) in done {
            self.settle_one(op, done, now);
        }
        for log in std::mem::take(&mut self.grown) {
            self.held_grew(log, now);
            self.effects.push(Effect::Grown(log));
        }
    }

    fn settle_one(&mut self, op: Op, done: Done, now: Now) {
        if let Some(asker) = op.asker().cloned() {
            let is_unavailable = matches!(done, Done::Unavailable);
            self.answered(asker.session, is_unavailable);
            if is_unavailable && !self.sessions.contains_key(asker.session) {
                // It has ended before it could be told; nothing of it will come again.
                self.effects.push(Effect::Store(Op::Ended(asker.session)));
            }
            if let (Op::Append(..), Some(session)) = (&op, self.sessions.get_mut(asker.session)) {
                session.sends_in_flight -= 1;
            }
        }
        match (op, done) {
            (Op::Append(asker, draft), done) => self.settle_append(&asker, *draft, done, now),
            (Op::OpenRoom(asker, room, start, owner), Done::Opened(log, epoch)) => {
                self.opened(asker, room, &start, (log, epoch, owner), now);
            }
            (Op::OpenRoom(asker, room, ..), _) => self.unavailable(asker, "join", Some(LogName::Room(room))),
            (Op::Claim(asker, nickname, login, invite), done) => {
                let account = if let Done::Claimed(account) = done { Some(account) } else { None };
                self.claimed(asker, &nickname, &login, invite, account, now);
            }
            (Op::Deed(asker, ticket, deed), done) => self.deed_done(asker, ticket, &deed, &done, now),
            // With a hold and without an asker it only keeps what is so already.
            (Op::SetHold(asker, person, hold), Done::Stored) if asker.is_some() || hold.is_none() => {
                self.set_hold(asker, person, hold, now);
            }
            (Op::ReserveGuests(end), done) => self.guests_reserved(end, matches!(done, Done::Stored)),
            (Op::AdmitGuest(asker, login, end, invite), done) => {
                let is_stored = matches!(done, Done::Stored);
                self.guests_reserved(end, is_stored);
                self.admitted(asker, &login, invite, is_stored, now);
            }
            (Op::SetHold(None, person, None), Done::Unavailable) => {
                self.untils.insert((now.wall + UNAVAILABLE_RETRY_MS, person));
            }
            (Op::SetHold(Some(asker), ..), _) => self.unavailable(asker, "ignore", None),
            (Op::SetMark(Some(asker), person, log, seq, back), Done::Stored) => {
                self.marked(asker, person, log, seq, back);
            }
            (Op::SetMark(Some(asker), ..), _) => self.unavailable(asker, "read", None),
            _ => {}
        }
    }

    /// A page of a session has come, or an op of it is done.
    pub fn answered(&mut self, id: SessionId, unavailable: bool) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.in_flight = session.in_flight.saturating_sub(1);
            session.unavailable |= unavailable;
        }
    }

    fn settle_append(&mut self, asker: &Asker, draft: Draft, done: Done, now: Now) {
        if draft.refusal.is_none() && !matches!(done, Done::Appended { .. }) {
            self.has_not_spoken(&draft);
        }
        match done {
            Done::Appended { entry, copy, untopic } => {
                for new in std::iter::once(&entry).chain(&copy) {
                    self.grow(new);
                }
                self.note_topic(&draft);
                if untopic {
                    self.untopic(draft.log);
                }
                if let Some(person) = self.people.get_mut(&draft.sender) {
                    // The journal has moved the mark in the same way.
                    person.marks.entry(draft.log).and_modify(|mark| {
                        if mark.next() == entry.seq {
                            *mark = entry.seq;
                        }
                    });
                }
                if !draft.changes.is_empty() || draft.kind == Kind::Moderation {
                    self.act_stored(&draft, now);
                }
                self.ack(asker, draft, entry.seq, entry.at);
            }
            Done::Known(seq, at) => self.ack(asker, draft, seq, at),
            Done::IdReused => {
                let detail = "that id has been used for another message; choose another";
                self.refuse_draft(asker, &draft, Refusal::new(ErrorCode::IdReused, detail));
            }
            Done::Forbidden => {
                let detail = "only moderators take out what others have said";
                self.refuse_draft(asker, &draft, Refusal::new(ErrorCode::Forbidden, detail));
            }
            Done::Refused => {
                if let (Some(rejection), true) = (draft.refusal, self.sessions.contains_key(asker.session)) {
                    self.refuse(asker.session, rejection);
                }
            }
            _ => {
                let refusal = Refusal::retry(ErrorCode::JournalUnavailable, UNAVAILABLE, UNAVAILABLE_RETRY_MS);
                self.refuse_draft(asker, &draft, refusal);
            }
        }
    }

    fn grow(&mut self, entry: &Committed) {
        if let Some(log) = self.logs.get_mut(&entry.log) {
            log.head = entry.seq;
            self.grown.insert(entry.log);
        }
    }

    fn note_topic(&mut self, draft: &Draft) {
        if let (Kind::Topic, LogName::Room(name)) = (&draft.kind, &draft.room)
            && let Some(room) = self.rooms.get_mut(name)
        {
            draft.text.as_str().clone_into(&mut room.topic);
        }
    }

    /// A room has no topic any more.
    pub(super) fn untopic(&mut self, log: LogId) {
        if let Some(room) = self.rooms.values_mut().find(|room| room.log == log) {
            room.topic.clear();
        }
    }

    /// Nothing new has come of it: nobody waits for that in a slow room.
    fn has_not_spoken(&mut self, draft: &Draft) {
        if let LogName::Room(name) = &draft.room
            && let Some(room) = self.rooms.get_mut(name)
        {
            room.spoken.remove(&draft.sender);
        }
    }

    fn ack(&mut self, asker: &Asker, draft: Draft, seq: Seq, at: UnixMillis) {
        if self.sessions.contains_key(asker.session) {
            let event = Event::Ack(Ack { id: draft.id, room: draft.room, seq, at });
            self.effects.push(Effect::Answer(asker.session, Outgoing { event, tag: asker.tag.clone() }));
        }
    }

    fn refuse_draft(&mut self, asker: &Asker, draft: &Draft, refusal: Refusal) {
        let request = match (&draft.room, &draft.kind) {
            (LogName::Inbox, _) => "sendto",
            (LogName::Room(_), Kind::Topic) => "topic",
            (LogName::Room(_), Kind::Moderation) => "moderate",
            (LogName::Room(_), Kind::Redact) => "redact",
            (LogName::Room(_), _) => "broadcast",
        };
        let rejection =
            Rejection { id: Some(draft.id.clone()), ..rejection(asker, request, Some(&draft.room), refusal) };
        if self.sessions.contains_key(asker.session) {
            self.refuse(asker.session, rejection);
        }
    }

    pub(super) fn unavailable(&mut self, asker: Asker, request: &str, room: Option<LogName>) {
        if self.sessions.contains_key(asker.session) {
            let refusal = Refusal::retry(ErrorCode::JournalUnavailable, UNAVAILABLE, UNAVAILABLE_RETRY_MS);
            let rejection = rejection(&asker, request, room.as_ref(), refusal);
            self.refuse(asker.session, rejection);
        }
    }

    /// The log of a room, if it is there.
    pub fn room_log(&self, room: &RoomName) -> Option<LogId> {
        self.rooms.get(room).map(|room| room.log)
    }
}

fn rejection(asker: &Asker, request: &str, room: Option<&LogName>, refusal: Refusal) -> Rejection {
    Rejection {
        request: Some(Label::new(request)),
        room: asker.room.as_deref().or(room.map(LogName::as_str)).map(Label::new),
        retry_ms: refusal.retry_ms,
        tag: asker.tag.clone(),
        ..Rejection::new(refusal.code, &refusal.detail)
    }
}
