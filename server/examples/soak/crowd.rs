//! All clients over one readiness queue: who comes when, and bytes in and out.

use crate::{
    client::{Client, INBOX, Phase, Stands, Who, keyed_name},
    ledger::Ledger,
    talk,
};
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde_json::json;
use socket2::SockRef;
use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Names with keys, and clients that share one of them with another.
pub(crate) const KEYS: usize = 250;
const SECOND: usize = 30;
const GUESTS: usize = 200;
/// Names that guests choose from.
const POOL: usize = 300;
const CLASSICS: usize = 20;
/// How long they take to come for the first time.
const ARRIVAL_MS: u64 = 10_000;
/// How long a nickname may stay taken after its connection has ended.
const FREE_AFTER: Duration = Duration::from_secs(5);
/// How long a login, or the end after a `bye`, may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Things that are done in a second, beside talking.
const ACTS: f64 = 50.0;
const BUFFER: usize = 1 << 18;

/// Everybody.
pub(crate) struct Crowd {
    pub(crate) ledger: Ledger,
    pub(crate) clients: Vec<Client>,
    /// Keys whose names are claimed.
    pub(crate) claimed: Vec<bool>,
    /// Requests without an answer, as they were sent.
    pub(crate) requests: HashMap<usize, Box<str>>,
    /// When each name of the pool was last given back; `None`: somebody has it.
    pool: Vec<Option<Instant>>,
    address: SocketAddr,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    rate: f64,
    /// Messages and acts that are due.
    due: (f64, f64),
    last: Instant,
    next_look: Instant,
    /// Nobody does anything any more, beside listening.
    pub(crate) is_quiet: bool,
}

