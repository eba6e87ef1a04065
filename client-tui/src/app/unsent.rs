//! Messages that were never written to a connection: asked about after a long time offline, recalled to be edited.

use super::{App, Overlay, conversation::Partner, outbox::Outgoing};
use crate::{store::Job, time};
use crossterm::event::{KeyCode, KeyEvent};
use shared::MessageId;

/// Offline for longer than this, what was never written is asked about before it is sent.
const ASK_AFTER_MS: u64 = 5 * 60_000;

impl App {
    /// There is a link again.
    pub(super) fn back_online(&mut self) {
        let was_long = self.down_since.take().is_some_and(|since| self.now.mono >= since + ASK_AFTER_MS);
        if was_long && self.outbox.hold() {
            self.overlay = Some(Overlay::Unsent);
        }
    }

    /// How many are asked about, and since when they wait.
    pub fn unsent_question(&self) -> String {
        let count = self.outbox.held().count();
        let since = self.outbox.held().map(|message| message.at).min().unwrap_or(self.now.wall);
        let arguments = [("count", count.into()), ("time", time::clock(since, &self.zone).into())];
        self.locale.with("unsent-ask", &arguments)
    }

    /// Send, edit or drop; every other key is left alone. Esc: later.
    pub(super) fn unsent_key(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Enter | KeyCode::Char('s' | 'S') => self.outbox.release(),
            KeyCode::Char('e' | 'E') => {
                // Each one is put before what is there already.
                for id in self.held_ids().iter().rev() {
                    self.recall_message(id);
                }
            }
            KeyCode::Char('d' | 'D') => {
                for id in self.held_ids() {
                    self.outbox.recall(&id);
                    self.store(Job::Settle(id));
                }
            }
            KeyCode::Esc => {}
            _ => self.overlay = Some(Overlay::Unsent),
        }
    }

    fn held_ids(&self) -> Vec<MessageId> {
        self.outbox.held().map(|message| message.send.id.clone()).collect()
    }

    /// Takes the newest message of the conversation back into the input line, if nobody else has seen it.
    pub(super) fn recall(&mut self) {
        let Some(conversation) = self.current() else { return };
        let newest = self.pending(&conversation.partner).into_iter().rev().find(|message| message.is_recallable());
        match newest.map(|message| message.send.id.clone()) {
            Some(id) => self.recall_message(&id),
            None => self.say_key("nothing-to-recall"),
        }
    }

    fn recall_message(&mut self, id: &MessageId) {
        let Some(Outgoing { send, .. }) = self.outbox.recall(id) else { return };
        self.store(Job::Settle(id.clone()));
        let partner = Partner::from(&send.to);
        let index = self.conversation(&partner);
        let draft = &mut self.conversations[index].draft;
        let text = send.text.as_ref().map_or("", |text| text.as_str());
        let typed = match send.kind {
            shared::Kind::Action => format!("/me {text}"),
            shared::Kind::Topic => format!("/topic {text}"),
            _ if text.starts_with('/') => format!("/{text}"),
            _ => text.to_owned(),
        };
        // What is being typed stays, below.
        let joined = if draft.is_empty() { typed } else { format!("{typed}\n{}", draft.text()) };
        draft.set(&joined);
        draft.reply = draft.reply.or(send.re);
        self.draft_changed();
        if index != self.active {
            self.save_draft_of(index);
        }
    }
}
