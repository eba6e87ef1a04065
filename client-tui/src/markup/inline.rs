//! The marks of a line: code first, then URLs in what is not code, then emphasis in what is neither.

use super::{Look, Styled, emphasis, urls};
use std::ops::Range;

/// A stretch of a line, by what is read in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Emphasis.
    Plain(Range<usize>),
    /// Nothing.
    Code(Range<usize>),
    /// Nothing.
    Link(Range<usize>),
}

/// Appends a line.
pub(super) fn push(line: &str, styled: &mut Styled) {
    let pieces = pieces(line);
    let plain =
        pieces.iter().filter_map(|piece| if let Piece::Plain(bytes) = piece { Some(bytes.clone()) } else { None });
    let mut marks = emphasis::marks(line, plain).into_iter().peekable();
    // Marks may stand within marks of the same kind.
    let (mut bold, mut italic) = (0_usize, 0_usize);
    for piece in pieces {
        let (bytes, is_code, is_link) = match piece {
            Piece::Plain(bytes) => (bytes, false, false),
            Piece::Code(bytes) => (bytes, true, false),
            Piece::Link(bytes) => (bytes, false, true),
        };
        let mut start = bytes.start;
        while let Some(mark) = marks.next_if(|mark| mark.bytes.start < bytes.end) {
            styled.push(&line[start..mark.bytes.start], look(bold, italic));
            start = mark.bytes.end;
            let step = |count: usize| if mark.opens { count + 1 } else { count - 1 };
            (bold, italic) = match mark.bytes.len() {
                1 => (bold, step(italic)),
                2 => (step(bold), italic),
                _ => (step(bold), step(italic)),
            };
        }
        let text = &line[start..bytes.end];
        let link = if is_link { add_link(text, styled) } else { None };
        styled.push(text, Look { code: is_code, link, ..look(bold, italic) });
    }
}

fn look(bold: usize, italic: usize) -> Look {
    Look { bold: bold > 0, italic: italic > 0, ..Look::default() }
}

fn add_link(url: &str, styled: &mut Styled) -> Option<u16> {
    let number = u16::try_from(styled.links.len()).ok()?;
    styled.links.push(url.to_owned());
    Some(number)
}

/// The line's stretches, in order; of the line, only the backticks around code are in none.
fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for code in code(line) {
        push_text(line, start..code.start - 1, &mut pieces);
        start = code.end + 1;
        pieces.push(Piece::Code(code));
    }
    push_text(line, start..line.len(), &mut pieces);
    pieces
}

fn push_text(line: &str, bytes: Range<usize>, pieces: &mut Vec<Piece>) {
    let mut start = bytes.start;
    for url in urls::find(&line[bytes.clone()]) {
        let url = bytes.start + url.start..bytes.start + url.end;
        pieces.push(Piece::Plain(start..url.start));
        start = url.end;
        pieces.push(Piece::Link(url));
    }
    pieces.push(Piece::Plain(start..bytes.end));
}

/// What stands between single backticks. One within a word opens nothing: it is somebody's apostrophe.
fn code(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    let mut end = 0;
    for (at, _) in line.match_indices('`').filter(|&(at, _)| is_single(line, at)) {
        match open {
            Some(start) if !line[start..at].trim().is_empty() => {
                found.push(start..at);
                (open, end) = (None, at + 1);
            }
            _ if !super::script::last_base(&line[end..at]).is_some_and(super::script::is_inner) => open = Some(at + 1),
            _ => {}
        }
    }
    found
}

fn is_single(line: &str, at: usize) -> bool {
    !line[..at].ends_with('`') && !line[at + 1..].starts_with('`')
}
