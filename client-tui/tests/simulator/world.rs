//! The world: what happens when, and who hears of it.

use crate::{
    check::{self, Watch},
    client::Client,
    disk::Disk,
    life::Life,
    link::Connection,
    pipe::{End, Pipe, ServerEnd},
};
use client_tui::{
    app::{Event as Happens, Now},
    link::{Loss, News, dial::DialError},
};
use fastrand::Rng;
use server::{
    engine::{Engine, Readiness},
    hub,
    ids::SessionId,
    journal::Output,
};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

/// Monday 23 November 2026, 10:00 UTC.
const MORNING: u64 = 1_795_428_000_000;
/// How long everything may take to come to rest.
const REST: u64 = 600_000;

pub(crate) enum Happening {
    /// The engine does what is due, and writes.
    Engine,
    /// The disk goes on.
    Disk,
    /// What the disk has done reaches the engine of that start.
    Output(u32, Box<Output>),
    /// A chunk reaches the server.
    Up(usize),
    /// A chunk reaches the client.
    Down(usize),
    /// There is room to write to the client again.
    Room(usize),
    /// Something is due at a client.
    Client(usize),
    /// A client's store goes on.
    Store(usize),
    /// The server starts again.
    Start,
    /// Somebody does something, or something breaks.
    Life,
    /// What is down is put up again.
    Help,
}

impl Happening {
    fn name(&self) -> (&'static str, usize) {
        match self {
            Self::Engine => ("engine", 0),
            Self::Disk => ("disk", 0),
            Self::Output(..) => ("output", 0),
            Self::Up(wire) => ("up", *wire),
            Self::Down(wire) => ("down", *wire),
            Self::Room(wire) => ("room", *wire),
            Self::Client(client) => ("client", *client),
            Self::Store(client) => ("store", *client),
            Self::Start => ("start", 0),
            Self::Life => ("life", 0),
            Self::Help => ("help", 0),
        }
    }
}

/// A connection, and whose it is.
pub(crate) struct Wire {
    pub(crate) pipe: Rc<RefCell<Pipe>>,
    session: SessionId,
    pub(crate) start: u32,
    client: usize,
}

/// Everything.
pub(crate) struct World {
    pub(crate) dice: Rng,
    pub(crate) now: u64,
    /// How far the clock on the wall is off.
    pub(crate) clock_off: i64,
    pub(crate) disk: Disk,
    pub(crate) engine: Option<Engine<ServerEnd>>,
    pub(crate) starts: u32,
    pub(crate) clients: Vec<Client>,
    pub(crate) wires: Vec<Wire>,
    /// Those that are not over.
    pub(crate) active: Vec<usize>,
    /// Clients that can't reach the server until then.
    pub(crate) unreachable_until: u64,
    /// The disk fails at the next commit.
    pub(crate) fails: bool,
    /// When the last thing that the disk has done reaches the engine.
    told_until: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    count: u64,
    trace: DefaultHasher,
    tells: bool,
    pub(crate) life: Life,
}

impl World {
    /// A whole life, and its trace.
    pub(crate) fn live(seed: u64, tells: bool) -> u64 {
        let mut dice = Rng::with_seed(seed);
        let clients = (0..dice.u8(2..=4)).map(Client::new).collect();
        let life = Life::new(&mut dice);
        let mut world = Self {
            dice,
            now: 1_000,
            clock_off: 0,
            disk: Disk::new(),
            engine: None,
            starts: 0,
            clients,
            wires: Vec::new(),
            active: Vec::new(),
            unreachable_until: 0,
            fails: false,
            told_until: 0,
            queue: BTreeMap::new(),
            count: 0,
            trace: DefaultHasher::new(),
            tells,
            life,
        };
        world.start_server();
        (0..world.clients.len()).for_each(|client| world.start_client(client));
        world.at(1, Happening::Life);
        world.run(|world| world.life.is_over());
        world.heal();
        let end = world.now + REST;
        let rests = world.run(|world| world.now > end || world.is_at_rest());
        assert!(rests && world.now <= end, "it does not come to rest: {}", world.state());
        world.clients.iter().for_each(|client| check::is_whole(client, &world.disk));
        world.disk.is_stored();
        world.trace.finish()
    }

