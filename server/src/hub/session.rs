//! One connection as the hub sees it.

use super::{Follow, Hub, Refusal, Slot};
use crate::{
    hub::Effect,
    ids::{LogId, PersonId, SessionId},
    journal::Asker,
};
use shared::{
    ErrorCode, Event, LogName,
    code::NoticeCode,
    event::{Limits, Notice, Welcome},
    identity::{EXPORTER_BYTES, KEY_BYTES, base64url},
    limits,
    text::Label,
};
use std::net::IpAddr;

/// Requests of a session that may wait for the journal; each holds at most one line.
pub(super) const IN_FLIGHT_MAX: usize = 64;

/// How a connection comes in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Where from.
    pub address: IpAddr,
    /// Random: what a login on it must sign.
    pub challenge: [u8; KEY_BYTES],
    /// Rates do not hold for it.
    pub exempt: bool,
    /// There is room for it only if its key is known.
    pub reserved: bool,
}

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
    /// What logins are bound to: only the two ends of its TLS know it.
    pub(super) exporter: Option<Box<[u8; EXPORTER_BYTES]>>,
    pub(super) failed_logins: u32,
    pub(super) bad_lines: u32,
    /// Where it comes from.
    pub(super) address: IpAddr,
    /// Rates do not hold for it.
    pub(super) exempt: bool,
    /// There is room for it only if its key is known.
    pub(super) reserved: bool,
    /// It was told that its sends are read later.
    pub(super) slowed_down: bool,
    /// It was told that the journal is unavailable.
    pub(super) unavailable: bool,
    /// Tells the stands of its cursors apart.
    pub(super) stands: u64,
}

impl Session {
    pub(super) fn new(arrival: Arrival) -> Self {
        let Arrival { address, challenge, exempt, reserved } = arrival;
        Self {
            person: None,
            greeted: false,
            quiet: false,
            in_flight: 0,
            sends_in_flight: 0,
            follows: Vec::new(),
            challenge,
            exporter: None,
            failed_logins: 0,
            bad_lines: 0,
            address,
            exempt,
            reserved,
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
            let notice = Notice::new(NoticeCode::SlowedDown);
            self.effects.push(Effect::Tell(vec![id], Slot::Keep, Event::Notice(notice)));
        }
    }
}
