//! Words of a text that stand out for the reader.

use super::{
    Look, Run, Styled, push_run,
    script::{is_inner, is_unspaced, last_base},
};
use std::ops::Range;

/// Makes the words stand out wherever the text is neither code nor a link.
pub(super) fn stand_out(styled: &mut Styled, words: &[String]) {
    let words: Vec<Folded> =
        words.iter().map(|word| Folded::new(word.trim())).filter(|word| !word.text.is_empty()).collect();
    if words.is_empty() {
        return;
    }
    let found = found(styled, &words);
    if !found.is_empty() {
        styled.runs = split(&styled.runs, &found);
    }
}

/// False for most texts that mention nobody, without reading their marks: those of ASCII alone in which no word occurs, marks
/// left out.
pub(super) fn may_occur(text: &str, words: &[String]) -> bool {
    let is_mark = |c: &char| matches!(c, '*' | '`');
    let bare = |text: &str| text.chars().filter(|c| !is_mark(c) && !c.is_control()).collect::<String>().to_lowercase();
    if words.is_empty() || !text.is_ascii() {
        return !words.is_empty();
    }
    let text = bare(text);
    words.iter().any(|word| text.contains(&bare(word.trim())))
}

/// Where the words stand; in order, none overlaps another.
fn found(styled: &Styled, words: &[Folded]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for stretch in stretches(&styled.runs) {
        let folded = Folded::new(&styled.text[stretch.clone()]);
        for word in words {
            let hits = folded.text.match_indices(&word.text).filter(|&(at, _)| is_whole(&folded.text, at, &word.text));
            found.extend(hits.map(|(at, hit)| {
                let bytes = folded.origin(at..at + hit.len());
                stretch.start + bytes.start..stretch.start + bytes.end
            }));
        }
    }
    found.sort_unstable_by_key(|bytes| bytes.start);
    found.dedup_by(|next, last| {
        let overlaps = next.start <= last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    found
}

/// Stretches in which words are looked for, across bold and italic.
fn stretches(runs: &[Run]) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    for run in runs.iter().filter(|run| !run.look.code && run.look.link.is_none()) {
        push_run(&mut stretches, run.bytes.clone(), Look::default());
    }
    stretches.into_iter().map(|run| run.bytes).collect()
}

fn is_whole(text: &str, at: usize, word: &str) -> bool {
    let (before, behind) = (&text[..at], &text[at + word.len()..]);
    (word.starts_with(is_unspaced) || !last_base(before).is_some_and(is_inner))
        && (last_base(word).is_some_and(is_unspaced) || !behind.starts_with(is_inner))
}

/// The runs, with what was found as runs of its own.
fn split(runs: &[Run], found: &[Range<usize>]) -> Vec<Run> {
    let mut split = Vec::with_capacity(runs.len() + 2 * found.len());
    let mut found = found.iter().peekable();
    for run in runs {
        let mut start = run.bytes.start;
        while let Some(word) = found.peek().filter(|word| word.start < run.bytes.end) {
            let end = word.end.min(run.bytes.end);
            push_run(&mut split, start..word.start.max(start), run.look);
            push_run(&mut split, word.start.max(start)..end, Look { stands_out: true, ..run.look });
            start = end;
            if word.end > run.bytes.end {
                break;
            }
            found.next();
        }
        push_run(&mut split, start..run.bytes.end, run.look);
    }
    split
}

/// A text in small letters that knows where they come from: some are longer than the large ones.
struct Folded {
    text: String,
    /// The byte of the original of every byte of the text, and of its end.
    origins: Vec<usize>,
}

impl Folded {
    fn new(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), origins: Vec::new() };
        for (at, c) in original.char_indices() {
            folded.text.extend(c.to_lowercase());
            folded.origins.resize(folded.text.len(), at);
        }
        folded.origins.push(original.len());
        folded
    }

    /// The characters of the original that the bytes are made of.
    fn origin(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.origins[bytes.start];
        let last = self.origins[bytes.end - 1];
        let end = self.origins[bytes.end..].iter().find(|&&origin| origin > last).copied();
        start..end.unwrap_or(last)
    }
}
