//! Whom the reader does not want to see, and who and what is not to ring.

use serde::{Deserialize, Serialize};
use shared::{Entry, text::Label};
use std::collections::{BTreeMap, BTreeSet};

/// Which messages ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// None.
    None,
    /// Those that name the reader, or one of their words.
    Mentions,
    /// Every one.
    All,
}

impl Level {
    /// The level of a word, as it is typed and written.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "mentions" => Some(Self::Mentions),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mentions => "mentions",
            Self::All => "all",
        }
    }
}

/// What a person has said about others: kept for a nickname at a server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Circle {
    /// Nicknames that are not shown, in lower case.
    hidden: BTreeSet<String>,
    /// Nicknames that do not ring, in lower case.
    muted: BTreeSet<String>,
    /// Levels of conversations that are not the usual ones, by their names.
    levels: BTreeMap<String, Level>,
}

impl Circle {
    /// True if a person is not to be seen.
    pub fn hides(&self, name: &Label) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&name.to_lowercase())
    }

    /// True if an entry is not to be seen, for who said it.
    pub fn hides_entry(&self, entry: &Entry) -> bool {
        entry.from.as_ref().is_some_and(|from| self.hides(from))
    }

    /// True if a person does not ring.
    pub fn mutes(&self, name: &Label) -> bool {
        let name = name.to_lowercase();
        self.muted.contains(&name) || self.hidden.contains(&name)
    }

    /// Hides a person, or shows them again. True: hidden now.
    pub fn toggle_hidden(&mut self, name: &str) -> bool {
        toggle(&mut self.hidden, name)
    }

    /// Silences a person's pings, or lets them ring again. True: silent now.
    pub fn toggle_muted(&mut self, name: &str) -> bool {
        toggle(&mut self.muted, name)
    }

    /// The level of a conversation, if it is not the usual one.
    pub fn level(&self, conversation: &str) -> Option<Level> {
        self.levels.get(conversation).copied()
    }

    /// Gives a conversation a level.
    pub fn set_level(&mut self, conversation: String, level: Level) {
        self.levels.insert(conversation, level);
    }

    /// Who is hidden.
    pub fn hidden(&self) -> impl Iterator<Item = &str> {
        self.hidden.iter().map(String::as_str)
    }

    /// Who is silent.
    pub fn muted(&self) -> impl Iterator<Item = &str> {
        self.muted.iter().map(String::as_str)
    }
}

fn toggle(names: &mut BTreeSet<String>, name: &str) -> bool {
    let name = name.to_lowercase();
    if names.remove(&name) {
        return false;
    }
    names.insert(name)
}
