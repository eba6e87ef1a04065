//! Messages on their way: what has been typed and is not acknowledged.

use shared::{
    MessageId, RoomName, Seq, UnixMillis, limits,
    request::{Destination, Send},
};

/// How far a message has come. It only ever moves down this list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is being written to the outbox on disk.
    Saving,
    /// It is on disk and waits for the connection.
    Ready,
    /// It was never written to a connection, and lies there for so long that it is asked first whether to send it.
    Held,
    /// It was written to a connection; it may be stored already.
    Written,
    /// It is stored at the server.
    Stored(Seq),
    /// It is not stored and never will be.
    Refused(String),
}

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What is sent.
    pub send: Send,
    /// When it was typed.
    pub at: UnixMillis,
    /// How far it has come.
    pub delivery: Delivery,
    /// It may be written at this time of the clock that only goes forward, not before.
    pub not_before: u64,
    /// A connection may have got it: it may be stored already.
    pub was_written: bool,
}

impl Outgoing {
    /// What becomes of it is not known yet.
    pub fn is_on_its_way(&self) -> bool {
        !matches!(self.delivery, Delivery::Stored(_) | Delivery::Refused(_))
    }

    /// It may still be edited or dropped: nobody else has ever seen it.
    pub fn is_recallable(&self) -> bool {
        match self.delivery {
            Delivery::Saving | Delivery::Ready | Delivery::Held => !self.was_written,
            Delivery::Refused(_) => true,
            Delivery::Written | Delivery::Stored(_) => false,
        }
    }
}

/// All messages on their way, in the order in which they were typed.
#[derive(Debug, Default)]
pub struct Outbox {
    messages: Vec<Outgoing>,
}

impl Outbox {
    /// Adds a message that is not on disk yet.
    pub fn add(&mut self, send: Send, at: UnixMillis) {
        let delivery = Delivery::Saving;
        self.messages.push(Outgoing { send, at, delivery, not_before: 0, was_written: false });
    }

    /// Puts the messages of an earlier run before those of this one. That run may have written them to a connection.
    pub fn restore(&mut self, saved: Vec<(Send, UnixMillis)>) {
        let restored = saved.into_iter().map(|(send, at)| {
            let delivery = Delivery::Ready;
            Outgoing { send, at, delivery, not_before: 0, was_written: true }
        });
        self.messages.splice(0..0, restored);
    }

    /// What was never written is held back until the person says what is to become of it. True: there is some.
    pub fn hold(&mut self) -> bool {
        let mut any = false;
        for message in self.messages.iter_mut().filter(|message| !message.was_written) {
            if matches!(message.delivery, Delivery::Ready) {
                message.delivery = Delivery::Held;
                any = true;
            }
        }
        any
    }

    /// What is held back is to be sent.
    pub fn release(&mut self) {
        for message in self.messages.iter_mut().filter(|message| message.delivery == Delivery::Held) {
            message.delivery = Delivery::Ready;
        }
    }

    /// What is held back.
    pub fn held(&self) -> impl Iterator<Item = &Outgoing> {
        self.messages.iter().filter(|message| message.delivery == Delivery::Held)
    }

    /// Takes a message out that nobody else has seen.
    pub fn recall(&mut self, id: &MessageId) -> Option<Outgoing> {
        let at = self.messages.iter().position(|message| message.send.id == *id && message.is_recallable())?;
        Some(self.messages.remove(at))
    }

    /// The messages, in order.
    pub fn messages(&self) -> &[Outgoing] {
        &self.messages
    }

    fn find(&mut self, id: &MessageId) -> Option<&mut Outgoing> {
        self.messages.iter_mut().find(|message| message.send.id == *id)
    }

    /// True if it is on its way, or was refused.
    pub fn has(&self, id: &MessageId) -> bool {
        self.messages.iter().any(|message| message.send.id == *id)
    }

    /// It is on disk.
    pub fn saved(&mut self, id: &MessageId) {
        if let Some(message) = self.find(id).filter(|message| message.delivery == Delivery::Saving) {
            message.delivery = Delivery::Ready;
        }
    }

    /// It is stored at the server.
    pub fn stored(&mut self, id: &MessageId, seq: Seq) {
        if let Some(message) = self.find(id) {
            message.delivery = Delivery::Stored(seq);
        }
    }

    /// It is refused for good.
    pub fn refused(&mut self, id: &MessageId, reason: String) {
        if let Some(message) = self.find(id) {
            message.delivery = Delivery::Refused(reason);
        }
    }

    /// It is to be tried again, at that time.
    pub fn retry(&mut self, id: &MessageId, not_before: u64) {
        if let Some(message) = self.find(id) {
            message.delivery = Delivery::Ready;
            message.not_before = not_before;
        }
    }

    /// Its entry is shown in the log.
    pub fn shown(&mut self, id: &MessageId) {
        self.messages.retain(|message| message.send.id != *id);
    }

    /// A room was left: the entries of what is stored there will not be shown.
    pub fn left(&mut self, room: &RoomName) {
        let is_over = |message: &Outgoing| matches!(message.delivery, Delivery::Stored(_));
        self.messages.retain(|message| !is_over(message) || log_of(&message.send.to).as_ref() != Some(room));
    }

