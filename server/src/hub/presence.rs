//! Who comes, goes and changes. This is what sinks chat servers, so it travels in ticks: what happens within 200 ms is
//! one line, and a crowd is only counted.

use super::{
    Effect, Hub, Millis, Now, Slot,
    follow::GRACE,
    person::Name,
    room::{Member, Room},
};
use crate::ids::{PersonId, SessionId};
use shared::{
    Event, LogName, RoomName,
    event::{Member as Shown, Presence},
    limits,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Changes within this travel together.
const TICK: Millis = 200;
/// Counts of crowds, and of what ignore mode holds back, travel this often.
const SLOW_TICK: Millis = 1_000;

/// How a person came into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It was not there before.
    New,
    /// It resumes what a restart of the server broke.
    Back,
}

/// Something that happened to a member.
#[derive(Debug, Clone)]
pub(super) struct Change {
    number: u64,
    who: Name,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Joined,
    Left,
    Changed,
}

/// What is due when.
#[derive(Debug, Default)]
pub(super) struct Clock {
    changes: u64,
    named: Due<RoomName>,
    counted: Due<RoomName>,
    held: Due<SessionId>,
    gone: BTreeSet<(Millis, PersonId, RoomName)>,
}

impl Clock {
    pub(super) fn last_change(&self) -> u64 {
        self.changes
    }

    pub(super) fn next(&self) -> Option<Millis> {
        let gone = self.gone.first().map(|(at, ..)| *at);
        [self.named.at, self.counted.at, self.held.at, gone].into_iter().flatten().min()
    }

    pub(super) fn hold(&mut self, session: SessionId, now: Millis) {
        let at = (self.held.last + SLOW_TICK).max(now);
        self.held.add(session, at);
    }
}

/// Things that are due together.
#[derive(Debug)]
struct Due<T> {
    what: BTreeSet<T>,
    at: Option<Millis>,
    last: Millis,
}

impl<T> Default for Due<T> {
    fn default() -> Self {
        Self { what: BTreeSet::new(), at: None, last: 0 }
    }
}

impl<T: Ord> Due<T> {
    fn add(&mut self, what: T, at: Millis) {
        self.what.insert(what);
        self.at.get_or_insert(at);
    }

    fn take(&mut self, now: Millis) -> BTreeSet<T> {
        if self.at.is_none_or(|at| at > now) {
            return BTreeSet::new();
        }
        (self.at, self.last) = (None, now);
        std::mem::take(&mut self.what)
    }
}

impl Hub {
    /// A session of a person has come into a room.
    pub(super) fn enter_room(&mut self, id: PersonId, name: &RoomName, came: Came, now: Now) {
        let person = self.people.get_mut(&id).expect("a session's person");
        let room = self.rooms.get_mut(name).expect("a room that is joined");
        let what = match room.members.get_mut(&person.order) {
            Some(member) => {
                member.sessions += 1;
                member.gone_at = None;
                (member.sessions == 1).then_some(What::Changed)
            }
            None => {
                room.members.insert(person.order.clone(), Member { person: id, sessions: 1, gone_at: None });
                person.rooms.reserve_exact(1);
                person.rooms.push(name.clone());
                Some(if came == Came::Back { What::Changed } else { What::Joined })
            }
        };
        room.grow();
        if room.is_crowd && came == Came::Back {
            // Nobody hears of a change, but the crowd is larger by one.
            self.clock.counted.add(name.clone(), now.mono + SLOW_TICK);
        }
        let who = person.order.clone();
        if let Some(what) = what {
            self.note(name, who, what, now);
        }
        self.list(id);
    }

    /// A session of a person has left a room, or broke.
    pub(super) fn leave_room(&mut self, id: PersonId, name: &RoomName, broke: bool, now: Now) {
        let Some(person) = self.people.get(&id) else { return };
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(member) = room.members.get_mut(&person.order) else { return };
        member.sessions = member.sessions.saturating_sub(1);
        if member.sessions > 0 {
            return;
        }
        if broke && person.is_claimed() {
            let at = now.mono + GRACE;
            member.gone_at = Some(at);
            self.clock.gone.insert((at, id, name.clone()));
            let who = person.order.clone();
            self.note(name, who, What::Changed, now);
        } else {
            self.remove_member(id, name, now);
        }
    }

    fn remove_member(&mut self, id: PersonId, name: &RoomName, now: Now) {
        let person = self.people.get_mut(&id).expect("a member is a person");
        person.rooms.retain(|room| room != name);
        let who = person.order.clone();
        let room = self.rooms.get_mut(name).expect("a member's room");
        room.members.remove(&who);
        self.note(name, who, What::Left, now);
        self.list(id);
    }

    /// A person's state has changed.
    pub(super) fn changed(&mut self, id: PersonId, now: Now) {
        let Some(person) = self.people.get(&id) else { return };
        let (who, rooms) = (person.order.clone(), person.rooms.clone());
        for name in rooms {
            self.note(&name, who.clone(), What::Changed, now);
        }
    }

