//! The end: everybody is told, what is owed is written, what was handed in is stored.

use super::{Engine, Peer, Socket};
use crate::{
    hub::{Millis, Slot},
    ids::SessionId,
    session::Dialect,
};
use shared::{Event, code::NoticeCode, event::Notice};
use slotmap::Key;

impl<S: Socket> Engine<S> {
    /// Tells everybody that the server ends, and when to come back.
    pub fn say_goodbye(&mut self) {
        let ids: Vec<SessionId> = self.peers.keys().collect();
        for id in ids {
            // Spread out, so that the clients do not all come back at once.
            let retry_ms = 500 + id.data().as_ffi().wrapping_mul(0x9e37_79b9_7f4a_7c15) % 2_000;
            let notice = Notice { in_ms: Some(0), retry_ms: Some(retry_ms), ..Notice::new(NoticeCode::Shutdown) };
            self.tell(&[id], &Slot::Keep, Event::Notice(notice));
        }
    }

    /// True while something is to be stored, or owed to somebody who takes it.
    pub fn is_busy(&self) -> bool {
        self.unsettled > 0 || self.pace.next().is_some() || self.peers.values().any(is_owed)
    }

    /// True while the journal has not answered everything.
    pub fn has_unsettled(&self) -> bool {
        self.unsettled > 0
    }

    /// Ends the connections of those who have got what they were owed. Inside TLS that is said: others know that they are cut off.
    pub fn end_all(&mut self) {
        for peer in self.peers.values_mut().filter(|peer| !peer.blocked && !is_owed(peer)) {
            let _ = peer.socket.end();
        }
    }

    /// A connection can be written to again. Nothing more is read.
    pub fn writable(&mut self, id: SessionId) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.blocked = false;
            self.mark(id);
        }
    }

    /// Marks whom something is due for: classic clients are written to object by object, large rooms after a pause.
    pub fn mark_due(&mut self) {
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= self.now.mono) {
            self.wakes.remove(&(at, id));
            self.mark(id);
        }
        self.end_pauses();
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Option<Millis> {
        let wake = self.wakes.first().map(|(at, _)| *at);
        wake.into_iter().chain(self.pace.next()).min()
    }
}

/// True if there is something left that the other side would take.
fn is_owed<S>(peer: &Peer<S>) -> bool {
    let has_objects = matches!(&peer.connection.dialect, Dialect::Classic(classic) if classic.has_objects());
    !peer.blocked && (has_objects || peer.connection.output.unsent() > 0)
}
