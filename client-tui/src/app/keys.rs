//! From keys to actions, by the table of commands.

use crate::command::{Action, COMMANDS};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Begins a pair of keys.
pub const PREFIX: &str = "C-x";

/// A key as the table writes it: `C-g`, `A-Enter`, `F1`, `S-Up`. `None` for keys that the table has no words for.
pub fn name(key: KeyEvent) -> Option<String> {
    let base = match key.code {
        KeyCode::Char(c) => c.to_lowercase().to_string(),
        KeyCode::F(n) => format!("F{n}"),
        KeyCode::Enter => "Enter".into(),
        KeyCode::Tab => "Tab".into(),
        KeyCode::Up => "Up".into(),
        KeyCode::Down => "Down".into(),
        KeyCode::PageUp => "PageUp".into(),
        KeyCode::PageDown => "PageDown".into(),
        _ => return None,
    };
    let mut name = String::new();
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        name.push_str("C-");
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        name.push_str("A-");
    }
    if key.modifiers.contains(KeyModifiers::SHIFT) && !matches!(key.code, KeyCode::Char(_)) {
        name.push_str("S-");
    }
    Some(name + &base)
}

/// The action of a key, or of a pair.
pub fn action(name: &str) -> Option<Action> {
    COMMANDS.iter().find(|command| command.keys.contains(&name)).map(|command| command.action)
}
