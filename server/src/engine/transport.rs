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
    /// What broke the connection behind what was read of it.
    failure: Option<io::Error>,
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
        self.tls = Some(Box::new(Tls { connection, ahead, is_over: false, failure: None }));
        Ok(())
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.connection.is_handshaking())
    }

    /// True once the other side has said inside TLS that it is done, or has broken it; the socket's own end may never come.
    pub(super) fn is_over(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_over || tls.failure.is_some())
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
            if filled == buffer.len() || (filled > 0 && self.failure.is_some()) {
                return Ok(filled);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            match self.take_in(socket) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return if filled > 0 { Ok(filled) } else { Err(error) };
                }
                // What came whole before it is taken first, as it is without TLS.
                Err(error) => self.failure = Some(error),
            }
        }
    }

    /// Reads from the socket once.
    fn take_in(&mut self, socket: &mut impl Read) -> io::Result<()> {
        self.connection.read_tls(&mut Source { ahead: &mut self.ahead, socket })?;
        let state = self.connection.process_new_packets();
        let state = state.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        self.is_over |= state.peer_has_closed();
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls;
    use proptest::prelude::*;
    use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};
    use std::{collections::VecDeque, sync::OnceLock};

    /// A socket that has been sent these pieces, and takes so many bytes of an answer at once.
    struct Pipe {
        pieces: VecDeque<Vec<u8>>,
        room: usize,
        written: Vec<u8>,
    }

    impl Read for Pipe {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(mut piece) = self.pieces.pop_front() else { return Err(ErrorKind::WouldBlock.into()) };
            let count = piece.len().min(buffer.len());
            buffer[..count].copy_from_slice(&piece[..count]);
            if count < piece.len() {
                self.pieces.push_front(piece.split_off(count));
            }
            Ok(count)
        }
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(self.room);
            self.written.extend_from_slice(&bytes[..count]);
            self.room -= count;
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Socket for Pipe {
        fn end(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn config() -> Arc<ServerConfig> {
        static CONFIG: OnceLock<Arc<ServerConfig>> = OnceLock::new();
        let make = || {
            let directory = tempfile::tempdir().unwrap();
            tls::load(&tls::Source::Own, directory.path()).unwrap().unwrap().config
        };
        CONFIG.get_or_init(make).clone()
    }

    /// What a client says first.
    fn client_hello() -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut bytes = Vec::new();
        connection.write_tls(&mut bytes).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange_for_a_handshake(
            is_hello in any::<bool>(),
            junk in prop::collection::vec(any::<u8>(), 0..400),
            hurts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cuts in prop::collection::vec(1_usize..200, 1..8),
            room in 0_usize..2_000
        ) {
            let mut bytes = if is_hello { client_hello() } else { vec![0x16, 3, 1] };
            bytes.extend(junk);
            for (at, with) in hurts {
                let at = at.index(bytes.len());
                bytes[at] = with;
            }
            let mut pieces: VecDeque<Vec<u8>> = VecDeque::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                pieces.push_back(piece.to_vec());
                rest = behind;
            }
            let ahead = pieces.pop_front().unwrap_or_default();
            let mut transport = Transport::plain(Pipe { pieces, room, written: Vec::new() });
            transport.start_tls(config(), ahead).unwrap();
            let mut buffer = [0; 512];
            for _ in 0..8 {
                match transport.read(&mut buffer) {
                    Ok(count) => prop_assert!(count <= buffer.len()),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => break,
                }
                let _ = transport.flush();
            }
            // Nobody gets a word in without the keys.
            prop_assert!(transport.is_handshaking() && transport.exporter().is_none());
        }
    }
}
