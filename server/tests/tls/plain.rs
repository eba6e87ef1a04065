//! Plain text is spoken on loopback only; everybody else is told so.

use crate::common::{Client, Server, command, secure::Secure, stream::Door};
use serde_json::{Value, json};
use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

/// An address of this machine that is not loopback. Nothing is sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// A server on all addresses, and the one where it is not on loopback. `None`: this machine has none.
fn beyond_loopback(options: &[&str]) -> Option<(Server, SocketAddr, tempfile::TempDir)> {
    let Some(own) = own_address() else {
        println!("skipped: this machine has no address but loopback");
        return None;
    };
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path(), "0.0.0.0:0");
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "").unwrap();
    command.arg("--config").arg(config).args(options);
    let server = Server::run(command, directory.path());
    let address = SocketAddr::new(own, server.address.port());
    Some((server, address, directory))
}

fn is_told(events: &[Value]) {
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((&events[0]["type"], &events[0]["code"]), (&json!("error"), &json!("tls_required")), "{events:?}");
}

#[test]
fn plain_text_from_elsewhere_is_told_to_use_tls() {
    let Some((server, address, _directory)) = beyond_loopback(&[]) else { return };
    for first in [
        "{\"type\":\"hello\",\"version\":1}\n",
        "{\"type\":\"login\",\"msg\":\"ann\"}",
        "hello?\n",
        "NICK ann\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let mut client = Client::connect(Door::plain(address));
        let start = Instant::now();
        client.send_bytes(first.as_bytes());
        is_told(&client.rest());
        assert!(start.elapsed() < Duration::from_secs(3), "{first:?}: {:?}", start.elapsed());
    }
    // Inside TLS everything is as it is at home.
    let mut secure = Secure::member(address, "ann", "#r");
    secure.send(&json!({"type": "broadcast", "room": "#r", "id": "m1", "msg": "from elsewhere"}));
    assert_eq!(secure.expect("ack")["seq"], 1);
    let local = SocketAddr::new([127, 0, 0, 1].into(), address.port());
    Client::connect(Door::plain(local)).hello();
    drop(server);
}

#[test]
fn silence_from_elsewhere_is_waited_for_and_never_greeted() {
    let Some((_server, address, _directory)) = beyond_loopback(&[]) else { return };
    let mut silent = Client::connect(Door::plain(address));
    let start = Instant::now();
    // Long after a classic client would have been greeted, TLS may still begin.
    let mut late = std::net::TcpStream::connect(address).map(Some).unwrap();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(Secure::over(late.take().unwrap()).hello()["version"], 1);
    is_told(&silent.rest());
    assert!((9..13).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[test]
fn an_operator_may_allow_it() {
    let Some((_server, address, _directory)) = beyond_loopback(&["--allow-plain"]) else { return };
    assert_eq!(Client::connect(Door::plain(address)).hello()["version"], 1);
    assert_eq!(Secure::connect(address).hello()["version"], 1);
}

#[test]
fn without_tls_a_client_hello_is_closed() {
    let server = Server::start_with("tls = \"off\"");
    let mut half = crate::common::secure::half();
    let mut client = server.connect_plainly();
    let start = Instant::now();
    half.write_tls(&mut client.stream).unwrap();
    assert_eq!(client.rest(), Vec::<Value>::new());
    assert!(start.elapsed() < Duration::from_secs(3));
    server.guest("ann");
}
