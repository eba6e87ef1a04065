//! The hub alone, with a journal in memory and clients that check everything they are told. No sockets, no threads, no
//! clock: what happens is what the steps say.

#![allow(dead_code, clippy::unwrap_used, reason = "a test panics where it fails; not every test uses everything")]

mod check;
mod client;
mod disk;
mod expect;
mod model;
mod pages;
pub(crate) mod play;
mod stores;

pub(crate) use client::Client;
use client::Rates;
use disk::Disk;
pub(crate) use disk::seq;
use expect::Expect;
use server::{
    hub::{Arrival, Effect, Hub, Now, Progress, Rules},
    ids::{LogId, PersonId, SessionId},
    journal::{Op, Query, Stored},
    tail::Tail,
};
use shared::{
    Epoch, Event, Incoming, Label, LogName, Nickname, Outgoing, Rejection, Request, RoomName, Tag,
    identity::{Identity, base64url},
    limits,
    request::Login,
};
use slotmap::SlotMap;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A tail is so short that cursors are often behind it.
const TAIL_BYTES: usize = 300;

/// A line, or why it could not be read.
pub(crate) type Asked = Result<Incoming, Rejection>;

/// A connection that broke, and what it had heard.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) nickname: String,
    pub(crate) claimed: bool,
    pub(crate) rooms: Vec<(LogName, u64, Epoch)>,
}

/// What a login has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Guest,
    /// The nickname's own key.
    Own,
    /// Somebody else's.
    Other,
    /// The own key, with a signature for another challenge.
    Broken,
}

pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) now: Now,
    pub(crate) disk: Disk,
    pub(crate) clients: SlotMap<SessionId, Client>,
    tails: HashMap<LogId, Tail>,
    dirty: BTreeSet<SessionId>,
    queue: VecDeque<Op>,
    reads: Vec<Query>,
    tags: u64,
    rules: Rules,
    started: u64,
    /// A quiet session that asks what it wants to know at once.
    pub(crate) observer: SessionId,
    /// Everybody, as lists are sorted.
    people: HashMap<PersonId, (Box<str>, Nickname)>,
    /// Members whose connections broke, and when they are gone.
    grace: BTreeMap<(PersonId, RoomName), u64>,
    away: BTreeSet<PersonId>,
    pub(crate) broken: Vec<Broken>,
    /// How far people were told that they have read, and where they wanted to go back to.
    marks: HashMap<(String, LogName), u64>,
    backs: BTreeSet<(String, String, u64)>,
    /// What people may still ask for.
    rates: HashMap<PersonId, Rates>,
}

/// A nickname's own key.
fn identity(nickname: &str) -> Identity {
    let (mut secret, name) = ([1; 32], nickname.to_lowercase());
    secret.iter_mut().zip(name.as_bytes()).for_each(|(to, from)| *to = *from);
    Identity::from_secret(&secret)
}

/// Rates that are soon used up, and room for everybody. All come from one address, which is not counted here.
pub(crate) fn wide() -> Rules {
    Rules {
        sends_per_s: 1,
        queries_per_s: 1,
        sends_per_address_s: 0,
        queries_per_address_s: 0,
        claims_per_address_h: 0,
        failed_logins_per_address_min: 0,
        ..Rules::default()
    }
}

/// Limits that are soon reached.
pub(crate) fn narrow() -> Rules {
    Rules { rooms: 4, members: 2, rooms_per_session: 2, sessions_per_person: 2, ..wide() }
}

impl World {
    pub(crate) fn new(rules: Rules) -> Self {
        let mut disk = Disk { logs: disk::ROOMS.clone(), next_guest: 1, ..Disk::default() };
        for name in ["alice", "bob"] {
            disk.claim(&Nickname::parse(name).unwrap(), &identity(name).public());
        }
        let now = Now { mono: 1_000_000, wall: 1_790_000_000_000 };
        let mut world = Self {
            hub: Hub::new(rules.clone(), Stored::default(), "none".into(), now),
            now,
            rules,
            started: 0,
            observer: SessionId::default(),
            people: HashMap::new(),
            grace: BTreeMap::new(),
            away: BTreeSet::new(),
            broken: Vec::new(),
            disk,
            clients: SlotMap::with_key(),
            tails: HashMap::new(),
            dirty: BTreeSet::new(),
            queue: VecDeque::new(),
            reads: Vec::new(),
            tags: 0,
            marks: HashMap::new(),
            backs: BTreeSet::new(),
            rates: HashMap::new(),
        };
        world.restart(0);
        world
    }

