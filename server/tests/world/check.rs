//! A client checks everything it is told.

use super::{
    Expect, World,
    client::{Client, Rates, View, named},
};
use server::ids::{LogId, SessionId};
use shared::{
    Event, Kind, LogName, Nickname, Request, Seq,
    code::NoticeCode,
    event::{Ignore, Joined, Login as LoginAnswer},
    request::{Destination, Send, Start},
};
use std::collections::VecDeque;

/// The cursor rule of the wire: the first entry that is sent, and the gaps that are said before.
fn rule((first, head): (u64, u64), last: u64, resume: Option<(u64, bool)>) -> (u64, VecDeque<(u64, u64, bool)>) {
    let newest = head.saturating_sub(last).max(first - 1);
    let Some((after, is_known)) = resume else { return (newest + 1, VecDeque::new()) };
    if is_known && after > head {
        return (head + 1, VecDeque::from([(head, after + 1, true)]));
    }
    if !is_known && (head, after) == (0, 0) {
        return (1, VecDeque::new());
    }
    let after = if is_known { after } else { 0 };
    let kept = after.max(first - 1);
    let cursor = if is_known && head - kept <= 1_000 { kept } else { newest };
    let mut gaps = VecDeque::new();
    if after < kept {
        gaps.push_back((after, first, true));
    }
    if kept < cursor || (!is_known && gaps.is_empty()) {
        gaps.push_back((kept, cursor + 1, false));
    }
    (cursor + 1, gaps)
}

/// The checks.
impl World {
    pub(crate) fn check(
        &mut self,
        id: SessionId,
        client: &mut Client,
        asked: Option<&(Option<Request>, Expect, u64)>,
        event: &Event,
    ) {
        let loud = !client.quiet;
        let request = asked.and_then(|(request, ..)| request.as_ref());
        if let Some((request, expect, number)) = asked {
            self.check_answer(request.as_ref(), expect, *number, event);
        }
        match (request, event) {
            (Some(Request::Login(_)), Event::Login(login)) => self.check_login(id, client, login),
            (Some(Request::Join { room, start }), Event::Joined(joined)) => {
                assert_eq!(*room, joined.room);
                self.check_joined(id, client, start, joined);
            }
            (Some(Request::Leave { room }), Event::Left { .. }) => drop(client.views.remove(room)),
            (Some(Request::Send(send)), Event::Ack(ack)) => {
                assert_eq!((&send.id, room_of(send)), (&ack.id, ack.room.as_str()));
                let entry = self.sent(client, send, &ack.room).expect("committed before its ack");
                assert_eq!((entry.0, entry.1), (ack.seq.get(), ack.at), "one id, one entry");
            }
            (None, Event::Message(message)) => {
                let view = client.views.get_mut(&message.room).expect("a message behind joined");
                let held = client.ignoring && loud && message.room != LogName::Inbox;
                assert!(!held, "told while ignoring: {event:?}");
                assert!(view.gaps.is_empty(), "the gap comes first: {view:?}");
                assert_eq!(message.entry.seq.get(), view.next, "every entry once, in order");
                view.next += 1;
                if let (Kind::Topic, Some(topic)) = (&message.entry.kind, &view.topic)
                    && message.entry.seq.get() > view.head
                {
                    let new = message.entry.msg.as_ref().map_or(topic.as_str(), |msg| msg.as_str());
                    view.topic = Some(shared::Label::new(new).to_string());
                }
            }
            (None, Event::Gap { room, after, before, lost }) => {
                let view = client.views.get_mut(room).expect("a gap behind joined");
                assert_eq!(view.gaps.pop_front(), Some((after.get(), before.get(), *lost)), "of {room}");
                if before.get() > view.head + 1 {
                    view.topic = None;
                }
            }
            (_, Event::Ignore(ignore)) => self.check_ignore(client, ignore),
            (None, Event::Held { room, count }) => {
                assert!(client.ignoring && loud, "nothing is held");
                let view = client.views.get_mut(&LogName::Room(room.clone())).expect("a room that it is in");
                let at = self.now.mono;
                assert!(view.held.is_none_or(|(told, _)| told + 1_000 <= at), "at most once a second");
                view.held = Some((at, *count));
                let held = client.held_from.get(&view.log).map(|from| self.hub.head(view.log).get() - from);
                assert!(held.is_none_or(|held| held == *count), "{held:?} is {count}");
            }
            (_, Event::Read { room, seq }) => {
                self.check_mark(&client.nickname, client.claimed, room, seq.get());
                client.views.entry(room.clone()).and_modify(|view| view.read = Some(seq.get()));
            }
            (_, Event::Away { on }) => self.note_away(client, *on),
            (None, Event::Presence(presence)) => {
                client.presence(presence, self.now.mono < self.started + 61_000);
            }
            (None, Event::Roster { room, members, roster }) => client.roster(room, *members, roster),
            (None, Event::Notice(notice)) => {
                assert_eq!(notice.code, NoticeCode::SlowedDown);
                assert!(!client.exempt && !std::mem::replace(&mut client.slowed_down, true), "said once");
            }
            (Some(Request::Search { .. }), Event::Search(page)) => client.next.clone_from(&page.next),
            (Some(Request::Hello { .. }), Event::Welcome(_))
            | (Some(Request::Ls { .. }), Event::Ls(_))
            | (Some(Request::Rooms { .. }), Event::Rooms(_))
            | (Some(Request::History { .. }), Event::History(_))
            | (Some(Request::Help), Event::Help { .. })
            | (Some(Request::Ping), Event::Pong) => {}
            (_, Event::Error(_)) if asked.is_some() => {}
            other => panic!("not an answer to it: {other:?}"),
        }
    }

