//! Connections through a proxy that says where they come from (the PROXY protocol, versions 1 and 2).

use super::places::{HERE, THERE, as_guest, from, guest, is_in, is_over, is_refused, key, until_connections};
use crate::common::{
    Client, DEADLINE, Server,
    secure::{Secure, half},
};
use ppp::v2;
use serde_json::json;
use shared::classic::GREETING;
use std::{
    io::{Read, Write},
    process::Command,
    time::{Duration, Instant},
};

const PROXY: &str = "proxies = [\"127.0.0.3/32\"]\n[limits]\nexempt = []\n";

fn server(limits: &str) -> Server {
    Server::start_with(&format!("{PROXY}{limits}\n"))
}

/// What a proxy says of somebody who comes from there.
fn first_version(source: &str) -> Vec<u8> {
    format!("PROXY TCP4 {source} 198.51.100.1 50000 12231\r\n").into_bytes()
}

fn second_version(source: [u8; 4]) -> Vec<u8> {
    let addresses = v2::IPv4::new(source, [198, 51, 100, 1], 50_000, 12_231);
    v2::Builder::with_addresses(v2::Version::Two | v2::Command::Proxy, v2::Protocol::Stream, addresses).build().unwrap()
}

/// A client behind the proxy.
fn behind(server: &Server, header: &[u8]) -> Client {
    let mut client = from(THERE, server);
    client.send_bytes(header);
    client
}

