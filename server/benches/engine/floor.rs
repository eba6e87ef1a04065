//! What the machine itself takes: a server that knows rooms and line ends and nothing else. It stores nothing, and writes
//! to each member at most once a turn. No chat server that gives everybody everything can be much cheaper.

use anyhow::Context;
use memchr::memchr;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
};

/// The argument that makes this program that server.
pub(crate) const MODE: &str = "--floor";

const LISTENER: Token = Token(usize::MAX);
const BUFFER: usize = 64 << 10;
/// Bytes of a room that are kept for those who have not got them.
const KEPT: usize = 4 << 20;

struct Member {
    stream: TcpStream,
    /// None before its first line.
    room: Option<usize>,
    /// How far it has got in the room.
    cursor: usize,
    partial: Vec<u8>,
    blocked: bool,
}

#[derive(Default)]
struct Room {
    members: Vec<usize>,
    /// What was said, from `start` on.
    said: Vec<u8>,
    start: usize,
    /// It stands in the list of those with something new.
    grown: bool,
}

#[derive(Default)]
struct Floor {
    members: Vec<Option<Member>>,
    rooms: Vec<Room>,
    names: HashMap<Vec<u8>, usize>,
    grown: Vec<usize>,
}

/// Serves until it is killed.
pub(crate) fn serve() -> anyhow::Result<()> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on {}", listener.local_addr()?);
    let (mut floor, mut buffer) = (Floor::default(), vec![0; BUFFER]);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                floor.accept(&listener, &poll)?;
                continue;
            }
            let n = event.token().0;
            if event.is_writable() {
                floor.go_on(n);
            }
            if event.is_readable() {
                floor.read(n, &mut buffer)?;
            }
        }
        for room in std::mem::take(&mut floor.grown) {
            floor.flush(room);
        }
    }
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> anyhow::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.members.len());
            poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            self.members.push(Some(Member { stream, room: None, cursor: 0, partial: Vec::new(), blocked: false }));
        }
    }

    fn read(&mut self, n: usize, buffer: &mut [u8]) -> anyhow::Result<()> {
        loop {
            let Some(member) = self.members[n].as_mut() else { return Ok(()) };
            match member.stream.read(buffer) {
                Ok(0) => return self.leave(n),
                Ok(count) => {
                    self.take(n, &buffer[..count])?;
                    if count < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return self.leave(n),
            }
        }
    }

    fn leave(&mut self, n: usize) -> anyhow::Result<()> {
        let member = self.members[n].take().context("a member leaves once")?;
        if let Some(room) = member.room {
            self.rooms[room].members.retain(|other| *other != n);
        }
        Ok(())
    }

    fn take(&mut self, n: usize, mut bytes: &[u8]) -> anyhow::Result<()> {
        let member = self.members[n].as_mut().context("who speaks is there")?;
        let room = match member.room {
            Some(room) => room,
            None => {
                let end = memchr(b'\n', bytes).context("a name comes in one piece")?;
                let room = *self.names.entry(bytes[..end].into()).or_insert_with(|| {
                    self.rooms.push(Room::default());
                    self.rooms.len() - 1
                });
                bytes = &bytes[end + 1..];
                self.rooms[room].members.push(n);
                (member.room, member.cursor) = (Some(room), self.rooms[room].start + self.rooms[room].said.len());
                member.stream.write_all(b"ready\n")?;
                room
            }
        };
        let Some(last) = bytes.iter().rposition(|b| *b == b'\n') else {
            member.partial.extend_from_slice(bytes);
            return Ok(());
        };
        let (lines, rest) = bytes.split_at(last + 1);
        let here = &mut self.rooms[room];
        here.said.append(&mut member.partial);
        here.said.extend_from_slice(lines);
        member.partial.extend_from_slice(rest);
        if !std::mem::replace(&mut here.grown, true) {
            self.grown.push(room);
        }
        Ok(())
    }

    /// A member can be written to again.
    fn go_on(&mut self, n: usize) {
        let Some(member) = self.members[n].as_mut() else { return };
        if let Some(room) = member.room
            && std::mem::take(&mut member.blocked)
        {
            write(member, &self.rooms[room]);
        }
    }

    fn flush(&mut self, room: usize) {
        let here = &mut self.rooms[room];
        here.grown = false;
        let mut least = here.start + here.said.len();
        for &n in &here.members {
            let Some(member) = self.members[n].as_mut() else { continue };
            if !member.blocked {
                write(member, here);
            }
            least = least.min(member.cursor);
        }
        // Usually everybody has everything, and nothing has to be moved.
        if least == here.start + here.said.len() {
            here.said.clear();
            here.start = least;
        } else if here.said.len() > KEPT {
            here.said.drain(..least - here.start);
            here.start = least;
        }
    }
}

fn write(member: &mut Member, room: &Room) {
    let unseen = &room.said[member.cursor - room.start..];
    match member.stream.write(unseen) {
        Ok(written) => {
            member.cursor += written;
            member.blocked = written < unseen.len();
        }
        // One that has gone is told by the next read.
        Err(_) => member.blocked = true,
    }
}
