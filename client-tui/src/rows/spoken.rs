//! Items as single lines, for screen readers and simple terminals.

use super::{Blocks, acts};
use crate::{
    app::timeline::{Item, What},
    text::drawable_line,
    time,
};
use shared::{Entry, Kind};

impl Blocks<'_> {
    /// An item as one line: when, who, what. Nothing for what is hidden.
    pub fn spoken(&self, item: &Item) -> Option<String> {
        let text = match &item.what {
            What::Entry(entry) if self.context.circle.hides_entry(entry) => return None,
            What::Entry(entry) => self.spoken_entry(entry),
            What::Gap(gap) => self.gap(gap),
            What::Presence(coming) => format!("→ {}", self.coming(coming)?),
            What::Note { text, .. } => format!("* {}", drawable_line(text)),
        };
        let clock = item.what.at().map(|at| format!("{} ", time::clock(at, self.context.zone)));
        Some(clock.unwrap_or_default() + &text)
    }

    fn spoken_entry(&self, entry: &Entry) -> String {
        let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
        let text = drawable_line(entry.msg.as_deref().unwrap_or_default());
        let locale = self.context.locale;
        let quote = entry.re.map(|re| format!("({}) ", self.quote(re).trim_start_matches("┌ "))).unwrap_or_default();
        match &entry.kind {
            Kind::Talk => format!("{from}: {quote}{text}"),
            Kind::Action => format!("* {from} {quote}{text}"),
            Kind::Topic if text.is_empty() => locale.with("topic-cleared", &[("who", from.into())]),
            Kind::Topic => locale.with("topic-set", &[("who", from.into()), ("topic", text.into())]),
            Kind::Redacted => locale.text("redacted"),
            Kind::Moderation | Kind::Redact => format!("* {}", acts::act(locale, entry)),
            other @ Kind::Other(_) => {
                let kind = drawable_line(other.as_str());
                locale.with("unknown-kind", &[("who", from.into()), ("kind", kind.into())])
            }
        }
    }
}
