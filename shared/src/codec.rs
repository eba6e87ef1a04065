//! Lines out of a stream of bytes: bounded, and back in step after a line that is too long.

use memchr::memchr;

/// What [`LineCodec::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end (LF or CR LF).
    Whole(&'a [u8]),
    /// A line over the limit has begun; it is skipped to its end. Said once a line.
    TooLong,
}

/// Splits a stream into lines. Keeps nothing but the part of a line that has not ended yet, at most the limit.
#[derive(Debug, Default)]
pub struct LineCodec {
    partial: Vec<u8>,
    ready: bool,
    skipping: bool,
}

impl LineCodec {
    /// The next line that `input` holds or ends; what was used is taken off `input`. `None`: give more bytes.
    ///
    /// `limit` counts the bytes of a line before its end and may change from call to call.
    pub fn next<'a, 'i: 'a>(&'a mut self, input: &mut &'i [u8], limit: usize) -> Option<Line<'a>> {
        if std::mem::take(&mut self.ready) {
            self.partial = Vec::new();
        }
        loop {
            let Some(end) = memchr(b'\n', input) else { return self.keep(input, limit) };
            let (head, rest) = (&input[..end], &input[end + 1..]);
            *input = rest;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if without_cr(head).len() + self.partial.len() > limit && self.length_with(head) > limit {
                self.partial = Vec::new();
                return Some(Line::TooLong);
            }
            if self.partial.is_empty() {
                return Some(Line::Whole(without_cr(head)));
            }
            self.partial.extend_from_slice(head);
            self.ready = true;
            return Some(Line::Whole(without_cr(&self.partial)));
        }
    }

    /// Stores the beginning of a line, or notices that it is too long.
    fn keep<'a>(&mut self, input: &mut &[u8], limit: usize) -> Option<Line<'a>> {
        let head = std::mem::take(input);
        if self.skipping {
            return None;
        }
        if self.length_with(head) > limit {
            self.partial = Vec::new();
            self.skipping = true;
            return Some(Line::TooLong);
        }
        self.partial.extend_from_slice(head);
        None
    }

    /// The length of the line that `head` goes on with; a CR at its end may belong to the line end.
    fn length_with(&self, head: &[u8]) -> usize {
        let length = self.partial.len() + head.len();
        let last = head.last().or(self.partial.last());
        length - usize::from(last == Some(&b'\r'))
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything that comes out when `chunks` go in; `None` stands for a line too long.
    fn lines<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> (Vec<Option<Vec<u8>>>, usize) {
        let (mut codec, mut found, mut most) = (LineCodec::default(), Vec::new(), 0);
        for mut chunk in chunks {
            while let Some(line) = codec.next(&mut chunk, limit) {
                found.push(match line {
                    Line::Whole(line) => Some(line.to_vec()),
                    Line::TooLong => None,
                });
            }
            most = most.max(codec.partial.capacity());
        }
        (found, most)
    }

    /// The same by the simplest means.
    fn model(bytes: &[u8], limit: usize) -> Vec<Option<Vec<u8>>> {
        let mut parts: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
        let unfinished = parts.pop().unwrap_or_default();
        let mut found: Vec<_> =
            parts.into_iter().map(without_cr).map(|line| (line.len() <= limit).then(|| line.to_vec())).collect();
        if without_cr(unfinished).len() > limit {
            found.push(None);
        }
        found
    }

    #[test]
    fn goes_on_behind_a_line_that_is_too_long() {
        let text = b"one\r\n\nfar too long a line\ntwo\n";
        assert_eq!(lines([&text[..]], 8).0, [Some(b"one".to_vec()), Some(vec![]), None, Some(b"two".to_vec())]);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_lines_in_bounded_memory(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..200),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            limit in 1_usize..20,
        ) {
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let (found, most) = lines(at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]), limit);
            prop_assert_eq!(found, model(&bytes, limit));
            prop_assert!(most <= 4 * limit + 64, "{} bytes kept", most);
        }
    }
}
