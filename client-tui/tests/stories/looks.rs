//! How it looks: for copying, in other colours, at other sizes.

use crate::terminal::{
    Server, client, data, wait_until,
    wire::{Guest, talk},
};
use base64::{Engine, engine::general_purpose::STANDARD};

#[test]
fn a_bare_screen_has_text_alone() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 60, 24);
    let long = talk()[..4].join(", ");
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say(&long);
    alice.expect("online 2");
    alice.line("/bare");
    alice.expect_gone("online 2");
    alice.expect("bob:");
    // A row of the terminal is a row of text: nothing stands beside it.
    let rows: String = alice.screen().lines().map(|row| row.trim_end().to_owned() + " ").collect();
    assert!(rows.contains(&long), "{rows}");
    assert!(!alice.screen().contains('│') || alice.screen().lines().filter(|row| row.contains('│')).count() == 1);
    alice.expect("ONLINE");
    alice.send("still typed");
    alice.expect("› still typed");
    alice.send("\x1b");
    alice.expect("online 2");
}

#[test]
fn a_copied_message_is_the_whole_of_it() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 60, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let long = format!("{} 看到昨天的日志了吗", talk()[..6].join(", "));
    bob.say(&long);
    bob.say(talk()[7]);
    alice.expect(talk()[7]);
    let copied = |text: &str| format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text));
    alice.line("/copy");
    alice.expect("the terminal was asked to copy it");
    alice.expect_count(&copied(talk()[7]), 1);
    // Selected, and c: without the rows that it was wrapped into.
    alice.send("\x1b[1;5A\x1b[1;5Ac");
    alice.expect_count(&copied(&long), 1);
}

#[test]
fn themes_change_while_one_looks() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 120, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    let colour = |text: &str| alice.cell(text).unwrap().fgcolor();
    assert_ne!(colour("bob │"), vt100::Color::Default);
    alice.line("/theme");
    alice.expect("this is default; there are default, contrast, mono, okabe-ito, solarized");
    alice.line("/theme mono");
    let mono = || alice.cell("bob │").is_some_and(|cell| cell.fgcolor() == vt100::Color::Default);
    wait_until("no colours", mono);
    alice.line("/theme mnoo");
    alice.expect("there is no theme \"mnoo\"; did you mean \"mono\"?");
}

#[test]
fn ctrl_l_draws_everything_anew() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    alice.send("half a thought");
    alice.expect("› half a thought");
    // Cells that were never written and spaces look the same.
    let seen = |screen: &str| screen.lines().map(|row| row.trim_end().to_owned()).collect::<Vec<_>>();
    let before = seen(&alice.screen());
    let (clears, written) = (alice.count("\x1b[2J"), alice.count("thought"));
    alice.send("\x0c");
    wait_until("it is cleared", || alice.count("\x1b[2J") == clears + 1);
    wait_until("it is written again", || alice.count("thought") == written + 1);
    alice.expect_that("the same screen", |screen| seen(screen) == before);
}

#[test]
fn a_storm_of_sizes_loses_neither_text_nor_place() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 30);
    let talk = talk();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say_all(talk[..90].iter().copied());
    alice.expect(talk[89]);
    alice.send("\x1b[5~");
    alice.expect_gone(talk[70]);
    let top = |screen: &str| talk.iter().position(|text| screen.lines().nth(2).is_some_and(|row| row.contains(text)));
    let before = top(&alice.screen()).unwrap();
    for n in 0..40_u16 {
        alice.resize(20 + n * 37 % 130, 6 + n * 13 % 40);
        bob.say(talk[90 + usize::from(n)]);
    }
    alice.resize(100, 30);
    alice.expect("↓ 40 new");
    alice.expect_that("the same message at the top", |screen| top(screen) == Some(before));
    alice.send("\x1b");
    alice.expect(talk[129]);
}

#[test]
fn a_long_paste_is_asked_about_and_is_one_message() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 30);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let text = talk()[..9].join("\n");
    alice.send(&format!("\x1b[200~{}\x1b[201~", text.replace('\n', "\r")));
    alice.expect("Paste 9 lines?");
    alice.send("\r");
    alice.expect_gone("Paste 9 lines?");
    alice.expect(talk()[8]);
    // Six rows of it are seen; nothing is sent.
    alice.expect_gone(talk()[2]);
    assert!(alice.screen().contains(talk()[3]));
    alice.send("\r");
    bob.answer(|said| said["msg"] == text.as_str());
    alice.expect(&format!("│ {}", talk()[0]));
}
