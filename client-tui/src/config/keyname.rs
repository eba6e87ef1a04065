//! The names of keys: `C-g`, `A-Enter`, `F1`, `S-Up`, `C-x l`; and which of them can be bound.

use crate::command::COMMANDS;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Begins a pair of keys.
pub const PREFIX: &str = "C-x";

/// What a name may be.
const FORM: &str = "a key is F1 to F12, a named key (Tab, Up, PageUp, Insert …), or C- (Control), A- (Alt) or S- (Shift) \
                    before a character or a named key, as C-g, A-Enter or S-Up; C-x and a second key make a pair, as \"C-x k\"";

/// Keys with names, as they are written.
const NAMED: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
    ("Esc", KeyCode::Esc),
    ("Space", KeyCode::Char(' ')),
];

/// The input line's own keys and what they do there.
const LINE_KEYS: [(&str, &str); 23] = [
    ("C-a", "go to the line's start"),
    ("C-e", "go to the line's end"),
    ("C-b", "go back a character"),
    ("C-f", "go on a character"),
    ("C-w", "cut the word before"),
    ("C-u", "cut what is before"),
    ("C-k", "cut what is behind"),
    ("C-y", "put in what was cut"),
    ("C-d", "delete the next character"),
    ("C-t", "swap two characters"),
    ("A-b", "go back a word"),
    ("A-f", "go on a word"),
    ("A-d", "delete the next word"),
    ("A-Backspace", "cut the word before"),
    ("Home", "go to the line's start"),
    ("End", "go to the line's end"),
    ("Left", "go back a character"),
    ("Right", "go on a character"),
    ("C-Left", "go back a word"),
    ("C-Right", "go on a word"),
    ("Up", "go up a row"),
    ("Down", "go down a row"),
    ("Delete", "delete the next character"),
];

/// A key as the table of commands writes it. `None` for keys that have no name.
pub fn name(key: KeyEvent) -> Option<String> {
    let base = match key.code {
        KeyCode::BackTab => "Tab".into(),
        KeyCode::F(n) => format!("F{n}"),
        KeyCode::Char(c) if c != ' ' => c.to_lowercase().to_string(),
        code => NAMED.iter().find(|(_, named)| *named == code)?.0.into(),
    };
    // Terminals tell Shift from the character, or not at all.
    let has_shift = key.modifiers.contains(KeyModifiers::SHIFT) && !matches!(key.code, KeyCode::Char(_));
    let key = Key {
        control: key.modifiers.contains(KeyModifiers::CONTROL),
        alt: key.modifiers.contains(KeyModifiers::ALT),
        shift: has_shift || key.code == KeyCode::BackTab,
        base,
    };
    Some(key.to_string())
}

/// A key, taken apart.
struct Key {
    control: bool,
    alt: bool,
    shift: bool,
    base: String,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (is_held, prefix) in [(self.control, "C-"), (self.alt, "A-"), (self.shift, "S-")] {
            f.write_str(if is_held { prefix } else { "" })?;
        }
        f.write_str(&self.base)
    }
}

/// The name of a key, or of a pair, as [`name`] writes it; or why it can't be bound.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let (first, second) = text.split_once(' ').map_or((text, None), |(first, second)| (first, Some(second)));
    let first = Key::parse(first)?;
    let Some(second) = second else {
        let name = first.to_string();
        return if is_default(&name) {
            Ok(name)
        } else {
            first.check().and_then(|()| first.check_alone()).map(|()| name)
        };
    };
    if first.to_string() != PREFIX {
        return Err(format!("can't be bound: only {PREFIX} begins a pair"));
    }
    if second.contains(' ') {
        return Err("can't be bound: a pair has two keys".into());
    }
    let second = Key::parse(second)?;
    let name = format!("{PREFIX} {second}");
    if is_default(&name) { Ok(name) } else { second.check().and_then(|()| second.check_second()).map(|()| name) }
}

/// What the table of commands uses is good.
fn is_default(name: &str) -> bool {
    COMMANDS.iter().any(|command| command.keys.contains(&name))
}

