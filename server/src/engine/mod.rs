//! What the server does between its sockets and its journal: reads requests, lets the hub decide, writes what is owed.
//!
//! Of the world it knows only what it is given: sockets behind the trait [`Socket`], the journal behind its trait, and
//! the time. So the same code serves real connections and simulated ones.

mod admission;
mod counts;
mod effects;
mod flush;
mod pace;
mod proxied;
mod reading;
mod shutdown;
mod timers;
mod transport;

use crate::{
    admin::{Order, Status},
    config::Config,
    hub::{Hub, Millis, Now, Progress},
    ids::{IdMap, LogId, SessionId},
    journal::{Batch, Done, Journal, Op, Output, Page, Query},
    session::{Asked, Connection, Dialect},
    tail::Tail,
};
use admission::Addresses;
use counts::Counts;
use pace::Pace;
use rustls::ServerConfig;
use shared::{Event, Incoming, Outgoing, Request, event::encode};
use slotmap::{Key, SlotMap};
use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, Read, Write},
    net::IpAddr,
    sync::Arc,
};
use transport::Transport;

/// Bytes that are read at once, into one buffer for all.
const READ_BYTES: usize = 64 * 1024;
/// Reads of one connection in one turn.
const READS: usize = 8;
/// Bytes of tails in all; a room has its share.
const TAILS_BYTES: usize = 64 << 20;
/// Bytes of one tail, at least and at most.
const TAIL_BYTES: (usize, usize) = (8 << 10, 128 << 10);

/// A connection's bytes. Neither reading nor writing ever waits: what can't be done now is `WouldBlock`.
pub trait Socket: Read + Write {
    /// Nothing more will be written.
    fn end(&mut self) -> io::Result<()>;
}

/// How the readiness of a socket has changed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Readiness {
    /// Something can be read, be it the end.
    pub readable: bool,
    /// The other side has ended its half.
    pub ended: bool,
    /// Something can be written.
    pub writable: bool,
}

/// What a server holds in memory for its connections, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// How many connections there are.
    pub connections: usize,
    /// Answers that are not sent.
    pub unsent: usize,
    /// Requests that are not dealt with.
    pub unread: usize,
    /// The newest entries of logs.
    pub tails: usize,
}

/// A connection with its socket.
struct Peer<S> {
    socket: Transport<S>,
    address: IpAddr,
    connection: Connection,
    /// Something can be read.
    readable: bool,
    /// The other side has ended its half.
    ended: bool,
    /// Nothing can be written now.
    blocked: bool,
    /// It stands in the list of those to flush.
    dirty: bool,
}

/// The server without its sockets' readiness, its clock and its threads.
pub struct Engine<S> {
    hub: Hub,
    journal: Box<dyn Journal>,
    addresses: Addresses,
    peers: SlotMap<SessionId, Peer<S>>,
    tails: IdMap<LogId, Tail>,
    allow_plain: bool,
    /// What TLS is spoken with, if it is.
    tls: Option<Arc<ServerConfig>>,
    /// Ops of this turn.
    ops: Vec<Op>,
    /// Sessions with something to write.
    dirty: Vec<SessionId>,
    pace: Pace,
    /// Sessions that may go on with their requests.
    waiting: Vec<SessionId>,
    /// When which session has something to do by itself.
    wakes: BTreeSet<(Millis, SessionId)>,
    next_sweep: Millis,
    buffer: Vec<u8>,
    now: Now,
    /// How long it has stood still in all: nobody is held to that time.
    stood_still: Millis,
    failure: Option<String>,
    /// Ops that the journal has not answered.
    unsettled: usize,
    /// Orders that are done: each with how many entries it has touched, or nothing if it could not be stored.
    done: Vec<(u64, Option<u64>)>,
    counts: Counts,
    /// Connections that have not logged in, oldest first; some may have since.
    strangers: VecDeque<SessionId>,
}

