//! Whoever starts a server where one is already running is told so; the one that runs notices nothing.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{DEADLINE, Server};
use serde_json::json;
use std::{
    path::Path,
    process::{Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Starts a server that is to refuse.
fn refused(directory: &Path, listen: &str) -> Output {
    let mut command = common::command(directory, listen);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + DEADLINE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("it has started");
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn a_second_server_over_the_same_directory_is_refused_in_words() {
    let mut first = Server::start();
    let mut ann = first.member("ann", "#r");
    for n in 1..=5 {
        let output = refused(&first.directory, "127.0.0.1:0");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code().is_some_and(|code| code != 0), "{}", output.status);
        assert!(output.stdout.is_empty(), "it never said that it listens");
        let (directory, pid) = (first.directory.display().to_string(), first.pid().to_string());
        for word in ["in use", &directory, &pid, "--data-dir"] {
            assert!(said.contains(word), "{word} in {said}");
        }
        assert!(said.lines().count() == 1 && !said.contains("panicked"), "{said}");
        ann.send(&json!({"type": "broadcast", "room": "#r", "id": format!("m{n}"), "msg": "still here"}));
        assert_eq!(ann.expect("ack")["seq"], n);
    }
    // Nor is there room for a second one while the first stands still; there is once it is dead.
    first.signal("-STOP");
    assert!(!refused(&first.directory, "127.0.0.1:0").status.success());
    first.signal("-CONT");
    ann.send(&json!({"type": "broadcast", "room": "#r", "id": "m6", "msg": "still here"}));
    assert_eq!(ann.expect("ack")["seq"], 6);
    first.kill();
    let second = Server::start_in(&first.directory, "127.0.0.1:0", "");
    let mut ann = second.member("ann", "#r");
    ann.send(&json!({"type": "history", "room": "#r"}));
    assert_eq!(ann.expect("history")["entries"].as_array().unwrap().len(), 6);
}

#[test]
fn a_second_server_at_the_same_port_is_refused_in_words() {
    let first = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let output = refused(directory.path(), &first.address.to_string());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "{}", output.status);
    for word in ["in use", &first.address.to_string(), "--listen"] {
        assert!(said.contains(word), "{word} in {said}");
    }
    first.member("ann", "#r");
}
