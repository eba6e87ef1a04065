//! Without a screen: one line an event and a plain prompt, for screen readers and simple terminals.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use terminal::{
    Server, Terminal, data, wait_until,
    wire::{Guest, hostile_server, talk},
};

const CTRL_D: &str = "\x04";

/// A plain client in a terminal: by an argument or by its environment.
fn plain(server: &str, data: &Path, argument: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let arguments = [&[server, "--nick", "alice", "--data-dir", data.to_str().unwrap()], argument].concat();
    let alice = Terminal::start_with(&arguments, 100, 40, environment);
    alice.expect("* ONLINE");
    alice
}

/// The terminal was sent lines, and the bell at most.
fn assert_plain(terminal: &Terminal) {
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw);
    let is_fine = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t' | '\u{7}' | '\u{8}');
    assert!(text.chars().all(is_fine), "{text:?}");
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{text:?}");
}

#[test]
fn messages_are_lines_and_typing_sends() {
    let (server, a) = (Server::start(), data());
    let mut alice = plain(&server.address, a.path(), &["--plain"], &[]);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.expect("→ bob joined");
    bob.say(talk()[0]);
    alice.expect(&format!(" bob: {}", talk()[0]));
    alice.line("看到昨天的日志了吗");
    bob.answer(|said| said["msg"] == "看到昨天的日志了吗");
    alice.expect(" alice: 看到昨天的日志了吗");
    alice.line("/ls");
    alice.expect("online 2: alice, bob");
    alice.line("/help");
    alice.expect("/ls : who is online");
    alice.expect("/i [TIME]: ignore mode on, off, or on for a while: /i 25m");
    alice.line("/i");
    alice.expect("IGNORE ON");
    bob.say(talk()[1]);
    bob.tell("alice", talk()[2]);
    alice.expect_that("a direct message", |screen| {
        screen.lines().any(|line| line.starts_with("@bob ") && line.ends_with(&format!(" bob: {}", talk()[2])))
    });
    assert!(!alice.screen().contains(talk()[1]));
    alice.line("/i");
    alice.expect(talk()[1]);
    alice.line(&format!("@bob {}", talk()[3]));
    bob.answer(|said| said["room"] == "@" && said["msg"] == talk()[3]);
    alice.line("/quti");
    alice.expect("did you mean /quit?");
    alice.send(CTRL_D);
    assert_eq!(alice.wait(), 0);
    assert_plain(&alice);
}

#[test]
fn the_environment_asks_for_it_too() {
    for environment in [[("ACCESSIBLE", "1")], [("TERM", "dumb")]] {
        let (server, a) = (Server::start(), data());
        let mut alice = plain(&server.address, a.path(), &[], &environment);
        Guest::new(&server, "bob", "#lobby").say(talk()[0]);
        alice.expect(&format!(" bob: {}", talk()[0]));
        alice.line("/quit");
        assert_eq!(alice.wait(), 0, "{environment:?}");
        assert_plain(&alice);
    }
}

#[test]
fn nothing_hostile_comes_through() {
    let (address, a) = (hostile_server(), data());
    let mut alice = plain(&address, a.path(), &["--plain"], &[]);
    alice.expect("evil");
    for command in ["/rooms", "/ls", "/topic", "/mentions", "/search x"] {
        let before = alice.raw().len();
        alice.line(command);
        wait_until(command, || alice.raw()[before..].windows(4).filter(|part| part == b"evil").count() > 0);
    }
    alice.send(CTRL_D);
    assert_eq!(alice.wait(), 0);
    assert_plain(&alice);
}

#[test]
fn a_pipe_is_enough() {
    let (server, a) = (Server::start(), data());
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let mut child = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args([&*server.address, "--plain", "--nick", "alice", "--data-dir"])
        .arg(a.path())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", talk()[0]).unwrap();
    bob.answer(|said| said["msg"] == talk()[0]);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("* ONLINE") && !said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn an_outage_is_told_and_over_again() {
    let (mut server, a) = (Server::start(), data());
    let mut alice = plain(&server.address, a.path(), &["--plain"], &[]);
    server.kill();
    alice.expect("* the server closed the connection");
    alice.line(talk()[0]);
    server.restart();
    alice.expect_that("a link again", |screen| screen.matches("* ONLINE").count() == 2);
    alice.expect(&format!(" alice: {}", talk()[0]));
    assert_plain(&alice);
}

#[test]
fn a_direct_message_rings() {
    let (server, a) = (Server::start(), data());
    let alice = plain(&server.address, a.path(), &["--plain"], &[]);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    assert_eq!(alice.count("\x07"), 0);
    bob.tell("alice", talk()[1]);
    alice.expect(&format!(" bob: {}", talk()[1]));
    alice.expect_count("\x07", 1);
}

#[test]
fn a_refusal_is_told() {
    let (server, a) = (Server::start(), data());
    let mut alice = plain(&server.address, a.path(), &["--plain"], &[]);
    alice.line(&format!("@nobody {}", talk()[0]));
    alice.expect("not sent: nobody of that name is online or has claimed it");
}