impl Key {
    fn parse(text: &str) -> Result<Self, String> {
        let mut key = Self { control: false, alt: false, shift: false, base: String::new() };
        let mut rest = text;
        while let Some((prefix, behind)) = rest.split_at_checked(2).filter(|(_, behind)| !behind.is_empty()) {
            match prefix {
                "C-" => key.control = true,
                "A-" => key.alt = true,
                "S-" => key.shift = true,
                _ => break,
            }
            rest = behind;
        }
        key.base = base(rest).ok_or_else(|| unreadable(text))?;
        if key.control {
            // Terminals send one code for these.
            key.base = match key.base.as_str() {
                "@" | "2" => "Space".into(),
                "\\" => "4".into(),
                "]" => "5".into(),
                "^" => "6".into(),
                "_" | "/" => "7".into(),
                _ => key.base,
            };
        }
        Ok(key)
    }

    fn character(&self) -> Option<char> {
        let mut characters = self.base.chars();
        characters.next().filter(|_| characters.next().is_none())
    }

    /// What terminals can't send, or send for another key.
    fn check(&self) -> Result<(), String> {
        let alias = match (self.base.as_str(), self.control, self.shift) {
            ("i" | "Tab", true, _) => "Tab",
            ("m" | "Enter", true, _) | ("Enter", _, true) => "Enter",
            ("h" | "?" | "8" | "Backspace", true, _) | ("Backspace", _, true) => "Backspace",
            ("[" | "3" | "Esc", true, _) | ("Esc", _, true) => "Esc",
            ("Space", false, true) => "Space",
            ("Esc", ..) if self.alt => "Esc",
            _ => "",
        };
        if !alias.is_empty() {
            return Err(format!("can't be bound: terminals send {alias} for it"));
        }
        let Some(c) = self.character() else { return Ok(()) };
        if self.control && !(c.is_ascii_lowercase() || matches!(c, '4'..='7')) {
            return Err(format!("can't be bound: terminals send no Control with {c}"));
        }
        if self.shift {
            let base = Self { shift: false, base: self.base.clone(), ..*self };
            return Err(format!("can't be bound: terminals don't tell it from {base}"));
        }
        if self.alt && c == '[' {
            return Err("can't be bound: the codes of other keys begin with it".into());
        }
        if self.control && c == 'c' {
            return Err("can't be bound: C-c ends the program".into());
        }
        Ok(())
    }

    /// What has its own meaning where keys are pressed.
    fn check_alone(&self) -> Result<(), String> {
        let name = self.to_string();
        if name == PREFIX {
            let pair =
                COMMANDS.iter().find_map(|command| Some((command, command.keys.iter().find(|key| is_pair(key))?)));
            let such = pair.map(|(row, key)| format!(", such as {}'s {key:?}", super::keymap::name_of(row.action)));
            return Err(format!("can't be bound: it begins the pairs{}", such.unwrap_or_default()));
        }
        let meaning = match (self.base.as_str(), self.control || self.alt) {
            ("Enter", false) => Some("Enter sends"),
            ("Esc", false) => Some("Esc closes what is open"),
            ("Backspace", false) => Some("the input line needs it (delete the character before)"),
            _ => None,
        };
        if let Some(meaning) = meaning {
            return Err(format!("can't be bound: {meaning}"));
        }
        if let Some((_, what)) = LINE_KEYS.iter().find(|(key, _)| *key == name) {
            return Err(format!("can't be bound: the input line needs it ({what})"));
        }
        let is_printable = self.base == "Space" || self.character().is_some();
        if is_printable && !(self.control || self.alt) {
            return Err(format!("can't be bound: it would not be typed any more; a pair can be, as \"C-x {name}\""));
        }
        match self.character() {
            Some(digit @ '1'..='9') if self.alt => Err(format!("can't be bound: it goes to conversation {digit}")),
            _ => Ok(()),
        }
    }

    /// What has its own meaning behind C-x.
    fn check_second(&self) -> Result<(), String> {
        match (self.base.as_str(), self.character()) {
            ("Esc", _) => Err("can't be bound: Esc ends a pair that was begun".into()),
            (_, Some(digit @ '1'..='9')) if !(self.control || self.alt) => {
                Err(format!("can't be bound: it goes to conversation {digit}"))
            }
            _ => Ok(()),
        }
    }
}

fn is_pair(key: &str) -> bool {
    key.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with(' '))
}

