//! One person at two screens: two data directories with the same key.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use std::time::{Duration, Instant};
use tempfile::TempDir;
use terminal::{
    Server, Terminal, client, data,
    wire::{Guest, talk},
};

const CTRL_UP: &str = "\x1b[1;5A";
const CTRL_P: &str = "\x10";
const BLUR: &str = "\x1b[O";
const FOCUS: &str = "\x1b[I";
/// So long must the newest row have been seen.
const SEEN: Duration = Duration::from_secs(1);

/// Alice at her desk and on her phone, which looks at another room.
struct Devices {
    desk: Terminal,
    phone: Terminal,
    server: Server,
    _directories: [TempDir; 2],
}

impl Devices {
    fn new() -> Self {
        let (server, first, second) = (Server::start(), data(), data());
        let mut desk = client(&server, "alice", first.path(), 100, 24);
        std::fs::copy(first.path().join("key"), second.path().join("key")).unwrap();
        let mut phone = client(&server, "alice", second.path(), 100, 24);
        phone.line("/join #quiet");
        phone.expect("#quiet");
        phone.expect("Nothing has been said here yet.");
        desk.send(BLUR);
        Self { desk, phone, server, _directories: [first, second] }
    }
}

/// A text stays on the screen for a time in which it would have gone if it were to go.
fn stays(terminal: &Terminal, text: &str) {
    let end = Instant::now() + SEEN + Duration::from_millis(500);
    terminal::wait_until("the time has passed", || {
        assert!(terminal.screen().contains(text), "{text} has gone:\n{}", terminal.screen());
        Instant::now() > end
    });
}

#[test]
fn reading_takes_focus_and_a_second() {
    let Devices { mut desk, phone, server, _directories } = Devices::new();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say_all(talk()[..3].iter().copied());
    desk.expect(talk()[2]);
    desk.expect("3 new");
    phone.expect("#lobby 3");
    stays(&phone, "#lobby 3");
    let focused = Instant::now();
    desk.send(FOCUS);
    phone.expect_gone("#lobby 3");
    assert!(focused.elapsed() >= SEEN, "{:?}", focused.elapsed());
    desk.expect_gone("#lobby 3");
    // The divider stays until the room is left.
    assert!(desk.screen().contains("3 new"));
}

#[test]
fn what_is_scrolled_away_from_is_not_read() {
    let Devices { mut desk, phone, server, _directories } = Devices::new();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    desk.send(FOCUS);
    bob.say_all(talk()[..40].iter().copied());
    phone.expect("#lobby 40");
    phone.expect_gone("#lobby 40");
    desk.send("\x1b[5~");
    desk.expect_gone(talk()[39]);
    bob.say(talk()[40]);
    desk.expect("↓ 1 new");
    phone.expect("#lobby 1");
    stays(&phone, "#lobby 1");
    // Looking at what was found does not read either.
    desk.line("/search stable");
    desk.expect("search in #lobby – 1");
    desk.send("\r");
    desk.expect(&format!("▌ {}", talk()[0]));
    stays(&phone, "#lobby 1");
    desk.escape("▌");
    desk.send("\x1b[F");
    phone.expect_gone("#lobby 1");
}

#[test]
fn direct_messages_are_read_on_both() {
    let Devices { mut desk, phone, server, _directories } = Devices::new();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let mut carol = Guest::new(&server, "carol", "#lobby");
    bob.tell("alice", talk()[0]);
    carol.tell("alice", talk()[1]);
    for device in [&desk, &phone] {
        device.expect("@bob 1");
        device.expect("@carol 1");
    }
    desk.send(&format!("{FOCUS}\x182"));
    desk.expect(talk()[0]);
    phone.expect_gone("@bob 1");
    assert!(phone.screen().contains("@carol 1"), "{}", phone.screen());
    // What one device says, the other one shows.
    desk.line(talk()[2]);
    bob.answer(|said| said["type"] == "message" && said["msg"] == talk()[2]);
    desk.send("\x183");
    phone.expect_gone("@carol 1");
}

#[test]
fn ignore_mode_is_the_persons() {
    let Devices { mut desk, mut phone, server, _directories } = Devices::new();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    desk.line("/i 25m");
    desk.expect("IGNORE ON until");
    phone.expect("IGNORE ON until");
    bob.say(talk()[0]);
    for device in [&desk, &phone] {
        device.expect("1 held");
        assert!(!device.screen().contains("#lobby 1"));
    }
    phone.send("\x07");
    desk.expect_gone("IGNORE ON");
    desk.expect(talk()[0]);
    phone.expect("#lobby 1");
}

#[test]
fn unread_from_here_counts_on_the_other_device() {
    let Devices { mut desk, phone, server, _directories } = Devices::new();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    desk.send(FOCUS);
    bob.say_all(talk()[..6].iter().copied());
    phone.expect("#lobby 6");
    phone.expect_gone("#lobby 6");
    desk.send(&format!("{CTRL_UP}{CTRL_UP}{CTRL_UP}u"));
    desk.expect("unread from here, on all your devices");
    desk.expect("3 new");
    phone.expect("#lobby 3");
    // The desk looks at it all the same: what was put back by hand stays.
    stays(&desk, "#lobby 3");
}

#[test]
fn unread_from_here_is_unread_on_the_other_device() {
    let Devices { mut desk, mut phone, server, _directories } = Devices::new();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    desk.send(FOCUS);
    bob.say_all(talk()[..6].iter().copied());
    phone.expect("#lobby 6");
    phone.expect_gone("#lobby 6");
    desk.send(&format!("{CTRL_UP}{CTRL_UP}{CTRL_UP}u"));
    desk.expect("unread from here, on all your devices");
    desk.expect("3 new");
    phone.expect("#lobby 3");
    // The desk looks at it all the same: what was put back by hand stays.
    stays(&desk, "#lobby 3");
    phone.send(CTRL_P);
    phone.expect("3 new");
    let screen = phone.screen();
    let (divider, first) = (screen.find("3 new").unwrap(), screen.find(talk()[3]).unwrap());
    assert!(screen.find(talk()[2]).unwrap() < divider && divider < first, "{screen}");
    desk.expect_gone("#lobby 3");
}

#[test]
fn a_device_that_was_off_counts_what_it_missed() {
    let (server, first, second) = (Server::start(), data(), data());
    let mut desk = client(&server, "alice", first.path(), 100, 24);
    std::fs::copy(first.path().join("key"), second.path().join("key")).unwrap();
    let mut phone = client(&server, "alice", second.path(), 100, 24);
    phone.line("/join #quiet");
    phone.expect("Nothing has been said here yet.");
    phone.send("\x11");
    phone.wait();
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say_all(talk()[..5].iter().copied());
    desk.expect(talk()[4]);
    desk.expect("#lobby 5");
    desk.expect_gone("#lobby 5");
    desk.send(BLUR);
    bob.say_all(talk()[5..7].iter().copied());
    desk.expect("#lobby 2");
    let directory = second.path().to_str().unwrap();
    let arguments = [&*server.address, "--nick", "alice", "--data-dir", directory, "--room", "#quiet"];
    let mut phone = Terminal::start(&arguments, 100, 24);
    phone.expect("#lobby 2");
    phone.send(CTRL_P);
    phone.expect("2 new");
    desk.expect_gone("#lobby 2");
}
