//! What is due: one sweep over all connections, a wake for the few that wait for something.

use super::{Engine, Socket};
use crate::{
    hub::{Millis, Slot},
    ids::SessionId,
    session::Dialect,
};
use shared::{ErrorCode, Event};

/// Between two sweeps. Silence is counted in sweeps: time in which the server itself stands still is no silence.
pub(super) const SWEEP: Millis = 5_000;
/// Sweeps without a byte before a ping: the last of them ends 30 to 35 s after it.
const PING_AFTER: u32 = 7;
/// Sweeps without a byte before the end: 90 to 95 s.
const END_AFTER: u32 = 19;
/// So much later than asked for a turn may come.
pub(super) const STANDSTILL: Millis = 1_000;
/// How long a login that the journal has got may take longer.
const SETTLING: Millis = 1_000;
/// How long a connection has to say something before it is greeted as a classic one.
pub(super) const SNIFF: Millis = 500;
/// How long it has for TLS where plain text is not served.
const TLS: Millis = 10_000;
/// How long it has to log in.
const LOGIN: Millis = 30_000;
/// The same for a classic client, whose person types the nickname.
const LOGIN_CLASSIC: Millis = 600_000;
/// How long the last words may take.
pub(super) const CLOSING: Millis = 2_000;

impl<S: Socket> Engine<S> {
    /// Wakes a connection that has not logged in when the next of its times is up.
    pub(super) fn watch(&mut self, id: SessionId) {
        let Some(connection) = self.peers.get(id).map(|peer| &peer.connection).filter(|known| !known.logged_in) else {
            return;
        };
        let times = [SNIFF, TLS, LOGIN, LOGIN_CLASSIC].map(|wait| connection.opened + self.stood_still + wait);
        let settles = self.hub.session(id).is_some_and(|session| session.in_flight > 0);
        let settled = settles.then_some(self.now.mono + SETTLING);
        if let Some(at) = times.into_iter().filter(|at| *at > self.now.mono).chain(settled).min() {
            self.wakes.insert((at, id));
        }
    }

    /// When [`Engine::turn`] has something to do.
    pub fn next_deadline(&self) -> Option<Millis> {
        if !self.waiting.is_empty() || !self.dirty.is_empty() {
            return Some(0);
        }
        let wake = self.wakes.first().map(|(at, _)| *at);
        let sweep = (!self.peers.is_empty()).then_some(self.next_sweep);
        [wake, sweep, self.pace.next(), self.hub.next_deadline(self.now)].into_iter().flatten().min()
    }

    pub(super) fn timers(&mut self) {
        let now = self.now;
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= now.mono) {
            self.wakes.remove(&(at, id));
            self.wake(id, now.mono);
            self.watch(id);
        }
        if now.mono >= self.next_sweep {
            self.next_sweep = now.mono + SWEEP;
            self.sweep();
        }
        self.hub.tick(now);
        self.apply();
        self.end_pauses();
    }

    fn wake(&mut self, id: SessionId, now: Millis) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let connection = &mut peer.connection;
        if connection.closing.is_some_and(|at| at <= now) {
            return self.drop_peer(id, "closed");
        }
        if connection.paced_until.is_some_and(|at| at <= now) {
            connection.paced_until = None;
            self.waiting.push(id);
        }
        let age = now.saturating_sub(connection.opened + self.stood_still);
        let (is_unknown, logged_in) = (matches!(connection.dialect, Dialect::Unknown), connection.logged_in);
        let limit = if matches!(connection.dialect, Dialect::Classic(_)) { LOGIN_CLASSIC } else { LOGIN };
        if is_unknown && age >= TLS && peer.socket.is_handshaking() {
            return self.drop_peer(id, "no handshake");
        }
        if is_unknown && age >= TLS && connection.unread.is_empty() {
            return self.refuse(id, ErrorCode::TlsRequired, "plain text is not served here; connect with TLS");
        }
        if is_unknown && now >= connection.greet_at.saturating_add(self.stood_still) {
            self.find_dialect(id, true);
        }
        let settles = self.hub.session(id).is_some_and(|session| session.in_flight > 0);
        if !logged_in && !settles && age >= limit {
            return self.refuse(id, ErrorCode::NotLoggedIn, "nobody has logged in for too long");
        }
        self.mark(id);
    }

    /// Pings the silent, ends the dead, and lets go of what nobody follows.
    fn sweep(&mut self) {
        let mut dead = Vec::new();
        let mut silent = Vec::new();
        for (id, peer) in &mut self.peers {
            let connection = &mut peer.connection;
            // What the server itself does not read is no silence; what nobody takes off it is.
            let waits = !connection.may_read() && !connection.output.is_too_much();
            if waits || !matches!(connection.dialect, Dialect::Native(_)) {
                continue;
            }
            connection.silent += 1;
            match connection.silent {
                PING_AFTER => silent.push(id),
                END_AFTER.. => dead.push(id),
                _ => {}
            }
        }
        self.tell(&silent, &Slot::Latest("ping", None), Event::Ping);
        for id in dead {
            self.drop_peer(id, "silent");
        }
        self.hub.sweep(self.now);
        self.pace.sweep(self.now.mono);
        self.tails.retain(|log, _| self.hub.is_followed(*log));
    }
}
