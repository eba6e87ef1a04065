//! The first run: where to, as whom, into which room. One form, and a live check.

use super::draft::Draft;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use shared::Address;
use shared::{Nickname, RoomName, nickname::NicknameError};

/// The fields, in order.
pub const FIELDS: [&str; 3] = ["form-address", "form-nickname", "form-room"];

/// What the form says below its fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Check {
    /// Nothing yet.
    #[default]
    None,
    /// A step is under way.
    Trying(String),
    /// A step has failed; what to do.
    Failed(String),
}

/// A filled form, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The server.
    pub address: Address,
    /// As whom.
    pub nickname: Nickname,
    /// Which room.
    pub room: RoomName,
}

/// The form.
#[derive(Debug, Default)]
pub struct Form {
    /// What is typed, field by field.
    pub fields: [Draft; FIELDS.len()],
    /// The field that keys go to.
    pub focus: usize,
    /// What is said below.
    pub check: Check,
}

/// Why a field can't be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// It is no address.
    Address,
    /// It is no nickname.
    Nickname(NicknameError),
    /// It is no room.
    Room,
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Open,
    /// A field, which has the focus now, can't be taken.
    Wrong(Mistake),
    /// It is filled in.
    Filled(Box<Choice>),
    /// It was left.
    Cancelled,
}

impl Form {
    /// A form with first suggestions.
    pub fn new(address: &str, nickname: &str, room: &str) -> Self {
        let mut form = Self::default();
        for (field, text) in form.fields.iter_mut().zip([address, nickname, room]) {
            field.set(text);
        }
        form
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Outcome {
        match key.code {
            KeyCode::Esc => return Outcome::Cancelled,
            KeyCode::Char('c' | 'd' | 'q') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Outcome::Cancelled;
            }
            KeyCode::Tab | KeyCode::Down => self.focus = (self.focus + 1) % FIELDS.len(),
            KeyCode::BackTab | KeyCode::Up => self.focus = (self.focus + FIELDS.len() - 1) % FIELDS.len(),
            KeyCode::Enter => return self.submit(),
            _ => {
                self.fields[self.focus].key(key);
            }
        }
        Outcome::Open
    }

    /// Takes a paste: its first line.
    pub fn paste(&mut self, text: &str) {
        let line = crate::text::drawable_line(text.lines().next().unwrap_or(""));
        self.fields[self.focus].insert(line.trim());
    }

    fn submit(&mut self) -> Outcome {
        match self.read() {
            Ok(choice) => Outcome::Filled(Box::new(choice)),
            Err((field, mistake)) => {
                self.focus = field;
                Outcome::Wrong(mistake)
            }
        }
    }

    fn read(&self) -> Result<Choice, (usize, Mistake)> {
        let text = |field: usize| self.fields[field].text().trim();
        let address = Address::parse(text(0)).map_err(|_| (0, Mistake::Address))?;
        let nickname = Nickname::parse(text(1)).map_err(|e| (1, Mistake::Nickname(e)))?;
        let room = match (text(2), &address.room) {
            ("", Some(room)) => room.clone(),
            ("", None) => RoomName::lobby(),
            (name, _) => room_of(name).ok_or((2, Mistake::Room))?,
        };
        Ok(Choice { address, nickname, room })
    }
}

/// A room's name as people type it, with or without `#`.
pub fn room_of(text: &str) -> Option<RoomName> {
    if text.starts_with('#') { RoomName::parse(text).ok() } else { RoomName::parse(&format!("#{text}")).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_field_gets_the_focus() {
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        let mut form = Form::new("127.0.0.1", "a b", "lobby");
        assert_eq!(form.key(enter), Outcome::Wrong(Mistake::Nickname(NicknameError::Character(' '))));
        assert_eq!(form.focus, 1);
        form.fields[1].set("alice");
        let Outcome::Filled(choice) = form.key(enter) else { panic!("filled") };
        assert_eq!(choice.room, RoomName::lobby());
    }
}
