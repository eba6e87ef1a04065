//! Handshakes: in odd pieces, of another version, and such as are none.

use crate::common::{
    DEADLINE, Server,
    secure::{End, Secure, half},
};
use serde_json::json;
use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// The first bytes of a client that speaks TLS 1.3.
fn client_hello() -> (rustls::ClientConnection, Vec<u8>) {
    let (mut half, mut hello) = (half(), Vec::new());
    half.write_tls(&mut hello).unwrap();
    assert_eq!(hello[0], 0x16);
    (half, hello)
}

/// The first bytes of one that knows TLS 1.2 and nothing newer (RFC 5246, 7.4.1.2).
fn old_client_hello() -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 6, 0, 4, 0, 29, 0, 23][..], // groups: x25519, secp256r1
        &[0, 11, 0, 2, 1, 0],                   // points: uncompressed
        &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1], // signatures: ECDSA, RSA-PSS, RSA
    ]
    .concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u16::try_from(body.len()).unwrap();
    let mut record = vec![0x16, 3, 1];
    record.extend((length + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend(length.to_be_bytes());
    record.extend(body);
    record
}

/// All that is said until the end, and how long it took.
fn until_end(stream: &mut TcpStream, wait: Duration) -> (Vec<u8>, Duration) {
    let (start, mut said) = (Instant::now(), Vec::new());
    stream.set_read_timeout(Some(wait)).unwrap();
    match stream.read_to_end(&mut said) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("no end in {wait:?}; it said {said:?}")
        }
        // A reset is an end, too.
        _ => (said, start.elapsed()),
    }
}

fn say(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// Somebody who talks all the while, and is always answered in time.
fn others_talk_while<T>(server: &Server, act: impl FnOnce() -> T) -> T {
    let mut others = server.member("others", "#others");
    thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let talking = scope.spawn(move || {
            let mut count = 0_u64;
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                count += 1;
                let start = Instant::now();
                others.send(&json!({"type": "broadcast", "room": "#others", "id": format!("m{count}"), "msg": "x"}));
                assert_eq!(others.expect("ack")["seq"], count);
                let took = start.elapsed();
                assert!(took < Duration::from_secs(3), "an answer took {took:?}");
                thread::sleep(Duration::from_millis(5));
            }
            count
        });
        let result = act();
        drop(stop);
        assert!(talking.join().unwrap() > 0);
        result
    })
}

