//! The demo: a scripted world, nothing on disk, no network.

use crate::{
    app::{Event, Now},
    demo::World,
    link::{News, Order},
    store::{Job, Saved, Written},
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The world, and what the app has not heard of it yet.
pub(crate) struct Demo {
    world: World,
    start: Instant,
    events: VecDeque<Event>,
}

impl Demo {
    /// The world as it is at its start.
    pub(crate) fn new() -> Self {
        Self { world: World::default(), start: Instant::now(), events: VecDeque::new() }
    }

    pub(super) fn instant(&self, mono: u64) -> Instant {
        self.start + Duration::from_millis(mono)
    }

    fn mono(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn now(&self) -> Now {
        let mono = self.mono();
        Now { mono, wall: self.world.start + mono }
    }

    /// What would be on disk is in memory, and nowhere after the end.
    pub(super) fn store(&mut self, job: Job) {
        let answer = match job {
            Job::Queue(send, _) => Written::Queued(send.id),
            Job::Load => Written::Loaded(Box::new(Saved { tabs: self.world.tabs(), ..Saved::default() })),
            _ => return,
        };
        self.events.push_back(Event::Stored(answer));
    }

    pub(super) fn order(&mut self, order: Order) {
        let now = self.mono();
        let news = self.world.order(order, now);
        self.hear(news);
    }

    pub(super) fn call(&mut self) {
        self.store(Job::Load);
        let news = self.world.call();
        self.hear(news);
    }

    fn hear(&mut self, news: Vec<News>) {
        self.events.extend(news.into_iter().map(Event::Link));
    }

    pub(super) async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.try_next() {
                return event;
            }
            match self.world.next() {
                Some(at) => tokio::time::sleep_until(self.instant(at).into()).await,
                None => std::future::pending().await,
            }
        }
    }

    pub(super) fn try_next(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            let now = self.mono();
            let news = self.world.pass(now);
            self.hear(news);
        }
        self.events.pop_front()
    }
}
