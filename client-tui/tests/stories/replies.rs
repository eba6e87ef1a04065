//! Replies: chosen with the keys, quoted from what was really said, and walked back to.

use crate::terminal::{
    Server, client, data,
    wire::{Guest, talk},
};

const CTRL_UP: &str = "\x1b[1;5A";

#[test]
fn a_reply_quotes_what_was_said() {
    let (server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = client(&server, "bob", b.path(), 110, 24);
    let talk = talk();
    bob.line(talk[0]);
    alice.expect(talk[0]);
    bob.line(talk[1]);
    alice.expect(talk[1]);
    alice.send(&format!("{CTRL_UP}{CTRL_UP}r"));
    alice.expect(&format!("reply to bob: {}", talk[0]));
    alice.line(talk[2]);
    for person in [&alice, &bob] {
        person.expect(&format!("┌ bob: {}", talk[0]));
        person.expect(talk[2]);
    }
    alice.expect_gone("reply to bob");
    // The next message is none.
    alice.line(talk[3]);
    bob.expect(talk[3]);
    assert_eq!(bob.screen().matches('┌').count(), 1);
}

#[test]
fn esc_makes_it_no_reply() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    alice.line("/reply");
    alice.expect(&format!("reply to bob: {}", talk()[0]));
    alice.send("half a thought");
    alice.send("\x1b");
    alice.expect_gone("reply to bob");
    alice.expect("› half a thought");
    alice.send(ENTER);
    let said = bob.answer(|said| said["msg"] == "half a thought");
    assert!(said["re"].is_null());
    alice.line(&format!("/reply {}", talk()[1]));
    let said = bob.answer(|said| said["msg"] == talk()[1]);
    assert_eq!(said["re"], 1);
}

const ENTER: &str = "\r";

#[test]
fn enter_on_a_reply_goes_to_what_it_replies_to() {
    let (server, a, e) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    let talk = talk();
    let seq = bob.say(talk[0]);
    carol.say_all(talk[1..100].iter().copied());
    carol.reply(seq, talk[100]);
    alice.expect(&format!("┌ bob: {}", talk[0]));
    assert!(!alice.screen().contains(talk[1]));
    alice.send(&format!("{CTRL_UP}{ENTER}"));
    alice.expect(talk[1]);
    alice.expect(&format!("bob ▌ {}", talk[0]));
    // Who comes later has the last fifty only: the quote is fetched, and going there, too.
    let mut erin = client(&server, "erin", e.path(), 110, 24);
    erin.expect(&format!("┌ bob: {}", talk[0]));
    erin.send(&format!("{CTRL_UP}{ENTER}"));
    erin.expect(&format!("bob ▌ {}", talk[0]));
    erin.expect(talk[1]);
    erin.send("\x1b\x1b");
    erin.expect(talk[100]);
}

#[test]
fn a_reply_in_a_direct_conversation_finds_its_message() {
    let (server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = client(&server, "bob", b.path(), 110, 24);
    // The two inboxes number their entries differently.
    let mut carol = Guest::new(&server, "carol", "#lobby");
    carol.tell("alice", talk()[3]);
    alice.expect("@carol 1");
    alice.line(&format!("@bob {}", talk()[0]));
    alice.expect("alice → bob");
    bob.expect("@alice 1");
    bob.send("\x0e");
    bob.expect("bob → alice");
    bob.expect(talk()[0]);
    bob.send(&format!("{CTRL_UP}r{}\r", talk()[1]));
    for person in [&alice, &bob] {
        person.expect(&format!("┌ alice: {}", talk()[0]));
        person.expect(talk()[1]);
    }
}
