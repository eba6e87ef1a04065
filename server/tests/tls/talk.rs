//! Much talk through TLS: large answers, many requests at once, goodbyes of all kinds, readers that stall.

use crate::common::{
    Server,
    secure::{End, Secure, half},
};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::{
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// So many bytes has the longest line of the server.
const LINE: usize = 1_048_576;

fn broadcast(id: &str, text: &str) -> Value {
    json!({"type": "broadcast", "room": "#r", "id": id, "msg": text})
}

/// Fills a room with texts that need twice their room on the wire.
fn fill(client: &mut Secure, count: usize) {
    let text = "\"".repeat(4_096);
    for first in (0..count).step_by(32) {
        let last = count.min(first + 32);
        client.send_all(&(first..last).map(|n| broadcast(&format!("m{n}"), &text)).collect::<Vec<_>>());
        (first..last).for_each(|_| drop(client.expect("ack")));
    }
}

fn seqs(page: &Value) -> Vec<u64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

#[test]
fn answers_of_a_mebibyte_come_whole_and_in_order() {
    let server = Server::start();
    let mut ann = Secure::member(server.address, "ann", "#r");
    fill(&mut ann, 200);
    let mut bob = Secure::guest(server.address, "bob");
    // Eight of them are asked for before the first is read.
    let ask = |n: usize| json!({"type": "history", "room": "#r", "limit": 200, "tag": format!("h{n}")});
    bob.send_all(&(0..8).map(ask).collect::<Vec<_>>());
    for n in 0..8 {
        let page = bob.expect("history");
        let length = page.to_string().len();
        assert!((LINE * 9 / 10..=LINE).contains(&length), "{length}");
        let seqs = seqs(&page);
        assert_eq!(page["tag"], format!("h{n}"));
        assert_eq!((seqs.last(), &page["more"]), (Some(&200), &json!(true)));
        assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
    }
}

#[test]
fn many_requests_in_one_write_are_answered_in_their_order() {
    let server = Server::start();
    let mut client = Secure::connect(server.address);
    let mut requests = vec![
        json!({"type": "hello", "version": 1}),
        json!({"type": "login", "nickname": "ann"}),
        json!({"type": "join", "room": "#r"}),
    ];
    requests.extend((0..500).map(|n| json!({"type": "ping", "tag": format!("p{n}")})));
    requests.push(broadcast("m1", "the last"));
    client.send_all(&requests);
    for n in 0..500 {
        assert_eq!(client.expect("pong")["tag"], format!("p{n}"));
    }
    assert_eq!(client.expect("ack")["seq"], 1);
}

/// The last requests of somebody who ends their half right behind them.
fn last_words(client: &mut Secure) {
    client.send_all(&[
        broadcast("last", "the last word"),
        json!({"type": "history", "room": "#r", "limit": 200, "tag": "h"}),
        json!({"type": "ping", "tag": "p"}),
    ]);
}

/// All three are answered, and the talk ends as TLS has it.
fn is_answered(client: &mut Secure) {
    let (events, end) = client.rest();
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((count("ack"), count("history"), count("pong"), count("error")), (1, 1, 1, 0));
    assert_eq!(end, End::Clean);
}

#[test]
fn who_says_goodbye_inside_tls_and_outside_is_answered_before_the_end() {
    let server = Server::start();
    fill(&mut Secure::member(server.address, "ann", "#r"), 150);
    let mut bob = Secure::member(server.address, "bob", "#r");
    last_words(&mut bob);
    bob.close_notify();
    bob.shut();
    is_answered(&mut bob);
}

#[test]
fn who_only_ends_the_socket_is_answered_before_the_end() {
    let server = Server::start();
    fill(&mut Secure::member(server.address, "ann", "#r"), 150);
    let mut bob = Secure::member(server.address, "bob", "#r");
    last_words(&mut bob);
    bob.shut();
    is_answered(&mut bob);
}

#[test]
fn who_only_says_goodbye_inside_tls_is_answered_before_the_end() {
    let server = Server::start();
    fill(&mut Secure::member(server.address, "ann", "#r"), 150);
    for n in 0..10 {
        let mut bob = Secure::member(server.address, &format!("bob{n}"), "#r");
        let start = Instant::now();
        // In one write with the last words, too.
        if n % 2 == 0 {
            last_words(&mut bob);
        } else {
            let words = [
                broadcast("last", "the last word").to_string(),
                json!({"type": "history", "room": "#r", "limit": 200}).to_string(),
                json!({"type": "ping"}).to_string(),
            ];
            let words = words.join("\n") + "\n";
            std::io::Write::write_all(&mut bob.tls.conn.writer(), words.as_bytes()).unwrap();
        }
        bob.close_notify();
        is_answered(&mut bob);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

#[test]
fn a_goodbye_without_a_word_ends_cleanly() {
    let server = Server::start();
    let (mut ann, mut bob) = (Secure::connect(server.address), Secure::member(server.address, "bob", "#r"));
    ann.close_notify();
    assert_eq!(ann.rest(), (Vec::new(), End::Clean));
    bob.send(&json!({"type": "bye"}));
    assert_eq!(bob.rest().1, End::Clean);
}

/// The server finds all of it at once: the last word, and that the connection is broken behind it.
#[test]
fn what_was_said_just_before_it_broke_is_said() {
    let server = Server::start();
    let mut bob = Secure::member(server.address, "bob", "#r");
    for is_reset in [true, false] {
        let nickname = format!("ann{is_reset}");
        let mut ann = Secure::member(server.address, &nickname, "#r");
        assert_eq!(bob.expect("presence")["joined"], json!([nickname]));
        server.signal("-STOP");
        ann.send(&broadcast(&nickname, "and away"));
        if is_reset {
            SockRef::from(&ann.socket).set_linger(Some(Duration::ZERO)).unwrap();
            drop(ann);
            server.signal("-CONT");
        } else {
            std::io::Write::write_all(&mut &ann.socket, b"no record of TLS").unwrap();
            server.signal("-CONT");
            assert_eq!(ann.rest().1, End::Cut);
        }
        // That she has left need not be stored, and is known first.
        let (mut is_said, mut has_left) = (false, false);
        while !(is_said && has_left) {
            let event = bob.next();
            is_said |= event["id"] == nickname;
            has_left |= event["left"] == json!([nickname]);
        }
    }
}

#[test]
fn a_server_that_ends_says_so_inside_tls() {
    let mut server = Server::start();
    let mut ann = Secure::member(server.address, "ann", "#r");
    assert_eq!(server.terminate(), Some(0));
    let (events, end) = ann.rest();
    assert_eq!((&events.last().unwrap()["code"], end), (&json!("shutdown"), End::Clean));
}

/// A connection whose machine takes little for it.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    socket.set_recv_buffer_size(8 << 10).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

#[test]
fn who_ends_the_socket_and_reads_slowly_gets_all_of_it() {
    let server = Server::start();
    fill(&mut Secure::member(server.address, "ann", "#r"), 150);
    for n in 0..2 {
        let stream = narrow(server.address);
        let socket = stream.try_clone().unwrap();
        let mut bob = Secure::start(half(), stream, socket).unwrap();
        let history = json!({"type": "history", "room": "#r", "limit": 200});
        let mut requests =
            vec![json!({"type": "hello", "version": 1}), json!({"type": "login", "nickname": format!("bob{n}")})];
        // More than the system takes for a connection that nobody reads.
        requests.extend(std::iter::repeat_n(history, 8));
        requests.push(json!({"type": "ping"}));
        bob.send_all(&requests);
        if n % 2 == 0 {
            bob.close_notify();
        }
        bob.shut();
        std::thread::sleep(Duration::from_millis(500));
        let (events, _) = bob.rest();
        let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!((count("history"), count("pong")), (8, 1), "round {n}");
    }
}

#[test]
fn readers_that_stall_cost_little_memory_and_miss_nothing() {
    const READERS: usize = 100;
    const MESSAGES: usize = 2_000;
    let server = Server::start();
    let mut ann = Secure::member(server.address, "ann", "#r");
    let mut readers: Vec<Secure> = (0..READERS)
        .map(|n| {
            let stream = narrow(server.address);
            let socket = stream.try_clone().unwrap();
            let mut reader = Secure::start(half(), stream, socket).unwrap();
            reader.send_all(&[
                json!({"type": "hello", "version": 1}),
                json!({"type": "login", "nickname": format!("reader{n}")}),
                json!({"type": "join", "room": "#r", "last": 0}),
            ]);
            reader.expect("joined");
            reader
        })
        .collect();
    // What the first messages take once is taken before.
    let talk = |ann: &mut Secure, from: usize, to: usize| {
        let text = "stall ".repeat(680);
        for first in (from..to).step_by(32) {
            let last = to.min(first + 32);
            ann.send_all(&(first..last).map(|n| broadcast(&format!("m{n}"), &text)).collect::<Vec<_>>());
            (first..last).for_each(|_| drop(ann.expect("ack")));
        }
    };
    talk(&mut ann, 0, 200);
    let before = server.memory("VmRSS");
    talk(&mut ann, 200, MESSAGES);
    let grown = server.memory("VmRSS").saturating_sub(before);
    println!("with {READERS} readers that stall the server grew by {grown} KiB");
    // Each is owed one page at most.
    assert!(grown < 20 << 10, "{grown} KiB more");
    for reader in readers.iter_mut().step_by(20) {
        for seq in 1..=MESSAGES {
            assert_eq!(reader.expect("message")["seq"], seq);
        }
    }
}
