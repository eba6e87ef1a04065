//! The sockets that people connect to.

use super::reactor::Reactor;
use crate::config::Listen;
use anyhow::{Context, bail};
use mio::Token;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{SocketAddr, TcpListener},
};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;

/// A listening socket in the reactor.
pub(super) struct Listener {
    pub(super) token: Token,
    pub(super) socket: mio::net::TcpListener,
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
