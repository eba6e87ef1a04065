//! A session at the other end, and what it has been told.

use super::{Asked, Expect, disk::Heads};
use server::{
    hub::Progress,
    ids::{LogId, PersonId},
};
use shared::{
    Epoch, ErrorCode, LogName, Outgoing, Request, RoomName,
    event::{Member, Presence, State},
    limits,
};
use std::collections::{BTreeMap, VecDeque};

/// What a session has been told of a log since its last `joined`.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) log: LogId,
    pub(crate) epoch: Epoch,
    /// The seq that must come next, once these gaps are said.
    pub(crate) next: u64,
    pub(crate) gaps: VecDeque<(u64, u64, bool)>,
    /// The head that the topic is of.
    pub(crate) head: u64,
    /// What the room is about; `None` where entries were passed over.
    pub(crate) topic: Option<String>,
    pub(crate) members: u64,
    /// `None` in a crowd.
    pub(crate) roster: Option<BTreeMap<String, State>>,
    pub(crate) read: Option<u64>,
    pub(crate) held: Option<(u64, u64)>,
}

/// So many in a burst of five seconds, then so many a second.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rate {
    interval: u64,
    level: u64,
    at: u64,
}

impl Rate {
    pub(crate) fn new(per_s: u32, now: u64) -> Self {
        Self { interval: 1_000_u64.checked_div(per_s.into()).unwrap_or(0), level: 5_000, at: now }
    }

    /// Whether so much at once is too much.
    pub(crate) fn refusal(&self, cost: u64, now: u64) -> Option<ErrorCode> {
        (self.level_at(now) < self.interval * cost).then_some(ErrorCode::SlowDown)
    }

    fn level_at(&self, now: u64) -> u64 {
        (self.level + now - self.at).min(5_000)
    }

    fn take(&mut self, cost: u64, now: u64) {
        if self.refusal(cost, now).is_none() {
            (self.level, self.at) = (self.level_at(now) - self.interval * cost, now);
        }
    }
}

/// What a person may still do, whatever connection it comes by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    pub(crate) queries: Rate,
    sends: Rate,
}

impl Rates {
    pub(crate) fn new([sends, queries]: [u32; 2], now: u64) -> Self {
        Self { sends: Rate::new(sends, now), queries: Rate::new(queries, now) }
    }

    /// A line was taken that costs so many queries.
    pub(crate) fn count(&mut self, line: &Asked, cost: u64, now: u64) {
        if cost > 0 {
            self.queries.take(cost, now);
        }
        if matches!(line.as_ref().map(|line| &line.request), Ok(Request::Send(_))) {
            assert!(self.sends.refusal(1, now).is_none(), "sends are over the rate");
            self.sends.take(1, now);
        }
    }

    /// A send has to wait until then.
    pub(crate) fn check_wait(&self, at: u64, now: u64) {
        assert!(at > now && at <= now + self.sends.interval, "paced until {at} at {now}");
    }
}

/// A session at the other end.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) nickname: String,
    pub(crate) claimed: bool,
    pub(crate) quiet: bool,
    pub(crate) exempt: bool,
    /// One of many: it checks nothing but who it is and where.
    pub(crate) deaf: bool,
    pub(crate) greeted: bool,
    pub(crate) said_bye: bool,
    pub(crate) slowed_down: bool,
    pub(crate) person: Option<PersonId>,
    pub(crate) inbox: Option<LogId>,
    pub(crate) inbox_epoch: Option<Epoch>,
    pub(crate) ignoring: bool,
    pub(crate) views: BTreeMap<LogName, View>,
    /// Where the mode holds back from, if that is known.
    pub(crate) held_from: Heads,
    /// What the hub has not taken yet, and what it has not answered yet.
    pub(crate) asked: VecDeque<Asked>,
    pub(crate) pending: VecDeque<(Asked, Expect)>,
    /// For dialogues.
    pub(crate) heard: VecDeque<Outgoing>,
    /// Where the last search goes on.
    pub(crate) next: Option<String>,
    bad_lines: u32,
    pub(crate) failed_logins: u32,
}

impl Client {
    pub(crate) fn new(exempt: bool) -> Self {
        Self { exempt, ..Self::default() }
    }

    /// True if it is owed nothing.
    pub(crate) fn is_idle(&self) -> bool {
        self.person.is_some() && self.asked.is_empty() && self.pending.is_empty()
    }

    /// The hub has not taken a line yet.
    pub(crate) fn put_back(&mut self, line: Asked, progress: Progress) {
        match progress {
            Progress::Later(_) => {
                let is_send = matches!(line.as_ref().map(|line| &line.request), Ok(Request::Send(_)));
                assert!(!self.exempt && is_send, "only sends are paced");
            }
            _ => assert!(!self.pending.is_empty(), "it waits for nothing: {line:?}"),
        }
        self.asked.push_front(line);
    }

    /// The hub has taken a line.
    pub(crate) fn count(&mut self, line: &Asked, expect: &Expect) {
        match line.as_ref().map(|line| &line.request) {
            Ok(Request::Hello { version: limits::WIRE_VERSION, .. }) => self.greeted = true,
            Ok(Request::Bye) if matches!(expect, Expect::Nothing) => self.said_bye = true,
            _ => {}
        }
        self.bad_lines = if line.is_err() { self.bad_lines + 1 } else { 0 };
    }

    /// True if the line ends the connection.
    pub(crate) fn closes(&self, line: &Asked, expect: &Expect) -> bool {
        match expect {
            Expect::Error(code) => *code == ErrorCode::VersionUnsupported || self.bad_lines >= limits::BAD_LINES,
            Expect::Login(Some(_)) => self.failed_logins + 1 >= limits::FAILED_LOGINS,
            Expect::Nothing => matches!(line.as_ref().map(|line| &line.request), Ok(Request::Bye)),
            _ => false,
        }
    }

    /// `is_new`: the server has just started, so that who comes back is told as a change.
    pub(crate) fn presence(&mut self, presence: &Presence, is_new: bool) {
        let view = self.views.get_mut(&LogName::Room(presence.room.clone())).expect("a room that it is in");
        view.members = presence.members;
        if presence.joined.is_empty() && presence.left.is_empty() && presence.changed.is_empty() {
            assert!(presence.members > limits::ROSTER_AGAIN as u64, "only crowds are counted: {presence:?}");
            view.roster = None;
            return;
        }
        let roster = view.roster.as_mut().expect("in a crowd nobody is named");
        for name in &presence.left {
            let before = roster.remove(name.as_str());
            assert!(before.is_some() || is_new, "{name} was not here: {presence:?}");
        }
        for name in &presence.joined {
            let before = roster.insert(name.to_string(), State::Online);
            assert!(before.is_none(), "{name} was here already: {presence:?}");
        }
        for member in &presence.changed {
            let before = roster.insert(member.nickname.to_string(), member.state);
            assert!(before.is_some() || is_new, "{} was not here: {presence:?}", member.nickname);
        }
        assert_eq!(roster.len() as u64, presence.members, "{presence:?} with {roster:?}");
    }

    pub(crate) fn roster(&mut self, room: &RoomName, members: u64, roster: &[Member]) {
        let view = self.views.get_mut(&LogName::Room(room.clone())).expect("a room that it is in");
        (view.members, view.roster) = (members, Some(roster.iter().map(named).collect()));
        assert_eq!(members, roster.len() as u64, "of {room}");
    }
}

pub(crate) fn named(member: &Member) -> (String, State) {
    (member.nickname.to_string(), member.state)
}
