//! Letting in: how many connections, and from where.

use super::{Engine, Peer, Socket, line};
use crate::{config::Caps, ids::SessionId, session::Connection};
use shared::{ErrorCode, Event, Rejection, identity::KEY_BYTES};
use slotmap::Key;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// How many connections there are, and from where.
pub(super) struct Addresses {
    caps: Caps,
    total: usize,
    from: HashMap<IpAddr, usize>,
}

impl Addresses {
    pub(super) fn new(caps: Caps) -> Self {
        Self { caps, total: 0, from: HashMap::new() }
    }

    pub(super) fn is_exempt(&self, address: IpAddr) -> bool {
        self.caps.is_exempt(address)
    }

    /// Counts a connection in, if there is room for it.
    fn enter(&mut self, address: IpAddr) -> bool {
        let exempt = self.is_exempt(address);
        let here = self.from.get(&block(address)).copied().unwrap_or(0);
        if !exempt && (here >= self.caps.per_address || self.total >= self.caps.connections) {
            return false;
        }
        self.from.insert(block(address), here + 1);
        self.total += 1;
        true
    }

    pub(super) fn leave(&mut self, address: IpAddr) {
        self.total -= 1;
        if let Some(here) = self.from.get_mut(&block(address)) {
            *here -= 1;
            if *here == 0 {
                self.from.remove(&block(address));
            }
        }
    }
}

/// What one household has: an IPv4 address, or a /64 of IPv6.
fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

impl<S: Socket> Engine<S> {
    /// Lets a new connection in, if there is room for it. `challenge` is random: what a login on it must sign.
    pub fn connect(&mut self, mut socket: S, address: IpAddr, challenge: [u8; KEY_BYTES]) -> Option<SessionId> {
        if !self.addresses.enter(address) {
            let full = Rejection::new(ErrorCode::ServerFull, "the server takes no more connections from here");
            // Best effort: a new socket has room for a line.
            let _ = socket.write(&line(Event::Error(Box::new(full))));
            return None;
        }
        let exempt = self.addresses.is_exempt(address);
        let connection = Connection::new(self.now.mono - self.stood_still);
        let peer = Peer { socket, address, connection, readable: false, ended: false, blocked: false, dirty: false };
        let id = self.peers.insert(peer);
        self.hub.connect(id, challenge, exempt, self.now);
        self.watch(id);
        tracing::info!(session = id.data().as_ffi(), %address, "opened");
        Some(id)
    }

    /// A connection's socket.
    pub fn socket(&mut self, id: SessionId) -> Option<&mut S> {
        self.peers.get_mut(id).map(|peer| &mut peer.socket)
    }
}
