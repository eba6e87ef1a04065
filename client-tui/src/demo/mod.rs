//! A scripted world in place of a server: it answers what the app asks, and goes on by itself. Its clock is the script's.

mod script;

use crate::{
    app::form::Choice,
    link::{News, Order},
};
use script::{Act, Script, Step};
use shared::{
    Address, Entry, Epoch, Event, Kind, LogName, MessageId, Nickname, Outgoing, Request, RoomName, Seq, UnixMillis,
    event::{self, Member, State},
    request::{Destination, Place, Send, Start},
    text::{Body, Label},
};
use std::collections::BTreeMap;

/// Answers of people to a direct message come after so long.
const ANSWER_MS: u64 = 1_200;

/// A log of the world.
#[derive(Debug, Clone, Default)]
struct Log {
    entries: Vec<Entry>,
    topic: Label,
    people: BTreeMap<Label, State>,
    read: Seq,
    /// Where ignore mode began.
    held_from: Option<Seq>,
    /// The person follows it.
    is_followed: bool,
}

impl Log {
    fn head(&self) -> Seq {
        self.entries.last().map_or(Seq::ZERO, |entry| entry.seq)
    }

    fn after(&self, seq: Seq) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.seq > seq)
    }

    fn members(&self) -> Vec<Member> {
        self.people.iter().map(|(nickname, state)| Member { nickname: nickname.clone(), state: *state }).collect()
    }
}

/// The world.
#[derive(Debug)]
pub struct World {
    /// The person at the screen.
    pub me: Label,
    /// When it begins, on the script's clock.
    pub start: UnixMillis,
    logs: BTreeMap<LogName, Log>,
    /// What comes by itself, the next one last.
    steps: Vec<Step>,
    is_ignoring: bool,
    news: Vec<News>,
}

impl Default for World {
    /// As it is when the program starts.
    fn default() -> Self {
        Script::read(script::WORLD).build()
    }
}

impl World {
    /// What is chosen to be in it.
    pub fn choice() -> Choice {
        Choice {
            address: Address::new("chat.example.org", shared::limits::DEFAULT_PORT),
            nickname: Nickname::parse(script::ME).expect("a nickname"),
            room: RoomName::lobby(),
        }
    }

    /// The conversations that are open.
    pub fn tabs(&self) -> Vec<String> {
        let mut rooms: Vec<&LogName> = self.logs.keys().filter(|room| **room != LogName::Inbox).collect();
        rooms.sort_by_key(|room| **room != LogName::Room(RoomName::lobby()));
        rooms.into_iter().map(ToString::to_string).collect()
    }

    fn epoch() -> Epoch {
        Epoch::parse("demo").expect("a token")
    }

    /// When the next thing happens by itself, in milliseconds from the start.
    pub fn next(&self) -> Option<u64> {
        self.steps.last().map(|step| step.at)
    }

    /// What has happened up to a time.
    pub fn pass(&mut self, now: u64) -> Vec<News> {
        while let Some(step) = self.steps.pop_if(|step| step.at <= now) {
            let at = self.start + step.at;
            match step.act {
                Act::Says { kind, text, back } => self.says(&step.room, &step.who, kind, &text, back, at),
                Act::Joins => self.presence(&step.room, &step.who, true),
                Act::Leaves => self.presence(&step.room, &step.who, false),
            }
        }
        std::mem::take(&mut self.news)
    }

    /// Answers what the app orders.
    pub fn order(&mut self, order: Order, now: u64) -> Vec<News> {
        match order {
            Order::LogIn(requests) => {
                self.log_in();
                for request in requests {
                    self.ask(request, now);
                }
            }
            Order::Ask(request) => self.ask(request, now),
            Order::Call(_) | Order::Hurry | Order::Trust(_) | Order::End => {}
        }
        std::mem::take(&mut self.news)
    }

    /// The link comes up.
    pub fn call(&mut self) -> Vec<News> {
        let motd = Label::new("");
        vec![News::Dialling, News::Greeted { motd, pinned: None }]
    }

    fn say(&mut self, event: Event) {
        self.news.push(News::Said(Box::new(Outgoing { event, tag: None })));
    }

    fn log_in(&mut self) {
        let inbox = self.logs.entry(LogName::Inbox).or_default();
        let inbox =
            event::Inbox { epoch: Self::epoch(), first: Seq::FIRST, head: inbox.head(), read: Some(inbox.read) };
        self.say(Event::Login(event::Login {
            success: true,
            code: None,
            nickname: self.me.clone(),
            claimed: Some(true),
            ignoring: Some(false),
            until: None,
            inbox: Some(inbox),
            detail: None,
            retry_ms: None,
        }));
    }

