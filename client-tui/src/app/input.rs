//! Keys and pastes: what has the focus takes them, the input line gets the rest.

use super::{
    App, Effect, Focus, Overlay,
    complete::Completion,
    form::Outcome,
    keys::{self, PREFIX},
};
use crate::{command::COMMANDS, store::Job, text::drawable_line};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

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
                Outcome::Filled(choice) => self.effects.push(Effect::Call(choice)),
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
        let name = keys::name(key);
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
        if let Focus::Users(selected) = self.focus
            && self.users_key(key, selected)
        {
            return;
        }
        if let Some(tab) = name.as_deref().and_then(|name| name.strip_prefix("A-")).and_then(tab_number) {
            return self.switch_to(tab);
        }
        if let Some(action) = name.as_deref().and_then(keys::action) {
            return self.act(action);
        }
        self.input_key(key);
    }

    /// Ctrl-C closes what is open, empties what is typed, and ends the program the second time.
    fn interrupt(&mut self) {
        if std::mem::replace(&mut self.quitting, true) {
            return self.quit();
        }
        self.overlay = None;
        self.completion = None;
        self.say_key("quit-again");
    }

    fn pair(&mut self, pair: Option<&str>) {
        let digit = pair.and_then(|pair| pair.strip_prefix("C-x ")).and_then(tab_number);
        if let Some(tab) = digit {
            return self.switch_to(tab);
        }
        match pair.and_then(keys::action) {
            Some(action) => self.act(action),
            None => self.say_key("no-such-keys"),
        }
    }

    fn overlay_key(&mut self, key: KeyEvent) {
        let Some(overlay) = self.overlay.take() else { return };
        match overlay {
            Overlay::Help(at) => match key.code {
                KeyCode::Down | KeyCode::PageDown => self.overlay = Some(Overlay::Help(at.saturating_add(5))),
                KeyCode::Up | KeyCode::PageUp => self.overlay = Some(Overlay::Help(at.saturating_sub(5))),
                _ => {}
            },
            Overlay::Paste(text) => match key.code {
                KeyCode::Enter | KeyCode::Char('y' | 'Y') => self.insert(&text),
                KeyCode::Esc | KeyCode::Char('n' | 'N') => {}
                _ => self.overlay = Some(Overlay::Paste(text)),
            },
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

    fn input_key(&mut self, key: KeyEvent) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_empty = self.current().is_none_or(|conversation| conversation.draft.is_empty());
        let width = self.input_width();
        match key.code {
            KeyCode::Enter if is_empty => {
                if !self.fetch_gap() {
                    self.go_live();
                }
            }
            KeyCode::Enter => self.submit(),
            KeyCode::Esc => {
                self.go_live();
            }
            KeyCode::End if is_empty => {
                self.go_live();
            }
            KeyCode::Char('d') if is_control && is_empty => self.quit(),
            KeyCode::Up | KeyCode::Down => {
                let is_down = key.code == KeyCode::Down;
                let moved = self.current_mut().is_some_and(|c| c.draft.move_row(width, is_down));
                if !moved {
                    self.walk_inputs(is_down);
                }
            }
            _ => {
                let changed = self.current_mut().is_some_and(|conversation| conversation.draft.key(key));
                if changed {
                    self.draft_changed();
                }
            }
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
        if !is_due {
            return;
        }
        self.draft_changed_at = None;
        if let Some(conversation) = self.current() {
            let (conversation, draft) = (conversation.partner.to_string(), &conversation.draft);
            let job = Job::Draft { conversation, text: draft.text().to_owned(), cursor: draft.cursor() };
            self.store(job);
        }
    }

    /// Walks the lines typed before. What was being typed comes back behind the newest.
    fn walk_inputs(&mut self, is_down: bool) {
        let at = match (self.input_at, is_down) {
            (None, true) => return,
            (None, false) => self.inputs.len().checked_sub(1),
            (Some(at), false) => Some(at.saturating_sub(1)),
            (Some(at), true) => Some(at + 1).filter(|at| *at < self.inputs.len()),
        };
        if self.input_at.is_none() && at.is_some() {
            self.stash = self.current().map(|conversation| conversation.draft.text().to_owned()).unwrap_or_default();
        }
        let text = at.map_or_else(|| std::mem::take(&mut self.stash), |at| self.inputs[at].clone());
        if self.input_at.is_none() && at.is_none() {
            return;
        }
        self.input_at = at;
        if let Some(conversation) = self.current_mut() {
            conversation.draft.set(&text);
        }
        self.draft_changed();
    }

    /// A line was submitted: it can be walked back to.
    pub(super) fn remember_input(&mut self, text: &str) {
        self.input_at = None;
        if self.inputs.last().is_none_or(|last| last != text) {
            self.inputs.push(text.to_owned());
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
            return;
        }
        if text.lines().count() > PASTE_LINES {
            self.overlay = Some(Overlay::Paste(text));
        } else {
            self.insert(&text);
        }
    }

    fn insert(&mut self, text: &str) {
        self.completion = None;
        if let Some(conversation) = self.current_mut() {
            conversation.draft.insert(text);
        }
        self.draft_changed();
    }

    pub(super) fn new_line(&mut self) {
        self.insert("\n");
    }

    pub(super) fn complete(&mut self) {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            let name = drawable_line(name);
            if !names.contains(&name) {
                names.push(name);
            }
        };
        let Some(conversation) = self.current() else { return };
        // Those who spoke last come first.
        for item in conversation.timeline.items().iter().rev().take(200) {
            if let super::timeline::What::Entry(entry) = &item.what
                && let Some(from) = entry.from.as_ref().filter(|from| **from != self.me)
            {
                add(from);
            }
        }
        conversation.roster.people().filter(|(name, _)| **name != self.me).for_each(|(name, _)| add(name));
        let commands: Vec<String> =
            COMMANDS.iter().flat_map(|command| command.names).map(|name| format!("/{name}")).collect();
        let rooms: Vec<String> =
            self.logs.keys().filter(|room| **room != shared::LogName::Inbox).map(ToString::to_string).collect();
        if let Some(conversation) = self.current_mut() {
            self.completion = Completion::open(&mut conversation.draft, &names, &commands, &rooms);
            self.completion.take_if(|completion| completion.candidates.len() == 1);
            self.draft_changed();
        }
    }
}

fn tab_number(text: &str) -> Option<usize> {
    let number: usize = text.parse().ok()?;
    (1..=9).contains(&number).then(|| number - 1)
}
