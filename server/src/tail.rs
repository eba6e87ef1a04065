//! The newest entries of a log, as the bytes that are sent, behind each other: any stretch of them is one slice.

use shared::Seq;
use std::collections::VecDeque;

/// The newest entries of a log. Holds at most twice the bytes that it is asked to keep.
#[derive(Debug, Default)]
pub struct Tail {
    bytes: Vec<u8>,
    /// Where each line begins, counted from the first byte that was ever here.
    starts: VecDeque<u64>,
    /// Bytes that have been let go.
    gone: u64,
    first: Seq,
}

impl Tail {
    /// Adds the next entry's line; older ones go once there are twice `keep` bytes.
    ///
    /// # Panics
    /// If `seq` is not the next one: the stream of commits has no holes.
    pub fn push(&mut self, seq: Seq, line: &[u8], keep: usize) {
        if self.starts.is_empty() {
            self.first = seq;
        }
        assert_eq!(seq, self.first.forward(self.starts.len() as u64), "commits come in order");
        self.starts.push_back(self.gone + self.bytes.len() as u64);
        self.bytes.extend_from_slice(line);
        if self.bytes.len() > keep.saturating_mul(2) {
            self.shrink(keep);
        }
    }

    fn shrink(&mut self, keep: usize) {
        let end = self.gone + self.bytes.len() as u64;
        while self.starts.len() > 1 && end - self.starts[1] >= keep as u64 {
            self.starts.pop_front();
            self.first = self.first.next();
        }
        let start = self.starts.front().copied().unwrap_or(end);
        self.bytes.drain(..self.offset(start));
        self.bytes.shrink_to(keep * 2);
        self.gone = start;
    }

    fn offset(&self, position: u64) -> usize {
        usize::try_from(position - self.gone).expect("lines lie in memory")
    }

    /// The lines of every entry behind `after`. `None`: some of them are no longer here (or never were).
    pub fn behind(&self, after: Seq) -> Option<&[u8]> {
        let index = after.next().get().checked_sub(self.first.get())?;
        if self.starts.is_empty() {
            return None;
        }
        let start = match self.starts.get(usize::try_from(index).ok()?) {
            Some(start) => self.offset(*start),
            None => self.bytes.len(),
        };
        Some(&self.bytes[start..])
    }

    /// How far a cursor gets by `count` bytes of the lines behind `after`: the last entry of which a byte was among them.
    pub fn advance(&self, after: Seq, count: usize) -> Seq {
        let Some(rest) = self.behind(after).filter(|_| count > 0) else { return after };
        let end = self.gone + (self.bytes.len() - rest.len() + count) as u64;
        let lines = self.starts.partition_point(|start| *start < end);
        self.first.forward(lines as u64).previous()
    }

    /// Bytes that are here.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The last entry; `None` if there are none.
    pub fn last(&self) -> Option<Seq> {
        (!self.starts.is_empty()).then(|| self.first.forward(self.starts.len() as u64).previous())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The model of a log is the list of its lines.
        #[test]
        fn a_tail_is_the_end_of_the_log(
            lengths in prop::collection::vec(1_usize..40, 1..60), first in 1_u64..100, keep in 1_usize..300,
            after in 0_u64..170, count in any::<prop::sample::Index>(),
        ) {
            let lines: Vec<Vec<u8>> = (0_u8..).zip(&lengths).map(|(n, &length)| vec![n; length]).collect();
            let seq = |n| Seq::new(n).unwrap();
            let mut tail = Tail::default();
            for (n, line) in (first..).zip(&lines) {
                tail.push(seq(n), line, keep);
                prop_assert!(tail.bytes.len() <= keep * 2 + 40);
            }
            let last = first + lines.len() as u64 - 1;
            prop_assert_eq!(tail.last(), Some(seq(last)));
            if let Some(rest) = tail.behind(seq(after)) {
                let skip = usize::try_from((after + 1).saturating_sub(first)).unwrap();
                let expected: Vec<u8> = lines.iter().skip(skip).flatten().copied().collect();
                prop_assert_eq!(rest, expected.as_slice());
                let count = count.index(rest.len() + 1);
                let (mut sent, mut reached) = (0, after);
                for line in lines.iter().skip(skip) {
                    if sent >= count { break }
                    sent += line.len();
                    reached += 1;
                }
                prop_assert_eq!(tail.advance(seq(after), count), seq(reached));
            } else {
                prop_assert!(after + 1 < tail.first.get());
            }
            prop_assert!(tail.behind(seq(last)).is_some(), "the end is always here");
        }
    }
}
