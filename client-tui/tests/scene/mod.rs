//! A client without terminal, network and disk: events go in, a screen comes out. Time stands where it is put.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part of it")]

pub mod demo;
pub mod keys;
pub mod paint;
pub mod past;

use client_tui::{
    app::{
        App, Effect, Event as Happens, Now,
        form::{Choice, Form},
    },
    link::{Loss, News, Order},
    locale::Locale,
    store::{Job, Written},
    theme::Theme,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use shared::{
    Address, Entry, Epoch, Event, Kind, LogName, MessageId, Nickname, Outgoing, RoomName, Seq,
    event::{Inbox, Joined, Login, Member, Message, Presence, State},
    text::{Body, Label},
};
use std::time::Duration;

/// Monday 23 November 2026, 10:00 UTC.
const MORNING: u64 = 1_795_428_000_000;

pub struct Scene {
    pub app: App,
    pub now: Now,
    pub seq: u64,
    /// The first entry that the server keeps.
    pub first: u64,
    /// How far alice has read; absent: everything.
    pub read: Option<u64>,
    pub asked: Vec<shared::Request>,
    pub jobs: Vec<Job>,
    /// What else the app wants: of the terminal, of the desktop.
    pub told: Vec<Effect>,
}

impl Scene {
    fn new(locale: Locale, width: u16, height: u16) -> Self {
        let app = App::new(locale, Theme::default(), TimeZone::UTC, "run".into());
        let now = Now { mono: 1_000, wall: MORNING };
        let mut scene =
            Self { app, now, seq: 0, first: 1, read: None, asked: Vec::new(), jobs: Vec::new(), told: Vec::new() };
        scene.resize(width, height);
        scene
    }

    /// The first run.
    pub fn form(width: u16, height: u16) -> Self {
        let mut scene = Self::new(Locale::english(), width, height);
        scene.app.form = Some(Form::new("127.0.0.1", "alice", "#lobby"));
        scene
    }

    /// Alice in the lobby.
    pub fn lobby(width: u16, height: u16) -> Self {
        Self::new(Locale::english(), width, height).logged_in()
    }

    /// The same in Chinese.
    pub fn chinese(width: u16, height: u16) -> Self {
        Self::new(Locale::chinese(), width, height).logged_in()
    }

    fn logged_in(mut self) -> Self {
        let choice = Choice {
            address: Address::parse("chat.example.org").unwrap(),
            nickname: Nickname::parse("alice").unwrap(),
            room: RoomName::lobby(),
        };
        self.app.open(&choice);
        self.happens(Happens::Stored(Written::Loaded(Box::default())));
        self.happens(Happens::Link(News::Dialling));
        self.happens(Happens::Link(News::Greeted { motd: Label::default(), pinned: None }));
        self.login();
        self
    }

    /// The server lets alice in, and into the lobby.
    pub fn login(&mut self) {
        let epoch = Epoch::parse("e").unwrap();
        let head = Seq::new(self.seq).unwrap();
        self.said(Event::Login(Login {
            success: true,
            code: None,
            nickname: Label::new("alice"),
            claimed: Some(true),
            ignoring: Some(false),
            until: None,
            inbox: Some(Inbox { epoch: epoch.clone(), first: Seq::FIRST, head: Seq::ZERO, read: None }),
            detail: None,
            retry_ms: None,
        }));
        let joined = |room, first, head, read, roster| Joined {
            room,
            epoch: epoch.clone(),
            first,
            head,
            read: Some(read),
            topic: Label::default(),
            members: 5,
            roster: Some(roster),
        };
        let people = [
            ("alice", State::Online),
            ("bob", State::Online),
            ("carol", State::Online),
            ("dave", State::Ignoring),
            ("小明", State::Away),
        ];
        let roster = people.map(|(name, state)| Member { nickname: Label::new(name), state }).to_vec();
        let (first, read) = (Seq::new(self.first).unwrap(), self.read.map_or(head, |read| Seq::new(read).unwrap()));
        let lobby = LogName::Room(RoomName::lobby());
        let lobby = joined(lobby, first, head, read, roster);
        self.said(Event::Joined(joined(LogName::Inbox, Seq::FIRST, Seq::ZERO, Seq::ZERO, Vec::new())));
        self.said(Event::Joined(lobby));
    }

    pub fn happens(&mut self, event: Happens) {
        for effect in self.app.update(event, self.now) {
            match effect {
                Effect::Link(Order::Ask(request)) => self.asked.push(request),
                Effect::Link(Order::LogIn(requests)) => self.asked.extend(requests),
                Effect::Store(job) => self.jobs.push(job),
                other => self.told.push(other),
            }
        }
    }

    /// The server says something.
    pub fn said(&mut self, event: Event) {
        self.happens(Happens::Link(News::Said(Box::new(Outgoing { event, tag: None }))));
    }

    /// Somebody says something in the lobby, a minute after the last.
    pub fn say(&mut self, from: &str, text: &str) {
        self.pass(60_000);
        self.entry(from, text, Kind::Talk);
    }

    pub fn entry(&mut self, from: &str, text: &str, kind: Kind) {
        self.seq += 1;
        let entry = Entry {
            seq: Seq::new(self.seq).unwrap(),
            id: MessageId::parse(&format!("m{}", self.seq)).unwrap(),
            from: Some(Label::new(from)),
            to: None,
            at: self.now.wall,
            kind,
            re: None,
            msg: Some(Body::new(text)),
        };
        self.said(Event::Message(Message { room: LogName::Room(RoomName::lobby()), entry }));
    }

    /// The first lines of a stretch of #ubuntu, with its joins and leaves.
    pub fn real_talk(&mut self, file: &str, lines: usize) {
        let path = format!("{}/../assets/talk/ubuntu-irc/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().take(lines) {
            if let Some(rest) = line.strip_prefix("=== ") {
                let name = [Label::new(rest.split(' ').next().unwrap())];
                if rest.contains("has joined") {
                    self.presence(&name, &[]);
                } else if rest.contains("has left") || rest.contains("has quit") {
                    self.presence(&[], &name);
                }
                continue;
            }
            let Some((_, said)) = line.split_once("] ") else { continue };
            self.pass(20_000);
            if let Some((name, text)) = said.strip_prefix('<').and_then(|said| said.split_once("> ")) {
                self.entry(name, text, Kind::Talk);
            } else if let Some((name, text)) =
                said.trim_start().strip_prefix("* ").and_then(|said| said.split_once(' '))
            {
                self.entry(name, text, Kind::Action);
            }
        }
    }

    /// Chinese lines by three people.
    pub fn chinese_talk(&mut self, lines: usize) {
        let path = format!("{}/../assets/talk/zh/lines.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for (line, name) in text.lines().take(lines).zip(["小明", "bob", "老王"].iter().cycle()) {
            self.say(name, line);
        }
    }

    pub fn presence(&mut self, joined: &[Label], left: &[Label]) {
        self.said(Event::Presence(Presence {
            room: RoomName::lobby(),
            members: 5,
            joined: joined.to_vec(),
            left: left.to_vec(),
            changed: Vec::new(),
        }));
    }

    pub fn presence_changed(&mut self, changed: &[Member]) {
        let (joined, left) = (Vec::new(), Vec::new());
        let presence = Presence { room: RoomName::lobby(), members: 5, joined, left, changed: changed.to_vec() };
        self.said(Event::Presence(presence));
    }

    pub fn held(&mut self, count: u64) {
        self.said(Event::Held { room: RoomName::lobby(), count });
    }

    /// The connection is lost; the next try comes in 4 seconds.
    pub fn down(&mut self) {
        let news = News::Down { loss: Loss::Closed, retry: Some(Duration::from_secs(4)) };
        self.happens(Happens::Link(news));
    }

    /// Everything that was queued is on disk.
    pub fn saved(&mut self) {
        for job in std::mem::take(&mut self.jobs) {
            if let Job::Queue(send, _) = job {
                self.happens(Happens::Stored(Written::Queued(send.id)));
            }
        }
    }

    pub fn pass(&mut self, millis: u64) {
        self.now.mono += millis;
        self.now.wall += millis;
        self.happens(Happens::Tick);
        // What has stood there for a second is read.
        self.happens(Happens::Tick);
    }

    pub fn focus(&mut self, has_focus: bool) {
        self.happens(Happens::Focus(has_focus));
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.happens(Happens::Resize(width, height));
    }

    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.happens(Happens::Key(KeyEvent::new(code, modifiers)));
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.key(KeyCode::Char(c), KeyModifiers::NONE);
        }
    }

    pub fn line(&mut self, text: &str) {
        self.type_text(text);
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    /// Presses keys by their names.
    pub fn press(&mut self, names: &str) {
        for key in keys::keys(names) {
            self.happens(Happens::Key(key));
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.happens(Happens::Paste(text.into()));
    }

    /// The whole screen.
    pub fn draw(&self) -> String {
        paint::screen(&self.app)
    }

    /// The rows of the log, without the blank ones below.
    pub fn log(&self) -> Vec<String> {
        let (buffer, _) = paint::frame(&self.app);
        let mut rows = paint::rows(&buffer, self.app.layout().unwrap().log);
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    /// What is typed.
    pub fn typed(&self) -> &str {
        self.app.current().unwrap().draft.text()
    }

    /// What the rule over the input line says.
    pub fn word(&self) -> &str {
        self.app.word.as_ref().map_or("", |(word, _)| word)
    }
}
