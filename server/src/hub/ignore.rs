//! Ignore mode: a person's cursors on rooms stand still; nothing is pushed, nothing is lost.

use super::{Effect, Hub, Now, Refusal, Slot};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::{Asker, Hold, Op},
};
use shared::{Event, LogName, Outgoing, Seq, UnixMillis, event::Ignore};

impl Hub {
    /// Turns the mode on or off; for a claimed nickname once that is stored.
    pub(super) fn ignore(
        &mut self,
        asker: Asker,
        id: PersonId,
        on: bool,
        until: Option<UnixMillis>,
        now: Now,
    ) -> Result<(), Refusal> {
        let hold = on.then(|| Hold { until, since: self.holds_since(id) });
        if id.is_guest() {
            self.set_hold(Some(asker), id, hold, now);
        } else {
            self.store(Op::SetHold(Some(asker), id, hold));
        }
        Ok(())
    }

    /// Where the mode began in each room; if it is off: where it would begin now.
    fn holds_since(&self, id: PersonId) -> std::collections::BTreeMap<LogId, Seq> {
        let person = &self.people[&id];
        if let Some(hold) = &person.hold {
            return hold.since.clone();
        }
        person.rooms.iter().map(|name| self.rooms[name].log).map(|log| (log, self.logs[&log].head)).collect()
    }

    /// The mode is on or off now.
    pub(super) fn set_hold(&mut self, asker: Option<Asker>, id: PersonId, hold: Option<Hold>, now: Now) {
        if !self.people.contains_key(&id) {
            return;
        }
        let until = hold.as_ref().and_then(|hold| hold.until);
        let on = hold.is_some();
        let since = self.holds_since(id);
        let person = self.people.get_mut(&id).expect("it is there");
        let was_on = person.hold.is_some();
        if let Some(old) = person.hold.as_ref().and_then(|hold| hold.until) {
            self.untils.remove(&(old, id));
        }
        if let Some(until) = until {
            self.untils.insert((until, id));
        }
        let loud: Vec<SessionId> = person.loud_sessions().collect();
        let held: Vec<u64> = loud.iter().map(|&session| self.held_sum(session, id)).collect();
        let stale = hold.as_ref().is_some_and(|hold| hold.since != since);
        let hold = hold.map(|hold| Hold { since, ..hold });
        self.people.get_mut(&id).expect("it is there").hold = hold.clone().map(Box::new);
        // Entries may have come between the request and this: what is kept is where the mode really began.
        if stale && !id.is_guest() {
            self.effects.push(Effect::Store(Op::SetHold(None, id, hold)));
        }
        let quiet_asker = asker.clone().filter(|asker| !loud.contains(&asker.session));
        for (&session, held) in loud.iter().zip(held) {
            let event = Event::Ignore(Ignore { on, until, held: (!on).then_some(held) });
            match asker.as_ref().filter(|asker| asker.session == session) {
                Some(asker) => {
                    let answer = Outgoing { event, tag: asker.tag.clone() };
                    self.effects.push(Effect::Answer(session, answer));
                }
                None => self.effects.push(Effect::Tell(vec![session], Slot::Latest("ignore", None), event)),
            }
            if on {
                self.pause(session);
            } else {
                self.go_on(session);
            }
        }
        if let Some(asker) = quiet_asker.filter(|asker| self.sessions.contains_key(asker.session)) {
            let event = Event::Ignore(Ignore { on, until, held: (!on).then_some(0) });
            self.effects.push(Effect::Answer(asker.session, Outgoing { event, tag: asker.tag }));
        }
        if on != was_on {
            self.changed(id, now);
        }
    }

    fn pause(&mut self, session: SessionId) {
        for follow in self.follows(session).iter_mut().filter(|follow| follow.room != LogName::Inbox) {
            follow.paused = true;
            follow.told_held = 0;
        }
    }

    /// The cursors of a session go on where they stood, or behind a gap that is said.
    fn go_on(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        for follow in session.follows.iter_mut().filter(|follow| follow.paused) {
            follow.paused = false;
            let (cursor, gaps) = self.logs[&follow.log].extent().go_on(follow.cursor);
            if cursor != follow.cursor {
                follow.cursor = cursor;
                session.stands += 1;
                follow.stand = session.stands;
            }
            for gap in gaps {
                self.effects.push(Effect::Tell(vec![id], Slot::Keep, gap.event(&follow.room)));
            }
        }
        self.effects.push(Effect::Flush(id));
    }

    /// Entries that the mode holds back in the rooms of a session.
    fn held_sum(&self, session: SessionId, id: PersonId) -> u64 {
        let Some(hold) = &self.people[&id].hold else { return 0 };
        let follows = self.sessions.get(session).map_or(&[][..], |session| &session.follows);
        follows.iter().filter_map(|follow| Some(self.logs[&follow.log].head.since(*hold.since.get(&follow.log)?))).sum()
    }

    /// True if the mode is on. A room that is joined meanwhile is held from here on.
    pub(super) fn hold_room(&mut self, id: PersonId, log: LogId) -> bool {
        let head = self.head(log);
        let Some(person) = self.people.get_mut(&id) else { return false };
        let Some(hold) = &mut person.hold else { return false };
        if let std::collections::btree_map::Entry::Vacant(since) = hold.since.entry(log) {
            since.insert(head);
            if !id.is_guest() {
                let hold = person.hold.clone();
                self.effects.push(Effect::Store(Op::SetHold(None, id, hold.map(|hold| *hold))));
            }
        }
        true
    }

    /// A room has grown: those who hold it back will be told.
    pub(super) fn held_grew(&mut self, log: LogId, now: Now) {
        let holding: Vec<SessionId> = self
            .followers(log)
            .iter()
            .copied()
            .filter(|id| self.sessions[*id].follows.iter().any(|f| f.log == log && f.paused))
            .collect();
        for session in holding {
            self.clock.hold(session, now.mono);
        }
    }

    pub(super) fn tell_held(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(hold) = session.person.and_then(|person| self.people.get(&person)).and_then(|p| p.hold.as_ref())
        else {
            return;
        };
        for follow in session.follows.iter_mut().filter(|follow| follow.paused) {
            let LogName::Room(room) = &follow.room else { continue };
            let Some(since) = hold.since.get(&follow.log) else { continue };
            let count = self.logs[&follow.log].head.since(*since);
            if count != follow.told_held {
                follow.told_held = count;
                let slot = Slot::Latest("held", Some(follow.room.clone()));
                self.effects.push(Effect::Tell(vec![id], slot, Event::Held { room: room.clone(), count }));
            }
        }
    }

    /// Ends the modes whose time is up.
    pub(super) fn tick_untils(&mut self, now: Now) {
        while let Some(&(until, id)) = self.untils.first().filter(|(until, _)| *until <= now.wall) {
            self.untils.remove(&(until, id));
            if id.is_guest() {
                self.set_hold(None, id, None, now);
            } else {
                self.effects.push(Effect::Store(Op::SetHold(None, id, None)));
            }
        }
    }
}
