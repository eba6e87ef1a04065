//! Joining and leaving: a cursor into a log, and the rule that says where it starts and which gaps are said.

use super::{
    Effect, Hub, Millis, Now, Refusal, Slot,
    may::Wish,
    presence::Came,
    room::{Log, Room},
};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::{Asker, Op},
};
use shared::{
    Epoch, ErrorCode, Event, LogName, RoomName, Seq,
    event::{Joined, Member},
    limits,
    moderation::Role,
    request::Start,
    text::Label,
};

/// How long a claimed nickname whose connection broke counts as away, and how long after the server's start a resume
/// is no arrival.
pub(super) const GRACE: Millis = 60_000;

/// A session's cursor into a log.
#[derive(Debug, Clone)]
pub struct Follow {
    /// The log.
    pub log: LogId,
    /// What the session calls it.
    pub room: LogName,
    /// The last entry that was sent, or is not to be.
    pub cursor: Seq,
    /// Ignore mode: nothing is sent.
    pub paused: bool,
    /// Changes whenever the cursor is set anew; what was read for another stand is of no use.
    pub stand: u64,
    /// The stand for which a page is being read.
    pub fetching: u64,
    /// Changes of who is here that the session knows: all up to this one.
    pub(super) knows: u64,
    /// The count of held entries that it was told.
    pub(super) told_held: u64,
}

/// A gap to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) after: Seq,
    pub(super) before: Seq,
    pub(super) lost: bool,
}

impl Gap {
    pub(super) fn event(self, room: &LogName) -> Event {
        Event::Gap { room: room.clone(), after: self.after, before: self.before, lost: self.lost }
    }
}

/// Where a log stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) first: Seq,
    pub(super) head: Seq,
}

impl Log {
    pub(super) fn extent(&self) -> Extent {
        Extent { first: self.first, head: self.head }
    }
}

impl Extent {
    /// The cursor that brings the last `last` entries.
    fn last(self, last: u64) -> Seq {
        self.head.back(last).max(self.first.previous())
    }

    /// The cursor of a `join`, and the gaps before it. `known`: the epoch that the client resumes is the log's.
    pub(super) fn start(self, last: u64, resume: Option<Seq>, known: bool) -> (Seq, Vec<Gap>) {
        let Some(after) = resume else { return (self.last(last), Vec::new()) };
        let (first, head) = (self.first, self.head);
        if !known {
            if head == Seq::ZERO && after == Seq::ZERO {
                return (head, Vec::new());
            }
            return self.skip(Seq::ZERO, self.last(last), true);
        }
        if after > head {
            return (head, vec![Gap { after: head, before: after.next(), lost: true }]);
        }
        let to_go = head.since(after.max(first.previous()));
        let cursor = if to_go > limits::LAST_MAX { self.last(last) } else { after.max(first.previous()) };
        self.skip(after, cursor, false)
    }

    /// The cursor where ignore mode ends, and the gaps before it.
    pub(super) fn go_on(self, cursor: Seq) -> (Seq, Vec<Gap>) {
        self.start(limits::LAST_DEFAULT, Some(cursor), true)
    }

    /// A cursor that moves from `after` to `to`: what retention took is lost, the rest is not. `always`: a gap is said
    /// even where nothing lies between.
    fn skip(self, after: Seq, to: Seq, always: bool) -> (Seq, Vec<Gap>) {
        let mut gaps = Vec::new();
        let kept = self.first.previous();
        if after < kept {
            gaps.push(Gap { after, before: self.first, lost: true });
        }
        let from = after.max(kept);
        if to > from || (always && gaps.is_empty()) {
            gaps.push(Gap { after: from, before: to.next(), lost: false });
        }
        (to, gaps)
    }
}

