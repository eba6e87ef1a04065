//! What is being typed: text with a caret, of several lines, with readline's keys.

use crate::text::{Row, wrap};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shared::Seq;
use tui_input::{Input, InputRequest};

/// Steps that can be undone.
const UNDO: usize = 200;

/// Text with a caret.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    input: Input,
    /// What was cut last, for C-y.
    killed: String,
    /// The entry that it replies to.
    pub reply: Option<Seq>,
    /// Texts and carets of before, oldest first.
    undo: Vec<(String, usize)>,
    /// The last change was a typed character: the next one belongs to the same step.
    is_typing: bool,
}

impl Draft {
    /// A draft of an earlier run.
    pub fn new(text: String, cursor: usize) -> Self {
        Self { input: Input::new(text).with_cursor(cursor), ..Self::default() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Where the caret stands, in characters.
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// True if nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Where the caret stands, in bytes.
    pub fn caret(&self) -> usize {
        self.text().char_indices().nth(self.cursor()).map_or(self.text().len(), |(at, _)| at)
    }

    /// Replaces everything; the caret goes to the end.
    pub fn set(&mut self, text: &str) {
        self.replace(text.to_owned(), text.chars().count());
    }

    /// Empties it.
    pub fn clear(&mut self) {
        *self = Self { killed: std::mem::take(&mut self.killed), ..Self::default() };
    }

    /// Puts text in at the caret.
    pub fn insert(&mut self, text: &str) {
        let caret = self.caret();
        let (before, after) = self.text().split_at(caret);
        let joined = [before, text, after].concat();
        self.replace(joined, self.cursor() + text.chars().count());
    }

    /// Replaces the bytes from `start` to the caret.
    pub fn replace_before_caret(&mut self, start: usize, text: &str) {
        let caret = self.caret();
        let (before, after) = (&self.text()[..start], &self.text()[caret..]);
        let cursor = before.chars().count() + text.chars().count();
        let joined = [before, text, after].concat();
        self.replace(joined, cursor);
    }

    fn replace(&mut self, text: String, cursor: usize) {
        self.remember(false);
        self.input = Input::new(text).with_cursor(cursor);
    }

    /// Keeps what is there before it changes. Characters typed one behind the other are one step, up to a space.
    fn remember(&mut self, is_typing: bool) {
        if !(is_typing && self.is_typing) {
            if self.undo.len() == UNDO {
                self.undo.remove(0);
            }
            self.undo.push((self.text().to_owned(), self.cursor()));
        }
        self.is_typing = is_typing;
    }

    /// Takes the last change back. False: there is none.
    pub fn undo(&mut self) -> bool {
        self.is_typing = false;
        while let Some((text, cursor)) = self.undo.pop() {
            if text != self.text() {
                self.input = Input::new(text).with_cursor(cursor);
                return true;
            }
        }
        false
    }

    /// True if a character with Alt means something here.
    pub fn takes_alt(c: char) -> bool {
        matches!(c, 'b' | 'f' | 'd')
    }

    /// Takes a key of the line's own. False if it has no meaning here.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let (control, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
        let request = match (key.code, control, alt) {
            (KeyCode::Char('a'), true, _) | (KeyCode::Home, ..) => return self.go_to(self.line_start()),
            (KeyCode::Char('e'), true, _) | (KeyCode::End, ..) => return self.go_to(self.line_end()),
            (KeyCode::Char('b'), true, _) | (KeyCode::Left, false, false) => InputRequest::GoToPrevChar,
            (KeyCode::Char('f'), true, _) | (KeyCode::Right, false, false) => InputRequest::GoToNextChar,
            (KeyCode::Char('b'), _, true) | (KeyCode::Left, ..) => InputRequest::GoToPrevWord,
            (KeyCode::Char('f'), _, true) | (KeyCode::Right, ..) => InputRequest::GoToNextWord,
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, _, true) => return self.kill_word(),
            (KeyCode::Char('u'), true, _) => return self.kill(self.line_start(), self.caret()),
            (KeyCode::Char('k'), true, _) => return self.kill(self.caret(), self.line_end()),
            (KeyCode::Char('y'), true, _) => {
                let killed = self.killed.clone();
                self.insert(&killed);
                return true;
            }
            (KeyCode::Char('d'), _, true) => InputRequest::DeleteNextWord,
            (KeyCode::Backspace, ..) | (KeyCode::Char('h'), true, _) => InputRequest::DeletePrevChar,
            (KeyCode::Delete, ..) | (KeyCode::Char('d'), true, _) => InputRequest::DeleteNextChar,
            (KeyCode::Char(c), false, false) => InputRequest::InsertChar(c),
            _ => return false,
        };
        self.handle(request);
        true
    }

    fn handle(&mut self, request: InputRequest) {
        match request {
            InputRequest::InsertChar(c) => self.remember(c != ' '),
            InputRequest::DeletePrevChar | InputRequest::DeleteNextChar | InputRequest::DeleteNextWord => {
                self.remember(false);
            }
            _ => self.is_typing = false,
        }
        self.input.handle(request);
    }

