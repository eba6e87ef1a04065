//! The hub alone, with a journal in memory and clients that check everything they are told. No sockets, no threads, no
//! clock: what happens is what the steps say.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod client;
mod disk;

pub(crate) use client::{Client, named};
use disk::Disk;
pub(crate) use disk::seq;
use serde_json::Value;
use server::{
    hub::{Effect, Hub, Now, Progress, Rules},
    ids::{LogId, SessionId},
    journal::{Done, Op, Query, Stored},
    tail::Tail,
};
use shared::{
    Body, Event, Incoming, Label, LogName, Nickname, Outgoing, Request, Seq, Tag,
    identity::{Identity, base64url},
    request::Login,
};
use slotmap::SlotMap;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A tail is so short that cursors are often behind it.
const TAIL_BYTES: usize = 300;

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
    /// How far people were told that they have read, and where they wanted to go back to.
    marks: HashMap<(String, LogName), u64>,
    backs: BTreeSet<(String, String, u64)>,
}

/// A nickname's own key.
fn identity(nickname: &str) -> Identity {
    let mut secret = [1; 32];
    secret[..nickname.len()].copy_from_slice(nickname.as_bytes());
    Identity::from_secret(&secret)
}

impl World {
    pub(crate) fn new() -> Self {
        let mut disk = Disk { logs: disk::ROOMS.clone(), next_guest: 1, ..Disk::default() };
        for name in ["alice", "bob"] {
            disk.claim(&Nickname::parse(name).unwrap(), &identity(name).public());
        }
        let now = Now { mono: 1_000_000, wall: 1_790_000_000_000 };
        let mut world = Self {
            hub: Hub::new(Rules::default(), Stored::default(), "none".into(), now),
            now,
            disk,
            clients: SlotMap::with_key(),
            tails: HashMap::new(),
            dirty: BTreeSet::new(),
            queue: VecDeque::new(),
            reads: Vec::new(),
            tags: 0,
            marks: HashMap::new(),
            backs: BTreeSet::new(),
        };
        world.restart();
        world
    }

    /// The server breaks down and starts again over what is on the disk.
    pub(crate) fn restart(&mut self) {
        self.clients.clear();
        (self.queue, self.dirty, self.reads, self.tails) = Default::default();
        self.disk.logs.retain(|id, _| id.0 > 0);
        self.disk.refusing.clear();
        self.now.mono += 100;
        let rules = Rules { sends_per_s: 1, queries_per_s: 1, ..Rules::default() };
        self.hub = Hub::new(rules, self.disk.stored(), format!("run{}", self.now.mono), self.now);
        self.apply();
        self.commit(usize::MAX, false);
    }

    /// A connection that logs in: a guest, or the owner of the nickname's own key.
    pub(crate) fn connect(&mut self, nickname: &str, claimed: bool, quiet: bool, exempt: bool) -> SessionId {
        let id = self.clients.insert(Client { nickname: nickname.into(), claimed, quiet, ..Client::default() });
        self.hub.connect(id, [7; 32], exempt, self.now);
        self.ask(id, Request::Hello { version: 1, agent: Label::new("test") });
        let sign =
            |identity: Identity| (identity.public(), identity.sign_login(&base64url(&[7; 32]), b"", nickname).unwrap());
        let proof = claimed.then(|| sign(identity(nickname)));
        let login = Login { sent: nickname.into(), nickname: Nickname::parse(nickname), proof, quiet };
        self.ask(id, Request::Login(login));
        id
    }

    pub(crate) fn ask(&mut self, id: SessionId, request: Request) {
        self.tags += 1;
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Request::Read { room, seq, back: true } = &request {
            self.backs.insert((client.nickname.clone(), room.to_string(), seq.get()));
        }
        client.asked.push_back(Incoming { tag: Tag::parse(&self.tags.to_string()), ..Incoming::from(request) });
        self.pump(id);
    }

