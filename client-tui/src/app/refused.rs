//! What the server refuses: for good, or for a while.

use super::{App, Overlay};
use crate::store::Job;
use shared::{LogName, Rejection};

impl App {
    pub(super) fn refused(&mut self, rejection: &Rejection) {
        let reason = self.error_text(&rejection.code, &rejection.detail);
        let id = rejection.id.as_ref().filter(|id| self.outbox.has(id));
        match (id, rejection.retry_ms) {
            (Some(id), Some(retry_ms)) => {
                self.outbox.retry(id, self.now.mono + retry_ms);
                self.say(reason);
            }
            (Some(id), None) => {
                self.outbox.refused(id, reason);
                self.store(Job::Settle(id.clone()));
            }
            (None, _) => {
                self.question_refused(rejection);
                // Joins that were written with a refused login are refused, too; the form says why.
                if self.form.is_none() {
                    self.note(reason);
                }
            }
        }
    }

    /// What waits for the answer to a refused question waits no more, or asks again later.
    fn question_refused(&mut self, rejection: &Rejection) {
        let room = || rejection.room.as_deref().and_then(|room| LogName::parse(room).ok());
        match rejection.request.as_deref() {
            Some("history") => {
                room().and_then(|room| self.pages.answered(&room));
            }
            Some("search") => {
                if let Some(Overlay::Picker(picker)) = &mut self.overlay {
                    picker.is_waiting = false;
                }
            }
            Some("join") => {
                let log = room().and_then(|room| self.logs.get_mut(&room));
                if let (Some(log), Some(retry_ms)) = (log, rejection.retry_ms) {
                    log.join_at = Some(self.now.mono + retry_ms);
                }
            }
            _ => {}
        }
    }
}