impl Hub {
    pub(super) fn join(&mut self, asker: Asker, room: &LogName, start: &Start, now: Now) -> Result<(), Refusal> {
        if let (Some(person), LogName::Room(name)) = (self.sessions[asker.session].person, room) {
            self.may(person, Wish::Join, Some(name), now)?;
        }
        self.take_query(asker.session, 1 + u32::from(start.last > 200), now.mono)?;
        let session = &self.sessions[asker.session];
        let Some(person) = session.person else { return Ok(()) };
        let LogName::Room(name) = room else {
            let log = self.people[&person].inbox;
            return self.follow(asker, person, log, room, start, now);
        };
        if session.follow(room).is_none() && session.follows.len() >= self.rules.rooms_per_session {
            return Err(Refusal::new(ErrorCode::TooMany, "this session follows too many rooms; leave one"));
        }
        let Some(known) = self.rooms.get(name) else {
            if self.rooms.len() >= self.rules.rooms {
                return Err(Refusal::new(ErrorCode::TooMany, "there are too many rooms; join one that is there"));
            }
            let owner = Some(person).filter(|person| !person.is_guest());
            let is_held_to_it = owner.filter(|_| !session.exempt);
            if is_held_to_it.is_some_and(|owner| self.owned_by(owner) >= self.rules.rooms_per_person) {
                return Err(Refusal::new(ErrorCode::TooMany, "you own too many rooms; join one that is there"));
            }
            self.store(Op::OpenRoom(asker, name.clone(), start.clone(), owner));
            return Ok(());
        };
        let is_new = !session.quiet && !self.people[&person].rooms.contains(name);
        if is_new && known.members.len() >= self.rules.members {
            return Err(Refusal::new(ErrorCode::TooMany, "the room has too many members"));
        }
        let log = known.log;
        self.follow(asker, person, log, room, start, now)
    }

    /// How many rooms a person owns.
    fn owned_by(&self, person: PersonId) -> usize {
        let is_owner = |room: &&Room| room.rule.roles.get(&person) == Some(&Role::Owner);
        self.rooms.values().filter(is_owner).count()
    }

    /// A room is stored; the join that waited for it goes on.
    pub(super) fn opened(
        &mut self,
        asker: Asker,
        room: RoomName,
        start: &Start,
        opened: (LogId, Epoch, Option<PersonId>),
        now: Now,
    ) {
        let (log, epoch, owner) = opened;
        self.logs.entry(log).or_insert_with(|| Log::new(epoch, Seq::FIRST, Seq::ZERO));
        self.rooms.entry(room.clone()).or_insert_with(|| {
            let mut room = Room::new(log, String::new());
            room.rule.roles.extend(owner.map(|owner| (owner, Role::Owner)));
            room
        });
        let Some(person) = self.sessions.get(asker.session).and_then(|session| session.person) else { return };
        // The limits were asked before the room was stored.
        let _ = self.follow(asker, person, log, &LogName::Room(room), start, now);
    }

    fn follow(
        &mut self,
        asker: Asker,
        person: PersonId,
        log: LogId,
        room: &LogName,
        start: &Start,
        now: Now,
    ) -> Result<(), Refusal> {
        let id = asker.session;
        let known = &self.logs[&log];
        let is_current = start.resume.as_ref().is_some_and(|(_, epoch)| *epoch == known.epoch);
        let (cursor, gaps) =
            known.extent().start(start.last, start.resume.as_ref().map(|(after, _)| *after), is_current);
        let quiet = self.sessions[id].quiet;
        if let (LogName::Room(name), false) = (room, quiet) {
            let resumes = is_current && self.people[&person].is_claimed() && now.mono < self.started + GRACE;
            let came = if resumes { Came::Back } else { Came::New };
            if self.sessions[id].follow(room).is_none() {
                self.enter_room(person, name, came, now);
            }
        }
        let read = self.first_mark(person, log);
        let paused = !quiet && matches!(room, LogName::Room(_)) && self.hold_room(person, log);
        let joined = self.joined(person, log, room, read);
        self.answer(asker, Event::Joined(joined))?;
        for gap in gaps {
            self.effects.push(Effect::Tell(vec![id], Slot::Keep, gap.event(room)));
        }
        self.logs.get_mut(&log).expect("a log that is followed").followers.insert(id);
        let knows = self.clock.last_change();
        let session = &mut self.sessions[id];
        session.stands += 1;
        let follow =
            Follow { log, room: room.clone(), cursor, paused, stand: session.stands, fetching: 0, knows, told_held: 0 };
        match session.follows.iter_mut().find(|other| other.room == *room) {
            Some(old) => *old = follow,
            None => {
                session.follows.reserve_exact(1);
                session.follows.push(follow);
            }
        }
        if paused {
            self.held_grew(log, now);
        }
        self.effects.push(Effect::Flush(id));
        Ok(())
    }

