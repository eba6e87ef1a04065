//! What the server refuses: for good, or for a while.

use super::{App, Link, Overlay};
use crate::store::Job;
use shared::{LogName, Rejection, Request};

impl App {
    pub(super) fn refused(&mut self, rejection: &Rejection) {
        let reason = self.error_text(&rejection.code, &rejection.detail);
        match (&rejection.id, rejection.retry_ms) {
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

    /// Asks again for the joins that were refused for a while.
    pub(super) fn join_again(&mut self) {
        if self.link != Link::Up {
            return;
        }
        let due = |at: Option<u64>| at.is_some_and(|at| at <= self.now.mono);
        let rooms: Vec<LogName> =
            self.logs.iter().filter(|(_, log)| due(log.join_at)).map(|(room, _)| room.clone()).collect();
        for room in rooms {
            self.join_log(room);
        }
    }

    /// When the next of them is asked for.
    pub(super) fn next_join(&self) -> Option<u64> {
        self.logs.values().filter_map(|log| log.join_at).min().filter(|_| self.link == Link::Up)
    }

    /// Joins a log from where it was left, as soon as there is a link.
    pub(super) fn join_log(&mut self, room: LogName) {
        let is_up = self.link == Link::Up;
        let log = self.logs.entry(room.clone()).or_default();
        log.join_at = (!is_up).then_some(self.now.mono);
        let start = log.start();
        self.ask(Request::Join { room, start });
    }
}
