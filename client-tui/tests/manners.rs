//! Manners towards the terminal: whatever happens, it is given back as it was.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use std::{
    process::{Command, Stdio},
    time::Duration,
};
use terminal::{Server, Terminal, client, data, wait_until};

#[test]
fn quitting_restores_the_terminal() {
    let (server, a) = (Server::start(), data());
    for keys in ["/quit\r", "\x03\x03", "\x04", "\x11"] {
        let mut alice = client(&server, "alice", a.path(), 80, 24);
        alice.look(|screen| assert!(screen.alternate_screen() && screen.bracketed_paste()));
        assert!(alice.modes().contains(&"2031".to_owned()), "{:?}", alice.modes());
        alice.send(keys);
        assert_eq!(alice.wait(), 0, "{keys:?}");
        wait_until("the terminal is restored", || alice.is_restored() && alice.modes().is_empty());
        let raw = alice.raw();
        for off in [&b"\x1b[?2031l"[..], b"\x1b[?1000l", b"\x1b[?1006l", b"\x1b[23;2t"] {
            assert!(raw.windows(off.len()).any(|window| window == off), "{}", off.escape_ascii());
        }
    }
}

#[test]
fn signals_restore_the_terminal() {
    let (server, a) = (Server::start(), data());
    for signal in ["TERM", "HUP", "INT"] {
        let mut alice = client(&server, "alice", a.path(), 80, 24);
        alice.signal(signal);
        assert_eq!(alice.wait(), 0, "{signal}");
        wait_until("the terminal is restored", || alice.is_restored() && alice.modes().is_empty());
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.send("half a thought\x1a");
    wait_until("the terminal is restored", || alice.is_restored());
    wait_until("it is taken again", || {
        // Between giving the terminal back and stopping there is a moment in which this goes unheard.
        alice.signal("CONT");
        alice.look(vt100::Screen::alternate_screen)
    });
    alice.expect("› half a thought");
    alice.expect("ONLINE");
}

#[test]
fn it_ends_when_the_terminal_goes_away() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.hang_up();
    alice.wait();
}

#[test]
fn it_ends_when_the_terminal_goes_away_without_a_signal() {
    let (server, a) = (Server::start(), data());
    let arguments = [server.address.as_str(), "--nick", "alice", "--data-dir", a.path().to_str().unwrap()];
    let mut alice = Terminal::start_loose(&arguments, 80, 24);
    alice.expect("ONLINE");
    alice.hang_up();
    alice.wait();
}

#[test]
fn replies_of_the_terminal_are_never_typed() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    let question = b"\x1b]11;?\x1b\\";
    assert_eq!(alice.raw().windows(question.len()).filter(|window| window == question).count(), 1, "asked once");
    for reply in ["\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b[?997;1n"] {
        for at in 1..reply.len() {
            alice.send(&reply[..at]);
            // Late enough for the beginning to be given up.
            std::thread::sleep(Duration::from_millis(if at % 2 == 0 { 0 } else { 60 }));
            alice.send(&reply[at..]);
        }
    }
    alice.send("done");
    alice.expect("› done");
    alice.look(|screen| assert!(!screen.contents().contains("rgb") && !screen.contents().contains("997")));
}

#[test]
fn esc_alone_is_a_key() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    // F1 opens the help; Esc closes it, though nothing follows it.
    alice.send("\x1bOP");
    alice.expect("/ls");
    alice.send("\x1b");
    alice.expect_gone("/ls");
    alice.send("typed");
    alice.expect("› typed");
}

#[test]
fn frames_are_whole_and_hostile_bytes_never_reach_the_terminal() {
    let (server, a, b) = (Server::start(), data(), data());
    let alice = client(&server, "alice", a.path(), 80, 24);
    let hostile = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil\u{2066}\u{200b}";
    let sent = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(["send", &server.address, "#lobby", hostile, "--nick", "mallory", "--data-dir"])
        .arg(b.path())
        .status()
        .unwrap();
    assert!(sent.success());
    alice.expect("x[2J]0;owned31mevil");
    let raw = alice.raw();
    let count = |part: &[u8]| raw.windows(part.len()).filter(|window| *window == part).count();
    assert_eq!(count(b"\x1b[?2026h"), count(b"\x1b[?2026l"));
    let text = String::from_utf8_lossy(&raw);
    for part in ["\u{1b}]0;", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{7}"] {
        assert!(!text.contains(part), "{part:?}");
    }
    assert!(count(b"\x1b[2J") <= 1, "only its own start clears the screen");
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let output = Command::new(env!("CARGO_BIN_EXE_parlor")).arg("127.0.0.1").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("parlor send") && said.contains("parlor tail"), "{said}");
}

#[test]
fn the_first_run_asks_and_checks() {
    let (server, a) = (Server::start(), data());
    let mut alice = Terminal::start(&["--data-dir", a.path().to_str().unwrap()], 80, 24);
    alice.expect("nickname");
    alice.expect("tester");
    assert!(!a.path().join("client.sqlite3").exists(), "nothing but the key is written before it has connected");
    // Port 1 takes no connection: the failing step is named.
    alice.send("\x15127.0.0.1:1\t\x15alice\r");
    alice.expect("did not take the connection");
    alice.send(&format!("\x1b[A\x15{}\r", server.address));
    alice.expect("ONLINE");
    alice.expect("alice (you)");
    alice.send("\x11");
    alice.wait();
    // The second run needs no form.
    let again = Terminal::start(&["--data-dir", a.path().to_str().unwrap()], 80, 24);
    again.expect("alice (you)");
}

#[test]
fn a_claimed_nickname_is_refused_in_words_and_another_one_is_taken() {
    let (server, a, b) = (Server::start(), data(), data());
    let _alice = client(&server, "alice", a.path(), 80, 24);
    let arguments = [server.address.as_str(), "--nick", "alice", "--data-dir", b.path().to_str().unwrap()];
    let mut other = Terminal::start(&arguments, 80, 24);
    other.expect("belongs to somebody");
    other.send("\x15bob\r");
    other.expect("bob (you)");
}

#[test]
fn chinese_people_see_chinese() {
    let (server, a) = (Server::start(), data());
    let arguments = [server.address.as_str(), "--nick", "小明", "--data-dir", a.path().to_str().unwrap()];
    let mut ming = Terminal::start_with(&arguments, 80, 24, &[("LC_ALL", "zh_CN.UTF-8")]);
    ming.expect("在线");
    ming.expect("小明 (我)");
    ming.send("\x07");
    ming.expect("屏蔽");
}

#[test]
fn hosting_is_one_command_and_says_when_it_cannot() {
    let (a, b) = (data(), data());
    let mut alice = Terminal::start(
        &["--host", "127.0.0.1:0", "--nick", "alice", "--data-dir", a.path().to_str().unwrap()],
        80,
        24,
    );
    alice.expect("alice (you)");
    let mut second =
        Terminal::start(&["--host", "127.0.0.1:0", "--nick", "bob", "--data-dir", a.path().to_str().unwrap()], 80, 24);
    assert_ne!(second.wait(), 0);
    second.expect("is in use by process");
    let server = Server::start();
    let host = ["--host", server.address.as_str(), "--nick", "bob", "--data-dir", b.path().to_str().unwrap()];
    let mut third = Terminal::start(&host, 100, 24);
    assert_ne!(third.wait(), 0);
    third.expect("is in use");
    alice.send("\x03\x03");
    assert_eq!(alice.wait(), 0);
}
