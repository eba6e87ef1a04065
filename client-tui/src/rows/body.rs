//! A message's text as rows, without what stands beside it; kept, for scrolling and drawing ask for it again and again.

use crate::{
    app::timeline::Place,
    links,
    markup::{Highlighter, Look, Styled, styled_with},
    text::{width, wrap},
    theme::Theme,
};
use ratatui::{
    style::{Modifier, Style},
    text::Span,
};
use std::{collections::HashMap, ops::Range, rc::Rc};

/// Bodies that are kept; a screen shows fewer.
const KEPT: usize = 400;

/// A text as rows of spans.
#[derive(Debug, PartialEq, Eq)]
pub struct Body {
    /// The rows, at least one.
    pub rows: Vec<Row>,
    /// Where its links lead.
    pub links: Vec<String>,
}

/// A row of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// What is drawn.
    pub spans: Vec<Span<'static>>,
    /// The columns that it takes.
    pub width: usize,
}

/// What a text is made into rows with.
#[derive(Debug, Clone, Copy)]
pub struct Pen<'a> {
    /// Columns of a row.
    pub room: usize,
    /// Colours.
    pub theme: &'a Theme,
    /// Words that stand out.
    pub words: &'a [String],
    /// Colours code.
    pub highlighter: Option<&'a Highlighter>,
}

impl Pen<'_> {
    /// A text of a person, with its marks. False: its code has no colours yet.
    pub fn message(&self, text: &str, base: Style) -> (Body, bool) {
        let (styled, is_coming) = styled_with(text, self.words, self.highlighter);
        (self.rows(&styled, base), !is_coming)
    }

    /// A text of the program: no marks in it.
    pub fn plain(&self, text: &str, style: Style) -> Body {
        let rows = wrap(text, self.room).into_iter().map(|row| {
            let drawn = text[row.bytes].to_owned();
            Row { width: width(&drawn), spans: vec![Span::styled(drawn, style)] }
        });
        Body { rows: rows.collect(), links: Vec::new() }
    }

    fn rows(&self, styled: &Styled, base: Style) -> Body {
        let mut first = 0;
        let mut rows = Vec::new();
        for row in wrap(&styled.text, self.room) {
            // Runs are in order, like rows: the search goes on where the row before ended.
            while styled.runs.get(first).is_some_and(|run| run.bytes.end <= row.bytes.start) {
                first += 1;
            }
            let mut spans = Vec::new();
            for run in styled.runs[first..].iter().take_while(|run| run.bytes.start < row.bytes.end) {
                let bytes = overlap(&run.bytes, &row.bytes);
                spans.push(Span::styled(styled.text[bytes].to_owned(), self.style(run.look, styled, base)));
            }
            rows.push(Row { width: width(&styled.text[row.bytes]), spans });
        }
        Body { rows, links: styled.links.clone() }
    }

    fn style(&self, look: Look, styled: &Styled, base: Style) -> Style {
        let mut style = base;
        if look.code {
            style = style.patch(self.theme.code());
        }
        if let Some(syntax) = look.syntax {
            style = style.patch(self.theme.syntax(syntax));
        }
        if look.stands_out {
            style = style.patch(self.theme.mention());
        }
        if let Some(url) = look.link.and_then(|link| styled.links.get(usize::from(link))) {
            style = style.patch(self.theme.link()).underline_color(links::colour(url));
        }
        if look.bold {
            style = style.add_modifier(Modifier::BOLD);
        }
        if look.italic {
            style = style.add_modifier(Modifier::ITALIC);
        }
        style
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}

/// Bodies of the entries of a conversation, for one width and one look.
#[derive(Debug, Default)]
pub struct Bodies {
    /// What they were made for: the width, and which looks.
    stamp: (usize, u64),
    kept: HashMap<Place, Rc<Body>>,
}

impl Bodies {
    /// The body of an entry; made, if it is not kept. What is made with `false` is not final and not kept.
    pub fn get(&mut self, stamp: (usize, u64), place: Place, make: impl FnOnce() -> (Body, bool)) -> Rc<Body> {
        if self.stamp != stamp || self.kept.len() >= KEPT {
            self.kept.clear();
            self.stamp = stamp;
        }
        if let Some(body) = self.kept.get(&place) {
            return body.clone();
        }
        let (body, is_final) = make();
        let body = Rc::new(body);
        if is_final {
            self.kept.insert(place, body.clone());
        }
        body
    }

    /// The entry has changed.
    pub fn forget(&mut self, place: Place) {
        self.kept.remove(&place);
    }
}
