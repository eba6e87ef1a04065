//! URLs in a text.

use super::script::is_unspaced;
use linkify::{LinkFinder, LinkKind};
use std::ops::Range;

/// Where the `http` and `https` URLs of a text stand.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let mut found = Vec::new();
    let mut start = 0;
    for part in text.split_inclusive(is_end) {
        find_in_part(&finder, part.trim_end_matches(is_end), start, &mut found);
        start += part.len();
    }
    found
}

fn find_in_part(finder: &LinkFinder, part: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    let mut start = 0;
    while let Some(link) = finder.links(&part[start..]).next() {
        let url = link.as_str();
        let is_web = ["http://", "https://"]
            .iter()
            .any(|scheme| url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)));
        let length = if is_web { host_end(url) } else { url.len() };
        let bytes = start + link.start()..start + link.start() + length;
        start = bytes.end;
        if is_web {
            found.push(offset + bytes.start..offset + bytes.end);
        }
    }
}

/// Where a URL ends when a sentence goes on right behind its host (`https://example.org看`): no top-level domain begins in
/// Latin and goes on in Chinese.
fn host_end(url: &str) -> usize {
    let host = url.find("://").map_or(0, |at| at + 3);
    let host_end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    let label = url[host..host_end].rfind('.').map_or(host, |at| host + at + 1);
    if !url[label..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return url.len();
    }
    url[label..host_end].find(is_unspaced).map_or(url.len(), |at| label + at)
}

/// Ends a URL: what linkify takes for a letter like any other.
fn is_end(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_punctuation(c) || is_unseen(c)
}

/// Of Chinese and Japanese.
fn is_punctuation(c: char) -> bool {
    match c {
        '々' | '〆' | '〇' => false,
        '‘' | '’' | '“' | '”' | '…' | '—' => true,
        _ => matches!(c,
            '\u{3000}'..='\u{303f}'
            | '\u{ff01}'..='\u{ff0f}'
            | '\u{ff1a}'..='\u{ff20}'
            | '\u{ff3b}'..='\u{ff40}'
            | '\u{ff5b}'..='\u{ff65}'),
    }
}

/// Bidi, joiners, fillers, variants of a form.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}')
}