    fn line_start(&self) -> usize {
        self.text()[..self.caret()].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let caret = self.caret();
        self.text()[caret..].find('\n').map_or(self.text().len(), |at| caret + at)
    }

    fn go_to(&mut self, byte: usize) -> bool {
        let cursor = self.text()[..byte].chars().count();
        self.handle(InputRequest::SetCursor(cursor));
        true
    }

    fn kill(&mut self, start: usize, end: usize) -> bool {
        let text = self.text().to_owned();
        text[start..end].clone_into(&mut self.killed);
        self.replace([&text[..start], &text[end..]].concat(), text[..start].chars().count());
        true
    }

    fn kill_word(&mut self) -> bool {
        let caret = self.caret();
        let before = &self.text()[..caret];
        let word = before.trim_end_matches(char::is_whitespace);
        let start =
            word.rfind(char::is_whitespace).map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8));
        self.kill(start, caret)
    }

    /// The rows that it takes at a width, and the caret's row and column among them.
    pub fn rows(&self, width: usize) -> (Vec<Row>, (usize, usize)) {
        let rows = wrap(self.text(), width);
        let caret = self.caret();
        let at = rows.iter().rposition(|row| row.bytes.start <= caret).unwrap_or(0);
        let row = &rows[at];
        let before = &self.text()[row.bytes.start..caret.min(row.bytes.end).max(row.bytes.start)];
        let column = crate::text::width(before);
        if column >= width && width > 0 {
            // The caret stands behind a full row: at the start of the next one.
            return (rows, (at + 1, 0));
        }
        (rows, (at, column))
    }

    /// Moves the caret a row up or down. False at the first or last one.
    pub fn move_row(&mut self, width: usize, down: bool) -> bool {
        let (rows, (row, column)) = self.rows(width);
        let target = if down { row + 1 } else { row.wrapping_sub(1) };
        let Some(target) = rows.get(target) else { return false };
        let text = &self.text()[target.bytes.clone()];
        let byte = target.bytes.start + crate::text::byte_at_column(text, column);
        self.go_to(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(draft: &mut Draft, code: KeyCode, modifiers: KeyModifiers) {
        draft.key(KeyEvent::new(code, modifiers));
    }

    #[test]
    fn readline_keys() {
        let mut draft = Draft::new("one two three".into(), 13);
        press(&mut draft, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(draft.text(), "one two ");
        press(&mut draft, KeyCode::Char('y'), KeyModifiers::CONTROL);
        press(&mut draft, KeyCode::Char('a'), KeyModifiers::CONTROL);
        press(&mut draft, KeyCode::Char('f'), KeyModifiers::ALT);
        press(&mut draft, KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(draft.text().trim_end(), "one");
        press(&mut draft, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(draft.text(), "");
    }

    #[test]
    fn undo_takes_words_and_cuts_back() {
        let mut draft = Draft::default();
        for c in "one two".chars() {
            press(&mut draft, KeyCode::Char(c), KeyModifiers::NONE);
        }
        press(&mut draft, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert!(draft.is_empty());
        assert!(draft.undo());
        assert_eq!(draft.text(), "one two");
        assert!(draft.undo());
        assert_eq!(draft.text(), "one ");
        assert!(draft.undo() && draft.undo());
        assert_eq!(draft.text(), "");
        assert!(!draft.undo());
    }

    #[test]
    fn the_caret_stands_in_columns() {
        let draft = Draft::new("你好👨‍👩‍👧x".into(), 2);
        assert_eq!(draft.rows(20).1, (0, 4));
        let draft = Draft::new("ab\ncd".into(), 4);
        assert_eq!(draft.rows(20).1, (1, 1));
        let draft = Draft::new("abcd".into(), 4);
        assert_eq!(draft.rows(4).1, (1, 0), "behind a full row");
    }

    proptest! {
        /// The model is a string with an index.
        #[test]
        fn inserting_and_deleting_like_a_string(steps in prop::collection::vec((0_u8..5, prop::char::range('a', '漢')), 0..40)) {
            let (mut draft, mut model, mut at) = (Draft::default(), Vec::<char>::new(), 0_usize);
            for (step, c) in steps {
                match step {
                    0 | 1 => { draft.insert(&c.to_string()); model.insert(at, c); at += 1; }
                    2 => { draft.insert("é\n"); model.splice(at..at, ['é', '\n']); at += 2; }
                    3 => { press(&mut draft, KeyCode::Char('u'), KeyModifiers::CONTROL);
                           let start = model[..at].iter().rposition(|c| *c == '\n').map_or(0, |n| n + 1);
                           model.drain(start..at); at = start; }
                    _ => { press(&mut draft, KeyCode::Char('k'), KeyModifiers::CONTROL);
                           let end = model[at..].iter().position(|c| *c == '\n').map_or(model.len(), |n| at + n);
                           model.drain(at..end); }
                }
                prop_assert_eq!(draft.text(), model.iter().collect::<String>());
                prop_assert_eq!(draft.cursor(), at);
                draft.rows(7);
            }
        }
    }
}
