//! From the terminal's bytes to inputs: however they are split, and whatever of them never comes. Knows no clock.

use super::{
    decode::{alt, decode, esc},
    keyboard::Input,
    pieces::{self, ESC, PASTE_END, PASTE_START},
};
use std::time::{Duration, Instant};

/// How long ESC may be the beginning of something.
const ESCAPE: Duration = Duration::from_millis(5);
/// How long any other beginning is kept.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the rest of a given-up sequence is still known as such: it is not what somebody types.
const LATE: Duration = Duration::from_millis(500);
/// How long a paste may pause. Its rest would be typed, and its line ends with it.
const PASTE: Duration = Duration::from_secs(2);

/// What has been read and is not whole yet.
#[derive(Debug)]
pub(super) struct Reader {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
    /// The beginning that was given up last, and until when its rest may come.
    given_up: Option<(Vec<u8>, Instant)>,
    /// When something was read last.
    touched: Instant,
}

impl Reader {
    /// Nothing read yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { pending: Vec::new(), paste: None, given_up: None, touched: now }
    }

    /// Takes what was read.
    pub(super) fn feed(&mut self, bytes: &[u8], now: Instant, to: &mut dyn FnMut(Input)) {
        self.touched = now;
        self.pending.extend_from_slice(bytes);
        if !self.is_doubtful(now) {
            self.settle(to);
        }
    }

    /// When [`Self::expire`] is to be called, if nothing comes before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let patience = if self.paste.is_some() {
            PASTE
        } else if self.pending.is_empty() {
            return None;
        } else if self.given_up.is_some() || self.pending.iter().all(|byte| *byte == ESC) {
            ESCAPE
        } else {
            PATIENCE
        };
        Some(self.touched + patience)
    }

    /// Gives up what is not whole: nothing is held for ever.
    pub(super) fn expire(&mut self, now: Instant, to: &mut dyn FnMut(Input)) {
        self.touched = now;
        if let Some(mut text) = self.paste.take() {
            text.append(&mut self.pending);
            return to(pasted(&text));
        }
        if self.given_up.take().is_some() {
            // No rest of anything, but typed.
            return self.settle(to);
        }
        match self.pending[..] {
            [ESC] => to(esc()),
            [ESC, ESC] => {
                to(esc());
                to(esc());
            }
            [ESC, c @ (b'[' | b']' | b'O' | b'P' | b'_')] => to(alt(c.into())),
            _ => {}
        }
        let begun = std::mem::take(&mut self.pending);
        self.given_up = (!begun.is_empty()).then_some((begun, now + LATE));
    }

    /// Joins what came late with its beginning. True while it can not be told whether it is that: for `[` or `]` after Esc.
    fn is_doubtful(&mut self, now: Instant) -> bool {
        let Some((begun, until)) = self.given_up.take().filter(|(_, until)| now < *until) else { return false };
        let joined = [&begun[..], &self.pending].concat();
        match joined[..] {
            [ESC, b'[' | b']'] => {
                self.given_up = Some((begun, until));
                return true;
            }
            [ESC, b'[', b'0'..=b'?' | b'A'..=b'Z', ..] | [ESC, b']', b'0'..=b'9', ..] => self.pending = joined,
            _ => {}
        }
        false
    }

    /// Takes every whole piece.
    fn settle(&mut self, to: &mut dyn FnMut(Input)) {
        let bytes = std::mem::take(&mut self.pending);
        let mut rest = &bytes[..];
        while let Some(length) = self.step(rest, to) {
            rest = &rest[length..];
        }
        self.pending = rest.to_vec();
    }

    /// Takes the first piece: its length, if it is whole.
    fn step(&mut self, bytes: &[u8], to: &mut dyn FnMut(Input)) -> Option<usize> {
        if let Some(text) = &mut self.paste {
            return match bytes.windows(PASTE_END.len()).position(|window| window == PASTE_END) {
                Some(end) => {
                    text.extend_from_slice(&bytes[..end]);
                    to(pasted(text));
                    self.paste = None;
                    Some(end + PASTE_END.len())
                }
                None => {
                    // What may be the beginning of its end stays.
                    let kept = (0..PASTE_END.len()).rev().find(|n| bytes.ends_with(&PASTE_END[..*n])).unwrap_or(0);
                    let taken = bytes.len() - kept;
                    text.extend_from_slice(&bytes[..taken]);
                    (taken > 0).then_some(taken)
                }
            };
        }
        let piece = pieces::first(bytes)?;
        let whole = &bytes[..piece.length];
        if whole == PASTE_START {
            self.paste = Some(Vec::new());
        } else {
            decode(piece.kind, whole).into_iter().flatten().for_each(to);
        }
        Some(piece.length)
    }
}

fn pasted(text: &[u8]) -> Input {
    Input::Paste(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