#[test]
fn nothing_older_than_tls_1_3_is_spoken() {
    let server = Server::start();
    let mut old = say(server.address, &old_client_hello());
    let (said, _) = until_end(&mut old, Duration::from_secs(5));
    // A fatal alert: protocol_version.
    assert_eq!((said[0], &said[5..7]), (0x15, &[2, 70][..]), "{said:?}");
    // The same words with a newer version among them are understood.
    assert_eq!(Secure::connect(server.address).tls.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
}

#[test]
fn a_client_hello_may_be_cut_at_every_place() {
    let server = Server::start();
    let length = client_hello().1.len();
    let at_once = |cut: usize| {
        let (half, hello) = client_hello();
        let cut = cut.min(hello.len() - 1);
        let mut stream = say(server.address, &hello[..cut]);
        // Long enough for the server to read the first part by itself.
        thread::sleep(Duration::from_millis(4));
        stream.write_all(&hello[cut..]).unwrap();
        let socket = stream.try_clone().unwrap();
        let mut client = Secure::start(half, stream, socket).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        assert_eq!(client.hello()["version"], 1, "cut at {cut}");
    };
    (1..length).for_each(at_once);
}

/// Writes each byte by itself.
struct Trickle(TcpStream);

impl Write for Trickle {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        thread::sleep(Duration::from_micros(200));
        self.0.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn a_whole_talk_may_come_byte_by_byte() {
    let server = Server::start();
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let socket = stream.try_clone().unwrap();
    let mut client = Secure::start(half(), Trickle(stream), socket).unwrap();
    client.send_all(&[
        json!({"type": "hello", "version": 1}),
        json!({"type": "login", "nickname": "slow"}),
        json!({"type": "join", "room": "#r"}),
        json!({"type": "broadcast", "room": "#r", "id": "m1", "msg": "看到昨天的日志了吗?"}),
    ]);
    assert_eq!(client.expect("ack")["seq"], 1);
    assert_eq!(client.expect("message")["msg"], "看到昨天的日志了吗?");
    client.close_notify();
    assert_eq!(client.rest().1, End::Clean);
}

#[test]
fn tls_inside_tls_is_closed() {
    let server = Server::start();
    others_talk_while(&server, || {
        for cut in [1, 2, 40, usize::MAX] {
            let mut outer = Secure::connect(server.address);
            let (_, hello) = client_hello();
            outer.send_bytes(&hello[..cut.min(hello.len())]);
            let start = Instant::now();
            assert_eq!(outer.rest(), (Vec::new(), End::Clean));
            assert!(start.elapsed() < Duration::from_secs(2), "at once: {:?}", start.elapsed());
        }
    });
}

#[test]
fn tls_that_comes_after_the_greeting_is_closed() {
    let server = Server::start();
    let mut late = TcpStream::connect(server.address).unwrap();
    late.set_read_timeout(Some(DEADLINE)).unwrap();
    assert!(late.read(&mut [0; 512]).unwrap() > 0, "it is greeted");
    late.write_all(&client_hello().1).unwrap();
    let (said, took) = until_end(&mut late, Duration::from_secs(5));
    assert!(said.is_empty() && took < Duration::from_secs(2), "{said:?} after {took:?}");
}

#[test]
fn a_handshake_that_stands_still_is_ended_after_ten_seconds() {
    let server = Server::start();
    let (_, hello) = client_hello();
    let unfinished = [&hello[..1], &hello[..5], &hello[..hello.len() - 1], &hello[..]];
    // A record that is announced, and never comes.
    let announced = [0x16, 3, 1, 0x3f, 0xff, 1, 0];
    let beginnings: Vec<&[u8]> = unfinished.into_iter().chain([&announced[..]]).collect();
    let took: Vec<Duration> = others_talk_while(&server, || {
        let streams: Vec<TcpStream> = beginnings.iter().map(|bytes| say(server.address, bytes)).collect();
        thread::scope(|scope| {
            let ends = streams
                .into_iter()
                .map(|mut stream| scope.spawn(move || until_end(&mut stream, Duration::from_secs(15)).1));
            let ends: Vec<_> = ends.collect();
            ends.into_iter().map(|end| end.join().unwrap()).collect()
        })
    });
    for took in took {
        assert!((Duration::from_secs(9)..Duration::from_secs(13)).contains(&took), "{took:?}");
    }
}

#[test]
fn a_handshake_that_trickles_is_ended_as_well() {
    let server = Server::start();
    let (_, hello) = client_hello();
    let start = Instant::now();
    let mut stream = say(server.address, &hello[..1]);
    for byte in &hello[1..] {
        thread::sleep(Duration::from_millis(250));
        if start.elapsed() > Duration::from_secs(14) || stream.write_all(&[*byte]).is_err() {
            break;
        }
    }
    assert!((9..13).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[test]
fn what_only_begins_like_tls_is_ended_at_once() {
    let server = Server::start();
    let mut garbage = vec![vec![0x16; 300], b"\x16\x03\x01\x00\x05hello, is anybody there?".to_vec()];
    let mut dice = crate::common::dice::Dice::of_this_run(16);
    for _ in 0..30 {
        // The version is wrong in the first byte: nobody could wait for more of it.
        let mut bytes = vec![0x16, 0x41];
        bytes.extend(dice.bytes(500));
        garbage.push(bytes);
    }
    // A whole and right record, and what does not belong behind it.
    let mut behind = client_hello().1;
    behind.extend([0x17, 3, 3, 0, 32]);
    behind.extend([9; 32]);
    garbage.push(behind);
    others_talk_while(&server, || {
        for bytes in &garbage {
            let mut stream = say(server.address, bytes);
            let (_, took) = until_end(&mut stream, Duration::from_secs(5));
            assert!(took < Duration::from_secs(3), "{took:?} for {:?}", &bytes[..20]);
        }
    });
}

#[test]
fn nobody_is_asked_to_come_back_with_a_ticket() {
    let server = Server::start();
    for _ in 0..3 {
        let mut client = Secure::connect(server.address);
        client.hello();
        assert_eq!(client.tls.conn.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(client.tls.conn.tls13_tickets_received(), 0);
    }
}
