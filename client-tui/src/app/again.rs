//! The form once more, where the server wants another nickname.

use super::{
    App,
    form::{Check, Form},
};
use shared::Address;

impl App {
    /// What a link said beside the server's address holds until another server is chosen.
    pub(super) fn keep_link(&self, address: &mut Address) {
        if let Some(before) = self.address.as_ref().filter(|before| before.to_string() == address.to_string()) {
            address.pin = address.pin.or(before.pin);
            address.invite = address.invite.take().or_else(|| before.invite.clone());
        }
    }

    /// The form again, with what was chosen.
    pub(super) fn reopen_form(&mut self, field: usize, reason: String) {
        let address = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut form = Form::new(&address, &self.me, self.home.as_str());
        form.focus = field;
        form.check = Check::Failed(reason);
        self.form = Some(form);
    }
}
