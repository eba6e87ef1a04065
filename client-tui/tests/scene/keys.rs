//! Keys by the names that the table of commands gives them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The keys of names such as `C-x Up`, one behind the other.
pub fn keys(names: &str) -> Vec<KeyEvent> {
    names.split(' ').map(key).collect()
}

fn key(name: &str) -> KeyEvent {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = name;
    while let Some((prefix, behind)) = rest.split_at_checked(2).filter(|(_, behind)| !behind.is_empty()) {
        modifiers |= match prefix {
            "C-" => KeyModifiers::CONTROL,
            "A-" => KeyModifiers::ALT,
            "S-" => KeyModifiers::SHIFT,
            _ => break,
        };
        rest = behind;
    }
    KeyEvent::new(code(rest), modifiers)
}

fn code(name: &str) -> KeyCode {
    match name {
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "Esc" => KeyCode::Esc,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        _ => match name.strip_prefix('F').and_then(|number| number.parse().ok()) {
            Some(number) => KeyCode::F(number),
            None => KeyCode::Char(name.chars().next().expect("a key")),
        },
    }
}
