//! The one loop: sockets, the journal's stream, timers; each turn reads what is there, lets the hub decide, and writes.

mod flush;
mod listen;
mod reading;
mod shutdown;
mod timers;

pub(crate) use listen::bind;

use crate::{
    config::Config,
    hub::{Effect, Hub, Millis, Now, Progress, Slot},
    ids::{LogId, SessionId},
    journal::{Batch, Done, Journal, Op, Output, Page, Query},
    reactor::{Reactor, Ready},
    session::{Asked, Connection, Dialect},
    tail::Tail,
};
use anyhow::bail;
use listen::{Addresses, Listener};
use mio::{Token, net::TcpStream};
use shared::{Event, Incoming, Outgoing, Request, event::encode};
use slotmap::{Key, SlotMap};
use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc::UnboundedReceiver, watch};

/// Bytes that are read at once, into one buffer for all.
const READ_BYTES: usize = 64 * 1024;
/// Reads of one connection in one turn.
const READS: usize = 8;
/// Bytes of tails in all; a room has its share.
const TAILS_BYTES: usize = 64 << 20;
/// Bytes of one tail, at least and at most.
const TAIL_BYTES: (usize, usize) = (8 << 10, 128 << 10);

/// A connection with its socket.
struct Peer {
    socket: TcpStream,
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

/// The server's loop and all that it holds.
pub(crate) struct Engine {
    hub: Hub,
    journal: Box<dyn Journal>,
    outputs: UnboundedReceiver<Output>,
    reactor: Reactor,
    listeners: Vec<Listener>,
    addresses: Addresses,
    peers: SlotMap<SessionId, Peer>,
    tails: HashMap<LogId, Tail>,
    allow_plain: bool,
    /// Ops of this turn.
    ops: Vec<Op>,
    /// Sessions with something to write.
    dirty: Vec<SessionId>,
    /// Not before this time are they written to.
    flush_at: Millis,
    /// Sessions that may go on with their requests.
    waiting: Vec<SessionId>,
    /// When which session has something to do by itself.
    wakes: BTreeSet<(Millis, SessionId)>,
    next_sweep: Millis,
    accept_at: Option<Millis>,
    buffer: Vec<u8>,
    start: Instant,
    failure: Option<String>,
    /// Ops that the journal has not answered.
    unsettled: usize,
}

impl Engine {
    /// An engine over an opened journal. Must be called inside a runtime.
    pub(crate) fn new(
        config: &Config,
        hub: Hub,
        journal: Box<dyn Journal>,
        outputs: UnboundedReceiver<Output>,
        listeners: Vec<std::net::TcpListener>,
        start: Instant,
    ) -> anyhow::Result<Self> {
        let reactor = Reactor::new()?;
        let listeners = listen::register(&reactor, listeners)?;
        Ok(Self {
            hub,
            journal,
            outputs,
            reactor,
            listeners,
            addresses: Addresses::new(config.caps.clone()),
            peers: SlotMap::with_key(),
            tails: HashMap::new(),
            allow_plain: config.allow_plain,
            ops: Vec::new(),
            dirty: Vec::new(),
            flush_at: 0,
            waiting: Vec::new(),
            wakes: BTreeSet::new(),
            next_sweep: timers::SWEEP,
            accept_at: None,
            buffer: vec![0; READ_BYTES],
            start,
            failure: None,
            unsettled: 0,
        })
    }

