//! Ignore mode: on for a while, what it holds back, and how one comes back to it.

use crate::terminal::{
    Server, client, data,
    wire::{Guest, talk},
};

const ENTER: &str = "\r";
const CTRL_G: &str = "\x07";

#[test]
fn a_while_of_ignore_mode_says_until_when_and_counts_live() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    assert!(!alice.cell("normal").unwrap().inverse(), "off, the badge is quiet");
    alice.line("/i 25m");
    alice.expect("IGNORE ON until ");
    alice.expect("alice");
    assert!(alice.cell("IGNORE ON").unwrap().inverse(), "on, the badge is loud");
    bob.say(talk()[0]);
    alice.expect("1 held – Ctrl-G to show");
    carol.say(talk()[1]);
    alice.expect("2 held – Ctrl-G to show");
    assert!(!alice.screen().contains(talk()[0]) && !alice.screen().contains(talk()[1]));
    // Direct messages do come.
    carol.tell("alice", talk()[2]);
    alice.expect("@carol 1");
    alice.send(CTRL_G);
    alice.expect_gone("IGNORE ON");
    alice.expect(talk()[0]);
    alice.expect(talk()[1]);
    alice.expect("2 new");
    alice.expect("2 held: bob 1, carol 1 – Enter reads them, Esc skips");
    alice.send(ENTER);
    alice.expect_gone("Esc skips");
}

#[test]
fn talking_to_a_room_meanwhile_is_refused_in_words() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.line("/i soon");
    alice.expect("how long? /i 25m");
    alice.expect("› /i soon");
    alice.send("\x15/i until 23:59\r");
    alice.expect("IGNORE ON until 23:59");
    alice.line(talk()[0]);
    alice.expect("Ctrl-G ends it, your text stays");
    alice.expect(&format!("› {}", talk()[0]));
    // To a person one may talk.
    alice.send(&format!("\x15@bob {}\r", talk()[1]));
    bob.answer(|said| said["type"] == "message" && said["room"] == "@");
    alice.expect("alice → bob");
}

#[test]
fn enter_reads_what_was_held_from_where_it_began() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let (mut bob, mut carol) = (Guest::new(&server, "bob", "#lobby"), Guest::new(&server, "carol", "#lobby"));
    let talk = talk();
    bob.say_all(talk[..30].iter().copied());
    alice.expect(talk[29]);
    alice.send(CTRL_G);
    alice.expect("IGNORE ON");
    bob.say_all(talk[30..70].iter().copied());
    carol.say_all(talk[70..90].iter().copied());
    carol.say("alice: are you there");
    alice.expect("61 held");
    alice.send(CTRL_G);
    alice.expect("61 held, 1 name you: bob 40, carol 21 – Enter reads them, Esc skips");
    alice.expect("alice: are you there");
    assert!(!alice.screen().contains(talk[30]));
    alice.send(ENTER);
    alice.expect("61 new");
    alice.expect(talk[30]);
    assert!(!alice.screen().contains(talk[29]) && !alice.screen().contains("alice: are you there"));
    alice.expect_gone("Esc skips");
}

#[test]
fn esc_skips_what_was_held() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let talk = talk();
    alice.send(CTRL_G);
    alice.expect("IGNORE ON");
    bob.say_all(talk[..60].iter().copied());
    alice.expect("60 held");
    alice.send(CTRL_G);
    alice.expect("60 held: bob 60 – Enter reads them, Esc skips");
    alice.send("\x1b");
    alice.expect_gone("Esc skips");
    alice.expect(talk[59]);
    assert!(!alice.screen().contains(talk[0]));
    // Everything is read, on the server, too.
    alice.expect_count("\x1b]2;#lobby – Parlor", 2);
}

#[test]
fn a_restart_keeps_the_mode() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.line("/i 2h");
    alice.expect("IGNORE ON until ");
    bob.say(talk()[0]);
    alice.expect("1 held");
    alice.signal("KILL");
    alice.wait();
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    alice.expect("IGNORE ON until ");
    bob.say(talk()[1]);
    alice.expect("2 held");
    assert!(!alice.screen().contains(talk()[0]));
    alice.line("/i");
    alice.expect(talk()[0]);
    alice.expect(talk()[1]);
    alice.expect("2 held: bob 2");
}

#[test]
fn a_while_ends_by_itself() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    alice.line("/join #ubuntu");
    alice.expect("Nothing has been said here yet.");
    alice.line("/i 2s");
    alice.expect("IGNORE ON until ");
    bob.say_all(talk()[..3].iter().copied());
    alice.expect("3 held");
    alice.expect_gone("IGNORE ON");
    // What it held is unread in the other room, and divided from what was there.
    alice.expect("#lobby 3");
    alice.send("\x10");
    alice.expect("3 new");
    alice.expect("3 held: bob 3");
}