    /// What one of many keeps.
    pub(crate) fn overhear(
        &mut self,
        id: SessionId,
        client: &mut Client,
        asked: Option<&(Option<Request>, Expect, u64)>,
        event: &Event,
    ) {
        let request = asked.and_then(|(request, ..)| request.as_ref());
        match (request, event) {
            (_, Event::Login(login)) => self.check_login(id, client, login),
            (Some(Request::Join { start, .. }), Event::Joined(joined)) => self.check_joined(id, client, start, joined),
            (_, Event::Left { room }) => drop(client.views.remove(room)),
            (_, Event::Ignore(ignore)) => client.ignoring = ignore.on,
            (_, Event::Away { on }) => self.note_away(client, *on),
            _ => {}
        }
    }

    fn note_away(&mut self, client: &Client, on: bool) {
        let person = client.person.unwrap();
        if on {
            self.away.insert(person)
        } else {
            self.away.remove(&person)
        };
    }

    /// An answer is the one that had to come.
    fn check_answer(&self, request: Option<&Request>, expect: &Expect, number: u64, event: &Event) {
        let stored = self.disk.results.get(&number).cloned().flatten();
        let code = match event {
            Event::Login(login) => {
                assert_eq!(login.success, login.code.is_none());
                login.code.clone()
            }
            Event::Error(error) => {
                assert!(request.is_none_or(|request| error.request.as_deref() == Some(request.name())), "{error:?}");
                if let Some(Request::Send(send)) = request {
                    // The room is repeated as it was sent.
                    let room = error.room.as_deref().and_then(|room| LogName::parse(room).ok());
                    assert_eq!((error.id.as_ref(), room), (Some(&send.id), LogName::parse(room_of(send)).ok()));
                }
                Some(error.code.clone())
            }
            _ => None,
        };
        let expected = match expect {
            Expect::Nothing | Expect::Any => panic!("no answer: {event:?}"),
            Expect::Event(expected) => {
                assert_eq!(**expected, *event, "the answer to {request:?}");
                None
            }
            Expect::Error(code) => Some(code.clone()),
            Expect::Login(code) => code.clone().or(stored),
            Expect::Done => stored,
            Expect::Draft(_) => {
                assert!(self.disk.results.contains_key(&number), "the journal is asked: {event:?}");
                stored
            }
        };
        assert_eq!(code, expected, "the answer to {request:?} is {event:?}");
        match (request, event) {
            (Some(Request::Ignore { on, until }), Event::Ignore(ignore)) => {
                assert_eq!((*on, until.filter(|_| *on)), (ignore.on, ignore.until));
            }
            (Some(Request::Read { room, seq, back }), Event::Read { room: said, seq: mark }) => {
                assert!(room == said && (*back || mark >= seq), "{seq} in {room} is {mark}");
                let stored = self.disk.marked.get(&number);
                assert!(stored.is_none_or(|stored| stored == mark), "{stored:?} is {mark}");
            }
            (Some(Request::Help), Event::Help { msg }) => assert!(!msg.is_empty()),
            _ => {}
        }
    }

    /// The seq and time of a message that is stored.
    fn sent(&self, client: &Client, send: &Send, room: &LogName) -> Option<(u64, u64)> {
        let log = self.disk.logs.get(&self.log_of(client, room)?)?;
        log.find(client.person?, &send.id).map(|entry| (entry.seq.get(), entry.at))
    }

