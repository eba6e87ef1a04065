//! Completing what is typed: nicknames, commands, rooms.

use super::draft::Draft;

/// Candidates that the popup shows.
pub const SHOWN: usize = 6;

/// A completion that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The byte of the draft where the word begins.
    start: usize,
    /// What was typed of it.
    typed: String,
    /// What it may become.
    pub candidates: Vec<String>,
    /// The one that stands in the draft.
    pub chosen: usize,
}

impl Completion {
    /// Opens a completion of the word before the caret, and puts its first candidate in. `None`: nothing fits.
    pub fn open(draft: &mut Draft, names: &[String], commands: &[String], rooms: &[String]) -> Option<Self> {
        let caret = draft.caret();
        let before = &draft.text()[..caret];
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let typed = before[start..].to_owned();
        let candidates: Vec<String> = match typed.chars().next()? {
            '/' if start == 0 => fitting(&typed, commands).map(|name| format!("{name} ")).collect(),
            '#' => fitting(&typed, rooms).map(|name| format!("{name} ")).collect(),
            '@' => fitting(&typed[1..], names).map(|name| format!("@{name} ")).collect(),
            _ if start == 0 => fitting(&typed, names).map(|name| format!("{name}: ")).collect(),
            _ => fitting(&typed, names).map(|name| format!("{name} ")).collect(),
        };
        let completion = Self { start, typed, candidates, chosen: 0 };
        completion.candidates.first()?;
        completion.put(draft);
        Some(completion)
    }

    fn put(&self, draft: &mut Draft) {
        draft.replace_before_caret(self.start, &self.candidates[self.chosen]);
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

fn fitting<'n>(typed: &str, names: &'n [String]) -> impl Iterator<Item = &'n String> {
    let typed = typed.to_lowercase();
    names.iter().filter(move |name| name.to_lowercase().starts_with(&typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn tab_walks_the_candidates_and_esc_takes_them_back() {
        let names = words(&["alice", "Albert", "小明"]);
        let mut draft = Draft::new("al".into(), 2);
        let mut completion = Completion::open(&mut draft, &names, &[], &[]).unwrap();
        assert_eq!(draft.text(), "alice: ");
        completion.turn(&mut draft, true);
        assert_eq!(draft.text(), "Albert: ");
        completion.cancel(&mut draft);
        assert_eq!(draft.text(), "al");
        let mut draft = Draft::new("hi @小".into(), 5);
        Completion::open(&mut draft, &names, &[], &[]).unwrap();
        assert_eq!(draft.text(), "hi @小明 ");
        let mut draft = Draft::new("/le".into(), 3);
        Completion::open(&mut draft, &names, &words(&["/leave"]), &[]).unwrap();
        assert_eq!(draft.text(), "/leave ");
        assert!(Completion::open(&mut Draft::new("zz".into(), 2), &names, &[], &[]).is_none());
    }
}
