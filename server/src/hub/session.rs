//! One connection as the hub sees it.

use super::{Follow, Hub, Millis, Refusal, Rules, Slot, bucket::Bucket};
use crate::{
    hub::Effect,
    ids::{LogId, PersonId, SessionId},
    journal::Asker,
};
use shared::{
    ErrorCode, Event, LogName,
    code::NoticeCode,
    event::{Limits, Notice, Welcome},
    identity::{KEY_BYTES, base64url},
    limits,
    text::Label,
};

/// Requests of a session that may wait for the journal; each holds at most one line.
pub(super) const IN_FLIGHT_MAX: usize = 64;

/// One connection.
#[derive(Debug)]
pub struct Session {
    /// Who it is, once it has logged in.
    pub person: Option<PersonId>,
    /// It has said `hello`.
    pub greeted: bool,
    /// It counts nowhere.
    pub quiet: bool,
    /// Requests that wait for an answer of the journal.
    pub in_flight: usize,
    /// Those of them that are messages: only they may be under way together.
    pub(super) sends_in_flight: usize,
    pub(super) follows: Vec<Follow>,
    pub(super) challenge: [u8; KEY_BYTES],
    pub(super) failed_logins: u32,
    pub(super) bad_lines: u32,
    pub(super) sends: Bucket,
    pub(super) queries: Bucket,
    /// It was told that its sends are read later.
    pub(super) slowed_down: bool,
    /// It was told that the journal is unavailable.
    pub(super) unavailable: bool,
    /// Tells the stands of its cursors apart.
    pub(super) stands: u64,
}

impl Session {
    pub(super) fn new(challenge: [u8; KEY_BYTES], exempt: bool, rules: &Rules, now: Millis) -> Self {
        let rate = |per_s| if exempt { 0 } else { per_s };
        Self {
            person: None,
            greeted: false,
            quiet: false,
            in_flight: 0,
            sends_in_flight: 0,
            follows: Vec::new(),
            challenge,
            failed_logins: 0,
            bad_lines: 0,
            sends: Bucket::new(rate(rules.sends_per_s), now),
            queries: Bucket::new(rate(rules.queries_per_s), now),
            slowed_down: false,
            unavailable: false,
            stands: 0,
        }
    }

    /// Its cursors.
    pub fn follows(&self) -> &[Follow] {
        &self.follows
    }

    pub(super) fn follow(&self, room: &LogName) -> Option<&Follow> {
        self.follows.iter().find(|follow| follow.room == *room)
    }

    pub(super) fn follows_log(&self, log: LogId) -> bool {
        self.follows.iter().any(|follow| follow.log == log)
    }
}

impl Hub {
    pub(super) fn hello(&mut self, id: SessionId, version: u64, asker: Asker) -> Result<(), Refusal> {
        if version != limits::WIRE_VERSION {
            let detail = format!("this server speaks version {}", limits::WIRE_VERSION);
            return Err(Refusal::new(ErrorCode::VersionUnsupported, detail));
        }
        let session = &mut self.sessions[id];
        session.greeted = true;
        let welcome = Welcome {
            version: limits::WIRE_VERSION,
            agent: Label::new(concat!("parlor-server/", env!("CARGO_PKG_VERSION"))),
            challenge: base64url(&session.challenge),
            limits: Limits { line: limits::CLIENT_LINE, text: limits::TEXT, nickname: limits::NICKNAME },
            motd: Label::new(&self.rules.motd),
        };
        self.answer(asker, Event::Welcome(welcome))
    }

    /// Says once that a session sends faster than it may.
    pub(super) fn say_slowed_down(&mut self, id: SessionId) {
        let session = &mut self.sessions[id];
        if !std::mem::replace(&mut session.slowed_down, true) {
            let notice = Notice { code: NoticeCode::SlowedDown, in_ms: None, retry_ms: None };
            self.effects.push(Effect::Tell(vec![id], Slot::Keep, Event::Notice(notice)));
        }
    }

    /// Refuses a session that asks for more pages than it may.
    pub(super) fn take_query(&mut self, id: SessionId, now: Millis) -> Result<(), Refusal> {
        match self.sessions[id].queries.take(now) {
            None => Ok(()),
            Some(at) => Err(Refusal::retry(ErrorCode::SlowDown, "too many joins, histories and searches", at - now)),
        }
    }
}
