//! Somebody who reads slowly, over a connection of small segments: every line is whole, and none is missing.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, Server, stream::Door};
use serde_json::{Value, json};
use shared::identity::Identity;
use socket2::{Domain, Socket, Type};
use std::{io::Read, time::Duration};

const ENTRIES: u64 = 1_000;

fn log_in(client: &mut Client) {
    let identity = Identity::from_secret(&[5; 32]);
    assert_eq!(client.log_in("bob", &identity)["success"], true);
    client.send(&json!({"type": "join", "room": "#x", "last": 0}));
    client.expect("joined");
}

fn narrow(server: &Server) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(16_384).unwrap();
    socket.set_tcp_mss(536).unwrap();
    socket.connect(&server.address.into()).unwrap();
    Client::over(Door::from(server.address).enter(socket.into()).unwrap())
}

/// While lines of one device's reading pile up for the other, which takes a little at a time, nothing is torn apart.
#[test]
fn what_is_owed_in_its_newest_form_never_falls_into_a_line_that_was_cut() {
    let server = Server::start();
    let mut alice = server.member("alice", "#x");
    let (mut desk, mut phone) = (server.connect(), narrow(&server));
    log_in(&mut desk);
    log_in(&mut phone);
    let text = "x".repeat(3000);
    let mut say = |n: u64| {
        alice.send(&json!({"type": "broadcast", "room": "#x", "id": format!("m{n}"), "msg": text}));
        alice.expect("ack");
    };
    (1..=60).for_each(&mut say);
    let (mut taken, mut buffer) = (Vec::new(), vec![0; 2_800]);
    phone.stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut seqs = Vec::new();
    for n in 61.. {
        if n <= ENTRIES {
            say(n);
        }
        desk.send(&json!({"type": "read", "room": "#x", "seq": 1 + n % 50, "back": true}));
        desk.expect("read");
        let count = phone.stream.read(&mut buffer).expect("the rest comes");
        taken.extend_from_slice(&buffer[..count]);
        let Some(end) = taken.iter().rposition(|b| *b == b'\n') else { continue };
        let lines: Vec<u8> = taken.drain(..=end).collect();
        for line in lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let event: Value = serde_json::from_slice(line).expect("a whole line");
            if event["type"] == "message" {
                seqs.push(event["seq"].as_u64().unwrap());
            }
        }
        if seqs.last() == Some(&ENTRIES) {
            break;
        }
    }
    assert_eq!(seqs, (1..=ENTRIES).collect::<Vec<_>>(), "every entry once, in order");
}
