//! Links, code, and what means no good.

use crate::terminal::{
    Server, Terminal, client, data,
    wire::{Guest, HOSTILE, hostile_server, talk},
};

/// The addresses of all hyperlinks in the bytes, and their names.
fn hyperlinks(terminal: &Terminal) -> Vec<(String, String)> {
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw).into_owned();
    let starts = text.split("\x1b]8;").skip(1).map(|rest| rest.split("\x1b\\").next().unwrap_or(""));
    let links = starts.filter_map(|start| start.split_once(';').filter(|(_, url)| !url.is_empty()));
    links.map(|(id, url)| (id.to_owned(), url.to_owned())).collect()
}

#[test]
fn links_lead_to_what_is_seen() {
    let (server, a) = (Server::start(), data());
    let alice = client(&server, "alice", a.path(), 80, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let long = format!("https://docs.example.org/{}end", "first-steps/".repeat(8));
    bob.say("see (https://docs.example.org/a?b=c&d=1;2#e), javascript:alert(1) and file:///etc/passwd");
    bob.say(&format!("and {long}"));
    bob.say(talk()[0]);
    alice.expect(talk()[0]);
    let links = hyperlinks(&alice);
    assert!(links.iter().any(|(_, url)| url == "https://docs.example.org/a?b=c&d=1;2#e"), "{links:?}");
    let of_long: Vec<_> = links.iter().filter(|(_, url)| *url == long).collect();
    assert!(of_long.len() >= 2, "it stands in two rows: {links:?}");
    assert!(of_long.iter().all(|(id, _)| id == &of_long[0].0), "one name for one link: {links:?}");
    assert!(links.iter().all(|(_, url)| url.starts_with("https://docs.example.org/")), "{links:?}");
    assert!(alice.cell("https://docs").unwrap().underline());
}

#[test]
fn code_has_its_colours() {
    let (server, a) = (Server::start(), data());
    let alice = client(&server, "alice", a.path(), 80, 24);
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say("```rust\nfn main() {\n    let answer = 42; // a comment\n}\n```");
    alice.expect("let answer = 42; // a comment");
    let colour = |text: &str| alice.cell(text).unwrap().fgcolor();
    alice.expect_that("colours", |_| colour("fn main") != colour("main()") && colour("42;") != colour("answer"));
    assert!(!alice.screen().contains("```"), "{}", alice.screen());
    bob.say("**bold**, *italic* and `code`");
    alice.expect("bold, italic and code");
    assert!(alice.cell("bold,").unwrap().bold() && alice.cell("italic").unwrap().italic());
}

/// Every command of the bytes is one of the program's own, and no text is in it that ends it early.
fn assert_harmless(terminal: &Terminal) {
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw);
    for part in ["\u{1b}]0;", "\u{9b}", "\u{85}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{7}", "\u{1b}P"] {
        assert!(!text.contains(part), "{part:?}");
    }
    assert!(text.matches("\x1b[2J").count() <= 1, "only its own start clears the screen");
    for command in text.split("\x1b]").skip(1) {
        let own = ["11;?", "2;", "8;", "9;", "777;notify;"];
        assert!(own.iter().any(|start| command.starts_with(start)), "{command:?}");
        let inside = command.split("\x1b\\").next().unwrap_or("");
        assert!(!inside.chars().any(char::is_control), "{inside:?}");
    }
}

#[test]
fn nothing_hostile_comes_through_anywhere() {
    let (address, a) = (hostile_server(), data());
    let config = a.path().join("config.toml");
    std::fs::write(&config, "[notifications]\nbell = false\nosc9 = true\nosc777 = true\nrooms = 'all'\n").unwrap();
    let directory = a.path().to_str().unwrap();
    let arguments = [&*address, "--nick", "alice", "--data-dir", directory, "--config", config.to_str().unwrap()];
    let mut alice = Terminal::start(&arguments, 120, 40);
    alice.send("\x1b[O");
    alice.expect("ONLINE");
    alice.expect("evil");
    alice.line("/rooms");
    alice.expect("rooms (1)");
    alice.line("/ls");
    alice.expect("online 1:");
    alice.send("typed");
    alice.expect("› typed");
    alice.send("\x15");
    alice.expect_gone("› typed");
    alice.line("/topic");
    alice.expect("topic: alice: x[2J");
    alice.line("/mentions");
    alice.escape("messages that name you");
    alice.line("/search x");
    alice.escape("search in #lobby – 2");
    alice.line(&format!("refused {}", talk()[0]));
    alice.expect("not sent:");
    alice.send("\x1b[1;5Ar");
    alice.escape("reply to x[2J");
    alice.send("\x18gevil\r");
    alice.expect("alice → x[2J");
    alice.send(&format!("\x1b[200~{HOSTILE}"));
    alice.send("\x1b[201~");
    alice.expect("› x[2J");
    assert!(alice.count("\x1b]777;notify;") > 0 && alice.count("\x1b]9;") > 0);
    assert_harmless(&alice);
}
