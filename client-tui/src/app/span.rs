//! Which entries of a log are here: everything from a start on, but for the gaps.

use shared::Seq;

/// Entries that are not here: those strictly between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last entry before it.
    pub after: Seq,
    /// The first entry behind it.
    pub before: Seq,
    /// Nobody has them any more.
    pub lost: bool,
}

impl Gap {
    /// How many are not here.
    pub fn count(&self) -> u64 {
        self.before.since(self.after).saturating_sub(1)
    }
}

/// The entries of a log that are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first one.
    start: Seq,
    /// What is missing behind it, in order; no two touch.
    gaps: Vec<Gap>,
}

impl Default for Span {
    fn default() -> Self {
        Self::from(Seq::FIRST)
    }
}

impl From<Seq> for Span {
    fn from(start: Seq) -> Self {
        Self { start, gaps: Vec::new() }
    }
}

impl Span {
    /// The first entry that is here.
    pub fn start(&self) -> Seq {
        self.start
    }

    /// What is missing behind the start.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Everything up to the start is let go.
    pub fn cut(&mut self, start: Seq) {
        self.start = self.start.max(start);
        self.gaps.retain(|gap| gap.before > start);
        if let Some(first) = self.gaps.first().filter(|gap| gap.after < start) {
            self.start = first.before;
            self.gaps.remove(0);
        }
    }

    /// The server does not send these: they are missing now. Gaps open at the end only.
    pub fn open(&mut self, gap: Gap) {
        if gap.count() > 0 && self.gaps.last().is_none_or(|last| last.before <= gap.after) {
            self.gaps.push(gap);
        }
    }

    /// The server has nothing before this entry any more.
    pub fn lose(&mut self, first: Seq) {
        for gap in &mut self.gaps {
            gap.lost |= gap.before <= first;
        }
    }

    /// All entries from one to another are here now. What lies between them and the start is a gap, then.
    pub fn cover(&mut self, from: Seq, to: Seq) {
        if from > to {
            return;
        }
        if to.next() < self.start {
            self.gaps.insert(0, Gap { after: to, before: self.start, lost: false });
        }
        self.start = self.start.min(from);
        let rest = |gap: &Gap| {
            let older = Gap { before: gap.before.min(from), ..*gap };
            let newer = Gap { after: gap.after.max(to), ..*gap };
            let is_apart = from >= gap.before || to <= gap.after;
            let parts = if is_apart { [Some(*gap), None] } else { [Some(older), Some(newer)] };
            parts.into_iter().flatten().filter(|part| part.before > part.after && part.count() > 0)
        };
        self.gaps = self.gaps.iter().flat_map(rest).collect();
    }

    /// Everything behind an entry goes.
    pub fn truncate(&mut self, last: Seq) {
        self.gaps.retain(|gap| gap.before <= last.next());
    }

    /// True if an entry is here.
    pub fn has(&self, seq: Seq) -> bool {
        seq >= self.start && !self.gaps.iter().any(|gap| gap.after < seq && seq < gap.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seq(n: u64) -> Seq {
        Seq::new(n).unwrap()
    }

    proptest! {
        /// The model is a set of numbers.
        #[test]
        fn like_a_set(start in 1_u64..40, steps in prop::collection::vec((0_u8..3, 1_u64..60, 0_u64..12), 0..20)) {
            let mut span = Span::from(seq(start));
            let mut end = start;
            let mut model: std::collections::BTreeSet<u64> = (start..=end).collect();
            for (step, from, count) in steps {
                match step {
                    // The server skips some entries, then sends one.
                    0 => {
                        span.open(Gap { after: seq(end), before: seq(end + count + 1), lost: false });
                        end += count + 1;
                        model.insert(end);
                    }
                    // A page of history.
                    1 => {
                        let to = (from + count).min(end);
                        span.cover(seq(from), seq(to));
                        model.extend(from..=to);
                    }
                    _ if from <= end => {
                        span.cut(seq(from));
                        model = model.split_off(&from);
                        if model.is_empty() { model.insert(end); span = Span::from(seq(end)); }
                    }
                    _ => {}
                }
                for n in 1..=end {
                    prop_assert_eq!(span.has(seq(n)), model.contains(&n), "{} in {:?}", n, span);
                }
                prop_assert_eq!(span.start().get(), *model.first().unwrap());
                prop_assert!(span.gaps().windows(2).all(|two| two[0].before <= two[1].after));
            }
        }
    }
}
