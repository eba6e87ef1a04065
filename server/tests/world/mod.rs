//! The hub alone, with a journal in memory and clients that check everything they are told. No sockets, no threads, no
//! clock: what happens is what the steps say.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "a test panics where it fails")]

use server::{
    hub::{Effect, Hub, Now, Progress, Rules},
    ids::{LogId, PersonId, SessionId},
    journal::{Account, Committed, Done, Draft, Op, Query, Stored},
};
use shared::{
    Entry, Epoch, Event, Incoming, LogName, MessageId, Nickname, Outgoing, Request, RoomName, Seq,
    event::{Member, Message, State},
    identity::{Identity, base64url},
    request::{Login, Start},
    text::{Body, Label},
};
use slotmap::SlotMap;
use std::collections::{BTreeMap, HashMap, VecDeque};

pub const CHALLENGE: [u8; 32] = [7; 32];

/// What a session has been told of a log since its last `joined`.
#[derive(Debug, Clone)]
pub struct View {
    /// The seq that must come next.
    pub next: u64,
    pub head: u64,
    pub epoch: Epoch,
    pub roster: BTreeMap<String, State>,
}

/// A session at the other end.
#[derive(Debug, Default)]
pub struct Client {
    pub nickname: String,
    pub quiet: bool,
    pub ignoring: bool,
    pub views: HashMap<LogName, View>,
    joining: VecDeque<(LogName, Start)>,
    pub acks: HashMap<(LogName, MessageId), Seq>,
    pub events: Vec<Event>,
    pub held: HashMap<RoomName, u64>,
}

pub struct World {
    pub hub: Hub,
    pub now: Now,
    pub clients: SlotMap<SessionId, Client>,
    pub logs: HashMap<LogId, Vec<(PersonId, Entry)>>,
    queue: VecDeque<Op>,
    rooms: BTreeMap<RoomName, (LogId, Epoch)>,
    people: i64,
    log_ids: i32,
}

impl World {
    pub fn new() -> Self {
        let now = Now { mono: 1_000_000, wall: 1_790_000_000_000 };
        let stored = Stored { next_guest: 1, ..Stored::default() };
        // The server has been up for long: a resume is told as what it is.
        let hub = Hub::new(Rules::default(), stored, "run".into(), Now { mono: 0, ..now });
        Self {
            hub,
            now,
            clients: SlotMap::with_key(),
            logs: HashMap::new(),
            queue: VecDeque::new(),
            rooms: BTreeMap::new(),
            people: 0,
            log_ids: 0,
        }
    }

    /// A connection that logs in: a guest, or the owner of the nickname's own key.
    pub fn connect(&mut self, nickname: &str, claimed: bool, quiet: bool) -> SessionId {
        let id = self.clients.insert(Client { nickname: nickname.into(), quiet, ..Client::default() });
        self.hub.connect(id, CHALLENGE, true, self.now);
        self.ask(id, Request::Hello { version: 1, agent: Label::new("test") });
        let proof = claimed.then(|| {
            let mut secret = [1; 32];
            secret[..nickname.len()].copy_from_slice(nickname.as_bytes());
            let identity = Identity::from_secret(&secret);
            (identity.public(), identity.sign_login(&base64url(&CHALLENGE), b"", nickname).unwrap())
        });
        let login = Login { sent: nickname.into(), nickname: Nickname::parse(nickname), proof, quiet };
        self.ask(id, Request::Login(login));
        self.commit(usize::MAX, false);
        id
    }

    /// Puts a request to the hub; one that has to wait is put again once the journal has answered.
    pub fn ask(&mut self, id: SessionId, request: Request) {
        if let (Request::Join { room, start }, Some(client)) = (&request, self.clients.get_mut(id)) {
            client.joining.push_back((room.clone(), start.clone()));
        }
        let line = Ok(Incoming::from(request));
        while self.hub.request(id, &line, self.now) == Progress::Wait {
            self.commit(usize::MAX, false);
        }
        self.apply();
    }

    pub fn disconnect(&mut self, id: SessionId, broke: bool) {
        self.hub.disconnect(id, broke, self.now);
        self.clients.remove(id);
        self.apply();
    }

    /// Time passes.
    pub fn pass(&mut self, millis: u64) {
        self.now.mono += millis;
        self.now.wall += millis;
        self.hub.tick(self.now);
        self.apply();
    }