impl Crowd {
    pub(crate) fn new(address: SocketAddr, rate: u32) -> anyhow::Result<Self> {
        let now = Instant::now();
        let who = (0..KEYS).chain(0..SECOND).map(Who::Keyed);
        let who = who.chain((0..GUESTS).map(|_| Who::Guest(POOL))).chain((0..CLASSICS).map(Who::Classic));
        let comes = || now + Duration::from_millis(fastrand::u64(..ARRIVAL_MS));
        Ok(Self {
            ledger: Ledger::new(talk::lines()),
            clients: who.map(|who| Client::new(who, comes())).collect(),
            claimed: vec![false; KEYS],
            requests: HashMap::new(),
            pool: vec![Some(now); POOL],
            address,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; BUFFER],
            rate: f64::from(rate),
            due: (0.0, 0.0),
            last: now,
            next_look: now,
            is_quiet: false,
        })
    }

    /// Connections that there are.
    pub(crate) fn connections(&self) -> u64 {
        self.clients.iter().filter(|client| client.stream.is_some()).count() as u64
    }

    /// Does what is due, and listens.
    pub(crate) fn turn(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.last).as_secs_f64().min(1.0);
        self.last = now;
        if !self.is_quiet {
            self.due.0 += passed * self.rate;
            self.due.1 += passed * ACTS;
            while self.due.0 >= 1.0 {
                self.due.0 -= 1.0;
                self.say_something();
            }
            while self.due.1 >= 1.0 {
                self.due.1 -= 1.0;
                self.act(now);
            }
        }
        if now >= self.next_look {
            self.next_look = now + Duration::from_millis(50);
            self.look_around(now)?;
        }
        self.listen(Duration::from_millis(5))
    }

    fn listen(&mut self, wait: Duration) -> anyhow::Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        let ready: Vec<_> = self.events.iter().map(|event| (event.token().0, event.is_readable())).collect();
        for (n, readable) in ready {
            self.flush(n);
            if readable && self.clients[n].stalled.is_none() {
                self.read(n);
            }
        }
        Ok(())
    }

    /// What time brings: who comes, who reads again, who has waited too long.
    fn look_around(&mut self, now: Instant) -> anyhow::Result<()> {
        for n in 0..self.clients.len() {
            let client = &mut self.clients[n];
            if client.phase == Phase::Gone && client.comes <= now && !self.is_quiet {
                self.come(n, now)?;
                continue;
            }
            if client.stalled.is_some_and(|until| until <= now || self.is_quiet) {
                client.stalled = None;
                client.waits_since = now + Duration::from_millis(500);
                self.read(n);
            }
            let client = &mut self.clients[n];
            let is_late = client.since + PATIENCE < now;
            if is_late && matches!(client.phase, Phase::Greeting | Phase::Login | Phase::Leaving) {
                let words = format!("{} {:?}", client.name, client.phase);
                self.ledger.faults.add("the server does not answer", || words);
                self.part(n, false, now);
                continue;
            }
            if client.is_free() && client.ignore_ends.is_some_and(|end| end <= now) {
                client.ignore_ends = None;
                self.stop_ignoring(n, now);
            }
            let client = &mut self.clients[n];
            if client.is_here() && client.stalled.is_none() && client.until.is_some_and(|end| end + PATIENCE < now) {
                client.until = None;
                let words = client.name.clone();
                self.ledger.faults.add("ignore mode does not end by itself", || words);
            }
        }
        Ok(())
    }

    fn come(&mut self, n: usize, now: Instant) -> anyhow::Result<()> {
        let stream = std::net::TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(n), Interest::READABLE | Interest::WRITABLE)?;
        let client = &mut self.clients[n];
        client.stream = Some(stream);
        (client.phase, client.since, client.waits_since) = (Phase::Greeting, now, now);
        (client.ignoring, client.until, client.ignore_ends, client.away) = (false, None, None, false);
        match client.who {
            Who::Keyed(key) => client.name = keyed_name(key),
            Who::Guest(_) => self.name_guest(n),
            Who::Classic(number) => client.name = format!("classic{number}"),
        }
        self.ledger.did("came");
        if self.clients[n].is_classic() {
            self.greet_classic(n);
        } else {
            self.clients[n].ask(&json!({"type": "hello", "version": 1, "agent": "soak"}));
        }
        self.flush(n);
        Ok(())
    }

    /// Gives a guest a name that nobody has.
    pub(crate) fn name_guest(&mut self, n: usize) {
        let free = fastrand::choice((0..POOL).filter(|name| self.pool[*name].is_some()).collect::<Vec<_>>());
        let name = free.expect("there are more names than guests");
        // The time stays while the name may not be free yet; it is looked at if the name is refused.
        self.clients[n].classic.freed = self.pool[name].take();
        self.clients[n].who = Who::Guest(name);
        self.clients[n].name = format!("guest{name}");
    }

    /// A nickname is taken. That may be if whoever had it has only just gone.
    pub(crate) fn is_taken(&mut self, n: usize, now: Instant) {
        let client = &mut self.clients[n];
        let Who::Guest(name) = client.who else { return };
        let freed = client.classic.freed;
        if freed.is_none_or(|freed| freed + FREE_AFTER < now) {
            let words = client.name.clone();
            self.ledger.faults.add("a free nickname is taken", || words);
        }
        self.pool[name] = freed;
        self.name_guest(n);
    }

    /// Writes what a client has to say, as far as that goes.
    pub(crate) fn flush(&mut self, n: usize) {
        let client = &mut self.clients[n];
        let Some(stream) = &mut client.stream else { return };
        while !client.unsent.is_empty() {
            match stream.write(&client.unsent) {
                Ok(written) => drop(client.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Why shows when it is read.
                Err(_) => return client.unsent.clear(),
            }
        }
    }

    fn read(&mut self, n: usize) {
        loop {
            let client = &mut self.clients[n];
            let Some(stream) = &mut client.stream else { return };
            let count = match stream.read(&mut self.buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            if count == 0 {
                return self.is_over(n);
            }
            client.partial.extend_from_slice(&self.buffer[..count]);
            self.take(n);
            self.flush(n);
            // A short read is not the last one: the end may be behind it, and is told once.
        }
    }

    fn take(&mut self, n: usize) {
        if self.clients[n].is_classic() {
            return self.hear_classic(n);
        }
        let (bytes, now) = (std::mem::take(&mut self.clients[n].partial), Instant::now());
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', &bytes) {
            self.hear(n, &bytes[from..at], now);
            from = at + 1;
        }
        // A refused login may have ended it.
        if self.clients[n].stream.is_some() {
            self.clients[n].partial = bytes[from..].to_vec();
        }
    }

    /// The server has ended a connection.
    fn is_over(&mut self, n: usize) {
        let client = &self.clients[n];
        if client.phase != Phase::Leaving {
            let words = format!("{} in {:?} after {:?}", client.name, client.phase, client.since.elapsed());
            self.ledger.faults.add("a client was thrown out", || words);
        }
        self.part(n, false, Instant::now());
    }

    /// A connection is over. What a claimed nickname has is kept, and a guest's rooms.
    pub(crate) fn part(&mut self, n: usize, hard: bool, now: Instant) {
        let client = &mut self.clients[n];
        if let Some(stream) = client.stream.take()
            && hard
        {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        client.partial = Vec::new();
        client.unsent = Vec::new();
        client.stalled = None;
        client.phase = Phase::Gone;
        client.comes = now + Duration::from_millis(fastrand::u64(200..4_000));
        client.classic.end();
        let is_guest = matches!(client.who, Who::Guest(_));
        client.follows.retain(|follow| !matches!(follow.stands, Stands::Fresh(_)));
        if is_guest && let Some(at) = client.follows.iter().position(|follow| follow.room == INBOX) {
            let inbox = client.follows.swap_remove(at);
            self.ledger.forget(&inbox.epoch);
        }
        client.follows.iter_mut().for_each(|follow| follow.stands = Stands::Away);
        let unanswered = std::mem::take(&mut client.unanswered);
        if is_guest {
            for number in &unanswered {
                self.requests.remove(number);
            }
        } else {
            client.unsure.extend(unanswered);
        }
        if let Who::Guest(name) = client.who {
            self.pool[name] = Some(now);
        }
    }

    /// Waits until everybody has everything.
    pub(crate) fn settle(&mut self, patience: Duration) -> anyhow::Result<()> {
        self.is_quiet = true;
        let start = Instant::now();
        let mut next = start;
        while start.elapsed() < patience {
            self.turn()?;
            if Instant::now() >= next {
                next += Duration::from_secs(1);
                for n in 0..self.clients.len() {
                    if self.clients[n].is_here() && self.clients[n].ignoring {
                        self.stop_ignoring(n, Instant::now());
                    }
                }
                // What is on its way is not known to be missing before it has had the time to come.
                if start.elapsed() > Duration::from_secs(4) && self.missing().is_empty() {
                    return Ok(());
                }
            }
        }
        for words in self.missing() {
            self.ledger.faults.add("something has not come", || words);
        }
        Ok(())
    }

    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for client in self.clients.iter().filter(|client| client.is_here() && !client.is_classic()) {
            if !client.unanswered.is_empty() {
                missing.push(format!("{}: {} answers", client.name, client.unanswered.len()));
            }
            for follow in &client.follows {
                let head = self.ledger.logs[follow.log].head;
                if follow.stands != Stands::Away && follow.cursor < head {
                    missing.push(format!("{}: {} of {head} in {:?}", client.name, follow.cursor, follow.room));
                }
            }
        }
        missing
    }

    /// Everybody goes.
    pub(crate) fn leave(&mut self) -> anyhow::Result<()> {
        for n in 0..self.clients.len() {
            self.part(n, false, Instant::now());
        }
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end {
            self.listen(Duration::from_millis(100))?;
        }
        Ok(())
    }
}