    /// Serves until `stop` says so; then tells everybody, writes what is owed, and ends. An error: the journal failed.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        loop {
            let due = sleep_until(self.start, self.next_deadline());
            let asked_to_stop = tokio::select! {
                ready = self.reactor.ready() => { ready?; false }
                output = self.outputs.recv() => { self.output(output); false }
                () = due => false,
                _ = stop.changed() => true,
            };
            self.turn()?;
            if let Some(reason) = self.failure.take() {
                bail!(reason);
            }
            if asked_to_stop {
                return self.shut_down().await;
            }
        }
    }

    /// Reads what is there before any time is judged, then lets everything else happen.
    fn turn(&mut self) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        self.reactor.take(&mut ready)?;
        for ready in ready {
            self.ready(ready);
        }
        while let Ok(output) = self.outputs.try_recv() {
            self.output(Some(output));
        }
        self.timers();
        for id in std::mem::take(&mut self.waiting) {
            self.go_on(id);
        }
        // The journal stores while the sockets are written.
        self.hand_over();
        if self.now().mono >= self.flush_at {
            self.flush_all();
            self.hand_over();
        }
        Ok(())
    }

    fn hand_over(&mut self) {
        self.apply();
        if !self.ops.is_empty() {
            self.unsettled += self.ops.len();
            self.journal.write(std::mem::take(&mut self.ops));
        }
    }

    fn ready(&mut self, ready: Ready) {
        if let Some(listener) = self.listeners.iter().position(|listener| listener.token == ready.token) {
            return self.accept(listener);
        }
        let id = session_of(ready.token);
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.readable |= ready.readable;
        peer.ended |= ready.ended;
        if ready.writable && std::mem::take(&mut peer.blocked) {
            self.mark(id);
        }
        if ready.readable {
            self.go_on(id);
        }
    }

    fn output(&mut self, output: Option<Output>) {
        match output {
            Some(Output::Batch(batch)) => self.settle(batch),
            Some(Output::Page(query, page)) => self.page(query, page),
            Some(Output::Failed(reason)) => self.failure = Some(reason),
            None => self.failure = Some("the journal has ended".into()),
        }
    }

    /// What is committed goes into the tails, then to the hub: nobody is shown what is not stored.
    fn settle(&mut self, batch: Batch) {
        self.unsettled -= batch.done.len();
        let keep = (TAILS_BYTES / self.tails.len().max(1)).clamp(TAIL_BYTES.0, TAIL_BYTES.1);
        for (op, done) in &batch.done {
            if let Done::Appended { entry, copy } = done {
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
        let now = self.now();
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
            if !peer.connection.may_ask() {
                return;
            }
            let Some(asked) = peer.connection.asked.pop_front() else {
                if peer.connection.unread.is_empty() || matches!(peer.connection.dialect, Dialect::Unknown) {
                    return;
                }
                let unread = std::mem::take(&mut peer.connection.unread);
                self.received(id, &unread);
                continue;
            };
            if peer.dirty && comes_after_entries(peer, &asked) {
                self.flush(id);
            }
            let now = self.now();
            let progress = self.hub.request(id, &asked, now);
            if progress != Progress::Done {
                let Some(peer) = self.peers.get_mut(id) else { return };
                let connection = &mut peer.connection;
                connection.asked.push_front(asked);
                if let Progress::Later(at) = progress {
                    connection.paced_until = Some(at);
                    self.wakes.insert((at, id));
                }
                return;
            }
            self.apply();
        }
    }

    /// Does what the hub wants.
    fn apply(&mut self) {
        loop {
            let effects = self.hub.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.effect(effect);
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Answer(id, outgoing) => self.answer(id, &outgoing),
            Effect::Tell(ids, slot, event) => self.tell(&ids, &slot, event),
            Effect::Store(op) => self.ops.push(op),
            Effect::Read(query) => self.journal.read(query),
            Effect::Grown(log) => {
                for id in self.hub.followers(log) {
                    mark(&mut self.peers, &mut self.dirty, id);
                }
            }
            Effect::Flush(id) => self.mark(id),
            Effect::Close(id) => self.close(id),
        }
    }

    fn answer(&mut self, id: SessionId, outgoing: &Outgoing) {
        let wall = self.now().wall;
        let Some(peer) = self.peers.get_mut(id) else { return };
        if let Event::Login(login) = &outgoing.event
            && login.success
        {
            peer.connection.logged_in = true;
            tracing::info!(session = id.data().as_ffi(), nickname = %login.nickname, claimed = login.claimed, "login");
        }
        match &mut peer.connection.dialect {
            Dialect::Classic(classic) => {
                let requests = classic.show(&outgoing.event, wall);
                peer.connection.asked.extend(requests.into_iter().map(|request| Ok(request.into())));
                self.waiting.push(id);
            }
            _ => peer.connection.output.push(&outgoing.encode()),
        }
        self.mark(id);
    }

    fn tell(&mut self, ids: &[SessionId], slot: &Slot, event: Event) {
        let outgoing = Outgoing { event, tag: None };
        let line = outgoing.encode();
        for &id in ids {
            let Some(peer) = self.peers.get_mut(id) else { continue };
            if matches!(peer.connection.dialect, Dialect::Classic(_)) {
                self.answer(id, &outgoing);
            } else {
                peer.connection.output.push_slot(slot, &line, !peer.blocked);
                self.mark(id);
            }
        }
    }

    fn mark(&mut self, id: SessionId) {
        mark(&mut self.peers, &mut self.dirty, id);
    }

    /// The connection ends once it has been written what it is owed.
    fn close(&mut self, id: SessionId) {
        let now = self.now();
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
    fn drop_peer(&mut self, id: SessionId, reason: &str) {
        let Some(peer) = self.peers.remove(id) else { return };
        tracing::info!(session = id.data().as_ffi(), reason, "closed");
        self.addresses.leave(peer.address);
        let now = self.now();
        self.hub.disconnect(id, true, now);
        self.apply();
    }

    fn now(&self) -> Now {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        Now { mono: millis(self.start.elapsed()), wall }
    }
}

/// True if what is committed is to be on its way before this request is dealt with: what was said before ignore mode or
/// a goodbye is shown before it, and a classic client sees everything in one order.
fn comes_after_entries(peer: &Peer, asked: &Asked) -> bool {
    let ends = matches!(asked, Ok(Incoming { request: Request::Ignore { .. } | Request::Bye, .. }));
    ends || matches!(peer.connection.dialect, Dialect::Classic(_))
}

/// Notes that a session has something to write, unless it can't be written to.
fn mark(peers: &mut SlotMap<SessionId, Peer>, dirty: &mut Vec<SessionId>, id: SessionId) {
    if let Some(peer) = peers.get_mut(id)
        && !peer.blocked
        && !std::mem::replace(&mut peer.dirty, true)
    {
        dirty.push(id);
    }
}

async fn sleep_until(start: Instant, at: Option<Millis>) {
    match at {
        Some(at) => tokio::time::sleep_until((start + std::time::Duration::from_millis(at)).into()).await,
        None => std::future::pending().await,
    }
}

fn token_of(id: SessionId) -> Token {
    Token(usize::try_from(id.data().as_ffi()).expect("a machine of 64 bits"))
}

fn session_of(token: Token) -> SessionId {
    slotmap::KeyData::from_ffi(token.0 as u64).into()
}

/// The line of an event without a tag.
fn line(event: Event) -> Vec<u8> {
    encode(&Outgoing { event, tag: None })
}
