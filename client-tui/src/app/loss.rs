//! Losses, refusals and lists of the server in the person's words.

use super::{
    App,
    form::{Check, Mistake},
};
use crate::{
    link::{Loss, dial::DialError},
    text::drawable_line,
};
use shared::{
    ErrorCode,
    event::{Ls, Rooms, State},
    nickname::NicknameError,
};

impl App {
    /// What has failed, and what to do.
    pub(super) fn loss_text(&self, loss: &Loss) -> String {
        let (key, address, detail) = match loss {
            Loss::Dial(DialError::Lookup(host, detail)) => ("loss-lookup", host, detail.as_str()),
            Loss::Dial(DialError::Connect(address, detail)) => ("loss-connect", address, detail.as_str()),
            Loss::Dial(DialError::Tls(address, detail)) => ("loss-tls", address, detail.as_str()),
            Loss::Dial(DialError::Changed(changed)) => ("loss-changed", &changed.address, ""),
            Loss::Dial(DialError::Hello(address, detail)) => ("loss-hello", address, detail.as_str()),
            Loss::Closed => return self.locale.text("loss-closed"),
            Loss::PutOut => return self.locale.text("loss-put-out"),
            Loss::Silent => return self.locale.text("loss-silent"),
            Loss::Broken(detail) => {
                return self.locale.with("loss-broken", &[("detail", drawable_line(detail).into())]);
            }
        };
        let arguments = [("address", drawable_line(address).into()), ("detail", drawable_line(detail).into())];
        self.locale.with(key, &arguments)
    }

    /// Why a text is no nickname.
    pub(super) fn nickname_text(&self, error: NicknameError) -> String {
        let (key, sign) = match error {
            NicknameError::Empty => ("nickname-empty", None),
            NicknameError::TooLong => ("nickname-too-long", None),
            NicknameError::Character(sign) => ("nickname-character", Some(sign)),
            NicknameError::LeadingMark => ("nickname-leading-mark", None),
            NicknameError::NoLetter => ("nickname-no-letter", None),
            NicknameError::Scripts => ("nickname-scripts", None),
        };
        let sign = sign.map(|sign| sign.escape_debug().to_string()).unwrap_or_default();
        self.locale.with(key, &[("sign", sign.into())])
    }

    /// The form says what is wrong with a field.
    pub(super) fn mistaken(&mut self, mistake: &Mistake) {
        let text = match mistake {
            Mistake::Address => self.locale.text("address-wrong"),
            Mistake::Nickname(error) => self.nickname_text(*error),
            Mistake::Room => self.locale.text("room-wrong"),
        };
        if let Some(form) = &mut self.form {
            form.check = Check::Failed(text);
        }
    }

    pub(super) fn error_text(&self, code: &ErrorCode, detail: &str) -> String {
        let key = format!("error-{}", code.as_str().replace('_', "-"));
        let detail = drawable_line(detail);
        if self.locale.has(&key) { self.locale.with(&key, &[("detail", detail.into())]) } else { detail }
    }

    pub(super) fn list_people(&mut self, page: &Ls) {
        if !std::mem::take(&mut self.asked_ls) {
            return;
        }
        let names: Vec<String> = page
            .members
            .iter()
            .map(|member| match member.state {
                State::Ignoring => format!("⊘ {}", drawable_line(&member.nickname)),
                State::Away => format!("◌ {}", drawable_line(&member.nickname)),
                State::Online | State::Unknown => drawable_line(&member.nickname),
            })
            .collect();
        let more = if page.more { " …" } else { "" };
        let arguments = [("count", names.len().into()), ("names", (names.join(", ") + more).into())];
        let text = self.locale.with("ls", &arguments);
        self.note(text);
    }

    pub(super) fn list_rooms(&mut self, page: &Rooms) {
        let mut lines = vec![self.locale.with("rooms", &[("count", page.rooms.len().into())])];
        for room in &page.rooms {
            let topic = drawable_line(&room.topic);
            lines.push(format!("{}  {}  {topic}", room.room, room.members).trim_end().to_owned());
        }
        if page.more {
            lines.push("…".into());
        }
        self.note(lines.join("\n"));
    }
}
