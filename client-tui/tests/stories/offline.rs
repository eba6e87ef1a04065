//! Without a connection: what is written waits, can be taken back, and arrives once and in order.

use crate::terminal::{Server, client, data, wire::talk};

#[test]
fn what_is_written_offline_arrives_once_and_in_order() {
    let (mut server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let bob = client(&server, "bob", b.path(), 100, 24);
    let talk = talk();
    server.kill();
    alice.expect("OFFLINE");
    for text in &talk[..4] {
        alice.line(text);
    }
    let pending = |screen: &str, text: &str| screen.lines().any(|line| line.contains(text) && line.contains('…'));
    alice.expect_that("all are pending", |screen| talk[..4].iter().all(|text| pending(screen, text)));
    server.restart();
    bob.expect(talk[3]);
    alice.expect_that("all are stored", |screen| !talk[..4].iter().any(|text| pending(screen, text)));
    for person in [&alice, &bob] {
        let screen = person.screen();
        let places: Vec<_> = talk[..4].iter().map(|text| screen.find(text)).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{screen}");
        assert!(talk[..4].iter().all(|text| screen.matches(text).count() == 1), "{screen}");
    }
}

#[test]
fn what_was_never_written_can_be_taken_back() {
    let (mut server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let mut bob = client(&server, "bob", b.path(), 100, 24);
    let talk = talk();
    server.kill();
    alice.expect("OFFLINE");
    alice.line(talk[0]);
    alice.line(talk[1]);
    alice.expect(&format!("│ {}", talk[1]));
    alice.send("\x18z");
    alice.expect(&format!("› {}", talk[1]));
    alice.expect_gone(&format!("│ {}", talk[1]));
    server.restart();
    bob.expect(talk[0]);
    alice.send(" after all\r");
    bob.expect(&format!("{} after all", talk[1]));
    assert_eq!(bob.screen().matches(talk[1]).count(), 1);
    // What is stored stays.
    alice.expect(&format!("│ {} after all", talk[1]));
    bob.line(talk[2]);
    alice.expect(talk[2]);
    alice.send("\x18z");
    alice.expect("nothing to take back");
}

#[test]
fn offline_nothing_is_shown_as_known_and_the_seconds_count() {
    let (mut server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    server.kill();
    alice.expect("OFFLINE, reconnecting in ");
    alice.expect("online ?");
    alice.line("/rooms");
    alice.expect("not connected; try again once the link is up");
    alice.expect("› /rooms");
    server.restart();
    alice.expect("ONLINE");
    alice.expect("online 1");
}
