//! The certificate of a server: told when it is new, asked about when it has changed.

use super::{App, Effect, Overlay};
use crate::link::{
    Loss, Order,
    dial::{Changed, DialError},
};
use crossterm::event::{KeyCode, KeyEvent};
use shared::identity::Pin;

/// Columns and rows from which on the question has room for all that it says.
const ROOMY: (u16, u16) = (58, 16);

impl App {
    /// Nobody vouches for the certificate: who wants to be sure compares it with what the operator says.
    pub(super) fn note_pinned(&mut self, pinned: Option<Pin>) {
        let Some(pin) = pinned else { return };
        let server = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = self.locale.with("certificate-new", &[("server", server.into()), ("pin", pin.to_string().into())]);
        self.announcements.push(text);
    }

    /// How others join the server that runs inside.
    pub fn announce_link(&mut self, link: &str) {
        let text = self.locale.with("hosted-link", &[("link", link.to_owned().into())]);
        self.announcements.push(text);
    }

    /// Asks, if that is why there is no link.
    pub(super) fn certificate_changed(&mut self, loss: Loss) {
        if let Loss::Dial(DialError::Changed(changed)) = loss {
            self.overlay = Some(Overlay::Certificate(changed));
        }
    }

    /// The rows of the question.
    pub fn certificate_rows(&self, changed: &Changed) -> Vec<String> {
        let text = |key: &str| self.locale.text(key).lines().map(str::to_owned).collect::<Vec<_>>();
        let empty = || vec![String::new()];
        let pins = [("certificate-known", changed.known), ("certificate-shown", changed.shown)];
        let pins = pins.into_iter().flat_map(|(key, pin)| self.pin_rows(key, &pin.to_string())).collect();
        let (width, height) = self.size;
        // What must be there is the fingerprints and the keys.
        let parts = if height < ROOMY.1 && width > 0 {
            vec![pins, text("certificate-keys")]
        } else {
            vec![text("certificate-changed"), empty(), pins, empty(), text("certificate-keys")]
        };
        parts.concat()
    }

    /// A fingerprint in one row, or in two where there is no room.
    fn pin_rows(&self, key: &str, pin: &str) -> Vec<String> {
        let with = |pin: &str| self.locale.with(key, &[("pin", pin.to_owned().into())]);
        if self.size.0 >= ROOMY.0 || self.size.0 == 0 {
            return vec![with(pin)];
        }
        let (one, two) = pin.split_at(pin.len() / 2);
        vec![with(one), format!("       {two}")]
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
