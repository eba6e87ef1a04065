//! Items as rows of the log: what scrolling counts is what is drawn.

use crate::{
    app::{
        conversation::Conversation,
        outbox::{Delivery, Outgoing},
        timeline::{What, seq_of},
    },
    locale::Locale,
    text::{drawable, drawable_line, fit, width, wrap},
    theme::Theme,
    time,
};
use jiff::{civil::Date, tz::TimeZone};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};
use shared::{Entry, Kind, UnixMillis, text::Label};

/// A run of lines by one person within this shows the time once.
const RUN_MS: UnixMillis = 5 * 60_000;
/// The widest nickname column.
const NICK_MAX: usize = 12;
/// Entries that the nickname column is made for.
const RECENT: usize = 100;
/// Columns kept at the right for what became of a message.
const STATE: usize = 2;

/// What rows are made with.
#[derive(Debug)]
pub struct Context<'a> {
    /// Columns of the log.
    pub width: usize,
    /// Columns of a nickname.
    pub nick_width: usize,
    /// The reader.
    pub me: &'a Label,
    /// The reader's language.
    pub locale: &'a Locale,
    /// Colours.
    pub theme: Theme,
    /// The reader's time zone.
    pub zone: &'a TimeZone,
    /// Messages of the conversation that are on their way.
    pub pending: Vec<&'a Outgoing>,
}

/// Items and pending messages of a conversation, one behind the other.
#[derive(Debug)]
pub struct Blocks<'a> {
    conversation: &'a Conversation,
    context: Context<'a>,
}

impl<'a> Blocks<'a> {
    /// The blocks of a conversation in a log of so many columns.
    pub fn new(conversation: &'a Conversation, mut context: Context<'a>) -> Self {
        let names = conversation.timeline.items().iter().rev().take(RECENT).filter_map(|item| match &item.what {
            What::Entry(entry) => entry.from.as_deref().map(|name| width(&drawable_line(name))),
            _ => None,
        });
        let own = if context.pending.is_empty() { 0 } else { width(context.me) };
        let cap = if context.width < 50 { NICK_MAX / 2 } else { NICK_MAX };
        context.nick_width = names.max().unwrap_or(0).max(own).clamp(3, cap);
        Self { conversation, context }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.conversation.timeline.items().len() + self.context.pending.len()
    }

    /// True if there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of a block; pending messages have none.
    pub fn key(&self, index: usize) -> Option<u64> {
        self.conversation.timeline.items().get(index).map(|item| item.key)
    }

    /// Where the item with a key stands.
    pub fn find(&self, key: u64) -> Option<usize> {
        self.conversation.timeline.items().iter().position(|item| item.key == key)
    }

    /// The day of a block, if it has one.
    pub fn day(&self, index: usize) -> Option<Date> {
        self.at(index).map(|at| time::day(at, self.context.zone))
    }

    /// True if a block is the first one of its day.
    pub fn begins_day(&self, index: usize) -> bool {
        self.day(index).is_some_and(|day| (0..index).rev().find_map(|before| self.day(before)) != Some(day))
    }

    fn at(&self, index: usize) -> Option<UnixMillis> {
        let items = self.conversation.timeline.items();
        match items.get(index) {
            Some(item) => item.what.at(),
            None => self.context.pending.get(index - items.len()).map(|message| message.at),
        }
    }