    fn ask(&mut self, request: Request, now: u64) {
        let at = self.start + now;
        match request {
            Request::Join { room, start } => self.join(room, &start),
            Request::Leave { room } => {
                if let Some(log) = self.logs.get_mut(&room) {
                    log.is_followed = false;
                }
                self.say(Event::Left { room });
            }
            Request::Send(send) => self.send(send, now, at),
            Request::Ignore { on, until } => self.ignore(on, until),
            Request::Away { on } => self.say(Event::Away { on }),
            Request::Read { room, seq, .. } => {
                if let Some(log) = self.logs.get_mut(&room) {
                    log.read = seq;
                }
                self.say(Event::Read { room, seq });
            }
            Request::Ls { room, .. } => self.list(room),
            Request::Rooms { .. } => self.rooms(),
            Request::History { room, place, limit } => self.history(room, place, limit),
            Request::Search { text: Ok(text), room, .. } => self.search(text.as_str(), room.as_ref()),
            _ => {}
        }
    }

    fn join(&mut self, room: LogName, start: &Start) {
        let me = self.me.clone();
        let log = self.logs.entry(room.clone()).or_default();
        log.is_followed = true;
        if room != LogName::Inbox {
            log.people.insert(me, State::Online);
        }
        let head = log.head();
        let cursor = start.resume.as_ref().map_or(head.back(start.last), |(seq, _)| *seq);
        let joined = event::Joined {
            room: room.clone(),
            epoch: Self::epoch(),
            first: Seq::FIRST,
            head,
            read: Some(log.read),
            topic: log.topic.clone(),
            members: log.people.len() as u64,
            roster: Some(log.members()),
        };
        let entries: Vec<Entry> = log.after(cursor).cloned().collect();
        self.say(Event::Joined(joined));
        for entry in entries {
            self.say(Event::Message(event::Message { room: room.clone(), entry }));
        }
    }

    /// Puts an entry at the end of a log; the app hears of it, unless ignore mode holds it back.
    fn push(&mut self, room: &LogName, mut entry: Entry) -> Seq {
        let is_held = self.is_ignoring && *room != LogName::Inbox;
        let log = self.logs.entry(room.clone()).or_default();
        entry.seq = log.head().next();
        let seq = entry.seq;
        log.entries.push(entry.clone());
        let count = log.held_from.map_or(0, |from| seq.since(from));
        let is_followed = log.is_followed;
        match room {
            LogName::Room(room) if is_held => self.say(Event::Held { room: room.clone(), count }),
            _ if is_followed => self.say(Event::Message(event::Message { room: room.clone(), entry })),
            _ => {}
        }
        seq
    }

    fn says(&mut self, room: &LogName, who: &Label, kind: Kind, text: &str, back: Option<u64>, at: UnixMillis) {
        let head = self.logs.get(room).map_or(Seq::ZERO, Log::head);
        let to = (*room == LogName::Inbox).then(|| self.me.clone());
        let re = back.map(|back| head.back(back - 1)).filter(|seq| *seq > Seq::ZERO);
        let id = MessageId::parse(&format!("demo-{}", at % 1_000_000_000)).expect("letters and digits");
        let entry = Entry { seq: Seq::ZERO, id, from: Some(who.clone()), to, at, kind, re, msg: Some(Body::new(text)) };
        self.push(room, entry);
    }

    fn send(&mut self, send: Send, now: u64, at: UnixMillis) {
        let Ok(text) = send.text else { return };
        let (room, to) = match &send.to {
            Destination::Room(room) => (LogName::Room(room.clone()), None),
            Destination::Person(name) => (LogName::Inbox, Some(Label::new(name.as_str()))),
        };
        if send.kind == Kind::Topic {
            self.logs.entry(room.clone()).or_default().topic = Label::new(text.as_str());
        }
        let entry = Entry {
            seq: Seq::ZERO,
            id: send.id.clone(),
            from: Some(self.me.clone()),
            to: to.clone(),
            at,
            kind: send.kind,
            re: send.re,
            msg: Some(Body::new(text.as_str())),
        };
        let seq = self.push(&room, entry);
        self.say(Event::Ack(event::Ack { id: send.id, room: room.clone(), seq, at }));
        if let Some(who) = to.filter(|who| *who != self.me) {
            let act = Act::Says { kind: Kind::Talk, text: "👍".into(), back: Some(1) };
            let step = Step { at: now + ANSWER_MS, room, who, act };
            let place = self.steps.partition_point(|other| other.at > step.at);
            self.steps.insert(place, step);
        }
    }