    fn joined(&self, person: PersonId, log: LogId, room: &LogName, read: Option<Seq>) -> Joined {
        let stands = &self.logs[&log];
        let (topic, members, roster) = match room {
            LogName::Inbox => {
                let me = &self.people[&person];
                ("", 1, Some(vec![me.member(true)]))
            }
            LogName::Room(name) => {
                let room = &self.rooms[name];
                (room.topic.as_str(), room.members.len() as u64, (!room.is_crowd).then(|| self.roster(room)))
            }
        };
        Joined {
            room: room.clone(),
            epoch: stands.epoch.clone(),
            first: stands.first,
            head: stands.head,
            read,
            topic: Label::new(topic),
            members,
            roster,
        }
    }

    /// Who is in a room, by nickname.
    pub(super) fn roster(&self, room: &Room) -> Vec<Member> {
        room.members.values().map(|member| self.people[&member.person].member(member.sessions > 0)).collect()
    }

    /// Ends following a log, if the session does.
    pub(super) fn unfollow(&mut self, id: SessionId, room: &LogName, broke: bool, now: Now) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(at) = session.follows.iter().position(|follow| follow.room == *room) else { return };
        let follow = session.follows.swap_remove(at);
        let (person, quiet) = (session.person, session.quiet);
        if let Some(log) = self.logs.get_mut(&follow.log) {
            log.followers.remove(&id);
        }
        if let (LogName::Room(name), Some(person), false) = (room, person, quiet) {
            self.leave_room(person, name, broke, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    fn gap(after: u64, before: u64, lost: bool) -> Gap {
        Gap { after: seq(after), before: seq(before), lost }
    }

    #[test]
    fn the_cursor_of_a_join() {
        let log = Extent { first: seq(1), head: seq(1250) };
        assert_eq!(log.start(50, None, false), (seq(1200), vec![]));
        assert_eq!(log.start(50, Some(seq(1234)), true), (seq(1234), vec![]));
        assert_eq!(log.start(50, Some(seq(249)), true), (seq(1200), vec![gap(249, 1201, false)]));
        assert_eq!(log.start(50, Some(seq(250)), true), (seq(250), vec![]));
        assert_eq!(log.start(50, Some(seq(1300)), true), (seq(1250), vec![gap(1250, 1301, true)]));
        assert_eq!(log.start(10, Some(seq(3)), false), (seq(1240), vec![gap(0, 1241, false)]));
        let empty = Extent { first: seq(1), head: seq(0) };
        assert_eq!(empty.start(50, None, false), (seq(0), vec![]));
        assert_eq!(empty.start(50, Some(seq(0)), false), (seq(0), vec![]));
        assert_eq!(empty.start(50, Some(seq(9)), false), (seq(0), vec![gap(0, 1, false)]));
        let trimmed = Extent { first: seq(100), head: seq(5000) };
        assert_eq!(trimmed.start(50, Some(seq(7)), true), (seq(4950), vec![gap(7, 100, true), gap(99, 4951, false)]));
        assert_eq!(trimmed.start(1000, None, false), (seq(4000), vec![]));
    }

    proptest! {
        #[test]
        fn every_entry_behind_the_resumed_one_is_sent_or_in_a_gap(
            first in 1_u64..3000, length in 0_u64..3000, after in 0_u64..6500, last in 0_u64..=1000
        ) {
            let log = Extent { first: seq(first), head: seq(first + length - 1) };
            let (cursor, gaps) = log.start(last, Some(seq(after)), true);
            prop_assert!(cursor <= log.head && log.head.since(cursor) <= limits::LAST_MAX);
            for n in after + 1..=log.head.get() {
                let said = gaps.iter().any(|gap| gap.after.get() < n && n < gap.before.get());
                prop_assert!(said != (n > cursor.get()), "{} with cursor {} and {:?}", n, cursor, gaps);
                let lost = gaps.iter().any(|gap| gap.lost && gap.after.get() < n && n < gap.before.get());
                prop_assert_eq!(lost, n < first);
            }
        }
    }
}