fn order(server: &Server, order: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
    let output = command.args(order).arg("--data-dir").arg(&server.directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_limit_holds_for_the_real_address_in_both_versions() {
    let server = Server::start_with(&format!("allow_plain = true\n{PROXY}connections_per_address = 2\n"));
    let mut here = vec![behind(&server, &first_version("192.0.2.7")), behind(&server, &second_version([192, 0, 2, 7]))];
    for (n, client) in here.iter_mut().enumerate() {
        is_in(&as_guest(client, &format!("guest{n}")));
    }
    is_over(&mut behind(&server, &first_version("192.0.2.7")), Some("server_full"));
    is_over(&mut behind(&server, &second_version([192, 0, 2, 7])), Some("server_full"));
    // The proxy itself has no limit, and others behind it are others.
    for n in 8..12 {
        here.push(behind(&server, &second_version([192, 0, 2, n])));
        is_in(&as_guest(here.last_mut().unwrap(), &format!("guest{n}")));
    }
    here.push(behind(&server, b"PROXY TCP6 2001:db8::7 2001:db8::1 50000 12231\r\n"));
    is_in(&as_guest(here.last_mut().unwrap(), "six"));
    // One's own words may come in the same write.
    let hello = b"{\"type\":\"hello\",\"version\":1}\n{\"type\":\"login\",\"nickname\":\"quick\"}\n";
    let mut quick = behind(&server, &[&second_version([192, 0, 2, 20])[..], hello].concat());
    is_in(&quick.expect("login"));
    drop(here);
}

#[test]
fn a_challenge_behind_a_proxy_is_as_random_as_any() {
    let server = Server::start_with(&format!("allow_plain = true\n{PROXY}"));
    let challenge = |n: u8| behind(&server, &second_version([192, 0, 2, n])).hello()["challenge"].clone();
    assert_ne!(challenge(1), challenge(2));
    assert_ne!(challenge(3), "A".repeat(43));
    let mut ann = behind(&server, &first_version("192.0.2.7"));
    is_in(&ann.log_in("ann", &key(1)));
}

#[test]
fn a_ban_holds_for_the_real_address() {
    let server = Server::start_with(&format!("allow_plain = true\n{PROXY}"));
    order(&server, &["admin", "ban", "192.0.2.0/24"]);
    is_refused(&as_guest(&mut behind(&server, &first_version("192.0.2.7")), "ann"), "banned");
    is_refused(&as_guest(&mut behind(&server, &second_version([192, 0, 2, 8])), "ann"), "banned");
    is_in(&as_guest(&mut behind(&server, &first_version("192.0.3.7")), "bob"));
    // A ban of the proxy's own address is none of those behind it.
    order(&server, &["admin", "ban", "127.0.0.3"]);
    is_in(&as_guest(&mut behind(&server, &first_version("192.0.3.7")), "carol"));
}

#[test]
fn a_proxy_that_does_not_say_for_whom_is_ended() {
    let server = server("");
    for first in [
        &b"{\"type\":\"hello\",\"version\":1}\n"[..],
        b"PROXY nonsense\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 99999 1\r\n",
        b"PROXY TCP4 1.2.3.400 5.6.7.8 1 1\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        &[b'P'; 300],
        &[b"PROXY TCP4 ".to_vec(), vec![b'1'; 2_000]].concat(),
    ] {
        let mut client = behind(&server, first);
        let start = Instant::now();
        is_over(&mut client, None);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

#[test]
fn a_proxy_that_says_nothing_is_ended_and_never_greeted() {
    let server = server("");
    let (mut silent, start) = (from(THERE, &server), Instant::now());
    assert!(silent.rest().iter().all(|event| event["type"] == "error"));
    assert!((9..13).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    drop(silent);
    until_connections(&server, 0);
}

#[test]
fn a_header_may_come_in_pieces() {
    let server = Server::start_with(&format!("allow_plain = true\n{PROXY}"));
    for header in [first_version("192.0.2.7"), second_version([192, 0, 2, 7])] {
        let mut client = from(THERE, &server);
        for byte in header {
            client.send_bytes(&[byte]);
            std::thread::sleep(Duration::from_millis(2));
        }
        is_in(&as_guest(&mut client, "slow"));
        client.send(&json!({"type": "bye"}));
        client.rest();
    }
}

#[test]
fn the_header_of_a_peer_that_is_no_proxy_is_nothing_special() {
    let server = server("");
    order(&server, &["admin", "ban", "192.0.2.0/24"]);
    // It is no JSON: what an old client may say by mistake, and is greeted for.
    let mut liar = from(HERE, &server);
    liar.send_bytes(&first_version("192.0.2.7"));
    let mut greeting = vec![0; GREETING.len()];
    liar.stream.set_read_timeout(Some(DEADLINE)).unwrap();
    liar.stream.read_exact(&mut greeting).unwrap();
    assert_eq!(greeting, GREETING.as_bytes());
    guest(HERE, &server, "honest");
}

#[test]
fn plain_text_is_judged_by_the_real_address_and_tls_is_spoken_behind_the_header() {
    let server = server("");
    let mut plain = behind(&server, &first_version("192.0.2.7"));
    plain.send(&json!({"type": "hello", "version": 1}));
    is_over(&mut plain, Some("tls_required"));
    for header in [first_version("192.0.2.7"), second_version([192, 0, 2, 7])] {
        let mut socket = super::places::socket_from(THERE, server.address).unwrap();
        socket.write_all(&header).unwrap();
        assert_eq!(Secure::over(socket).hello()["version"], 1);
        // In one write with it, too.
        let (mut client, mut both) = (half(), header);
        client.write_tls(&mut both).unwrap();
        let mut socket = super::places::socket_from(THERE, server.address).unwrap();
        socket.write_all(&both).unwrap();
        let again = socket.try_clone().unwrap();
        assert_eq!(Secure::start(client, socket, again).unwrap().hello()["version"], 1);
    }
    // A check of the proxy itself (LOCAL, UNKNOWN) comes from its own address.
    let local = v2::Builder::new(
        v2::Version::Two | v2::Command::Local,
        v2::AddressFamily::Unspecified | v2::Protocol::Unspecified,
    )
    .build()
    .unwrap();
    for header in [b"PROXY UNKNOWN\r\n".to_vec(), local] {
        assert_eq!(behind(&server, &header).hello()["version"], 1);
    }
}
