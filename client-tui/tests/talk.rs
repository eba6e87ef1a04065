//! People talk: the real binary in a terminal, a real server, and what each of them sees.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use terminal::{Server, Terminal, client, data, wait_until};

#[test]
fn two_people_talk_in_chinese() {
    let (server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    let mut bob = client(&server, "bob", b.path(), 120, 40);
    alice.expect("bob joined");
    alice.line("看到昨天的日志了吗?");
    bob.expect("看到昨天的日志了吗?");
    bob.line("看到了,谢谢!");
    alice.expect("看到了,谢谢!");
    // What is stored has no mark behind it.
    alice
        .expect_that("nothing pending", |screen| !screen.lines().any(|line| line.contains('吗') && line.contains('…')));
}

#[test]
fn ignore_mode_holds_talk_back_and_shows_it_again() {
    let (server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 30);
    let mut bob = client(&server, "bob", b.path(), 100, 30);
    bob.send("\x07");
    bob.expect("IGNORE ON");
    alice.expect("⊘ bob");
    alice.line("lunch?");
    alice.expect("lunch?");
    bob.expect("1 held");
    bob.expect_gone("lunch?");
    alice.line("@bob direct messages do come");
    bob.expect("@alice 1");
    bob.line("not now");
    bob.expect("your text stays");
    bob.expect("not now");
    bob.send("\x15/i\r");
    bob.expect_gone("IGNORE ON");
    bob.expect("lunch?");
}

#[test]
fn the_user_list_is_shown_and_printed() {
    let (server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.resize(50, 20);
    alice.expect_gone("alice (you)");
    let _bob = client(&server, "bob", b.path(), 80, 24);
    alice.expect("bob joined");
    alice.line("/ls");
    alice.expect("● bob");
    alice.send("\x1b");
    alice.expect_gone("● bob");
    alice.expect("online 2: alice, bob");
    // Ctrl-O shows it over the log where it folds away; Enter opens a direct message.
    alice.send("\x0f\x1b[B\r");
    alice.expect("alice → bob");
}

#[test]
fn a_paste_never_sends() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.send("\x1b[200~one\r\ntwo\rthree\x1b[201~");
    alice.expect("three");
    alice.expect_that("three rows of input", |screen| {
        screen.lines().any(|line| line.contains("alice › one")) && !screen.contains("│ one")
    });
    alice.send("\x15\x7f\x15\x7f\x15");
    let long = "line\n".repeat(9);
    alice.send(&format!("\x1b[200~{long}\x1b[201~"));
    alice.expect("Paste 9 lines?");
    alice.send("x");
    alice.send("\x1b");
    alice.expect_gone("Paste 9 lines?");
    alice.expect_that("an empty input", |screen| screen.lines().any(|line| line.trim_end().ends_with('›')));
    alice.line("now it is sent");
    alice.expect("│ now it is sent");
}

#[test]
fn any_size_is_survived_and_the_screen_comes_back() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.line("好久不见 a rather long line that has to wrap at most of these sizes, with 中文 in it");
    alice.expect("好久不见");
    for (columns, rows) in [(1, 1), (20, 6), (19, 5), (59, 20), (3, 40), (200, 60), (1, 50), (80, 1), (0, 0), (40, 12)]
    {
        alice.resize(columns, rows);
        std::thread::yield_now();
    }
    alice.resize(80, 24);
    alice.send("still here");
    alice.expect("› still here");
    alice.expect("好久不见");
    alice.expect("ONLINE");
}

#[test]
fn two_devices_of_one_person_both_get_everything_and_agree() {
    let (server, first, second, b) = (Server::start(), data(), data(), data());
    let mut desk = client(&server, "alice", first.path(), 80, 24);
    std::fs::copy(first.path().join("key"), second.path().join("key")).unwrap();
    let mut phone = client(&server, "alice", second.path(), 80, 24);
    let mut bob = client(&server, "bob", b.path(), 80, 24);
    bob.expect_that("one alice", |screen| screen.contains("online 2"));
    // The phone looks at another room: the lobby's talk is unread there until the desk has read it.
    phone.line("/join #quiet");
    phone.expect("#quiet");
    // Terminals tell when they have the focus; without it nothing is read.
    desk.send("\x1b[O");
    bob.line("for both of you");
    desk.expect("for both of you");
    phone.expect("#lobby 1");
    desk.send("\x1b[I");
    phone.expect_gone("#lobby 1");
    desk.line("from the desk");
    phone.send("\x10");
    phone.expect("from the desk");
    phone.line("from the phone");
    desk.expect("from the phone");
    bob.expect("from the phone");
    drop(phone);
    desk.line("undisturbed");
    bob.expect("undisturbed");
    bob.expect_that("alice is still here", |screen| screen.contains("● alice"));
}

