//! Names: what is one is one however it is written.

use crate::config;
use proptest::prelude::*;
use shared::{LogName, Nickname, RoomName, limits};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_width::UnicodeWidthStr;

/// Texts that are names now and then: letters that fold, combine, look alike or belong to no name.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAbBiIlL1oO0mrnéÉßẞſKÅσςΣ]{1,12}",
        "[a-zA-Z0-9|_.\\-\\[\\]{}^`\\\\]{0,26}",
        "[eaiou\\x{300}-\\x{345}ΐΰǰẖ\\x{fb00}-\\x{fb06}]{1,8}",
        "[а-яА-ЯёЁ]{1,16}",
        "[\\x{4e00}-\\x{4e30}ァ-ンㄱ-ㅣ가-갛\\x{1100}-\\x{11ff}]{1,10}",
        "[ა-ჰᲐ-Ჰა-ჰꭰ-ꮏᎠ-Ᏼ]{1,8}",
        "\\PC{0,12}",
        any::<String>(),
    ]
}

fn nicknames() -> impl Strategy<Value = Nickname> {
    names().prop_filter_map("a nickname", |name| Nickname::parse(&name).ok())
}

fn rooms() -> impl Strategy<Value = RoomName> {
    names().prop_filter_map("a room", |name| RoomName::parse(&format!("#{name}")).ok())
}

/// Every way to write the same.
fn spellings(name: &str) -> [String; 3] {
    [name.nfd().collect(), name.nfc().collect(), name.to_owned()]
}

/// The same name by the simplest means: the parsed name is one again, and folding its letters is no other name.
fn folded(name: &str) -> String {
    caseless::default_case_fold_str(name)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_nickname_is_what_it_parses_to(name in nicknames()) {
        let text = name.as_str();
        prop_assert!(is_nfc(text) && (1..=limits::NICKNAME).contains(&text.len()));
        prop_assert!(text.width() <= limits::NICKNAME_COLUMNS);
        prop_assert!(!text.chars().any(|c| c.is_control() || c.is_whitespace() || "#@,:\"".contains(c)));
        for spelling in spellings(text) {
            prop_assert_eq!(Nickname::parse(&spelling), Ok(name.clone()), "{:?}", spelling);
        }
        prop_assert!(name.is_same(&name));
        prop_assert_eq!(name.order().1, name);
    }

    #[test]
    fn case_makes_no_other_name(name in nicknames()) {
        for other in [name.as_str().to_lowercase(), name.as_str().to_uppercase(), folded(name.as_str())] {
            let Ok(other) = Nickname::parse(&other) else { continue };
            // `ı` and `İ` are letters of their own: what folding keeps apart is not one.
            let one: String = folded(name.as_str()).nfc().collect();
            if one == folded(other.as_str()).nfc().collect::<String>() {
                prop_assert!(name.is_same(&other), "{} and {}", name, other);
                prop_assert_eq!(name.key(), other.key());
            }
        }
    }

    #[test]
    fn sameness_goes_both_ways_and_on(a in nicknames(), b in nicknames(), c in nicknames()) {
        prop_assert_eq!(a.is_same(&b), b.is_same(&a));
        prop_assert_eq!(a.is_same(&b), a.key() == b.key());
        prop_assert!(!(a.is_same(&b) && b.is_same(&c)) || a.is_same(&c));
        prop_assert_eq!(a.order() < b.order(), b.order() > a.order());
        prop_assert_eq!(a.order() == b.order(), a == b);
        prop_assert!(!(a.order() <= b.order() && b.order() <= c.order()) || a.order() <= c.order());
    }

    #[test]
    fn a_key_that_is_a_name_is_the_same_name(name in nicknames()) {
        // The key is shown by Debug alone.
        let shown = format!("{:?}", name.key());
        let text: String = serde_json::from_str(shown.trim_start_matches("NameKey(").trim_end_matches(')'))
            .unwrap_or_default();
        if let Ok(other) = Nickname::parse(&text) && other.as_str() == text {
            prop_assert!(name.is_same(&other), "{} and its skeleton {}", name, other);
        }
    }

    #[test]
    fn a_room_is_what_it_parses_to(room in rooms()) {
        let text = room.as_str();
        prop_assert!(text.starts_with('#') && is_nfc(text));
        prop_assert!((2..=limits::ROOM_CHARS + 1).contains(&text.chars().count()));
        let again = folded(text).nfc().collect::<String>();
        prop_assert_eq!(&again, text, "it is folded");
        for spelling in spellings(text) {
            prop_assert_eq!(RoomName::parse(&spelling), Ok(room.clone()));
            prop_assert_eq!(LogName::parse(&spelling).ok(), Some(LogName::Room(room.clone())));
        }
    }

    #[test]
    fn two_spellings_are_one_room(name in names()) {
        let room = RoomName::parse(&format!("#{name}"));
        let normal = RoomName::parse(&format!("#{}", name.nfd().collect::<String>()));
        // Taken apart a name is longer, and may be over the limit.
        prop_assert!(normal.is_err() || room == normal, "{:?} and {:?}", room, normal);
    }

    #[test]
    fn names_are_read_back_as_json(name in names()) {
        for text in [name.clone(), format!("#{name}"), "@".to_owned()] {
            let read = serde_json::from_value::<LogName>(serde_json::Value::String(text.clone()));
            prop_assert_eq!(read.ok(), LogName::parse(&text).ok());
        }
    }
}
