//! What must hold: at every event that reaches a client, and when everything has come to rest.

use crate::{client::Client, disk::Disk};
use client_tui::app::{App, conversation::Partner, outbox::Delivery};
use shared::{Entry, Event, Kind, LogName, Request, Seq, event::Joined, request::Destination, request::Start};
use std::collections::{HashMap, VecDeque};

/// What a connection is owed by what it has asked.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    joins: VecDeque<(LogName, Start)>,
    /// The last entry of each log that came, or was not to come.
    cursors: HashMap<LogName, Seq>,
    is_ignoring: bool,
}

impl Watch {
    pub(crate) fn asked(&mut self, request: &Request) {
        if let Request::Join { room, start } = request {
            self.joins.push_back((room.clone(), start.clone()));
        }
    }

    fn joined(&mut self, joined: &Joined) {
        let (room, start) = self.joins.pop_front().expect("a join was asked for");
        assert_eq!(room, joined.room, "joins are answered in order");
        let cursor = match &start.resume {
            Some((after, epoch)) if *epoch == joined.epoch => {
                assert!(*after <= joined.head, "{room} had {after} and has {} now", joined.head);
                *after
            }
            _ => joined.head.back(start.last).max(joined.first.previous()),
        };
        self.cursors.insert(room, cursor);
    }

    /// An event reaches a client.
    pub(crate) fn look(client: &mut Client, event: &Event, disk: &Disk) {
        let who = client.name.clone();
        let watch = &mut client.watch;
        match event {
            Event::Login(login) if login.success => watch.is_ignoring = login.ignoring == Some(true),
            Event::Ignore(ignore) => watch.is_ignoring = ignore.on,
            Event::Joined(joined) => {
                watch.joined(joined);
                let log = disk.log_of(&who, &joined.room).expect("a log that is joined is stored");
                assert!(joined.head.get() <= disk.head(log), "{who} is shown a head that is not stored");
            }
            Event::Left { room } => drop(watch.cursors.remove(room)),
            Event::Error(rejection) if rejection.request.as_deref() == Some("join") => drop(watch.joins.pop_front()),
            Event::Gap { room, .. } => panic!("{who} is told of a gap in {room}, where none is"),
            Event::Message(message) => {
                let (room, seq) = (&message.room, message.entry.seq);
                let cursor = watch.cursors.get_mut(room).expect("entries come behind a join");
                assert_eq!(seq, cursor.next(), "{who}: every entry of {room} comes once, in order");
                *cursor = seq;
                assert!(!watch.is_ignoring || *room == LogName::Inbox, "{who} is in ignore mode");
                let line = disk.log_of(&who, room).and_then(|log| disk.line(log, seq));
                let line = line.unwrap_or_else(|| panic!("{who} is shown {room} {seq}, which is not stored"));
                assert_eq!(line.entry, message.entry, "{who} is shown what is stored");
            }
            Event::Ack(ack) => {
                let line = disk.log_of(&who, &ack.room).and_then(|log| disk.line(log, ack.seq));
                let line = line.unwrap_or_else(|| panic!("{who} has an ack for {}, which is not stored", ack.id));
                assert_eq!((&line.entry.id, line.entry.at), (&ack.id, ack.at), "the ack names its entry");
            }
            _ => {}
        }
    }
}

/// True once nothing is to be waited for: everybody is connected, everything is said, everybody has everything.
pub(crate) fn is_at_rest(client: &Client, disk: &Disk) -> bool {
    let Some(app) = &client.app else { return false };
    let has_all = app.logs.iter().all(|(room, log)| {
        log.joined && disk.log_of(&client.name, room).is_some_and(|id| disk.head(id) == log.cursor.get())
    });
    client.is_up() && !app.ignoring && !client.has_jobs() && has_all && is_drained(app)
}

fn is_drained(app: &App) -> bool {
    app.outbox.messages().iter().all(|message| matches!(message.delivery, Delivery::Refused(_)))
}

/// Everything that a client was promised is there, once; and what it shows is the log.
pub(crate) fn is_whole(client: &Client, disk: &Disk) {
    let mut reached = HashMap::new();
    for send in &client.promised {
        let room = match &send.to {
            Destination::Room(room) => LogName::Room(room.clone()),
            Destination::Person(_) => LogName::Inbox,
        };
        let lines = disk.log_of(&client.name, &room).and_then(|log| disk.logs.get(&log)).into_iter().flatten();
        let said = lines.filter(|line| line.entry.id == send.id && is_from(&line.entry, client));
        let seqs: Vec<Seq> = said.map(|line| line.entry.seq).collect();
        // What was refused may have been sent again by the next run, if that had not written down the refusal.
        let is_refused = client.refused.contains(&send.id);
        assert!(seqs.len() == 1 || (seqs.is_empty() && is_refused), "{seqs:?} of {} of {}", send.id, client.name);
        // A refusal that its sender did not hear of is overtaken by what came behind it.
        if let (Some(seq), false) = (seqs.first(), is_refused || disk.refused.contains(&send.id)) {
            let before = reached.insert(format!("{:?}", send.to), *seq).unwrap_or_default();
            assert!(before < *seq, "{} of {} has overtaken another", send.id, client.name);
        }
    }
    let app = client.app.as_ref().unwrap();
    for (room, log) in &app.logs {
        let id = disk.log_of(&client.name, room).unwrap();
        for seq in (1..=log.cursor.get()).map(|n| Seq::new(n).unwrap()).filter(|seq| log.span.has(*seq)) {
            let stored = &disk.line(id, seq).unwrap().entry;
            if stored.kind == Kind::Redacted {
                continue;
            }
            // A conversation that was left shows nothing; one that was opened again, what came since.
            let mut shows = app.conversations.iter().filter(|conversation| {
                conversation.timeline.span().has(seq) && is_partner(&conversation.partner, room, stored, client)
            });
            assert!(
                shows.all(|conversation| conversation.timeline.entry(seq) == Some(stored)),
                "{seq} of {room} as {} sees it",
                client.name
            );
        }
        assert!(log.span.gaps().is_empty(), "{} was never told of a gap in {room}", client.name);
    }
}

fn is_partner(partner: &Partner, room: &LogName, entry: &Entry, client: &Client) -> bool {
    match partner {
        Partner::Room(name) => *room == LogName::Room(name.clone()),
        Partner::Person(name) => {
            let other = if is_from(entry, client) { &entry.to } else { &entry.from };
            *room == LogName::Inbox && other.as_ref() == Some(name)
        }
    }
}

fn is_from(entry: &Entry, client: &Client) -> bool {
    entry.from.as_deref() == Some(client.name.as_str())
}
