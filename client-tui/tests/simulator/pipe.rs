//! A connection: two lanes of bytes that take their time, take only so much, and may break at any byte.

use fastrand::Rng;
use server::engine::Socket;
use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice, Read, Write},
    rc::Rc,
};

/// How a lane ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The other side has said all.
    Closed,
    /// It broke.
    Reset,
}

/// Bytes on their way to one side.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Written, not on their way yet.
    written: Vec<u8>,
    /// On their way; no chunk overtakes another, and an empty one is the end.
    flying: VecDeque<Vec<u8>>,
    /// When the last chunk arrives.
    busy_until: u64,
    /// Arrived, not read.
    pub(crate) here: VecDeque<u8>,
    /// Nothing comes behind what is here.
    pub(crate) end: Option<End>,
    /// How it will end, once that has arrived.
    ending: Option<End>,
    /// The writer has ended.
    pub(crate) is_ended: bool,
    /// Nothing that is written arrives any more.
    is_cut: bool,
    /// Bytes that fit in at once.
    room: usize,
    /// A write found no room.
    is_wanted: bool,
}

impl Lane {
    fn new(room: usize) -> Self {
        Self {
            written: Vec::new(),
            flying: VecDeque::new(),
            busy_until: 0,
            here: VecDeque::new(),
            end: None,
            ending: None,
            is_ended: false,
            is_cut: false,
            room,
            is_wanted: false,
        }
    }

    fn free(&self) -> usize {
        let taken = self.written.len() + self.flying.iter().map(Vec::len).sum::<usize>() + self.here.len();
        self.room.saturating_sub(taken)
    }

    /// Takes so many bytes as there is room for.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.free());
        self.written.extend_from_slice(&bytes[..count]);
        self.is_wanted |= count < bytes.len();
        count
    }

    /// True if a writer that found no room can go on.
    pub(crate) fn has_room_again(&mut self) -> bool {
        self.is_wanted && self.free() > 0 && std::mem::take(&mut self.is_wanted)
    }

    /// Sends what was written on its way, in pieces. When they arrive.
    pub(crate) fn carry(&mut self, now: u64, dice: &mut Rng) -> Vec<u64> {
        let written = std::mem::take(&mut self.written);
        if self.is_cut {
            return Vec::new();
        }
        let mut rest = written.as_slice();
        let mut times = Vec::new();
        while !rest.is_empty() {
            let count = if dice.bool() { rest.len() } else { dice.usize(1..=rest.len()) };
            times.push(self.send(rest[..count].to_vec(), now, dice));
            rest = &rest[count..];
        }
        if self.is_ended && self.ending.is_none() {
            times.push(self.finish(End::Closed, now, dice));
        }
        times
    }

    fn send(&mut self, chunk: Vec<u8>, now: u64, dice: &mut Rng) -> u64 {
        let delay = if dice.u8(..30) == 0 { dice.u64(1..2_000) } else { dice.u64(1..12) };
        self.flying.push_back(chunk);
        self.busy_until = (self.busy_until + 1).max(now + delay);
        self.busy_until
    }

    fn finish(&mut self, end: End, now: u64, dice: &mut Rng) -> u64 {
        self.ending = Some(end);
        self.is_cut = true;
        self.send(Vec::new(), now, dice)
    }

    /// Breaks at any byte of what is on its way; when the reader hears of it, if ever.
    pub(crate) fn cut(&mut self, end: Option<End>, now: u64, dice: &mut Rng) -> Option<u64> {
        if self.is_cut {
            return None;
        }
        self.flying.truncate(dice.usize(..=self.flying.len()));
        if let Some(last) = self.flying.back_mut().filter(|last| !last.is_empty()) {
            last.truncate(dice.usize(1..=last.len()));
        }
        self.is_cut = true;
        end.map(|end| self.finish(end, now, dice))
    }

    /// The next chunk arrives.
    pub(crate) fn arrive(&mut self) {
        match self.flying.pop_front() {
            Some(chunk) if chunk.is_empty() => self.end = self.ending,
            Some(chunk) => self.here.extend(chunk),
            // It was cut off meanwhile.
            None => {}
        }
    }
}

/// Both lanes of a connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// To the server.
    pub(crate) up: Lane,
    /// To the client.
    pub(crate) down: Lane,
}

impl Pipe {
    pub(crate) fn new(up: usize, down: usize) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self { up: Lane::new(up), down: Lane::new(down) }))
    }
}

impl Pipe {
    /// Nothing will ever come out of it any more.
    pub(crate) fn is_over(&self) -> bool {
        [&self.up, &self.down].into_iter().all(|lane| lane.is_cut && lane.flying.is_empty())
    }
}

/// The server's end of a connection.
#[derive(Debug)]
pub(crate) struct ServerEnd(pub(crate) Rc<RefCell<Pipe>>);

impl Read for ServerEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let lane = &mut self.0.borrow_mut().up;
        if lane.here.is_empty() {
            return match lane.end {
                Some(End::Closed) => Ok(0),
                Some(End::Reset) => Err(ErrorKind::ConnectionReset.into()),
                None => Err(ErrorKind::WouldBlock.into()),
            };
        }
        lane.here.read(buffer)
    }
}

impl Write for ServerEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let pipe = &mut *self.0.borrow_mut();
        if pipe.up.end == Some(End::Reset) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let mut total = 0;
        for slice in slices {
            let count = pipe.down.write(slice);
            total += count;
            if count < slice.len() {
                break;
            }
        }
        if total == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(total) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for ServerEnd {
    fn end(&mut self) -> io::Result<()> {
        self.0.borrow_mut().down.is_ended = true;
        Ok(())
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        self.0.borrow_mut().down.is_ended = true;
    }
}
