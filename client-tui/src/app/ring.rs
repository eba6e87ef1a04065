//! Telling a person who looks elsewhere: what rings, and the window's title.

use super::{
    App, Effect,
    conversation::{Conversation, Partner},
    people::Level,
};
use crate::text::{drawable_line, fit};
use shared::{Entry, Seq};

/// Rings that come closer together are one.
const APART_MS: u64 = 1_000;
/// Columns of a notification's text.
const COLUMNS: usize = 120;

/// What rings, and how: as the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// The usual level of rooms.
    pub rooms: Level,
    /// The usual level of direct messages.
    pub direct: Level,
    /// Words that stand out and ring beside the nickname.
    pub highlight: Vec<String>,
    /// The window's title tells the unread count.
    pub title: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { rooms: Level::Mentions, direct: Level::All, highlight: Vec::new(), title: true }
    }
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// Where, and from whom.
    pub title: String,
    /// What.
    pub body: String,
}

impl App {
    /// The level of a conversation.
    pub fn level(&self, conversation: &Conversation) -> Level {
        let usual = match conversation.partner {
            Partner::Room(_) => self.preferences.rooms,
            Partner::Person(_) => self.preferences.direct,
        };
        self.circle.level(&conversation.partner.to_string()).unwrap_or(usual)
    }

    /// Rings for a new entry of another person that nobody has seen: once, for its cursor passes every entry once, and
    /// what was read on another device is behind the mark.
    pub(super) fn ring(&mut self, index: usize, entry: &Entry, mark: Option<Seq>, is_mention: bool) {
        let conversation = &self.conversations[index];
        let wanted = match self.level(conversation) {
            Level::All => true,
            Level::Mentions => is_mention,
            Level::None => false,
        };
        let is_read = mark.is_some_and(|mark| entry.seq <= mark) || self.is_seeing(index);
        let is_silent = entry.from.as_ref().is_none_or(|from| self.circle.mutes(from));
        let is_close = self.rang_at.is_some_and(|at| self.now.mono < at + APART_MS);
        if !wanted || is_read || is_silent || is_close || entry.kind == shared::Kind::Redacted {
            return;
        }
        self.rang_at = Some(self.now.mono);
        let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
        let title = match &conversation.partner {
            Partner::Room(room) => format!("{from} ({room})"),
            Partner::Person(_) => from,
        };
        let body = fit(&drawable_line(entry.msg.as_deref().unwrap_or_default()), COLUMNS);
        self.effects.push(Effect::Ring(Ring { title, body }));
    }

    /// Rings, for the person to see which ways arrive.
    pub(super) fn ring_test(&mut self) {
        let body = self.locale.text("notify-test-body");
        self.effects.push(Effect::Ring(Ring { title: "Parlor".into(), body }));
        self.say_key("notify-test-said");
    }

    /// The window's title tells where one is, and how much is unread; nothing, if it is to be left alone.
    pub fn title(&self) -> Option<String> {
        let conversation = self.current().filter(|_| self.preferences.title && self.form.is_none())?;
        let name = drawable_line(&conversation.partner.to_string());
        Some(match self.unread() {
            0 => format!("{name} – Parlor"),
            unread => format!("({unread}) {name} – Parlor"),
        })
    }

    /// `/notify [all|mentions|none]`: the level of the conversation on the screen.
    pub(super) fn set_level(&mut self, word: &str) -> bool {
        let Some(conversation) = self.current() else { return false };
        let name = conversation.partner.to_string();
        if !word.is_empty() {
            let Some(level) = Level::parse(word) else {
                self.say_key("notify-wrong");
                return false;
            };
            self.circle.set_level(name.clone(), level);
            self.keep_circle();
        }
        let level = self.current().map_or(Level::None, |conversation| self.level(conversation));
        let level = self.locale.text(&format!("level-{}", level.word()));
        let text = self.locale.with("notify-level", &[("name", drawable_line(&name).into()), ("level", level.into())]);
        self.say(text);
        true
    }

    /// `/mute [nick]`: the pings of a person, or of the conversation on the screen, on or off.
    pub(super) fn mute(&mut self, name: &str) -> bool {
        let name = name.trim_start_matches('@');
        if name.is_empty() {
            let Some(conversation) = self.current() else { return false };
            let usual = match conversation.partner {
                Partner::Room(_) => self.preferences.rooms,
                Partner::Person(_) => self.preferences.direct,
            };
            let is_silent = self.level(conversation) == Level::None;
            let level = if is_silent { usual.max(Level::Mentions) } else { Level::None };
            return self.set_level(level.word());
        }
        let key = if self.circle.toggle_muted(name) { "muted" } else { "unmuted" };
        self.keep_circle();
        let text = self.locale.with(key, &[("name", drawable_line(name).into())]);
        self.say(text);
        true
    }

    /// `/hide [nick]`: takes a person out of sight, or brings them back; without a name, who is out of sight.
    pub(super) fn hide(&mut self, name: &str) -> bool {
        let name = name.trim_start_matches('@');
        if name.is_empty() {
            let hidden: Vec<String> = self.circle.hidden().map(drawable_line).collect();
            let key = if hidden.is_empty() { "hidden-nobody" } else { "hidden-list" };
            let text = self.locale.with(key, &[("names", hidden.join(", ").into())]);
            self.note(text);
            return true;
        }
        if name.to_lowercase() == self.me.to_lowercase() {
            self.say_key("hide-yourself");
            return false;
        }
        let key = if self.circle.toggle_hidden(name) { "hidden-now" } else { "shown-again" };
        self.keep_circle();
        let text = self.locale.with(key, &[("name", drawable_line(name).into())]);
        self.say(text);
        true
    }

    fn keep_circle(&mut self) {
        let value = serde_json::to_string(&self.circle).unwrap_or_default();
        self.store(crate::store::Job::Keep { key: "circle".into(), value });
    }
}
