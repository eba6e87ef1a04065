//! Saying something: what may become an entry, and of which log.

use super::{
    Hub, Now, Refusal,
    may::{Standing, Wish},
    names::Holder,
};
use crate::{
    ids::{LogId, PersonId},
    journal::{Asker, Draft, Op},
};
use shared::{
    ErrorCode, Incoming, Kind, LogName, Nickname, RoomName, Seq,
    request::{Destination, Send},
    text::TextError,
};

pub(super) fn text_refusal(error: TextError) -> Refusal {
    let code = match error {
        TextError::Empty => ErrorCode::TextEmpty,
        TextError::TooLong { .. } => ErrorCode::TextTooLong,
    };
    Refusal::new(code, error.to_string())
}

/// Where a message goes.
struct Target {
    log: LogId,
    room: LogName,
    to: Option<(Nickname, Option<LogId>)>,
}

impl Hub {
    /// Hands a message to the journal. What state refuses goes there too: a known id gets its `ack` whatever has changed.
    pub(super) fn send(
        &mut self,
        asker: Asker,
        sender: PersonId,
        send: &Send,
        incoming: &Incoming,
        now: Now,
    ) -> Result<(), Refusal> {
        let text = send.text.clone().map_err(text_refusal)?;
        let (target, refusal) = match &send.to {
            Destination::Room(room) => self.room_target(&asker, sender, room, &send.kind, now)?,
            Destination::Person(to) => self.person_target(sender, to, now)?,
        };
        let refusal = refusal.or_else(|| self.check_reply(target.log, send.re));
        let refusal = refusal.or_else(|| self.wait_between(sender, &target.room, now));
        let draft = Draft {
            log: target.log,
            room: target.room,
            sender,
            from: self.people[&sender].nickname().clone(),
            id: send.id.clone(),
            kind: send.kind.clone(),
            re: send.re,
            text,
            to: target.to,
            refusal: refusal.map(|refusal| refusal.of(incoming)),
            changes: Vec::new(),
        };
        self.store(Op::Append(asker, Box::new(draft)));
        Ok(())
    }

    fn room_target(
        &self,
        asker: &Asker,
        sender: PersonId,
        room: &RoomName,
        kind: &Kind,
        now: Now,
    ) -> Result<(Target, Option<Refusal>), Refusal> {
        let not_in_room = || Refusal::new(ErrorCode::NotInRoom, format!("join {room} first; you are not in it"));
        // A room that is not there knows no ids.
        let log = self.rooms.get(room).ok_or_else(not_in_room)?.log;
        let session = &self.sessions[asker.session];
        let wish = if *kind == Kind::Topic { Wish::Topic } else { Wish::Talk };
        let refusal = if let Err(refusal) = self.may(sender, wish, Some(room), now) {
            Some(refusal)
        } else if !session.follows_log(log) {
            Some(not_in_room())
        } else if self.people[&sender].hold.is_some() && !session.quiet {
            Some(Refusal::new(ErrorCode::Ignoring, "ignore mode is on; end it to talk to rooms"))
        } else {
            None
        };
        Ok((Target { log, room: LogName::Room(room.clone()), to: None }, refusal))
    }

    fn person_target(&self, sender: PersonId, to: &Nickname, now: Now) -> Result<(Target, Option<Refusal>), Refusal> {
        let log = self.people[&sender].inbox;
        let receiver = match self.names.holder(to) {
            Some(Holder::Person(id)) => Some(id),
            _ => None,
        };
        let (to, refusal) = match receiver {
            Some(id) => {
                let receiver = &self.people[&id];
                ((receiver.nickname().clone(), (id != sender).then_some(receiver.inbox)), None)
            }
            None => {
                let detail = format!("nobody called {to} is here or has claimed that nickname");
                ((to.clone(), None), Some(Refusal::new(ErrorCode::NoSuchUser, detail)))
            }
        };
        let refusal = self.may(sender, Wish::Write, None, now).err().or(refusal);
        Ok((Target { log, room: LogName::Inbox, to: Some(to) }, refusal))
    }

    /// In a slow room everybody but its moderators waits between two messages.
    fn wait_between(&mut self, sender: PersonId, room: &LogName, now: Now) -> Option<Refusal> {
        let LogName::Room(name) = room else { return None };
        let seconds = self.rooms.get(name).map_or(0, |room| room.rule.slow_s);
        if seconds == 0 || self.standing(sender, Some(name)) >= Standing::Moderator {
            return None;
        }
        let spoken = &mut self.rooms.get_mut(name)?.spoken;
        let wait = u64::from(seconds) * 1_000;
        spoken.retain(|_, at| *at + wait > now.mono);
        if let Some(at) = spoken.get(&sender) {
            let detail = format!("the room is slow: {seconds} seconds between two messages");
            return Some(Refusal::retry(ErrorCode::SlowDown, detail, at + wait - now.mono));
        }
        spoken.insert(sender, now.mono);
        None
    }

    fn check_reply(&self, log: LogId, re: Option<Seq>) -> Option<Refusal> {
        let head = self.head(log);
        let beyond = re.is_some_and(|re| re > head);
        beyond.then(|| Refusal::new(ErrorCode::BadField, format!("the field re is beyond the last entry, {head}")))
    }
}
