//! The sockets that people connect to.

use super::reactor::Reactor;
use crate::config::Listen;
use anyhow::{Context, bail};
use listenfd::ListenFd;
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

/// Sockets that whoever started the server listens on for it already (`LISTEN_FDS` of systemd).
pub(crate) fn inherited() -> anyhow::Result<Vec<TcpListener>> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..passed.len() {
        let listener = passed.take_tcp_listener(index).context("an inherited socket is none that listens for TCP")?;
        if let Some(listener) = listener {
            listener.set_nonblocking(true)?;
            listeners.push(listener);
        }
    }
    Ok(listeners)
}

/// The listener for figures. Must be called inside a runtime.
pub(crate) fn bind_figures(address: SocketAddr) -> anyhow::Result<tokio::net::TcpListener> {
    let bound = TcpListener::bind(address).with_context(|| format!("{address} can't be listened on for metrics"))?;
    bound.set_nonblocking(true)?;
    Ok(tokio::net::TcpListener::from_std(bound)?)
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
