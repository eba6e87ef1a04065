//! Ignore mode: on, off, for a while; and what it held back.

use super::{
    App, Link,
    conversation::Partner,
    timeline::{Place, entry_of},
    when,
};
use crate::{markup, text::drawable_line};
use shared::{Request, Seq, event::Ignore, text::Label};
use std::collections::HashMap;

/// Names that the digest says.
const NAMES: usize = 3;

/// What ignore mode held back, until the person has chosen what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Where it began, by room.
    rooms: Vec<(Partner, Began)>,
}

/// Where ignore mode began in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Began {
    /// The last entry before.
    after: Seq,
    /// How many were held back.
    count: u64,
}

impl App {
    /// `/i`, `/i 25m`, `/i until 14:00`. False: it could not be done.
    pub(super) fn toggle_ignore(&mut self, arguments: &str) -> bool {
        if arguments.is_empty() {
            return self.online(Request::Ignore { on: !self.ignoring, until: None });
        }
        let Some(until) = when::until(arguments, self.now.wall, &self.zone) else {
            self.say_key("ignore-until-wrong");
            return false;
        };
        self.online(Request::Ignore { on: true, until: Some(until) })
    }

    pub(super) fn ignore_changed(&mut self, ignore: &Ignore) {
        let was_on = std::mem::replace(&mut self.ignoring, ignore.on);
        self.ignoring_until = ignore.until.filter(|_| ignore.on);
        if ignore.on {
            self.digest = None;
            return;
        }
        let rooms: Vec<(Partner, Began)> = self
            .conversations
            .iter()
            .filter(|conversation| conversation.held > 0)
            .map(|conversation| {
                let after = self.log_of(conversation).cursor;
                (conversation.partner.clone(), Began { after, count: conversation.held })
            })
            .collect();
        for conversation in &mut self.conversations {
            conversation.held = 0;
        }
        for (partner, began) in &rooms {
            if let Some(index) = self.find(partner) {
                // What was held back is divided from what was there, read or not.
                self.conversations[index].divider = Some(began.after);
            }
        }
        if was_on && rooms.is_empty() {
            self.say_key("ignore-ended");
        }
        self.digest = (!rooms.is_empty()).then_some(Digest { rooms });
    }

    /// What the digest says of the conversation on the screen: how many, from whom, how many name the reader; and what can
    /// be done now.
    pub fn digest_text(&self) -> Option<(String, String)> {
        let conversation = self.current()?;
        let began = self.digest.as_ref()?.of(&conversation.partner)?;
        let mut from: HashMap<&Label, u64> = HashMap::new();
        let mut mentions = 0_u64;
        let last = began.after.forward(began.count);
        let first = conversation.timeline.find(Place::entry(began.after.next()));
        let held = conversation.timeline.items().iter().skip(first).filter_map(entry_of);
        for entry in held.take_while(|entry| entry.seq <= last).filter(|entry| entry.from.as_ref() != Some(&self.me)) {
            if let Some(name) = entry.from.as_ref() {
                *from.entry(name).or_default() += 1;
            }
            mentions += u64::from(markup::mentions(entry.msg.as_deref().unwrap_or_default(), &self.words));
        }
        let mut from: Vec<(&Label, u64)> = from.into_iter().collect();
        from.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.to_lowercase()));
        let mut names: Vec<String> =
            from.iter().take(NAMES).map(|(name, count)| format!("{} {count}", drawable_line(name))).collect();
        if from.len() > NAMES {
            names.push("…".into());
        }
        let elsewhere: u64 = self.digest.iter().flat_map(|digest| &digest.rooms).map(|(_, began)| began.count).sum();
        let arguments = [
            ("count", began.count.into()),
            ("names", names.join(", ").into()),
            ("mentions", mentions.into()),
            ("elsewhere", (elsewhere - began.count).into()),
        ];
        // Enter sends what is typed.
        let choice = if conversation.draft.is_empty() { "digest-choice" } else { "digest-choice-typing" };
        Some((self.locale.with("digest", &arguments), self.locale.text(choice)))
    }

    /// Enter: read what was held back, from where it began. False: there is nothing to choose.
    pub(super) fn digest_read(&mut self) -> bool {
        let Some(began) = self.take_digest() else { return false };
        let place = self.current().and_then(|conversation| {
            let at = conversation.timeline.find(Place::entry(began.after.next()));
            conversation.timeline.items().get(at).map(|item| item.place)
        });
        match place {
            Some(place) => self.look_from(place, 0),
            None => self.settle_view(),
        }
        true
    }

    /// Esc: skip to now. False: there is nothing to choose.
    pub(super) fn digest_skip(&mut self) -> bool {
        if self.take_digest().is_none() {
            return false;
        }
        self.go_live();
        if self.link == Link::Up {
            self.read_now();
        }
        true
    }

    pub(super) fn take_digest(&mut self) -> Option<Began> {
        let partner = self.current()?.partner.clone();
        let digest = self.digest.as_mut()?;
        let began = digest.of(&partner)?;
        digest.rooms.retain(|(other, _)| *other != partner);
        self.digest.take_if(|digest| digest.rooms.is_empty());
        Some(began)
    }

    /// How much ignore mode holds back in all rooms.
    pub fn held(&self) -> u64 {
        self.conversations.iter().map(|conversation| conversation.held).sum()
    }
}

impl Digest {
    fn of(&self, partner: &Partner) -> Option<Began> {
        self.rooms.iter().find(|(other, _)| other == partner).map(|(_, began)| *began)
    }
}
