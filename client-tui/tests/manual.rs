//! Manual pages and completions say what the command line takes.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use clap::{Command, CommandFactory};
use client_tui::{
    cli::Cli,
    manual::{completions, pages},
};
use std::{fs, path::Path, process::Stdio};

/// The command line as it is in use, with the flags that every command has.
fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// A page as it is read: without the fonts, and with plain hyphens.
fn read(directory: &Path, name: &str) -> String {
    let text = fs::read_to_string(directory.join(format!("{name}.1"))).unwrap();
    ["\\fB", "\\fI", "\\fR"].iter().fold(text, |text, font| text.replace(font, "")).replace("\\-", "-")
}

/// Looks through the page of a command, and of those below it; gives how many there are.
fn check(command: &Command, directory: &Path, name: &str) -> usize {
    let page = read(directory, name);
    for argument in command.get_arguments() {
        let flag = argument.get_long().map(|long| format!("--{long}"));
        let value = || format!("{}", argument.get_value_names().unwrap()[0]);
        let named = flag.unwrap_or_else(value);
        let is_there = page.lines().any(|line| line.split([' ', ',', '<', '>', '[', ']']).any(|word| word == named));
        assert!(is_there, "{named} in {name}.1:\n{page}");
        let help = argument.get_help().unwrap().to_string().replace('\'', "\\*(Aq");
        assert!(page.contains(&help), "{help:?} in {name}.1:\n{page}");
    }
    assert!(page.contains(&format!("\"parlor {}\"", env!("CARGO_PKG_VERSION"))), "{page}");
    let below = command.get_subcommands().map(|below| {
        assert!(page.contains(&format!("{name}-{}(1)", below.get_name())), "{page}");
        check(below, directory, &format!("{name}-{}", below.get_name()))
    });
    1 + below.sum::<usize>()
}

#[test]
fn the_pages_name_everything_that_the_command_line_takes() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("share/man/man1");
    // A second time into the same place, as the next version would.
    for _ in 0..2 {
        pages(Cli::command(), &directory).unwrap();
    }
    let count = check(&command(), &directory, "parlor");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), count, "no other page");
    assert!(read(&directory, "parlor-key-import").contains("--replace"));
}

#[test]
fn every_shell_completes_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_parlor"))
            .args(["completions", shell])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}");
        let text = String::from_utf8(output.stdout).unwrap();
        for subcommand in command().get_subcommands() {
            assert!(text.contains(subcommand.get_name()), "{} in {shell}:\n{text}", subcommand.get_name());
            let flags = subcommand.get_arguments().filter_map(|argument| argument.get_long());
            for flag in flags {
                assert!(text.contains(flag), "{flag} in {shell}:\n{text}");
            }
        }
    }
}

#[test]
fn a_reader_that_has_gone_away_is_an_error() {
    let mut full = [0; 16];
    assert!(completions(Cli::command(), clap_complete::Shell::Bash, &mut &mut full[..]).is_err());
}