    /// The connection is gone: what it was given must be given again.
    pub fn broken(&mut self) {
        for message in &mut self.messages {
            if message.delivery == Delivery::Written {
                message.delivery = Delivery::Ready;
            }
        }
    }

    /// What may be written now, in order; it counts as written. `open` tells whether a message's log is joined. A message
    /// that waits holds back those behind it for the same log: what is said to people all goes through one's own inbox.
    pub fn take_ready(&mut self, now: u64, open: impl Fn(&Send) -> bool) -> Vec<Send> {
        let written = self.messages.iter().filter(|message| message.delivery == Delivery::Written);
        let mut room = limits::SENDS_UNANSWERED.saturating_sub(written.count());
        let mut waiting = Vec::new();
        let mut ready = Vec::new();
        for at in 0..self.messages.len() {
            let log = log_of(&self.messages[at].send.to);
            let is_next = room > 0 && !waiting.contains(&log) && !self.is_unanswered_behind(at, log.as_ref());
            let message = &mut self.messages[at];
            let is_pending = matches!(message.delivery, Delivery::Saving | Delivery::Ready | Delivery::Held);
            if is_next && message.delivery == Delivery::Ready && message.not_before <= now && open(&message.send) {
                message.delivery = Delivery::Written;
                message.was_written = true;
                ready.push(message.send.clone());
                room -= 1;
            } else if is_pending {
                waiting.push(log);
            }
        }
        ready
    }

    /// True if one behind that message is under way into the same log: so it is where the server has refused the first of
    /// several for a while. What is sent again before the others are refused as well would let them be overtaken.
    fn is_unanswered_behind(&self, at: usize, log: Option<&RoomName>) -> bool {
        let behind = &self.messages[at + 1..];
        behind.iter().any(|other| other.delivery == Delivery::Written && log_of(&other.send.to).as_ref() == log)
    }

    /// When the next message that was put off may be written. One whose time has come waits for something else.
    pub fn next_retry(&self, now: u64) -> Option<u64> {
        let waits = |message: &&Outgoing| message.delivery == Delivery::Ready && message.not_before > now;
        self.messages.iter().filter(waits).map(|message| message.not_before).min()
    }
}

/// The room that a message goes to; `None`: one's own inbox.
fn log_of(to: &Destination) -> Option<RoomName> {
    match to {
        Destination::Room(room) => Some(room.clone()),
        Destination::Person(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{Kind, Text};

    fn send(id: &str) -> Send {
        let to = Destination::Room(RoomName::lobby());
        Send { id: MessageId::parse(id).unwrap(), to, kind: Kind::Talk, re: None, text: Text::parse("x") }
    }

    fn ids(sends: &[Send]) -> Vec<&str> {
        sends.iter().map(|send| send.id.as_str()).collect()
    }

    #[test]
    fn order_is_kept_over_breaks_and_refusals() {
        let mut outbox = Outbox::default();
        for id in ["a", "b", "c"] {
            outbox.add(send(id), 0);
        }
        outbox.saved(&send("b").id);
        assert!(outbox.take_ready(0, |_| true).is_empty(), "the first is not on disk yet");
        outbox.saved(&send("a").id);
        assert_eq!(ids(&outbox.take_ready(0, |_| true)), ["a", "b"]);
        outbox.broken();
        outbox.saved(&send("c").id);
        assert!(outbox.take_ready(0, |_| false).is_empty());
        assert_eq!(ids(&outbox.take_ready(0, |_| true)), ["a", "b", "c"]);
        outbox.retry(&send("a").id, 50);
        outbox.retry(&send("b").id, 60);
        assert!(outbox.take_ready(10, |_| true).is_empty());
        assert!(outbox.take_ready(50, |_| true).is_empty(), "the third is still under way");
        outbox.retry(&send("c").id, 70);
        assert_eq!(ids(&outbox.take_ready(50, |_| true)), ["a"]);
        assert_eq!(ids(&outbox.take_ready(70, |_| true)), ["b", "c"]);
    }

    #[test]
    fn what_was_never_written_is_asked_about_and_can_be_recalled() {
        let mut outbox = Outbox::default();
        outbox.restore(vec![(send("old"), 0)]);
        for id in ["a", "b"] {
            outbox.add(send(id), 0);
            outbox.saved(&send(id).id);
        }
        assert!(outbox.hold());
        assert_eq!(ids(&outbox.take_ready(0, |_| true)), ["old"], "an earlier run may have written it");
        assert!(outbox.recall(&send("old").id).is_none());
        assert!(outbox.recall(&send("b").id).is_some());
        outbox.release();
        assert_eq!(ids(&outbox.take_ready(0, |_| true)), ["a"]);
        outbox.broken();
        assert!(outbox.recall(&send("a").id).is_none(), "it may be stored");
    }

    #[test]
    fn at_most_thirty_two_are_unanswered() {
        let mut outbox = Outbox::default();
        for n in 0..40 {
            outbox.add(send(&format!("m{n}")), 0);
            outbox.saved(&send(&format!("m{n}")).id);
        }
        assert_eq!(outbox.take_ready(0, |_| true).len(), 32);
        assert!(outbox.take_ready(0, |_| true).is_empty());
        outbox.stored(&send("m0").id, Seq::FIRST);
        assert_eq!(ids(&outbox.take_ready(0, |_| true)), ["m32"]);
    }
}
