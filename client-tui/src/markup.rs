//! A message's text, as it is drawn: `**bold**`, `*italic*`, `` `code` ``, fenced code, URLs, and words that stand out.
//!
//! What is not clearly a mark is shown as it was typed: people write `2*3*4` and `**/*.rs`, too. Every pass goes over the
//! text once, whatever is in it.

mod emphasis;
mod fences;
#[cfg_attr(not(feature = "highlight"), path = "markup/no_highlight.rs")]
mod highlight;
mod inline;
mod script;
#[cfg(test)]
mod tests;
mod urls;
mod words;

use crate::text::drawable;
use fences::Block;
use std::ops::Range;

pub use highlight::Highlighter;

/// How a stretch of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Between two stars.
    pub bold: bool,
    /// Between stars.
    pub italic: bool,
    /// Between backticks, or fenced.
    pub code: bool,
    /// A mention of the reader or one of their highlight words.
    pub stands_out: bool,
    /// Index into [`Styled::links`].
    pub link: Option<u16>,
    /// A colour of the highlighter, by what it means.
    pub syntax: Option<Syntax>,
}

/// What a piece of code is, so that themes can colour it with the terminal's own sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// A word of the language, a tag.
    Keyword,
    /// A string; what a diff adds.
    String,
    /// A comment.
    Comment,
    /// A number or another constant.
    Number,
    /// The name of a function.
    Function,
    /// The name of a type.
    Type,
    /// What else is not plain: escapes, attributes, annotations; what a diff takes away.
    Other,
}

/// A stretch of a text that looks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The bytes of the text.
    pub bytes: Range<usize>,
    /// Their look.
    pub look: Look,
}

/// A text without its marks, and how its stretches look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Styled {
    /// What is drawn.
    pub text: String,
    /// In order; they do not overlap and cover the text.
    pub runs: Vec<Run>,
    /// Where links lead: each is what is drawn of it, to the byte.
    pub links: Vec<String>,
}

/// Reads the marks of a text from the wire. `words` stand out, in whatever case: as whole words, but Chinese, Japanese and
/// the like, which have no spaces between words, anywhere.
pub fn styled(text: &str, words: &[String]) -> Styled {
    styled_with(text, words, None).0
}

/// [`styled`] with the colours of code. True: some of them are still to come, and [`Highlighter::new`]'s `done` will say so.
pub fn styled_with(text: &str, words: &[String], highlighter: Option<&Highlighter>) -> (Styled, bool) {
    let text = drawable(text);
    let mut styled = Styled::default();
    let mut is_coming = false;
    for (number, block) in fences::blocks(&text).into_iter().enumerate() {
        if number > 0 {
            styled.push("\n", Look::default());
        }
        match block {
            Block::Line(line) => inline::push(line, &mut styled),
            Block::Code { language, code } => is_coming |= push_code(language, code, highlighter, &mut styled),
        }
    }
    words::stand_out(&mut styled, words);
    (styled, is_coming)
}

/// True if the text mentions one of the words: something of it [stands out](Look::stands_out).
pub fn mentions(text: &str, words: &[String]) -> bool {
    words::may_occur(text, words) && styled(text, words).runs.iter().any(|run| run.look.stands_out)
}

/// True: it will have colours, but has none yet.
fn push_code(language: &str, code: &str, highlighter: Option<&Highlighter>, styled: &mut Styled) -> bool {
    let plain = Look { code: true, ..Look::default() };
    let highlighter = highlighter.filter(|_| !language.is_empty());
    let colours = highlighter.map(|highlighter| highlighter.ask(language, code));
    let mut end = 0;
    for run in colours.iter().flatten().flat_map(|runs| runs.iter()) {
        let (Some(before), Some(coloured)) = (code.get(end..run.bytes.start), code.get(run.bytes.clone())) else {
            break;
        };
        styled.push(before, plain);
        styled.push(coloured, Look { syntax: run.look.syntax, ..plain });
        end = run.bytes.end;
    }
    styled.push(&code[end..], plain);
    matches!(colours, Some(None))
}

impl Styled {
    /// Appends a stretch; what looks like the one before becomes one with it.
    fn push(&mut self, text: &str, look: Look) {
        let start = self.text.len();
        self.text.push_str(text);
        push_run(&mut self.runs, start..self.text.len(), look);
    }
}

fn push_run(runs: &mut Vec<Run>, bytes: Range<usize>, look: Look) {
    match runs.last_mut() {
        _ if bytes.is_empty() => {}
        Some(last) if last.look == look && last.bytes.end == bytes.start => last.bytes.end = bytes.end,
        _ => runs.push(Run { bytes, look }),
    }
}
