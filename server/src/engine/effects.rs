//! What the hub wants becomes bytes that are owed, ops for the journal, and sessions to write to.

use super::{Engine, Peer, Socket};
use crate::{
    hub::{Effect, Slot},
    ids::{LogId, SessionId},
    session::Dialect,
};
use shared::{Event, Outgoing};
use slotmap::{Key, SlotMap};

impl<S: Socket> Engine<S> {
    /// Does what the hub wants.
    pub(super) fn apply(&mut self) {
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
            Effect::Grown(log) => self.grown(log),
            Effect::Flush(id) => self.mark(id),
            Effect::Close(id) => self.close(id),
            Effect::Forget(log) => drop(self.tails.remove(&log)),
            Effect::Done(ticket, entries) => self.done.push((ticket, entries)),
        }
    }

    pub(super) fn answer(&mut self, id: SessionId, outgoing: &Outgoing) {
        let wall = self.now.wall;
        let Some(peer) = self.peers.get_mut(id) else { return };
        self.counts.note(&outgoing.event);
        if let Event::Login(login) = &outgoing.event
            && login.success
        {
            peer.connection.logged_in = true;
            self.counts.logins += 1;
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

    pub(super) fn tell(&mut self, ids: &[SessionId], slot: &Slot, event: Event) {
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

    pub(super) fn mark_followers(&mut self, log: LogId) {
        for id in self.hub.followers(log) {
            mark(&mut self.peers, &mut self.dirty, *id);
        }
    }

    pub(super) fn mark(&mut self, id: SessionId) {
        mark(&mut self.peers, &mut self.dirty, id);
    }
}

/// Notes that a session has something to write, unless it can't be written to.
fn mark<S>(peers: &mut SlotMap<SessionId, Peer<S>>, dirty: &mut Vec<SessionId>, id: SessionId) {
    if let Some(peer) = peers.get_mut(id)
        && !peer.blocked
        && !std::mem::replace(&mut peer.dirty, true)
    {
        dirty.push(id);
    }
}
