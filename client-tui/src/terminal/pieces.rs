//! Where a piece of what a terminal sends ends: a key, a sequence, a reply.
//!
//! The parser that knows their meaning takes the rest of a sequence for typed text where it gives up, and may wait for
//! ever. So each sequence is cut off whole before it is looked at.

/// Begins every sequence.
pub(super) const ESC: u8 = 0x1b;
/// Begins a paste.
pub(super) const PASTE_START: &[u8] = b"\x1b[200~";
/// Ends a paste.
pub(super) const PASTE_END: &[u8] = b"\x1b[201~";
/// No control sequence is longer.
const LONGEST: usize = 256;
/// No string is longer.
const LONGEST_STRING: usize = 1 << 16;
const BEL: u8 = 7;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A character or a control, maybe after ESC; Esc itself.
    Key,
    /// A control sequence, or what `ESC O` begins.
    Sequence,
    /// A sequence after one more ESC: Alt with a key as rxvt writes it, or Esc before something else.
    EscSequence,
    /// An operating system command: the answer to one.
    Osc,
    /// Nothing to be had from it.
    Junk,
}

/// The first piece of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// What it is.
    pub(super) kind: Kind,
    /// How long it is; never 0.
    pub(super) length: usize,
}

fn piece(kind: Kind, length: usize) -> Option<Piece> {
    Some(Piece { kind, length })
}

/// The first piece; `None` while it is not whole. What follows a whole piece never changes it.
pub(super) fn first(bytes: &[u8]) -> Option<Piece> {
    match bytes {
        [] | [ESC] => None,
        [ESC, b'[', ..] => control_sequence(bytes),
        [ESC, b'O', ..] => single_shift(bytes),
        [ESC, b']' | b'P' | b'_', ..] => string(bytes),
        [ESC, ESC, ..] => escaped(bytes),
        [ESC, rest @ ..] => character(rest).map(|key| Piece { length: key.length + 1, ..key }),
        _ => character(bytes),
    }
}

/// One character. Each of the shortest stretches that are not UTF-8 is a piece, too.
fn character(bytes: &[u8]) -> Option<Piece> {
    let head = &bytes[..bytes.len().min(4)];
    let (valid, bad) = match std::str::from_utf8(head) {
        Ok(text) => (text, None),
        Err(error) => {
            let (valid, _) = head.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), error.error_len())
        }
    };
    match valid.chars().next() {
        Some(c) => piece(Kind::Key, c.len_utf8()),
        None => piece(Kind::Junk, bad?),
    }
}

fn control_sequence(bytes: &[u8]) -> Option<Piece> {
    match *bytes.get(2)? {
        // The Linux console's F1 to F5.
        b'[' => return bytes.get(3).and_then(|_| piece(Kind::Sequence, 4)),
        // A mouse that does not know 1006: three bytes follow.
        b'M' => return mouse(bytes),
        _ => {}
    }
    let digits = bytes[2..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 && bytes.get(2 + digits) == Some(&b'$') {
        // rxvt's Shift with a key; elsewhere a dollar has a semicolon before it.
        return piece(Kind::Sequence, digits + 3);
    }
    let Some(end) = bytes[2..].iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if bytes.len() < LONGEST { None } else { piece(Kind::Junk, LONGEST) };
    };
    ended(bytes, end + 2, Kind::Sequence)
}

/// A sequence up to the byte that may be its last.
fn ended(bytes: &[u8], end: usize, kind: Kind) -> Option<Piece> {
    match bytes[end] {
        0x40..=0x7e => piece(kind, end + 1),
        // Alt with the character that else begins a sequence.
        _ if end == 2 => piece(Kind::Key, 2),
        _ => piece(Kind::Junk, end),
    }
}

fn mouse(bytes: &[u8]) -> Option<Piece> {
    let place = &bytes[3..bytes.len().min(6)];
    match place.iter().position(|byte| *byte < 0x20) {
        Some(at) => piece(Kind::Junk, at + 3),
        None => (place.len() == 3).then_some(Piece { kind: Kind::Sequence, length: 6 }),
    }
}

