//! A client's link in the simulation: what `client_tui::link` does, over a pipe, when it is told to.

use crate::pipe::{End, Pipe};
use client_tui::link::{Loss, News, backoff::Backoff, dial::DialError};
use fastrand::Rng;
use shared::{
    Event, Incoming, Nickname, Outgoing, Request,
    codec::{Line, LineCodec},
    identity::Identity,
    limits,
    request::Login,
    text::Label,
};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// Silence after which the server is asked, and after which the link is given up; the same as of the real one.
const PING_AFTER: u64 = 40_000;
const DEAD_AFTER: u64 = 70_000;
/// How long the welcome may take.
const STEP: u64 = 10_000;

/// A connection of a client.
pub(crate) struct Connection {
    pub(crate) pipe: Rc<RefCell<Pipe>>,
    codec: LineCodec,
    challenge: Option<String>,
    heard: u64,
    pinged: bool,
    retry: Option<Duration>,
    /// What did not fit into the pipe.
    unsent: Vec<u8>,
}

/// The link: connected, or waiting to be.
pub(crate) struct Link {
    pub(crate) connection: Option<Connection>,
    pub(crate) backoff: Backoff,
    pub(crate) dial_at: u64,
}

impl Connection {
    pub(crate) fn new(pipe: Rc<RefCell<Pipe>>, now: u64) -> Self {
        let hello = Request::Hello { version: limits::WIRE_VERSION, agent: Label::new("sim") };
        let mut connection = Self {
            pipe,
            codec: LineCodec::default(),
            challenge: None,
            heard: now,
            pinged: false,
            retry: None,
            unsent: Vec::new(),
        };
        connection.ask(hello);
        connection
    }

    pub(crate) fn ask(&mut self, request: Request) {
        self.unsent.extend(Incoming::from(request).encode());
        self.pump();
    }

    /// Writes what there is room for.
    pub(crate) fn pump(&mut self) {
        let count = self.pipe.borrow_mut().up.write(&self.unsent);
        self.unsent.drain(..count);
    }

    pub(crate) fn log_in(&mut self, nickname: &str, identity: &Identity, requests: Vec<Request>) {
        let signature = identity.sign_login(self.challenge.as_deref().unwrap(), b"", nickname).unwrap();
        self.ask(Request::Login(Login {
            sent: nickname.into(),
            nickname: Nickname::parse(nickname),
            proof: Some((identity.public(), signature)),
            quiet: false,
            invite: None,
        }));
        for request in requests {
            self.ask(request);
        }
    }

    /// Reads what is here. The loss, if that was the end.
    pub(crate) fn hear(&mut self, now: u64, backoff: &mut Backoff) -> (Vec<News>, Option<Loss>) {
        let (bytes, end) = {
            let down = &mut self.pipe.borrow_mut().down;
            (down.here.drain(..).collect::<Vec<u8>>(), down.end)
        };
        if !bytes.is_empty() {
            (self.heard, self.pinged) = (now, false);
        }
        let mut news = Vec::new();
        let mut input = bytes.as_slice();
        let mut pings = 0;
        while let Some(line) = self.codec.next(&mut input, limits::SERVER_LINE) {
            let Line::Whole(line) = line else { panic!("a line of the server is too long") };
            // What comes before a line's first `{` is the greeting of another dialect, which a late hello is met with.
            let Some(start) = line.iter().position(|b| *b == b'{') else { continue };
            let line = &line[start..];
            let outgoing = Outgoing::decode(line).expect("a line of the server");
            match &outgoing.event {
                Event::Unknown => panic!("an event that nobody knows: {}", String::from_utf8_lossy(line)),
                Event::Welcome(welcome) => {
                    self.challenge = Some(welcome.challenge.clone());
                    news.push(News::Greeted { motd: Label::default(), pinned: None });
                    continue;
                }
                Event::Ping => pings += 1,
                Event::Login(login) if login.success => backoff.reset(),
                Event::Notice(notice) => self.retry = notice.retry_ms.map(Duration::from_millis).or(self.retry),
                _ => {}
            }
            news.push(News::Said(Box::new(outgoing)));
        }
        (0..pings).for_each(|_| self.ask(Request::Pong));
        let loss = end.map(|end| if end == End::Closed { Loss::Closed } else { Loss::Broken("reset".into()) });
        (news, loss)
    }

    /// Asks whether the server is there, or gives it up.
    pub(crate) fn time(&mut self, now: u64) -> Option<Loss> {
        if self.challenge.is_none() {
            return (now >= self.heard + STEP).then(|| Loss::Dial(DialError::Hello("sim".into(), "silence".into())));
        }
        if now >= self.heard + DEAD_AFTER {
            return Some(Loss::Silent);
        }
        if now >= self.heard + PING_AFTER && !std::mem::replace(&mut self.pinged, true) {
            self.ask(Request::Ping);
        }
        None
    }

    /// When [`Connection::time`] has something to do.
    pub(crate) fn next(&self) -> u64 {
        self.heard
            + match (&self.challenge, self.pinged) {
                (None, _) => STEP,
                (Some(_), false) => PING_AFTER,
                (Some(_), true) => DEAD_AFTER,
            }
    }
}

impl Link {
    pub(crate) fn new() -> Self {
        Self { connection: None, backoff: Backoff::default(), dial_at: 0 }
    }

    /// The connection is gone, or was not to be had.
    pub(crate) fn lose(&mut self, loss: Loss, now: u64, dice: &mut Rng) -> News {
        let told = self.connection.take().and_then(|connection| {
            connection.pipe.borrow_mut().up.is_ended = true;
            connection.retry
        });
        let retry = told.unwrap_or_else(|| self.backoff.next(dice.f64()));
        self.dial_at = now + u64::try_from(retry.as_millis()).unwrap();
        News::Down { loss, retry: Some(retry) }
    }
}