    fn note(&mut self, name: &RoomName, who: Name, what: What, now: Now) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        self.clock.changes += 1;
        if room.is_crowd {
            if what != What::Changed {
                self.clock.counted.add(name.clone(), now.mono + SLOW_TICK);
            }
        } else {
            room.changes.push(Change { number: self.clock.changes, who, what });
            self.clock.named.add(name.clone(), now.mono + TICK);
        }
    }

    pub(super) fn tick_presence(&mut self, now: Now) {
        while let Some((at, id, name)) = self.clock.gone.first().filter(|(at, ..)| *at <= now.mono).cloned() {
            self.clock.gone.remove(&(at, id, name.clone()));
            let Some(person) = self.people.get(&id) else { continue };
            let member = self.rooms.get(&name).and_then(|room| room.members.get(&person.order));
            if member.is_some_and(|member| member.gone_at == Some(at)) {
                self.remove_member(id, &name, now);
            }
        }
        for name in self.clock.named.take(now.mono) {
            self.tell_changes(&name);
        }
        for name in self.clock.counted.take(now.mono) {
            self.tell_count(&name);
        }
        for session in self.clock.held.take(now.mono) {
            self.tell_held(session);
        }
    }

    /// Tells who came, went and changed: one event for all, but for those who joined meanwhile and know a part of it.
    fn tell_changes(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let changes = std::mem::take(&mut room.changes);
        let Some(first) = changes.first().map(|change| change.number) else { return };
        let room = &self.rooms[name];
        let log_name = LogName::Room(name.clone());
        let mut told: BTreeMap<u64, Vec<SessionId>> = BTreeMap::new();
        for &id in &self.logs[&room.log].followers {
            if let Some(follow) = self.sessions.get(id).and_then(|session| session.follow(&log_name)) {
                told.entry(follow.knows.max(first - 1)).or_default().push(id);
            }
        }
        for (knows, sessions) in told {
            let unknown = changes.iter().filter(|change| change.number > knows);
            if let Some(presence) = self.presence(name, room, unknown) {
                self.effects.push(Effect::Tell(sessions, Slot::Presence(name.clone()), Event::Presence(presence)));
            }
        }
    }

    /// What of the changes is left when each person's are put together. `None`: nothing.
    fn presence<'c>(
        &self,
        name: &RoomName,
        room: &Room,
        changes: impl Iterator<Item = &'c Change>,
    ) -> Option<Presence> {
        let mut presence = Presence {
            room: name.clone(),
            members: room.members.len() as u64,
            joined: Vec::new(),
            left: Vec::new(),
            changed: Vec::new(),
        };
        let mut seen = HashMap::new();
        let mut order = Vec::new();
        for change in changes {
            seen.entry(&change.who).or_insert_with(|| {
                order.push(&change.who);
                change.what
            });
        }
        for who in order {
            let now_here = room.members.get(who);
            match (seen[who], now_here) {
                (What::Joined, Some(member)) => {
                    let Shown { nickname, state } = self.people[&member.person].member(member.sessions > 0);
                    presence.joined.push(nickname.clone());
                    if state != shared::event::State::Online {
                        presence.changed.push(Shown { nickname, state });
                    }
                }
                (What::Left | What::Changed, Some(member)) => {
                    presence.changed.push(self.people[&member.person].member(member.sessions > 0));
                }
                (What::Left | What::Changed, None) => presence.left.push(shared::Label::new(who.1.as_str())),
                (What::Joined, None) => {}
            }
        }
        let is_empty = presence.joined.is_empty() && presence.left.is_empty() && presence.changed.is_empty();
        (!is_empty).then_some(presence)
    }

    /// Tells a crowd how many it is; or, if it is none any more, who.
    fn tell_count(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let members = room.members.len();
        let sessions: Vec<SessionId> = self.logs[&room.log].followers.iter().copied().collect();
        if members > limits::ROSTER_AGAIN {
            let presence = Presence {
                room: name.clone(),
                members: members as u64,
                joined: Vec::new(),
                left: Vec::new(),
                changed: Vec::new(),
            };
            let slot = Slot::Latest("presence", Some(LogName::Room(name.clone())));
            self.effects.push(Effect::Tell(sessions, slot, Event::Presence(presence)));
            return;
        }
        room.is_crowd = false;
        let known = self.clock.last_change();
        if let Some(event) = self.roster_event(name) {
            for &id in &sessions {
                for follow in self.follows(id).iter_mut().filter(|follow| follow.room.as_str() == name.as_str()) {
                    follow.knows = known;
                }
            }
            self.effects.push(Effect::Tell(sessions, Slot::Keep, event));
        }
    }

    /// Who is in a room: replaces what was known of it.
    pub fn roster_event(&self, name: &RoomName) -> Option<Event> {
        let room = self.rooms.get(name).filter(|room| !room.is_crowd)?;
        let roster = self.roster(room);
        Some(Event::Roster { room: name.clone(), members: roster.len() as u64, roster })
    }
}
