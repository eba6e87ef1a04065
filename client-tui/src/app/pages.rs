//! Pages of history that were asked for. Answers come in the order of the questions.

use shared::{LogName, Seq, UnixMillis, event::History, request::Place};
use std::collections::VecDeque;

/// Why a page was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To go on scrolling, or to fill a gap.
    Read,
    /// To show an entry.
    Visit(Seq),
    /// To show what was said at a moment.
    Moment(UnixMillis),
    /// To quote an entry.
    Quote(Seq),
}

/// A page that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Of which log.
    pub room: LogName,
    /// Where.
    pub place: Place,
    /// Why.
    pub purpose: Purpose,
}

impl Page {
    fn is_quote(&self) -> bool {
        matches!(self.purpose, Purpose::Quote(_))
    }

    /// The stretch of the log that is here with an answer; `first` is the first entry that the server keeps.
    pub fn covers(&self, answer: &History, first: Seq) -> Option<(Seq, Seq)> {
        let (oldest, newest) = (answer.entries.first().map(|e| e.seq), answer.entries.last().map(|e| e.seq));
        match self.place {
            Place::Before(before) if answer.more => Some((oldest?, before.previous())),
            Place::Before(before) => Some((first, before.previous())),
            Place::After(after) => Some((after.next(), newest?)),
            Place::Newest | Place::At(_) => Some((oldest?, newest?)),
        }
    }
}

/// The pages that have not come yet.
#[derive(Debug, Default)]
pub struct Pages {
    asked: VecDeque<Page>,
}

impl Pages {
    /// True if a log's older entries are on their way.
    pub fn is_reading(&self, room: &LogName) -> bool {
        self.asked.iter().any(|page| page.room == *room && !page.is_quote())
    }

    /// True if an entry to quote is on its way.
    pub fn is_quoting(&self) -> bool {
        self.asked.iter().any(Page::is_quote)
    }

    /// True if the same was asked already.
    pub fn has(&self, page: &Page) -> bool {
        self.asked.contains(page)
    }

    /// A page was asked for.
    pub fn ask(&mut self, page: Page) {
        self.asked.push_back(page);
    }

    /// The oldest question about a log is answered.
    pub fn answered(&mut self, room: &LogName) -> Option<Page> {
        let at = self.asked.iter().position(|page| page.room == *room)?;
        self.asked.remove(at)
    }

    /// The connection is gone: nothing of it comes any more.
    pub fn clear(&mut self) {
        self.asked.clear();
    }
}
