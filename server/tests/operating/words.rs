//! What the server says: about a configuration, into its log, and in the pages of its manual.

use clap::CommandFactory;
use server::cli::Cli;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parlor-server")).args(arguments).output().unwrap()
}

/// What `check-config` says of a text, and whether it is right.
fn check(text: &str, options: &[&str]) -> (bool, String) {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    fs::write(&config, text).unwrap();
    let place = directory.path().to_str().unwrap();
    let arguments = [&["--config", config.to_str().unwrap(), "--data-dir", place], options, &["check-config"]].concat();
    let output = run(&arguments);
    let said = [output.stdout, output.stderr].concat();
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["config.toml"], "it makes nothing");
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_configuration_that_is_wrong_is_said_in_words() {
    for (text, words) in [
        ("motd = \"hi\"\nlisten = [\"nowhere\"]", &["line 2", "listen"][..]),
        ("nonsense", &["line 1"]),
        ("[limits]\nconnections = -1", &["line 2", "connections"]),
        ("[limits]\nconnection = 1", &["line 2", "connection"]),
        ("[limits]\nexempt = [\"10.0.0.0/33\"]", &["line 2", "10.0.0.0/33"]),
        ("proxies = [\"example.org\"]", &["line 1", "example.org"]),
        ("tls = \"maybe\"", &["auto", "off", "cert"]),
        ("tls = { cert = \"x.pem\" }", &["tls"]),
        ("access = \"nobody\"", &["line 1", "open"]),
        ("keys = [\"abc\"]", &["abc", "parlor key show"]),
        ("log = \"xml\"", &["line 1", "json"]),
        ("metrics = 9100", &["line 1", "metrics"]),
        ("motd = \"a\"\nmotd = \"b\"", &["line 2", "motd"]),
        ("tls = { cert = \"/nowhere/x.pem\", key = \"/nowhere/y.pem\" }", &["/nowhere/x.pem"]),
    ] {
        let (is_right, said) = check(text, &[]);
        assert!(!is_right, "{text}");
        for word in words {
            assert!(said.contains(word), "{word} for {text}: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn a_configuration_that_is_right_is_said_to_be() {
    let sample = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/parlor-server.toml")).unwrap();
    for text in ["", &sample, "log = \"json\"\n[limits]\nexempt = []\n"] {
        let (is_right, said) = check(text, &[]);
        assert!(is_right && said.contains("is right") && !said.contains("warning"), "{said}");
    }
    let (is_right, said) = check("tls = \"off\"", &["--listen", "0.0.0.0:12231"]);
    assert!(is_right && said.contains("warning") && said.contains("allow_plain"), "{said}");
    let output = run(&["--config", "/nowhere/config.toml", "check-config"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/config.toml"));
}

#[test]
fn a_log_of_json_is_one_object_a_line() {
    use crate::common::{Server, command, secure::Secure};
    use std::process::Stdio;
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    fs::write(&config, "log = \"json\"\n").unwrap();
    let log = directory.path().join("log");
    let mut command = command(directory.path(), "127.0.0.1:0");
    command
        .arg("--config")
        .arg(&config)
        .env("PARLOR_LOG", "debug")
        .stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let mut server = Server::run(command, directory.path());
    let mut ann = server.member("ann\u{301}a", "#r");
    ann.send_bytes(b"not JSON at all \x00\x1b[2J\n");
    ann.expect("error");
    Secure::guest(server.address, "bob");
    // A line with line ends in it.
    fs::write(&config, "log = \"json\"\nwrong\n").unwrap();
    server.signal("-HUP");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(server.terminate(), Some(0));
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.lines().count() >= 4, "{log}");
    for line in log.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for key in ["timestamp", "level", "message"] {
            assert!(object[key].is_string(), "no {key} in {line}");
        }
    }
    let opened = |line: &&str| line.contains("\"opened\"") && line.contains("\"address\":\"127.0.0.1\"");
    assert_eq!(log.lines().filter(opened).count(), 2, "{log}");
    assert!(log.contains("configuration_not_reloaded"), "{log}");
}

/// The names of a command's subcommands, and of theirs, each with those before it.
fn subcommands(command: &clap::Command, before: &str) -> Vec<String> {
    let own = |sub: &clap::Command| {
        let name = format!("{before}-{}", sub.get_name());
        let below = subcommands(sub, &name);
        [vec![name], below].concat()
    };
    command.get_subcommands().flat_map(own).collect()
}

#[test]
fn every_subcommand_has_a_page_and_is_completed() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("man");
    let output = run(&["man", place.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = subcommands(&Cli::command(), "parlor-server");
    assert!(names.len() > 15, "{names:?}");
    let page =
        |name: &str| fs::read_to_string(place.join(format!("{name}.1"))).unwrap_or_else(|_| panic!("no {name}.1"));
    for name in &names {
        let text = page(name);
        assert!(text.starts_with(".ie") || text.contains(".TH"), "{name}: {text}");
    }
    let pages = fs::read_dir(&place).unwrap().count();
    assert_eq!(pages, names.len() + 1, "one of its own for each");
    for command in Cli::command().get_subcommands() {
        let escaped = command.get_name().replace('-', "\\-");
        assert!(page("parlor-server").contains(&escaped), "{escaped}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !text.is_empty());
        for name in &names {
            let last = name.rsplit("parlor-server-").next().unwrap();
            let word = last.strip_prefix("admin-").unwrap_or(last);
            assert!(text.contains(word), "{shell} does not know {word}");
        }
    }
    let output = run(&["completions", "tcsh"]);
    assert!(!output.status.success());
    assert!(!is_there(&directory.path().join("journal.sqlite3")));
}

fn is_there(path: &Path) -> bool {
    path.exists()
}

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_parlor-server"))
        .args(["completions", "zsh"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}
