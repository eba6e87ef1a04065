//! From an address to a connection that has been welcomed; each step that can fail has a name.

use super::{
    stream::Stream,
    tls::{Refused, secure},
    trust::{Known, KnownServers},
};
use shared::{
    Address, Event, Incoming, Outgoing, Request,
    codec::{Line, LineCodec},
    event::Welcome,
    identity::Pin,
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
    /// There is no TLS with it.
    #[error("{0} could not be reached securely: {1}")]
    Tls(String, String),
    /// It shows another certificate than the one that it is known by.
    #[error(transparent)]
    Changed(Box<Changed>),
    /// Somebody else answers there.
    #[error("{0} does not answer like a Parlor server: {1}")]
    Hello(String, String),
}

/// A server that shows another certificate than before: the server has a new one, or it is somebody else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} does not show the certificate that it is known by: known {known}, shown {shown}; it has a new one, or \
     somebody stands in between. Ask its operator; if it is right, take its line out of {file}, or use a new link"
)]
pub struct Changed {
    /// The server.
    pub address: String,
    /// The fingerprint that it is known by.
    pub known: Pin,
    /// The one that it shows.
    pub shown: Pin,
    /// Where what is known stands.
    pub file: String,
}

/// A connection that has been welcomed.
#[derive(Debug)]
pub struct Dialled {
    /// The connection.
    pub stream: Stream,
    /// What logins on it are bound to; empty without TLS.
    pub exporter: Vec<u8>,
    /// The certificate was seen for the first time, and nobody vouches for it: it is pinned now.
    pub pinned: Option<Pin>,
    /// Lines of it.
    pub lines: Lines,
    /// What the server said.
    pub welcome: Welcome,
}

/// Connects and says hello.
pub async fn dial(address: &Address, no_tls: bool, servers: &KnownServers) -> Result<Dialled, DialError> {
    let name = address.to_string();
    let places = step(lookup_host((address.host.as_str(), address.port))).await;
    let places: Vec<_> = places.map_err(|e| DialError::Lookup(address.host.clone(), e.to_string()))?.collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
    for place in places {
        match step(TcpStream::connect(place)).await {
            Ok(stream) => return talk(stream, address, no_tls, servers).await,
            Err(error) => last = error,
        }
    }
    Err(DialError::Connect(name, last.to_string()))
}

/// Makes the connection secure where it is to be, and says hello.
async fn talk(
    stream: TcpStream,
    address: &Address,
    no_tls: bool,
    servers: &KnownServers,
) -> Result<Dialled, DialError> {
    let name = address.to_string();
    let hello = |error: io::Error| DialError::Hello(name.clone(), error.to_string());
    stream.set_nodelay(true).map_err(hello)?;
    // On this machine nobody listens in; but a link that names a certificate wants to see it.
    if no_tls || (address.is_loopback() && address.pin.is_none()) {
        return greet(Stream::Plain(stream)).await.map_err(hello);
    }
    let tls = |reason: String| DialError::Tls(name.clone(), reason);
    let before = servers.find(address).map_err(|error| tls(error.to_string()))?;
    let known = address.pin.map(Known::Pinned).or(before);
    let securing = timeout(STEP, secure(stream, &address.host, known)).await;
    let secured = match securing.map_err(|_| tls(NO_ANSWER.into()))? {
        Ok(secured) => secured,
        Err(Refused::Failed(reason)) => return Err(tls(reason)),
        Err(Refused::Changed(shown)) => {
            let (known, file) = (known.map_or(shown, Known::pin), servers.path().display().to_string());
            return Err(DialError::Changed(Box::new(Changed { address: name, known, shown, file })));
        }
    };
    let mut dialled = greet(Stream::Tls(Box::new(secured.stream))).await.map_err(hello)?;
    // Only a server of Parlor is remembered.
    servers.remember(address, secured.known).map_err(|error| tls(error.to_string()))?;
    dialled.exporter = secured.exporter.to_vec();
    let is_first = before.is_none() && address.pin.is_none() && matches!(secured.known, Known::Pinned(_));
    dialled.pinned = is_first.then(|| secured.known.pin());
    Ok(dialled)
}

const NO_ANSWER: &str = "no answer in 10 seconds";

async fn step<T>(what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(STEP, what).await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, NO_ANSWER)))
}

async fn greet(mut stream: Stream) -> io::Result<Dialled> {
    let hello = Incoming::from(Request::Hello { version: limits::WIRE_VERSION, agent: Label::new(AGENT) });
    step(stream.write_all(&hello.encode())).await?;
    let mut lines = Lines::default();
    let answer = step(lines.next(&mut stream)).await?;
    let event = Outgoing::decode(&answer).map_err(io::Error::other)?.event;
    match event {
        Event::Welcome(welcome) => Ok(Dialled { stream, exporter: Vec::new(), pinned: None, lines, welcome }),
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
