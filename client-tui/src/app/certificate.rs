//! The certificate of a server: told when it is new, asked about when it has changed.

use super::{App, Effect, Overlay};
use crate::link::{
    Loss, Order,
    dial::{Changed, DialError},
};
use crossterm::event::{KeyCode, KeyEvent};
use shared::identity::Pin;

impl App {
    /// Nobody vouches for the certificate: who wants to be sure compares it with what the operator says.
    pub(super) fn note_pinned(&mut self, pinned: Option<Pin>) {
        let Some(pin) = pinned else { return };
        let server = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = self.locale.with("certificate-new", &[("server", server.into()), ("pin", pin.to_string().into())]);
        self.note(text);
    }

    /// Asks, if that is why there is no link.
    pub(super) fn certificate_changed(&mut self, loss: Loss) {
        if let Loss::Dial(DialError::Changed(changed)) = loss {
            self.overlay = Some(Overlay::Certificate(changed));
        }
    }

    /// The rows of the question.
    pub fn certificate_rows(&self, changed: &Changed) -> Vec<String> {
        let with = |key: &str, pin: Pin| self.locale.with(key, &[("pin", pin.to_string().into())]);
        let text = self.locale.text("certificate-changed");
        let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
        rows.push(String::new());
        rows.push(with("certificate-known", changed.known));
        rows.push(with("certificate-shown", changed.shown));
        rows.push(String::new());
        rows.extend(self.locale.text("certificate-keys").lines().map(str::to_owned));
        rows
    }

    /// Only one key connects, and it is none that is pressed by habit.
    pub(super) fn certificate_key(&mut self, key: KeyEvent, changed: Box<Changed>) {
        match key.code {
            KeyCode::Char('T') => self.effects.push(Effect::Link(Order::Trust(changed.shown))),
            KeyCode::Esc | KeyCode::Enter => self.say_key("certificate-refused"),
            _ => self.overlay = Some(Overlay::Certificate(changed)),
        }
    }
}
