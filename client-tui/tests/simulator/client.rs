//! A person at a client: the real app over the real store (in memory), a link, and what the person has been promised.

use crate::{
    check::Watch,
    link::{Connection, Link},
};
use client_tui::{
    app::{App, Effect, Event as Happens, Now, form::Choice},
    link::{Loss, News, Order},
    locale::Locale,
    store::{Job, Profile, Store, Written},
    theme::Theme,
};
use fastrand::Rng;
use jiff::tz::TimeZone;
use shared::{Address, Event, MessageId, Nickname, RoomName, identity::Identity, request::Send};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::LazyLock,
};

/// Read once: there are many clients.
static ENGLISH: LazyLock<Locale> = LazyLock::new(Locale::english);

/// A person, with a client that runs or does not.
pub(crate) struct Client {
    pub(crate) name: String,
    identity: Identity,
    /// What a crash leaves.
    store: Store,
    profile: Profile,
    /// The program; `None` while it does not run.
    pub(crate) app: Option<App>,
    pub(crate) link: Link,
    pub(crate) watch: Watch,
    jobs: VecDeque<Job>,
    is_storing: bool,
    /// It reads nothing until then.
    pub(crate) stalled_until: u64,
    /// Messages that are in the outbox on disk, or were.
    pub(crate) promised: Vec<Send>,
    /// Those that the server has refused for good.
    pub(crate) refused: BTreeSet<MessageId>,
    pub(crate) runs: u32,
    pub(crate) said: u32,
}

impl Client {
    pub(crate) fn new(number: u8) -> Self {
        let name = ["alice", "bob", "小明", "дарья"][usize::from(number)].to_owned();
        let address = Address::parse("127.0.0.1").unwrap();
        Self {
            identity: Identity::from_secret(&[number + 1; 32]),
            store: Store::in_memory().unwrap(),
            profile: Profile::new(&name, &address),
            app: None,
            link: Link::new(),
            watch: Watch::default(),
            jobs: VecDeque::new(),
            is_storing: false,
            stalled_until: 0,
            promised: Vec::new(),
            refused: BTreeSet::new(),
            runs: 0,
            said: 0,
            name,
        }
    }

    /// The program starts.
    pub(crate) fn start(&mut self, now: Now) {
        self.runs += 1;
        let run = format!("{}{:011}", char::from(b'a' + u8::try_from(self.name.len()).unwrap()), self.runs);
        let mut app = App::new(ENGLISH.clone(), Theme::default(), TimeZone::UTC, run);
        app.open(&Choice {
            address: Address::parse("127.0.0.1").unwrap(),
            nickname: Nickname::parse(&self.name).unwrap(),
            room: RoomName::lobby(),
        });
        self.app = Some(app);
        self.link = Link::new();
        self.link.dial_at = now.mono;
        self.happens(Happens::Resize(80, 24), now);
        self.jobs.push_back(Job::Load);
    }

    /// The program is killed: what was not written is gone.
    pub(crate) fn kill(&mut self) {
        self.app = None;
        self.jobs.clear();
        if let Some(connection) = self.link.connection.take() {
            connection.pipe.borrow_mut().up.is_ended = true;
        }
    }

    pub(crate) fn happens(&mut self, event: Happens, now: Now) {
        let Some(app) = &mut self.app else { return };
        for effect in app.update(event, now) {
            match effect {
                Effect::Store(job) => self.jobs.push_back(job),
                Effect::Link(order) => self.order(order, now),
                _ => {}
            }
        }
    }

    fn order(&mut self, order: Order, now: Now) {
        match (order, &mut self.link.connection) {
            (Order::LogIn(requests), Some(connection)) => {
                for request in &requests {
                    self.watch.asked(request);
                }
                connection.log_in(&self.name, &self.identity, requests);
            }
            (Order::Ask(request), Some(connection)) => {
                self.watch.asked(&request);
                connection.ask(request);
            }
            (Order::Hurry, None) => self.link.dial_at = now.mono,
            _ => {}
        }
    }

    pub(crate) fn connected(&mut self, connection: Connection) {
        self.watch = Watch::default();
        self.link.connection = Some(connection);
    }

    pub(crate) fn lose(&mut self, loss: Loss, now: Now, dice: &mut Rng) {
        let news = self.link.lose(loss, now.mono, dice);
        self.happens(Happens::Link(news), now);
    }

    /// Reads what has come; every event is looked at before the app has it.
    pub(crate) fn hear(&mut self, now: Now, dice: &mut Rng, mut look: impl FnMut(&mut Self, &Event)) {
        let Some(connection) = &mut self.link.connection else { return };
        connection.pump();
        let (news, loss) = connection.hear(now.mono, &mut self.link.backoff);
        for news in news {
            if let News::Said(outgoing) = &news {
                if let Event::Error(rejection) = &outgoing.event
                    && let (Some(id), None) = (&rejection.id, rejection.retry_ms)
                {
                    self.refused.insert(id.clone());
                }
                look(self, &outgoing.event);
            }
            self.happens(Happens::Link(news), now);
        }
        if let Some(loss) = loss {
            self.lose(loss, now, dice);
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Now, dice: &mut Rng) {
        if let Some(loss) = self.link.connection.as_mut().and_then(|connection| connection.time(now.mono)) {
            self.lose(loss, now, dice);
        }
        self.happens(Happens::Tick, now);
    }

    /// When [`Client::tick`] has something to do.
    pub(crate) fn next_tick(&self) -> Option<u64> {
        let app = self.app.as_ref()?;
        let link = self.link.connection.as_ref().map(Connection::next);
        [app.next_tick(), link].into_iter().flatten().min()
    }

    /// True if the program waits for its next try.
    pub(crate) fn wants_to_dial(&self, now: u64) -> bool {
        self.app.is_some() && self.link.connection.is_none() && self.link.dial_at <= now
    }

    pub(crate) fn has_jobs(&self) -> bool {
        !self.jobs.is_empty()
    }

    /// True if the store was handed something, and does not work already.
    pub(crate) fn starts_storing(&mut self) -> bool {
        self.has_jobs() && !std::mem::replace(&mut self.is_storing, true)
    }

    /// The store does some of what it was handed.
    pub(crate) fn store(&mut self, now: Now, dice: &mut Rng) {
        self.is_storing = false;
        let count = dice.usize(1..=self.jobs.len().max(1)).min(self.jobs.len());
        for job in self.jobs.drain(..count).collect::<Vec<_>>() {
            let written = match &job {
                Job::Load => Written::Loaded(Box::new(self.store.load(&self.profile).unwrap())),
                Job::Page { room, before } => {
                    let entries = self.store.page(&self.profile, room, *before).unwrap();
                    Written::Page { room: room.clone(), entries }
                }
                job => {
                    self.store.write(&self.profile, std::slice::from_ref(job)).unwrap();
                    let Job::Queue(send, _) = job else { continue };
                    self.promised.push(send.clone());
                    Written::Queued(send.id.clone())
                }
            };
            self.happens(Happens::Stored(written), now);
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.app.as_ref().is_some_and(|app| app.link == client_tui::app::Link::Up)
    }
}
