//! Bytes out: for each session one write of what lies between its cursors and the heads, its answers before them.

use super::{Engine, Peer, Socket, line};
use crate::{
    hub::{Hub, Millis, Now},
    ids::{IdMap, LogId, SessionId},
    journal::Query,
    session::{
        Dialect,
        classic::{Classic, PAUSE},
    },
    tail::Tail,
};
use shared::{Seq, limits};
use std::io::{self, ErrorKind, IoSlice, Write};

/// Logs that one write takes from.
const PARTS: usize = 8;

/// How a write went.
enum Wrote {
    /// There is nothing more to write. `lags`: something that a cursor needs is on disk only.
    All { lags: bool },
    /// There is more.
    More,
    /// The socket has no more room.
    Some,
}

impl<S: Socket> Engine<S> {
    /// Writes to everybody who is owed something.
    pub fn flush_all(&mut self) {
        while let Some(id) = self.dirty.pop() {
            self.flush(id);
        }
    }

    pub(super) fn flush(&mut self, id: SessionId) {
        let now = self.now;
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.dirty = false;
        if peer.blocked {
            return;
        }
        match peer.socket.flush() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                peer.blocked = true;
                return;
            }
            Err(_) => return self.drop_peer(id, "broken"),
        }
        let too_much = !peer.connection.may_ask();
        if let Dialect::Classic(_) = peer.connection.dialect {
            let next = flush_classic(peer, &mut self.hub, &self.tails, id, now);
            self.wakes.extend(next.map(|at| (at, id)));
            // What it is owed has become less: it may go on asking.
            if let Dialect::Classic(classic) = &mut peer.connection.dialect
                && classic.has_room()
            {
                let requests = classic.requests();
                peer.connection.asked.extend(requests.into_iter().map(|request| Ok(request.into())));
                if peer.readable || !peer.connection.asked.is_empty() {
                    self.waiting.push(id);
                }
            }
        }
        let lags = loop {
            let Some(peer) = self.peers.get_mut(id) else { return };
            for room in peer.connection.output.take_rosters() {
                if let Some(event) = self.hub.roster_event(&room) {
                    peer.connection.output.push(&line(event));
                }
            }
            match write(peer, &mut self.hub, &self.tails, id, &mut self.counts.sent_bytes) {
                Ok(Wrote::All { lags }) => break lags,
                Ok(Wrote::More) => {}
                Ok(Wrote::Some) => {
                    peer.blocked = true;
                    break false;
                }
                Err(_) => return self.drop_peer(id, "broken"),
            }
        };
        self.after_flush(id, too_much, lags);
    }

    fn after_flush(&mut self, id: SessionId, had_too_much: bool, lags: bool) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if (had_too_much && peer.connection.may_ask()) || peer.ended {
            self.waiting.push(id);
        }
        if peer.connection.output.unsent() > 0 || peer.blocked {
            return;
        }
        if peer.connection.closing.is_some() {
            let _ = peer.socket.end();
            if peer.ended {
                self.drop_peer(id, "ended");
            }
            return;
        }
        if lags {
            self.fetch(id);
        }
    }

    /// Asks the journal for what a cursor needs that is no longer in the tail.
    fn fetch(&mut self, id: SessionId) {
        let has_no_room =
            |peer: &Peer<S>| matches!(&peer.connection.dialect, Dialect::Classic(classic) if !classic.has_room());
        if self.peers.get(id).is_some_and(has_no_room) {
            return;
        }
        let Some(session) = self.hub.session(id) else { return };
        let behind: Vec<(usize, Seq)> = session
            .follows()
            .iter()
            .enumerate()
            .filter(|(_, follow)| !follow.paused && follow.fetching != follow.stand)
            .filter(|(_, follow)| follow.cursor < self.hub.head(follow.log))
            .filter(|(_, follow)| self.tails.get(&follow.log).and_then(|tail| tail.behind(follow.cursor)).is_none())
            .map(|(index, follow)| (index, self.hub.head(follow.log)))
            .collect();
        for (index, head) in behind {
            let follow = &mut self.hub.follows(id)[index];
            follow.fetching = follow.stand;
            let query = Query::Lines {
                session: id,
                log: follow.log,
                room: follow.room.clone(),
                after: follow.cursor,
                head,
                stand: follow.stand,
            };
            self.journal.read(query);
        }
    }

    /// A page for a cursor has come, unless the cursor has been set anew meanwhile.
    pub(super) fn fetched(&mut self, id: SessionId, log: LogId, stand: u64, lines: &[u8], last: Seq) {
        let Some(follow) = self.hub.follows(id).iter_mut().find(|follow| follow.log == log && follow.stand == stand)
        else {
            return;
        };
        follow.fetching = 0;
        // In ignore mode the cursor stands still; the page is read again when it ends.
        if !follow.paused {
            follow.cursor = last;
            if let Some(peer) = self.peers.get_mut(id) {
                if let Dialect::Classic(classic) = &mut peer.connection.dialect {
                    lines.split_inclusive(|b| *b == b'\n').for_each(|line| classic.show_line(line));
                } else {
                    peer.connection.output.push(lines);
                }
            }
        }
        self.mark(id);
    }
}

