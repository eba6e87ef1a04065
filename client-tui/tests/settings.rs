//! What a person may set: configuration, command line, environment; and the world to try it in.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};
use terminal::{
    Server, Terminal, data, wait_until,
    wire::{Guest, talk},
};

/// `parlor` without a terminal.
fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parlor")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A configuration of this text.
fn config(directory: &Path, text: &str) -> String {
    let path = directory.join("config.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Alice, with more arguments and environment.
fn start(server: &Server, data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let base = [&*server.address, "--nick", "alice", "--data-dir", data.to_str().unwrap()];
    Terminal::start_with(&[&base, arguments].concat(), 110, 50, environment)
}

/// The colours of all letters on the screen are the terminal's own.
fn is_colourless(terminal: &Terminal) -> bool {
    terminal.look(|screen| {
        let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
        let mut cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
        cells.all(|cell| (cell.fgcolor(), cell.bgcolor()) == (vt100::Color::Default, vt100::Color::Default))
    })
}

/// The parameters of every SGR in the bytes.
fn styles(terminal: &Terminal) -> Vec<String> {
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw).into_owned();
    let parts = text.split("\x1b[").skip(1).filter_map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        part[end..].starts_with('m').then(|| part[..end].to_owned())
    });
    parts.collect()
}

#[test]
fn other_keys_work_and_the_help_says_them() {
    let (server, a) = (Server::start(), data());
    let config = config(a.path(), "[keys]\nignore = ['F9', 'C-x C-g']\nhelp = ['C-g']\nls = []\n");
    let mut alice = start(&server, a.path(), &["--config", &config], &[]);
    alice.expect("alice (you)");
    alice.expect("Ctrl-G help  F9 ignore");
    alice.send("\x1b[20~");
    alice.expect("IGNORE ON");
    Guest::new(&server, "bob", "#lobby").say(talk()[0]);
    alice.expect("1 held – F9 to show");
    alice.send("\x18\x07");
    alice.expect_gone("IGNORE ON");
    // F1 and F2 mean nothing any more.
    alice.send("\x1bOP\x1bOQ\x07");
    alice.expect("F9, Ctrl-X Ctrl-G");
    let row = |screen: &str, name: &str| screen.lines().find(|row| row.contains(name)).unwrap_or("").to_owned();
    let screen = alice.screen();
    assert!(row(&screen, "/help").contains("Ctrl-G") && !screen.contains("F1"), "{screen}");
    assert!(!row(&screen, "/ls").contains("Ctrl-O"), "{screen}");
}