    /// The rows of a block: its dividers, then itself.
    pub fn rows(&self, index: usize) -> Vec<Line<'static>> {
        let items = self.conversation.timeline.items();
        let mut rows = Vec::new();
        self.push_dividers(index, &mut rows);
        match items.get(index).map(|item| &item.what) {
            Some(What::Entry(entry)) => self.push_entry(index, entry, &mut rows),
            Some(What::Gap { after, before, lost }) => {
                let key = if *lost { "gap-lost" } else { "gap" };
                let count = before.since(*after).saturating_sub(1);
                rows.push(
                    self.rule(&self.context.locale.with(key, &[("count", count.into())]), self.context.theme.dim()),
                );
            }
            Some(What::Presence { at, joined, left }) => {
                let text = self.presence(joined, left);
                self.push_text(
                    Some(*at),
                    "→",
                    self.context.theme.dim(),
                    &text,
                    self.context.theme.dim(),
                    "",
                    &mut rows,
                );
            }
            Some(What::Note { at, text }) => {
                self.push_text(Some(*at), "*", self.context.theme.dim(), text, Style::new(), "", &mut rows);
            }
            None => self.push_pending(index, &mut rows),
        }
        rows
    }

    fn push_dividers(&self, index: usize, rows: &mut Vec<Line<'static>>) {
        let items = self.conversation.timeline.items();
        if let Some(day) = self.day(index).filter(|_| self.begins_day(index)) {
            rows.push(self.rule(&time::day_name(day, self.context.locale), self.context.theme.dim()));
        }
        let Some(divider) = self.conversation.divider else { return };
        let is_new = items.get(index).and_then(seq_of).is_some_and(|seq| seq > divider);
        let was_new = items.range(..index.min(items.len())).rev().find_map(seq_of).is_some_and(|seq| seq > divider);
        if is_new && !was_new {
            let count = self.conversation.timeline.count_behind(divider);
            let text = self.context.locale.with("divider-new", &[("count", count.into())]);
            rows.push(self.rule(&text, self.context.theme.accent()));
        }
    }

    fn rule(&self, text: &str, style: Style) -> Line<'static> {
        let text = fit(&format!(" {text} "), self.context.width);
        let left = (self.context.width - width(&text)) / 2;
        let right = self.context.width - width(&text) - left;
        Line::styled(format!("{}{text}{}", "─".repeat(left), "─".repeat(right)), style)
    }

    fn push_entry(&self, index: usize, entry: &Entry, rows: &mut Vec<Line<'static>>) {
        let theme = self.context.theme;
        let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
        let text = entry.msg.as_deref().map(drawable).unwrap_or_default();
        let at = (!self.continues_run(index, entry)).then_some(entry.at);
        let is_mine = entry.from.as_ref() == Some(self.context.me);
        let style = if is_mine { theme.own() } else { theme.nick(&from) };
        let locale = self.context.locale;
        match &entry.kind {
            Kind::Talk => {
                let body = if !is_mine && self.mentions_me(&text) { theme.mention() } else { Style::new() };
                self.push_text(at, &from, style, &text, body, "", rows);
            }
            Kind::Action => {
                let text = format!("{from} {text}");
                self.push_text(at, "*", style, &text, Style::new().add_modifier(Modifier::ITALIC), "", rows);
            }
            Kind::Topic => {
                let text = text.replace('\n', " ");
                let key = if text.is_empty() { "topic-cleared" } else { "topic-set" };
                let text = locale.with(key, &[("who", from.into()), ("topic", text.into())]);
                self.push_text(at, "*", theme.dim(), &text, theme.dim(), "", rows);
            }
            Kind::Redacted => self.push_text(at, "*", theme.dim(), &locale.text("redacted"), theme.dim(), "", rows),
            other => {
                let kind = drawable_line(other.as_str());
                let text = locale.with("unknown-kind", &[("who", from.into()), ("kind", kind.into())]);
                self.push_text(at, "*", theme.dim(), &text, theme.dim(), "", rows);
            }
        }
    }

    /// The entry goes on where the same person just spoke: the time need not be said again.
    fn continues_run(&self, index: usize, entry: &Entry) -> bool {
        let Some(before) = index.checked_sub(1).and_then(|before| self.conversation.timeline.items().get(before))
        else {
            return false;
        };
        let What::Entry(before) = &before.what else { return false };
        before.from == entry.from
            && entry.at.saturating_sub(before.at) < RUN_MS
            && time::day(before.at, self.context.zone) == time::day(entry.at, self.context.zone)
    }

    fn mentions_me(&self, text: &str) -> bool {
        let (text, me) = (text.to_lowercase(), self.context.me.to_lowercase());
        let is_inner = |c: char| c.is_alphanumeric() || c == '_';
        !me.is_empty()
            && text
                .match_indices(&me)
                .any(|(at, found)| !text[..at].ends_with(is_inner) && !text[at + found.len()..].starts_with(is_inner))
    }

    fn push_pending(&self, index: usize, rows: &mut Vec<Line<'static>>) {
        let Some(message) = self.context.pending.get(index - self.conversation.timeline.items().len()) else { return };
        let theme = self.context.theme;
        let text = drawable(message.send.text.as_ref().map_or("", |text| text.as_str()));
        let (nick, text) = match message.send.kind {
            Kind::Action => ("*".to_owned(), format!("{} {text}", self.context.me)),
            Kind::Topic => {
                let arguments = [("who", self.context.me.to_string().into()), ("topic", text.into())];
                ("*".to_owned(), self.context.locale.with("topic-set", &arguments))
            }
            _ => (self.context.me.to_string(), text),
        };
        let state = match &message.delivery {
            Delivery::Saving | Delivery::Ready | Delivery::Written => "…",
            Delivery::Stored(_) => "",
            Delivery::Refused(_) => "!",
        };
        self.push_text(Some(message.at), &nick, theme.own(), &text, theme.dim(), state, rows);
        if let Delivery::Refused(reason) = &message.delivery {
            let text = self.context.locale.with("not-sent", &[("reason", reason.as_str().into())]);
            self.push_text(None, "!", theme.warning(), &text, theme.warning(), "", rows);
        }
    }

    fn presence(&self, joined: &[Label], left: &[Label]) -> String {
        let part = |names: &[Label], key: &str| {
            let shown: Vec<String> = names.iter().take(3).map(|name| drawable_line(name)).collect();
            let others = names.len() - shown.len();
            let names = shown.join(", ");
            let names = if others == 0 {
                names
            } else {
                self.context.locale.with("names-and-others", &[("names", names.into()), ("count", others.into())])
            };
            self.context.locale.with(key, &[("names", names.into())])
        };
        let mut parts = Vec::new();
        if !joined.is_empty() {
            parts.push(part(joined, "joined"));
        }
        if !left.is_empty() {
            parts.push(part(left, "left"));
        }
        parts.join("; ")
    }

    /// Rows of a text: time and name before the first, what became of it behind the last.
    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn push_text(
        &self,
        at: Option<UnixMillis>,
        name: &str,
        name_style: Style,
        text: &str,
        style: Style,
        state: &str,
        rows: &mut Vec<Line<'static>>,
    ) {
        let (columns, theme) = (self.context.width, self.context.theme);
        let has_time = columns >= 40;
        let time = at.map_or_else(|| " ".repeat(5), |at| time::clock(at, self.context.zone));
        let name = fit(name, self.context.nick_width);
        let pad = " ".repeat(self.context.nick_width - width(&name));
        let indent = if has_time { 7 } else { 1 } + self.context.nick_width + 3;
        let room = columns.saturating_sub(indent + STATE).max(1);
        let wrapped = wrap(text, room);
        let last = wrapped.len() - 1;
        for (number, row) in wrapped.into_iter().enumerate() {
            let drawn = text[row.bytes].to_owned();
            let mut spans = Vec::with_capacity(6);
            if number == 0 {
                spans.push(Span::styled(
                    if has_time { format!(" {time} {pad}") } else { format!(" {pad}") },
                    theme.dim(),
                ));
                spans.push(Span::styled(name.clone(), name_style));
            } else {
                spans.push(Span::raw(" ".repeat(indent - 3)));
            }
            spans.push(Span::styled(" │ ", theme.dim()));
            let fill = room.saturating_sub(width(&drawn)) + STATE - 1;
            spans.push(Span::styled(drawn, style));
            if number == last && !state.is_empty() {
                let state_style = if state == "!" { theme.warning() } else { theme.dim() };
                spans.push(Span::raw(" ".repeat(fill)));
                spans.push(Span::styled(state.to_owned(), state_style));
            }
            rows.push(Line::from(spans));
        }
    }
}
