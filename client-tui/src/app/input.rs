//! Keys and pastes: what has the focus takes them, the input line gets the rest.

use super::{App, Effect, Focus, Overlay, draft::Draft, form::Outcome};
use crate::{command::Action, config::keyname, store::Job};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Begins a pair of keys.
const PREFIX: &str = "C-x";
/// Pasted lines above which a paste asks first.
const PASTE_LINES: usize = 5;
/// A changed draft is written to disk after so long.
const DRAFT_MS: u64 = 300;

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        if let Some(form) = &mut self.form {
            match form.key(key) {
                Outcome::Open => {}
                Outcome::Wrong(mistake) => self.mistaken(&mistake),
                Outcome::Filled(mut choice) => {
                    self.keep_link(&mut choice.address);
                    self.effects.push(Effect::Call(choice));
                }
                Outcome::Cancelled => self.effects.push(Effect::Quit),
            }
            return;
        }
        let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        if is_interrupt {
            return self.interrupt();
        }
        self.quitting = false;
        if self.overlay.is_some() {
            return self.overlay_key(key);
        }
        let name = keyname::name(key);
        if std::mem::take(&mut self.prefix) {
            let pair = name.map(|name| format!("{PREFIX} {name}"));
            return self.pair(pair.as_deref());
        }
        if name.as_deref() == Some(PREFIX) {
            self.prefix = true;
            return;
        }
        if self.completion.is_some() && self.completion_key(key) {
            return;
        }
        if self.inputs.search().is_some() && self.search_key(key) {
            return;
        }
        let is_taken = match self.focus {
            Focus::Users(selected) => self.users_key(key, selected),
            Focus::Log(_) => self.log_key(key),
            Focus::Input => false,
        };
        if is_taken {
            return;
        }
        if let Some(tab) = name.as_deref().and_then(|name| name.strip_prefix("A-")).and_then(tab_number) {
            return self.go_to_tab(tab);
        }
        if let Some(action) = name.as_deref().and_then(|name| self.keymap.action(name)) {
            return self.act(action);
        }
        if let (KeyCode::Char(c), KeyModifiers::ALT) = (key.code, key.modifiers)
            && !Draft::takes_alt(c)
        {
            // Esc and a key, so fast that the terminal makes one of them.
            self.input_key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
            return self.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
        self.input_key(key);
    }

    /// Ctrl-C closes what is open, and ends the program the second time.
    fn interrupt(&mut self) {
        if std::mem::replace(&mut self.quitting, true) {
            return self.quit();
        }
        self.overlay = None;
        self.completion = None;
        self.inputs.leave();
        self.say_key("quit-again");
    }

    fn pair(&mut self, pair: Option<&str>) {
        let digit = pair.and_then(|pair| pair.strip_prefix("C-x ")).and_then(tab_number);
        if let Some(tab) = digit {
            return self.go_to_tab(tab);
        }
        match pair.and_then(|pair| self.keymap.action(pair)) {
            Some(action) => self.act(action),
            None => {
                let text = self.locale.with("no-such-keys", &[("help", self.key_of(Action::Help).into())]);
                self.say(text);
            }
        }
    }

    fn completion_key(&mut self, key: KeyEvent) -> bool {
        let Some(mut completion) = self.completion.take() else { return false };
        let Some(conversation) = self.current_mut() else { return false };
        match key.code {
            KeyCode::Tab | KeyCode::Down => completion.turn(&mut conversation.draft, true),
            KeyCode::BackTab | KeyCode::Up => completion.turn(&mut conversation.draft, false),
            KeyCode::Esc => {
                completion.cancel(&mut conversation.draft);
                return true;
            }
            _ => return false,
        }
        self.completion = Some(completion);
        true
    }

    /// Keys of the user list. A printable one goes to the input.
    fn users_key(&mut self, key: KeyEvent, selected: usize) -> bool {
        let people = self.current().map(|conversation| self.people(conversation)).unwrap_or_default();
        match key.code {
            KeyCode::Up => self.focus = Focus::Users(selected.saturating_sub(1)),
            KeyCode::Down => self.focus = Focus::Users((selected + 1).min(people.len().saturating_sub(1))),
            KeyCode::Esc => self.hide_users(),
            KeyCode::Enter => {
                self.hide_users();
                if let Some((name, _)) = people.get(selected) {
                    self.open_direct(name);
                }
            }
            KeyCode::Char(_) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                self.hide_users();
                return false;
            }
            _ => return false,
        }
        true
    }

    pub(super) fn hide_users(&mut self) {
        self.focus = Focus::Input;
        self.users_wanted = false;
    }

    /// Keys of a search through the lines typed before. False: the search is over, and the key means what it always does.
    fn search_key(&mut self, key: KeyEvent) -> bool {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let found = match key.code {
            KeyCode::Char('r') if is_control => {
                let typed = self.typed();
                self.inputs.search_older(&typed)
            }
            KeyCode::Char(c) if !is_control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.inputs.search_for(|query| query.push(c))
            }
            KeyCode::Backspace => self.inputs.search_for(|query| {
                query.pop();
            }),
            KeyCode::Char('g') if is_control => Some(self.inputs.cancel_search()),
            KeyCode::Esc => Some(self.inputs.cancel_search()),
            _ => {
                self.inputs.leave();
                return false;
            }
        };
        if let Some(line) = found {
            self.set_typed(&line);
        }
        true
    }

    /// Opens a search through the lines typed before.
    pub(super) fn search_inputs(&mut self) {
        let typed = self.typed();
        self.inputs.search_older(&typed);
    }

    /// A whole line, where there is no input line: it answers a question, or is submitted.
    pub(super) fn typed_line(&mut self, line: &str) {
        let line = shared::text::clean(line);
        if matches!(self.overlay, Some(Overlay::Unsent)) {
            let code = line.trim().chars().next().map_or(KeyCode::Esc, KeyCode::Char);
            self.overlay = None;
            return self.unsent_key(KeyEvent::new(code, KeyModifiers::NONE));
        }
        self.set_typed(&line);
        self.submit();
    }

    fn typed(&self) -> String {
        self.current().map(|conversation| conversation.draft.text().to_owned()).unwrap_or_default()
    }

    fn set_typed(&mut self, line: &str) {
        if let Some(conversation) = self.current_mut() {
            conversation.draft.set(line);
        }
        self.draft_changed();
    }

    fn input_key(&mut self, key: KeyEvent) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_empty = self.current().is_none_or(|conversation| conversation.draft.is_empty());
        let width = self.input_width();
        match key.code {
            KeyCode::Enter if is_empty => self.enter_on_nothing(),
            KeyCode::Enter => self.submit(),
            KeyCode::Esc => self.escape(),
            KeyCode::End if is_empty => {
                self.go_live();
            }
            KeyCode::Char('d') if is_control && is_empty => self.quit(),
            KeyCode::Up | KeyCode::Down => {
                let is_down = key.code == KeyCode::Down;
                let moved = self.current_mut().is_some_and(|c| c.draft.move_row(width, is_down));
                let typed = self.typed();
                if !moved && let Some(line) = self.inputs.walk(&typed, is_down) {
                    self.set_typed(&line);
                }
            }
            _ => {
                let changed = self.current_mut().is_some_and(|conversation| conversation.draft.key(key));
                if changed {
                    self.draft_changed();
                    self.only_typed = true;
                }
            }
        }
    }

    /// Enter with nothing typed: reads what ignore mode held back, fills the gap in sight, asks for what is older, or goes
    /// back to the end.
    fn enter_on_nothing(&mut self) {
        if self.digest_read() {
            return;
        }
        if let Some(before) = self.visible_gap() {
            return self.fetch_gap(before);
        }
        if self.top().is_some_and(|(index, _)| index == 0) {
            self.fetch_older();
        }
        self.go_live();
    }

    /// Esc closes one thing after the other, and loses nothing.
    fn escape(&mut self) {
        if self.is_bare {
            self.is_bare = false;
        } else if !self.digest_skip() && !self.drop_reply() {
            self.go_live();
        }
    }

    pub(super) fn draft_changed(&mut self) {
        self.draft_changed_at.get_or_insert(self.now.mono);
    }

    pub(super) fn next_draft(&self) -> Option<u64> {
        self.draft_changed_at.map(|at| at + DRAFT_MS)
    }

    /// Writes the draft to disk, if it has changed and it is time.
    pub(super) fn save_draft(&mut self, at_once: bool) {
        let is_due = self.draft_changed_at.is_some_and(|at| at_once || self.now.mono >= at + DRAFT_MS);
        if is_due {
            self.draft_changed_at = None;
            self.save_draft_of(self.active);
        }
    }

    /// Writes the draft of a conversation to disk.
    pub(super) fn save_draft_of(&mut self, index: usize) {
        if let Some(conversation) = self.conversations.get(index) {
            let (conversation, draft) = (conversation.partner.to_string(), &conversation.draft);
            let (text, cursor, re) = (draft.text().to_owned(), draft.cursor(), draft.reply);
            self.store(Job::Draft { conversation, text, cursor, re });
        }
    }

    /// A line was submitted: it can be walked back to.
    pub(super) fn remember_input(&mut self, text: &str) {
        if self.inputs.add(text) {
            self.store(Job::Input(text.to_owned()));
        }
    }

    /// A paste never sends: its lines become a draft.
    pub(super) fn paste(&mut self, text: &str) {
        let text = shared::text::clean(text).replace('\t', "    ");
        if let Some(form) = &mut self.form {
            return form.paste(&text);
        }
        if self.overlay.is_some() {
            return self.paste_into_overlay(&text);
        }
        if text.lines().count() > PASTE_LINES {
            self.overlay = Some(Overlay::Paste(text));
        } else {
            self.insert(&text);
        }
    }

    pub(super) fn insert(&mut self, text: &str) {
        self.completion = None;
        if let Some(conversation) = self.current_mut() {
            conversation.draft.insert(text);
        }
        self.draft_changed();
    }

    pub(super) fn new_line(&mut self) {
        self.insert("\n");
    }

    /// Takes the last change of the draft back.
    pub(super) fn undo(&mut self) {
        if self.current_mut().is_some_and(|conversation| conversation.draft.undo()) {
            self.draft_changed();
        } else {
            self.say_key("nothing-to-undo");
        }
    }
}

fn tab_number(text: &str) -> Option<usize> {
    let number: usize = text.parse().ok()?;
    (1..=9).contains(&number).then(|| number - 1)
}
