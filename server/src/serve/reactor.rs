//! All sockets in one readiness queue: a connection costs no task and no timer, and one wake-up serves many of them.

use crate::engine::Readiness;
use mio::{Events, Interest, Poll, Token, event::Source};
use std::{io, time::Duration};
use tokio::io::unix::AsyncFd;

const EVENTS: usize = 1_024;

/// A readiness queue that the runtime waits for.
pub(super) struct Reactor {
    poll: AsyncFd<Poll>,
}

impl Reactor {
    /// A new queue. Must be called inside a runtime.
    #[expect(
        deprecated,
        reason = "the other constructor is unsafe; this `Poll` keeps its descriptor while it is registered"
    )]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { poll: AsyncFd::new(Poll::new()?)? })
    }

    /// Watches a source for reading and writing; each change of its readiness is told once.
    pub(super) fn add(&self, source: &mut impl Source, token: Token) -> io::Result<()> {
        self.poll.get_ref().registry().register(source, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Watches a listener.
    pub(super) fn add_listener(&self, source: &mut impl Source, token: Token) -> io::Result<()> {
        self.poll.get_ref().registry().register(source, token, Interest::READABLE)
    }

    /// Waits until some source may be ready.
    pub(super) async fn ready(&mut self) -> io::Result<()> {
        self.poll.readable_mut().await?.clear_ready();
        Ok(())
    }

    /// Takes what is ready now, without waiting.
    pub(super) fn take(&mut self, ready: &mut Vec<(Token, Readiness)>) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            match self.poll.get_mut().poll(&mut events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            let before = ready.len();
            ready.extend(events.iter().map(|event| {
                let readiness = Readiness {
                    readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                    ended: event.is_read_closed() || event.is_error(),
                    writable: event.is_writable(),
                };
                (event.token(), readiness)
            }));
            if ready.len() - before < EVENTS {
                return Ok(());
            }
        }
    }
}
