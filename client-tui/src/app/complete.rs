//! Completing what is typed: nicknames, commands, rooms, emoji.

use super::{App, conversation::Conversation, draft::Draft, timeline::entry_of};
use crate::{command::COMMANDS, text::drawable_line};
use shared::text::Label;
use std::collections::HashSet;

/// Candidates that the popup shows.
pub const SHOWN: usize = 6;
/// Emoji that are offered.
const EMOJI: usize = 50;
/// Entries that tell who spoke last.
const RECENT: usize = 200;

/// What a word may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What stands in the draft then.
    pub text: String,
    /// What the popup says of it.
    pub help: String,
}

impl Candidate {
    fn new(text: String, help: impl Into<String>) -> Self {
        Self { text, help: help.into() }
    }
}

/// A completion that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The byte of the draft where the word begins.
    start: usize,
    /// What was typed of it.
    typed: String,
    /// What it may become.
    pub candidates: Vec<Candidate>,
    /// The one that stands in the draft.
    pub chosen: usize,
}

impl Completion {
    /// Opens a completion of the word before the caret, and puts its first candidate in. `None`: nothing fits.
    fn open(draft: &mut Draft, candidates: impl FnOnce(&str, bool) -> Vec<Candidate>) -> Option<Self> {
        let (start, typed) = word(draft);
        let candidates = candidates(&typed, start == 0);
        let completion = Self { start, typed, candidates, chosen: 0 };
        completion.candidates.first()?;
        completion.put(draft);
        Some(completion)
    }

    fn put(&self, draft: &mut Draft) {
        draft.replace_before_caret(self.start, &self.candidates[self.chosen].text);
    }

    /// Chooses the next candidate, or the one before.
    pub fn turn(&mut self, draft: &mut Draft, forward: bool) {
        let count = self.candidates.len();
        self.chosen = if forward { self.chosen + 1 } else { self.chosen + count - 1 } % count;
        self.put(draft);
    }

    /// Takes the candidate back out.
    pub fn cancel(&self, draft: &mut Draft) {
        draft.replace_before_caret(self.start, &self.typed);
    }
}

/// The word before the caret, and where it begins.
fn word(draft: &Draft) -> (usize, String) {
    let before = &draft.text()[..draft.caret()];
    let start =
        before.rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    (start, before[start..].to_owned())
}

fn begins(name: &str, typed: &str) -> bool {
    name.to_lowercase().starts_with(&typed.to_lowercase())
}

/// Emoji whose short names begin so, then those whose names hold it.
fn emoji(typed: &str) -> Vec<Candidate> {
    let typed = typed.trim_end_matches(':').to_lowercase();
    let all = || emojis::iter().flat_map(|emoji| emoji.shortcodes().map(move |code| (emoji, code)));
    let first = all().filter(|(_, code)| code.starts_with(&typed));
    let then = all().filter(|(_, code)| !code.starts_with(&typed) && code.contains(&typed));
    let mut seen = HashSet::new();
    first
        .chain(then)
        .filter(|(emoji, _)| seen.insert(emoji.as_str()))
        .take(EMOJI)
        .map(|(emoji, code)| Candidate::new(format!("{} ", emoji.as_str()), format!(":{code}:")))
        .collect()
}

impl App {
    /// Tab: completes the word before the caret.
    pub(super) fn complete(&mut self) {
        let Some(conversation) = self.current() else { return };
        let mut draft = conversation.draft.clone();
        let completion = Completion::open(&mut draft, |typed, is_first| self.candidates(conversation, typed, is_first));
        if completion.is_none() {
            return;
        }
        self.completion = completion.filter(|completion| completion.candidates.len() > 1);
        if let Some(conversation) = self.current_mut() {
            conversation.draft = draft;
        }
        self.draft_changed();
    }

    fn candidates(&self, conversation: &Conversation, typed: &str, is_first: bool) -> Vec<Candidate> {
        let names = |typed: &str, before: &str, after: &str| -> Vec<Candidate> {
            let fitting = self.names(conversation).into_iter().filter(|name| begins(name, typed));
            fitting.map(|name| Candidate::new(format!("{before}{name}{after}"), "")).collect()
        };
        match typed.chars().next() {
            None => Vec::new(),
            Some('/') if is_first => self.commands(&typed[1..]),
            Some('#') => {
                let rooms = self.logs.keys().map(ToString::to_string).filter(|room| begins(room, typed));
                rooms.map(|room| Candidate::new(format!("{room} "), "")).collect()
            }
            Some(':') if typed.len() > 2 => emoji(&typed[1..]),
            Some('@') => names(&typed[1..], "@", " "),
            Some(_) => names(typed, "", if is_first { ": " } else { " " }),
        }
    }

    fn commands(&self, typed: &str) -> Vec<Candidate> {
        let rows = COMMANDS.iter().flat_map(|command| command.names.iter().map(move |name| (name, command)));
        let fitting = rows.filter(|(name, _)| begins(name, typed));
        fitting
            .map(|(name, command)| {
                let help = format!("{} – {}", command.arguments, self.locale.text(command.help));
                Candidate::new(format!("/{name} "), help.trim_start_matches([' ', '–']))
            })
            .collect()
    }

    /// Nicknames; those who spoke last come first.
    fn names(&self, conversation: &Conversation) -> Vec<String> {
        let recent = conversation.timeline.items().iter().rev().take(RECENT).filter_map(entry_of);
        let spoke = recent.filter_map(|entry| entry.from.clone());
        let here = conversation.roster.people().map(|(name, _)| name.clone());
        let mut seen: HashSet<Label> = HashSet::from([self.me.clone()]);
        spoke.chain(here).filter(|name| seen.insert(name.clone())).map(|name| drawable_line(&name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_walks_the_candidates_and_esc_takes_them_back() {
        let names = |typed: &str, _| -> Vec<Candidate> {
            let all = ["alice", "Albert", "小明"].into_iter().filter(|name| begins(name, typed));
            all.map(|name| Candidate::new(format!("{name}: "), "")).collect()
        };
        let mut draft = Draft::new("al".into(), 2);
        let mut completion = Completion::open(&mut draft, names).unwrap();
        assert_eq!(draft.text(), "alice: ");
        completion.turn(&mut draft, true);
        assert_eq!(draft.text(), "Albert: ");
        completion.cancel(&mut draft);
        assert_eq!(draft.text(), "al");
        let mut draft = Draft::new("hi 小".into(), 4);
        Completion::open(&mut draft, names).unwrap();
        assert_eq!(draft.text(), "hi 小明: ");
        assert!(Completion::open(&mut Draft::new("zz".into(), 2), names).is_none());
    }

    #[test]
    fn emoji_by_their_short_names() {
        assert_eq!(emoji("tada").first().map(|found| found.text.as_str()), Some("🎉 "));
        assert_eq!(emoji("thumbsu").first().map(|found| found.help.as_str()), Some(":thumbsup:"));
        assert!(emoji("no-such-emoji").is_empty());
    }
}
