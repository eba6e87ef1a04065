//! A journal in memory.

use server::{
    ids::{LogId, PersonId, SessionId},
    journal::{Account, Asker, Committed, Done, Draft, GUEST_BLOCK, Hold, Kept, Op, Stored, StoredLog, Touched},
};
use shared::{
    Body, Entry, Epoch, ErrorCode, Event, Kind, Label, LogName, MessageId, Nickname, RoomName, Seq,
    event::{Message, encode},
    identity::PublicKey,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

pub(crate) type Heads = BTreeMap<LogId, u64>;

/// The journal: what it has is durable.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) logs: BTreeMap<LogId, Log>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) next_guest: i32,
    pub(crate) refusing: HashMap<(SessionId, LogId), MessageId>,
    /// The heads where the ignore mode of claimed nicknames began, and where the last one ended.
    pub(crate) began: HashMap<PersonId, Heads>,
    pub(crate) ended: HashMap<PersonId, Heads>,
    /// The last request of a session that became an entry of a log, and which request made which entry.
    pub(crate) order: HashMap<(SessionId, LogId), u64>,
    pub(crate) made: HashMap<(SessionId, LogId, MessageId), u64>,
    /// What became of the requests that were stored or refused here, by their number.
    pub(crate) results: HashMap<u64, Option<ErrorCode>>,
    /// Where a mark stood after the request that set it.
    pub(crate) marked: HashMap<u64, Seq>,
}

#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) room: Option<RoomName>,
    pub(crate) topic: String,
    pub(crate) epoch: Epoch,
    pub(crate) first: u64,
    entries: Vec<Arc<(PersonId, Entry, Vec<u8>)>>,
}

impl Log {
    fn new(room: Option<&str>, epoch: &str, first: u64, count: u64) -> Self {
        let room = room.map(|room| RoomName::parse(room).unwrap());
        let name = room.clone().map_or(LogName::Inbox, LogName::Room);
        let (topic, epoch) = (String::new(), Epoch::parse(epoch).unwrap());
        let mut log = Self { room, topic, epoch, first, entries: Vec::new() };
        for n in 0..count {
            let id = MessageId::parse(&format!("old{n}")).unwrap();
            log.push(PersonId(0), &name, Entry { seq: seq(log.head() + 1), msg: Some(Body::new("old")), ..blank(id) });
        }
        log
    }

    fn push(&mut self, sender: PersonId, room: &LogName, entry: Entry) {
        let line = encode(&Event::Message(Message { room: room.clone(), entry: entry.clone() }));
        if let (Kind::Topic, Some(msg)) = (&entry.kind, &entry.msg) {
            self.topic = msg.to_string();
        }
        self.entries.push(Arc::new((sender, entry, line)));
    }

    pub(crate) fn head(&self) -> u64 {
        self.first + self.entries.len() as u64 - 1
    }

    pub(crate) fn line(&self, seq: u64) -> &[u8] {
        &self.entries[usize::try_from(seq - self.first).unwrap()].2
    }

    pub(crate) fn find(&self, sender: PersonId, id: &MessageId) -> Option<&Entry> {
        self.entries.iter().rev().find(|e| e.0 == sender && e.1.id == *id).map(|e| &e.1)
    }

    /// The entries from the oldest on.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().map(|e| &e.1)
    }

    /// Retention takes the oldest entries.
    pub(crate) fn trim(&mut self, count: usize) {
        let gone = self.entries.drain(..count.min(self.entries.len())).count();
        self.first += gone as u64;
    }

    /// What is stored twice under one name.
    pub(crate) fn doubles(&self) -> usize {
        self.entries.len() - self.entries.iter().map(|e| (e.0, &e.1.id)).collect::<BTreeSet<_>>().len()
    }
}

pub(crate) fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

fn blank(id: MessageId) -> Entry {
    Entry { seq: Seq::ZERO, id, from: Some(Label::new("x")), to: None, at: 1, kind: Kind::Talk, re: None, msg: None }
}

