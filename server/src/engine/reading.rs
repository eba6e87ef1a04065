//! Bytes in: the dialect by the first of them, then requests.

use super::{Engine, Socket, line, timers};
use crate::{
    hub::{Follow, Millis, Slot},
    ids::SessionId,
    session::{
        Dialect,
        classic::{Classic, Heard, PAUSE},
        sniff::{Sniff, sniff},
    },
};
use shared::{ErrorCode, Event, Rejection, classic::GREETING, codec::LineCodec};
use std::io::{ErrorKind, Read};

impl<S: Socket> Engine<S> {
    /// Reads once. True if there may be more to read.
    pub(super) fn read(&mut self, id: SessionId) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        if !peer.readable || !(peer.connection.may_read() || peer.connection.closing.is_some()) {
            return false;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = peer.socket.read(&mut buffer);
        match result {
            Ok(0) => {
                (peer.readable, peer.ended) = (false, true);
                peer.connection.silent = 0;
                // What it is owed still goes out.
                if peer.connection.closing.is_some() {
                    self.mark(id);
                }
            }
            Ok(count) => {
                self.counts.received_bytes += count as u64;
                peer.ended |= peer.socket.is_over();
                // A short read has emptied the socket, unless its end has been told already.
                peer.readable = count == buffer.len() || peer.ended;
                peer.connection.silent = 0;
                if peer.connection.closing.is_none() {
                    self.received(id, &buffer[..count]);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => peer.readable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.drop_peer(id, "broken"),
        }
        self.after_read(id);
        self.buffer = buffer;
        self.peers.get(id).is_some_and(|peer| peer.readable)
    }

    /// A handshake may have something to say, or have come to its end.
    fn after_read(&mut self, id: SessionId) {
        let Some(peer) = self.peers.get_mut(id).filter(|peer| peer.socket.is_tls()) else { return };
        if peer.socket.is_stuck() {
            self.mark(id);
        }
        self.note_secured(id);
    }

    /// Once the handshake is over, logins are bound to it, and the dialect is found anew.
    fn note_secured(&mut self, id: SessionId) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.connection.is_secured || peer.socket.is_handshaking() {
            return;
        }
        let Some(exporter) = peer.socket.exporter() else { return };
        peer.connection.is_secured = true;
        let wait = self.now.mono + timers::SNIFF;
        peer.connection.greet_at = wait - self.stood_still;
        self.wakes.insert((wait, id));
        self.hub.bind(id, exporter);
    }

    /// Speaks TLS from here on; what was read already is its beginning.
    fn start_tls(&mut self, id: SessionId) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Some(config) = self.tls.clone().filter(|_| !peer.socket.is_tls()) else { return self.close(id) };
        let ahead = std::mem::take(&mut peer.connection.unread);
        peer.connection.greet_at = Millis::MAX;
        match peer.socket.start_tls(config, ahead) {
            Ok(()) => peer.readable = true,
            Err(_) => self.close(id),
        }
    }

    /// Takes bytes of a connection. What can't be dealt with now is kept.
    pub(super) fn received(&mut self, id: SessionId, bytes: &[u8]) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let connection = &mut peer.connection;
        if !connection.logged_in {
            connection.spent.0 += bytes.len();
        }
        match &mut connection.dialect {
            Dialect::Unknown => {
                connection.unread.extend_from_slice(bytes);
                self.find_dialect(id, false);
            }
            Dialect::Native(_) => self.received_native(id, bytes),
            Dialect::Classic(_) => self.received_classic(id, bytes),
        }
    }

    fn received_native(&mut self, id: SessionId, mut bytes: &[u8]) {
        while let Some(peer) = self.peers.get_mut(id) {
            if !peer.connection.asked.is_empty() || !peer.connection.may_ask() {
                if peer.connection.closing.is_none() {
                    peer.connection.unread.extend_from_slice(bytes);
                }
                return;
            }
            let Some(asked) = peer.connection.next_line(&mut bytes) else { return };
            if peer.connection.is_over_login_budget() {
                return self.refuse(id, ErrorCode::NotLoggedIn, "too much was sent before a login");
            }
            self.request(id, asked);
        }
    }

    fn received_classic(&mut self, id: SessionId, bytes: &[u8]) {
        let connection = &mut self.peers[id].connection;
        let Dialect::Classic(classic) = std::mem::replace(&mut connection.dialect, Dialect::Unknown) else { return };
        if bytes.first() == Some(&0x16) {
            return self.close(id);
        }
        let (classic, heard) = classic.hear(bytes);
        connection.dialect = Dialect::Classic(classic);
        match heard {
            Heard::Asked(asked) => {
                connection.asked.extend(asked);
                self.ask(id);
                self.mark(id);
            }
            Heard::Native(first) => {
                connection.dialect = Dialect::Native(LineCodec::default());
                connection.output.push(b"\n");
                self.received(id, &first);
            }
            Heard::Hopeless => self.close(id),
        }
    }

    /// Decides what a connection speaks; `waited` when it has had its time to say something.
    pub(super) fn find_dialect(&mut self, id: SessionId, waited: bool) {
        let now = self.now;
        if !self.unwrap_proxy(id) {
            return;
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        let connection = &mut peer.connection;
        if !matches!(connection.dialect, Dialect::Unknown) || connection.closing.is_some() {
            return;
        }
        let is_plain = self.allow_plain || peer.socket.is_tls() || peer.address.to_canonical().is_loopback();
        match sniff(&connection.unread, waited) {
            Sniff::Tls => return self.start_tls(id),
            // Elsewhere TLS may still come.
            Sniff::Wait => return,
            Sniff::Classic if !is_plain && connection.unread.is_empty() => return,
            _ if !is_plain => {
                return self.refuse(id, ErrorCode::TlsRequired, "plain text is not served here; connect with TLS");
            }
            Sniff::Foreign(answer) => {
                connection.output.push(answer.as_bytes());
                return self.close(id);
            }
            Sniff::Native => connection.dialect = Dialect::Native(LineCodec::default()),
            Sniff::Classic => {
                connection.output.push(GREETING.as_bytes());
                let mut classic = Box::<Classic>::default();
                classic.next_object = now.mono + PAUSE;
                connection.dialect = Dialect::Classic(classic);
            }
        }
        let first = std::mem::take(&mut connection.unread);
        self.mark(id);
        if !first.is_empty() {
            self.received(id, &first);
        }
    }

    /// Says why, and closes.
    pub(super) fn refuse(&mut self, id: SessionId, code: ErrorCode, detail: &str) {
        if let Some(peer) = self.peers.get_mut(id) {
            if !matches!(peer.connection.dialect, Dialect::Classic(_)) {
                let rejection = Event::Error(Box::new(Rejection::new(code, detail)));
                peer.connection.output.push_slot(&Slot::Keep, &line(rejection), true);
            }
            self.close(id);
        }
    }

    /// Ends a connection whose other side has ended its half, once its requests are answered and it has what it follows.
    pub(super) fn end_if_over(&mut self, id: SessionId) {
        let Some(peer) = self.peers.get(id) else { return };
        if !peer.ended || peer.readable || !peer.connection.asked.is_empty() {
            return;
        }
        let is_owed = self.hub.session(id).is_some_and(|session| {
            let behind = |follow: &Follow| !follow.paused && follow.cursor < self.hub.head(follow.log);
            session.in_flight > 0 || session.follows().iter().any(behind)
        });
        if !is_owed {
            self.close(id);
        }
    }
}