impl<S: Socket> Engine<S> {
    /// An engine over an opened journal.
    pub fn new(config: &Config, hub: Hub, journal: Box<dyn Journal>, now: Now) -> Self {
        Self {
            hub,
            journal,
            addresses: Addresses::new(config.caps.clone(), config.proxies.clone()),
            peers: SlotMap::with_key(),
            tails: IdMap::default(),
            allow_plain: config.allow_plain,
            tls: None,
            ops: Vec::new(),
            dirty: Vec::new(),
            pace: Pace::default(),
            waiting: Vec::new(),
            wakes: BTreeSet::new(),
            next_sweep: now.mono + timers::SWEEP,
            buffer: vec![0; READ_BYTES],
            now,
            stood_still: 0,
            failure: None,
            unsettled: 0,
            done: Vec::new(),
            counts: Counts::default(),
            strangers: VecDeque::new(),
        }
    }

    /// New connections may speak TLS with this.
    pub fn set_tls(&mut self, config: Option<Arc<ServerConfig>>) {
        self.tls = config;
    }

    /// What time it is from now on.
    pub fn set_time(&mut self, now: Now) {
        // There is something to do in each sweep: more time than that between two turns is time in which it stood still.
        let passed = now.mono.saturating_sub(self.now.mono);
        self.stood_still += passed.saturating_sub(timers::SWEEP + timers::STANDSTILL);
        self.now = now;
    }

    /// Does what is due and what has waited, and hands to the journal what is to be stored. Everything that could be
    /// read is read before: no time is judged before that.
    pub fn turn(&mut self) {
        self.timers();
        for id in std::mem::take(&mut self.waiting) {
            self.go_on(id);
        }
        self.hand_over();
    }

    /// What is held in memory for everybody's sake.
    pub fn held(&self) -> Held {
        let connections = || self.peers.values().map(|peer| &peer.connection);
        Held {
            connections: self.peers.len(),
            unsent: connections().map(|connection| connection.output.unsent()).sum(),
            unread: connections().map(|connection| connection.unread.len()).sum(),
            tails: self.tails.values().map(Tail::len).sum(),
        }
    }

    /// How the server is.
    pub fn status(&self) -> Status {
        let mut status = Status { version: env!("CARGO_PKG_VERSION").into(), ..Status::default() };
        status.hold(self.held());
        status.tls = self.peers.values().filter(|peer| peer.socket.is_tls()).count();
        self.hub.status(&mut status);
        self.counts.fill(&mut status);
        status
    }

    /// Does what was ordered at the server's own door. It is done once [`Engine::take_done`] says so.
    pub fn order(&mut self, order: &Order, ticket: u64) -> Result<(), String> {
        let result = self.hub.order(order, ticket, self.now);
        self.apply();
        result
    }

    /// Orders that are done by now.
    pub fn take_done(&mut self) -> Vec<(u64, Option<u64>)> {
        std::mem::take(&mut self.done)
    }

    /// Keeps to another configuration from now on, as far as that can be changed.
    pub fn configure(&mut self, config: &Config) {
        self.allow_plain = config.allow_plain;
        self.addresses.configure(config.caps.clone(), config.proxies.clone());
        self.hub.set_rules(config.rules.clone(), self.now);
    }

