//! Text of people: what is removed from it before it is stored, and again before it is drawn.
//!
//! Line feed and tab stay; CR LF and CR become line feeds; other C0 and C1 controls, DEL, bidi embeddings, overrides
//! and isolates, and noncharacters go. Everything else stays as it was sent: no trimming, no normalising.

use crate::limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt};

/// True for what never reaches another person: controls (but line feed and tab), bidi embeddings, overrides and
/// isolates (UAX #9), noncharacters.
fn is_removed(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}' => true,
        _ => c.is_control() || u32::from(c) & 0xfffe == 0xfffe,
    }
}

/// Removes what may not stand in text. Borrows when there is nothing to remove. Idempotent.
pub fn clean(text: &str) -> Cow<'_, str> {
    let Some((start, _)) = text.char_indices().find(|&(_, c)| is_removed(c)) else { return Cow::Borrowed(text) };
    let mut cleaned = String::with_capacity(text.len());
    cleaned.push_str(&text[..start]);
    let mut rest = text[start..].chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\r' {
            rest.next_if_eq(&'\n');
            cleaned.push('\n');
        } else if !is_removed(c) {
            cleaned.push(c);
        }
    }
    Cow::Owned(cleaned)
}

/// [`clean`] for what stands on one line (names, topics, details): line ends and tabs become spaces.
pub fn clean_line(text: &str) -> String {
    let breaks = |c| matches!(c, '\n' | '\t' | '\u{2028}' | '\u{2029}');
    clean(text).chars().map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// Cuts `text` to at most `max` bytes, at a character boundary.
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space is left after cleaning.
    #[error("the text is empty after control characters were removed")]
    Empty,
    /// It is longer than the limit after cleaning.
    #[error("the text has {length} bytes; at most {max} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
        /// The most that is allowed.
        max: usize,
    },
}

/// A message's text: cleaned, not blank, at most [`limits::TEXT`] bytes. A topic's: at most [`limits::TOPIC`], may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(Box<str>);

impl Text {
    /// Cleans and checks a message's text.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = Self::within(clean(text), limits::TEXT)?;
        if text.chars().all(char::is_whitespace) { Err(TextError::Empty) } else { Ok(Self(text)) }
    }

    /// Cleans and checks a room's topic.
    pub fn parse_topic(text: &str) -> Result<Self, TextError> {
        Self::within(clean(text), limits::TOPIC).map(Self)
    }

    /// Cleans a text that need not say anything; what is too long is cut.
    pub fn maybe_empty(text: &str) -> Self {
        Self(cut(&clean(text), limits::TEXT).into())
    }

    fn within(text: Cow<'_, str>, max: usize) -> Result<Box<str>, TextError> {
        if text.len() > max { Err(TextError::TooLong { length: text.len(), max }) } else { Ok(text.into()) }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes a string newtype of the wire: written as it is, cleaned when it is read.
macro_rules! cleaned {
    ($(#[$doc:meta])* $name:ident, $clean:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Cleans `text`.
            pub fn new(text: &str) -> Self {
                let clean: fn(&str) -> Box<str> = $clean;
                Self(clean(text))
            }

            /// The cleaned text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::new(&String::deserialize(deserializer)?))
            }
        }
    };
}

cleaned!(
    /// One line from the other side (a name, a topic, a detail): safe to draw, of any length.
    Label, |text| clean_line(text).into()
);
cleaned!(
    /// A message's text from the other side: safe to draw, may have several lines, of any length.
    Body, |text| clean(text).into()
);

impl From<&Text> for Body {
    fn from(text: &Text) -> Self {
        Self(text.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_go_and_line_ends_become_one_kind() {
        assert_eq!(clean("a\r\nb\rc\u{1b}[31m\u{9b}\u{7f}\td"), "a\nb\nc[31m\td");
        assert_eq!(clean("\u{202e}abc\u{2066}\u{fdd0}\u{1ffff}"), "abc");
        assert_eq!(clean("👨‍👩‍👧 \u{200e}\u{200f}\u{61c} नमस्‍ते"), "👨‍👩‍👧 \u{200e}\u{200f}\u{61c} नमस्‍ते");
    }

    #[test]
    fn text_has_a_size_and_is_not_blank() {
        assert_eq!(Text::parse("\u{200b}").unwrap().as_str(), "\u{200b}");
        assert_eq!(Text::parse(" \n\u{1b}"), Err(TextError::Empty));
        assert!(Text::parse(&"字".repeat(1365)).is_ok());
        assert_eq!(Text::parse(&"字".repeat(1366)), Err(TextError::TooLong { length: 4098, max: 4096 }));
        assert!(Text::parse_topic("").is_ok());
        assert!(Text::parse_topic(&"x".repeat(513)).is_err());
    }

    proptest! {
        #[test]
        fn cleaning_is_idempotent_and_removes_every_control(text in ".{0,200}|[\\x00-\\x{a0}\\x{2020}-\\x{2070}]{0,80}") {
            let once = clean(&text).into_owned();
            prop_assert_eq!(clean(&once), once.as_str());
            prop_assert!(!once.chars().any(is_removed));
            let line = clean_line(&text);
            prop_assert_eq!(&clean_line(&line), &line);
            prop_assert!(!line.contains(['\n', '\t']));
        }
    }
}
