//! What is being typed: text with a caret, of several lines, with readline's keys.

use crate::text::{Row, wrap};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

/// Text with a caret.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    input: Input,
    /// What was cut last, for C-y.
    killed: String,
}

impl Draft {
    /// A draft of an earlier run.
    pub fn new(text: String, cursor: usize) -> Self {
        Self { input: Input::new(text).with_cursor(cursor), killed: String::new() }
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

    /// Empties it; gives what was typed.
    pub fn take(&mut self) -> String {
        let text = self.text().to_owned();
        self.set("");
        text
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
        self.input = Input::new(text).with_cursor(cursor);
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
        self.input.handle(request);
        true
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
        self.input.handle(InputRequest::SetCursor(cursor));
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
