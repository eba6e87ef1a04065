//! Opening: what an earlier run has left, and conversations as they are needed.

use super::{
    App, Log,
    conversation::{Conversation, Partner},
    draft::Draft,
    form::Choice,
    outbox::{Delivery, Outbox},
    timeline::What,
};
use crate::store::{Job, Saved};
use shared::{LogName, Seq, request::Destination, text::Label};
use std::collections::BTreeMap;

impl App {
    /// Opens what was kept of a choice: the last talk is on the screen before the network answers.
    pub fn open(&mut self, choice: &Choice, saved: Saved) {
        self.me = Label::new(choice.nickname.as_str());
        self.address = Some(choice.address.clone());
        self.home = choice.room.clone();
        self.conversations.clear();
        self.logs = BTreeMap::from([(LogName::Inbox, Log::default())]);
        self.outbox = Outbox::default();
        self.inputs = saved.inputs;
        for name in &saved.tabs {
            if let Some(partner) = Partner::parse(name) {
                self.conversation(&partner);
            }
        }
        let home = Partner::Room(choice.room.clone());
        self.conversation(&home);
        for log in saved.logs {
            if let LogName::Room(room) = &log.room
                && self.find(&Partner::Room(room.clone())).is_none()
            {
                continue;
            }
            let known = self.logs.entry(log.room.clone()).or_default();
            (known.epoch, known.cursor, known.mark) = (Some(log.epoch), log.cursor, log.mark);
            let mut last = Seq::ZERO;
            for entry in log.entries {
                let Some(partner) = self.partner_of(&log.room, &entry) else { continue };
                let index = self.conversation(&partner);
                if last > Seq::ZERO && entry.seq > last.next() && log.room != LogName::Inbox {
                    let gap = What::Gap { after: last, before: entry.seq, lost: false };
                    self.conversations[index].timeline.push(gap);
                }
                last = entry.seq;
                self.conversations[index].timeline.push(What::Entry(entry));
            }
        }
        for (send, at) in saved.outbox {
            let partner = match &send.to {
                Destination::Room(room) => Partner::Room(room.clone()),
                Destination::Person(name) => Partner::Person(Label::new(name.as_str())),
            };
            self.conversation(&partner);
            self.outbox.add(send, at, Delivery::Ready);
        }
        for draft in saved.drafts {
            if let Some(index) = Partner::parse(&draft.conversation).and_then(|partner| self.find(&partner)) {
                self.conversations[index].draft = Draft::new(draft.text, draft.cursor);
            }
        }
        self.count_unread();
        self.active = self.find(&home).unwrap_or(0);
        self.enter();
    }

    pub(super) fn find(&self, partner: &Partner) -> Option<usize> {
        let same = |other: &Partner| match (other, partner) {
            (Partner::Person(a), Partner::Person(b)) => a.to_lowercase() == b.to_lowercase(),
            (a, b) => a == b,
        };
        self.conversations.iter().position(|conversation| same(&conversation.partner))
    }

    /// Where the conversation with a partner stands; it is opened if it is not.
    pub(super) fn conversation(&mut self, partner: &Partner) -> usize {
        if let Some(index) = self.find(partner) {
            return index;
        }
        self.conversations.push(Conversation::new(partner.clone()));
        if let Partner::Room(room) = partner {
            self.logs.entry(LogName::Room(room.clone())).or_default();
        }
        self.conversations.len() - 1
    }

    pub(super) fn tabs_changed(&mut self) {
        let names = self.conversations.iter().map(|conversation| conversation.partner.to_string()).collect();
        self.store(Job::Tabs(names));
    }

    /// The conversation that an entry belongs to.
    pub(super) fn partner_of(&self, room: &LogName, entry: &shared::Entry) -> Option<Partner> {
        match room {
            LogName::Room(room) => Some(Partner::Room(room.clone())),
            LogName::Inbox => {
                let from = entry.from.clone()?;
                let other = if from == self.me { entry.to.clone().unwrap_or(from) } else { from };
                Some(Partner::Person(other))
            }
        }
    }
}
