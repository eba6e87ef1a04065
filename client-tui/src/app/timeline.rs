//! What a conversation shows, in order: entries, gaps, who came and went, notes of the program itself.

use super::span::{Gap, Span};
use shared::{Entry, Kind, Seq, UnixMillis, text::Label};
use std::collections::VecDeque;

/// Items that stay in memory; the store and the server have the rest.
const ITEMS: usize = 5_000;
/// Items that stay while somebody reads older ones.
const ITEMS_READING: usize = 20_000;

/// Where an item stands, and its name for as long as it is shown: behind which entry of its log, as the how-manieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The entry.
    pub seq: Seq,
    /// 0 for the entry itself.
    pub sub: u32,
}

impl Place {
    /// Before everything.
    pub const TOP: Self = Self { seq: Seq::ZERO, sub: 0 };

    /// Of an entry.
    pub fn entry(seq: Seq) -> Self {
        Self { seq, sub: 0 }
    }

    /// Of the gap behind an entry.
    fn gap(after: Seq) -> Self {
        Self { seq: after, sub: u32::MAX }
    }
}

/// Something that is shown.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub what: What,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A committed entry.
    Entry(Box<Entry>),
    /// Entries that are not here.
    Gap(Gap),
    /// Who came and went, in one line that grows.
    Presence(Box<Coming>),
    /// A note of the program itself.
    Note {
        /// When.
        at: UnixMillis,
        /// What it says.
        text: Box<str>,
    },
}

/// Who came and went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coming {
    /// When the last of them did.
    pub at: UnixMillis,
    /// Who came.
    pub joined: Vec<Label>,
    /// Who went.
    pub left: Vec<Label>,
}

impl What {
    /// When it was; unknown for a gap.
    pub fn at(&self) -> Option<UnixMillis> {
        match self {
            Self::Entry(entry) => Some(entry.at),
            Self::Presence(coming) => Some(coming.at),
            Self::Note { at, .. } => Some(*at),
            Self::Gap(_) => None,
        }
    }
}

/// The items of a conversation.
#[derive(Debug, Default)]
pub struct Timeline {
    items: VecDeque<Item>,
    span: Span,
}

impl Timeline {
    /// An empty one of a log of which so much is here.
    pub fn new(span: Span) -> Self {
        Self { items: VecDeque::new(), span }
    }

    /// The items, oldest first.
    pub fn items(&self) -> &VecDeque<Item> {
        &self.items
    }

    /// Which part of the log is here.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Where an item stands, or the next one that is shown if it has gone.
    pub fn find(&self, place: Place) -> usize {
        self.items.partition_point(|item| item.place < place)
    }

    /// An entry that is here.
    pub fn entry(&self, seq: Seq) -> Option<&Entry> {
        let place = Place::entry(seq);
        self.items.get(self.find(place)).filter(|item| item.place == place).and_then(entry_of)
    }

    /// The text of an entry was taken out.
    pub fn redact(&mut self, seq: Seq) {
        let place = Place::entry(seq);
        let at = self.find(place);
        let item = self.items.get_mut(at).filter(|item| item.place == place);
        if let Some(Item { what: What::Entry(entry), .. }) = item {
            (entry.kind, entry.from, entry.to, entry.re, entry.msg) = (Kind::Redacted, None, None, None, None);
        }
    }

    /// Adds a new entry at the end.
    pub fn append(&mut self, entry: Entry) {
        let place = Place::entry(entry.seq);
        if self.items.back().is_none_or(|last| last.place < place) {
            if !self.span.has(entry.seq) {
                self.span.cover(entry.seq, entry.seq);
            }
            self.items.push_back(Item { place, what: What::Entry(Box::new(entry)) });
        }
    }

    /// Adds something that is no entry at the end; `cursor` is the end of the log.
    pub fn push(&mut self, what: What, cursor: Seq) {
        let last = self.items.back().map_or(Place::TOP, |item| item.place);
        let place = if last.seq >= cursor {
            // Behind a gap that nothing has followed yet there is no room: the gap is as good as followed.
            if last.sub >= u32::MAX - 1 {
                Place { seq: last.seq.next(), sub: 1 }
            } else {
                Place { sub: last.sub + 1, ..last }
            }
        } else {
            Place { seq: cursor, sub: 1 }
        };
        self.items.push_back(Item { place, what });
    }

