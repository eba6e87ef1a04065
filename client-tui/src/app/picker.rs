//! A list over the screen to choose from: where to go, what was found, who named the reader.

use super::{conversation::Partner, draft::Draft};
use crate::command::Action;
use nucleo_matcher::{
    Config, Matcher,
    pattern::{CaseMatching, Normalization, Pattern},
};
use shared::{LogName, Seq, text::Label};

/// What a choice leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An open conversation.
    Conversation(Partner),
    /// A person, to talk with directly.
    Person(Label),
    /// Something to do.
    Command(Action),
    /// An entry of a log.
    Entry {
        /// The log.
        room: LogName,
        /// Whose conversation shows it.
        partner: Partner,
        /// The entry.
        seq: Seq,
    },
}

impl Target {
    /// Where one talks is gone to more often than a command is chosen.
    fn weight(&self) -> u32 {
        match self {
            Self::Conversation(_) => 24,
            Self::Person(_) => 12,
            Self::Command(_) | Self::Entry { .. } => 0,
        }
    }
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it is called.
    pub name: String,
    /// What more is said of it.
    pub detail: String,
    /// What it leads to.
    pub target: Target,
}

/// Which list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Rooms, people and commands, by a few letters.
    Jump,
    /// What a search has found.
    Search {
        /// In all rooms and direct messages; else in this conversation's log.
        everywhere: bool,
    },
    /// Messages that name the reader.
    Mentions,
}

/// The list.
#[derive(Debug, Clone)]
pub struct Picker {
    /// Which.
    pub list: List,
    /// What is typed over it.
    pub query: Draft,
    /// What there is to choose.
    pub choices: Vec<Choice>,
    /// The chosen one.
    pub chosen: usize,
    /// What was searched for last.
    pub asked: Option<String>,
    /// The answer has not come.
    pub is_waiting: bool,
    /// Where the next page of hits begins.
    pub next: Option<String>,
}

impl Picker {
    /// A list with nothing typed.
    pub fn new(list: List, choices: Vec<Choice>) -> Self {
        let query = Draft::default();
        Self { list, query, choices, chosen: 0, asked: None, is_waiting: false, next: None }
    }

    /// Moves the choice.
    pub fn turn(&mut self, by: isize) {
        let last = self.choices.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    /// The chosen row.
    pub fn choice(&self) -> Option<&Choice> {
        self.choices.get(self.chosen)
    }
}

/// Those whose names fit a few letters, the best first; all of them, in their order, for no letters.
pub fn fitting(query: &str, all: Vec<Choice>) -> Vec<Choice> {
    if query.trim().is_empty() {
        return all;
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, Choice)> = all
        .into_iter()
        .filter_map(|choice| {
            let name = nucleo_matcher::Utf32Str::new(&choice.name, &mut buffer);
            pattern.score(name, &mut matcher).map(|score| (score + choice.target.weight(), choice))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, choice)| choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_the_best_first() {
        let choice =
            |name: &str| Choice { name: name.into(), detail: String::new(), target: Target::Person(Label::new(name)) };
        let names = |query| -> Vec<String> {
            let all = ["#lobby", "#dev", "@bob", "@小明", "/leave"].map(choice).to_vec();
            fitting(query, all).into_iter().map(|choice| choice.name).collect()
        };
        assert_eq!(names("lb"), ["#lobby"]);
        assert_eq!(names("dev")[0], "#dev");
        assert_eq!(names("明"), ["@小明"]);
        assert_eq!(names("").len(), 5);
        assert!(names("zz").is_empty());
    }
}
