//! The one loop: waits for sockets, the journal and the time, and lets the engine do the rest.

mod commands;
mod listen;
mod reactor;

pub(crate) use listen::{bind, bind_figures, inherited};

use crate::{
    admin::Command,
    clock::Clock,
    engine::{Engine, Socket},
    hub::Millis,
    ids::SessionId,
    journal::Output,
};
use anyhow::{Context, bail};
pub(crate) use commands::{Desk, written};
use listen::Listener;
use mio::{Token, net::TcpStream};
use reactor::Reactor;
use shared::identity::KEY_BYTES;
use slotmap::Key;
use std::{io, net::Shutdown};
use tokio::sync::{mpsc::UnboundedReceiver, watch};

/// After the system had no more descriptors.
const ACCEPT_AGAIN: Millis = 200;
/// How long the end may take.
const SHUTDOWN_MS: Millis = 5_000;

impl Socket for TcpStream {
    fn end(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// The engine with its sockets.
pub(crate) struct Server {
    engine: Engine<TcpStream>,
    outputs: UnboundedReceiver<Output>,
    reactor: Reactor,
    listeners: Vec<Listener>,
    clock: Clock,
    accept_at: Option<Millis>,
    commands: UnboundedReceiver<Command>,
    desk: Desk,
}

impl Server {
    /// Must be called inside a runtime.
    pub(crate) fn new(
        engine: Engine<TcpStream>,
        outputs: UnboundedReceiver<Output>,
        listeners: Vec<std::net::TcpListener>,
        clock: Clock,
        commands: UnboundedReceiver<Command>,
        desk: Desk,
    ) -> anyhow::Result<Self> {
        let reactor = Reactor::new()?;
        let listeners = listen::register(&reactor, listeners)?;
        Ok(Self { engine, outputs, reactor, listeners, clock, accept_at: None, commands, desk })
    }

    /// Serves until `stop` says so; then tells everybody, writes what is owed, and ends. An error: the journal failed.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        loop {
            let deadline = self.next_deadline();
            let asked_to_stop = tokio::select! {
                ready = self.reactor.ready() => { ready?; false }
                output = self.outputs.recv() => { self.output(output)?; false }
                Some(command) = self.commands.recv() => { self.engine.set_time(self.clock.now()); self.command(command); false }
                () = self.clock.sleep_until(deadline) => false,
                _ = stop.changed() => true,
            };
            self.turn()?;
            if let Some(reason) = self.engine.take_failure() {
                bail!(reason);
            }
            if asked_to_stop {
                return self.shut_down().await;
            }
        }
    }

    fn next_deadline(&self) -> Option<Millis> {
        let look = (self.desk.has_files()).then_some(self.desk.look_at);
        [self.accept_at, look, self.engine.next_deadline()].into_iter().flatten().min()
    }

    /// Reads what is there before any time is judged, then lets everything else happen.
    fn turn(&mut self) -> anyhow::Result<()> {
        let now = self.clock.now();
        self.engine.set_time(now);
        let mut ready = Vec::new();
        self.reactor.take(&mut ready)?;
        for (token, readiness) in ready {
            match self.listeners.iter().position(|listener| listener.token == token) {
                Some(listener) => self.accept(listener)?,
                None => self.engine.ready(session_of(token), readiness),
            }
        }
        while let Ok(output) = self.outputs.try_recv() {
            self.engine.output(output);
        }
        if self.accept_at.is_some_and(|at| at <= now.mono) {
            self.accept_at = None;
            (0..self.listeners.len()).try_for_each(|listener| self.accept(listener))?;
        }
        if self.desk.has_files() && self.desk.look_at <= now.mono {
            self.look_at_certificate();
        }
        // The journal stores while the sockets are written.
        self.engine.turn();
        self.engine.flush_all();
        self.engine.hand_over();
        self.answer_done();
        Ok(())
    }

    fn output(&mut self, output: Option<Output>) -> anyhow::Result<()> {
        self.engine.set_time(self.clock.now());
        self.engine.output(output.context("the journal has ended")?);
        Ok(())
    }

    /// Lets in everybody who waits at a listener.
    fn accept(&mut self, listener: usize) -> anyhow::Result<()> {
        loop {
            match self.listeners[listener].socket.accept() {
                Ok((socket, address)) => self.let_in(socket, address.ip())?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                }
                Err(error) => {
                    // No descriptors left: those who wait are let in when some have gone.
                    tracing::warn!(%error, "accept_failed");
                    self.accept_at = Some(self.clock.now().mono + ACCEPT_AGAIN);
                    return Ok(());
                }
            }
        }
    }

    fn let_in(&mut self, socket: TcpStream, address: std::net::IpAddr) -> anyhow::Result<()> {
        let _ = socket.set_nodelay(true);
        let mut challenge = [0; KEY_BYTES];
        getrandom::fill(&mut challenge).map_err(|error| anyhow::anyhow!("the system has no random bytes: {error}"))?;
        let Some(id) = self.engine.connect(socket, address, challenge) else { return Ok(()) };
        if let Some(socket) = self.engine.socket(id)
            && let Err(error) = self.reactor.add(socket, token_of(id))
        {
            tracing::warn!(%error, "accept_failed");
            self.engine.drop_peer(id, "not registered");
        }
        Ok(())
    }

    /// Everybody is told, what is owed is written, what was handed in is stored.
    async fn shut_down(mut self) -> anyhow::Result<()> {
        self.listeners.clear();
        self.engine.say_goodbye();
        let deadline = self.clock.now().mono + SHUTDOWN_MS;
        while self.clock.now().mono < deadline {
            self.engine.set_time(self.clock.now());
            self.engine.mark_due();
            self.engine.flush_all();
            self.engine.hand_over();
            if !self.engine.is_busy() {
                break;
            }
            let wake = self.engine.next_due().map_or(deadline, |at| at.min(deadline));
            tokio::select! {
                ready = self.reactor.ready() => { ready?; self.take_writable()?; }
                output = self.outputs.recv(), if self.engine.has_unsettled() => self.output(output)?,
                () = self.clock.sleep_until(Some(wake)) => {}
            }
            if let Some(reason) = self.engine.take_failure() {
                bail!(reason);
            }
        }
        self.engine.end_all();
        Ok(())
    }

    fn take_writable(&mut self) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        self.reactor.take(&mut ready)?;
        for (token, _) in ready.iter().filter(|(_, readiness)| readiness.writable) {
            self.engine.writable(session_of(*token));
        }
        Ok(())
    }
}

fn token_of(id: SessionId) -> Token {
    Token(usize::try_from(id.data().as_ffi()).expect("a machine of 64 bits"))
}

fn session_of(token: Token) -> SessionId {
    slotmap::KeyData::from_ffi(token.0 as u64).into()
}
