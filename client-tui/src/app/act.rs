//! What commands, keys and submitted lines do.

use super::{App, Effect, Focus, Overlay, conversation::Partner, form::room_of};
use crate::{
    command::{self, Action},
    link::Order,
    store::Job,
    theme::Theme,
};
use shared::{Kind, LogName, Request, limits};

impl App {
    /// Does what a key stands for.
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Ls => self.toggle_users(),
            Action::Complete => self.complete(),
            Action::NewLine => self.new_line(),
            Action::Next => self.step(true),
            Action::Previous => self.step(false),
            Action::NextUnread => self.next_unread(),
            Action::PageUp => self.scroll(-self.page_rows()),
            Action::PageDown => self.scroll(self.page_rows()),
            Action::LineUp => self.scroll(-1),
            Action::LineDown => self.scroll(1),
            Action::SelectUp => self.select(false),
            Action::SelectDown => self.select(true),
            Action::Undo => self.undo(),
            Action::SearchInputs => self.search_inputs(),
            Action::Recall => self.recall(),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Search => {
                self.search("");
            }
            Action::Hide | Action::Mute if self.person_meant().is_some() => {
                let name = self.person_meant().unwrap_or_default();
                self.run(action, &name);
            }
            other => self.choose_command(other),
        }
    }

    /// Runs a command that was chosen without arguments; one that needs some stands in the input line, to be filled in.
    pub(super) fn choose_command(&mut self, action: Action) {
        let row = command::command_of(action);
        match row.names.first() {
            Some(name) if row.needs_arguments() => {
                if let Some(conversation) = self.current_mut() {
                    conversation.draft.set(&format!("/{name} "));
                }
                self.draft_changed();
            }
            _ => {
                self.run(action, "");
            }
        }
    }

    /// Enter: a command, a direct message, or talk. What can't be done stays in the input, and the reason is said.
    pub(super) fn submit(&mut self) {
        let Some(conversation) = self.current() else { return };
        let text = conversation.draft.text().to_owned();
        self.completion = None;
        self.inputs.leave();
        let done = match text.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => self.talk(rest, Kind::Talk),
            Some(command) => self.typed_command(command),
            None => match text.strip_prefix('@') {
                Some(rest) => self.direct(rest),
                None => self.talk(&text, Kind::Talk),
            },
        };
        if done {
            self.submitted(&text);
        }
    }

    /// The line is done: it can be walked back to, and its draft goes. A command may have opened another conversation: the
    /// line was typed in this one.
    fn submitted(&mut self, text: &str) {
        self.remember_input(text);
        let is_talk = !text.starts_with('/') || text.starts_with("//");
        if let Some(index) = self.conversations.iter().position(|other| other.draft.text() == text) {
            let draft = &mut self.conversations[index].draft;
            // A command leaves what is replied to alone: `/reply` alone has just begun it.
            let reply = draft.reply.filter(|_| !is_talk && !text.starts_with("/reply "));
            draft.clear();
            draft.reply = reply;
            self.save_draft_of(index);
        }
        self.draft_changed_at = None;
        if is_talk {
            // Who talks on has chosen.
            self.take_digest();
            self.go_live();
        }
    }

    fn typed_command(&mut self, typed: &str) -> bool {
        let (name, arguments) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let Some(known) = command::find(name) else {
            let text = match command::nearest(name) {
                Some(near) => self.locale.with("no-such-command-near", &[("name", name.into()), ("near", near.into())]),
                None => {
                    let help = self.key_of(Action::Help);
                    self.locale.with("no-such-command", &[("name", name.into()), ("help", help.into())])
                }
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
            Action::ToggleIgnore => return self.toggle_ignore(arguments),
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
            Action::Reply => return self.reply(arguments),
            Action::Copy => return self.copy(),
            Action::Goto => return self.visit_moment(arguments),
            Action::Search => return self.search(arguments),
            Action::Jump => self.jump(arguments),
            Action::Mentions => self.show_mentions(),
            Action::Hide => return self.hide(arguments),
            Action::Mute => return self.mute(arguments),
            Action::Notify => return self.set_level(arguments),
            Action::NotifyTest => self.ring_test(),
            Action::Theme => return self.choose_theme(arguments),
            Action::Mouse => self.toggle_mouse(),
            Action::Bare => self.is_bare = !self.is_bare,
            Action::Moderate(action) => return self.moderate(action, arguments),
            Action::Redact => return self.redact(arguments),
            Action::Release => return self.release(arguments),
            Action::Quit => self.quit(),
            other => self.act(other),
        }
        true
    }

    /// Asks the server something that only makes sense while there is a connection.
    pub(super) fn online(&mut self, request: Request) -> bool {
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
        // Who was put out comes back the same way.
        if is_new || !self.logs.contains_key(&LogName::Room(room.clone())) {
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
        if self.pending(&conversation.partner).iter().any(|message| message.is_on_its_way()) {
            // Nobody would see what becomes of it, and into a room that one is not in it can't go.
            self.say_key("leave-pending");
            return false;
        }
        if let Partner::Room(room) = &conversation.partner {
            let room = room.clone();
            self.outbox.left(&room);
            let room = LogName::Room(room);
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

    /// `/theme [name]`; without a name, which there are.
    fn choose_theme(&mut self, name: &str) -> bool {
        if name.is_empty() {
            let arguments =
                [("names", Theme::names().join(", ").into()), ("name", self.theme.name().to_owned().into())];
            let text = self.locale.with("themes", &arguments);
            self.note(text);
            return true;
        }
        self.effects.push(Effect::Theme(name.to_owned()));
        true
    }

    fn toggle_mouse(&mut self) {
        self.has_mouse = !self.has_mouse;
        self.effects.push(Effect::Mouse(self.has_mouse));
        self.say_key(if self.has_mouse { "mouse-on" } else { "mouse-off" });
    }

    /// Goes to the next tab, or the one before; round and round.
    fn step(&mut self, is_forward: bool) {
        let shown: Vec<usize> = self.shown().collect();
        let Some(at) = shown.iter().position(|index| *index == self.active) else { return };
        let by = if is_forward { 1 } else { shown.len() - 1 };
        self.switch_to(shown[(at + by) % shown.len()]);
    }

    /// Goes to the tab of that place.
    pub(super) fn go_to_tab(&mut self, number: usize) {
        let index = self.shown().nth(number);
        if let Some(index) = index {
            self.switch_to(index);
        }
    }

    fn next_unread(&mut self) {
        let shown: Vec<usize> = self.shown().collect();
        let (before, behind): (Vec<usize>, Vec<usize>) = shown.into_iter().partition(|index| *index <= self.active);
        let next = behind
            .into_iter()
            .chain(before)
            .find(|index| *index != self.active && self.conversations[*index].unread > 0);
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
