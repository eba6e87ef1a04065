//! The rules: who is here, and what a request does. No sockets, no disk, no clock: time is an argument, what is to happen
//! comes out as [`Effect`]s, and what must be durable first comes back through [`Hub::settle`].

mod access;
mod bucket;
mod changes;
mod effect;
mod follow;
mod ignore;
mod lists;
mod login;
mod marks;
mod may;
mod moderate;
mod names;
mod orders;
mod person;
mod presence;
mod rates;
mod room;
mod rules;
mod sanctions;
mod session;
mod settle;
mod talk;

pub use access::invite_hash;
pub use effect::{Effect, Progress, Slot};
pub use follow::Follow;
pub use may::{Alert, Standing, Wish};
pub use rules::{Access, Rules};
pub use session::Session;

use crate::{
    ids::{IdMap, LogId, PersonId, SessionId},
    journal::{Asker, Op, Query, RoomRule, Stored},
};
use access::Doors;
use names::Names;
use person::{Name, Person};
use rates::Households;
use room::{Log, Room};
use sanctions::Sanctions;
pub use session::Arrival;
use shared::{
    ErrorCode, Event, Incoming, Outgoing, Rejection, Request, RoomName, Seq, Tag, UnixMillis,
    identity::{EXPORTER_BYTES, PublicKey},
};
use slotmap::SecondaryMap;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    net::IpAddr,
};

/// Milliseconds of a clock that only goes forward, from any start.
pub type Millis = u64;

/// What time it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Now {
    /// For everything that is waited for.
    pub mono: Millis,
    /// For what people call a time.
    pub wall: UnixMillis,
}

/// A refusal before it knows its request.
#[derive(Debug)]
struct Refusal {
    code: ErrorCode,
    detail: String,
    retry_ms: Option<u64>,
}

impl Refusal {
    fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_ms: None }
    }

    fn retry(code: ErrorCode, detail: impl Into<String>, retry_ms: u64) -> Self {
        Self { retry_ms: Some(retry_ms), ..Self::new(code, detail) }
    }

    fn of(self, incoming: &Incoming) -> Rejection {
        Rejection { retry_ms: self.retry_ms, ..incoming.reject(self.code, &self.detail) }
    }
}

/// The state of the whole chat.
#[derive(Debug)]
pub struct Hub {
    rules: Rules,
    sessions: SecondaryMap<SessionId, Session>,
    people: IdMap<PersonId, Box<Person>>,
    names: Names,
    /// Persons that are here, by nickname.
    online: BTreeMap<Name, PersonId>,
    logs: IdMap<LogId, Log>,
    rooms: BTreeMap<RoomName, Room>,
    clock: presence::Clock,
    /// Logs with entries that nobody has been told of yet.
    grown: BTreeSet<LogId>,
    /// When ignore modes end by themselves.
    untils: BTreeSet<(UnixMillis, PersonId)>,
    next_guest: i32,
    /// Numbers below this one are reserved, or will be soon;
    guests_end: i32,
    /// below this one they are.
    guests_stored: i32,
    /// Tells the inboxes of guests of different runs apart.
    run: String,
    started: Millis,
    sanctions: Sanctions,
    doors: Doors,
    operators: HashSet<PublicKey>,
    alert: Alert,
    households: Households,
    next_release: Option<Millis>,
    next_expiry: Option<Millis>,
    effects: Vec<Effect>,
}

impl Hub {
    /// The hub over what a journal holds. `run` is a new random word for each start.
    pub fn new(rules: Rules, stored: Stored, run: String, now: Now) -> Self {
        let mut hub = Self {
            rules,
            sessions: SecondaryMap::new(),
            people: IdMap::default(),
            names: Names::default(),
            online: BTreeMap::new(),
            logs: IdMap::default(),
            rooms: BTreeMap::new(),
            clock: presence::Clock::default(),
            grown: BTreeSet::new(),
            untils: BTreeSet::new(),
            next_guest: stored.next_guest,
            guests_end: stored.guests_end,
            guests_stored: stored.guests_end,
            run,
            started: now.mono,
            sanctions: Sanctions::new(stored.kept.sanctions),
            doors: Doors {
                invites: stored.kept.invites.into_iter().map(|invite| (invite.hash, invite)).collect(),
                places: stored.kept.places.into_iter().collect(),
                ..Doors::default()
            },
            operators: stored.kept.operators.into_iter().collect(),
            alert: Alert::from_number(stored.kept.alert),
            households: Households::new(),
            next_release: None,
            next_expiry: None,
            effects: Vec::new(),
        };
        let mut rules: IdMap<LogId, RoomRule> = stored.kept.rules.into_iter().collect();
        for log in stored.logs {
            hub.logs.insert(log.log, Log::new(log.epoch, log.first, log.head));
            if let Some(name) = log.room {
                let rule = rules.remove(&log.log).unwrap_or_default();
                hub.rooms.insert(name, Room { rule: rule.into(), ..Room::new(log.log, log.topic) });
            }
        }
        for account in stored.accounts {
            hub.add_account(account);
        }
        hub.reserve_guests();
        hub
    }

