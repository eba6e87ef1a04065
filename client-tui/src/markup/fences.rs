//! Fenced code: what stands between lines of three backticks.

const FENCE: &str = "```";

/// A part of a message. Between two of them there is a line end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// A line with marks.
    Line(&'a str),
    /// Lines of code, without the fences.
    Code {
        /// What is named behind the first fence, or nothing.
        language: &'a str,
        /// The lines.
        code: &'a str,
    },
}

/// Lines and fenced code of a text.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = Some(text);
    // Where one fence finds no end, those behind it find none, either.
    let mut may_close = true;
    while let Some(text) = rest {
        let fenced = if may_close { fenced(text) } else { Fenced::No };
        may_close &= !matches!(fenced, Fenced::Unclosed);
        let (line, behind) = text.split_once('\n').map_or((text, None), |(line, behind)| (line, Some(behind)));
        rest = behind;
        match fenced {
            Fenced::Yes { language, code, behind } => {
                blocks.push(Block::Code { language, code });
                rest = behind;
            }
            Fenced::No | Fenced::Unclosed => blocks.push(Block::Line(line)),
        }
    }
    blocks
}

enum Fenced<'a> {
    Yes { language: &'a str, code: &'a str, behind: Option<&'a str> },
    No,
    Unclosed,
}

/// What a text begins with.
fn fenced(text: &str) -> Fenced<'_> {
    let Some(inside) = text.trim_start_matches(' ').strip_prefix(FENCE) else { return Fenced::No };
    let first = inside.split('\n').next().unwrap_or_default();
    // Code may begin right behind the fence, and end right before the other one, even on the same line.
    let is_short = closes(first);
    if first.trim_end().trim_end_matches('`').contains('`') || (!is_short && first.contains('`')) {
        return Fenced::No;
    }
    let Some(end) = closing(inside) else { return Fenced::Unclosed };
    let (inside, behind) = (&inside[..end], inside[end..].split_once('\n').map(|(_, behind)| behind));
    let (language, code) = match inside.split_once('\n') {
        Some((first, code)) if is_language(first.trim()) && !code.trim().is_empty() => (first.trim(), code),
        _ => ("", inside),
    };
    // The second fence's own line.
    let code = match code.rsplit_once('\n') {
        Some((code, last)) if last.trim().is_empty() => code,
        _ => code,
    };
    // A fence around nothing is something that somebody wants to be seen.
    if code.trim().is_empty() { Fenced::No } else { Fenced::Yes { language: name(language), code, behind } }
}

/// Where the fence stands that ends the code.
fn closing(inside: &str) -> Option<usize> {
    let mut start = 0;
    inside.split('\n').find_map(|line| {
        let end = start + line.trim_end().len();
        start += line.len() + 1;
        closes(line).then(|| end - FENCE.len())
    })
}

fn closes(line: &str) -> bool {
    line.trim_end().strip_suffix(FENCE).is_some_and(|before| !before.ends_with('`'))
}

/// One word, or nothing; whatever else stands there is code.
fn is_language(first: &str) -> bool {
    first.len() <= 32 && first.chars().all(|c| c.is_alphanumeric() || "+-#._,".contains(c))
}

/// Without what documentation tools want to know (`rust,ignore`).
fn name(language: &str) -> &str {
    language.split(',').next().unwrap_or_default()
}
