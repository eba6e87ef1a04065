//! Something between a client and the server that carries every byte, up to the one behind which it cuts the connection.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "a part of a test, which panics where it fails")]

use socket2::SockRef;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// Which bytes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// How both sides learn that the connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// FIN: as if the other side had closed.
    Close,
    /// RST: as if the other side had never heard of it.
    Reset,
}

/// Where and how it is cut.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub way: Way,
    /// So many bytes go that way, and not one more.
    pub after: usize,
    pub end: End,
}

/// The two connections of which a client sees one.
pub struct Relay {
    client: TcpStream,
    server: TcpStream,
    cut: Cut,
}

impl Relay {
    /// A client's connection, and what lies between it and the server.
    pub fn open(server: SocketAddr, cut: Cut) -> (TcpStream, Self) {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let end = TcpStream::connect(door.local_addr().unwrap()).unwrap();
        let (client, _) = door.accept().unwrap();
        let server = TcpStream::connect(server).unwrap();
        for stream in [&client, &server] {
            stream.set_nodelay(true).unwrap();
        }
        (end, Self { client, server, cut })
    }

    /// Carries bytes until one side ends or the connection is cut. True: it was cut.
    pub fn carry(self) -> bool {
        let Self { client, server, cut } = self;
        let limit = |way| (cut.way == way).then_some(cut.after);
        let wake_both = || {
            // Nothing is sent for that: it only ends the other direction's wait.
            for stream in [&client, &server] {
                let _ = stream.shutdown(Shutdown::Read);
            }
        };
        let was_cut = thread::scope(|scope| {
            let up = scope.spawn(|| {
                let was_cut = copy(&client, &server, limit(Way::ToServer));
                wake_both();
                was_cut
            });
            let was_cut = copy(&server, &client, limit(Way::ToClient));
            wake_both();
            up.join().unwrap() || was_cut
        });
        for stream in [&client, &server] {
            if was_cut && cut.end == End::Reset {
                SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
            } else {
                // Said outright: closing alone would be a RST where something came that was not read.
                let _ = stream.shutdown(Shutdown::Write);
            }
        }
        was_cut
    }
}

/// Copies until the end, or until the limit; true: it was the limit.
fn copy(mut from: &TcpStream, mut to: &TcpStream, limit: Option<usize>) -> bool {
    let (mut buffer, mut copied) = ([0; 16_384], 0);
    loop {
        let left = limit.map_or(buffer.len(), |limit| limit - copied);
        if left == 0 {
            return true;
        }
        let Ok(count @ 1..) = from.read(&mut buffer) else { return false };
        let count = count.min(left);
        if to.write_all(&buffer[..count]).is_err() {
            return false;
        }
        copied += count;
    }
}