    /// Why it can't go on, once that is so.
    pub fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }

    /// Hands to the journal what is to be stored.
    pub fn hand_over(&mut self) {
        self.apply();
        if !self.ops.is_empty() {
            self.unsettled += self.ops.len();
            self.journal.write(std::mem::take(&mut self.ops));
        }
    }

    /// The readiness of a connection has changed.
    pub fn ready(&mut self, id: SessionId, readiness: Readiness) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.readable |= readiness.readable;
        peer.ended |= readiness.ended;
        if readiness.writable && std::mem::take(&mut peer.blocked) {
            self.mark(id);
        }
        if readiness.readable {
            self.go_on(id);
        }
    }

    /// Takes what has come out of the journal.
    pub fn output(&mut self, output: Output) {
        match output {
            Output::Batch(batch) => self.settle(batch),
            Output::Page(query, page) => self.page(query, page),
            Output::Failed(reason) => self.failure = Some(reason),
        }
    }

    /// What is committed goes into the tails, then to the hub: nobody is shown what is not stored.
    fn settle(&mut self, batch: Batch) {
        self.unsettled -= batch.done.len();
        let keep = (TAILS_BYTES / self.tails.len().max(1)).clamp(TAIL_BYTES.0, TAIL_BYTES.1);
        for (op, done) in &batch.done {
            if let Done::Appended { entry, copy, .. } = done {
                self.counts.entries += 1;
                for new in std::iter::once(entry).chain(copy) {
                    if self.hub.is_followed(new.log) || self.tails.contains_key(&new.log) {
                        let tail = self.tails.entry(new.log).or_default();
                        tail.push(new.seq, &batch.lines[new.line.clone()], keep);
                    }
                }
            }
            if let Some(asker) = op.asker() {
                self.waiting.push(asker.session);
            }
        }
        let now = self.now;
        self.hub.settle(batch.done, now);
        self.apply();
    }

    fn page(&mut self, query: Query, page: Page) {
        match (query, page) {
            (Query::Lines { session, log, stand, .. }, Page::Lines(lines, last)) => {
                self.fetched(session, log, stand, &lines, last);
            }
            (Query::History(asker, _) | Query::Search(asker, _), page) => {
                self.hub.answered(asker.session, false);
                self.waiting.push(asker.session);
                if let Page::Answer(event) = page {
                    self.answer(asker.session, &Outgoing { event: *event, tag: asker.tag });
                } else {
                    self.failure = Some("the journal can't be read".into());
                }
            }
            (_, Page::Failed(reason)) => self.failure = Some(format!("the journal can't be read: {reason}")),
            (Query::Lines { .. }, Page::Answer(_)) => {}
        }
    }

    /// Lets a session's requests go on as far as they can, but not for ever: the others have a turn, too.
    fn go_on(&mut self, id: SessionId) {
        for _ in 0..READS {
            self.ask(id);
            if !self.read(id) {
                return self.end_if_over(id);
            }
        }
        self.waiting.push(id);
    }

    /// Puts waiting requests to the hub.
    fn ask(&mut self, id: SessionId) {
        loop {
            let Some(peer) = self.peers.get_mut(id) else { return };
            let connection = &mut peer.connection;
            if !connection.may_ask() {
                return;
            }
            if let Some(asked) = connection.asked.pop_front() {
                if !self.request(id, asked) {
                    return;
                }
                continue;
            }
            // Requests seldom wait: no memory is kept for it.
            connection.asked = VecDeque::new();
            if connection.unread.is_empty() || matches!(connection.dialect, Dialect::Unknown) {
                return;
            }
            let unread = std::mem::take(&mut connection.unread);
            self.received(id, &unread);
        }
    }

    /// Puts a request to the hub. False: it waits, before all others of the session.
    fn request(&mut self, id: SessionId, asked: Asked) -> bool {
        if self.peers.get(id).is_some_and(|peer| comes_after_entries(peer, &asked)) {
            self.flush(id);
        }
        let progress = self.hub.request(id, &asked, self.now);
        if progress == Progress::Done {
            self.apply();
            return true;
        }
        if let Some(peer) = self.peers.get_mut(id) {
            peer.connection.asked.push_front(asked);
            if let Progress::Later(at) = progress {
                peer.connection.paced_until = Some(at);
                self.wakes.insert((at, id));
            }
        }
        false
    }

    /// The connection ends once it has been written what it is owed.
    fn close(&mut self, id: SessionId) {
        let now = self.now;
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.connection.closing.is_none() {
            let at = now.mono + timers::CLOSING;
            peer.connection.closing = Some(at);
            peer.connection.asked.clear();
            peer.connection.unread = Vec::new();
            self.wakes.insert((at, id));
            self.hub.disconnect(id, true, now);
            self.mark(id);
        }
    }

    /// The connection is gone.
    pub fn drop_peer(&mut self, id: SessionId, reason: &str) {
        let Some(peer) = self.peers.remove(id) else { return };
        tracing::info!(session = id.data().as_ffi(), reason, "closed");
        self.addresses.leave(peer.address);
        let now = self.now;
        self.hub.disconnect(id, true, now);
        self.apply();
    }
}

/// True if what is committed is to be on its way before this request is dealt with: what was said before ignore mode or
/// a goodbye is shown before it, and a classic client sees everything in one order.
fn comes_after_entries<S>(peer: &Peer<S>, asked: &Asked) -> bool {
    let ends = matches!(asked, Ok(Incoming { request: Request::Ignore { .. } | Request::Bye, .. }));
    ends || matches!(peer.connection.dialect, Dialect::Classic(_))
}

/// The line of an event without a tag.
fn line(event: Event) -> Vec<u8> {
    encode(&Outgoing { event, tag: None })
}
