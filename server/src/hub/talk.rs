//! Saying something: what may become an entry, and of which log.

use super::{Hub, Refusal, names::Holder};
use crate::{
    ids::{LogId, PersonId},
    journal::{Asker, Draft, Op},
};
use shared::{
    ErrorCode, Incoming, LogName, Nickname, RoomName, Seq,
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
    ) -> Result<(), Refusal> {
        let text = send.text.clone().map_err(text_refusal)?;
        let (target, refusal) = match &send.to {
            Destination::Room(room) => self.room_target(&asker, sender, room)?,
            Destination::Person(to) => self.person_target(sender, to)?,
        };
        let refusal = refusal.or_else(|| self.check_reply(target.log, send.re));
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
        };
        self.store(Op::Append(asker, Box::new(draft)));
        Ok(())
    }

    fn room_target(
        &self,
        asker: &Asker,
        sender: PersonId,
        room: &RoomName,
    ) -> Result<(Target, Option<Refusal>), Refusal> {
        let not_in_room = || Refusal::new(ErrorCode::NotInRoom, format!("join {room} first; you are not in it"));
        // A room that is not there knows no ids.
        let log = self.rooms.get(room).ok_or_else(not_in_room)?.log;
        let session = &self.sessions[asker.session];
        let refusal = if !session.follows_log(log) {
            Some(not_in_room())
        } else if self.people[&sender].hold.is_some() && !session.quiet {
            Some(Refusal::new(ErrorCode::Ignoring, "ignore mode is on; end it to talk to rooms"))
        } else {
            None
        };
        Ok((Target { log, room: LogName::Room(room.clone()), to: None }, refusal))
    }

    fn person_target(&self, sender: PersonId, to: &Nickname) -> Result<(Target, Option<Refusal>), Refusal> {
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
        Ok((Target { log, room: LogName::Inbox, to: Some(to) }, refusal))
    }

    fn check_reply(&self, log: LogId, re: Option<Seq>) -> Option<Refusal> {
        let head = self.head(log);
        let beyond = re.is_some_and(|re| re > head);
        beyond.then(|| Refusal::new(ErrorCode::BadField, format!("the field re is beyond the last entry, {head}")))
    }
}
