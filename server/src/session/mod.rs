//! One connection, without its socket: what it speaks, what it has asked, what it is owed.

pub(crate) mod classic;
pub(crate) mod output;
pub(crate) mod sniff;

use crate::hub::Millis;
use classic::Classic;
use output::Output;
use shared::{
    ErrorCode, Incoming, Rejection,
    codec::{Line, LineCodec},
    limits,
};
use std::collections::VecDeque;

/// What a connection speaks.
#[derive(Debug)]
pub(crate) enum Dialect {
    /// Not known yet.
    Unknown,
    /// The wire.
    Native(LineCodec),
    /// The PyChatting dialect.
    Classic(Box<Classic>),
}

/// A line, or why it could not be read.
pub(crate) type Asked = Result<Incoming, Rejection>;

/// The state of one connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What it speaks.
    pub(crate) dialect: Dialect,
    /// What was read and not dealt with yet.
    pub(crate) unread: Vec<u8>,
    /// Requests that wait for their turn.
    pub(crate) asked: VecDeque<Asked>,
    /// What it is owed beside the logs that it follows.
    pub(crate) output: Output,
    /// When it was opened, on a clock that stands still with the server.
    pub(crate) opened: Millis,
    /// Until then it may say by its first bytes what it speaks, on the same clock.
    pub(crate) greet_at: Millis,
    /// A proxy has not yet said where it comes from.
    pub(crate) is_proxied: bool,
    /// It speaks TLS, and the handshake is over.
    pub(crate) is_secured: bool,
    /// It has logged in.
    pub(crate) logged_in: bool,
    /// Bytes and lines before the login.
    pub(crate) spent: (usize, u32),
    /// Sweeps without a byte from it.
    pub(crate) silent: u32,
    /// Its sends are over the rate until then.
    pub(crate) paced_until: Option<Millis>,
    /// It ends once it has been written what it is owed; at the latest then.
    pub(crate) closing: Option<Millis>,
}

impl Connection {
    /// A connection of which nothing is known.
    pub(crate) fn new(now: Millis, greet_at: Millis) -> Self {
        Self {
            dialect: Dialect::Unknown,
            unread: Vec::new(),
            asked: VecDeque::new(),
            output: Output::default(),
            opened: now,
            greet_at,
            is_proxied: false,
            is_secured: false,
            logged_in: false,
            spent: (0, 0),
            silent: 0,
            paced_until: None,
            closing: None,
        }
    }

    /// True if more may be read: everything before is dealt with, and the answers do not pile up.
    pub(crate) fn may_read(&self) -> bool {
        self.closing.is_none()
            && self.asked.is_empty()
            && self.paced_until.is_none()
            && !self.output.is_too_much()
            && !matches!(&self.dialect, Dialect::Classic(classic) if classic.is_full())
            && (self.unread.is_empty() || matches!(self.dialect, Dialect::Unknown))
    }

    /// True if a request may be dealt with.
    pub(crate) fn may_ask(&self) -> bool {
        self.closing.is_none() && self.paced_until.is_none() && !self.output.is_too_much()
    }

    /// The next line of a native client out of `input`; what was used is taken off it.
    pub(crate) fn next_line(&mut self, input: &mut &[u8]) -> Option<Asked> {
        let Dialect::Native(codec) = &mut self.dialect else { return None };
        let limit = if self.logged_in { limits::CLIENT_LINE } else { limits::CLIENT_LINE_BEFORE_LOGIN };
        loop {
            match codec.next(input, limit)? {
                Line::Whole(line) if line.trim_ascii().is_empty() => {}
                Line::Whole(line) => return Some(Incoming::parse(line)),
                Line::TooLong => {
                    let detail = format!("a line has at most {limit} bytes; the rest of it is skipped");
                    return Some(Err(Rejection::new(ErrorCode::LineTooLong, &detail)));
                }
            }
        }
    }

    /// Counts a line; true if there were too many of them before the login.
    pub(crate) fn is_over_login_budget(&mut self) -> bool {
        if self.logged_in {
            return false;
        }
        self.spent.1 += 1;
        self.spent.1 > limits::LINES_BEFORE_LOGIN || self.spent.0 > limits::BYTES_BEFORE_LOGIN
    }
}
