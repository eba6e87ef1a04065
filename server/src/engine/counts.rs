//! What has happened since the start, counted.

use crate::admin::Status;
use shared::{ErrorCode, Event};

/// Counts that only grow.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted_total: u64,
    pub(super) refused_total: u64,
    pub(super) logins_total: u64,
    pub(super) failed_logins_total: u64,
    pub(super) entries_total: u64,
    pub(super) slowed_total: u64,
    pub(super) received_bytes_total: u64,
    pub(super) sent_bytes_total: u64,
}

impl Counts {
    /// Counts what somebody is answered.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Login(login) if !login.success => self.failed_logins_total += 1,
            Event::Error(rejection) if rejection.code == ErrorCode::SlowDown => self.slowed_total += 1,
            _ => {}
        }
    }

    pub(super) fn fill(&self, status: &mut Status) {
        status.accepted_total = self.accepted_total;
        status.refused_total = self.refused_total;
        status.logins_total = self.logins_total;
        status.failed_logins_total = self.failed_logins_total;
        status.entries_total = self.entries_total;
        status.slowed_total = self.slowed_total;
        status.received_bytes_total = self.received_bytes_total;
        status.sent_bytes_total = self.sent_bytes_total;
    }
}
