//! Items as rows of the log: what scrolling counts is what is drawn.

mod acts;
pub mod body;
mod columns;
mod entry;
mod spoken;

use crate::{
    app::{
        conversation::{Conversation, Partner},
        outbox::Outgoing,
        people::Circle,
        timeline::{Item, Place, What, entry_of},
    },
    links::Links,
    locale::Locale,
    markup::Highlighter,
    text::{drawable_line, fit, width},
    theme::Theme,
    time,
};
use jiff::{civil::Date, tz::TimeZone};
use ratatui::{style::Style, text::Line};
use shared::{Entry, MessageId, Seq, UnixMillis, text::Label};
use std::collections::HashMap;

/// The widest nickname column.
const NICK_MAX: usize = 12;
/// Entries that the nickname column is made for.
const RECENT: usize = 100;

/// What rows are made with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Columns of the log.
    pub width: usize,
    /// The reader.
    pub me: &'a Label,
    /// Words that stand out: the reader's nickname, and those of the configuration.
    pub words: &'a [String],
    /// Changes with everything that changes how a text looks.
    pub look: u64,
    /// The reader's language.
    pub locale: &'a Locale,
    /// Colours.
    pub theme: &'a Theme,
    /// The reader's time zone.
    pub zone: &'a TimeZone,
    /// Whom the reader does not want to see.
    pub circle: &'a Circle,
    /// Entries that are quoted and not in the timeline.
    pub quotes: &'a HashMap<Seq, Option<Entry>>,
    /// When messages were typed that were stored late.
    pub late: &'a HashMap<MessageId, UnixMillis>,
    /// The first entry that the server keeps.
    pub first: Seq,
    /// The end of the log.
    pub cursor: Seq,
    /// Older entries are on their way.
    pub is_loading: bool,
    /// The selected item.
    pub selected: Option<Place>,
    /// Colours code.
    pub highlighter: Option<&'a Highlighter>,
    /// No columns beside the text, for copying.
    pub is_bare: bool,
}

/// What is shown one behind the other: the log's beginning, items, messages on their way.
#[derive(Debug)]
pub struct Blocks<'a> {
    conversation: &'a Conversation,
    context: Context<'a>,
    /// Messages of the conversation that are on their way.
    pending: Vec<&'a Outgoing>,
    /// Columns of a nickname.
    nick_width: usize,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
enum Block<'a> {
    Head,
    Item(&'a Item),
    Pending(&'a Outgoing),
}

/// Rows of blocks, as scrolling needs them.
pub trait Heights {
    /// How many blocks there are.
    fn count(&self) -> usize;
    /// Rows of a block; it may have none.
    fn height(&self, index: usize) -> usize;
}

impl Heights for Blocks<'_> {
    fn count(&self) -> usize {
        1 + self.conversation.timeline.items().len() + self.pending.len()
    }

    fn height(&self, index: usize) -> usize {
        self.rows(index, None).len()
    }
}

impl<'a> Blocks<'a> {
    /// The blocks of a conversation.
    pub fn new(conversation: &'a Conversation, context: Context<'a>, pending: Vec<&'a Outgoing>) -> Self {
        let names = conversation.timeline.items().iter().rev().take(RECENT).filter_map(|item| match &item.what {
            What::Entry(entry) => entry.from.as_deref().map(name_width),
            _ => None,
        });
        let own = if pending.is_empty() { 0 } else { name_width(context.me) };
        let cap = if context.width < 50 { NICK_MAX / 2 } else { NICK_MAX };
        let nick_width = names.max().unwrap_or(0).max(own).clamp(3, cap);
        Self { conversation, context, pending, nick_width }
    }

    /// True if nothing was said, and nothing is being said.
    pub fn is_empty(&self) -> bool {
        self.count() == 1
    }