/// One write: what is owed first, then the logs from the cursors on. Moves the cursors by what was taken.
fn write<S: Socket>(
    peer: &mut Peer<S>,
    hub: &mut Hub,
    tails: &IdMap<LogId, Tail>,
    id: SessionId,
    sent_bytes: &mut u64,
) -> io::Result<Wrote> {
    let output = &mut peer.connection.output;
    // If nothing else is left, what is owed in its newest form is next.
    output.consume(0);
    let is_classic = matches!(peer.connection.dialect, Dialect::Classic(_));
    let mut slices = [IoSlice::new(&[]); PARTS + 1];
    let mut parts: [(usize, Seq, Option<&Tail>); PARTS] = [(0, Seq::ZERO, None); PARTS];
    let (mut count, mut lags, mut has_more) = (0, is_classic, output.owes_latest());
    slices[0] = IoSlice::new(output.front());
    let takes_entries = !is_classic && peer.connection.closing.is_none() && !output.owes_latest();
    let follows = hub.session(id).filter(|_| takes_entries);
    for (index, follow) in follows.map_or(&[][..], |session| session.follows()).iter().enumerate() {
        if follow.paused {
            continue;
        }
        let tail = tails.get(&follow.log);
        match tail.and_then(|tail| tail.behind(follow.cursor)) {
            Some([]) => {}
            Some(_) if count == PARTS => has_more = true,
            Some(lines) => {
                parts[count] = (index, follow.cursor, tail);
                count += 1;
                slices[count] = IoSlice::new(lines);
            }
            None => lags |= follow.cursor < hub.head(follow.log),
        }
    }
    let total: usize = slices[..=count].iter().map(|slice| slice.len()).sum();
    if total == 0 {
        return Ok(Wrote::All { lags });
    }
    let wrote = match &slices[usize::from(slices[0].is_empty())..=count] {
        // Usually it is one piece, which the system takes with less ado.
        [one] => peer.socket.write(one),
        several => peer.socket.write_vectored(several),
    };
    let written = match wrote {
        Ok(written) => written,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Wrote::Some),
        Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Wrote::More),
        Err(error) => return Err(error),
    };
    *sent_bytes += written as u64;
    if output.is_too_much() {
        // It reads, if slowly.
        peer.connection.silent = 0;
    }
    let mut left = written;
    let own = left.min(slices[0].len());
    left -= own;
    let lengths = slices.map(|slice| slice.len());
    for (&(index, cursor, tail), &length) in parts[..count].iter().zip(&lengths[1..]) {
        let Some(tail) = tail else { continue };
        let sent = left.min(length);
        left -= sent;
        let reached = if sent == length { tail.last().unwrap_or(cursor) } else { tail.advance(cursor, sent) };
        hub.follows(id)[index].cursor = reached;
        if sent < length {
            // The rest of a line that was cut goes out first next time: a cursor never stands inside a line.
            let (before, behind) = (tail.behind(cursor).unwrap_or(&[]), tail.behind(reached).unwrap_or(&[]));
            output.push(&before[sent..before.len() - behind.len()]);
        }
    }
    // Only now, for what is owed in its newest form follows once nothing else is: never inside a line that was cut.
    output.consume(own);
    has_more |= output.unsent() > 0 || output.owes_rosters();
    Ok(match written == total && !peer.socket.is_stuck() {
        false => Wrote::Some,
        true if has_more => Wrote::More,
        true => Wrote::All { lags },
    })
}

/// Takes entries for a classic client and lets out one object, if it is time. When to come back.
fn flush_classic<S>(
    peer: &mut Peer<S>,
    hub: &mut Hub,
    tails: &IdMap<LogId, Tail>,
    id: SessionId,
    now: Now,
) -> Option<Millis> {
    let connection = &mut peer.connection;
    let Dialect::Classic(classic) = &mut connection.dialect else { return None };
    take_entries(classic, hub, tails, id, now);
    if !classic.has_objects() {
        return None;
    }
    if connection.output.unsent() == 0
        && classic.next_object <= now.mono
        && let Some(object) = classic.next_object()
    {
        connection.output.push(&object);
        classic.next_object = now.mono + PAUSE;
    }
    Some(classic.next_object.max(now.mono + 1))
}

fn take_entries(classic: &mut Classic, hub: &mut Hub, tails: &IdMap<LogId, Tail>, id: SessionId, now: Now) {
    let count = hub.follows(id).len();
    for index in 0..count {
        let Some(follow) = hub.session(id).and_then(|session| session.follows().get(index)) else { return };
        let (log, mut cursor, head) = (follow.log, follow.cursor, hub.head(follow.log));
        if follow.paused || cursor >= head {
            continue;
        }
        if head.since(cursor) > limits::LAST_MAX {
            let next = head.back(limits::LAST_DEFAULT);
            classic.left_out(next.since(cursor), now.wall);
            cursor = next;
        }
        let lines = tails.get(&log).and_then(|tail| tail.behind(cursor)).unwrap_or(&[]);
        for line in lines.split_inclusive(|b| *b == b'\n') {
            if !classic.has_room() {
                break;
            }
            classic.show_line(line);
            cursor = cursor.next();
        }
        hub.follows(id)[index].cursor = cursor;
    }
}
