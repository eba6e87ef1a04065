//! From an address to a connection that has been welcomed; each step that can fail has a name.

use crate::address::Address;
use shared::{
    Event, Incoming, Outgoing, Request,
    codec::{Line, LineCodec},
    event::Welcome,
    limits,
    text::Label,
};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// How long each step may take.
const STEP: Duration = Duration::from_secs(10);
/// Bytes that are read at once.
const READ: usize = 1 << 14;
/// What this client calls itself.
pub const AGENT: &str = concat!("parlor/", env!("CARGO_PKG_VERSION"));

/// The step of a dial that failed, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// The name has no address.
    #[error("the name {0} could not be looked up: {1}")]
    Lookup(String, String),
    /// Nobody answers there.
    #[error("{0} did not take the connection: {1}")]
    Connect(String, String),
    /// Plain text to another machine must be wanted.
    #[error("{0} is another machine and this version speaks no TLS: use --no-tls through a network that you trust")]
    Tls(String),
    /// Somebody else answers there.
    #[error("{0} does not answer like a Parlor server: {1}")]
    Hello(String, String),
}

/// A connection that has been welcomed.
#[derive(Debug)]
pub struct Dialled {
    /// The connection.
    pub stream: TcpStream,
    /// Lines of it.
    pub lines: Lines,
    /// What the server said.
    pub welcome: Welcome,
}

/// Connects and says hello.
pub async fn dial(address: &Address, no_tls: bool) -> Result<Dialled, DialError> {
    let name = address.to_string();
    if !address.is_loopback() && !no_tls {
        return Err(DialError::Tls(name));
    }
    let places = step(lookup_host((address.host.as_str(), address.port))).await;
    let places: Vec<_> = places.map_err(|e| DialError::Lookup(address.host.clone(), e.to_string()))?.collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
    for place in places {
        match step(TcpStream::connect(place)).await {
            Ok(stream) => return greet(stream).await.map_err(|e| DialError::Hello(name, e.to_string())),
            Err(error) => last = error,
        }
    }
    Err(DialError::Connect(name, last.to_string()))
}

async fn step<T>(what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(STEP, what)
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in 10 seconds")))
}

async fn greet(mut stream: TcpStream) -> io::Result<Dialled> {
    stream.set_nodelay(true)?;
    let hello = Incoming::from(Request::Hello { version: limits::WIRE_VERSION, agent: Label::new(AGENT) });
    step(stream.write_all(&hello.encode())).await?;
    let mut lines = Lines::default();
    let answer = step(lines.next(&mut stream)).await?;
    let event = Outgoing::decode(&answer).map_err(io::Error::other)?.event;
    match event {
        Event::Welcome(welcome) => Ok(Dialled { stream, lines, welcome }),
        Event::Error(rejection) => Err(io::Error::other(format!("{}: {}", rejection.code, rejection.detail))),
        _ => Err(io::Error::other("it did not say welcome")),
    }
}

/// Lines of a server.
#[derive(Debug, Default)]
pub struct Lines {
    codec: LineCodec,
    bytes: Vec<u8>,
    used: usize,
}

impl Lines {
    /// The next line that has come already. What comes before a line's first `{` belongs to another dialect's greeting.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut rest = &self.bytes[self.used..];
            let found = match self.codec.next(&mut rest, limits::SERVER_LINE) {
                Some(Line::Whole(line)) => line.iter().position(|b| *b == b'{').map(|start| line[start..].to_vec()),
                Some(Line::TooLong) => None,
                None => {
                    // The codec has kept the beginning of the next line.
                    self.bytes.clear();
                    self.used = 0;
                    return None;
                }
            };
            self.used = self.bytes.len() - rest.len();
            if found.is_some() {
                return found;
            }
        }
    }

    /// Reads once. False at the end of the connection. May be dropped while it waits.
    pub async fn fill(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<bool> {
        self.bytes.reserve(READ);
        Ok(stream.read_buf(&mut self.bytes).await? > 0)
    }

    /// The next line.
    pub async fn next(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Vec<u8>> {
        loop {
            if let Some(line) = self.take() {
                return Ok(line);
            }
            if !self.fill(stream).await? {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed"));
            }
        }
    }
}
