//! What search means: every word of the query occurs in the text. Case and accents do not count; words with Chinese,
//! Japanese or Korean characters are found anywhere, others where a word begins. Punctuation counts as it is typed.

use shared::{RoomName, Seq, UnixMillis};
use unicode_normalization::UnicodeNormalization;

/// `text` without case and accents: what is compared, and what is indexed.
fn fold(text: &str) -> String {
    if text.chars().all(is_plain) {
        return text.to_ascii_lowercase();
    }
    let is_accent = |c: &char| matches!(c, '\u{300}'..='\u{36f}');
    let plain: String = text.nfd().filter(|c| !is_accent(c)).collect();
    caseless::default_case_fold_str(&plain).nfc().collect()
}

/// A character that has no accents, and no case beyond that of ASCII: most of them, and by far the quickest.
fn is_plain(c: char) -> bool {
    c.is_ascii() || (matches!(c, '\u{3000}'..='\u{9fff}') && !matches!(c, '\u{3099}' | '\u{309a}'))
}

/// Characters of scripts that put no spaces between words, and Hangul, whose words carry endings.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{3100}'..='\u{318f}' | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// Folded text with spaces around each CJK character, so that the index takes each for a word.
fn spaced(folded: &str) -> String {
    let mut spaced = String::with_capacity(folded.len() + folded.len() / 2);
    for c in folded.chars() {
        if is_cjk(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
}

/// What the full-text index is given for a text.
pub fn index_text(text: &str) -> String {
    spaced(&fold(text))
}

/// The words of a query.
#[derive(Debug, Clone)]
pub struct Words(Vec<String>);

impl Words {
    /// Splits a query at white space.
    pub fn parse(query: &str) -> Self {
        Self(fold(query).split_whitespace().take(shared::limits::SEARCH_WORDS).map(str::to_owned).collect())
    }

    /// The FTS5 query whose hits include every text that [`Words::match_text`]. `None`: nothing in it can be indexed.
    ///
    /// Half of all entries have a word that begins like a short one. To put those together costs more than to look at what
    /// has the longer words, so they are left out where there is a longer one.
    pub fn fts_query(&self) -> Option<String> {
        let words = || self.0.iter().filter(|word| word.chars().any(char::is_alphanumeric));
        let has_long = words().any(|word| !is_short(word));
        let phrases: Vec<String> = words()
            .filter(|word| !has_long || !is_short(word))
            .map(|word| format!("\"{}\"*", spaced(word).replace('"', "\"\"")))
            .collect();
        (!phrases.is_empty()).then(|| phrases.join(" "))
    }

    /// True if every word occurs in the text.
    pub fn match_text(&self, text: &str) -> bool {
        let folded = fold(text);
        self.0.iter().all(|word| occurs(&folded, word))
    }
}

/// A word of few letters, each of which says little.
fn is_short(word: &str) -> bool {
    word.chars().count() <= 3 && !word.chars().any(is_cjk)
}

/// A word that begins with a letter or digit (no CJK) must stand where a word begins.
fn occurs(text: &str, word: &str) -> bool {
    let is_inner = |c: char| c.is_alphanumeric() && !is_cjk(c);
    let anywhere = !word.starts_with(is_inner);
    text.match_indices(word).any(|(at, _)| anywhere || !text[..at].ends_with(is_inner))
}

/// Where a hit stands in the order of hits: by time, then room, then seq.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// When it was committed.
    pub at: UnixMillis,
    /// Its room; `@` sorts by itself.
    pub room: Box<str>,
    /// Its number.
    pub seq: Seq,
}

impl Position {
    /// As it goes to the client, which gives it back for the next page.
    pub fn encode(&self) -> String {
        format!("{}-{}-{}", self.at, self.seq, self.room)
    }

    /// Reads what a client gave back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let at = parts.next()?.parse().ok()?;
        let seq = Seq::new(parts.next()?.parse().ok()?)?;
        let room = parts.next().filter(|room| *room == "@" || RoomName::parse(room).is_ok())?;
        Some(Self { at, room: room.into(), seq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, text: &str) -> bool {
        Words::parse(query).match_text(text)
    }

    #[test]
    fn words_match_whole_or_by_prefix_and_cjk_anywhere() {
        assert!(found("wave inv", "the WAVE of Invites"));
        assert!(!found("ave", "the wave"));
        assert!(found("cafe", "Café"));
        assert!(found("日志", "看到昨天的日志了吗"));
        assert!(found("rust", "用rust写"));
        assert!(!found("日记", "看到昨天的日志了吗"));
    }

    #[test]
    fn punctuation_is_found_as_it_is_typed() {
        assert!(found("100%", "it is 100% sure"));
        assert!(!found("100%", "100 apples"));
        assert!(found("done_now", "all done_now"));
        assert!(found("\"quoted\"", "a \"quoted\" word"));
        assert_eq!(Words::parse("a\"b").fts_query().as_deref(), Some("\"a\"\"b\"*"));
        assert_eq!(Words::parse("%").fts_query(), None);
        assert_eq!(Words::parse("the kernel is").fts_query().as_deref(), Some("\"kernel\"*"));
        assert_eq!(Words::parse("to be").fts_query().as_deref(), Some("\"to\"* \"be\"*"));
    }

    #[test]
    fn the_quick_way_gives_what_the_long_one_does() {
        for c in ('\0'..=char::MAX).filter(|c| is_plain(*c)) {
            let text: String = ['a', c, 'か', c].into_iter().collect();
            let long: String = caseless::default_case_fold_str(&text.nfd().collect::<String>()).nfc().collect();
            assert_eq!(fold(&text), long, "{c:?}");
        }
    }

    #[test]
    fn a_position_comes_back() {
        let position = Position { at: 1_790_000_000_000, room: "#a-b".into(), seq: Seq::FIRST };
        assert_eq!(Position::parse(&position.encode()), Some(position));
        assert_eq!(Position::parse("1-2-nonsense"), None);
    }
}
