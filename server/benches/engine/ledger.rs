//! What was said, and who has it: nothing may be lost, come twice or come out of order.

use crate::dialect::Said;
use std::time::{Duration, Instant};

/// All messages of a crowd.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    messages: Vec<Message>,
    /// Messages that somebody does not have yet.
    pub(crate) open: usize,
    /// Who said what everybody has got since this was emptied.
    pub(crate) finished: Vec<usize>,
    /// Texts that have arrived.
    pub(crate) delivered: u64,
    /// Messages that the server has accepted.
    pub(crate) acked: u64,
    /// What went wrong.
    pub(crate) faults: Faults,
    /// How long texts took, in microseconds, while that is of interest.
    pub(crate) took: Option<Vec<u32>>,
    /// How long answers took.
    pub(crate) ack_took: Vec<u32>,
}

#[derive(Debug)]
struct Message {
    at: Instant,
    /// How many have not got it.
    left: usize,
    sender: usize,
}

/// What must not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
}

impl Faults {
    pub(crate) fn total(self) -> u64 {
        self.lost + self.doubled + self.reordered
    }
}

/// What one member has heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The last number of each of the room's senders.
    last: Vec<u32>,
    /// What was passed over and may still come.
    missing: Vec<(u32, u32)>,
    /// The last place in the log.
    pub(crate) seq: u64,
}

impl Ledger {
    /// A new message, for so many.
    pub(crate) fn say(&mut self, sender: usize, receivers: usize) -> u32 {
        self.messages.push(Message { at: Instant::now(), left: receivers, sender });
        self.open += 1;
        u32::try_from(self.messages.len() - 1).expect("eight digits are enough")
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// A member has heard something. One that lags is waited for by nobody.
    pub(crate) fn hear(&mut self, heard: &mut Heard, said: Said, now: Instant, lags: bool) {
        self.delivered += 1;
        if let Some(seq) = said.seq {
            // What is doubled or lost shows in the sender's numbers, too: this is about the order of all.
            self.faults.reordered += u64::from(seq != heard.seq + 1);
            heard.seq = seq;
        }
        if !self.is_new(heard, said) {
            return;
        }
        let Some(message) = self.messages.get_mut(said.message as usize) else { return };
        if let Some(took) = &mut self.took {
            took.push(micros(now.saturating_duration_since(message.at)));
        }
        if lags {
            return;
        }
        message.left -= 1;
        if message.left == 0 {
            self.open -= 1;
            self.finished.push(message.sender);
        }
    }

    fn is_new(&mut self, heard: &mut Heard, said: Said) -> bool {
        let slot = said.slot as usize;
        if heard.last.len() <= slot {
            heard.last.resize(slot + 1, 0);
        }
        let last = heard.last[slot];
        if said.number > last {
            heard.missing.extend((last + 1..said.number).map(|number| (said.slot, number)));
            self.faults.lost += u64::from(said.number - last - 1);
            heard.last[slot] = said.number;
            return true;
        }
        match heard.missing.iter().position(|missing| *missing == (said.slot, said.number)) {
            Some(late) => {
                heard.missing.swap_remove(late);
                self.faults.lost -= 1;
                self.faults.reordered += 1;
                true
            }
            None => {
                self.faults.doubled += 1;
                false
            }
        }
    }

    /// The server has accepted a message.
    pub(crate) fn ack(&mut self, message: u32, now: Instant) {
        self.acked += 1;
        if self.took.is_some()
            && let Some(message) = self.messages.get(message as usize)
        {
            self.ack_took.push(micros(now.saturating_duration_since(message.at)));
        }
    }

    /// What has not come by now is lost, unless its gap has shown already.
    pub(crate) fn give_up(&mut self) {
        let left: usize = self.messages.iter().map(|message| message.left).sum();
        self.faults.lost = self.faults.lost.max(left as u64);
        self.messages.iter_mut().for_each(|message| message.left = 0);
        self.open = 0;
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
