//! Nicknames, and when two of them are the same name.
//!
//! Which names are allowed follows UTS #39 (Highly Restrictive); which are the same, its skeletons, with the full case
//! folding of Unicode before and behind them: `0livia` looks like `Olivia` only before folding, `OLIVIA` is `olivia` only after it.

use crate::limits;
use serde::{Serialize, Serializer};
use std::{fmt, sync::Arc};
use unicode_general_category::{GeneralCategory as Category, get_general_category};
use unicode_normalization::UnicodeNormalization;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection, confusable_detection::skeleton};
use unicode_width::UnicodeWidthStr;

/// Marks that IRC people have always had in their names, beside `-`, `_` and `.`.
const IRC_MARKS: &str = r"|[]{}^\`";

/// Why a nickname is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NicknameError {
    /// Nothing is there.
    #[error("a nickname is empty; 1 to 32 bytes are allowed")]
    Empty,
    /// Over [`limits::NICKNAME`] bytes or [`limits::NICKNAME_COLUMNS`] columns.
    #[error("a nickname is at most 32 bytes and 24 columns long")]
    TooLong,
    /// A character that is no letter, digit, mark or one of the few signs.
    #[error("a nickname has letters, digits, marks and -_.|[]{{}}^\\` only, not {0:?}")]
    Character(char),
    /// It starts with a combining mark.
    #[error("a nickname does not start with a combining mark")]
    LeadingMark,
    /// Signs alone.
    #[error("a nickname has at least one letter or digit")]
    NoLetter,
    /// It mixes scripts in a way that lets it pass for another name.
    #[error(
        "a nickname does not mix scripts that look alike, nor use rare or disguised letters (UTS #39, Highly Restrictive)"
    )]
    Scripts,
}

/// A person's name in the chat: 1–32 bytes and at most 24 columns of letters, digits, marks and `-_.|[]{}^\` and backquote,
/// with a letter or digit, in NFC, UTS #39 Highly Restrictive.
///
/// Equality is that of the spelling; [`Nickname::is_same`] tells whether two are one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nickname(Arc<str>);

/// What equal names have in common: fold(skeleton(fold(name))). Never shown to anybody: `admin` becomes `adrnin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameKey(Box<str>);

/// What names that look alike before folding have in common: fold(skeleton(name)).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NameLook(Box<str>);

impl std::str::FromStr for Nickname {
    type Err = NicknameError;

    fn from_str(text: &str) -> Result<Self, NicknameError> {
        Self::parse(text)
    }
}

impl Nickname {
    /// Normalises and checks a nickname.
    pub fn parse(text: &str) -> Result<Self, NicknameError> {
        // Normalising grows a text at most 3-fold; a longer one cannot become a nickname.
        if text.len() > limits::NICKNAME * 4 {
            return Err(NicknameError::TooLong);
        }
        let name: String = text.nfc().collect();
        if name.is_empty() {
            return Err(NicknameError::Empty);
        }
        if let Some(c) = name.chars().find(|&c| !is_allowed(c)) {
            return Err(NicknameError::Character(c));
        }
        if name.len() > limits::NICKNAME || name.width() > limits::NICKNAME_COLUMNS {
            return Err(NicknameError::TooLong);
        }
        if name.chars().next().is_some_and(is_mark) {
            return Err(NicknameError::LeadingMark);
        }
        if !name.chars().any(is_letter_or_digit) {
            return Err(NicknameError::NoLetter);
        }
        let letters: String = name.chars().filter(|c| !IRC_MARKS.contains(*c)).collect();
        if !letters.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            return Err(NicknameError::Scripts);
        }
        Ok(Self(name.into()))
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Two names with equal keys are the same name.
    pub fn key(&self) -> NameKey {
        NameKey(fold(&skeleton(&fold(&self.0)).collect::<String>()).into())
    }

    /// A new name is refused while somebody holds one with an equal look.
    pub fn look(&self) -> NameLook {
        NameLook(fold(&skeleton(&self.0).collect::<String>()).into())
    }

    /// True if both are one name.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0 || self.key() == other.key()
    }

    /// What lists of names are sorted by: case does not count first, then it does.
    pub fn order(&self) -> (Box<str>, Self) {
        (fold(&self.0).into(), self.clone())
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Nickname {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Full default case folding (Unicode, section 3.13).
pub(crate) fn fold(text: &str) -> String {
    caseless::default_case_fold_str(text)
}

pub(crate) fn is_mark(c: char) -> bool {
    matches!(get_general_category(c), Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark)
}

pub(crate) fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            get_general_category(c),
            Category::UppercaseLetter
                | Category::LowercaseLetter
                | Category::TitlecaseLetter
                | Category::ModifierLetter
                | Category::OtherLetter
                | Category::DecimalNumber
        )
}

fn is_allowed(c: char) -> bool {
    is_letter_or_digit(c) || "-_.".contains(c) || IRC_MARKS.contains(c) || is_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Nickname {
        Nickname::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn names_of_many_scripts_are_welcome() {
        for text in [
            "alice",
            "小明",
            "山口カ",
            "Ольга",
            "عمر",
            "José",
            "nimrod|king",
            "[away]_x",
            "`tick`",
            "한국abc",
            "r2-d2",
            "7",
        ] {
            name(text);
        }
        assert_eq!(name("e\u{301}ric").as_str(), "éric");
    }

    #[test]
    fn disguises_and_signs_are_refused() {
        let refused = |text: &str| Nickname::parse(text).unwrap_err();
        assert_eq!(refused(""), NicknameError::Empty);
        assert_eq!(refused("a b"), NicknameError::Character(' '));
        assert_eq!(refused("a\u{200b}b"), NicknameError::Character('\u{200b}'));
        assert_eq!(refused("cat🐈"), NicknameError::Character('🐈'));
        assert_eq!(refused("-_-"), NicknameError::NoLetter);
        assert_eq!(refused("\u{301}a"), NicknameError::LeadingMark);
        assert_eq!(refused("раураl"), NicknameError::Scripts);
        assert_eq!(refused("Ωmega"), NicknameError::Scripts);
        assert_eq!(refused("ａｌｉｃｅ"), NicknameError::Scripts);
        assert_eq!(refused(&"x".repeat(33)), NicknameError::TooLong);
        assert_eq!(refused(&"x".repeat(25)), NicknameError::TooLong, "columns");
    }

    #[test]
    fn names_that_look_alike_are_caught() {
        assert!(name("Alice").is_same(&name("alice")));
        assert!(name("straße").is_same(&name("STRASSE")));
        assert!(name("rnary").is_same(&name("mary")));
        assert!(!name("alice").is_same(&name("bob")));
        assert_eq!(name("0livia").look(), name("Olivia").look());
        assert_eq!(name("Il1").look(), name("lll").look());
    }

    proptest! {
        #[test]
        fn a_nickname_parses_to_itself(text in "[a-zA-Z0-9é小Ж_|.-]{1,20}") {
            if let Ok(name) = Nickname::parse(&text) {
                prop_assert_eq!(Nickname::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn sameness_is_an_equivalence(a in "[Il1oO0mrn]{1,4}", b in "[Il1oO0mrn]{1,4}", c in "[Il1oO0mrn]{1,4}") {
            let [a, b, c] = [a, b, c].map(|text| name(&text));
            prop_assert!(a.is_same(&a));
            prop_assert_eq!(a.is_same(&b), b.is_same(&a));
            prop_assert!(!(a.is_same(&b) && b.is_same(&c)) || a.is_same(&c));
            prop_assert!(!a.is_same(&b) || a.key() == b.key());
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Nickname::parse(&text);
        }
    }
}
