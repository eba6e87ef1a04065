//! Keeping order: commands become requests, and what the server says of it becomes visible.

use super::{App, Effect, conversation::Partner, when};
use crate::{command::command_of, store::Job, text::drawable_line};
use shared::{
    Entry, Kind, LogName, Nickname, Request, RoomName, Seq,
    event::Notice,
    moderation::{Act, Action, Moderate, Role},
    text::Label,
};

impl App {
    /// `/kick`, `/ban` and the others: whom, for how long, why. False: it could not be done, and the reason was said.
    pub(super) fn moderate(&mut self, action: Action, arguments: &str) -> bool {
        let Some(room) = self.room_here() else { return false };
        let Some((nickname, act)) = read(action, arguments) else {
            let command = command_of(crate::command::Action::Moderate(action));
            let shape = format!("/{} {}", command.names[0], command.arguments);
            let text = self.locale.with("moderate-shape", &[("shape", shape.into())]);
            self.say(text);
            return false;
        };
        let id = self.fresh_id();
        self.online(Request::Moderate(Box::new(Moderate { id, room, nickname, act })))
    }

    /// Takes out the text of the selected message, or of the newest one of one's own.
    pub(super) fn redact(&mut self, reason: &str) -> bool {
        let Some(room) = self.room_here() else { return false };
        let is_mine = |entry: &&Entry| entry.from.as_ref() == Some(&self.me) && entry.kind == Kind::Talk;
        let items = self.current().map(|conversation| conversation.timeline.items());
        let newest = items.into_iter().flatten().rev().filter_map(super::timeline::entry_of).find(is_mine);
        let Some(re) = self.selected_entry().or(newest).map(|entry| entry.seq) else {
            self.say_key("nothing-to-redact");
            return false;
        };
        let id = self.fresh_id();
        self.online(Request::Redact { id, room, re, reason: Act::reason(reason) })
    }

    /// Gives the nickname back; it has to be typed, for its messages go with it.
    pub(super) fn release(&mut self, typed: &str) -> bool {
        if typed != &*self.me {
            let text = self.locale.with("release-confirm", &[("nickname", self.me.to_string().into())]);
            self.say(text);
            return false;
        }
        self.online(Request::Release)
    }

    /// The nickname is free again: the form asks for another one.
    pub(super) fn released(&mut self, nickname: &Label) {
        let text = self.locale.with("released", &[("nickname", drawable_line(nickname).into())]);
        self.reopen_form(1, text);
    }

    fn room_here(&mut self) -> Option<RoomName> {
        match self.current().map(|conversation| &conversation.partner) {
            Some(Partner::Room(room)) => Some(room.clone()),
            _ => {
                self.say_key("only-in-rooms");
                None
            }
        }
    }

    /// Somebody has put one out of a room: it is not joined again by itself.
    pub(super) fn kicked(&mut self, notice: &Notice) {
        let reason = notice.detail.as_deref().map_or_else(|| self.locale.text("no-reason"), drawable_line);
        let Some(room) = &notice.room else {
            let text = self.locale.with("kicked-server", &[("reason", reason.into())]);
            return self.note(text);
        };
        self.outbox.left(room);
        self.logs.remove(&LogName::Room(room.clone()));
        let text = self.locale.with("kicked", &[("room", room.to_string().into()), ("reason", reason.into())]);
        if let Some(index) = self.find(&Partner::Room(room.clone())) {
            let conversation = &mut self.conversations[index];
            conversation.roster.set(0, Some(&[]));
            let (at, cursor) = (self.now.wall, conversation.timeline.last_seq().unwrap_or(Seq::ZERO));
            conversation.timeline.push(super::timeline::What::Note { at, text: text.into() }, cursor);
        }
        self.effects.push(Effect::Redraw);
    }

    /// What was taken out is taken out here, too.
    pub(super) fn take_out(&mut self, room: &LogName, entry: &Entry) {
        let (Kind::Redact, Some(seq)) = (&entry.kind, entry.re) else { return };
        for conversation in self.conversations.iter_mut().filter(|conversation| conversation.partner.log() == *room) {
            conversation.timeline.redact(seq);
        }
        if let Some(log) = self.logs.get_mut(room) {
            log.quotes.remove(&seq);
        }
        self.mentions.retain(|mention| mention.room != *room || mention.entry.seq != seq);
        self.look += 1;
        self.store(Job::Redact(room.clone(), seq));
    }
}

/// Whom an act is about, and what it is. `None`: the arguments do not fit it.
fn read(action: Action, arguments: &str) -> Option<(Option<Nickname>, Act)> {
    let mut act = Act::new(action);
    let mut words = arguments.split_whitespace().peekable();
    while let Some(flag) = words.next_if(|word| word.starts_with('-')) {
        match flag {
            "-a" => act.everywhere = true,
            "-n" => act.address = true,
            _ => return None,
        }
    }
    let mut nickname = None;
    if action.has_target() {
        let name = words.next()?;
        act.network = Some(name).filter(|_| action.takes_network()).and_then(|name| name.parse().ok());
        if act.network.is_none() {
            nickname = Some(Nickname::parse(name.trim_start_matches('@')).ok()?);
        }
    }
    if action == Action::Slow {
        act.for_s = Some(match words.next()? {
            "off" => 0,
            word => when::seconds(word)?,
        });
    } else if action.takes_time()
        && let Some(seconds) = words.peek().and_then(|word| when::seconds(word))
    {
        act.for_s = Some(seconds);
        words.next();
    }
    if matches!(action, Action::Grant | Action::Revoke) {
        act.role = match words.next() {
            None => Some(Role::Moderator),
            Some(word) => Some(Role::parse(word)?),
        };
    }
    act.reason = Act::reason(&words.collect::<Vec<_>>().join(" "));
    Some((nickname, act))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_as_people_type_them() {
        let (who, act) = read(Action::Ban, "-a mallory 2h selling shoes").unwrap();
        assert_eq!(who.unwrap().as_str(), "mallory");
        assert_eq!(act.to_string(), "ban everywhere 7200s: selling shoes");
        let (who, act) = read(Action::Kick, "@bob").unwrap();
        assert_eq!((who.unwrap().as_str(), act.to_string().as_str()), ("bob", "kick"));
        assert_eq!(read(Action::Slow, "10s").unwrap().1.for_s, Some(10));
        assert_eq!(read(Action::Slow, "off").unwrap().1.for_s, Some(0));
        assert_eq!(read(Action::Ban, "10.0.0.0/8").unwrap().1.to_string(), "ban 10.0.0.0/8");
        assert_eq!(read(Action::Grant, "bob owner").unwrap().1.role, Some(Role::Owner));
        assert!(read(Action::Kick, "").is_none() && read(Action::Slow, "").is_none());
        assert!(read(Action::Ban, "-x bob").is_none() && read(Action::Grant, "bob king").is_none());
    }
}
