//! Listening and letting in: how many, and from where.

use super::{Engine, Peer, line, token_of};
use crate::{
    config::{Caps, Listen},
    hub::Millis,
    reactor::Reactor,
    session::Connection,
};
use anyhow::{Context, bail};
use mio::Token;
use shared::{ErrorCode, Event, Rejection};
use slotmap::Key;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::HashMap,
    io::{self, Write},
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener},
};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;
/// After the system had no more descriptors.
const ACCEPT_AGAIN: Millis = 200;

/// A listening socket in the reactor.
pub(super) struct Listener {
    pub(super) token: Token,
    socket: mio::net::TcpListener,
}

/// Binds every address; one that is only a default may be missing.
pub(crate) fn bind(addresses: &[Listen]) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for listen in addresses {
        match bind_one(listen.address) {
            Ok(listener) => listeners.push(listener),
            Err(error) if !listen.required => tracing::warn!(address = %listen.address, %error, "not_listening"),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
                "{} is in use: another server is running there; end it, or choose another address with --listen",
                listen.address
            ),
            Err(error) => return Err(error).with_context(|| format!("{} can't be listened on", listen.address)),
        }
    }
    Ok(listeners)
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

pub(super) fn register(reactor: &Reactor, listeners: Vec<TcpListener>) -> io::Result<Vec<Listener>> {
    let tokens = (0..usize::MAX).rev().map(Token);
    listeners
        .into_iter()
        .zip(tokens)
        .map(|(socket, token)| {
            let mut socket = mio::net::TcpListener::from_std(socket);
            reactor.add_listener(&mut socket, token)?;
            Ok(Listener { token, socket })
        })
        .collect()
}

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

impl Engine {
    /// Lets in everybody who waits at a listener.
    pub(super) fn accept(&mut self, listener: usize) {
        loop {
            match self.listeners[listener].socket.accept() {
                Ok((socket, address)) => self.let_in(socket, address.ip()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                }
                Err(error) => {
                    // No descriptors left: those who wait are let in when some have gone.
                    tracing::warn!(%error, "accept_failed");
                    self.accept_at = Some(self.now().mono + ACCEPT_AGAIN);
                    return;
                }
            }
        }
    }

    pub(super) fn accept_all(&mut self) {
        for listener in 0..self.listeners.len() {
            self.accept(listener);
        }
    }

    fn let_in(&mut self, mut socket: mio::net::TcpStream, address: IpAddr) {
        if !self.addresses.enter(address) {
            let full = Rejection::new(ErrorCode::ServerFull, "the server takes no more connections from here");
            // Best effort: a new socket has room for a line.
            let _ = socket.write(&line(Event::Error(Box::new(full))));
            return;
        }
        let _ = socket.set_nodelay(true);
        let now = self.now().mono;
        let connection = Connection::new(self.addresses.is_exempt(address), now);
        let id = self.peers.insert(Peer {
            socket,
            address,
            connection,
            readable: false,
            ended: false,
            blocked: false,
            dirty: false,
        });
        if let Err(error) = self.reactor.add(&mut self.peers[id].socket, token_of(id)) {
            tracing::warn!(%error, "accept_failed");
            return self.drop_peer(id, "not registered");
        }
        tracing::info!(session = id.data().as_ffi(), %address, "opened");
        self.watch_new(id, now);
    }
}