    /// A connection that may speak the native wire.
    pub fn connect(&mut self, id: SessionId, arrival: Arrival) {
        self.sessions.insert(id, Session::new(arrival));
    }

    /// The connection speaks TLS: its logins are bound to this.
    pub fn bind(&mut self, id: SessionId, exporter: [u8; EXPORTER_BYTES]) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.exporter = Some(Box::new(exporter));
        }
    }

    /// It turns out to come from elsewhere.
    pub fn comes_from(&mut self, id: SessionId, address: IpAddr, exempt: bool, reserved: bool) {
        if let Some(session) = self.sessions.get_mut(id) {
            (session.address, session.exempt, session.reserved) = (address, exempt, reserved);
        }
    }

    /// A connection has ended. `broke`: it did not say `bye`, so a claimed nickname counts as away for a while.
    pub fn disconnect(&mut self, id: SessionId, broke: bool, now: Now) {
        let Some(session) = self.sessions.get(id) else { return };
        for log in session.follows.iter().map(|follow| follow.room.clone()).collect::<Vec<_>>() {
            self.unfollow(id, &log, broke, now);
        }
        let Some(session) = self.sessions.remove(id) else { return };
        if session.unavailable {
            self.effects.push(Effect::Store(Op::Ended(id)));
        }
        if let Some(person) = session.person {
            self.end_session(id, person, now);
        }
    }

    /// Deals with a line of a session, or with why it could not be read.
    pub fn request(&mut self, id: SessionId, line: &Result<Incoming, Rejection>, now: Now) -> Progress {
        let Some(session) = self.sessions.get_mut(id) else { return Progress::Done };
        let waits = session.in_flight > 0;
        let incoming = match line {
            Ok(incoming) => incoming,
            Err(_) if waits => return Progress::Wait,
            Err(rejection) => {
                self.bad_line(id, rejection.clone());
                return Progress::Done;
            }
        };
        let is_send = incoming.request.is_send();
        let follows_sends = is_send && session.in_flight == session.sends_in_flight;
        if waits && (!follows_sends || session.in_flight >= session::IN_FLIGHT_MAX) {
            return Progress::Wait;
        }
        if is_send
            && let Some(person) = session.person
            && let Some(at) = self.take_send(id, person, now.mono)
        {
            self.say_slowed_down(id);
            return Progress::Later(at);
        }
        match self.handle(id, incoming, now) {
            Ok(()) => {}
            Err(_) if waits => {
                if let Some(person) = self.sessions[id].person.filter(|_| is_send) {
                    self.give_back_send(id, person, now.mono);
                }
                return Progress::Wait;
            }
            Err(refusal) => self.refuse(id, refusal.of(incoming)),
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.bad_lines = 0;
        }
        Progress::Done
    }

    fn handle(&mut self, id: SessionId, incoming: &Incoming, now: Now) -> Result<(), Refusal> {
        let asker = || Asker { session: id, tag: incoming.tag.clone(), room: incoming.sent_room.clone() };
        let session = &self.sessions[id];
        let greeted = session.greeted;
        match &incoming.request {
            Request::Hello { version, .. } => return self.hello(id, *version, asker()),
            _ if !greeted => {
                return Err(Refusal::new(ErrorCode::HelloFirst, "say {\"type\":\"hello\",\"version\":1} first"));
            }
            Request::Login(login) => return self.login(asker(), login, now),
            Request::Ping => return self.answer(asker(), Event::Pong),
            Request::Pong => return Ok(()),
            Request::Help => return self.answer(asker(), Event::Help { msg: lists::help() }),
            Request::Bye => {
                self.effects.push(Effect::Close(id));
                self.disconnect(id, false, now);
                return Ok(());
            }
            _ => {}
        }
        let Some(person) = session.person else {
            return Err(Refusal::new(ErrorCode::NotLoggedIn, "log in first: {\"type\":\"login\",\"nickname\":\"…\"}"));
        };
        match &incoming.request {
            Request::Join { room, start } => self.join(asker(), room, start, now),
            Request::Leave { room } => {
                self.unfollow(id, room, false, now);
                self.answer(asker(), Event::Left { room: room.clone() })
            }
            Request::Send(send) => self.send(asker(), person, send, incoming, now),
            Request::Moderate(moderate) => self.moderate(asker(), person, moderate, incoming, now),
            Request::Redact { id, room, re, reason } => {
                self.redact(asker(), person, room, id, *re, reason, incoming, now)
            }
            Request::Release => self.release(asker(), person),
            Request::Ignore { on, until } => self.ignore(asker(), person, *on, *until, now),
            Request::Away { on } => self.away(asker(), person, *on, now),
            Request::Read { room, seq, back } => self.read(asker(), person, room, *seq, *back),
            Request::Ls { room, after, limit } => self.ls(asker(), room.as_ref(), after.as_ref(), *limit, now),
            Request::Rooms { after, limit } => self.list_rooms(asker(), after.as_ref(), *limit),
            Request::History { room, place, limit } => self.history(asker(), person, room, *place, *limit, now),
            Request::Search { text, room, limit, from } => {
                let text = text.clone().map_err(talk::text_refusal)?;
                self.search(asker(), person, text, room.as_ref(), *limit, from.as_deref(), now)
            }
            Request::Hello { .. }
            | Request::Login(_)
            | Request::Help
            | Request::Ping
            | Request::Pong
            | Request::Bye => Ok(()),
        }
    }

    fn answer(&mut self, asker: Asker, event: Event) -> Result<(), Refusal> {
        self.effects.push(Effect::Answer(asker.session, Outgoing { event, tag: asker.tag }));
        Ok(())
    }

    fn refuse(&mut self, id: SessionId, rejection: Rejection) {
        let tag: Option<Tag> = rejection.tag.clone();
        let closes = rejection.code == ErrorCode::VersionUnsupported;
        self.effects.push(Effect::Answer(id, Outgoing { event: Event::Error(Box::new(rejection)), tag }));
        if closes {
            self.effects.push(Effect::Close(id));
        }
    }

    fn bad_line(&mut self, id: SessionId, rejection: Rejection) {
        self.refuse(id, rejection);
        let session = &mut self.sessions[id];
        session.bad_lines += 1;
        if session.bad_lines >= shared::limits::BAD_LINES {
            self.effects.push(Effect::Close(id));
        }
    }

    fn store(&mut self, op: Op) {
        if let Some(session) = op.asker().and_then(|asker| self.sessions.get_mut(asker.session)) {
            session.in_flight += 1;
            session.sends_in_flight += usize::from(matches!(op, Op::Append(..)));
        }
        self.effects.push(Effect::Store(op));
    }

    fn query(&mut self, id: SessionId, query: Query) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.in_flight += 1;
        }
        self.effects.push(Effect::Read(query));
    }

    /// What is to happen by now, in order.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A session, if the connection may still ask for something.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// The cursors of a session, to be moved by what was sent.
    pub fn follows(&mut self, id: SessionId) -> &mut [Follow] {
        self.sessions.get_mut(id).map_or(&mut [], |session| &mut session.follows)
    }

    /// The last entry of a log that may be shown.
    pub fn head(&self, log: LogId) -> Seq {
        self.logs.get(&log).map_or(Seq::ZERO, |log| log.head)
    }

    /// The sessions that follow a log.
    pub fn followers(&self, log: LogId) -> &BTreeSet<SessionId> {
        static NOBODY: BTreeSet<SessionId> = BTreeSet::new();
        self.logs.get(&log).map_or(&NOBODY, |log| &log.followers)
    }

    /// True while somebody follows a log.
    pub fn is_followed(&self, log: LogId) -> bool {
        self.logs.get(&log).is_some_and(|log| !log.followers.is_empty())
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now) {
        self.tick_presence(now);
        self.release_unused(now);
        self.expire(now);
        self.tick_untils(now);
    }

    /// Lets go what is kept for a while only; to be called now and then.
    pub fn sweep(&mut self, now: Now) {
        self.sweep_households(now.mono);
        self.sanctions.forget_old(now.wall);
    }

    /// When [`Hub::tick`] has something to do.
    pub fn next_deadline(&self, now: Now) -> Option<Millis> {
        let until = self.untils.first().map(|(until, _)| now.mono + until.saturating_sub(now.wall));
        let due = |at: Option<Millis>| at.or(Some(now.mono));
        let expiry = due(self.next_expiry).filter(|_| self.rules.keep_days > 0 || self.rules.keep_entries > 0);
        let release = due(self.next_release).filter(|_| self.rules.claims_unused_days > 0);
        [self.clock.next(), until, expiry, release].into_iter().flatten().min()
    }
}