    fn apply(&mut self) {
        loop {
            let effects = self.hub.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Answer(id, Outgoing { event, .. }) => self.receive(id, event),
                    Effect::Tell(ids, _, event) => ids.into_iter().for_each(|id| self.receive(id, event.clone())),
                    Effect::Store(op) => self.queue.push_back(op),
                    Effect::Read(Query::History(asker, _) | Query::Search(asker, _)) => {
                        self.hub.answered(asker.session, false);
                    }
                    Effect::Read(Query::Lines { .. }) | Effect::Grown(_) | Effect::Flush(_) => {}
                    Effect::Close(id) => self.disconnect(id, true),
                }
            }
        }
    }

    /// The journal does up to so many ops in one transaction, or refuses them all.
    pub fn commit(&mut self, count: usize, is_full: bool) {
        let count = count.min(self.queue.len());
        let ops: Vec<Op> = self.queue.drain(..count).collect();
        let done: Vec<(Op, Done)> = ops
            .into_iter()
            .map(|op| {
                let done = if is_full { Done::Unavailable } else { self.store(&op) };
                (op, done)
            })
            .collect();
        self.hub.settle(done, self.now);
        self.apply();
    }

    pub fn commit_all(&mut self) {
        while !self.queue.is_empty() {
            self.commit(usize::MAX, false);
        }
    }

    fn store(&mut self, op: &Op) -> Done {
        match op {
            Op::Append(_, draft) => self.append(draft),
            Op::OpenRoom(_, room, _) => {
                let (log_ids, epoch) = (&mut self.log_ids, Epoch::parse(room.as_str()).unwrap());
                let (log, epoch) = self.rooms.entry(room.clone()).or_insert_with(|| {
                    *log_ids += 1;
                    (LogId(*log_ids), epoch)
                });
                Done::Opened(*log, epoch.clone())
            }
            Op::Claim(_, nickname, login) => {
                self.people += 1;
                self.log_ids += 1;
                let inbox = LogId(self.log_ids);
                Done::Claimed(Account {
                    person: PersonId(self.people),
                    nickname: nickname.clone(),
                    key: login.proof.as_ref().unwrap().0,
                    inbox,
                    epoch: Epoch::parse("inbox").unwrap(),
                    hold: None,
                    marks: BTreeMap::from([(inbox, Seq::ZERO)]),
                })
            }
            _ => Done::Stored,
        }
    }

    fn append(&mut self, draft: &Draft) -> Done {
        let log = self.logs.entry(draft.log).or_default();
        if let Some((_, known)) = log.iter().find(|(sender, entry)| *sender == draft.sender && entry.id == draft.id) {
            let same = known.msg.as_deref() == Some(draft.text.as_str()) && known.kind == draft.kind;
            return if same { Done::Known(known.seq, known.at) } else { Done::IdReused };
        }
        if draft.refusal.is_some() {
            return Done::Refused;
        }
        let entry = self.insert(draft, draft.log);
        let copy = draft.to.as_ref().and_then(|(_, other)| *other).map(|other| self.insert(draft, other));
        Done::Appended { entry, copy }
    }

    fn insert(&mut self, draft: &Draft, log: LogId) -> Committed {
        let entries = self.logs.entry(log).or_default();
        let seq = Seq::new(entries.len() as u64 + 1).unwrap();
        let entry = Entry {
            seq,
            id: draft.id.clone(),
            from: Some(Label::new(draft.from.as_str())),
            to: draft.to.as_ref().map(|(name, _)| Label::new(name.as_str())),
            at: self.now.wall,
            kind: draft.kind.clone(),
            re: None,
            msg: Some(Body::from(&draft.text)),
        };
        entries.push((draft.sender, entry));
        Committed { log, seq, at: self.now.wall, line: 0..0 }
    }

    /// A session is sent what lies between its cursors and the heads.
    pub fn flush(&mut self, id: SessionId) {
        let Some(session) = self.hub.session(id) else { return };
        let follows: Vec<_> = session.follows().iter().cloned().enumerate().collect();
        for (index, follow) in follows {
            let head = self.hub.head(follow.log);
            if follow.paused || follow.cursor >= head {
                continue;
            }
            let entries: Vec<Entry> = self.logs[&follow.log]
                .iter()
                .map(|(_, entry)| entry.clone())
                .filter(|entry| entry.seq > follow.cursor && entry.seq <= head)
                .collect();
            self.hub.follows(id)[index].cursor = head;
            for entry in entries {
                let message = Event::Message(Message { room: follow.room.clone(), entry });
                self.receive(id, message);
            }
        }
    }

    pub fn flush_all(&mut self) {
        for id in self.clients.keys().collect::<Vec<_>>() {
            self.flush(id);
        }
    }

    /// What the log of a client's view holds, by the journal.
    fn stored(&self, id: SessionId, room: &LogName) -> &[(PersonId, Entry)] {
        let follow = self.hub.session(id).and_then(|s| s.follows().iter().find(|follow| follow.room == *room));
        follow.and_then(|follow| self.logs.get(&follow.log)).map_or(&[], Vec::as_slice)
    }

    /// A client checks what it is told.
    fn receive(&mut self, id: SessionId, event: Event) {
        let Some(client) = self.clients.get(id) else { return };
        match &event {
            Event::Message(message) => {
                let in_room = message.room != LogName::Inbox;
                assert!(!(in_room && client.ignoring && !client.quiet), "told while ignoring: {event:?}");
                let entry = &message.entry;
                let index = usize::try_from(entry.seq.get()).unwrap() - 1;
                assert_eq!(&self.stored(id, &message.room)[index].1, entry, "shown is stored");
            }
            Event::Ack(ack) => {
                let known = client.acks.get(&(ack.room.clone(), ack.id.clone()));
                assert!(known.is_none_or(|seq| *seq == ack.seq), "one id, one entry: {ack:?}");
            }
            _ => {}
        }
        let client = &mut self.clients[id];
        client.take(&event);
        client.events.push(event);
    }

    /// Everybody online, or in a room, as a fresh `ls` tells.
    pub fn ls(&mut self, id: SessionId, room: &RoomName) -> BTreeMap<String, State> {
        self.ask(id, Request::Ls { room: Some(room.clone()), after: None, limit: 500 });
        match self.clients[id].events.last() {
            Some(Event::Ls(page)) => page.members.iter().map(named).collect(),
            other => panic!("no ls but {other:?}"),
        }
    }
}