#[test]
fn what_is_written_while_the_server_is_away_arrives_once() {
    let (mut server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    let bob = client(&server, "bob", b.path(), 80, 24);
    alice.line("before");
    bob.expect("before");
    server.kill();
    alice.expect("OFFLINE");
    alice.line("meanwhile 离线");
    alice.expect_that("it is pending", |screen| {
        screen.lines().any(|line| line.contains("meanwhile 离线") && line.contains('…'))
    });
    server.restart();
    alice.expect("ONLINE");
    bob.expect("meanwhile 离线");
    alice.expect_that("it is stored", |screen| {
        screen.lines().any(|line| line.contains("meanwhile 离线") && !line.contains('…'))
    });
    let count = |terminal: &Terminal| terminal.screen().matches("meanwhile 离线").count();
    alice.line("after");
    bob.expect("after");
    assert_eq!((count(&alice), count(&bob)), (1, 1));
}

#[test]
fn a_killed_client_sends_what_it_had_queued() {
    let (mut server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    let bob = client(&server, "bob", b.path(), 80, 24);
    server.kill();
    alice.expect("OFFLINE");
    alice.line("on disk first");
    alice.expect("on disk first");
    alice.send("a draft");
    // The outbox and the draft are on disk: another connection to the store sees them.
    let stored = |sql: &str| {
        let store = rusqlite::Connection::open(a.path().join("client.sqlite3")).unwrap();
        store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap_or(0)
    };
    wait_until("the outbox is on disk", || stored("SELECT count(*) FROM outbox") == 1);
    wait_until("the draft is on disk", || stored("SELECT count(*) FROM draft WHERE text = 'a draft'") == 1);
    alice.signal("KILL");
    alice.wait();
    server.restart();
    bob.expect("ONLINE");
    let alice = client(&server, "alice", a.path(), 80, 24);
    bob.expect("on disk first");
    alice.expect("› a draft");
    alice.expect_that("stored once", |screen| screen.matches("on disk first").count() == 1);
}

#[test]
fn a_start_shows_the_last_talk_before_the_network_answers() {
    let (mut server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.line("remember this");
    alice.expect_that("stored", |screen| {
        screen.lines().any(|line| line.contains("│ remember this") && !line.contains('…'))
    });
    alice.send("\x11");
    assert_eq!(alice.wait(), 0);
    server.kill();
    let arguments = [server.address.as_str(), "--nick", "alice", "--data-dir", a.path().to_str().unwrap()];
    let alice = Terminal::start(&arguments, 80, 24);
    alice.expect("OFFLINE");
    alice.expect("remember this");
}

#[test]
fn mistyped_commands_stay_and_slashes_can_be_said() {
    let (server, a, b) = (Server::start(), data(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 30);
    let mut bob = client(&server, "bob", b.path(), 100, 30);
    alice.line("/quti now");
    alice.expect("did you mean /quit?");
    alice.expect("› /quti now");
    alice.send("\x15//not a command\r");
    bob.expect("│ /not a command");
    alice.line("/me waves");
    bob.expect("alice waves");
    alice.line("/topic tea at five");
    bob.expect("alice set the topic: tea at five");
    bob.line("/join #side");
    bob.expect("#side");
    bob.line("/rooms");
    bob.expect("#lobby  2  tea at five");
    bob.line("/leave");
    bob.expect("│ /not a command");
    alice.send("\x1bOP");
    alice.expect_that("the help", |screen| ["/ls", "/i", "Ctrl-G"].iter().all(|text| screen.contains(text)));
}

#[test]
fn scrolling_up_fetches_what_is_older() {
    use std::io::{BufRead, BufReader, Write};
    let (server, a) = (Server::start(), data());
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |line: String| stream.write_all(format!("{line}\n").as_bytes()).unwrap();
    say(r#"{"type":"hello","version":1}"#.into());
    say(r#"{"type":"login","nickname":"bob"}"#.into());
    say(r##"{"type":"join","room":"#lobby"}"##.into());
    for n in 1..=180 {
        say(format!(r##"{{"type":"broadcast","room":"#lobby","id":"m{n}","msg":"number {n} of many"}}"##));
    }
    lines.find(|line| line.as_ref().unwrap().contains("\"ack\",\"id\":\"m180\"")).unwrap().unwrap();
    let mut alice = client(&server, "alice", a.path(), 80, 24);
    alice.expect("number 180 of many");
    // 180 messages are ten windows, and a start brings 50: each page key shows older ones until the first is there.
    while !alice.screen().contains("number 1 of many") {
        let before = alice.screen();
        alice.send("\x1b[5~");
        alice.expect_that("an older page, or that one is fetched", |screen| screen != before);
    }
    say(r##"{"type":"broadcast","room":"#lobby","id":"new","msg":"meanwhile at the end"}"##.into());
    alice.expect("1 new");
    alice.expect("number 1 of many");
    alice.send("\x1b");
    alice.expect("meanwhile at the end");
}
