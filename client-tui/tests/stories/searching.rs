//! Finding things again: search, going to places and moments, and who has named one.

use crate::terminal::{
    Server, Terminal, client, data,
    wire::{Guest, talk},
};

const F4: &str = "\x1bOS";
const F5: &str = "\x1b[15~";
const ENTER: &str = "\r";

/// Which texts have a word that begins like this one, as the server's search finds them.
fn hits<'t>(texts: &[&'t str], start: &str) -> Vec<&'t str> {
    let has = |text: &&&str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(start));
    texts.iter().filter(has).copied().collect()
}

fn is_selected(terminal: &Terminal, text: &str) {
    terminal.expect(&format!("▌ {text}"));
}

#[test]
fn a_search_here_walks_its_hits() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let talk = &talk()[..200];
    let hits = hits(talk, "install");
    assert!(hits.len() >= 3);
    Guest::new(&server, "bob", "#lobby").say_all(talk.iter().copied());
    alice.expect(talk[199]);
    alice.line("/search install");
    let count = hits.len();
    alice.expect(&format!("search in #lobby – {count}"));
    alice.send(ENTER);
    alice.expect(&format!("hit 1 of {count}"));
    is_selected(&alice, hits[count - 1]);
    alice.send("n");
    alice.expect(&format!("hit 2 of {count}"));
    is_selected(&alice, hits[count - 2]);
    alice.send("n");
    is_selected(&alice, hits[count - 3]);
    alice.send("NN");
    is_selected(&alice, hits[count - 1]);
    alice.send("N");
    alice.expect("no more hits that way");
    // Esc ends it: letters are typed again.
    alice.escape("▌");
    alice.send("n");
    alice.expect("› n");
}

#[test]
fn a_search_everywhere_finds_rooms_and_direct_messages() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let mut carol = Guest::new(&server, "carol", "#ubuntu");
    alice.line("/join #ubuntu");
    alice.expect("#ubuntu");
    // Each is seen before the next one is said: hits are in the order of their milliseconds.
    bob.say("is gnome faster now?");
    alice.expect("#lobby 1");
    bob.tell("alice", "gnome 2.9 is out");
    alice.expect("@bob 1");
    carol.say("what is gnome 2.9 like?");
    alice.expect("what is gnome 2.9 like?");
    alice.send(&format!("{F4}gnome{ENTER}"));
    alice.expect("search in #ubuntu – 1");
    alice.send("\t");
    alice.expect("search everywhere – 3");
    for text in ["#lobby bob", "@bob bob", "#ubuntu carol"] {
        alice.expect(text);
    }
    // The newest stands first; the oldest is in the lobby.
    alice.send("\x1b[B\x1b[B\r");
    is_selected(&alice, "is gnome faster now?");
    alice.expect("hit 3 of 3");
    alice.send("N");
    is_selected(&alice, "gnome 2.9 is out");
    alice.escape("▌");
    alice.line("/search -a zzz");
    alice.expect("nothing found");
}

#[test]
fn a_few_letters_go_to_a_room_a_person_or_a_command() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    alice.line("/join #ubuntu");
    alice.expect_gone(talk()[0]);
    alice.send(&format!("{F5}lby{ENTER}"));
    alice.expect(talk()[0]);
    alice.expect("● bob");
    alice.send("\x18gbo\r");
    alice.expect("alice → bob");
    alice.send("\x18gbare\r");
    alice.expect_gone("● bob");
    alice.send("\x1b");
    alice.expect("● bob");
    alice.line("/go zzzz");
    alice.expect("nothing found");
}

#[test]
fn moments_can_be_gone_to() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    let talk = talk();
    Guest::new(&server, "bob", "#lobby").say_all(talk[..100].iter().copied());
    alice.expect(talk[99]);
    alice.line("/goto -1");
    alice.expect(talk[0]);
    alice.send("\x1b[F");
    alice.expect(talk[99]);
    alice.line("/goto 2036-11-20 14:30");
    alice.expect("nothing was said since then");
    alice.line("/goto yesterday");
    alice.expect("when? /goto 2026-11-20 14:30");
    alice.expect("› /goto yesterday");
}

#[test]
fn who_has_named_me_stands_in_one_view() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 110, 24);
    alice.line("/mentions");
    alice.escape("nobody has named you yet");
    alice.line("/join #ubuntu");
    alice.expect("#ubuntu");
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let mut carol = Guest::new(&server, "carol", "#ubuntu");
    bob.say("alice: are you there?");
    bob.say_all(talk()[..50].iter().copied());
    carol.say("malice is not meant");
    carol.say("ask Alice");
    alice.expect("ask Alice");
    alice.expect("#lobby 51!");
    alice.send("\x18m");
    alice.expect("messages that name you – 2");
    alice.send("\x1b[B\r");
    is_selected(&alice, "alice: are you there?");
    alice.expect(talk()[0]);
}
