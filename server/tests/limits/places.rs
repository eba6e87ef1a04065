//! Other addresses of this machine to come from, and a server that exempts none of them.

use crate::common::{Client, DEADLINE, Server};
use serde_json::{Value, json};
use shared::identity::Identity;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

/// Here and there.
pub(crate) const HERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
pub(crate) const THERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// A server with these limits, for everybody.
pub(crate) fn server(limits: &str) -> Server {
    Server::start_with(&format!("[limits]\nexempt = []\n{limits}\n"))
}

/// A socket that comes from an address.
pub(crate) fn socket_from(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

/// A client that comes from an address, and has said nothing.
pub(crate) fn from(from: Ipv4Addr, server: &Server) -> Client {
    Client::over(socket_from(from, server.address).unwrap())
}

/// A key of one's own.
pub(crate) fn key(number: u8) -> Identity {
    Identity::from_secret(&[number; 32])
}

/// Logs in without a key; gives the answer.
pub(crate) fn as_guest(client: &mut Client, nickname: &str) -> Value {
    client.hello();
    client.send(&json!({"type": "login", "nickname": nickname}));
    client.expect("login")
}

/// A guest who is in.
pub(crate) fn guest(place: Ipv4Addr, server: &Server, nickname: &str) -> Client {
    let mut client = from(place, server);
    is_in(&as_guest(&mut client, nickname));
    client
}

/// A guest in a room.
pub(crate) fn member(place: Ipv4Addr, server: &Server, nickname: &str, room: &str) -> Client {
    let mut client = guest(place, server, nickname);
    client.send(&json!({"type": "join", "room": room, "last": 0}));
    client.expect("joined");
    client
}

/// The owner of a nickname, who is in.
pub(crate) fn owner(place: Ipv4Addr, server: &Server, nickname: &str, key: &Identity) -> Client {
    let mut client = from(place, server);
    is_in(&client.log_in(nickname, key));
    client
}

pub(crate) fn is_in(answer: &Value) {
    assert_eq!(answer["success"], true, "{answer}");
}

/// A login was refused, and for how long.
pub(crate) fn is_refused(answer: &Value, code: &str) -> Option<Duration> {
    assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!(code)), "{answer}");
    answer["retry_ms"].as_u64().map(Duration::from_millis)
}

/// Tries to log in once more on a connection that has been welcomed.
pub(crate) fn again(client: &mut Client, welcome: &Value, nickname: &str, key: &Identity) -> Value {
    client.send(&client.stream.keyed_login(welcome, nickname, key));
    client.expect("login")
}

/// The connection is over, and this was said last.
pub(crate) fn is_over(client: &mut Client, code: Option<&str>) {
    let said = client.rest();
    let last = said.last().map(|event| event["code"].clone());
    assert_eq!(last, code.map(|code| json!(code)), "{said:?}");
}

/// How the server is, as its operator sees it.
pub(crate) fn status(server: &Server) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
    command.args(["status", "--json", "--data-dir"]).arg(&server.directory);
    command.arg("--config").arg(server.directory.join("config.toml"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until the server has so many connections: it hears of an end a little later.
pub(crate) fn until_connections(server: &Server, count: usize) {
    let end = Instant::now() + DEADLINE;
    loop {
        let status = status(server);
        if status["connections"] == count {
            return;
        }
        assert!(Instant::now() < end, "{count} connections are expected: {status}");
    }
}
