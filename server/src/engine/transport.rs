//! A connection's bytes, with or without TLS around them (RFC 8446; nothing older is spoken).
//!
//! Neither reading nor writing ever waits. What is encrypted and not yet written is little: one piece at most.

use super::Socket;
use rustls::{ServerConfig, ServerConnection};
use shared::identity::{EXPORTER_BYTES, EXPORTER_LABEL};
use std::{
    io::{self, ErrorKind, IoSlice, Read, Write},
    sync::Arc,
};

/// What is encrypted at once: one record of TLS.
const PIECE: usize = 16 << 10;

/// A socket, and what is spoken through it.
pub(super) struct Transport<S> {
    socket: S,
    tls: Option<Box<Tls>>,
}

struct Tls {
    connection: ServerConnection,
    /// Read before it was known that this is TLS.
    ahead: Vec<u8>,
    /// The other side has said that it is done.
    is_over: bool,
}

impl<S: Socket> Transport<S> {
    /// Bytes as they are.
    pub(super) fn plain(socket: S) -> Self {
        Self { socket, tls: None }
    }

    /// TLS begins with the bytes that were read already.
    pub(super) fn start_tls(&mut self, config: Arc<ServerConfig>, ahead: Vec<u8>) -> Result<(), rustls::Error> {
        let mut connection = ServerConnection::new(config)?;
        connection.set_buffer_limit(Some(PIECE));
        self.tls = Some(Box::new(Tls { connection, ahead, is_over: false }));
        Ok(())
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.connection.is_handshaking())
    }

    /// True once the other side has said inside TLS that it is done; the socket's own end may never come.
    pub(super) fn is_over(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_over)
    }

    /// What a login on this connection is bound to: only its two ends know it. `None` without TLS.
    pub(super) fn exporter(&self) -> Option<[u8; EXPORTER_BYTES]> {
        let tls = self.tls.as_ref()?;
        tls.connection.export_keying_material([0; EXPORTER_BYTES], EXPORTER_LABEL, None).ok()
    }

    /// True while something is encrypted and not written.
    pub(super) fn is_stuck(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.connection.wants_write())
    }

    /// Nothing more will be written.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.connection.send_close_notify();
            tls.write_out(&mut self.socket)?;
        }
        self.socket.end()
    }

    pub(super) fn socket_mut(&mut self) -> &mut S {
        &mut self.socket
    }
}

impl Tls {
    /// Writes what is encrypted, as far as the socket takes it.
    fn write_out(&mut self, socket: &mut impl Write) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(socket)?;
        }
        Ok(())
    }

    /// Takes in what the socket has, until it has no more or `buffer` is full of what was meant.
    fn read(&mut self, socket: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        loop {
            match self.connection.reader().read(&mut buffer[filled..]) {
                // The other side has said that it is done.
                Ok(0) if filled < buffer.len() => return Ok(filled),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // An end without a word for it; what was said in whole lines holds.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(filled),
                Err(error) => return Err(error),
            }
            if filled == buffer.len() {
                return Ok(filled);
            }
            let mut source = Source { ahead: &mut self.ahead, socket };
            match self.connection.read_tls(&mut source) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && filled > 0 => return Ok(filled),
                Err(error) => return Err(error),
            }
            let state = self.connection.process_new_packets();
            let state = state.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            self.is_over |= state.peer_has_closed();
        }
    }
}

/// What was read ahead, then the socket.
struct Source<'a, R> {
    ahead: &'a mut Vec<u8>,
    socket: &'a mut R,
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return self.socket.read(buffer);
        }
        let count = self.ahead.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.ahead[..count]);
        self.ahead.drain(..count);
        if self.ahead.is_empty() {
            *self.ahead = Vec::new();
        }
        Ok(count)
    }
}

impl<S: Socket> Read for Transport<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.read(buffer) };
        let result = tls.read(&mut self.socket, buffer);
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::InvalidData) {
            // Why it is over, as far as it can be said.
            let _ = tls.write_out(&mut self.socket);
        }
        result
    }
}

impl<S: Socket> Write for Transport<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.socket.write(bytes);
        }
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.write_vectored(parts) };
        tls.write_out(&mut self.socket)?;
        let mut written = 0;
        for part in parts {
            let mut rest = &part[..];
            while !rest.is_empty() {
                let taken = tls.connection.writer().write(rest)?;
                written += taken;
                rest = &rest[taken..];
                match tls.write_out(&mut self.socket) {
                    Ok(()) => {}
                    // It is encrypted, and goes out with the next write.
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(written),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(written)
    }

    /// Writes what is encrypted. `WouldBlock`: there is more of it than the socket takes.
    fn flush(&mut self) -> io::Result<()> {
        self.tls.as_mut().map_or(Ok(()), |tls| tls.write_out(&mut self.socket))
    }
}
