//! Real talk to be said: see `assets/talk/ubuntu-irc`.

use super::echo::KEY;
use std::{fs, path::Path, sync::LazyLock};

/// An IRC line has room for no more, behind its head.
const LONGEST: usize = 400;

/// The people who say it.
pub(crate) const NICKNAMES: [&str; 4] = ["corba", "MWM", "wafflejock", "caco"];

static MESSAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/talk/ubuntu-irc");
    let files = fs::read_dir(&directory).expect("assets/talk is a part of the repository");
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.sort();
    let texts = paths.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.flat_map(|text| text.lines().filter_map(message).collect::<Vec<_>>()).collect()
});

/// The text of a line that is a message: `[14:10] <nick> text`. The key that is typed while others talk does not occur in it.
fn message(line: &str) -> Option<String> {
    let (_, text) = line.split_once("] <")?.1.split_once("> ")?;
    let mut text = text.replace(char::from(KEY), "-");
    text.truncate(text.floor_char_boundary(LONGEST));
    (!text.trim().is_empty()).then_some(text)
}

/// Message `n` of the talk, which begins again when it is over.
pub(crate) fn said(n: usize) -> &'static str {
    &MESSAGES[n % MESSAGES.len()]
}