    fn ignore(&mut self, on: bool, until: Option<UnixMillis>) {
        let was_on = std::mem::replace(&mut self.is_ignoring, on);
        let mut held = 0;
        let mut late = Vec::new();
        for (room, log) in self.logs.iter_mut().filter(|(room, _)| **room != LogName::Inbox) {
            if on {
                log.held_from.get_or_insert(log.entries.last().map_or(Seq::ZERO, |entry| entry.seq));
            } else if let Some(from) = log.held_from.take().filter(|_| log.is_followed) {
                held += log.head().since(from);
                late.extend(log.after(from).map(|entry| event::Message { room: room.clone(), entry: entry.clone() }));
            }
        }
        let held = (was_on && !on).then_some(held);
        self.say(Event::Ignore(event::Ignore { on, until: until.filter(|_| on), held }));
        let state = if on { State::Ignoring } else { State::Online };
        self.change(state);
        for message in late {
            self.say(Event::Message(message));
        }
    }

    /// The person's state is another one, wherever they are.
    fn change(&mut self, state: State) {
        let me = Member { nickname: self.me.clone(), state };
        let mut told = Vec::new();
        for (room, log) in &mut self.logs {
            if let (LogName::Room(room), Some(mine)) = (room, log.people.get_mut(&me.nickname)) {
                *mine = state;
                told.push(presence(room, log, Vec::new(), Vec::new(), vec![me.clone()]));
            }
        }
        for event in told {
            self.say(event);
        }
    }

    fn presence(&mut self, room: &LogName, who: &Label, comes: bool) {
        let LogName::Room(name) = room else { return };
        let log = self.logs.entry(room.clone()).or_default();
        let (joined, left) = if comes {
            log.people.insert(who.clone(), State::Online);
            (vec![who.clone()], Vec::new())
        } else {
            log.people.remove(who);
            (Vec::new(), vec![who.clone()])
        };
        let told = presence(name, log, joined, left, Vec::new());
        if log.is_followed {
            self.say(told);
        }
    }

    fn list(&mut self, room: Option<RoomName>) {
        let name = room.clone().map(LogName::Room);
        let logs = self.logs.iter().filter(|(other, _)| name.as_ref().is_none_or(|name| name == *other));
        let members: BTreeMap<Label, State> = logs.flat_map(|(_, log)| log.people.clone()).collect();
        let members = members.into_iter().map(|(nickname, state)| Member { nickname, state }).collect();
        self.say(Event::Ls(event::Ls { room, members, more: false }));
    }

    fn rooms(&mut self) {
        let rooms = self.logs.iter().filter_map(|(name, log)| match name {
            LogName::Room(room) => {
                Some(event::Room { room: room.clone(), members: log.people.len() as u64, topic: log.topic.clone() })
            }
            LogName::Inbox => None,
        });
        let rooms = rooms.collect();
        self.say(Event::Rooms(event::Rooms { rooms, more: false }));
    }

    fn history(&mut self, room: LogName, place: Place, limit: u64) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let all = self.logs.get(&room).map(|log| log.entries.as_slice()).unwrap_or_default();
        let newest = |all: &[Entry]| (all.len().saturating_sub(limit), all.len());
        let oldest = |from: usize| (from, (from + limit).min(all.len()));
        let (from, to) = match place {
            Place::Newest => newest(all),
            Place::Before(seq) => newest(&all[..all.partition_point(|entry| entry.seq < seq)]),
            Place::After(seq) => oldest(all.partition_point(|entry| entry.seq <= seq)),
            Place::At(at) => oldest(all.partition_point(|entry| entry.at < at)),
        };
        let more = if matches!(place, Place::After(_) | Place::At(_)) { to < all.len() } else { from > 0 };
        let entries = all[from..to].to_vec();
        self.say(Event::History(event::History { room, epoch: Self::epoch(), entries, more }));
    }

    fn search(&mut self, text: &str, room: Option<&LogName>) {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut found: Vec<event::Message> = Vec::new();
        for (name, log) in self.logs.iter().filter(|(name, log)| log.is_followed && room.is_none_or(|r| r == *name)) {
            let fits = |entry: &&Entry| {
                let text = entry.msg.as_deref().unwrap_or_default().to_lowercase();
                words.iter().all(|word| text.contains(word))
            };
            let hits = log.entries.iter().filter(fits);
            found.extend(hits.map(|entry| event::Message { room: name.clone(), entry: entry.clone() }));
        }
        found.sort_by_key(|message| std::cmp::Reverse(message.entry.at));
        self.say(Event::Search(event::Search { entries: found, next: None }));
    }
}

fn presence(room: &RoomName, log: &Log, joined: Vec<Label>, left: Vec<Label>, changed: Vec<Member>) -> Event {
    Event::Presence(event::Presence { room: room.clone(), members: log.people.len() as u64, joined, left, changed })
}