    /// Puts a session's requests to the hub, as far as it takes them.
    fn pump(&mut self, id: SessionId) {
        while let Some(incoming) = self.clients.get_mut(id).and_then(|client| client.asked.pop_front()) {
            let line = Ok(incoming.clone());
            let progress = self.hub.request(id, &line, self.now);
            let client = &mut self.clients[id];
            if progress == Progress::Done {
                client.pending.push_back(incoming);
            } else {
                client.asked.push_front(incoming);
            }
            self.apply();
            if progress != Progress::Done {
                return;
            }
        }
    }

    fn pump_all(&mut self) {
        self.clients.keys().collect::<Vec<_>>().into_iter().for_each(|id| self.pump(id));
    }

    pub(crate) fn disconnect(&mut self, id: SessionId) {
        self.hub.disconnect(id, true, self.now);
        self.clients.remove(id);
        self.dirty.remove(&id);
        self.apply();
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
                    Effect::Store(op) => self.queue.push_back(op),
                    Effect::Read(query) => self.reads.push(query),
                    Effect::Grown(log) => self.dirty.extend(self.hub.followers(log)),
                    Effect::Flush(id) => drop(self.dirty.insert(id)),
                    Effect::Close(id) => self.disconnect(id),
                }
            }
        }
    }

    /// The journal does up to so many ops in one transaction, or refuses them all. True if there were any.
    pub(crate) fn commit(&mut self, count: usize, is_full: bool) -> bool {
        // Ignore mode goes last, so that what it is checked against is as it was then.
        let hold = self.queue.iter().position(|op| matches!(op, Op::SetHold(..))).map_or(usize::MAX, |at| at + 1);
        let ops: Vec<Op> = self.queue.drain(..count.min(hold).min(self.queue.len())).collect();
        let any = !ops.is_empty();
        let done = self.disk.commit(ops, is_full, self.now.wall);
        for (_, done) in &done {
            let Done::Appended { entry, copy } = done else { continue };
            for new in std::iter::once(entry).chain(copy) {
                if let Some(log) = self.disk.logs.get(&new.log)
                    && (self.hub.is_followed(new.log) || self.tails.contains_key(&new.log))
                {
                    self.tails.entry(new.log).or_default().push(new.seq, log.line(new.seq.get()), TAIL_BYTES);
                }
            }
        }
        self.hub.settle(done, self.now);
        self.apply();
        self.pump_all();
        any
    }

    /// The pages come that were asked for.
    pub(crate) fn page(&mut self) {
        for query in std::mem::take(&mut self.reads) {
            match query {
                Query::Lines { session, log, after, head, stand, .. } => {
                    let last = head.min(after.forward(64));
                    let mut follows = self.hub.follows(session).iter_mut();
                    let Some(follow) = follows.find(|f| f.log == log && f.stand == stand) else { continue };
                    follow.fetching = 0;
                    self.dirty.insert(session);
                    if !follow.paused {
                        follow.cursor = last;
                        self.show(session, log, after, last);
                    }
                }
                Query::History(asker, query) => {
                    self.hub.answered(asker.session, false);
                    let event = Event::Help { msg: Body::new(query.room.as_str()) };
                    self.receive(asker.session, Outgoing { event, tag: asker.tag });
                }
                Query::Search(..) => {}
            }
        }
        self.pump_all();
    }

    /// A session that may have something to send is sent it: so many bytes of what the tails have; for the rest a page
    /// is asked for. False if there was nothing to do.
    pub(crate) fn flush(&mut self, id: SessionId, mut bytes: usize) -> bool {
        if !self.dirty.remove(&id) {
            return false;
        }
        for index in 0..self.hub.follows(id).len() {
            let follow = self.hub.follows(id)[index].clone();
            let (tail, head) = (self.tails.get(&follow.log), self.hub.head(follow.log));
            match tail.and_then(|tail| Some((tail, tail.behind(follow.cursor)?))).filter(|_| !follow.paused) {
                Some((tail, lines)) => {
                    let sent = bytes.min(lines.len());
                    bytes -= sent;
                    if sent < lines.len() {
                        self.dirty.insert(id);
                    }
                    let reached = tail.advance(follow.cursor, sent);
                    self.hub.follows(id)[index].cursor = reached;
                    self.show(id, follow.log, follow.cursor, reached);
                }
                None if !follow.paused && follow.cursor < head && follow.fetching != follow.stand => {
                    self.hub.follows(id)[index].fetching = follow.stand;
                    let (log, room, after, stand) = (follow.log, follow.room, follow.cursor, follow.stand);
                    self.reads.push(Query::Lines { session: id, log, room, after, head, stand });
                }
                None => {}
            }
        }
        true
    }

    /// Everything that is under way arrives.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut any = self.commit(usize::MAX, false) || !self.reads.is_empty();
            self.page();
            for id in self.dirty.clone() {
                any |= self.flush(id, usize::MAX);
            }
            if !any {
                return;
            }
        }
    }

    /// The entries behind `after` up to `last`, as their lines say.
    fn show(&mut self, id: SessionId, log: LogId, after: Seq, last: Seq) {
        for n in after.get() + 1..=last.get() {
            assert!(last <= self.hub.head(log), "nothing is shown before it is committed");
            let outgoing = Outgoing::decode(self.disk.logs[&log].line(n)).unwrap();
            self.receive(id, outgoing);
        }
    }

    /// A client checks what it is told.
    fn receive(&mut self, id: SessionId, outgoing: Outgoing) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let mut client = std::mem::take(client);
        let request = outgoing.tag.as_ref().map(|tag| {
            let asked = client.pending.pop_front().expect("an answer to a request");
            assert_eq!(asked.tag.as_ref(), Some(tag), "answers come in the order of the requests");
            asked.request
        });
        self.check(id, &mut client, request.as_ref(), &outgoing.event);
        client.heard.push_back(outgoing);
        self.clients[id] = client;
    }
}

