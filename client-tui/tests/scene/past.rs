//! A lobby in which much was said before: numbered lines by bob and carol in turn, a minute apart.

use super::{MORNING, Scene};
use client_tui::{
    app::{Effect, Event as Happens, ring::Ring},
    locale::Locale,
    store::{Job, Written},
};
use shared::{
    Entry, Epoch, Event, Kind, LogName, MessageId, Request, RoomName, Seq,
    event::{History, Message},
    text::{Body, Label},
};

pub fn lobby() -> LogName {
    LogName::Room(RoomName::lobby())
}

pub fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

impl Scene {
    /// The server keeps these entries; the last fifty of them come with the login.
    pub fn with_past(width: u16, height: u16, first: u64, head: u64, read: Option<u64>) -> Self {
        let mut scene = Self::new(Locale::english(), width, height);
        (scene.first, scene.seq, scene.read) = (first, head, read);
        let mut scene = scene.logged_in();
        for number in (head.saturating_sub(50) + 1).max(first)..=head {
            scene.said(Event::Message(Message { room: lobby(), entry: past(number, head) }));
        }
        scene
    }

    /// The server answers a question for history.
    pub fn page(&mut self, from: u64, to: u64, more: bool) {
        let entries = (from..=to).map(|number| past(number, self.seq)).collect();
        let epoch = Epoch::parse("e").unwrap();
        self.said(Event::History(History { room: lobby(), epoch, entries, more }));
    }

    /// The store has these entries of before.
    pub fn kept(&mut self, room: LogName, entries: Vec<Entry>) {
        self.happens(Happens::Stored(Written::Page { room, entries }));
    }

    /// The texts of the log's rows, without time and name.
    pub fn texts(&self) -> Vec<String> {
        let text = |row: String| row.split_once("│ ").map_or(row.clone(), |(_, text)| text.to_owned());
        self.log().into_iter().map(text).collect()
    }

    /// Says something that replies to an entry.
    pub fn reply(&mut self, from: &str, re: u64, text: &str) {
        self.pass(60_000);
        self.seq += 1;
        let entry = Entry { re: Some(seq(re)), at: self.now.wall, ..entry(self.seq, from, text, 0) };
        self.said(Event::Message(Message { room: lobby(), entry }));
    }

    /// Somebody writes to alice alone, or alice to somebody.
    pub fn direct(&mut self, number: u64, from: &str, to: &str, text: &str) {
        let entry = Entry { to: Some(Label::new(to)), ..entry(number, from, text, self.now.wall) };
        self.said(Event::Message(Message { room: LogName::Inbox, entry }));
    }

    pub fn rings(&self) -> Vec<&Ring> {
        self.told.iter().filter_map(|told| if let Effect::Ring(ring) = told { Some(ring) } else { None }).collect()
    }

    /// The window's title.
    pub fn title(&self) -> String {
        self.app.title().unwrap_or_default()
    }

    /// The read marks that were moved, and whether back.
    pub fn marks(&self) -> Vec<(u64, bool)> {
        let mark = |request: &Request| match request {
            Request::Read { seq, back, .. } => Some((seq.get(), *back)),
            _ => None,
        };
        self.asked.iter().filter_map(mark).collect()
    }

    /// The texts that were put into the outbox.
    pub fn queued(&self) -> Vec<&str> {
        let sends = self.jobs.iter().filter_map(|job| if let Job::Queue(send, _) = job { Some(send) } else { None });
        sends.map(|send| send.text.as_ref().unwrap().as_str()).collect()
    }
}

/// One of the numbered lines, the head of which was said a minute before the scene begins.
pub fn past(number: u64, head: u64) -> Entry {
    let from = if number.is_multiple_of(2) { "bob" } else { "carol" };
    entry(number, from, &format!("line {number}"), MORNING - (head + 1 - number.min(head)) * 60_000)
}

fn entry(number: u64, from: &str, text: &str, at: u64) -> Entry {
    Entry {
        seq: seq(number),
        id: MessageId::parse(&format!("m{number}")).unwrap(),
        from: Some(Label::new(from)),
        to: None,
        at,
        kind: Kind::Talk,
        re: None,
        msg: Some(Body::new(text)),
    }
}