fn named(member: &Member) -> (String, State) {
    (member.nickname.to_string(), member.state)
}

impl Client {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Joined(joined) => {
                let (room, start) = self.joining.pop_front().expect("it was asked for");
                assert_eq!(room, joined.room, "answers come in order");
                let (head, first) = (joined.head.get(), joined.first.get());
                let known = start.resume.as_ref().filter(|(_, epoch)| *epoch == joined.epoch);
                let next = match known {
                    Some((after, _)) => after.get() + 1,
                    None => head.saturating_sub(start.last).max(first - 1) + 1,
                };
                let roster = joined.roster.iter().flatten().map(named).collect();
                self.views.insert(room, View { next, head, epoch: joined.epoch.clone(), roster });
            }
            Event::Gap { room, after, before, lost } => {
                let view = self.views.get_mut(room).expect("a gap behind joined");
                if *lost {
                    view.next = after.get() + 1;
                } else {
                    assert!(after.get() + 1 == view.next || after.get() == 0, "{event:?} at {view:?}");
                    view.next = before.get();
                }
            }
            Event::Message(message) => {
                let view = self.views.get_mut(&message.room).expect("a message behind joined");
                assert_eq!(message.entry.seq.get(), view.next, "every entry once, in order");
                view.next += 1;
            }
            Event::Error(rejection) if rejection.request.as_deref() == Some("join") => drop(self.joining.pop_front()),
            Event::Left { room } => drop(self.views.remove(room)),
            Event::Ack(ack) => drop(self.acks.insert((ack.room.clone(), ack.id.clone()), ack.seq)),
            Event::Login(login) if login.success => self.ignoring = login.ignoring == Some(true),
            Event::Ignore(ignore) => self.ignoring = ignore.on,
            Event::Held { room, count } => drop(self.held.insert(room.clone(), *count)),
            Event::Presence(presence) => {
                let Some(view) = self.views.get_mut(&LogName::Room(presence.room.clone())) else { return };
                for name in &presence.left {
                    assert!(view.roster.remove(name.as_str()).is_some(), "{name} was not known: {presence:?}");
                }
                for name in &presence.joined {
                    assert!(view.roster.insert(name.to_string(), State::Online).is_none(), "{name} was known");
                }
                view.roster.extend(presence.changed.iter().map(named));
            }
            _ => {}
        }
    }
}
