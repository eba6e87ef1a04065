//! What is said: real lines.

use shared::Text;

const FILES: [&str; 5] = [
    include_str!("../../../assets/talk/ubuntu-irc/2004-11-15_03.txt"),
    include_str!("../../../assets/talk/ubuntu-irc/2009-10-01_17.txt"),
    include_str!("../../../assets/talk/ubuntu-irc/2011-11-13_02.txt"),
    include_str!("../../../assets/talk/ubuntu-irc/2016-12-19_20.txt"),
    include_str!("../../../assets/talk/zh/lines.txt"),
];
/// Longer ones are for nobody's eyes.
const LONGEST: usize = 500;

/// All lines, cleaned, so that they come back as they are sent.
pub(crate) fn lines() -> Vec<Box<str>> {
    let texts = FILES.iter().flat_map(|file| file.lines()).map(|line| match line.split_once("> ") {
        Some((_, said)) if line.starts_with('[') => said,
        _ => line,
    });
    let texts = texts.filter(|text| text.len() <= LONGEST).filter_map(|text| Text::parse(text).ok());
    texts.map(|text| text.as_str().into()).collect()
}

/// A word of a line that can be searched for.
pub(crate) fn word(line: &str) -> Option<&str> {
    line.split_whitespace().find(|word| word.len() > 3 && word.chars().all(char::is_alphabetic))
}
