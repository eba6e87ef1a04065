//! What was said before: scrolled back to, from the server and from the disk, over gaps.

use crate::terminal::{
    Server, Terminal, client, data, wait_until,
    wire::{Guest, talk},
};
use std::collections::BTreeSet;

const PAGE_UP: &str = "\x1b[5~";

/// Numbered lines of real talk, as many as are wanted.
fn lines(count: usize) -> Vec<String> {
    let talk = talk();
    (0..count).map(|n| format!("[{n}] {}", talk[n % talk.len()])).collect()
}

/// Scrolls up until a text is on the screen; gives which lines were seen on the way.
fn scroll_up_to(terminal: &mut Terminal, text: &str, lines: &[String]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    loop {
        let screen = terminal.screen();
        seen.extend((0..lines.len()).filter(|n| screen.contains(&lines[*n])));
        if screen.contains(text) {
            return seen;
        }
        terminal.send(PAGE_UP);
        // The top row tells that the key was taken: a count in a tab may change by itself. A page that is on its way comes
        // first: the next key must not be ahead of it.
        let top = |screen: &str| screen.lines().nth(2).map(ToOwned::to_owned);
        let is_next = |now: &str| top(now) != top(&screen) && !now.contains("fetching older messages");
        terminal.expect_that("older messages", is_next);
    }
}

/// Alice, back in the lobby: she has read 20 lines, and was away for the others.
fn back_after(server: &Server, directory: &std::path::Path, lines: &[String]) -> Terminal {
    let mut alice = client(server, "alice", directory, 100, 24);
    let mut bob = Guest::new(server, "bob", "#lobby");
    bob.say_all(lines[..20].iter().map(String::as_str));
    alice.expect(&lines[19]);
    alice.expect("#lobby 20");
    alice.expect_gone("#lobby 20");
    alice.send("\x11");
    alice.wait();
    bob.say_all(lines[20..].iter().map(String::as_str));
    client(server, "alice", directory, 100, 24)
}

#[test]
fn a_gap_is_a_row_that_enter_fills() {
    let (server, a) = (Server::start(), data());
    let lines = lines(1_150);
    let mut alice = back_after(&server, a.path(), &lines);
    alice.expect("new ─");
    alice.send("\x1b[F");
    alice.expect(&lines[1_149]);
    scroll_up_to(&mut alice, "1080 messages are not here – Enter on an empty line fetches them", &lines);
    alice.send("\r");
    alice.expect("─ 980 messages are not here");
    // The text under the reader's eyes stays where it was while it is filled from its newer end.
    alice.expect(&lines[19]);
    for left in (0..10).map(|n| 880 - 100 * n).filter(|left| *left > 0) {
        alice.send("\r");
        alice.expect(&format!("─ {left} messages are not here"));
    }
    alice.send("\r");
    alice.expect_gone("messages are not here");
    alice.expect(&lines[20]);
}

#[test]
fn new_messages_do_not_move_what_is_being_read() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let lines = lines(120);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say_all(lines[..80].iter().map(String::as_str));
    alice.expect(&lines[79]);
    alice.send(PAGE_UP);
    alice.expect_gone(&lines[79]);
    let row = |alice: &Terminal| alice.find("[50] ").map(|(_, row)| row);
    alice.expect("[50] ");
    let before = row(&alice);
    bob.say_all(lines[80..].iter().map(String::as_str));
    alice.expect("↓ 40 new");
    assert_eq!(row(&alice), before);
    // An empty input gives End to the log.
    alice.send("\x1b[F");
    alice.expect(&lines[119]);
}

#[test]
fn everything_is_there_up_to_the_beginning() {
    let (server, a) = (Server::start(), data());
    let lines = lines(400);
    Guest::new(&server, "bob", "#lobby").say_all(lines.iter().map(String::as_str));
    let mut alice = client(&server, "alice", a.path(), 100, 50);
    alice.expect(&lines[399]);
    let seen = scroll_up_to(&mut alice, "#lobby begins here", &lines);
    assert_eq!(seen.len(), 400, "{seen:?}");
    // What was fetched stays: Esc goes back to the end.
    alice.send("\x1b");
    alice.expect(&lines[399]);
}

#[test]
fn without_a_connection_the_disk_has_what_was_said() {
    let (mut server, a) = (Server::start(), data());
    let lines = lines(400);
    let alice = client(&server, "alice", a.path(), 100, 50);
    Guest::new(&server, "bob", "#lobby").say_all(lines.iter().map(String::as_str));
    alice.expect(&lines[399]);
    let store = rusqlite::Connection::open(a.path().join("client.sqlite3")).unwrap();
    let count = || store.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0)).unwrap_or(0);
    wait_until("everything is on disk", || count() == 400);
    server.kill();
    drop(alice);
    let arguments = [&*server.address, "--nick", "alice", "--data-dir", a.path().to_str().unwrap()];
    let mut alice = Terminal::start(&arguments, 100, 50);
    alice.expect("OFFLINE");
    alice.expect(" new ─");
    alice.send("\x1b[F");
    alice.expect(&lines[399]);
    let seen = scroll_up_to(&mut alice, &lines[0], &lines);
    assert_eq!(seen.len(), 400, "{seen:?}");
}

#[test]
fn what_a_gap_leaves_out_is_unread() {
    let (server, a) = (Server::start(), data());
    let lines = lines(1_150);
    let alice = back_after(&server, a.path(), &lines);
    alice.expect("#lobby 1130");
    alice.expect("1130 new");
}

#[test]
fn a_room_opens_where_the_unread_begins() {
    let (server, a) = (Server::start(), data());
    let lines = lines(80);
    let mut alice = back_after(&server, a.path(), &lines);
    alice.expect("60 new");
    alice.expect(&lines[20]);
    assert!(!alice.screen().contains(&lines[79]));
    alice.expect("#lobby 60");
    // Read is what was looked at to its end.
    alice.send("\x1b[F");
    alice.expect(&lines[79]);
    alice.expect_gone("#lobby 60");
}

#[test]
fn a_command_right_behind_esc_is_no_message() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.send("\x1b/quiet please\r");
    alice.expect("quiet please");
    bob.say(talk()[0]);
    assert!(!alice.screen().contains("│ quiet please"), "{}", alice.screen());
}
