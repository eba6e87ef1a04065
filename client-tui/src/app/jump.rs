//! Going to a room, a person, a command or a message by choosing it from a list.

use super::{
    App, Link, Mention, Overlay,
    conversation::Partner,
    picker::{Choice, List, Picker, Target, fitting},
};
use crate::{
    command::COMMANDS,
    text::{drawable_line, fit},
    time,
};
use shared::LogName;
use std::collections::BTreeSet;

/// Columns of a message in a list.
const COLUMNS: usize = 200;
/// Messages that name the reader, at most.
const MENTIONS: usize = 500;

impl App {
    /// `/go`: rooms, people and commands by a few letters.
    pub(super) fn jump(&mut self, letters: &str) {
        let mut picker = Picker::new(List::Jump, Vec::new());
        picker.query.set(letters);
        self.fit_places(&mut picker);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    /// Everywhere one can go: what is unread first.
    fn places(&self) -> Vec<Choice> {
        let mut open: Vec<usize> = self.shown().collect();
        open.sort_by_key(|index| (*index == self.active, self.conversations[*index].unread == 0));
        let conversations = open.iter().map(|index| {
            let conversation = &self.conversations[*index];
            let detail = match conversation.unread {
                0 => drawable_line(&conversation.topic),
                unread => self.locale.with("divider-new", &[("count", unread.into())]),
            };
            let name = drawable_line(&conversation.partner.to_string());
            Choice { name, detail, target: Target::Conversation(conversation.partner.clone()) }
        });
        let open: BTreeSet<String> = self.conversations.iter().map(|c| c.partner.to_string().to_lowercase()).collect();
        let mut people = BTreeSet::new();
        for (name, _) in self.conversations.iter().flat_map(|conversation| conversation.roster.people()) {
            if *name != self.me && !open.contains(&format!("@{}", name.to_lowercase())) {
                people.insert(name.clone());
            }
        }
        let people = people.into_iter().map(|name| Choice {
            name: format!("@{}", drawable_line(&name)),
            detail: self.locale.text("help-msg"),
            target: Target::Person(name),
        });
        let commands = COMMANDS.iter().filter_map(|command| {
            let name = format!("/{}", command.names.first()?);
            Some(Choice { name, detail: self.locale.text(command.help), target: Target::Command(command.action) })
        });
        conversations.chain(people).chain(commands).collect()
    }

    /// What was typed over the list of places has changed.
    pub(super) fn fit_places(&self, picker: &mut Picker) {
        picker.choices = fitting(picker.query.text(), self.places());
        picker.chosen = 0;
    }

    /// `/mentions`: messages that name the reader, newest first.
    pub(super) fn show_mentions(&mut self) {
        let choices = self.mentions.iter().filter_map(|mention| self.entry_choice(&mention.room, &mention.entry));
        let picker = Picker::new(List::Mentions, choices.collect());
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    /// Collects a message that names the reader.
    pub(super) fn collect_mention(&mut self, room: &LogName, entry: &shared::Entry) {
        self.mentions.push_front(Mention { room: room.clone(), entry: entry.clone() });
        self.mentions.truncate(MENTIONS);
    }

    /// A message as a row of a list.
    pub(super) fn entry_choice(&self, room: &LogName, entry: &shared::Entry) -> Option<Choice> {
        let partner = self.partner_of(room, entry)?;
        if self.circle.hides_entry(entry) {
            return None;
        }
        let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
        let text = fit(&drawable_line(entry.msg.as_deref().unwrap_or_default()), COLUMNS);
        let (day, clock) = (time::day(entry.at, &self.zone), time::clock(entry.at, &self.zone));
        let target = Target::Entry { room: room.clone(), partner: partner.clone(), seq: entry.seq };
        let name = format!("{day} {clock} {} {from}", drawable_line(&partner.to_string()));
        Some(Choice { name, detail: text, target })
    }

    /// Goes where a choice leads.
    pub(super) fn go(&mut self, target: &Target) {
        match target {
            Target::Conversation(partner) => {
                if let Some(index) = self.find(partner) {
                    self.switch_to(index);
                }
            }
            Target::Person(name) => self.open_direct(name),
            Target::Command(action) => self.choose_command(*action),
            Target::Entry { partner, seq, .. } => {
                self.open_partner(partner);
                self.visit(*seq);
            }
        }
    }

    /// The conversation with a partner, on the screen.
    fn open_partner(&mut self, partner: &Partner) {
        let is_new = self.find(partner).is_none();
        let index = self.conversation(partner);
        if is_new {
            if let (Partner::Room(room), Link::Up) = (partner, &self.link) {
                self.join_log(LogName::Room(room.clone()));
            }
            self.tabs_changed();
        }
        self.switch_to(index);
    }
}