/// A room with so many entries that resuming from its start is nearly too much, and one of which retention took a part.
pub(crate) static ROOMS: LazyLock<BTreeMap<LogId, Log>> = LazyLock::new(|| {
    let lobby = Log::new(Some("#lobby"), "lobby", 1, 998);
    BTreeMap::from([(LogId(1), lobby), (LogId(2), Log::new(Some("#old"), "old", 40, 6))])
});

impl Disk {
    pub(crate) fn heads(&self) -> Heads {
        self.logs.iter().map(|(id, log)| (*id, log.head())).collect()
    }

    pub(crate) fn stored(&mut self) -> Stored {
        let logs = self.logs.iter().filter(|(id, _)| id.0 > 0).map(|(id, log)| StoredLog {
            log: *id,
            room: log.room.clone(),
            epoch: log.epoch.clone(),
            first: seq(log.first),
            head: seq(log.head()),
            topic: log.topic.clone(),
        });
        let (next_guest, guests_end) = (self.next_guest, self.next_guest + GUEST_BLOCK);
        self.next_guest = guests_end;
        Stored { logs: logs.collect(), accounts: self.accounts.clone(), next_guest, guests_end, kept: Kept::default() }
    }

    fn account(&mut self, id: PersonId) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.person == id)
    }

    fn new_log(&mut self, room: Option<&RoomName>) -> (LogId, Epoch) {
        let id = LogId(self.logs.keys().last().map_or(1, |last| last.0.max(0) + 1));
        let log = Log::new(room.map(RoomName::as_str), &format!("e{}", id.0), 1, 0);
        let epoch = log.epoch.clone();
        self.logs.insert(id, log);
        (id, epoch)
    }

    pub(crate) fn claim(&mut self, nickname: &Nickname, key: &PublicKey) -> Account {
        let (inbox, epoch) = self.new_log(None);
        let person = PersonId(i64::try_from(self.accounts.len()).unwrap() + 1);
        let (nickname, key) = (nickname.clone(), *key);
        self.accounts.push(Account {
            person,
            nickname,
            key,
            inbox,
            epoch,
            hold: None,
            marks: BTreeMap::new(),
            seen: None,
        });
        self.accounts[self.accounts.len() - 1].clone()
    }

    /// One transaction; or a full disk.
    pub(crate) fn commit(&mut self, ops: Vec<Op>, is_full: bool, at: u64) -> Vec<(Op, Done)> {
        let mut done = Vec::new();
        for op in ops {
            let result = if is_full { self.refuse(&op) } else { self.store(&op, at) };
            if let Some(number) = op.asker().and_then(|asker| asker.tag.as_ref()?.as_str().parse().ok()) {
                self.results.insert(number, code(&op, &result));
            }
            done.push((op, result));
        }
        done
    }

    fn refuse(&mut self, op: &Op) -> Done {
        if let Op::Append(asker, draft) = op {
            self.refusing.entry((asker.session, draft.log)).or_insert_with(|| draft.id.clone());
        }
        Done::Unavailable
    }

    fn store(&mut self, op: &Op, at: u64) -> Done {
        match op {
            Op::Append(asker, draft) => return self.append(asker, draft, at),
            Op::OpenRoom(_, room, ..) => {
                let known = self.logs.iter().find(|(_, log)| log.room.as_ref() == Some(room));
                let known = known.map(|(id, log)| (*id, log.epoch.clone()));
                let (log, epoch) = known.unwrap_or_else(|| self.new_log(Some(room)));
                return Done::Opened(log, epoch);
            }
            Op::Claim(_, nickname, login, _) => {
                return Done::Claimed(self.claim(nickname, &login.proof.as_ref().unwrap().0));
            }
            Op::SetHold(None, person, Some(_)) if self.account(*person).unwrap().hold.is_none() => {}
            Op::SetHold(asker, person, hold) => self.set_hold(asker.is_some(), *person, hold.as_ref()),
            Op::SetMark(asker, person, log, seq, back) => {
                let mark = self.account(*person).unwrap().marks.entry(*log).or_default();
                *mark = if *back { *seq } else { *seq.max(mark) };
                let mark = *mark;
                if let Some(number) = asker.as_ref().and_then(|asker| asker.tag.as_ref()?.as_str().parse().ok()) {
                    self.marked.insert(number, mark);
                }
            }
            Op::Deed(..) => return Done::Changed(Touched::default()),
            Op::DropInbox(log) => drop(self.logs.remove(log)),
            Op::ReserveGuests(end) | Op::AdmitGuest(_, _, end, _) => self.next_guest = *end,
            Op::Ended(session) => self.refusing.retain(|(refused, _), _| refused != session),
        }
        Done::Stored
    }

    fn set_hold(&mut self, asked: bool, person: PersonId, hold: Option<&Hold>) {
        let heads = self.heads();
        match hold {
            Some(_) if asked => drop(self.began.entry(person).or_insert(heads)),
            Some(_) => {}
            None => {
                self.began.remove(&person);
                self.ended.insert(person, heads);
            }
        }
        self.account(person).unwrap().hold = hold.cloned();
    }

    fn append(&mut self, asker: &Asker, draft: &Draft, at: u64) -> Done {
        let key = (asker.session, draft.log);
        if let Some(known) = self.logs.get(&draft.log).and_then(|log| log.find(draft.sender, &draft.id)) {
            let name = |to: &Label| Nickname::parse(to).unwrap().key();
            let to = draft.to.as_ref().map(|(name, _)| name.key());
            let is_same = (known.to.as_ref().map(name), &known.kind, known.re) == (to, &draft.kind, draft.re);
            let is_known = is_same && known.msg == Some(Body::from(&draft.text));
            return if is_known { Done::Known(known.seq, known.at) } else { Done::IdReused };
        }
        if draft.refusal.is_some() {
            return Done::Refused;
        }
        if self.refusing.get(&key).is_some_and(|first| *first != draft.id) {
            return Done::Unavailable;
        }
        self.refusing.remove(&key);
        let number = asker.tag.as_ref().unwrap().as_str().parse().unwrap();
        let before = self.order.insert(key, number).unwrap_or(0);
        self.made.insert((asker.session, draft.log, draft.id.clone()), number);
        assert!(before < number, "the sends of a session get their seqs in its order");
        let entry = self.insert(draft, draft.log, draft.re, at);
        let copy = draft.to.as_ref().and_then(|(_, other)| *other).map(|other| self.insert(draft, other, None, at));
        if let Some(account) = self.account(draft.sender) {
            account
                .marks
                .entry(draft.log)
                .and_modify(|mark| *mark = if mark.next() == entry.seq { entry.seq } else { *mark });
        }
        Done::Appended { entry, copy, untopic: false }
    }

    fn insert(&mut self, draft: &Draft, id: LogId, re: Option<Seq>, at: u64) -> Committed {
        let log = self.logs.entry(id).or_insert_with(|| Log::new(None, "guest", 1, 0));
        let (seq, to) = (seq(log.head() + 1), draft.to.as_ref().map(|(name, _)| Label::new(name.as_str())));
        let (from, kind) = (Some(Label::new(draft.from.as_str())), draft.kind.clone());
        let entry =
            Entry { seq, from, to, at, kind, re, msg: Some(Body::from(&draft.text)), ..blank(draft.id.clone()) };
        log.push(draft.sender, &draft.room, entry);
        Committed { log: id, seq, at, line: 0..0 }
    }
}

/// With what a request is refused that was done so.
fn code(op: &Op, done: &Done) -> Option<ErrorCode> {
    match (op, done) {
        (_, Done::Unavailable) => Some(ErrorCode::JournalUnavailable),
        (_, Done::IdReused) => Some(ErrorCode::IdReused),
        (Op::Append(_, draft), Done::Refused) => draft.refusal.as_ref().map(|refusal| refusal.code.clone()),
        _ => None,
    }
}
