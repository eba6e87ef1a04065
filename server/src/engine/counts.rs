//! What has happened since the start, counted.

use crate::admin::Status;
use shared::{ErrorCode, Event};

/// Counts that only grow.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) logins: u64,
    pub(super) failed_logins: u64,
    pub(super) entries: u64,
    pub(super) slowed: u64,
    pub(super) received_bytes: u64,
    pub(super) sent_bytes: u64,
}

impl Counts {
    /// Counts what somebody is answered.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Login(login) if !login.success => self.failed_logins += 1,
            Event::Error(rejection) if rejection.code == ErrorCode::SlowDown => self.slowed += 1,
            _ => {}
        }
    }

    pub(super) fn fill(&self, status: &mut Status) {
        status.accepted_total = self.accepted;
        status.refused_total = self.refused;
        status.logins_total = self.logins;
        status.failed_logins_total = self.failed_logins;
        status.entries_total = self.entries;
        status.slowed_total = self.slowed;
        status.received_bytes_total = self.received_bytes;
        status.sent_bytes_total = self.sent_bytes;
    }
}
