//! Texts: what is forbidden goes, the rest stays as it is.

use crate::config;
use proptest::prelude::*;
use shared::{
    Body, Label, Text, limits,
    text::{TextError, clean, clean_line, cut},
};

/// What must never reach another person, by its numbers; a second time, apart from the code.
fn is_forbidden(c: char) -> bool {
    let n = u32::from(c);
    let is_control = n < 0x20 && n != 0x0a && n != 0x09;
    let is_bidi = (0x202a..=0x202e).contains(&n) || (0x2066..=0x2069).contains(&n);
    let is_no_character = (0xfdd0..=0xfdef).contains(&n) || n % 0x1_0000 >= 0xfffe;
    is_control || (0x7f..=0x9f).contains(&n) || is_bidi || is_no_character
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(?s)[\\x00-\\x{a0}]{0,60}",
        "[a\\r\\n\\t \\x{2028}\\x{2029}\\x{85}]{0,30}",
        "[a\\x{200b}-\\x{2070}\\x{61c}]{0,30}",
        "[a\\x{fdcf}-\\x{fdf0}\\x{fffd}-\\x{ffff}\\x{1fffd}-\\x{20001}\\x{10fffd}-\\x{10ffff}]{0,30}",
    ]
}

/// The same by the simplest means.
fn model(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !is_forbidden(*c)).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn cleaning_takes_what_is_forbidden_and_nothing_else(text in texts()) {
        let cleaned = clean(&text);
        prop_assert_eq!(&*cleaned, model(&text));
        prop_assert!(!cleaned.chars().any(is_forbidden));
        prop_assert_eq!(&clean(&cleaned), &cleaned);
        let body = Body::new(&text);
        prop_assert_eq!(body.as_str(), &*cleaned);
        prop_assert_eq!(Body::new(&body), body);
    }

    #[test]
    fn a_label_is_one_line(text in texts()) {
        let label = Label::new(&text);
        let line: String = model(&text).chars().map(|c| if "\n\t\u{2028}\u{2029}".contains(c) { ' ' } else { c }).collect();
        prop_assert_eq!(label.as_str(), line);
        prop_assert_eq!(&clean_line(&label), label.as_str());
        prop_assert_eq!(Label::new(&label), label);
    }

    #[test]
    fn a_text_is_cleaned_and_has_a_size(text in texts(), times in prop_oneof![3 => Just(1_usize), 1 => 100_usize..900]) {
        let text = text.repeat(times);
        let cleaned = model(&text);
        let expected = match cleaned.len() {
            length if length > limits::TEXT => Err(TextError::TooLong { length, max: limits::TEXT }),
            _ if cleaned.trim().is_empty() => Err(TextError::Empty),
            _ => Ok(cleaned.as_str()),
        };
        let parsed = Text::parse(&text);
        prop_assert_eq!(parsed.as_ref().map(Text::as_str).map_err(|error| *error), expected);
        if let Ok(text) = parsed {
            prop_assert_eq!(Text::parse(text.as_str()), Ok(text.clone()));
            let body = Body::from(&text);
            prop_assert_eq!(body.as_str(), text.as_str());
        }
        let topic = Text::parse_topic(&text);
        prop_assert_eq!(topic.is_ok(), cleaned.len() <= limits::TOPIC);
    }

    #[test]
    fn a_cut_is_the_longest_beginning(text in texts(), max in 0_usize..80) {
        let part = cut(&text, max);
        prop_assert!(text.starts_with(part) && part.len() <= max);
        let next = text[part.len()..].chars().next();
        prop_assert!(next.is_none_or(|c| part.len() + c.len_utf8() > max));
    }
}
