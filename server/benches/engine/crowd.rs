//! Many members of many rooms over one readiness queue: they join, talk, and check everything that they hear.

use crate::{
    dialect::{Dialect, Heard as Told, Said},
    ledger::{Heard, Ledger},
    line::{self, Line},
    servers::{Server, Service},
};
use anyhow::{bail, ensure};
use memchr::memchr_iter;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use rustls::ClientConfig;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long anything may take to go on.
const PATIENCE: Duration = Duration::from_secs(30);
/// Silence after which nothing more is to come of the joins: presence is told once a second.
const SILENCE: Duration = Duration::from_millis(1_200);
/// Connections from one address: it has no more ports than about 28,000.
const PER_ADDRESS: usize = 10_000;
/// Bytes that are read at once, and the longest line.
const BUFFER: usize = 512 << 10;

/// A member of a room.
struct Member {
    stream: Line,
    nickname: String,
    room: usize,
    /// Which of the room's senders it is.
    slot: u32,
    /// How much it has said.
    said: u32,
    has_joined: bool,
    /// It does not read.
    stalls: bool,
    /// It has not read for a while, and is behind.
    lags: bool,
    /// The beginning of a line.
    partial: Vec<u8>,
    /// What could not be written.
    unsent: Vec<u8>,
    heard: Heard,
}

struct Room {
    name: String,
    members: usize,
    /// Those who are not behind.
    reading: usize,
}

/// Members and what they know.
pub(crate) struct Crowd {
    /// What was said.
    pub(crate) ledger: Ledger,
    dialect: Dialect,
    address: SocketAddr,
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    rooms: Vec<Room>,
    entering: usize,
    /// So many may be on their way into a room at the same time.
    together: usize,
    buffer: Vec<u8>,
    /// What TLS is spoken with, if it is.
    tls: Option<Arc<ClientConfig>>,
}

impl Crowd {
    /// Nobody yet.
    pub(crate) fn new(service: &Service) -> anyhow::Result<Self> {
        Ok(Self {
            ledger: Ledger::default(),
            dialect: service.server.dialect(),
            address: service.address,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            rooms: Vec::new(),
            entering: 0,
            together: service.server.together(),
            buffer: vec![0; BUFFER],
            tls: (service.server == Server::ParlorTls).then(line::config).transpose()?,
        })
    }

    /// So many rooms with so many members each, all of them in and at rest.
    pub(crate) fn gather(service: &Service, rooms: usize, members: usize) -> anyhow::Result<Self> {
        let mut crowd = Self::new(service)?;
        for room in 0..rooms {
            crowd.fill(&format!("room{room}"), members)?;
        }
        crowd.settle()?;
        Ok(crowd)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// A new room with so many members.
    pub(crate) fn fill(&mut self, room: &str, members: usize) -> anyhow::Result<()> {
        self.rooms.push(Room { name: room.into(), members: 0, reading: 0 });
        for _ in 0..members {
            self.enter()?;
        }
        Ok(())
    }

    /// One member more in the newest room.
    pub(crate) fn enter(&mut self) -> anyhow::Result<()> {
        let (n, room) = (self.members.len(), self.rooms.len() - 1);
        let stream = connect(self.address, n)?;
        let mut stream = match &self.tls {
            Some(config) => Line::secure(stream, config.clone())?,
            None => Line::Plain(stream),
        };
        self.poll.registry().register(&mut stream, Token(n), Interest::READABLE | Interest::WRITABLE)?;
        let nickname = format!("member{n}");
        let unsent = self.dialect.enter(&nickname, &self.rooms[room].name);
        let slot = u32::try_from(self.rooms[room].members)?;
        self.members.push(Member {
            stream,
            nickname,
            room,
            slot,
            said: 0,
            has_joined: false,
            stalls: false,
            lags: false,
            partial: Vec::new(),
            unsent,
            heard: Heard::default(),
        });
        self.rooms[room].members += 1;
        self.rooms[room].reading += 1;
        self.entering += 1;
        self.flush(n)?;
        self.turn(Duration::ZERO)?;
        self.entered_but(self.together)
    }

    /// Waits until at most so many are still on their way.
    fn entered_but(&mut self, allowed: usize) -> anyhow::Result<()> {
        let mut end = Instant::now() + PATIENCE;
        while self.entering > allowed {
            let before = self.entering;
            self.turn(Duration::from_millis(100))?;
            if self.entering < before {
                end = Instant::now() + PATIENCE;
            }
            ensure!(Instant::now() < end, "{} can not enter", self.entering);
        }
        Ok(())
    }

    /// Waits until everybody is in, and nothing more comes of it.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        self.entered_but(0)?;
        let (end, mut quiet) = (Instant::now() + PATIENCE, Instant::now());
        while quiet.elapsed() < SILENCE {
            if self.turn(Duration::from_millis(100))? {
                quiet = Instant::now();
            }
            ensure!(Instant::now() < end, "it does not become quiet");
        }
        Ok(())
    }