/// A key without its modifiers.
fn base(text: &str) -> Option<String> {
    if let Some((name, _)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Some((*name).into());
    }
    let mut characters = text.chars();
    if let (Some(c), None) = (characters.next(), characters.next()) {
        return (!c.is_control() && !c.is_whitespace()).then(|| c.to_lowercase().to_string());
    }
    (1..=12).map(|n| format!("F{n}")).find(|name| name == text)
}

/// Why a text is no key.
fn unreadable(text: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("ctrl-", "C-"),
        ("control-", "C-"),
        ("alt-", "A-"),
        ("meta-", "A-"),
        ("shift-", "S-"),
        ("m-", "A-"),
        ("^", "C-"),
    ];
    let lower = text.to_lowercase().replace('+', "-");
    let found = WORDS.iter().find_map(|(word, prefix)| Some((prefix, lower.strip_prefix(word)?)));
    let near = |rest: &str| {
        let named: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        base(rest).or_else(|| super::document::nearest(rest, &named).map(str::to_owned))
    };
    let meant = match found {
        Some((prefix, rest)) => near(rest).map(|base| format!("{prefix}{base}")),
        None => near(&lower),
    };
    match meant.filter(|meant| meant != text) {
        Some(meant) => format!("is no key; did you mean {meant:?}? {FORM}"),
        None => format!("is no key; {FORM}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_keyboard_writes_them() {
        for (text, name) in [
            ("C-g", "C-g"),
            ("C-G", "C-g"),
            ("A-C-k", "C-A-k"),
            ("F12", "F12"),
            ("S-F5", "S-F5"),
            ("C-x k", "C-x k"),
            ("C-x C-k", "C-x C-k"),
            ("C-x Space", "C-x Space"),
            ("C-@", "C-Space"),
            ("C-]", "C-5"),
            ("A--", "A--"),
            ("A-é", "A-é"),
            ("Insert", "Insert"),
            ("C-PageUp", "C-PageUp"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(name), "{text}");
        }
    }

    #[test]
    fn what_cant_be_bound_has_a_reason() {
        for (text, reason) in [
            ("C-i", "terminals send Tab for it"),
            ("C-m", "terminals send Enter for it"),
            ("C-h", "terminals send Backspace for it"),
            ("C-[", "terminals send Esc for it"),
            ("S-Enter", "terminals send Enter for it"),
            ("C-x C-i", "terminals send Tab for it"),
            ("g", "it would not be typed any more"),
            ("Space", "it would not be typed any more"),
            ("C-c", "ends the program"),
            ("C-x C-c", "ends the program"),
            ("Esc", "closes what is open"),
            ("Enter", "Enter sends"),
            ("C-x", "begins the pairs, such as ls's \"C-x l\""),
            ("C-a", "the input line needs it (go to the line's start)"),
            ("Home", "the input line needs it"),
            ("Backspace", "the input line needs it"),
            ("A-3", "goes to conversation 3"),
            ("C-x 3", "goes to conversation 3"),
            ("C-,", "no Control with ,"),
            ("A-S-k", "don't tell it from A-k"),
            ("A-[", "codes of other keys"),
            ("C-k l", "only C-x begins a pair"),
            ("C-x a b", "two keys"),
            ("Ctrl-G", "did you mean \"C-g\"?"),
            ("alt+pgup", "is no key"),
            ("pageup", "did you mean \"PageUp\"?"),
            ("F13", "is no key"),
            ("", "is no key"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn the_keyboard_has_names_for_all_that_can_be_bound() {
        let of = |code, modifiers| name(KeyEvent::new(code, modifiers));
        assert_eq!(of(KeyCode::Char('G'), KeyModifiers::CONTROL).as_deref(), Some("C-g"));
        assert_eq!(of(KeyCode::Char(' '), KeyModifiers::CONTROL).as_deref(), Some("C-Space"));
        assert_eq!(of(KeyCode::BackTab, KeyModifiers::SHIFT).as_deref(), Some("S-Tab"));
        assert_eq!(of(KeyCode::Enter, KeyModifiers::ALT).as_deref(), Some("A-Enter"));
        assert_eq!(of(KeyCode::CapsLock, KeyModifiers::NONE), None);
        for (text, code) in NAMED {
            assert_eq!(of(code, KeyModifiers::NONE).as_deref(), Some(text));
        }
        for command in COMMANDS {
            assert!(command.keys.iter().all(|key| parse(key).as_deref() == Ok(*key)), "{:?}", command.keys);
        }
    }
}