    /// The server breaks down and starts again over what is on the disk. Retention has taken so many entries of `#old`
    /// and the rooms behind it.
    pub(crate) fn restart(&mut self, trim: usize) {
        self.clients.clear();
        (self.queue, self.dirty, self.reads, self.tails) = Default::default();
        (self.grace, self.away, self.rates) = Default::default();
        self.disk.logs.iter_mut().filter(|(id, _)| id.0 > 1).for_each(|(_, log)| log.trim(trim));
        self.disk.logs.retain(|id, _| id.0 > 0);
        self.disk.refusing.clear();
        self.now.mono += 100;
        self.started = self.now.mono;
        let run = format!("run{}", self.now.mono);
        self.hub = Hub::new(self.rules.clone(), self.disk.stored(), run, self.now);
        self.apply();
        self.commit(usize::MAX, false);
        self.observer = self.connect("observer", false, true, true);
    }

    /// The sessions but the observer.
    pub(crate) fn actors(&self) -> Vec<SessionId> {
        self.clients.keys().filter(|id| *id != self.observer).collect()
    }

    /// A connection that has said nothing yet.
    pub(crate) fn open(&mut self, exempt: bool) -> SessionId {
        let id = self.clients.insert(Client::new(exempt));
        let address = std::net::Ipv4Addr::new(192, 0, 2, 1).into();
        self.hub.connect(id, Arrival { address, challenge: [7; 32], exempt, reserved: false });
        id
    }

    pub(crate) fn log_in(&mut self, id: SessionId, nickname: &str, proof: Proof, quiet: bool) {
        let owner = if proof == Proof::Other { "zoe" } else { nickname };
        let challenge = base64url(&[if proof == Proof::Broken { 8 } else { 7 }; 32]);
        let sign = |key: Identity| (key.public(), key.sign_login(&challenge, b"", nickname).unwrap());
        let proof = (proof != Proof::Guest).then(|| sign(identity(owner)));
        let login = Login { sent: nickname.into(), nickname: Nickname::parse(nickname), proof, quiet, invite: None };
        self.ask(id, Request::Login(login));
    }

    /// A connection that logs in: a guest, or the owner of the nickname's own key.
    pub(crate) fn connect(&mut self, nickname: &str, claimed: bool, quiet: bool, exempt: bool) -> SessionId {
        let id = self.open(exempt);
        self.ask(id, Request::Hello { version: 1, agent: Label::new("test") });
        self.log_in(id, nickname, if claimed { Proof::Own } else { Proof::Guest }, quiet);
        id
    }

    pub(crate) fn ask(&mut self, id: SessionId, request: Request) {
        self.ask_line(id, Ok(Incoming::from(request)));
    }

    /// A line of a session, with a tag of its own.
    pub(crate) fn ask_line(&mut self, id: SessionId, mut line: Asked) {
        self.tags += 1;
        let tag = Tag::parse(&self.tags.to_string());
        match &mut line {
            Ok(incoming) => incoming.tag = tag,
            Err(rejection) => rejection.tag = tag,
        }
        let Some(client) = self.clients.get_mut(id) else {
            let progress = self.hub.request(id, &line, self.now);
            assert!(progress == Progress::Done && self.hub.take_effects().is_empty(), "who is gone does nothing");
            return;
        };
        client.asked.push_back(line);
        self.pump(id);
    }

    /// Puts a session's requests to the hub, as far as it takes them.
    fn pump(&mut self, id: SessionId) {
        while let Some(line) = self.clients.get_mut(id).and_then(|client| client.asked.pop_front()) {
            let (expect, cost) = self.expect(id, &line);
            let progress = self.hub.request(id, &line, self.now);
            if progress == Progress::Done {
                self.taken(id, line, expect, cost);
            } else {
                self.clients[id].put_back(line, progress);
            }
            if let Progress::Later(at) = progress {
                let person = self.clients[id].person.expect("who sends is somebody");
                self.rates[&person].check_wait(at, self.now.mono);
            }
            self.apply();
            if progress != Progress::Done {
                return;
            }
        }
    }

