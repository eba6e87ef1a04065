//! Colours: the terminal's own, so that light and dark both stay legible. Nothing is said by colour alone.

use ratatui::style::{Color, Modifier, Style};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How things look.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// Colours are used at all (`NO_COLOR` is not set).
    pub colours: bool,
}

/// The sixteen, without black, white and what disappears on a light or a dark ground.
const NICKS: [Color; 6] = [Color::Cyan, Color::Green, Color::Magenta, Color::Blue, Color::Yellow, Color::Red];

impl Theme {
    /// As the environment wants it.
    pub fn of_environment() -> Self {
        Self { colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn colour(self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }

    /// What is there if one looks for it.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// A nickname; always the same one for the same person.
    pub fn nick(self, name: &str) -> Style {
        let mut hasher = DefaultHasher::new();
        name.to_lowercase().hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % NICKS.len() as u64).unwrap_or(0);
        self.colour(NICKS[index])
    }

    /// The own nickname.
    pub fn own(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What wants to be seen: new entries, unread counts.
    pub fn accent(self) -> Style {
        self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// What has gone wrong.
    pub fn warning(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// A loud badge.
    pub fn badge(self) -> Style {
        self.colour(Color::Yellow).add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// A quiet badge.
    pub fn quiet_badge(self) -> Style {
        self.colour(Color::Green)
    }

    /// What is selected.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A message that names the reader.
    pub fn mention(self) -> Style {
        self.colour(Color::Yellow).add_modifier(Modifier::BOLD)
    }
}
