//! From a submitted text to a message on its way.

use super::{App, Link, conversation::Partner, outbox::Outgoing};
use crate::{command::Action, store::Job, text::drawable_line};
use shared::{
    Kind, LogName, MessageId, Nickname, Request, Text,
    request::{Destination, Send},
    text::{Label, TextError},
};

/// Messages whose answers are waited for to tell the latency.
const TIMED: usize = 32;

impl App {
    /// `NICK TEXT`: the whole text is the message. Without a text the conversation is opened.
    pub(super) fn direct(&mut self, line: &str) -> bool {
        let (name, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let nickname = match Nickname::parse(name) {
            Ok(nickname) => nickname,
            Err(error) => {
                let reason = self.nickname_text(error);
                let arguments = [("name", drawable_line(name).into()), ("reason", reason.into())];
                let text = self.locale.with("nickname-wrong", &arguments);
                self.say(text);
                return false;
            }
        };
        let partner = Partner::Person(Label::new(nickname.as_str()));
        let is_new = self.find(&partner).is_none();
        let index = self.conversation(&partner);
        if is_new {
            self.tabs_changed();
        }
        let sent = text.trim().is_empty() || self.send(Destination::Person(nickname), Kind::Talk, text);
        if sent {
            self.switch_to(index);
        }
        sent
    }

    /// Opens the direct conversation with somebody.
    pub(super) fn open_direct(&mut self, name: &Label) {
        self.direct(name);
    }

    /// Says something in the conversation on the screen.
    pub(super) fn talk(&mut self, text: &str, kind: Kind) -> bool {
        let to = match self.current().map(|conversation| &conversation.partner) {
            Some(Partner::Room(room)) => Destination::Room(room.clone()),
            Some(Partner::Person(name)) => match Nickname::parse(name) {
                Ok(name) => Destination::Person(name),
                Err(_) => return false,
            },
            None => return false,
        };
        if kind == Kind::Topic && matches!(to, Destination::Person(_)) {
            self.say_key("topic-only-rooms");
            return false;
        }
        if self.ignoring && matches!(to, Destination::Room(_)) {
            let text = self.locale.with("ignoring-no-talk", &[("key", self.key_of(Action::ToggleIgnore).into())]);
            self.say(text);
            return false;
        }
        if let Destination::Room(room) = &to
            && !self.logs.contains_key(&LogName::Room(room.clone()))
        {
            let text = self.locale.with("not-here", &[("room", room.to_string().into())]);
            self.say(text);
            return false;
        }
        self.send(to, kind, text)
    }

    /// Puts a message into the outbox. It is written to a connection once it is on disk.
    fn send(&mut self, to: Destination, kind: Kind, text: &str) -> bool {
        let parsed = if kind == Kind::Topic { Text::parse_topic(text) } else { Text::parse(text) };
        let text = match parsed {
            Ok(text) => text,
            Err(TextError::Empty) => {
                self.say_key("text-empty");
                return false;
            }
            Err(TextError::TooLong { length, max }) => {
                let text = self.locale.with("text-too-long", &[("length", length.into()), ("max", max.into())]);
                self.say(text);
                return false;
            }
        };
        let re = if kind == Kind::Topic { None } else { self.reply_to(&to) };
        let id = self.fresh_id();
        let send = Send { id, to, kind, re, text: Ok(text) };
        self.store(Job::Queue(send.clone(), self.now.wall));
        self.outbox.add(send, self.now.wall);
        true
    }

    /// The entry that the draft replies to, if the message goes where that is.
    fn reply_to(&self, to: &Destination) -> Option<shared::Seq> {
        let conversation = self.current()?;
        let is_here = match (to, &conversation.partner) {
            (Destination::Room(a), Partner::Room(b)) => a == b,
            (Destination::Person(a), Partner::Person(b)) => a.as_str().to_lowercase() == b.to_lowercase(),
            _ => false,
        };
        conversation.draft.reply.filter(|_| is_here)
    }

    /// Writes to the connection what is on disk and whose log is joined, in its order.
    pub(super) fn send_ready(&mut self) {
        if self.link != Link::Up {
            return;
        }
        let logs = &self.logs;
        let is_joined = |room: &LogName| logs.get(room).is_some_and(|log| log.joined);
        let ready = self.outbox.take_ready(self.now.mono, |send| match &send.to {
            Destination::Room(room) => is_joined(&LogName::Room(room.clone())),
            Destination::Person(_) => is_joined(&LogName::Inbox),
        });
        for send in ready {
            if self.asked_at.len() < TIMED {
                self.asked_at.push_back((send.id.clone(), self.now.mono));
            }
            self.ask(Request::Send(send));
        }
    }

    /// The server has answered a message: so long did it take.
    pub(super) fn time_answer(&mut self, id: &MessageId) {
        if let Some(at) = self.asked_at.iter().position(|(other, _)| other == id) {
            let asked = self.asked_at[at].1;
            self.asked_at.drain(..=at);
            self.latency = Some(self.now.mono - asked);
        }
    }

    /// Remembers when a message was typed, if it is stored much later.
    pub(super) fn note_late(&mut self, id: &MessageId, at: shared::UnixMillis) {
        const LATE_MS: u64 = 60_000;
        let typed = self.outbox.messages().iter().find(|message| message.send.id == *id).map(|m: &Outgoing| m.at);
        if let Some(typed) = typed.filter(|typed| at.saturating_sub(*typed) > LATE_MS) {
            self.late.insert(id.clone(), typed);
        }
    }

    /// An id that nothing of this person has.
    pub(super) fn fresh_id(&mut self) -> MessageId {
        self.ids += 1;
        MessageId::parse(&format!("{}-{}", self.run, self.ids)).expect("a word of base64url and a number")
    }
}