    /// The hub has taken a line. What it does to the connection is known by now.
    fn taken(&mut self, id: SessionId, line: Asked, expect: Expect, cost: u64) {
        let client = &mut self.clients[id];
        client.count(&line, &expect);
        if let Some(rates) = client.person.filter(|_| !client.exempt).and_then(|id| self.rates.get_mut(&id)) {
            rates.count(&line, cost, self.now.mono);
        }
        if let Ok(Request::Read { room, seq, back: true }) = line.as_ref().map(|incoming| &incoming.request) {
            self.backs.insert((client.nickname.clone(), room.to_string(), seq.get()));
        }
        let closes = client.closes(&line, &expect);
        if !matches!(expect, Expect::Nothing) {
            client.pending.push_back((line, expect));
        }
        self.apply();
        assert_eq!(self.clients.contains_key(id), !closes, "the connection ends when it must");
    }

    fn pump_all(&mut self) {
        self.clients.keys().collect::<Vec<_>>().into_iter().for_each(|id| self.pump(id));
    }

    pub(crate) fn disconnect(&mut self, id: SessionId) {
        self.hub.disconnect(id, true, self.now);
        self.gone(id);
        self.dirty.remove(&id);
        self.apply();
    }

    /// A connection breaks that may come back.
    pub(crate) fn break_off(&mut self, id: SessionId) {
        let client = &self.clients[id];
        if client.person.is_some() && !client.quiet {
            let rooms = client.views.iter().map(|(room, view)| (room.clone(), view.next - 1, view.epoch.clone()));
            let (nickname, claimed) = (client.nickname.clone(), client.claimed);
            self.broken.push(Broken { nickname, claimed, rooms: rooms.collect() });
        }
        self.disconnect(id);
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, millis: u64) {
        (self.now.mono, self.now.wall) = (self.now.mono + millis, self.now.wall + millis);
        self.hub.tick(self.now);
        let next = self.hub.next_deadline(self.now);
        assert!(next.is_none_or(|next| next > self.now.mono), "what is due is done: {next:?} at {:?}", self.now);
        self.apply();
        self.pump_all();
    }

    fn apply(&mut self) {
        loop {
            let effects = self.hub.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Answer(id, outgoing) => self.receive(id, outgoing),
                    Effect::Tell(ids, _, event) => {
                        for id in ids {
                            self.receive(id, Outgoing { event: event.clone(), tag: None });
                        }
                    }
                    Effect::Store(op) => {
                        self.check_op(&op);
                        self.queue.push_back(op);
                    }
                    Effect::Read(query) => {
                        self.check_query(&query);
                        self.reads.push(query);
                    }
                    Effect::Grown(log) => self.dirty.extend(self.hub.followers(log)),
                    Effect::Flush(id) => drop(self.dirty.insert(id)),
                    Effect::Close(id) => self.disconnect(id),
                    Effect::Forget(_) | Effect::Done(..) => {}
                }
            }
        }
    }

    /// A client checks what it is told.
    fn receive(&mut self, id: SessionId, outgoing: Outgoing) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let mut client = std::mem::take(client);
        if !matches!(outgoing.event, Event::Message(_)) && !client.deaf {
            let line = outgoing.encode();
            assert!(line.len() <= limits::SERVER_LINE, "a line has a size");
            let read = Outgoing::decode(&line).unwrap();
            assert_eq!(as_heard(read), as_heard(outgoing.clone()), "what is said is what is heard");
        }
        let asked = outgoing.tag.as_ref().map(|tag| {
            let (line, expect) = client.pending.pop_front().expect("an answer to a request");
            let number = match &line {
                Ok(incoming) => incoming.tag.as_ref(),
                Err(rejection) => rejection.tag.as_ref(),
            };
            assert_eq!(number, Some(tag), "answers come in the order of the requests");
            (line.ok().map(|incoming| incoming.request), expect, tag.as_str().parse().unwrap())
        });
        if client.deaf {
            self.overhear(id, &mut client, asked.as_ref(), &outgoing.event);
            self.clients[id] = client;
            return;
        }
        self.check(id, &mut client, asked.as_ref(), &outgoing.event);
        client.heard.push_back(outgoing.clone());
        self.clients[id] = client;
        if let Event::Joined(joined) = &outgoing.event {
            self.check_roster(joined);
        }
    }
}

/// An error knows its tag outside of its fields.
fn as_heard(mut outgoing: Outgoing) -> Outgoing {
    if let Event::Error(rejection) = &mut outgoing.event {
        rejection.tag = None;
    }
    outgoing
}