    fn run(&mut self, is_over: impl Fn(&Self) -> bool) -> bool {
        while !is_over(self) {
            let Some(((at, _), happening)) = self.queue.pop_first() else { return false };
            self.now = self.now.max(at);
            self.disk.set_time(self.wall());
            self.tell(&happening);
            self.happens(happening);
            self.settle();
        }
        true
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Engine => self.turn(),
            Happening::Disk => self.disk_goes_on(),
            Happening::Output(start, output) => {
                if start == self.starts {
                    self.with_engine(|engine| engine.output(*output));
                }
            }
            Happening::Up(wire) => self.up(wire),
            Happening::Down(wire) => self.down(wire),
            Happening::Room(wire) => {
                let Wire { session, start, .. } = self.wires[wire];
                if start == self.starts {
                    let readiness = Readiness { writable: true, ..Readiness::default() };
                    self.with_engine(|engine| engine.ready(session, readiness));
                }
            }
            Happening::Client(client) => {
                let now = self.clock();
                self.hear(client);
                self.clients[client].tick(now, &mut self.dice);
                if self.clients[client].wants_to_dial(self.now) {
                    self.dial(client);
                }
            }
            Happening::Store(client) => {
                let now = self.clock();
                self.clients[client].store(now, &mut self.dice);
            }
            Happening::Start => self.start_server(),
            Happening::Life if self.life.is_over() => {}
            Happening::Life => {
                let wait = Life::go_on(self);
                self.at(wait, Happening::Life);
            }
            Happening::Help => self.help(),
        }
    }

    /// What follows from what has just happened.
    pub(crate) fn settle(&mut self) {
        let mut active = std::mem::take(&mut self.active);
        active.retain(|wire| self.carry(*wire));
        self.active.extend(active);
        for client in 0..self.clients.len() {
            if self.clients[client].starts_storing() {
                let wait = self.dice.u64(1..60);
                self.at(wait, Happening::Store(client));
            }
            let known = &self.clients[client];
            let dial = (known.app.is_some() && known.link.connection.is_none()).then_some(known.link.dial_at);
            if let Some(at) = known.next_tick().into_iter().chain(dial).min() {
                self.at(at.saturating_sub(self.now).max(1), Happening::Client(client));
            }
        }
        if self.disk.has_work() && self.engine.is_some() {
            let wait = if self.dice.u8(..20) == 0 { self.dice.u64(1..400) } else { self.dice.u64(1..6) };
            self.at(wait, Happening::Disk);
        }
        if let Some(at) = self.engine.as_ref().and_then(Engine::next_deadline) {
            self.put(at.max(self.now + 1), Happening::Engine);
        }
        if let Some(held) = self.engine.as_ref().map(Engine::held) {
            assert!(held.unsent <= held.connections * (400 << 10) && held.unread <= held.connections * (80 << 10));
        }
    }

    /// Schedules something, unless the same is to happen by then anyway.
    pub(crate) fn at(&mut self, wait: u64, happening: Happening) {
        self.put(self.now + wait, happening);
    }

    fn put(&mut self, at: u64, happening: Happening) {
        let once = std::mem::discriminant(&happening);
        let same = |other: &Happening| match (other, &happening) {
            (Happening::Client(a), Happening::Client(b)) => a == b,
            (Happening::Engine | Happening::Disk, _) => std::mem::discriminant(other) == once,
            _ => false,
        };
        if self.queue.range(..=(at, u64::MAX)).any(|(_, other)| same(other)) {
            return;
        }
        self.count += 1;
        let order = self.dice.u64(..) & !0xffff_ffff | self.count;
        self.queue.insert((at, order), happening);
    }

    pub(crate) fn clock(&self) -> Now {
        Now { mono: self.now, wall: self.wall() }
    }

    fn wall(&self) -> u64 {
        (MORNING + self.now).saturating_add_signed(self.clock_off)
    }

    pub(crate) fn server_clock(&self) -> hub::Now {
        hub::Now { mono: self.now, wall: self.wall() }
    }

    pub(crate) fn with_engine(&mut self, act: impl FnOnce(&mut Engine<ServerEnd>)) {
        let now = self.server_clock();
        let Some(engine) = &mut self.engine else { return };
        engine.set_time(now);
        act(engine);
        if engine.take_failure().is_some() {
            self.kill_server();
        }
    }

    /// A turn of the server's loop.
    fn turn(&mut self) {
        self.with_engine(|engine| {
            engine.turn();
            engine.flush_all();
            engine.hand_over();
        });
    }

    fn disk_goes_on(&mut self) {
        let outputs = if std::mem::take(&mut self.fails) {
            vec![self.disk.fail(&mut self.dice)]
        } else {
            self.disk.step(&mut self.dice)
        };
        for output in outputs {
            // In their order.
            self.told_until = (self.told_until + 1).max(self.now + self.dice.u64(1..4));
            self.put(self.told_until, Happening::Output(self.starts, Box::new(output)));
        }
    }

    /// Puts on its way what was written to a connection, and notices who may go on writing. False: it is over.
    pub(crate) fn carry(&mut self, wire: usize) -> bool {
        let pipe = self.wires[wire].pipe.clone();
        let pipe = &mut *pipe.borrow_mut();
        for at in pipe.up.carry(self.now, &mut self.dice) {
            self.put(at, Happening::Up(wire));
        }
        for at in pipe.down.carry(self.now, &mut self.dice) {
            self.put(at, Happening::Down(wire));
        }
        if pipe.down.has_room_again() {
            self.at(1, Happening::Room(wire));
        }
        if pipe.up.has_room_again() {
            self.at(1, Happening::Client(self.wires[wire].client));
        }
        !pipe.is_over()
    }

    /// A connection breaks at any byte; without an `end` neither side hears of it.
    pub(crate) fn cut(&mut self, wire: usize, end: Option<End>) {
        let pipe = self.wires[wire].pipe.clone();
        let pipe = &mut *pipe.borrow_mut();
        if let Some(at) = pipe.up.cut(end, self.now, &mut self.dice) {
            self.put(at, Happening::Up(wire));
        }
        if let Some(at) = pipe.down.cut(end, self.now, &mut self.dice) {
            self.put(at, Happening::Down(wire));
        }
    }

    fn up(&mut self, wire: usize) {
        let Wire { ref pipe, session, start, .. } = self.wires[wire];
        pipe.borrow_mut().up.arrive();
        let ended = pipe.borrow().up.end.is_some();
        if start == self.starts {
            self.with_engine(|engine| engine.ready(session, Readiness { readable: true, ended, writable: false }));
        }
    }

    fn down(&mut self, wire: usize) {
        let Wire { ref pipe, client, .. } = self.wires[wire];
        pipe.borrow_mut().down.arrive();
        let mine = self.clients[client].link.connection.as_ref();
        if mine.is_some_and(|connection| Rc::ptr_eq(&connection.pipe, pipe)) {
            self.hear(client);
        }
    }

    fn hear(&mut self, client: usize) {
        let (now, disk) = (self.clock(), &self.disk);
        let stalled_until = self.clients[client].stalled_until;
        if stalled_until > self.now {
            return self.at(stalled_until - self.now, Happening::Client(client));
        }
        self.clients[client].hear(now, &mut self.dice, |client, event| Watch::look(client, event, disk));
    }

    fn dial(&mut self, client: usize) {
        let now = self.clock();
        self.clients[client].happens(Happens::Link(News::Dialling), now);
        let is_reachable = self.now >= self.unreachable_until;
        let pipe = Pipe::new(self.dice.usize(100..6_000), self.dice.usize(100..9_000));
        let mut challenge = [0; 32];
        self.dice.fill(&mut challenge);
        let address = self.life.address();
        let session = match &mut self.engine {
            Some(engine) if is_reachable => engine.connect(ServerEnd(pipe.clone()), address, challenge),
            _ => None,
        };
        let Some(session) = session else {
            let loss = Loss::Dial(DialError::Connect("sim".into(), "refused".into()));
            return self.clients[client].lose(loss, now, &mut self.dice);
        };
        self.active.push(self.wires.len());
        self.wires.push(Wire { pipe: pipe.clone(), session, start: self.starts, client });
        self.clients[client].connected(Connection::new(pipe, self.now));
    }

    fn is_at_rest(&self) -> bool {
        self.engine.is_some() && self.clients.iter().all(|client| check::is_at_rest(client, &self.disk))
    }

    fn state(&self) -> String {
        let of = |client: &Client| {
            let app = client.app.as_ref().unwrap();
            let logs: Vec<_> = app.logs.iter().map(|(room, log)| (room.to_string(), log.cursor, log.joined)).collect();
            format!("{} {:?} {:?} {:?} {}\n", client.name, app.link, logs, app.outbox.messages(), app.ignoring)
        };
        let heads: Vec<_> =
            self.disk.rooms.iter().map(|(room, log)| (room.to_string(), self.disk.head(*log))).collect();
        format!("{heads:?}\n{}", self.clients.iter().map(of).collect::<String>())
    }

    fn tell(&mut self, happening: &Happening) {
        let what = happening.name();
        (self.now, what).hash(&mut self.trace);
        if self.tells {
            println!("{:>8} {} {}", self.now, what.0, what.1);
        }
    }
}
