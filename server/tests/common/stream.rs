//! A client's connection: plain, or inside TLS 1.3. Every trial can be held over either.

use super::secure;
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;
use shared::identity::{EXPORTER_BYTES, EXPORTER_LABEL, Identity};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

/// Tests whose clients are plain otherwise use TLS where this says `1`.
const VARIABLE: &str = "PARLOR_TLS";
/// How long a handshake may take: some servers stand still for two minutes meanwhile.
const HANDSHAKE: Duration = Duration::from_secs(150);

/// True where clients use TLS unless they are told otherwise.
pub fn is_over_tls() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| value == "1")
}

/// True over TLS, with a word why the test is left out then.
pub fn skips_over_tls(why: &str) -> bool {
    if is_over_tls() {
        println!("skipped over TLS: {why}");
    }
    is_over_tls()
}

/// Where a server listens, and what is spoken with it.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    pub address: SocketAddr,
    is_tls: bool,
}

/// As the variable has it.
impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }
}

impl From<SocketAddr> for Door {
    fn from(address: SocketAddr) -> Self {
        Self { address, is_tls: is_over_tls() }
    }
}

impl Door {
    /// Without TLS, whatever the variable says.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, is_tls: false }
    }

    /// With TLS, whatever the variable says.
    pub fn secure(address: SocketAddr) -> Self {
        Self { address, is_tls: true }
    }

    pub fn connect(self) -> io::Result<Stream> {
        self.enter(TcpStream::connect(self.address)?)
    }

    /// Over a socket that is connected, and perhaps not to the server itself. A handshake is brought to its end.
    pub fn enter(self, mut socket: TcpStream) -> io::Result<Stream> {
        socket.set_nodelay(true)?;
        if !self.is_tls {
            return Ok(Stream::Plain(socket));
        }
        socket.set_read_timeout(Some(HANDSHAKE))?;
        let mut half = secure::half();
        while half.is_handshaking() || half.wants_write() {
            half.complete_io(&mut socket)?;
        }
        socket.set_read_timeout(None)?;
        Ok(Stream::Tls(Box::new(StreamOwned::new(half, socket))))
    }
}

/// A connection. Inside TLS it ends with `Ok(0)` only where the other side has said so; otherwise that is an error.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => &tls.sock,
        }
    }

    pub fn set_read_timeout(&self, wait: Option<Duration>) -> io::Result<()> {
        self.socket().set_read_timeout(wait)
    }

    /// Says that nothing more comes, as well inside TLS as outside.
    pub fn end(&mut self) -> io::Result<()> {
        if let Self::Tls(tls) = self {
            tls.conn.send_close_notify();
            tls.flush()?;
        }
        self.socket().shutdown(Shutdown::Write)
    }

    /// What logins on it are bound to; nothing without TLS.
    pub fn exporter(&self) -> Vec<u8> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Tls(tls) => {
                tls.conn.export_keying_material([0; EXPORTER_BYTES], EXPORTER_LABEL, None).unwrap().to_vec()
            }
        }
    }

    /// The request that logs in on it with a key, after that welcome.
    pub fn keyed_login(&self, welcome: &Value, nickname: &str, identity: &Identity) -> Value {
        secure::login(nickname, identity, &welcome["challenge"], &self.exporter())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
