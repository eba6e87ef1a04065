//! Keys of what lies over everything. None of them lands in the text.

use super::{
    App, Overlay,
    picker::{List, Picker},
    search::Hits,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Rows that a page key moves by.
const PAGE: u16 = 10;

impl App {
    pub(super) fn overlay_key(&mut self, key: KeyEvent) {
        let Some(overlay) = self.overlay.take() else { return };
        match overlay {
            Overlay::Help(at) => self.help_key(key, at),
            Overlay::Paste(text) => match key.code {
                KeyCode::Enter | KeyCode::Char('y' | 'Y') => self.insert(&text),
                KeyCode::Esc | KeyCode::Char('n' | 'N') => {}
                _ => self.overlay = Some(Overlay::Paste(text)),
            },
            Overlay::Unsent => self.unsent_key(key),
            Overlay::Picker(picker) => self.picker_key(key, picker),
            Overlay::Certificate(changed) => self.certificate_key(key, changed),
        }
    }

    fn help_key(&mut self, key: KeyEvent, at: u16) {
        let at = match key.code {
            KeyCode::Down => at.saturating_add(1),
            KeyCode::PageDown | KeyCode::Char(' ') => at.saturating_add(PAGE),
            KeyCode::Up => at.saturating_sub(1),
            KeyCode::PageUp => at.saturating_sub(PAGE),
            KeyCode::Home => 0,
            _ => return,
        };
        self.overlay = Some(Overlay::Help(at.min(self.help_end())));
    }

    fn picker_key(&mut self, key: KeyEvent, mut picker: Box<Picker>) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return,
            KeyCode::Char('g') if is_control => return,
            KeyCode::Up => picker.turn(-1),
            KeyCode::Char('p') if is_control => picker.turn(-1),
            KeyCode::Char('n') if is_control => picker.turn(1),
            KeyCode::Down => picker.turn(1),
            KeyCode::PageUp => picker.turn(-isize::try_from(PAGE).unwrap_or(1)),
            KeyCode::PageDown => picker.turn(isize::try_from(PAGE).unwrap_or(1)),
            KeyCode::Tab => {
                if let List::Search { everywhere } = &mut picker.list {
                    *everywhere = !*everywhere;
                    picker.next = None;
                    picker.asked = None;
                    self.ask_search(&mut picker);
                }
            }
            KeyCode::Enter => return self.pick(picker),
            _ if picker.list != List::Mentions => {
                let before = picker.query.text().to_owned();
                picker.query.key(key);
                if picker.list == List::Jump && picker.query.text() != before {
                    self.fit_places(&mut picker);
                }
            }
            _ => {}
        }
        let is_last = picker.chosen + 1 >= picker.choices.len();
        if is_last
            && picker.next.is_some()
            && !picker.is_waiting
            && picker.asked.as_deref() == Some(picker.query.text().trim())
        {
            self.ask_search(&mut picker);
        }
        self.overlay = Some(Overlay::Picker(picker));
    }

    /// Enter: the search that is typed, or the row that is chosen.
    fn pick(&mut self, mut picker: Box<Picker>) {
        let is_search = matches!(picker.list, List::Search { .. });
        if is_search && picker.asked.as_deref() != Some(picker.query.text().trim()) {
            self.ask_search(&mut picker);
            self.overlay = Some(Overlay::Picker(picker));
            return;
        }
        let Some(choice) = picker.choice().cloned() else {
            self.overlay = Some(Overlay::Picker(picker));
            return;
        };
        self.go(&choice.target);
        if is_search {
            self.hits = Some(Hits { at: picker.chosen, choices: picker.choices });
            self.tell_hit();
        }
    }

    /// A paste into a list: its first line.
    pub(super) fn paste_into_overlay(&mut self, text: &str) {
        let Some(Overlay::Picker(mut picker)) = self.overlay.take_if(|overlay| matches!(overlay, Overlay::Picker(_)))
        else {
            return;
        };
        let line = text.lines().next().unwrap_or("");
        picker.query.insert(&crate::text::drawable_line(line));
        if picker.list == List::Jump {
            self.fit_places(&mut picker);
        }
        self.overlay = Some(Overlay::Picker(picker));
    }
}
