//! The server's disk: a journal whose commits take their time, fail, or are cut off by the end of the world above them.

use fastrand::Rng;
use server::{
    WallClock,
    ids::{LogId, SessionId},
    journal::{Asker, Batch, Done, HistoryQuery, InlineJournal, Journal, Op, Output, Page, Query, Settings, Stored},
};
use shared::{Entry, Epoch, Event, LogName, MessageId, Outgoing, Seq, request::Place};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// What the engine hands in, until its time has come.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inbox(Arc<Mutex<Handed>>);

#[derive(Debug, Default)]
struct Handed {
    ops: VecDeque<Vec<Op>>,
    queries: VecDeque<Query>,
}

impl Journal for Inbox {
    fn write(&mut self, ops: Vec<Op>) {
        self.0.lock().unwrap().ops.push_back(ops);
    }

    fn read(&mut self, query: Query) {
        self.0.lock().unwrap().queries.push_back(query);
    }
}

impl Inbox {
    pub(crate) fn is_empty(&self) -> bool {
        let handed = self.0.lock().unwrap();
        handed.ops.is_empty() && handed.queries.is_empty()
    }
}

/// An entry as it was committed, and who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) entry: Entry,
    pub(crate) room: LogName,
}

/// The journal, and what is known to be in it.
pub(crate) struct Disk {
    journal: Option<InlineJournal>,
    settings: Settings,
    inbox: Inbox,
    /// Everything that was ever committed, in order.
    pub(crate) logs: BTreeMap<LogId, Vec<Line>>,
    /// The logs of rooms.
    pub(crate) rooms: HashMap<LogName, LogId>,
    /// The inboxes of people.
    pub(crate) inboxes: HashMap<String, LogId>,
    /// Messages that were refused, whether their senders have heard of it or not.
    pub(crate) refused: BTreeSet<MessageId>,
    wall: Arc<AtomicU64>,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let wall = Arc::new(AtomicU64::new(0));
        let clock = wall.clone();
        let settings = Settings { wall: WallClock::new(move || clock.load(Ordering::Relaxed)), ..Settings::default() };
        let journal = Some(InlineJournal::new(&settings).unwrap());
        Self {
            journal,
            settings,
            inbox: Inbox::default(),
            logs: BTreeMap::new(),
            rooms: HashMap::new(),
            inboxes: HashMap::new(),
            refused: BTreeSet::new(),
            wall,
        }
    }

    pub(crate) fn set_time(&self, wall: u64) {
        self.wall.store(wall, Ordering::Relaxed);
    }

    /// A server starts over it.
    pub(crate) fn start(&mut self) -> (Inbox, Stored) {
        let (journal, stored) = self.journal.take().unwrap().reopen(&self.settings).unwrap();
        self.journal = Some(journal);
        self.inbox = Inbox::default();
        (self.inbox.clone(), stored)
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Does a part of what was handed in; what comes of it.
    pub(crate) fn step(&mut self, dice: &mut Rng) -> Vec<Output> {
        let mut outputs = Vec::new();
        let ops = self.take_ops(dice);
        if !ops.is_empty() {
            outputs.push(self.commit(ops));
        }
        let queries = std::mem::take(&mut self.inbox.0.lock().unwrap().queries);
        for query in queries {
            let page = self.journal.as_ref().unwrap().page(&query);
            outputs.push(Output::Page(query, page));
        }
        if dice.bool() {
            self.journal.as_mut().unwrap().tidy();
        }
        outputs
    }

    fn take_ops(&mut self, dice: &mut Rng) -> Vec<Op> {
        let handed = &mut self.inbox.0.lock().unwrap().ops;
        let count = dice.usize(0..=handed.len());
        handed.drain(..count).flatten().collect()
    }

    fn commit(&mut self, ops: Vec<Op>) -> Output {
        match self.journal.as_mut().unwrap().commit(ops) {
            Ok(batch) => {
                self.note(&batch);
                Output::Batch(batch)
            }
            Err(reason) => Output::Failed(reason),
        }
    }

    /// The commit that is under way fails: what became of it, nobody knows.
    pub(crate) fn fail(&mut self, dice: &mut Rng) -> Output {
        self.cut(dice);
        Output::Failed("the disk is broken".into())
    }

    /// The server is gone in the middle of a commit: it is there or it is not, and nobody is told.
    pub(crate) fn cut(&mut self, dice: &mut Rng) {
        let ops = self.take_ops(dice);
        if !ops.is_empty() && dice.bool() {
            drop(self.commit(ops));
        }
        self.inbox = Inbox::default();
    }

    pub(crate) fn fill(&mut self, is_full: bool) {
        self.journal.as_mut().unwrap().fill(is_full).unwrap();
    }

    fn note(&mut self, batch: &Batch) {
        for (op, done) in &batch.done {
            match (op, done) {
                (_, Done::Claimed(account)) => {
                    self.inboxes.insert(account.nickname.to_string(), account.inbox);
                }
                (Op::OpenRoom(_, room, ..), Done::Opened(log, _)) => {
                    self.rooms.insert(LogName::Room(room.clone()), *log);
                }
                (Op::Append(_, draft), Done::Refused) => drop(self.refused.insert(draft.id.clone())),
                (_, Done::Appended { entry, copy, .. }) => {
                    for new in std::iter::once(entry).chain(copy) {
                        let line = &batch.lines[new.line.clone()];
                        let Event::Message(message) = Outgoing::decode(line).unwrap().event else { panic!("{line:?}") };
                        let log = self.logs.entry(new.log).or_default();
                        assert_eq!(new.seq.get(), log.len() as u64 + 1, "numbers have no holes");
                        assert_eq!(message.entry.seq, new.seq);
                        log.push(Line { entry: message.entry, room: message.room });
                    }
                }
                _ => {}
            }
        }
    }

    /// What the journal has is what was ever committed.
    pub(crate) fn is_stored(&self) {
        for (log, lines) in &self.logs {
            let mut found = Vec::new();
            while found.len() < lines.len() {
                let after = Seq::new(found.len() as u64).unwrap();
                let query = HistoryQuery {
                    log: *log,
                    room: lines[0].room.clone(),
                    epoch: Epoch::parse("e").unwrap(),
                    first: Seq::FIRST,
                    head: Seq::new(lines.len() as u64).unwrap(),
                    place: Place::After(after),
                    limit: 200,
                };
                let asker = Asker { session: SessionId::default(), tag: None, room: None };
                let page = self.journal.as_ref().unwrap().page(&Query::History(asker, query));
                let Page::Answer(event) = page else { panic!("{page:?}") };
                let Event::History(history) = *event else { panic!("{event:?}") };
                assert!(!history.entries.is_empty(), "{log:?} has {} entries, not {}", found.len(), lines.len());
                found.extend(history.entries);
            }
            assert!(found.iter().eq(lines.iter().map(|line| &line.entry)), "{log:?} is not what was committed");
        }
    }

    /// The log that somebody calls by a name.
    pub(crate) fn log_of(&self, who: &str, room: &LogName) -> Option<LogId> {
        if *room == LogName::Inbox { self.inboxes.get(who) } else { self.rooms.get(room) }.copied()
    }

    pub(crate) fn line(&self, log: LogId, seq: Seq) -> Option<&Line> {
        let index = usize::try_from(seq.get()).unwrap().checked_sub(1)?;
        self.logs.get(&log)?.get(index)
    }

    pub(crate) fn head(&self, log: LogId) -> u64 {
        self.logs.get(&log).map_or(0, |lines| lines.len() as u64)
    }
}
