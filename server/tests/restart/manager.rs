//! A service manager: what it is told, and the sockets that it passes on.

use crate::common::{Client, DEADLINE, Server, command};
use serde_json::json;
use std::{
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The next word to the manager.
fn told(manager: &UnixDatagram) -> String {
    let mut buffer = [0; 4_096];
    let count = manager.recv(&mut buffer).expect("the manager is told something in time");
    String::from_utf8(buffer[..count].to_vec()).unwrap()
}

#[test]
fn a_service_manager_is_told_when_it_is_ready_reloads_and_ends() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "").unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut command = command(directory.path(), "127.0.0.1:0");
    command.arg("--config").arg(&config).env("NOTIFY_SOCKET", &path);
    let mut server = Server::run(command, directory.path());
    assert_eq!(told(&manager).trim(), "READY=1");
    // Whoever is told so finds it open.
    server.guest("ann");
    for text in ["motd = \"new\"\n", "motd = nonsense\n"] {
        std::fs::write(&config, text).unwrap();
        server.signal("-HUP");
        let said = told(&manager);
        let mut words = said.lines();
        assert_eq!(words.next(), Some("RELOADING=1"), "{said}");
        let since = words.find_map(|word| word.strip_prefix("MONOTONIC_USEC=")).expect("since when");
        assert!(since.parse::<u64>().is_ok(), "{said}");
        // Ready again, even where nothing was taken over.
        assert_eq!(told(&manager).trim(), "READY=1");
    }
    assert_eq!(server.connect().hello()["motd"], "new");
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(told(&manager).trim(), "STOPPING=1");
}

#[test]
fn a_service_manager_that_has_gone_is_no_reason_to_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path(), "127.0.0.1:0");
    command.env("NOTIFY_SOCKET", directory.path().join("nobody")).env("PARLOR_LOG", "error");
    command.arg("--config").arg("/dev/null");
    let mut server = Server::run(command, directory.path());
    server.guest("ann");
    assert_eq!(server.terminate(), Some(0));
}

/// A manager that holds the socket, and starts the server once somebody connects.
struct Manager(Child);

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn activated(directory: &Path, port: u16) -> Option<Manager> {
    let mut manager = Command::new("systemd-socket-activate");
    manager.args(["--listen", &format!("127.0.0.1:{port}"), "--setenv", "PARLOR_LOG=warn"]);
    manager.arg(env!("CARGO_BIN_EXE_parlor-server")).args(["--config", "/dev/null", "--data-dir"]).arg(directory);
    // What is given on the command line is not listened on: the socket is there already.
    manager.args(["--listen", "127.0.0.1:1"]);
    match manager.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => Some(Manager(child)),
        Err(error) => {
            println!("skipped: systemd-socket-activate is not here: {error}");
            None
        }
    }
}

/// The first connection: it waits in the socket until the server takes it.
fn first(port: u16) -> Client {
    let end = Instant::now() + DEADLINE;
    loop {
        match std::net::TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return Client::over(stream),
            Err(error) => assert!(Instant::now() < end, "the manager does not listen: {error}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_socket_that_is_passed_on_is_served() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    for round in 1..=2 {
        // The program becomes the server, in the same process.
        let Some(mut manager) = activated(directory.path(), port) else { return };
        let mut ann = first(port);
        ann.hello();
        ann.send(&json!({"type": "login", "nickname": "ann"}));
        assert_eq!(ann.expect("login")["success"], true);
        ann.send(&json!({"type": "join", "room": "#r"}));
        ann.expect("joined");
        ann.send(&json!({"type": "broadcast", "room": "#r", "id": format!("m{round}"), "msg": "here"}));
        assert_eq!(ann.expect("ack")["seq"], round);
        let status = Command::new("kill").args(["-TERM", &manager.0.id().to_string()]).status().unwrap();
        assert!(status.success());
        let said = ann.rest();
        assert!(said.iter().any(|event| event["code"] == "shutdown"), "{said:?}");
        assert!(manager.0.wait().unwrap().success());
    }
}