/// Plain text: `+ alice` connects a guest, `+ alice key` an owner, `+ alice key quiet` a quiet one, `- alice` breaks it,
/// `~ 300` lets time pass, `alice2 > {…}` asks, `alice2 < {…}` must be what comes next (with at least these fields),
/// `alice2 .` has nothing more to hear. The journal stores at once; behind `!` only at the next `!`, in one batch.
pub(crate) fn play(script: &str) {
    let (mut world, mut ids, mut stores) = (World::new(), BTreeMap::new(), true);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        match words[..] {
            ["~", millis] => world.pass(millis.parse().unwrap()),
            ["restart"] => world.restart(),
            ["!"] => stores = !stores,
            ["-", who] => world.disconnect(ids[who]),
            ["+", who, ..] => {
                let (name, how) = (who.trim_end_matches(char::is_numeric), words.get(2).unwrap_or(&""));
                let id = world.connect(name, how.contains("key"), how.contains("quiet"), true);
                world.settle();
                world.clients[id].heard.clear();
                ids.insert(who.to_owned(), id);
            }
            [who, ">", json] => world.ask(ids[who], Incoming::parse(json.as_bytes()).unwrap().request),
            [who, "<", json] => {
                let heard = world.clients[ids[who]].heard.pop_front();
                let heard = serde_json::to_value(heard.map(|heard| heard.event)).unwrap();
                let expected: Value = serde_json::from_str(json).unwrap();
                let is_there = |(key, value): (&String, &Value)| heard.get(key) == Some(value);
                assert!(expected.as_object().unwrap().iter().all(is_there), "{line}\nbut {heard}\nin {script}");
            }
            [who, "."] => {
                let heard = &world.clients[ids[who]].heard;
                assert!(heard.is_empty(), "{line} but {heard:?}");
            }
            _ => panic!("{line}?"),
        }
        if stores {
            world.settle();
        }
    }
}
