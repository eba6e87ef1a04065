//! What a session is owed beside the logs that it follows: answers, presence, notices. Bounded, whatever it does not read.

use crate::hub::Slot;
use shared::RoomName;
use std::collections::{BTreeMap, BTreeSet};

/// Unsent bytes above which a session's requests are not read.
pub(crate) const ANSWERS_MAX: usize = 256 * 1024;
/// Unsent bytes above which presence is dropped.
const PRESENCE_MAX: usize = 64 * 1024;

/// Bytes that go out before anything else, and what is only owed in its newest form.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    sent: usize,
    /// Only who does not read has it.
    late: Option<Box<Late>>,
}

/// What is owed in its newest form only.
#[derive(Debug, Default)]
struct Late {
    latest: BTreeMap<Slot, Vec<u8>>,
    rosters: BTreeSet<RoomName>,
}

impl Output {
    /// Adds bytes that are owed as they are.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a line that may be dropped or replaced while the session does not read.
    pub(crate) fn push_slot(&mut self, slot: &Slot, line: &[u8], reads: bool) {
        match slot {
            Slot::Presence(room) if self.unsent() > PRESENCE_MAX => drop(self.late().rosters.insert(room.clone())),
            Slot::Latest(..) if !reads => drop(self.late().latest.insert(slot.clone(), line.to_vec())),
            _ => {
                // An older one of its kind that still waits must not come behind it.
                if let Some(late) = &mut self.late {
                    late.latest.remove(slot);
                }
                self.push(line);
            }
        }
    }

    /// True if something is owed in its newest form: it goes out before any entry.
    pub(crate) fn owes_latest(&self) -> bool {
        self.late.as_ref().is_some_and(|late| !late.latest.is_empty())
    }

    /// True if the roster of some room is owed.
    pub(crate) fn owes_rosters(&self) -> bool {
        self.late.as_ref().is_some_and(|late| !late.rosters.is_empty())
    }

    /// The bytes to send next.
    pub(crate) fn front(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// How many of them there are.
    pub(crate) fn unsent(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// True if so many answers are unsent that no more requests are read.
    pub(crate) fn is_too_much(&self) -> bool {
        self.unsent() > ANSWERS_MAX
    }

    /// Some of them were sent. Once all are, what is owed in its newest form follows, and the memory is given back.
    pub(crate) fn consume(&mut self, count: usize) {
        self.sent += count;
        if self.unsent() == 0 {
            (self.bytes, self.sent) = (Vec::new(), 0);
            let Some(late) = &mut self.late else { return };
            for (_, line) in std::mem::take(&mut late.latest) {
                self.bytes.extend_from_slice(&line);
            }
            if late.rosters.is_empty() {
                self.late = None;
            }
        } else if self.sent > ANSWERS_MAX {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Rooms whose roster is owed, because presence was dropped; only once everything else is sent.
    pub(crate) fn take_rosters(&mut self) -> BTreeSet<RoomName> {
        match &mut self.late {
            Some(late) if self.bytes.len() == self.sent => std::mem::take(&mut late.rosters),
            _ => BTreeSet::new(),
        }
    }

    fn late(&mut self) -> &mut Late {
        self.late.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_of_a_kind_is_kept_for_who_does_not_read() {
        let mut output = Output::default();
        output.push(b"answer\n");
        let held = Slot::Latest("held", None);
        for n in 0..1000 {
            output.push_slot(&held, format!("held {n}\n").as_bytes(), false);
        }
        assert_eq!(output.front(), b"answer\n");
        output.consume(7);
        assert_eq!(output.front(), b"held 999\n");
        output.consume(9);
        assert_eq!((output.front().len(), output.bytes.capacity()), (0, 0));
    }

    #[test]
    fn the_newest_is_next_when_nothing_else_is_left_and_an_older_one_never_follows() {
        let mut output = Output::default();
        let ignore = Slot::Latest("ignore", None);
        output.push_slot(&ignore, b"on\n", false);
        assert!(output.front().is_empty() && output.owes_latest());
        output.push_slot(&ignore, b"off\n", true);
        assert_eq!((output.front(), output.owes_latest()), (&b"off\n"[..], false));
        output.consume(4);
        output.push_slot(&ignore, b"on\n", false);
        output.consume(0);
        assert_eq!((output.front(), output.owes_latest()), (&b"on\n"[..], false));
    }

    #[test]
    fn dropped_presence_becomes_a_roster() {
        let (mut output, room) = (Output::default(), RoomName::lobby());
        for _ in 0..10_000 {
            output.push_slot(&Slot::Presence(room.clone()), &[b'x'; 100], false);
        }
        assert!(output.unsent() <= PRESENCE_MAX + 100);
        assert!(output.take_rosters().is_empty());
        output.consume(output.unsent());
        assert_eq!(output.take_rosters().into_iter().collect::<Vec<_>>(), [room]);
    }
}