    fn block(&self, index: usize) -> Option<Block<'a>> {
        let items = self.conversation.timeline.items();
        match index.checked_sub(1) {
            None => Some(Block::Head),
            Some(at) => match items.get(at) {
                Some(item) => Some(Block::Item(item)),
                None => self.pending.get(at - items.len()).map(|message| Block::Pending(message)),
            },
        }
    }

    /// Where a block stands; pending messages stand nowhere yet.
    pub fn place(&self, index: usize) -> Option<Place> {
        match self.block(index)? {
            Block::Head => Some(Place::TOP),
            Block::Item(item) => Some(item.place),
            Block::Pending(_) => None,
        }
    }

    /// The block of a place, or the next one that is shown.
    pub fn find(&self, place: Place) -> usize {
        if place == Place::TOP { 0 } else { 1 + self.conversation.timeline.find(place) }
    }

    /// The day of a block, if it has one.
    pub fn day(&self, index: usize) -> Option<Date> {
        let at = match self.block(index)? {
            Block::Head => None,
            Block::Item(item) => item.what.at(),
            Block::Pending(message) => Some(message.at),
        };
        at.map(|at| time::day(at, self.context.zone))
    }

    /// True if a block is the first one of its day.
    pub fn begins_day(&self, index: usize) -> bool {
        self.day(index).is_some_and(|day| (0..index).rev().find_map(|before| self.day(before)) != Some(day))
    }

    /// The rows of a block: its dividers, then itself. Where its links lead is put into `links`.
    pub fn rows(&self, index: usize, links: Option<&mut Links>) -> Vec<Line<'static>> {
        let mut rows = Vec::new();
        match self.block(index) {
            Some(Block::Head) => rows.extend(self.head()),
            Some(Block::Item(item)) => {
                self.push_dividers(index, item, &mut rows);
                self.push_item(index, item, &mut rows, links);
            }
            Some(Block::Pending(message)) => {
                self.push_day(index, &mut rows);
                self.push_pending(message, &mut rows);
            }
            None => {}
        }
        rows
    }

    /// What stands above the first entry that is here.
    fn head(&self) -> Option<Line<'static>> {
        let (locale, timeline) = (self.context.locale, &self.conversation.timeline);
        let start = timeline.span().start();
        let text = if self.context.is_loading {
            locale.text("loading")
        } else if start > self.context.first {
            locale.text("older")
        } else if self.context.first > Seq::FIRST {
            let since = timeline.items().iter().find_map(|item| item.what.at())?;
            let day = time::day_name(time::day(since, self.context.zone), locale);
            locale.with("kept-since", &[("day", day.into())])
        } else if timeline.items().is_empty() {
            return None;
        } else {
            locale.with("begins", &[("name", drawable_line(&self.conversation.partner.to_string()).into())])
        };
        Some(Line::styled(format!(" {}", fit(&text, self.context.width.saturating_sub(1))), self.context.theme.dim()))
    }

    fn push_day(&self, index: usize, rows: &mut Vec<Line<'static>>) {
        if let Some(day) = self.day(index).filter(|_| self.begins_day(index)) {
            rows.push(self.rule(&time::day_name(day, self.context.locale), self.context.theme.dim()));
        }
    }

    fn push_dividers(&self, index: usize, item: &Item, rows: &mut Vec<Line<'static>>) {
        self.push_day(index, rows);
        let Some(divider) = self.conversation.divider else { return };
        let items = self.conversation.timeline.items();
        // Of what is said, or is not here.
        let is_new = |item: &Item| match &item.what {
            What::Entry(entry) => Some(entry.seq > divider),
            What::Gap(gap) => Some(gap.after >= divider),
            What::Presence(_) | What::Note { .. } => None,
        };
        if is_new(item) == Some(true) && items.range(..index - 1).rev().find_map(is_new) != Some(true) {
            let text = self.context.locale.with("divider-new", &[("count", self.count_new(index, divider).into())]);
            rows.push(self.rule(&text, self.context.theme.divider()));
        }
    }

    /// How many are behind the divider that stands over a block, here or not; the reader's own are not new to them.
    fn count_new(&self, index: usize, divider: Seq) -> u64 {
        let entries = self.conversation.timeline.items().range(index - 1..).filter_map(entry_of);
        let (own, theirs): (Vec<&Entry>, Vec<&Entry>) =
            entries.partition(|entry| entry.from.as_ref() == Some(self.context.me));
        match self.conversation.partner {
            Partner::Room(_) => self.context.cursor.since(divider).saturating_sub(own.len() as u64),
            Partner::Person(_) => theirs.len() as u64,
        }
    }

    fn rule(&self, text: &str, style: Style) -> Line<'static> {
        let text = fit(&format!(" {text} "), self.context.width);
        let left = (self.context.width - width(&text)) / 2;
        let right = self.context.width - width(&text) - left;
        Line::styled(format!("{}{text}{}", "─".repeat(left), "─".repeat(right)), style)
    }
}

fn name_width(name: &str) -> usize {
    if name.is_ascii() { name.len() } else { width(&drawable_line(name)) }
}
