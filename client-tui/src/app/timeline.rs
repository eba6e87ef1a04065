//! What a conversation shows, in order: entries, gaps, who came and went, notes of the program itself.

use shared::{Entry, Seq, UnixMillis, text::Label};
use std::collections::VecDeque;

/// Items that stay in memory; the store and the server have the rest.
const ITEMS: usize = 5_000;

/// Something that is shown.
#[derive(Debug, Clone)]
pub struct Item {
    /// Names it for as long as it is shown.
    pub key: u64,
    /// What it is.
    pub what: What,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A committed entry.
    Entry(Entry),
    /// Entries that are not here: those strictly between.
    Gap {
        /// The last entry before it.
        after: Seq,
        /// The first entry behind it.
        before: Seq,
        /// Nobody has them any more.
        lost: bool,
    },
    /// Who came and went, in one line that grows.
    Presence {
        /// When the last of them did.
        at: UnixMillis,
        /// Who came.
        joined: Vec<Label>,
        /// Who went.
        left: Vec<Label>,
    },
    /// A note of the program itself.
    Note {
        /// When.
        at: UnixMillis,
        /// What it says.
        text: String,
    },
}

impl What {
    /// When it was; unknown for a gap.
    pub fn at(&self) -> Option<UnixMillis> {
        match self {
            Self::Entry(entry) => Some(entry.at),
            Self::Presence { at, .. } | Self::Note { at, .. } => Some(*at),
            Self::Gap { .. } => None,
        }
    }
}

/// The items of a conversation.
#[derive(Debug, Default)]
pub struct Timeline {
    items: VecDeque<Item>,
    keys: u64,
    /// Older items were let go, or never fetched.
    pub is_cut: bool,
}

impl Timeline {
    /// The items, oldest first.
    pub fn items(&self) -> &VecDeque<Item> {
        &self.items
    }

    fn key(&mut self) -> u64 {
        self.keys += 1;
        self.keys
    }

    /// Adds something at the end.
    pub fn push(&mut self, what: What) {
        let key = self.key();
        self.items.push_back(Item { key, what });
        if self.items.len() > ITEMS {
            self.items.pop_front();
            self.is_cut = true;
        }
    }

    /// The first entry that is here.
    pub fn first_seq(&self) -> Option<Seq> {
        self.items.iter().find_map(seq_of)
    }

    /// The last entry that is here.
    pub fn last_seq(&self) -> Option<Seq> {
        self.items.iter().rev().find_map(seq_of)
    }

    /// Entries behind a seq.
    pub fn count_behind(&self, seq: Seq) -> u64 {
        self.items.iter().rev().filter_map(seq_of).take_while(|other| *other > seq).count() as u64
    }

    /// Puts older entries in front, or into the gap that they belong to. Those that are here already are passed over.
    pub fn merge(&mut self, entries: Vec<Entry>) {
        for entry in entries.into_iter().rev() {
            let at = self.items.iter().position(|item| seq_of(item).is_some_and(|seq| seq >= entry.seq));
            if at.is_some_and(|at| seq_of(&self.items[at]) == Some(entry.seq)) {
                continue;
            }
            let at = at.map_or(self.items.len(), |at| self.before_gap(at, entry.seq));
            let key = self.key();
            self.items.insert(at, Item { key, what: What::Entry(entry) });
        }
        self.close_gaps();
    }

    /// Where an entry goes that comes before the item at `at`: behind a gap's row if the entry was in the gap's newer end.
    fn before_gap(&self, at: usize, seq: Seq) -> usize {
        let mut at = at;
        while at > 0 && !matches!(&self.items[at - 1].what, What::Entry(_)) {
            match &self.items[at - 1].what {
                What::Gap { after, .. } if seq > *after => break,
                _ => at -= 1,
            }
        }
        at
    }

    /// Shrinks gaps to what is still not here; those that are filled go.
    fn close_gaps(&mut self) {
        let seqs: Vec<Seq> = self.items.iter().filter_map(seq_of).collect();
        for item in &mut self.items {
            if let What::Gap { before, after, .. } = &mut item.what
                && let Some(next) = seqs.iter().find(|seq| **seq > *after)
            {
                *before = (*before).min(*next);
            }
        }
        self.items.retain(|item| !matches!(&item.what, What::Gap { after, before, .. } if before.since(*after) <= 1));
    }

