//! Keeping order: what is asked becomes an entry with changes, and what is stored becomes so.

use super::{Effect, Hub, Now, Refusal, Session, Slot, may::Wish, names::Holder};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::{Asker, Change, Draft, Op, Sanction, Sanctioned, Subject},
};
use shared::{
    ErrorCode, Event, Incoming, Kind, LogName, MessageId, Nickname, RoomName, Seq, Text,
    code::NoticeCode,
    event::Notice,
    moderation::{Action, Moderate, Role},
    network::Network,
    text::Label,
};

/// What is asked: by whom, in which room, under which id.
struct Asked<'a> {
    asker: Asker,
    person: PersonId,
    room: &'a RoomName,
    id: &'a MessageId,
    incoming: &'a Incoming,
}

impl Hub {
    pub(super) fn moderate(
        &mut self,
        asker: Asker,
        person: PersonId,
        moderate: &Moderate,
        incoming: &Incoming,
        now: Now,
    ) -> Result<(), Refusal> {
        let Moderate { id, room, nickname, act } = moderate;
        let log = self.log_of_room(room)?;
        let decided = self.may_moderate(asker.session, person, moderate, now);
        let decided = decided.and_then(|()| self.changes_of(log, moderate, now));
        let text = Text::parse(&act.to_string()).map_err(super::talk::text_refusal)?;
        let asked = Asked { asker, person, room, id, incoming };
        self.store_act(asked, log, Kind::Moderation, text, (nickname.clone(), None), decided);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one request")]
    pub(super) fn redact(
        &mut self,
        asker: Asker,
        person: PersonId,
        room: &RoomName,
        id: &MessageId,
        re: Seq,
        reason: &str,
        incoming: &Incoming,
        now: Now,
    ) -> Result<(), Refusal> {
        let log = self.log_of_room(room)?;
        let decided = self
            .may_redact(asker.session, person, room, re, reason, now)
            .map(|by| vec![Change::Redact { log, seq: re, by }]);
        let text = Text::maybe_empty(reason);
        let asked = Asked { asker, person, room, id, incoming };
        self.store_act(asked, log, Kind::Redact, text, (None, Some(re)), decided);
        Ok(())
    }

    /// A room that is not there knows no ids.
    fn log_of_room(&self, room: &RoomName) -> Result<LogId, Refusal> {
        self.rooms.get(room).map(|room| room.log).ok_or_else(|| not_in_room(room))
    }

    /// Hands it to the journal, refused or not: a known id gets its `ack` whatever has changed.
    fn store_act(
        &mut self,
        asked: Asked<'_>,
        log: LogId,
        kind: Kind,
        text: Text,
        (to, re): (Option<Nickname>, Option<Seq>),
        decided: Result<Vec<Change>, Refusal>,
    ) {
        let (changes, refusal) = match decided {
            Ok(changes) => (changes, None),
            Err(refusal) => (Vec::new(), Some(refusal.of(asked.incoming))),
        };
        let draft = Draft {
            log,
            room: LogName::Room(asked.room.clone()),
            sender: asked.person,
            from: self.people[&asked.person].nickname().clone(),
            id: asked.id.clone(),
            kind,
            re,
            text,
            to: to.map(|name| (name, None)),
            refusal,
            changes,
        };
        self.store(Op::Append(asked.asker, Box::new(draft)));
    }

    fn may_moderate(&self, id: SessionId, person: PersonId, moderate: &Moderate, now: Now) -> Result<(), Refusal> {
        let Moderate { room, nickname, act, .. } = moderate;
        // A room that nobody owns is there for the first who asks for it.
        if !self.is_claim(person, moderate) {
            self.may(person, Wish::Moderate(act.action), Some(room), now)?;
        }
        if act.everywhere || act.network.is_some() {
            self.may(person, Wish::Everywhere, Some(room), now)?;
        }
        if !self.sessions[id].follows_log(self.rooms[room].log) {
            return Err(not_in_room(room));
        }
        let target = nickname.as_ref().and_then(|name| self.person_of(name));
        let is_above = |target| self.standing(target, Some(room)) >= self.standing(person, Some(room));
        // What is done to a key is done to all of its nicknames.
        let key = target.and_then(|target| self.people[&target].key.as_ref());
        let is_meant = |id| Some(id) == target || (key.is_some() && self.people[&id].key.as_ref() == key);
        let mut others = self.people.keys().copied().filter(|id| *id != person);
        if target.is_some() && others.any(|id| is_meant(id) && is_above(id)) {
            return Err(Refusal::new(ErrorCode::Forbidden, "that is somebody who may as much as you"));
        }
        Ok(())
    }

    /// True if somebody asks for a room that nobody owns.
    fn is_claim(&self, person: PersonId, moderate: &Moderate) -> bool {
        let Moderate { nickname, act, room, .. } = moderate;
        let known = &self.people[&person];
        act.action == Action::Grant
            && act.role == Some(Role::Owner)
            && known.is_claimed()
            && nickname.as_ref().is_some_and(|name| name.key() == known.nickname().key())
            && self.rooms.get(room).is_some_and(|room| !room.has_owner())
    }

    /// Who must have written an entry that may be taken out; absent: anybody.
    fn may_redact(
        &self,
        id: SessionId,
        person: PersonId,
        room: &RoomName,
        re: Seq,
        reason: &str,
        now: Now,
    ) -> Result<Option<PersonId>, Refusal> {
        let by = match self.may(person, Wish::Redact, Some(room), now) {
            Ok(()) => None,
            Err(_) => {
                self.may(person, Wish::RedactOwn, Some(room), now)?;
                // A reason is said to everybody.
                if !reason.is_empty() {
                    self.may(person, Wish::Talk, Some(room), now)?;
                }
                Some(person)
            }
        };
        let known = &self.rooms[room];
        if !self.sessions[id].follows_log(known.log) {
            return Err(not_in_room(room));
        }
        let log = &self.logs[&known.log];
        if re > log.head || re < log.first {
            return Err(Refusal::new(
                ErrorCode::BadField,
                format!("the field re names no entry; there are {} to {}", log.first, log.head),
            ));
        }
        Ok(by)
    }

    /// What an act changes; a refusal, if there is nobody to do it to.
    fn changes_of(&self, log: LogId, moderate: &Moderate, now: Now) -> Result<Vec<Change>, Refusal> {
        let Moderate { nickname, act, .. } = moderate;
        let scope = (!act.everywhere).then_some(log);
        let nobody = || Refusal::new(ErrorCode::NoSuchUser, "nobody of that name is here or has claimed it");
        let person = || nickname.as_ref().and_then(|name| self.person_of(name)).ok_or_else(nobody);
        let until = act.for_s.map(|seconds| now.wall + seconds * 1_000);
        Ok(match (act.action, nickname) {
            (Action::Kick, _) => {
                let person = person()?;
                let is_here = act.everywhere
                    || self.people[&person].sessions.iter().any(|(id, _)| self.sessions[*id].follows_log(log));
                if is_here { Vec::new() } else { return Err(nobody()) }
            }
            (Action::Slow, _) => vec![Change::Slow(log, u32::try_from(act.for_s.unwrap_or(0)).unwrap_or(u32::MAX))],
            (Action::Lock, _) => vec![Change::Lock(log, true)],
            (Action::Unlock, _) => vec![Change::Lock(log, false)],
            (Action::Grant, _) => {
                let person = Some(person()?).filter(|id| !id.is_guest()).ok_or_else(nobody)?;
                vec![Change::Role(log, person, act.role)]
            }
            (Action::Revoke, _) => vec![Change::Role(log, person()?, None)],
            (Action::Ban | Action::Mute, name) => {
                let sanction = if act.action == Action::Ban { Sanction::Ban } else { Sanction::Mute };
                let subjects = match (name, act.network) {
                    (Some(name), _) => self.subjects(name, act.address),
                    (None, network) => network.map(Subject::Network).into_iter().collect(),
                };
                let name: Box<str> = name.as_ref().map_or("", Nickname::as_str).into();
                let made = |subject| Sanctioned {
                    sanction,
                    scope,
                    subject,
                    until,
                    reason: act.reason.clone(),
                    name: name.clone(),
                };
                subjects.into_iter().map(|subject| Change::Sanction(made(subject))).collect()
            }
            (Action::Unban | Action::Unmute, name) => {
                let sanction = if act.action == Action::Unban { Sanction::Ban } else { Sanction::Mute };
                let subjects = match (name, act.network) {
                    (Some(name), _) => self.sanctions.of_name(sanction, scope, name),
                    (None, network) => network.map(Subject::Network).into_iter().collect(),
                };
                if subjects.is_empty() {
                    return Err(Refusal::new(ErrorCode::NoSuchUser, "nothing holds against anybody of that name here"));
                }
                subjects.into_iter().map(|subject| Change::Lift(sanction, scope, subject)).collect()
            }
        })
    }

    /// Whom a sanction against a name is about: the name, the key behind it, and where it comes from if that is wanted.
    pub(super) fn subjects(&self, name: &Nickname, with_address: bool) -> Vec<Subject> {
        let person = self.person_of(name).map(|id| &self.people[&id]);
        let key = person.and_then(|person| person.key.as_deref().copied()).map(Subject::Key);
        let sessions = person.filter(|_| with_address).into_iter().flat_map(|person| &person.sessions);
        let mut networks: Vec<Network> =
            sessions.filter_map(|(id, _)| self.address(*id)).map(Network::household).collect();
        networks.dedup();
        let name = Subject::Name(name.as_str().into());
        [name].into_iter().chain(key).chain(networks.into_iter().map(Subject::Network)).collect()
    }

    /// Who holds a name.
    pub(super) fn person_of(&self, name: &Nickname) -> Option<PersonId> {
        match self.names.holder(name) {
            Some(Holder::Person(id)) => Some(id),
            _ => None,
        }
    }

    /// An act of moderation is stored: it holds from now on.
    pub(super) fn act_stored(&mut self, draft: &Draft, now: Now) {
        for change in &draft.changes {
            self.changed_by(change);
        }
        let (Kind::Moderation, LogName::Room(room)) = (&draft.kind, &draft.room) else { return };
        let Some(act) = shared::moderation::Act::parse(draft.text.as_str()) else { return };
        match act.action {
            Action::Kick => {
                let person = draft.to.as_ref().and_then(|(name, _)| self.person_of(name));
                let room = (!act.everywhere).then_some(room);
                if let Some(person) = person {
                    self.put_out(person, room, &act.reason, now);
                }
            }
            Action::Ban => self.put_out_banned(now),
            _ => {}
        }
    }

    /// Puts out everybody who may no longer be where they are.
    pub(super) fn put_out_banned(&mut self, now: Now) {
        let people: Vec<PersonId> = self.online.values().copied().collect();
        let quiet = self.sessions.values().filter_map(|session| session.person);
        let mut all: Vec<PersonId> = people.into_iter().chain(quiet).collect();
        all.sort_unstable();
        all.dedup();
        for person in all {
            if let Err(refusal) = self.may(person, Wish::Write, None, now)
                && refusal.code == ErrorCode::Banned
            {
                self.put_out(person, None, &refusal.detail, now);
                continue;
            }
            for room in self.rooms_of(person) {
                if let Err(refusal) = self.may(person, Wish::Join, Some(&room), now) {
                    self.put_out(person, Some(&room), &refusal.detail, now);
                }
            }
        }
    }

    /// Rooms that some session of a person follows.
    fn rooms_of(&self, person: PersonId) -> Vec<RoomName> {
        let sessions = self.people.get(&person).into_iter().flat_map(|person| &person.sessions);
        let follows = sessions.flat_map(|(id, _)| self.sessions.get(*id).into_iter().flat_map(Session::follows));
        let rooms =
            follows.filter_map(|follow| if let LogName::Room(room) = &follow.room { Some(room.clone()) } else { None });
        let mut rooms: Vec<RoomName> = rooms.collect();
        rooms.sort_unstable();
        rooms.dedup();
        rooms
    }

    /// Ends a person's part in a room, or its connections.
    pub(super) fn put_out(&mut self, person: PersonId, room: Option<&RoomName>, reason: &str, now: Now) {
        let Some(known) = self.people.get(&person) else { return };
        let sessions: Vec<SessionId> = known.sessions.iter().map(|(id, _)| *id).collect();
        let notice = Notice {
            room: room.cloned(),
            detail: (!reason.is_empty()).then(|| Label::new(reason)),
            ..Notice::new(NoticeCode::Kicked)
        };
        for id in sessions {
            let Some(room) = room else {
                self.effects.push(Effect::Tell(vec![id], Slot::Keep, Event::Notice(notice.clone())));
                self.effects.push(Effect::Close(id));
                self.disconnect(id, false, now);
                continue;
            };
            let log = LogName::Room(room.clone());
            if self.sessions.get(id).is_some_and(|session| session.follow(&log).is_some()) {
                self.unfollow(id, &log, false, now);
                self.effects.push(Effect::Tell(vec![id], Slot::Keep, Event::Notice(notice.clone())));
            }
        }
        // A member whose connections broke is one until then.
        if let Some(room) = room {
            self.leave_room(person, room, false, now);
        }
    }
}

fn not_in_room(room: &RoomName) -> Refusal {
    Refusal::new(ErrorCode::NotInRoom, format!("join {room} first; you are not in it"))
}
