//! What commands, keys and submitted lines do.

use super::{App, Effect, Focus, Overlay, conversation::Partner, form::room_of, outbox::Delivery};
use crate::{
    command::{self, Action},
    link::Order,
    store::Job,
};
use shared::{
    Kind, LogName, MessageId, Nickname, Request, Text, limits,
    request::{Destination, Send},
    text::{Label, TextError},
};

impl App {
    /// Does what a key stands for.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Ls => self.toggle_users(),
            Action::Complete => self.complete(),
            Action::NewLine => self.new_line(),
            Action::Next => self.step(1),
            Action::Previous => self.step(self.conversations.len().saturating_sub(1)),
            Action::NextUnread => self.next_unread(),
            Action::PageUp => self.scroll(-self.page_rows()),
            Action::PageDown => self.scroll(self.page_rows()),
            Action::LineUp => self.scroll(-1),
            Action::LineDown => self.scroll(1),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Suspend => self.effects.push(Effect::Suspend),
            other => {
                self.run(other, "");
            }
        }
    }

    /// Enter: a command, a direct message, or talk. What can't be done stays in the input, and the reason is said.
    pub(super) fn submit(&mut self) {
        let Some(conversation) = self.current() else { return };
        let text = conversation.draft.text().to_owned();
        self.completion = None;
        let done = match text.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => self.talk(rest, Kind::Talk),
            Some(command) => self.typed_command(command),
            None => match text.strip_prefix('@') {
                Some(rest) => self.direct(rest),
                None => self.talk(&text, Kind::Talk),
            },
        };
        if done {
            self.remember_input(&text);
            // A command may have opened another conversation: the line was typed in this one.
            for conversation in &mut self.conversations {
                if conversation.draft.text() == text {
                    conversation.draft.take();
                    let conversation = conversation.partner.to_string();
                    self.effects.push(Effect::Store(Job::Draft { conversation, text: String::new(), cursor: 0 }));
                    break;
                }
            }
            self.draft_changed_at = None;
            self.go_live();
        }
    }

    fn typed_command(&mut self, typed: &str) -> bool {
        let (name, arguments) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let Some(known) = command::find(name) else {
            let text = match command::nearest(name) {
                Some(near) => self.locale.with("no-such-command-near", &[("name", name.into()), ("near", near.into())]),
                None => self.locale.with("no-such-command", &[("name", name.into())]),
            };
            self.say(text);
            return false;
        };
        self.run(known.action, arguments.trim())
    }

    /// Runs a command. False: it could not be done, and the reason was said.
    fn run(&mut self, action: Action, arguments: &str) -> bool {
        match action {
            Action::Ls => self.list(),
            Action::ToggleIgnore => return self.toggle_ignore(),
            Action::Help => {
                let open = matches!(self.overlay, Some(Overlay::Help(_)));
                self.overlay = (!open).then_some(Overlay::Help(0));
            }
            Action::Message => return self.direct(arguments),
            Action::Join => return self.join(arguments),
            Action::Leave => return self.leave(),
            Action::Rooms => return self.online(Request::Rooms { after: None, limit: limits::PAGE_DEFAULT }),
            Action::Me => return self.talk(arguments, Kind::Action),
            Action::Topic if arguments.is_empty() => self.show_topic(),
            Action::Topic => return self.talk(arguments, Kind::Topic),
            Action::Away => return self.online(Request::Away { on: !self.away }),
            Action::Quit => self.quit(),
            other => self.act(other),
        }
        true
    }

    /// Asks the server something that only makes sense while there is a connection.
    fn online(&mut self, request: Request) -> bool {
        let is_up = self.link == super::Link::Up;
        if is_up {
            self.ask(request);
        } else {
            self.say_key("not-connected");
        }
        is_up
    }

    fn toggle_users(&mut self) {
        if matches!(self.focus, Focus::Users(_)) { self.hide_users() } else { self.list() }
    }

    fn list(&mut self) {
        self.focus = Focus::Users(0);
        self.users_wanted = true;
        let room = match self.current().map(|conversation| &conversation.partner) {
            Some(Partner::Room(room)) => Some(room.clone()),
            _ => None,
        };
        self.asked_ls = self.online(Request::Ls { room, after: None, limit: limits::LIST_MAX });
    }

    fn toggle_ignore(&mut self) -> bool {
        self.online(Request::Ignore { on: !self.ignoring, until: None })
    }

    fn show_topic(&mut self) {
        let topic =
            self.current().map(|conversation| crate::text::drawable_line(&conversation.topic)).unwrap_or_default();
        let key = if topic.is_empty() { "topic-none" } else { "topic-is" };
        let text = self.locale.with(key, &[("topic", topic.into())]);
        self.note(text);
    }

    fn join(&mut self, name: &str) -> bool {
        let Some(room) = room_of(name) else {
            self.say_key("room-wrong");
            return false;
        };
        let partner = Partner::Room(room.clone());
        let is_new = self.find(&partner).is_none();
        let index = self.conversation(&partner);
        if is_new {
            self.join_log(LogName::Room(room));
            self.tabs_changed();
        }
        self.switch_to(index);
        true
    }

    fn leave(&mut self) -> bool {
        let Some(conversation) = self.current() else { return false };
        if self.conversations.len() == 1 {
            self.say_key("last-conversation");
            return false;
        }
        if let Partner::Room(room) = &conversation.partner {
            let room = LogName::Room(room.clone());
            self.logs.remove(&room);
            self.store(Job::Forget(room.clone()));
            self.ask(Request::Leave { room });
        }
        self.save_draft(true);
        self.conversations.remove(self.active);
        self.active = self.active.min(self.conversations.len() - 1);
        self.tabs_changed();
        self.enter();
        true
    }

    /// `NICK TEXT`: the whole text is the message. Without a text the conversation is opened.
    fn direct(&mut self, line: &str) -> bool {
        let (name, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let nickname = match Nickname::parse(name) {
            Ok(nickname) => nickname,
            Err(error) => {
                let text =
                    self.locale.with("nickname-wrong", &[("name", name.into()), ("reason", error.to_string().into())]);
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

    fn talk(&mut self, text: &str, kind: Kind) -> bool {
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
            self.say_key("ignoring-no-talk");
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
        self.ids += 1;
        let id = MessageId::parse(&format!("{}-{}", self.run, self.ids)).expect("a word of base64url and a number");
        let send = Send { id, to, kind, re: None, text: Ok(text) };
        self.store(Job::Queue(send.clone(), self.now.wall));
        self.outbox.add(send, self.now.wall, Delivery::Saving);
        true
    }

    /// Writes to the connection what is on disk and whose log is joined, in its order.
    pub(super) fn send_ready(&mut self) {
        if self.link != super::Link::Up {
            return;
        }
        let logs = &self.logs;
        let is_joined = |room: &LogName| logs.get(room).is_some_and(|log| log.joined);
        let ready = self.outbox.take_ready(self.now.mono, |send| match &send.to {
            Destination::Room(room) => is_joined(&LogName::Room(room.clone())),
            Destination::Person(_) => is_joined(&LogName::Inbox),
        });
        for send in ready {
            self.ask(Request::Send(send));
        }
    }

    fn step(&mut self, by: usize) {
        let count = self.conversations.len().max(1);
        self.switch_to((self.active + by) % count);
    }

    fn next_unread(&mut self) {
        let count = self.conversations.len();
        let next = (1..count).map(|by| (self.active + by) % count).find(|index| self.conversations[*index].unread > 0);
        match next {
            Some(index) => self.switch_to(index),
            None => self.say_key("nothing-unread"),
        }
    }

    pub(super) fn switch_to(&mut self, index: usize) {
        if index < self.conversations.len() && index != self.active {
            self.leave_view();
            self.active = index;
            self.enter();
        }
    }

    pub(super) fn quit(&mut self) {
        self.save_draft(true);
        self.effects.push(Effect::Link(Order::End));
        self.effects.push(Effect::Quit);
    }
}