/// `ESC O` and a letter; old terminals write modifiers between them.
fn single_shift(bytes: &[u8]) -> Option<Piece> {
    let Some(end) = bytes[2..].iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';')) else {
        return if bytes.len() < LONGEST { None } else { piece(Kind::Junk, LONGEST) };
    };
    ended(bytes, end + 2, Kind::Sequence)
}

/// A string up to BEL or `ESC \`. Any other control breaks it off.
fn string(bytes: &[u8]) -> Option<Piece> {
    let kind = if bytes[1] == b']' { Kind::Osc } else { Kind::Junk };
    let Some(at) = bytes.iter().skip(2).position(|byte| *byte < 0x20).map(|at| at + 2) else {
        return if bytes.len() < LONGEST_STRING { None } else { piece(Kind::Junk, LONGEST_STRING) };
    };
    match (bytes[at], bytes.get(at + 1)) {
        (BEL, _) => piece(kind, at + 1),
        (ESC, None) => None,
        (ESC, Some(b'\\')) => piece(kind, at + 2),
        // Alt with the character that else begins a string.
        _ if at == 2 => piece(Kind::Key, 2),
        _ => piece(Kind::Junk, at),
    }
}

fn escaped(bytes: &[u8]) -> Option<Piece> {
    if !matches!(bytes.get(2)?, b'[' | b'O') {
        return piece(Kind::Key, 1);
    }
    let rest = &bytes[1..];
    let inner = first(rest)?;
    if inner.kind == Kind::Sequence && &rest[..inner.length] != PASTE_START {
        piece(Kind::EscSequence, inner.length + 1)
    } else {
        piece(Kind::Key, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_where_they_should() {
        for (bytes, expected) in [
            (&b"ab"[..], Some((Kind::Key, 1))),
            (b"\x1b", None),
            (b"\x1ba", Some((Kind::Key, 2))),
            ("\u{1b}é".as_bytes(), Some((Kind::Key, 3))),
            (b"\x1b\xc3", None),
            (b"\xf0\x9f\x98", None),
            (b"\xf0\x9fa", Some((Kind::Junk, 2))),
            (b"\xff", Some((Kind::Junk, 1))),
            (b"\x1b[", None),
            (b"\x1b[A", Some((Kind::Sequence, 3))),
            (b"\x1b[?997;1nx", Some((Kind::Sequence, 9))),
            (b"\x1b[?2026;1$y", Some((Kind::Sequence, 11))),
            (b"\x1b[3$y", Some((Kind::Sequence, 4))),
            (b"\x1b[=1;2c", Some((Kind::Sequence, 7))),
            (b"\x1b[[A", Some((Kind::Sequence, 4))),
            (b"\x1b[12\x03", Some((Kind::Junk, 4))),
            (b"\x1b[\r", Some((Kind::Key, 2))),
            (b"\x1b[M !", None),
            (b"\x1b[M !!x", Some((Kind::Sequence, 6))),
            (b"\x1b[M \r", Some((Kind::Junk, 4))),
            (b"\x1bOPx", Some((Kind::Sequence, 3))),
            (b"\x1bO1;5P", Some((Kind::Sequence, 6))),
            (b"\x1b]11;rgb:0/0/0\x07x", Some((Kind::Osc, 15))),
            (b"\x1b]11;rgb:0/0/0\x1b", None),
            (b"\x1b]11;rgb:0/0/0\x1b\\x", Some((Kind::Osc, 16))),
            (b"\x1b]11;rgb\r", Some((Kind::Junk, 8))),
            (b"\x1b]\x1b[A", Some((Kind::Key, 2))),
            (b"\x1bP1$r0m\x1b\\", Some((Kind::Junk, 9))),
            (b"\x1b\x1b", None),
            (b"\x1b\x1ba", Some((Kind::Key, 1))),
            (b"\x1b\x1b[A", Some((Kind::EscSequence, 4))),
            (b"\x1b\x1b[200~", Some((Kind::Key, 1))),
        ] {
            let found = first(bytes).map(|piece| (piece.kind, piece.length));
            assert_eq!(found, expected, "{:?}", bytes.escape_ascii().to_string());
        }
    }
}
