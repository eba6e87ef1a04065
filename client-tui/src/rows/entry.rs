//! Items and messages on their way, each as rows.

use super::{
    Blocks, acts,
    body::{Body, Pen},
    columns::Beside,
};
use crate::{
    app::{
        outbox::{Delivery, Outgoing},
        span::Gap,
        timeline::{Coming, Item, What, entry_of},
    },
    links::{self, Links},
    markup,
    text::{drawable_line, fit},
    time,
};
use ratatui::{
    style::{Modifier, Style},
    text::Line,
};
use shared::{Entry, Kind, Seq, UnixMillis, text::Label};
use std::rc::Rc;

/// A run of lines by one person within this shows the time once.
const RUN_MS: UnixMillis = 5 * 60_000;
/// Names that a line of joins and leaves says.
const NAMES: usize = 3;

impl Blocks<'_> {
    pub(super) fn push_item(
        &self,
        index: usize,
        item: &Item,
        rows: &mut Vec<Line<'static>>,
        links: Option<&mut Links>,
    ) {
        let dim = self.context.theme.dim();
        match &item.what {
            What::Entry(entry) => self.push_entry(index, item, entry, rows, links),
            What::Gap(gap) => {
                let is_selected = self.context.selected == Some(item.place);
                let style = if is_selected { self.context.theme.selected() } else { dim };
                rows.push(self.rule(&self.gap(gap), style));
            }
            What::Presence(coming) => {
                if let Some(text) = self.coming(coming) {
                    self.push_plain(Beside { at: Some(coming.at), ..Beside::name("→", dim) }, &text, dim, rows);
                }
            }
            What::Note { at, text } => {
                self.push_plain(Beside { at: Some(*at), ..Beside::name("*", dim) }, text, Style::new(), rows);
            }
        }
    }

    fn pen(&self) -> Pen<'_> {
        let context = &self.context;
        Pen { room: self.room(), theme: context.theme, words: context.words, highlighter: context.highlighter }
    }

    fn push_plain(&self, beside: Beside<'_>, text: &str, style: Style, rows: &mut Vec<Line<'static>>) {
        self.push_body(beside, &self.pen().plain(text, style), rows);
    }

    pub(super) fn gap(&self, gap: &Gap) -> String {
        let key = if gap.lost { "gap-lost" } else { "gap" };
        self.context.locale.with(key, &[("count", gap.count().into())])
    }

    fn push_entry(
        &self,
        index: usize,
        item: &Item,
        entry: &Entry,
        rows: &mut Vec<Line<'static>>,
        links: Option<&mut Links>,
    ) {
        if self.context.circle.hides_entry(entry) {
            return self.push_hidden(index, rows);
        }
        let theme = self.context.theme;
        let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
        let is_mine = entry.from.as_ref() == Some(self.context.me);
        let name_style = if is_mine { theme.own() } else { theme.nick(&from) };
        let (name, name_style) = match entry.kind {
            Kind::Talk => (from.as_str(), name_style),
            _ => ("*", theme.dim()),
        };
        let is_selected = self.context.selected == Some(item.place);
        let at = (!self.continues_run(index, entry)).then_some(entry.at);
        let mut beside = Beside { at, is_selected, ..Beside::name(name, name_style) };
        // What was taken out has no text to quote.
        if let Some(re) = entry.re.filter(|_| entry.kind != Kind::Redact) {
            self.push_quote(beside, re, rows);
            beside = Beside { is_selected, ..Beside::name("", Style::new()) };
        }
        let body = self.body(item, entry, &from, is_mine);
        self.push_body(beside, &body, rows);
        if let Some(links) = links {
            for url in &body.links {
                links::insert(links, url);
            }
        }
    }

    /// The text of an entry, from what is kept if it is.
    fn body(&self, item: &Item, entry: &Entry, from: &str, is_mine: bool) -> Rc<Body> {
        let stamp = (self.room(), self.context.look);
        let mut bodies = self.conversation.bodies.borrow_mut();
        bodies.get(stamp, item.place, || self.entry_body(entry, from, is_mine))
    }

    fn entry_body(&self, entry: &Entry, from: &str, is_mine: bool) -> (Body, bool) {
        let (theme, locale) = (self.context.theme, self.context.locale);
        let pen = if is_mine { Pen { words: &[], ..self.pen() } } else { self.pen() };
        let text = entry.msg.as_deref().unwrap_or_default();
        let dim = |text: &str| (pen.plain(text, theme.dim()), true);
        match &entry.kind {
            Kind::Talk => {
                let is_mention = !is_mine && markup::mentions(text, pen.words);
                let base = if is_mention { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
                let late = self.context.late.get(&entry.id).filter(|_| is_mine);
                match late {
                    Some(typed) => {
                        let typed = locale.with("typed-at", &[("time", time::clock(*typed, self.context.zone).into())]);
                        pen.message(&format!("{text}  {typed}"), base)
                    }
                    None => pen.message(text, base),
                }
            }
            Kind::Action => pen.message(&format!("{from} {text}"), Style::new().add_modifier(Modifier::ITALIC)),
            Kind::Topic => {
                let text = drawable_line(text);
                let key = if text.is_empty() { "topic-cleared" } else { "topic-set" };
                dim(&locale.with(key, &[("who", from.to_owned().into()), ("topic", text.into())]))
            }
            Kind::Redacted => dim(&locale.text("redacted")),
            Kind::Moderation | Kind::Redact => dim(&acts::act(locale, entry)),
            other @ Kind::Other(_) => {
                let kind = drawable_line(other.as_str());
                dim(&locale.with("unknown-kind", &[("who", from.to_owned().into()), ("kind", kind.into())]))
            }
        }
    }

    /// The row over a reply.
    fn push_quote(&self, beside: Beside<'_>, re: Seq, rows: &mut Vec<Line<'static>>) {
        self.push_plain(beside, &fit(&self.quote(re), self.room()), self.context.theme.quote(), rows);
    }

    /// One line of the entry that is replied to, as it is in the log.
    pub(super) fn quote(&self, re: Seq) -> String {
        let here = self.conversation.timeline.entry(re);
        let entry = here.or_else(|| self.context.quotes.get(&re).and_then(Option::as_ref));
        match entry {
            Some(entry) if self.context.circle.hides_entry(entry) => {
                format!("┌ {}", self.context.locale.text("quote-hidden"))
            }
            Some(entry) => {
                let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
                let text = match entry.msg.as_deref() {
                    Some(text) => drawable_line(&markup::styled(text, &[]).text),
                    None => self.context.locale.text("redacted"),
                };
                format!("┌ {from}: {}", text.trim())
            }
            None => format!("┌ {}", self.context.locale.with("quote-absent", &[("seq", re.get().into())])),
        }
    }

    /// A run of hidden entries shows how many they are, in the block of the first one.
    fn push_hidden(&self, index: usize, rows: &mut Vec<Line<'static>>) {
        let items = self.conversation.timeline.items();
        let hidden =
            |at: usize| items.get(at).and_then(entry_of).is_some_and(|entry| self.context.circle.hides_entry(entry));
        let at = index - 1;
        if at.checked_sub(1).is_some_and(hidden) {
            return;
        }
        let count = (at..items.len()).take_while(|at| hidden(*at)).count();
        let text = self.context.locale.with("hidden", &[("count", count.into())]);
        let dim = self.context.theme.dim();
        self.push_plain(Beside::name("", dim), &text, dim, rows);
    }

    /// The entry goes on where the same person just spoke: the time need not be said again.
    fn continues_run(&self, index: usize, entry: &Entry) -> bool {
        let items = self.conversation.timeline.items();
        let Some(before) = index.checked_sub(2).and_then(|before| items.get(before)).and_then(entry_of) else {
            return false;
        };
        before.from == entry.from
            && entry.at.saturating_sub(before.at) < RUN_MS
            && time::day(before.at, self.context.zone) == time::day(entry.at, self.context.zone)
    }

    pub(super) fn push_pending(&self, message: &Outgoing, rows: &mut Vec<Line<'static>>) {
        let (theme, locale, me) = (self.context.theme, self.context.locale, self.context.me);
        let text = message.send.text.as_ref().map_or("", |text| text.as_str());
        let (name, text) = match message.send.kind {
            Kind::Action => ("*", format!("{me} {text}")),
            Kind::Topic => ("*", locale.with("topic-set", &[("who", me.to_string().into()), ("topic", text.into())])),
            _ => (&**me, text.to_owned()),
        };
        let state = match &message.delivery {
            Delivery::Saving | Delivery::Ready | Delivery::Held | Delivery::Written => "…",
            Delivery::Stored(_) => "",
            Delivery::Refused(_) => "!",
        };
        let mut beside = Beside { at: Some(message.at), state, ..Beside::name(name, theme.own()) };
        if let Some(re) = message.send.re {
            self.push_quote(Beside { state: "", ..beside }, re, rows);
            beside = Beside { state, ..Beside::name("", theme.dim()) };
        }
        let (body, _) = Pen { words: &[], ..self.pen() }.message(&text, theme.dim());
        self.push_body(beside, &body, rows);
        if let Delivery::Refused(reason) = &message.delivery {
            let text = locale.with("not-sent", &[("reason", reason.as_str().into())]);
            self.push_plain(Beside::name("!", theme.warning()), &text, theme.warning(), rows);
        }
    }

    /// Who came and went; nobody, if all of them are hidden.
    pub(super) fn coming(&self, coming: &Coming) -> Option<String> {
        let part = |names: &[Label], key: &str| {
            let seen: Vec<_> = names.iter().filter(|name| !self.context.circle.hides(name)).collect();
            let shown: Vec<String> = seen.iter().take(NAMES).map(|name| drawable_line(name)).collect();
            if shown.is_empty() {
                return None;
            }
            let (names, others) = (shown.join(", "), seen.len() - shown.len());
            let names = if others == 0 {
                names
            } else {
                self.context.locale.with("names-and-others", &[("names", names.into()), ("count", others.into())])
            };
            Some(self.context.locale.with(key, &[("names", names.into())]))
        };
        let parts: Vec<String> =
            [part(&coming.joined, "joined"), part(&coming.left, "left")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}