    /// How many messages there were.
    pub(crate) fn messages(&self) -> usize {
        self.ledger.len()
    }

    /// From now on a member does not read, and nobody waits for it.
    pub(crate) fn stall(&mut self, n: usize) {
        let member = &mut self.members[n];
        (member.stalls, member.lags) = (true, true);
        self.rooms[member.room].reading -= 1;
    }

    /// It reads again.
    pub(crate) fn unstall(&mut self, n: usize) -> anyhow::Result<()> {
        self.members[n].stalls = false;
        self.read(n)
    }

    /// Entries that it lacks, beside the first one of all.
    pub(crate) fn missing(&self, n: usize) -> u64 {
        self.members[0].heard.seq - self.members[n].heard.seq
    }

    /// It has everything, and is waited for again.
    pub(crate) fn caught_up(&mut self, n: usize) {
        let member = &mut self.members[n];
        member.lags = false;
        self.rooms[member.room].reading += 1;
    }

    /// Notes a message of a member; it goes out with the next flush.
    pub(crate) fn say(&mut self, n: usize) {
        let member = &mut self.members[n];
        let room = &self.rooms[member.room];
        let receivers = room.reading - usize::from(!self.dialect.echoes());
        member.said += 1;
        let message = self.ledger.say(n, receivers);
        let said = Said { slot: member.slot, number: member.said, message, seq: None };
        self.dialect.say(&room.name, &member.nickname, said, &mut member.unsent);
    }

    /// Writes what a member has to say, as far as that goes.
    pub(crate) fn flush(&mut self, n: usize) -> anyhow::Result<()> {
        let member = &mut self.members[n];
        while !member.unsent.is_empty() {
            match member.stream.write(&member.unsent) {
                Ok(written) => drop(member.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        // An idle member costs the load nothing.
        member.unsent = Vec::new();
        Ok(())
    }

    /// Reads what has come, or waits so long for something. True if there was something.
    pub(crate) fn turn(&mut self, wait: Duration) -> anyhow::Result<bool> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            result => result?,
        }
        let ready: Vec<_> =
            self.events.iter().map(|event| (event.token().0, event.is_readable(), event.is_writable())).collect();
        let mut has_read = false;
        for (n, readable, writable) in ready {
            if writable && !self.members[n].unsent.is_empty() {
                self.flush(n)?;
            }
            if readable && !self.members[n].stalls {
                has_read = true;
                self.read(n)?;
                // What had to wait for the handshake.
                if !self.members[n].unsent.is_empty() {
                    self.flush(n)?;
                }
            }
        }
        Ok(has_read)
    }

    fn read(&mut self, n: usize) -> anyhow::Result<()> {
        loop {
            let member = &mut self.members[n];
            let start = member.partial.len();
            ensure!(start < BUFFER, "a line has no end");
            self.buffer[..start].copy_from_slice(&member.partial);
            let count = match member.stream.read(&mut self.buffer[start..]) {
                Ok(0) => bail!("the server has closed the connection of {}", member.nickname),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.take(n, start + count)?;
            // Through TLS one record is read at a time.
            if start + count < BUFFER && self.tls.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes the lines of the buffer.
    fn take(&mut self, n: usize, end: usize) -> anyhow::Result<()> {
        let now = Instant::now();
        let (member, mut from) = (&mut self.members[n], 0);
        for at in memchr_iter(b'\n', &self.buffer[..end]) {
            let line = &self.buffer[from..at];
            from = at + 1;
            match self.dialect.hear(line, &self.rooms[member.room].name) {
                Told::Said(said) => self.ledger.hear(&mut member.heard, said, now, member.lags),
                Told::Ack(message) => self.ledger.ack(message, now),
                Told::Joined(seq) if !member.has_joined => {
                    member.has_joined = true;
                    member.heard.seq = seq;
                    self.entering -= 1;
                }
                Told::Answer(answer) => member.unsent.extend(answer),
                Told::Refused => bail!("{}: {}", member.nickname, String::from_utf8_lossy(line)),
                Told::Joined(_) | Told::Nothing => {}
            }
        }
        member.partial.clear();
        if from < end {
            member.partial.extend_from_slice(&self.buffer[from..end]);
        } else {
            member.partial = Vec::new();
        }
        if member.unsent.is_empty() { Ok(()) } else { self.flush(n) }
    }
}

/// A connection from one of the loopback's addresses.
fn connect(server: SocketAddr, n: usize) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    let from = Ipv4Addr::new(127, 0, 0, u8::try_from(1 + n / PER_ADDRESS)?);
    if n >= PER_ADDRESS {
        socket.bind(&SocketAddr::from((from, 0)).into())?;
    }
    socket.set_tcp_nodelay(true)?;
    socket.connect(&server.into())?;
    socket.set_nonblocking(true)?;
    Ok(TcpStream::from_std(socket.into()))
}