#[test]
fn what_is_wrong_is_told_with_file_line_and_key() {
    let a = data();
    let cases = [
        ("mouse = true\n[keys]\nhelp = ['C-q']\n", 3, "keys.help: \"C-q\" can't be help's: it is quit's by default"),
        ("\nthem = 'mono'\n", 2, "them: there is no such key; did you mean \"theme\"?"),
        ("[keys]\n\nignor = ['F9']\n", 3, "keys.ignor: there is no such action; did you mean \"ignore\"?"),
        ("theme = 'mnoo'\n", 1, "theme: there is no theme \"mnoo\"; did you mean \"mono\"?"),
        ("mouse = yes\n", 1, "yes"),
    ];
    for (text, line, message) in cases {
        let config = config(a.path(), text);
        let data = a.path().join("data");
        let arguments = ["127.0.0.1:1", "--nick", "alice", "--data-dir", data.to_str().unwrap(), "--config", &config];
        let mut alice = Terminal::start(&arguments, 200, 24);
        assert_ne!(alice.wait(), 0, "{text}");
        alice.expect(&format!("{config}:{line}: "));
        alice.expect(message);
        assert!(!alice.look(vt100::Screen::alternate_screen));
        assert!(!data.exists(), "nothing is made");
        let output = run(&["config", "--config", &config]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(&format!("{config}:{line}: ")) && said.contains(message) && output.stdout.is_empty(),
            "{said}"
        );
    }
    let output = run(&["config", "--config", "/nowhere/config.toml"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_printed_configuration_reads_back_as_the_same() {
    let a = data();
    let text = "theme = 'mono'\nlanguage = 'zh-CN'\nhighlight = ['on \"call\"', '值班']\n[keys]\nignore = ['F9']\nls = []\n\
                [[servers]]\nname = 'work'\naddress = 'parlor://chat.example.org/dev'\nnickname = 'alice'\n";
    let first = run(&["config", "--config", &config(a.path(), text)]);
    assert!(first.status.success());
    let printed = String::from_utf8(first.stdout).unwrap();
    for part in ["theme = \"mono\"", "language = \"zh-CN\"", "ignore = [\"F9\"]", "ls = []", "值班", "name = \"work\""]
    {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let second = run(&["config", "--config", &config(a.path(), &printed)]);
    assert_eq!(String::from_utf8(second.stdout).unwrap(), printed);
}

#[test]
fn a_named_server_is_gone_to_by_its_name() {
    let (server, a) = (Server::start(), data());
    let text = format!(
        "language = 'zh-CN'\n[[servers]]\nname = 'work'\naddress = '{}'\nnickname = 'ada'\nroom = '#dev'\ndefault = true\n",
        server.address
    );
    let config = config(a.path(), &text);
    let data = a.path().to_str().unwrap();
    for name in [&["work"][..], &[]] {
        let mut ada = Terminal::start(&[name, &["--data-dir", data, "--config", &config]].concat(), 100, 24);
        ada.expect("ada (我)");
        ada.expect("#dev");
        ada.send("\x11");
        ada.wait();
    }
}

#[test]
fn the_language_of_the_command_line_wins() {
    let (server, a) = (Server::start(), data());
    let config = config(a.path(), "language = 'en'\n");
    let alice = start(&server, a.path(), &["--lang", "zh-CN", "--config", &config], &[]);
    alice.expect("alice (我)");
    alice.expect("正常");
    let mut other = start(&server, a.path(), &["--lang", "de"], &[]);
    assert_ne!(other.wait(), 0);
    other.expect("--lang takes en or zh-CN");
}

#[test]
fn a_theme_without_colours_has_none() {
    let (server, a) = (Server::start(), data());
    let mut bob = Guest::new(&server, "bob", "#lobby");
    bob.say("```rust\nfn main() {}\n```");
    bob.say("alice: https://docs.example.org");
    let coloured = start(&server, a.path(), &[], &[]);
    coloured.expect("https://docs");
    assert!(!is_colourless(&coloured));
    drop(coloured);
    let mono = start(&server, a.path(), &["--theme", "mono"], &[]);
    mono.expect("https://docs");
    assert!(is_colourless(&mono));
}

#[test]
fn no_color_is_heeded() {
    let (server, a) = (Server::start(), data());
    let mut bob = Guest::new(&server, "bob", "#lobby");
    let mut alice = start(&server, a.path(), &[], &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    alice.expect("alice (you)");
    bob.say("```rust\nfn main() { let x = 42; }\n```");
    bob.say("alice: https://docs.example.org");
    alice.expect("https://docs");
    alice.send("\x07");
    alice.expect("IGNORE ON");
    assert!(alice.cell("IGNORE ON").unwrap().inverse(), "loud all the same");
    alice.line("/theme solarized");
    alice.send("typed");
    alice.expect("› typed");
    assert!(is_colourless(&alice));
    let is_colour = |style: &String| {
        let first: u16 = style.split([';', ':']).next().unwrap_or("").parse().unwrap_or(0);
        matches!(first, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)
    };
    let coloured: Vec<String> = styles(&alice).into_iter().filter(is_colour).collect();
    assert!(coloured.is_empty(), "{coloured:?}");
}

/// The addresses of this process's sockets that reach beyond it.
#[cfg(target_os = "linux")]
fn network_sockets(pid: &str) -> Vec<String> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
    let tables: String = ["tcp", "tcp6", "udp", "udp6"].map(read).concat();
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    let names =
        targets.filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned()));
    names.filter(|inode| tables.lines().any(|line| line.split_whitespace().nth(9) == Some(inode))).collect()
}

#[test]
fn the_demo_needs_neither_disk_nor_network() {
    let a = data();
    let home = a.path().join("home");
    let home = home.to_str().unwrap();
    let environment = [("HOME", home), ("XDG_DATA_HOME", home), ("XDG_CONFIG_HOME", home), ("XDG_RUNTIME_DIR", home)];
    let mut ada = Terminal::start_with(&["--demo"], 110, 40, &environment);
    ada.expect("ada (you)");
    ada.expect("#lobby");
    ada.line(talk()[0]);
    ada.expect_that("it is said and stored", |screen| {
        screen.lines().any(|row| row.contains(&format!("│ {}", talk()[0])) && !row.contains('…'))
    });
    ada.line(&format!("@bob {}", talk()[1]));
    ada.expect("👍");
    ada.line("/search -a log");
    ada.expect("search everywhere – ");
    ada.escape("search everywhere – ");
    #[cfg(target_os = "linux")]
    assert_eq!(network_sockets(&ada.pid()), Vec::<String>::new());
    ada.send("\x11");
    assert_eq!(ada.wait(), 0);
    wait_until("the terminal is restored", || ada.is_restored());
    assert!(!Path::new(home).exists());
}

#[test]
fn every_mistake_of_a_file_is_told_on_a_line_of_its_own() {
    let a = data();
    let config = config(a.path(), "them = 'mono'\n\nmouse = 'yes'\n");
    let output = run(&["config", "--config", &config]);
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains(":1: them") && lines[1].contains(":3: mouse"), "{said}");
}
