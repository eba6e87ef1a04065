//! All sockets in one readiness queue: a connection costs no task and no timer, and one wake-up serves many of them.

use mio::{Events, Interest, Poll, Token, event::Source};
use std::{io, time::Duration};
use tokio::io::unix::AsyncFd;

const EVENTS: usize = 1_024;

/// A readiness queue that the runtime waits for.
pub(crate) struct Reactor {
    poll: AsyncFd<Poll>,
}

impl Reactor {
    /// A new queue. Must be called inside a runtime.
    #[expect(
        deprecated,
        reason = "the other constructor is unsafe; this `Poll` keeps its descriptor while it is registered"
    )]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { poll: AsyncFd::new(Poll::new()?)? })
    }

    /// Watches a source for reading and writing; each change of its readiness is told once.
    pub(crate) fn add(&self, source: &mut impl Source, token: Token) -> io::Result<()> {
        self.poll.get_ref().registry().register(source, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Watches a listener.
    pub(crate) fn add_listener(&self, source: &mut impl Source, token: Token) -> io::Result<()> {
        self.poll.get_ref().registry().register(source, token, Interest::READABLE)
    }

    /// Waits until some source may be ready.
    pub(crate) async fn ready(&mut self) -> io::Result<()> {
        self.poll.readable_mut().await?.clear_ready();
        Ok(())
    }

    /// Takes what is ready now, without waiting.
    pub(crate) fn take(&mut self, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            match self.poll.get_mut().poll(&mut events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            let before = ready.len();
            ready.extend(events.iter().map(|event| Ready {
                token: event.token(),
                readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                ended: event.is_read_closed() || event.is_error(),
                writable: event.is_writable(),
            }));
            if ready.len() - before < EVENTS {
                return Ok(());
            }
        }
    }
}

/// A source that has become ready.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ready {
    /// Which.
    pub(crate) token: Token,
    /// Something can be read, be it the end.
    pub(crate) readable: bool,
    /// The other side has ended its half.
    pub(crate) ended: bool,
    /// Something can be written.
    pub(crate) writable: bool,
}
