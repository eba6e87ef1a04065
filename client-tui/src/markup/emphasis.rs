//! `**bold**` and `*italic*`: which stars of a line are marks.
//!
//! A row of stars opens behind and closes before a boundary, never beside a space on its inner side; a closing row takes the
//! nearest opening one of its length, and what opened in between and found no end stays as it was typed. Three stars are two
//! and one. Stars of globs, comments, pointers and faces are let alone as far as a look at their neighbours can tell.

use super::script::{is_inner, is_unspaced, is_upon, last_base};
use std::ops::Range;

/// Never first within a mark: whatever is before it, is before it without a space.
const NEVER_FIRST: &str = ",;)]}，。、；）」』】》〉";
/// Never last.
const NEVER_LAST: &str = "([{（「『【《〈/\\";
const SLASHES: &str = "/\\";
const QUOTES: &str = "\"'`";

/// Stars that are a mark: one for italic, two for bold, three for both.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The stars.
    pub(super) bytes: Range<usize>,
    /// It begins here; else it ends.
    pub(super) opens: bool,
}

/// The marks within the plain stretches of a line, in order.
pub(super) fn marks(line: &str, plain: impl Iterator<Item = Range<usize>>) -> Vec<Mark> {
    let mut reader = Reader::default();
    let mut before = 0;
    for bytes in plain {
        reader.letters += letters(&line[before..bytes.start]);
        let mut start = bytes.start;
        while let Some(stars) = stars(line, start..bytes.end) {
            reader.letters += letters(&line[start..stars.start]);
            start = stars.end;
            let is_behind_link = stars.start == bytes.start;
            reader.read(line, stars, is_behind_link);
        }
        reader.letters += letters(&line[start..bytes.end]);
        before = bytes.end;
    }
    reader.marks.sort_unstable_by_key(|mark| mark.bytes.start);
    reader.marks
}

fn stars(line: &str, within: Range<usize>) -> Option<Range<usize>> {
    let start = within.start + line[within.clone()].find('*')?;
    let rest = &line[start..within.end];
    Some(start..start + rest.len() - rest.trim_start_matches('*').len())
}

/// How much there is that is worth a mark.
fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric() || !c.is_ascii()).count()
}

/// Stars that opened and found no end yet.
#[derive(Debug)]
struct Opener {
    start: usize,
    /// Stars that are not used up by an end; the first ones.
    left: usize,
    /// [`Reader::letters`] here.
    letters: usize,
}

impl Opener {
    /// How many stars close it, of so many: all of one of the two, or none.
    fn closed_by(&self, stars: usize) -> Option<usize> {
        match (self.left, stars) {
            (left, stars) if left == stars => Some(left),
            (3, stars) => Some(stars),
            (left, 3) => Some(left),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
struct Reader {
    marks: Vec<Mark>,
    /// The innermost is last.
    open: Vec<Opener>,
    /// How many of them have a star, two stars, three: what is not there is not looked for.
    counts: [usize; 4],
    letters: usize,
}

impl Reader {
    fn read(&mut self, line: &str, stars: Range<usize>, is_behind_link: bool) {
        if stars.len() > 3 {
            return;
        }
        let (opens, closes) = roles(line, &stars, is_behind_link);
        let mut left = stars.clone();
        if closes {
            while let Some(size) = self.close(&left) {
                left.start += size;
            }
        }
        if opens && left == stars {
            self.push(Opener { start: stars.start, left: stars.len(), letters: self.letters });
        }
    }

    /// Ends what the stars can end; so many of them are used up.
    fn close(&mut self, stars: &Range<usize>) -> Option<usize> {
        let may_close = match stars.len() {
            0 => false,
            3 => !self.open.is_empty(),
            count => self.counts[count] + self.counts[3] > 0,
        };
        // Faces (`*_*`) and `*.*` are no marks; neither do they open anything for others.
        while may_close && let Some(opener) = self.pop() {
            let Some(size) = opener.closed_by(stars.len()) else { continue };
            if size == 1 && opener.letters == self.letters {
                return None;
            }
            let end = opener.start + opener.left;
            self.marks.push(Mark { bytes: end - size..end, opens: true });
            self.marks.push(Mark { bytes: stars.start..stars.start + size, opens: false });
            if opener.left > size {
                self.push(Opener { left: opener.left - size, ..opener });
            }
            return Some(size);
        }
        None
    }

    fn push(&mut self, opener: Opener) {
        self.counts[opener.left] += 1;
        self.open.push(opener);
    }

    fn pop(&mut self) -> Option<Opener> {
        let opener = self.open.pop()?;
        self.counts[opener.left] -= 1;
        Some(opener)
    }
}

/// Whether stars may open, and whether they may close. The slash that a URL ends with is none of a glob.
fn roles(line: &str, stars: &Range<usize>, is_behind_link: bool) -> (bool, bool) {
    let (before, behind) = (&line[..stars.start], &line[stars.end..]);
    let (first, last) = (behind.chars().next(), before.chars().next_back());
    let is_one = stars.len() == 1;
    let is_quoted = first.is_some() && first == last && first.is_some_and(|c| QUOTES.contains(c));
    if is_quoted || (is_one && is_glob(behind)) {
        return (false, false);
    }
    let beside_slash = [first, last].into_iter().flatten().any(|c| SLASHES.contains(c));
    let opens = last_base(before).is_none_or(is_boundary)
        && first.is_some_and(|c| !c.is_whitespace() && !NEVER_FIRST.contains(c))
        && !(is_one && beside_slash);
    let may_be_last = |c: char| !c.is_whitespace() && (is_behind_link || !NEVER_LAST.contains(c));
    let closes = last.is_some_and(may_be_last) && first.is_none_or(is_boundary);
    (opens, closes)
}

/// `*.rs`
fn is_glob(behind: &str) -> bool {
    behind.strip_prefix('.').is_some_and(|behind| behind.starts_with(is_inner))
}

fn is_boundary(c: char) -> bool {
    is_unspaced(c) || !(c.is_alphanumeric() || is_upon(c))
}