    /// The gap was asked for and there is nothing in it any more.
    pub fn lose_gap(&mut self, before: Seq) {
        for item in &mut self.items {
            if let What::Gap { before: end, lost, .. } = &mut item.what {
                *lost |= *end == before;
            }
        }
    }

    /// Everything behind an entry goes: the server does not have it.
    pub fn truncate(&mut self, last: Seq) {
        self.items.retain(|item| seq_of(item).is_none_or(|seq| seq <= last));
    }

    /// Everything goes.
    pub fn clear(&mut self) {
        self.items.clear();
        self.is_cut = false;
    }

    /// Who came and went, condensed with what is in the last line already.
    pub fn presence(&mut self, came: &[Label], went: &[Label], now: UnixMillis) {
        if came.is_empty() && went.is_empty() {
            return;
        }
        if !matches!(self.items.back(), Some(Item { what: What::Presence { .. }, .. })) {
            self.push(What::Presence { at: now, joined: Vec::new(), left: Vec::new() });
        }
        let Some(Item { what: What::Presence { at, joined, left }, .. }) = self.items.back_mut() else { return };
        *at = now;
        for name in came {
            if !remove(left, name) {
                joined.push(name.clone());
            }
        }
        for name in went {
            if !remove(joined, name) {
                left.push(name.clone());
            }
        }
        if joined.is_empty() && left.is_empty() {
            self.items.pop_back();
        }
    }
}

/// The seq of an entry's item.
pub fn seq_of(item: &Item) -> Option<Seq> {
    if let What::Entry(entry) = &item.what { Some(entry.seq) } else { None }
}

fn remove(names: &mut Vec<Label>, name: &Label) -> bool {
    let at = names.iter().position(|other| other == name);
    at.map(|at| names.remove(at)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{Kind, MessageId, text::Body};

    fn entry(seq: u64) -> Entry {
        Entry {
            seq: Seq::new(seq).unwrap(),
            id: MessageId::parse("x").unwrap(),
            from: Some(Label::new("a")),
            to: None,
            at: seq,
            kind: Kind::Talk,
            re: None,
            msg: Some(Body::new("x")),
        }
    }

    fn shape(timeline: &Timeline) -> Vec<String> {
        let show = |item: &Item| match &item.what {
            What::Entry(entry) => entry.seq.to_string(),
            What::Gap { after, before, .. } => format!("({after} {before})"),
            What::Presence { joined, left, .. } => format!("+{}-{}", joined.len(), left.len()),
            What::Note { text, .. } => text.clone(),
        };
        timeline.items.iter().map(show).collect()
    }

    #[test]
    fn a_gap_is_filled_from_its_newer_end() {
        let mut timeline = Timeline::default();
        timeline.push(What::Entry(entry(3)));
        let (after, before) = (Seq::new(3).unwrap(), Seq::new(9).unwrap());
        timeline.push(What::Gap { after, before, lost: false });
        timeline.push(What::Entry(entry(9)));
        timeline.merge(vec![entry(7), entry(8)]);
        assert_eq!(shape(&timeline), ["3", "(3 7)", "7", "8", "9"]);
        timeline.merge(vec![entry(4), entry(5), entry(6), entry(7)]);
        assert_eq!(shape(&timeline), ["3", "4", "5", "6", "7", "8", "9"]);
        timeline.merge(vec![entry(1), entry(2)]);
        assert_eq!(timeline.first_seq(), Seq::new(1));
    }

    #[test]
    fn joins_and_leaves_are_one_line() {
        let (a, b) = (Label::new("a"), Label::new("b"));
        let mut timeline = Timeline::default();
        timeline.presence(&[a.clone(), b.clone()], &[], 1);
        timeline.presence(&[], &[Label::new("c")], 2);
        assert_eq!(shape(&timeline), ["+2-1"]);
        timeline.presence(&[Label::new("c")], &[a, b], 3);
        assert!(shape(&timeline).is_empty());
    }
}