    /// Lets old items go that nobody looks at.
    pub fn trim(&mut self, is_read_back: bool) {
        let max = if is_read_back { ITEMS_READING } else { ITEMS };
        let excess = self.items.len().saturating_sub(max);
        if excess == 0 {
            return;
        }
        self.items.drain(..excess);
        if let Some(first) = self.first_seq() {
            self.span.cut(first);
            self.show_gaps();
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

    /// Takes a page in: its entries, and which stretch of the log is here with it.
    pub fn merge(&mut self, entries: Vec<Entry>, from: Seq, to: Seq) {
        for entry in entries {
            let place = Place::entry(entry.seq);
            let at = self.find(place);
            if self.items.get(at).is_none_or(|item| item.place != place) {
                self.items.insert(at, Item { place, what: What::Entry(Box::new(entry)) });
            }
        }
        self.span.cover(from, to);
        self.show_gaps();
    }

    /// The server does not send these.
    pub fn open_gap(&mut self, gap: Gap) {
        if self.last_seq().is_none() {
            self.span = Span::from(gap.before);
        } else {
            self.span.open(gap);
            self.show_gaps();
        }
    }

    /// The server has nothing before this entry any more.
    pub fn lose(&mut self, first: Seq) {
        self.span.lose(first);
        self.show_gaps();
    }

    /// Gaps stand among the items where they are.
    fn show_gaps(&mut self) {
        let is_gap = |item: &Item| matches!(item.what, What::Gap(_));
        if self.span.gaps().is_empty() && !self.items.iter().any(is_gap) {
            return;
        }
        self.items.retain(|item| !is_gap(item));
        for gap in self.span.gaps() {
            let place = Place::gap(gap.after);
            let at = self.find(place);
            self.items.insert(at, Item { place, what: What::Gap(*gap) });
        }
    }

    /// Everything behind an entry goes: the server does not have it.
    pub fn truncate(&mut self, last: Seq) {
        self.items.retain(|item| item.place.seq <= last);
        self.span.truncate(last);
    }

    /// Everything of the log goes; what comes begins there. What the program itself has noted stays, before it.
    pub fn clear(&mut self, start: Seq) {
        self.items.retain(|item| matches!(item.what, What::Note { .. }));
        for (item, sub) in self.items.iter_mut().zip(1..) {
            item.place = Place { seq: start.previous(), sub };
        }
        self.span = Span::from(start);
    }

    /// Who came and went, condensed with what is in the last line already.
    pub fn presence(&mut self, came: &[Label], went: &[Label], now: UnixMillis, cursor: Seq) {
        if came.is_empty() && went.is_empty() {
            return;
        }
        if !matches!(self.items.back(), Some(Item { what: What::Presence(_), .. })) {
            self.push(What::Presence(Box::default()), cursor);
        }
        let Some(Item { what: What::Presence(coming), .. }) = self.items.back_mut() else { return };
        coming.at = now;
        for name in came {
            if !remove(&mut coming.left, name) {
                coming.joined.push(name.clone());
            }
        }
        for name in went {
            if !remove(&mut coming.joined, name) {
                coming.left.push(name.clone());
            }
        }
        if coming.joined.is_empty() && coming.left.is_empty() {
            self.items.pop_back();
        }
    }
}

/// The entry of an item.
pub fn entry_of(item: &Item) -> Option<&Entry> {
    if let What::Entry(entry) = &item.what { Some(entry) } else { None }
}

/// The seq of an entry's item.
pub fn seq_of(item: &Item) -> Option<Seq> {
    entry_of(item).map(|entry| entry.seq)
}

fn remove(names: &mut Vec<Label>, name: &Label) -> bool {
    let at = names.iter().position(|other| other == name);
    at.map(|at| names.remove(at)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{Kind, MessageId, text::Body};

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    fn entry(n: u64) -> Entry {
        Entry {
            seq: seq(n),
            id: MessageId::parse("x").unwrap(),
            from: Some(Label::new("a")),
            to: None,
            at: n,
            kind: Kind::Talk,
            re: None,
            msg: Some(Body::new("x")),
        }
    }

    fn shape(timeline: &Timeline) -> Vec<String> {
        let show = |item: &Item| match &item.what {
            What::Entry(entry) => entry.seq.to_string(),
            What::Gap(gap) => format!("({} {})", gap.after, gap.before),
            What::Presence(coming) => format!("+{}-{}", coming.joined.len(), coming.left.len()),
            What::Note { text, .. } => text.to_string(),
        };
        timeline.items.iter().map(show).collect()
    }

    #[test]
    fn a_gap_is_filled_from_its_newer_end() {
        let mut timeline = Timeline::new(Span::from(seq(3)));
        timeline.append(entry(3));
        timeline.open_gap(Gap { after: seq(3), before: seq(9), lost: false });
        timeline.append(entry(9));
        timeline.merge(vec![entry(7), entry(8)], seq(7), seq(8));
        assert_eq!(shape(&timeline), ["3", "(3 7)", "7", "8", "9"]);
        timeline.merge(vec![entry(4), entry(5), entry(6), entry(7)], seq(4), seq(7));
        assert_eq!(shape(&timeline), ["3", "4", "5", "6", "7", "8", "9"]);
        timeline.merge(vec![entry(1), entry(2)], seq(1), seq(2));
        assert_eq!(timeline.first_seq(), Seq::new(1));
    }

    #[test]
    fn a_page_from_long_ago_is_an_island() {
        let mut timeline = Timeline::new(Span::from(seq(50)));
        timeline.append(entry(50));
        timeline.push(What::Note { at: 0, text: "note".into() }, seq(50));
        timeline.merge(vec![entry(10), entry(11)], seq(10), seq(11));
        assert_eq!(shape(&timeline), ["10", "11", "(11 50)", "50", "note"]);
        timeline.merge(vec![entry(48), entry(49)], seq(48), seq(49));
        assert_eq!(shape(&timeline), ["10", "11", "(11 48)", "48", "49", "50", "note"]);
        timeline.append(entry(51));
        assert_eq!(timeline.items().back().map(|item| item.place), Some(Place::entry(seq(51))));
    }

    #[test]
    fn joins_and_leaves_are_one_line() {
        let (a, b) = (Label::new("a"), Label::new("b"));
        let mut timeline = Timeline::default();
        timeline.presence(&[a.clone(), b.clone()], &[], 1, Seq::ZERO);
        timeline.presence(&[], &[Label::new("c")], 2, Seq::ZERO);
        assert_eq!(shape(&timeline), ["+2-1"]);
        timeline.presence(&[Label::new("c")], &[a, b], 3, Seq::ZERO);
        assert!(shape(&timeline).is_empty());
    }
}
