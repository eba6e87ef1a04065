//! What can happen to a file.

use super::origin::{FILES, Files, Origin};
use crate::common::dice::Dice;

const PAGE: usize = 4_096;
const WAL_HEADER: usize = 32;
const FRAME: usize = PAGE + 24;

/// The kinds, and how often each is taken.
const KINDS: [(&str, usize); 12] = [
    ("cut anywhere", 10),
    ("cut at a page", 8),
    ("zeroed range", 12),
    ("zeroed page", 10),
    ("flipped bit", 20),
    ("flipped bit in a header", 20),
    ("random bytes", 12),
    ("random sector", 10),
    ("pages changed places", 5),
    ("page over another", 5),
    ("page as it was earlier", 6),
    ("gone", 1),
];

/// Does something to one of the files; says what.
pub(crate) fn mutate(origin: &Origin, dice: &mut Dice) -> (Files, String, String) {
    let mut files = origin.files.clone();
    let is_wal = files.0[1].is_some() && dice.percent(55);
    let name = FILES[usize::from(is_wal)];
    let mut throw = dice.below(KINDS.iter().map(|(_, weight)| weight).sum());
    let (kind, _) = KINDS
        .iter()
        .find(|(_, weight)| {
            throw < *weight || {
                throw -= weight;
                false
            }
        })
        .unwrap();
    let of = format!("{}: {kind}", if is_wal { "log" } else { "main" });
    let slot = &mut files.0[usize::from(is_wal)];
    if *kind == "gone" {
        *slot = None;
        return (files, of, format!("{name} is gone"));
    }
    let bytes = slot.as_mut().unwrap();
    // Pages of the main file; frames of the log.
    let (start, step) = if is_wal { (WAL_HEADER, FRAME) } else { (0, PAGE) };
    let count = (bytes.len() - start) / step;
    let page = |number: usize| start + number * step..start + (number + 1) * step;
    let (one, two) = (dice.below(count), dice.below(count));
    let at = dice.below(bytes.len());
    let said = match *kind {
        "cut anywhere" => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        "cut at a page" => {
            bytes.truncate(start + one * step);
            format!("cut at page {one}")
        }
        "zeroed range" => {
            let end = (at + 1 + dice.below(600)).min(bytes.len());
            bytes[at..end].fill(0);
            format!("zeroes from {at} to {end}")
        }
        "zeroed page" => {
            bytes[page(one)].fill(0);
            format!("zeroes on page {one}")
        }
        "flipped bit" => flip(bytes, at, dice),
        "flipped bit in a header" => {
            flip(bytes, start + one * step + dice.below(if one == 0 { 124 } else { 24 }), dice)
        }
        "random bytes" => {
            let end = (at + 1 + dice.below(64)).min(bytes.len());
            bytes[at..end].copy_from_slice(&dice.bytes(end - at));
            format!("random bytes from {at} to {end}")
        }
        "random sector" => {
            let (at, end) = (at / 512 * 512, (at / 512 * 512 + 512).min(bytes.len()));
            bytes[at..end].copy_from_slice(&dice.bytes(end - at));
            format!("random bytes from {at} to {end}")
        }
        "pages changed places" => {
            let (first, second) = (bytes[page(one)].to_vec(), bytes[page(two)].to_vec());
            bytes[page(one)].copy_from_slice(&second);
            bytes[page(two)].copy_from_slice(&first);
            format!("pages {one} and {two} changed places")
        }
        "page as it was earlier" if !is_wal && origin.earlier.is_some() => {
            let earlier = origin.earlier.as_ref().unwrap();
            let one = dice.below(earlier.len() / PAGE);
            bytes[page(one)].copy_from_slice(&earlier[page(one)]);
            format!("page {one} as it was earlier")
        }
        _ => {
            bytes.copy_within(page(one), page(two).start);
            format!("page {one} over page {two}")
        }
    };
    (files, of, format!("{name}: {said}"))
}

fn flip(bytes: &mut [u8], at: usize, dice: &mut Dice) -> String {
    let at = at.min(bytes.len() - 1);
    let bit = dice.below(8);
    bytes[at] ^= 1 << bit;
    format!("bit {bit} of {at} flipped")
}
