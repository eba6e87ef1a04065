//! Characters, by what they mean for where a word ends.

use unicode_width::UnicodeWidthChar;

/// Written without spaces between words, or (Korean) with endings that hang on to a word: each is a word of its own here.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'       // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1100}'..='\u{11ff}'   // Korean letters
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{2e80}'..='\u{2fdf}'   // radicals
        | '\u{3005}'..='\u{3007}'   // 々〆〇
        | '\u{3040}'..='\u{31ff}'   // Japanese and Bopomofo
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ffdc}'   // half-width Japanese and Korean
        | '\u{1b000}'..='\u{1b16f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// True inside a word that has to be whole.
pub(super) fn is_inner(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && !is_unspaced(c)
}

/// Drawn upon the character before it.
pub(super) fn is_upon(c: char) -> bool {
    c.width() == Some(0)
}

/// The last character, without what is drawn upon it.
pub(super) fn last_base(text: &str) -> Option<char> {
    text.chars().rev().find(|&c| !is_upon(c))
}
