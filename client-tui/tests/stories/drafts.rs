//! What is being typed is never lost.

use crate::terminal::{
    Server, Terminal, client, data, wait_until,
    wire::{Guest, talk},
};
use std::path::Path;

const CTRL_N: &str = "\x0e";
const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";

/// Waits until the store on disk has what a question counts.
fn stored(directory: &Path, sql: &str, count: i64) {
    let store = rusqlite::Connection::open(directory.join("client.sqlite3")).unwrap();
    wait_until(sql, || store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap_or(-1) == count);
}

#[test]
fn drafts_of_each_room_survive_a_crash() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    alice.line("/join #ubuntu");
    alice.expect_that("the other room", |screen| screen.contains("#ubuntu") && screen.contains("alice (you)"));
    alice.send("看到昨天的日志了");
    alice.expect("› 看到昨天的日志了");
    alice.send(CTRL_N);
    alice.expect_gone("› 看到昨天的日志了");
    alice.send("two rows\nof text\x1b[D\x1b[D\x1b[D\x1b[D");
    alice.expect("of text");
    stored(a.path(), "SELECT count(*) FROM draft WHERE length(text) > 0", 2);
    stored(a.path(), "SELECT count(*) FROM draft WHERE cursor = 12", 1);
    alice.signal("KILL");
    alice.wait();
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    alice.expect("› two rows");
    // The caret is where it was.
    alice.send("new ");
    alice.expect("of new text");
    alice.send(CTRL_N);
    alice.expect("› 看到昨天的日志了");
}

#[test]
fn a_draft_that_replies_still_replies_after_a_crash() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    alice.send("\x18rhalf a thought");
    alice.expect("› half a thought");
    alice.expect("reply to bob");
    stored(a.path(), "SELECT count(*) FROM draft WHERE re = 1 AND text = 'half a thought'", 1);
    alice.signal("KILL");
    alice.wait();
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    alice.expect("reply to bob");
    alice.send("\r");
    assert_eq!(bob.answer(|said| said["msg"] == "half a thought")["re"], 1);
}

#[test]
fn lines_typed_before_come_back_in_the_next_run() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let talk = talk();
    for text in &talk[..3] {
        alice.line(text);
        alice.expect_that(text, |screen| screen.contains(&format!("│ {text}")) && !screen.contains('…'));
    }
    alice.send("\x11");
    alice.wait();
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let shows = |alice: &Terminal, text: &str| alice.expect(&format!("alice › {text}"));
    alice.send(&format!("half{UP}"));
    shows(&alice, talk[2]);
    alice.send(UP);
    shows(&alice, talk[1]);
    alice.send(&format!("{DOWN}{DOWN}"));
    shows(&alice, "half");
    // Ctrl-R finds one by a part of it; Esc gives back what was being typed, Enter says it.
    let part: String = talk[0].chars().skip(3).take(5).collect();
    alice.send(&format!("\x12{part}"));
    alice.expect(&format!("search “{part}” › {}", talk[0]));
    alice.send("\x1b");
    shows(&alice, "half");
    alice.send(&format!("\x12{part}\r"));
    alice.expect_that("said twice", |screen| screen.matches(&format!("│ {}", talk[0])).count() == 2);
}

#[test]
fn a_change_can_be_taken_back() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    alice.send("one two\x15");
    alice.expect_gone("one two");
    alice.send("\x1f");
    alice.expect("› one two");
    // Up and Down move between the rows of a draft before they walk the history.
    alice.send("\x0ain the second row");
    alice.expect("in the second row");
    alice.send(&format!("{UP}\x05 three"));
    alice.expect("› one two three");
}

#[test]
fn a_completion_takes_no_enter() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.expect("● bob");
    // One that is chosen stands in the line; Enter sends the line as it is.
    alice.send("thanks @b\t");
    alice.expect("› thanks @bob");
    alice.send("\r");
    let said = bob.answer(|said| said["type"] == "message" && said["from"] == "alice");
    assert_eq!(said["msg"].as_str().unwrap().trim_end(), "thanks @bob");
    alice.send("/no\t");
    alice.expect("› /notify");
    alice.send("\t");
    alice.expect("› /notify-test");
    alice.send("\x1b");
    alice.expect_that("as it was typed", |screen| screen.lines().any(|row| row.trim_end().ends_with("› /no")));
    alice.send("\x15");
    // A letter that is typed while the user list has the keys goes to the input.
    alice.send("\x0f");
    alice.expect("online 2: alice, bob");
    alice.send("typed");
    alice.expect("› typed");
}