    fn check_login(&mut self, id: SessionId, client: &mut Client, login: &LoginAnswer) {
        if !login.success {
            client.failed_logins += 1;
            return;
        }
        let person = self.hub.session(id).and_then(|session| session.person).unwrap();
        let account = self.disk.accounts.iter().find(|account| account.person == person);
        let inbox = account.map_or_else(|| LogId(i32::try_from(person.0).unwrap()), |account| account.inbox);
        let asked = login.inbox.as_ref().unwrap();
        assert_eq!((asked.first, asked.head), self.extent(inbox), "{login:?}");
        assert_eq!((login.claimed, asked.read.is_some()), (Some(account.is_some()), account.is_some()));
        client.person = Some(person);
        let per_s = [self.rules.sends_per_s, self.rules.queries_per_s];
        self.rates.entry(person).or_insert_with(|| Rates::new(per_s, self.now.mono));
        (client.inbox, client.inbox_epoch) = (Some(inbox), Some(asked.epoch.clone()));
        client.claimed = account.is_some();
        client.nickname = login.nickname.to_string();
        client.quiet = self.hub.session(id).unwrap().quiet;
        client.ignoring = login.ignoring.unwrap();
        assert_eq!(client.ignoring, self.disk.began.contains_key(&person), "the mode is kept");
        self.people.insert(person, Nickname::parse(&login.nickname).unwrap().order());
    }

    fn check_joined(&mut self, id: SessionId, client: &mut Client, start: &Start, joined: &Joined) {
        let follows = self.hub.session(id).unwrap().follows();
        let log = follows.iter().find(|follow| follow.room == joined.room).unwrap().log;
        let (first, head) = (joined.first.get(), joined.head.get());
        assert!(head <= self.hub.head(log).get());
        let resume = start.resume.as_ref().map(|(after, epoch)| (after.get(), *epoch == joined.epoch));
        let (next, gaps) = rule((first, head), start.last, resume);
        let roster = joined.roster.as_ref().map(|roster| roster.iter().map(named).collect());
        if let (LogName::Room(name), false) = (&joined.room, client.quiet) {
            self.grace.remove(&(client.person.unwrap(), name.clone()));
        }
        let read = joined.read.map(Seq::get);
        if let Some(read) = read {
            self.check_mark(&client.nickname, true, &joined.room, read);
        }
        assert_eq!(read.is_some(), client.claimed, "marks are for claimed nicknames");
        if client.ignoring && !client.claimed && joined.room != LogName::Inbox {
            client.held_from.entry(log).or_insert(head);
        }
        let held = client.views.get(&joined.room).and_then(|view| view.held);
        let (epoch, members, topic) = (joined.epoch.clone(), joined.members, Some(joined.topic.to_string()));
        let view = View { log, epoch, next, gaps, head, topic, members, roster, read, held };
        client.views.insert(joined.room.clone(), view);
    }

    fn check_mark(&mut self, me: &str, claimed: bool, room: &LogName, seq: u64) {
        let key = (me.to_owned(), room.clone());
        if claimed && self.marks.get(&key).is_some_and(|mark| seq < *mark) {
            let is_wanted = self.backs.contains(&(me.to_owned(), room.to_string(), seq));
            assert!(is_wanted, "{me} had read {:?} of {room}, and now {seq}", self.marks.get(&key));
        }
        self.marks.insert(key, seq);
    }

    fn check_ignore(&mut self, client: &mut Client, ignore: &Ignore) {
        let was_ignoring = std::mem::replace(&mut client.ignoring, ignore.on);
        if client.quiet || was_ignoring == ignore.on {
            return;
        }
        let here = self.disk.heads();
        let person = client.person.unwrap();
        let rooms = client.views.iter_mut().filter(|(room, _)| **room != LogName::Inbox).map(|(_, view)| view);
        if ignore.on {
            let began = self.disk.began.get(&person).unwrap_or(&here);
            client.held_from = rooms.map(|view| (view.log, began[&view.log])).collect();
            client.views.values_mut().for_each(|view| view.held = None);
            return;
        }
        let ended = self.disk.ended.get(&person).unwrap_or(&here);
        let mut held = Some(0);
        for view in rooms {
            let from = client.held_from.get(&view.log);
            held = held.zip(from).map(|(held, from)| held + ended[&view.log] - from);
            let extent = (self.disk.logs[&view.log].first, ended[&view.log]);
            let (next, gaps) = rule(extent, 50, Some((view.next - 1, true)));
            view.next = next;
            view.gaps.extend(gaps);
        }
        assert!(held.is_none() || held == ignore.held, "{held:?} were held: {ignore:?}");
    }
}

impl Client {
    /// It was told how much is held back, once there was time for that.
    pub(crate) fn check_held(&self, world: &World) {
        for view in self.views.values().filter(|_| self.ignoring && !self.quiet) {
            let Some(from) = self.held_from.get(&view.log) else { continue };
            let told = view.held.map_or(0, |(_, count)| count);
            assert_eq!(told, world.hub.head(view.log).get() - from, "what is held back is told");
        }
    }
}

/// The room that answers to a message name.
fn room_of(send: &Send) -> &str {
    match &send.to {
        Destination::Room(room) => room.as_str(),
        Destination::Person(_) => "@",
    }
}
