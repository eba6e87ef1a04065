//! How far a person has read, and whether it is away.

use super::{Effect, Hub, Now, Refusal, Slot};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::{Asker, Op},
};
use shared::{ErrorCode, Event, LogName, Seq};

impl Hub {
    pub(super) fn read(
        &mut self,
        asker: Asker,
        id: PersonId,
        room: &LogName,
        seq: Seq,
        back: bool,
    ) -> Result<(), Refusal> {
        let log = match room {
            LogName::Inbox => self.people[&id].inbox,
            LogName::Room(_) => self.sessions[asker.session]
                .follow(room)
                .map(|follow| follow.log)
                .ok_or_else(|| Refusal::new(ErrorCode::NotInRoom, format!("join {room} first; you are not in it")))?,
        };
        let head = self.head(log);
        if seq > head {
            return Err(Refusal::new(ErrorCode::BadField, format!("the field seq is beyond the last entry, {head}")));
        }
        if id.is_guest() {
            return self.answer(asker, Event::Read { room: room.clone(), seq });
        }
        let mark = self.people[&id].marks.get(&log).copied().unwrap_or_default();
        if seq > mark || (back && seq < mark) {
            self.store(Op::SetMark(Some(asker), id, log, seq, back));
            return Ok(());
        }
        self.answer(asker, Event::Read { room: room.clone(), seq: mark })
    }

    /// A mark is stored.
    pub(super) fn marked(&mut self, asker: Asker, id: PersonId, log: LogId, seq: Seq, back: bool) {
        let Some(person) = self.people.get_mut(&id) else { return };
        // Another device may have been faster.
        let mark = person.marks.get(&log).copied().unwrap_or_default();
        let seq = if back { seq } else { seq.max(mark) };
        person.marks.insert(log, seq);
        let sessions: Vec<SessionId> = person.sessions.iter().map(|(session, _)| *session).collect();
        for session in sessions {
            let Some(room) = self.name_for(session, id, log) else { continue };
            let event = Event::Read { room: room.clone(), seq };
            if session == asker.session {
                let _ = self.answer(asker.clone(), event);
            } else {
                self.effects.push(Effect::Tell(vec![session], Slot::Latest("read", Some(room)), event));
            }
        }
    }

    /// What a session calls a log that it follows; its inbox has a name always.
    fn name_for(&self, session: SessionId, id: PersonId, log: LogId) -> Option<LogName> {
        if self.people[&id].inbox == log {
            return Some(LogName::Inbox);
        }
        let follows = &self.sessions.get(session)?.follows;
        follows.iter().find(|follow| follow.log == log).map(|follow| follow.room.clone())
    }

    /// The mark of a log; where there is none yet, everything so far counts as read.
    pub(super) fn first_mark(&mut self, id: PersonId, log: LogId) -> Option<Seq> {
        if id.is_guest() {
            return None;
        }
        let head = self.head(log);
        let person = self.people.get_mut(&id)?;
        if let Some(mark) = person.marks.get(&log) {
            return Some(*mark);
        }
        person.marks.insert(log, head);
        self.effects.push(Effect::Store(Op::SetMark(None, id, log, head, false)));
        Some(head)
    }

    pub(super) fn away(&mut self, asker: Asker, id: PersonId, on: bool, now: Now) -> Result<(), Refusal> {
        let person = self.people.get_mut(&id).expect("a session's person");
        let changed = std::mem::replace(&mut person.away, on) != on;
        let others: Vec<SessionId> =
            person.sessions.iter().map(|(other, _)| *other).filter(|other| *other != asker.session).collect();
        if changed {
            self.changed(id, now);
            if !others.is_empty() {
                self.effects.push(Effect::Tell(others, Slot::Latest("away", None), Event::Away { on }));
            }
        }
        self.answer(asker, Event::Away { on })
    }
}
