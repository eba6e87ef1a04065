//! A client: its connection, and what it knows.

use mio::net::TcpStream;
use shared::identity::Identity;
use std::{collections::VecDeque, time::Instant};

/// Room names, and the inbox behind them.
pub(crate) const ROOMS: usize = 20;
pub(crate) const INBOX: usize = ROOMS;

/// A room's name, or the inbox's.
pub(crate) fn room_name(room: usize) -> String {
    match room {
        0 => "#lobby".into(),
        INBOX => "@".into(),
        n => format!("#room{n}"),
    }
}

/// The room of a name.
pub(crate) fn room_of(name: &str) -> Option<usize> {
    match name {
        "#lobby" => Some(0),
        "@" => Some(INBOX),
        name => name.strip_prefix("#room")?.parse().ok(),
    }
}

/// Who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The owner of a key; there may be two clients of one.
    Keyed(usize),
    /// A guest, under this name of the pool while it is here.
    Guest(usize),
    /// One that speaks the PyChatting dialect.
    Classic(usize),
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It is not here.
    Gone,
    /// It has said hello.
    Greeting,
    /// It has sent its login.
    Login,
    /// It is here.
    Here,
    /// It has said bye.
    Leaving,
}

/// A log that it follows, or goes on with when it comes back.
#[derive(Debug)]
pub(crate) struct Follow {
    pub(crate) room: usize,
    pub(crate) log: usize,
    pub(crate) epoch: Box<str>,
    /// The last entry that it has.
    pub(crate) cursor: u64,
    pub(crate) stands: Stands,
    /// When it was joined.
    pub(crate) since: Instant,
}

/// How a client stands to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The connection has ended; what was got is known.
    Away,
    /// It has asked for so many of the newest entries.
    Fresh(u64),
    /// It has asked for what is behind its cursor.
    Resumes,
    /// It is in.
    In,
    /// It has asked to leave.
    Leaves,
}

/// A client.
pub(crate) struct Client {
    pub(crate) who: Who,
    pub(crate) name: String,
    pub(crate) stream: Option<TcpStream>,
    pub(crate) phase: Phase,
    pub(crate) since: Instant,
    /// When a client that is gone comes back.
    pub(crate) comes: Instant,
    pub(crate) partial: Vec<u8>,
    pub(crate) unsent: Vec<u8>,
    pub(crate) follows: Vec<Follow>,
    /// Messages without an answer, in order.
    pub(crate) unanswered: VecDeque<usize>,
    /// Messages that a broken connection left without an answer; they are sent again.
    pub(crate) unsure: VecDeque<usize>,
    pub(crate) ignoring: bool,
    /// When ignore mode was turned on or off, asked for or told.
    pub(crate) ignore_changed: Option<Instant>,
    /// When it ends ignore mode.
    pub(crate) ignore_ends: Option<Instant>,
    /// When the server ends it.
    pub(crate) until: Option<Instant>,
    pub(crate) stalled: Option<Instant>,
    pub(crate) away: bool,
    /// What was said before this is of no interest to its clock.
    pub(crate) waits_since: Instant,
    pub(crate) classic: crate::classic::Knows,
}

impl Client {
    pub(crate) fn new(who: Who, comes: Instant) -> Self {
        Self {
            who,
            name: String::new(),
            stream: None,
            phase: Phase::Gone,
            since: comes,
            comes,
            partial: Vec::new(),
            unsent: Vec::new(),
            follows: Vec::new(),
            unanswered: VecDeque::new(),
            unsure: VecDeque::new(),
            ignoring: false,
            ignore_changed: None,
            ignore_ends: None,
            until: None,
            stalled: None,
            away: false,
            waits_since: comes,
            classic: crate::classic::Knows::default(),
        }
    }

    pub(crate) fn is_here(&self) -> bool {
        self.phase == Phase::Here
    }

    pub(crate) fn is_classic(&self) -> bool {
        matches!(self.who, Who::Classic(_))
    }

    /// It may do something now.
    pub(crate) fn is_free(&self) -> bool {
        self.is_here() && self.stalled.is_none() && self.unsent.is_empty()
    }

    /// Adds a line to what it sends.
    pub(crate) fn ask(&mut self, request: &serde_json::Value) {
        self.unsent.extend_from_slice(request.to_string().as_bytes());
        if !self.is_classic() {
            self.unsent.push(b'\n');
        }
    }

    /// The log that it is in.
    pub(crate) fn follow(&mut self, room: usize) -> Option<&mut Follow> {
        self.follows.iter_mut().find(|follow| follow.room == room)
    }

    /// One of the rooms that it is in, or its inbox.
    pub(crate) fn any_log(&self, with_inbox: bool) -> Option<&Follow> {
        let is_in = |follow: &&Follow| follow.stands == Stands::In && (with_inbox || follow.room != INBOX);
        fastrand::choice(self.follows.iter().filter(is_in).collect::<Vec<_>>())
    }
}

/// The key of a name.
pub(crate) fn identity(key: usize) -> Identity {
    let mut secret = [7; 32];
    secret[..8].copy_from_slice(&(key as u64).to_le_bytes());
    Identity::from_secret(&secret)
}

/// The name of a key.
pub(crate) fn keyed_name(key: usize) -> String {
    format!("keyed{key}")
}
