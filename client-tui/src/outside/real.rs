//! A server, a disk, the time of day.

use crate::{
    app::{Event, Now, form::Choice},
    link::{self, News, Order, Target, trust::KnownServers},
    store::{Job, Profile, StoreThread, Written},
};
use shared::identity::Identity;
use std::{
    io,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};

/// How long the link has for its last words.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The link and the store of this person.
pub(crate) struct Real {
    identity: Rc<Identity>,
    no_tls: bool,
    servers: KnownServers,
    profile: Profile,
    store: StoreThread,
    written: UnboundedReceiver<Written>,
    orders: Option<UnboundedSender<Order>>,
    news_to: UnboundedSender<News>,
    news: UnboundedReceiver<News>,
    link: Option<JoinHandle<()>>,
    start: Instant,
}

impl Real {
    /// Nobody is called yet.
    pub(crate) fn new(data_dir: PathBuf, identity: Rc<Identity>, no_tls: bool) -> io::Result<Self> {
        let (written_to, written) = unbounded_channel();
        let (news_to, news) = unbounded_channel();
        Ok(Self {
            identity,
            no_tls,
            servers: KnownServers::new(&data_dir),
            profile: Profile::default(),
            store: StoreThread::start(data_dir, written_to)?,
            written,
            orders: None,
            news_to,
            news,
            link: None,
            start: Instant::now(),
        })
    }

    pub(super) fn now(&self) -> Now {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        Now { mono: millis(self.start.elapsed()), wall }
    }

    pub(super) fn instant(&self, mono: u64) -> Instant {
        self.start + Duration::from_millis(mono)
    }

    pub(super) fn store(&self, job: Job) {
        self.store.submit(self.profile.clone(), job);
    }

    pub(super) fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }

    pub(super) fn call(&mut self, choice: &Choice) {
        self.profile = Profile::new(choice.nickname.as_str(), &choice.address);
        self.store(Job::Load);
        let target = Target {
            address: choice.address.clone(),
            no_tls: self.no_tls,
            nickname: choice.nickname.as_str().to_owned(),
            identity: self.identity.clone(),
            quiet: false,
            servers: self.servers.clone(),
        };
        if let Some(orders) = &self.orders {
            let _ = orders.send(Order::Call(target));
        } else {
            let (orders, queue) = unbounded_channel();
            self.link = Some(tokio::task::spawn_local(link::run(target, queue, self.news_to.clone())));
            self.orders = Some(orders);
        }
    }

    pub(super) async fn next(&mut self) -> Event {
        tokio::select! {
            biased;
            Some(written) = self.written.recv() => Event::Stored(written),
            Some(news) = self.news.recv() => Event::Link(news),
            // This holds a sender of the news, and the store's thread one of what is written.
            else => std::future::pending().await,
        }
    }

    pub(super) fn try_next(&mut self) -> Option<Event> {
        let written = self.written.try_recv().map(Event::Stored);
        written.or_else(|_| self.news.try_recv().map(Event::Link)).ok()
    }

    pub(super) async fn end(mut self) {
        if let Some(orders) = self.orders.take() {
            let _ = orders.send(Order::End);
        }
        if let Some(link) = self.link.take() {
            let _ = tokio::time::timeout(LAST_WORDS, link).await;
        }
    }
}
