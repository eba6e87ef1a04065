//! Letting in: how many connections, and from where.

use super::{Engine, Peer, Socket, line, timers, transport::Transport};
use crate::{
    config::Caps,
    hub::{Arrival, Millis},
    ids::SessionId,
    session::Connection,
};
use shared::{ErrorCode, Event, Rejection, identity::KEY_BYTES, network::Network};
use slotmap::Key;
use std::{collections::HashMap, net::IpAddr};

/// Beyond a cap there is room for so great a part of it, for people with known keys.
const RESERVE: usize = 8;

/// How many connections there are, and from where.
pub(super) struct Addresses {
    caps: Caps,
    proxies: Vec<Network>,
    total: usize,
    from: HashMap<Network, usize>,
}

impl Addresses {
    pub(super) fn new(caps: Caps, proxies: Vec<Network>) -> Self {
        Self { caps, proxies, total: 0, from: HashMap::new() }
    }

    pub(super) fn is_exempt(&self, address: IpAddr) -> bool {
        self.caps.is_exempt(address)
    }

    pub(super) fn configure(&mut self, caps: Caps, proxies: Vec<Network>) {
        (self.caps, self.proxies) = (caps, proxies);
    }

    /// True if who connects from there speaks for others.
    fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }

    /// Counts a connection in, if there is room for it. Beyond the caps there is a reserve, for people with known keys.
    fn enter(&mut self, address: IpAddr) -> Entrance {
        let here = self.from.get(&Network::household(address)).copied().unwrap_or(0);
        let is_over = |reserve: fn(usize) -> usize| {
            let most = |cap: usize| cap + reserve(cap);
            here >= most(self.caps.per_address) || self.total >= most(self.caps.connections)
        };
        let entrance = match () {
            // Those behind a proxy are counted once it has said who they are.
            () if self.is_exempt(address) || self.is_proxy(address) || !is_over(|_| 0) => Entrance::Open,
            () if !is_over(|cap| cap / RESERVE) => Entrance::Reserved,
            () => return Entrance::Shut,
        };
        self.count_in(address);
        entrance
    }

    /// Counts a connection in, whether or not there is room for it.
    fn count_in(&mut self, address: IpAddr) {
        *self.from.entry(Network::household(address)).or_default() += 1;
        self.total += 1;
    }

    pub(super) fn leave(&mut self, address: IpAddr) {
        self.total -= 1;
        let block = Network::household(address);
        if let Some(here) = self.from.get_mut(&block) {
            *here -= 1;
            if *here == 0 {
                self.from.remove(&block);
            }
        }
    }
}

/// Whether there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entrance {
    /// For everybody.
    Open,
    /// For people with known keys.
    Reserved,
    /// For nobody.
    Shut,
}

impl<S: Socket> Engine<S> {
    /// Lets a new connection in, if there is room for it. `challenge` is random: what a login on it must sign.
    pub fn connect(&mut self, mut socket: S, address: IpAddr, challenge: [u8; KEY_BYTES]) -> Option<SessionId> {
        let entrance = self.addresses.enter(address);
        if entrance == Entrance::Shut {
            self.counts.refused += 1;
            let full = Rejection::new(ErrorCode::ServerFull, "the server takes no more connections from here");
            // Best effort: a new socket has room for a line.
            let _ = socket.write(&line(Event::Error(Box::new(full))));
            return None;
        }
        let exempt = self.addresses.is_exempt(address);
        let opened = self.now.mono - self.stood_still;
        let is_proxied = self.addresses.is_proxy(address);
        // A proxy has to say at once for whom it speaks; nobody is greeted before.
        let greet_at = if is_proxied { Millis::MAX } else { opened + timers::SNIFF };
        let connection = Connection { is_proxied, ..Connection::new(opened, greet_at) };
        let socket = Transport::plain(socket);
        let peer = Peer { socket, address, connection, readable: false, ended: false, blocked: false, dirty: false };
        let id = self.peers.insert(peer);
        let reserved = entrance == Entrance::Reserved;
        self.hub.connect(id, Arrival { address, challenge, exempt, reserved });
        self.counts.accepted += 1;
        if !exempt && !is_proxied {
            self.note_stranger(id);
        }
        self.watch(id);
        tracing::info!(session = id.data().as_ffi(), %address, "opened");
        Some(id)
    }

    /// A proxy has said where a connection really comes from. False: there is no room for it.
    pub(super) fn comes_from(&mut self, id: SessionId, address: IpAddr) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        self.addresses.leave(peer.address);
        let entrance = self.addresses.enter(address);
        if entrance == Entrance::Shut {
            // It is counted out again when it goes.
            self.addresses.count_in(address);
        }
        peer.address = address;
        peer.connection.greet_at = self.now.mono - self.stood_still + timers::SNIFF;
        self.wakes.insert((self.now.mono + timers::SNIFF, id));
        let exempt = self.addresses.is_exempt(address);
        self.hub.comes_from(id, address, exempt, entrance == Entrance::Reserved);
        if entrance == Entrance::Shut {
            self.counts.refused += 1;
            self.refuse(id, ErrorCode::ServerFull, "the server takes no more connections from here");
            return false;
        }
        if !exempt {
            self.note_stranger(id);
        }
        true
    }

    /// So many may be here who have not logged in: beyond, the oldest of them have had their time.
    fn note_stranger(&mut self, id: SessionId) {
        self.strangers.push_back(id);
        let peers = &self.peers;
        if self.strangers.len() > self.addresses.caps.strangers {
            self.strangers.retain(|id| peers.get(*id).is_some_and(|peer| !peer.connection.logged_in));
        }
        if self.strangers.len() > self.addresses.caps.strangers
            && let Some(oldest) = self.strangers.pop_front()
        {
            self.counts.refused += 1;
            self.drop_peer(oldest, "too many who have not logged in");
        }
    }

    /// A connection's socket.
    pub fn socket(&mut self, id: SessionId) -> Option<&mut S> {
        self.peers.get_mut(id).map(|peer| peer.socket.socket_mut())
    }
}
