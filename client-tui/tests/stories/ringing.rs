//! Calling a person who looks elsewhere: bell, notifications, title; once for each message.

use crate::terminal::{
    Server, Terminal, client, data, wait_until,
    wire::{Guest, talk},
};

const BELL: &str = "\x07";
const AWAY: &str = "\x1b[O";

#[test]
fn a_mention_rings_and_plain_talk_does_not() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.send(AWAY);
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    assert_eq!(alice.count(BELL), 0);
    bob.say("alice: are you there?");
    alice.expect("alice: are you there?");
    alice.expect_count(BELL, 1);
    alice.expect_count("\x1b]2;(2) #lobby – Parlor\x1b\\", 1);
    // Nobody has asked for notifications.
    assert_eq!(alice.count("\x1b]9;") + alice.count("\x1b]777;"), 0);
    alice.send("\x1b[I");
    wait_until("what is read is out of the title", || alice.count("\x1b]2;#lobby – Parlor\x1b\\") == 2);
}

#[test]
fn direct_messages_ring_and_muted_people_do_not() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    alice.line("/mute bob");
    alice.expect("bob does not ring any more");
    alice.send(AWAY);
    bob.tell("alice", talk()[0]);
    alice.expect("@bob 1");
    assert_eq!(alice.count(BELL), 0);
    carol.tell("alice", talk()[1]);
    alice.expect("@carol 1");
    alice.expect_count(BELL, 1);
    alice.line("/mute bob");
    alice.expect("bob rings again");
}

#[test]
fn each_room_has_its_level() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.line("/notify none");
    alice.expect("#lobby: nothing rings");
    alice.send(AWAY);
    bob.say("alice: are you there?");
    alice.expect("alice: are you there?");
    assert_eq!(alice.count(BELL), 0);
    alice.line("/notify all");
    alice.expect("#lobby: every message rings");
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    alice.expect_count(BELL, 1);
    alice.line("/notify sometimes");
    alice.expect("/notify all, /notify mentions or /notify none");
    // It is kept.
    alice.signal("KILL");
    alice.wait();
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    alice.send("\x15/notify\r");
    alice.expect("#lobby: every message rings");
}

/// A client with both kinds of notifications and no bell.
fn notified(server: &Server, directory: &std::path::Path) -> Terminal {
    let config = directory.join("config.toml");
    std::fs::write(&config, "[notifications]\nbell = false\nosc9 = true\nosc777 = true\n").unwrap();
    let data = directory.to_str().unwrap();
    let arguments = [&*server.address, "--nick", "alice", "--data-dir", data, "--config", config.to_str().unwrap()];
    let alice = Terminal::start(&arguments, 110, 24);
    alice.expect("alice (you)");
    alice
}

#[test]
fn notifications_say_who_and_what() {
    let (server, a) = (Server::start(), data());
    let mut alice = notified(&server, a.path());
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.send(AWAY);
    bob.say("alice: a;b **c**");
    alice.expect("alice: a;b c");
    alice.expect_count("\x1b]9;bob (#lobby): alice: a,b **c**\x1b\\", 1);
    alice.expect_count("\x1b]777;notify;bob (#lobby);alice: a,b **c**\x1b\\", 1);
    assert_eq!(alice.count(BELL), 0);
    alice.line("/notify-test");
    alice.expect("rang by every way that is on");
    alice.expect_count("\x1b]777;notify;Parlor;This is how a message arrives.\x1b\\", 1);
}

#[test]
fn nothing_rings_twice() {
    let (mut server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    Guest::new(&server, "bob", "#lobby").say(talk()[0]);
    alice.send(AWAY);
    Guest::new(&server, "bob", "#lobby").say("alice: are you there?");
    alice.expect("alice: are you there?");
    alice.expect_count(BELL, 1);
    // The server ends, and is there again.
    server.kill();
    alice.expect("OFFLINE");
    server.restart();
    alice.expect("ONLINE");
    Guest::new(&server, "carol", "#lobby").say(talk()[1]);
    alice.expect(talk()[1]);
    assert_eq!(alice.count(BELL), 1);
    // The client ends, and is there again; nobody looks at it before it is.
    server.kill();
    alice.signal("KILL");
    alice.wait();
    let arguments = [&*server.address, "--nick", "alice", "--data-dir", a.path().to_str().unwrap()];
    let mut alice = Terminal::start(&arguments, 110, 24);
    alice.send(&format!("{AWAY}a draft"));
    alice.expect("› a draft");
    server.restart();
    alice.expect("ONLINE");
    Guest::new(&server, "carol", "#lobby").say(talk()[2]);
    alice.expect(talk()[2]);
    alice.expect("alice: are you there?");
    assert_eq!(alice.count(BELL), 0);
}

#[test]
fn what_came_while_the_client_was_away_rings_once() {
    let (mut server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    alice.send("\x11");
    alice.wait();
    Guest::new(&server, "bob", "#lobby").say("alice: are you there?");
    server.kill();
    let arguments = [&*server.address, "--nick", "alice", "--data-dir", a.path().to_str().unwrap()];
    let mut alice = Terminal::start(&arguments, 110, 24);
    alice.send(&format!("{AWAY}a draft"));
    alice.expect("› a draft");
    server.restart();
    alice.expect("alice: are you there?");
    alice.expect_count(BELL, 1);
    // Suspended, and resumed: what came meanwhile rings, what came before does not again.
    alice.send("\x1a");
    wait_until("the terminal is given back", || alice.is_restored());
    Guest::new(&server, "carol", "#lobby").say(talk()[0]);
    wait_until("it is taken again", || {
        alice.signal("CONT");
        alice.look(vt100::Screen::alternate_screen)
    });
    alice.expect(talk()[0]);
    assert_eq!(alice.count(BELL), 1);
}
