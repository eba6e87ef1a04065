//! What people read stands in the Fluent files, and only there.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use client_tui::locale::Locale;
use std::{collections::BTreeSet, fs, path::Path};

/// Keys that are put together from a word of the wire, of the configuration or of the calendar.
const MADE: [&str; 8] = ["act-", "error-", "notice-", "help-", "weekday-", "month-", "level-", "loss-"];

/// The source files below a directory, without their tests and comments.
fn sources(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.push((path.display().to_string(), lines.collect::<Vec<_>>().join("\n")));
        }
    }
    found
}

/// The texts in quotes of a line of code.
fn literals(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}

/// Two words one behind the other: no key, no name, no format.
fn is_sentence(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    words.windows(2).any(|two| two.iter().all(is_word))
}

#[test]
fn no_sentence_stands_in_the_code_of_the_screen() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in ["app", "view", "rows"] {
        for (file, code) in sources(&source.join(part)) {
            // What is said to the compiler and to who reads a panic is no sentence of the screen.
            let is_said = |line: &&str| !["expect(", "reason =", "#["].iter().any(|mark| line.contains(mark));
            for text in code.lines().filter(is_said).flat_map(literals) {
                assert!(!is_sentence(text), "{file}: {text:?} belongs into assets/locales");
            }
        }
    }
}

#[test]
fn every_key_is_there_and_is_used() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let code: String = sources(&source).into_iter().map(|(_, code)| code + "\n").collect();
    let used: BTreeSet<&str> = code.lines().flat_map(literals).collect();
    let texts = fs::read_to_string(source.join("../../assets/locales/en.ftl")).unwrap();
    let is_key = |line: &&str| !line.starts_with([' ', '#', '\t']);
    let keys: BTreeSet<&str> = texts.lines().filter(is_key).filter_map(|line| Some(line.split_once(" =")?.0)).collect();
    for key in &keys {
        assert!(used.contains(key) || MADE.iter().any(|made| key.starts_with(made)), "nobody says {key}");
    }
    // A key that is asked for by its name is there.
    let english = Locale::english();
    for ask in ["locale.text(\"", "locale.with(\"", "say_key(\""] {
        for key in code.split(ask).skip(1).filter_map(|rest| rest.split('"').next()) {
            let looks_so = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(!looks_so || !key.contains('-') || english.has(key), "there is no {key}");
        }
    }
}
