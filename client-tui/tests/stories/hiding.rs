//! Taking somebody out of sight, and back.

use crate::terminal::{
    Server, client, data,
    wire::{Guest, talk},
};

#[test]
fn a_hidden_person_is_nowhere_and_comes_back() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 30);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    let talk = talk();
    let seq = bob.say(talk[0]);
    bob.say(talk[1]);
    carol.reply(seq, talk[2]);
    bob.say(talk[3]);
    alice.expect(talk[3]);
    alice.expect("● bob");
    alice.line("/hide bob");
    alice.expect("2 hidden");
    alice.expect("1 hidden");
    alice.expect("┌ a hidden message");
    alice.expect_gone("● bob");
    alice.expect_gone(talk[0]);
    assert!(!alice.screen().contains(talk[3]));
    alice.line("/hide");
    alice.expect("hidden: bob; /hide NICK brings them back");
    alice.send("\x11");
    alice.wait();
    // It is kept.
    let mut alice = client(&server, "alice", a.path(), 110, 30);
    alice.expect(talk[2]);
    alice.expect("2 hidden");
    assert!(!alice.screen().contains(talk[0]) && !alice.screen().contains("● bob"));
    alice.line("/hide bob");
    alice.expect(talk[0]);
    alice.expect(talk[3]);
    alice.expect("● bob");
    alice.expect(&format!("┌ bob: {}", talk[0]));
    alice.expect_gone("hidden");
}

#[test]
fn a_hidden_person_does_not_ring_and_stands_in_no_list() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 30);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    alice.line("/hide bob");
    alice.expect("bob is hidden");
    alice.send("\x1b[O");
    bob.tell("alice", "alice: psst");
    bob.say("alice: hello");
    carol.say(talk()[0]);
    alice.expect(talk()[0]);
    assert_eq!(alice.count("\x07"), 0);
    alice.line("/mentions");
    alice.escape("nobody has named you yet");
    alice.line("/search -a hello");
    alice.escape("nothing found");
    alice.line("/hide alice");
    alice.expect("you cannot hide yourself");
    alice.send("\x15/hide bob\r");
    alice.expect("bob is shown again");
    alice.line("/search -a hello");
    alice.expect("search everywhere – 1");
}

#[test]
fn a_hidden_person_does_not_come_by_direct_message_or_in_lists() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 30);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    alice.line("/hide bob");
    alice.expect("bob is hidden");
    alice.send("\x1b[O");
    bob.tell("alice", "alice: psst");
    bob.say("alice: hello");
    carol.say(talk()[0]);
    alice.expect(talk()[0]);
    assert_eq!(alice.count("\x07"), 0, "nor do they ring");
    assert!(!alice.screen().contains("@bob"), "{}", alice.screen());
    alice.line("/mentions");
    alice.escape("nobody has named you yet");
    alice.line("/search -a hello");
    alice.escape("nothing found");
    alice.line("/hide alice");
    alice.expect("you cannot hide yourself");
}
