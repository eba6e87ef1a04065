//! The admin socket: who may open it, and what happens to orders that are none.

use crate::common::{DEADLINE, Server};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn socket(directory: &Path) -> PathBuf {
    directory.join("admin.sock")
}

struct Door(BufReader<UnixStream>);

impl Door {
    fn open(server: &Server) -> Self {
        let stream = UnixStream::connect(socket(&server.directory)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, line: &[u8]) {
        self.0.get_mut().write_all(line).unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }
}

fn run(server: &Server, order: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
    command.args(order).arg("--data-dir").arg(&server.directory).arg("--config").arg("/dev/null");
    command.output().unwrap()
}

fn said(server: &Server, order: &[&str]) -> String {
    let output = run(server, order);
    assert!(output.status.success(), "{order:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(server: &Server, order: &[&str]) -> String {
    let output = run(server, order);
    assert!(!output.status.success(), "{order:?} is done");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked") && !said.trim().is_empty(), "{said}");
    said
}

#[test]
fn only_its_owner_opens_the_door() {
    let mut server = Server::start();
    let file = fs::metadata(socket(&server.directory)).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    // What a killed server leaves behind is in nobody's way.
    let directory = server.directory.clone();
    server.kill();
    assert!(socket(&directory).exists());
    let again = Server::start_in(&directory, "127.0.0.1:0", "");
    said(&again, &["status"]);
}

#[test]
fn a_data_directory_with_a_long_path_has_a_door_all_the_same() {
    let temporary = tempfile::tempdir().unwrap();
    let long = temporary.path().join("x".repeat(120)).join("y".repeat(120));
    fs::create_dir_all(&long).unwrap();
    let server = Server::start_in(&long, "127.0.0.1:0", "");
    assert!(said(&server, &["status"]).contains("0 people"));
}

#[test]
fn orders_that_are_none_are_answered_with_an_error() {
    let server = Server::start();
    let mut door = Door::open(&server);
    for order in [
        "",
        "nonsense",
        "{}",
        "[]",
        "null",
        "\"status\"",
        "{\"do\":\"nothing\"}",
        "{\"do\":\"grant\"}",
        "{\"do\":\"grant\",\"who\":7}",
        "{\"do\":\"alert\",\"level\":-1}",
        "{\"do\":\"release\",\"nickname\":\"ann\",\"more\":1}",
        "{\"do\":\"kick\",\"who\":\"nobody\",\"reason\":\"\"}",
        "{\"do\":\"ban\",\"who\":\"not a name!\",\"reason\":\"\"}",
        "{\"do\":\"release\",\"nickname\":\"nobody\"}",
        "{\"do\":\"erase\",\"nickname\":\"nobody\"}",
        "{\"do\":\"invite\",\"token\":\"not base64!\",\"room\":\"no room\",\"note\":\"\"}",
    ] {
        door.say(format!("{order}\n").as_bytes());
        let answer = door.answer();
        assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{order}: {answer}");
    }
    // The same door goes on, and so does the server.
    door.say(b"{\"do\":\"status\"}\n");
    let answer = door.answer();
    assert_eq!(answer["status"]["connections"], 0, "{answer}");
    server.guest("ann");
}

#[test]
fn endless_orders_and_silent_doors_harm_nobody() {
    let server = Server::start();
    let _silent: Vec<Door> = (0..50).map(|_| Door::open(&server)).collect();
    let mut endless = Door::open(&server);
    for _ in 0..64 {
        if endless.0.get_mut().write_all(&vec![b'x'; 16 << 10]).is_err() {
            break;
        }
    }
    let mut bytes = Door::open(&server);
    bytes.say(&[0xff, 0xfe, b'\n']);
    bytes.answer();
    said(&server, &["status"]);
    server.guest("ann");
}

#[test]
fn status_says_how_it_is_to_people_and_to_programs() {
    let server = Server::start();
    let _ann = server.member("ann", "#r");
    let text = said(&server, &["status"]);
    for word in ["1 connections", "0 with TLS", "1 people", "1 rooms", "alert: calm"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let status: Value = serde_json::from_str(&said(&server, &["status", "--json"])).unwrap();
    assert_eq!((&status["connections"], &status["tls"], &status["people"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    said(&server, &["admin", "alert", "no-new-names"]);
    assert!(said(&server, &["status"]).contains("alert: no new names"));
}

#[test]
fn without_a_server_an_order_says_what_is_missing() {
    let mut server = Server::start();
    refused(&server, &["admin", "kick", "nobody"]);
    refused(&server, &["admin", "grant", "nobody"]);
    refused(&server, &["admin", "ban", "ann", "--for", "soon"]);
    server.kill();
    let said = refused(&server, &["status"]);
    assert!(said.contains("is it running") && said.contains(&server.directory.display().to_string()), "{said}");
    let output = Command::new(env!("CARGO_BIN_EXE_parlor-server"))
        .args(["status", "--data-dir", "/nowhere/at/all", "--config", "/dev/null"])
        .output()
        .unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("/nowhere/at/all"));
}
