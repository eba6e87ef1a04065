//! A client that checks everything it is told.

use super::{World, disk::Heads};
use server::{
    ids::{LogId, PersonId, SessionId},
    journal::Op,
};
use shared::{
    Epoch, ErrorCode, Event, Incoming, LogName, Nickname, Outgoing, Request, Seq,
    event::{Ignore, Joined, Login as LoginAnswer, Member, Presence, State},
    request::{Send, Start},
};
use std::collections::{BTreeMap, VecDeque};

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

/// What a session has been told of a log since its last `joined`.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) log: LogId,
    pub(crate) epoch: Epoch,
    /// The seq that must come next, once these gaps are said.
    pub(crate) next: u64,
    pub(crate) gaps: VecDeque<(u64, u64, bool)>,
    pub(crate) roster: BTreeMap<String, State>,
    pub(crate) read: Option<u64>,
    held: Option<(u64, u64)>,
}

/// A session at the other end.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) nickname: String,
    pub(crate) claimed: bool,
    pub(crate) quiet: bool,
    pub(crate) person: Option<PersonId>,
    pub(crate) inbox: Option<LogId>,
    pub(crate) ignoring: bool,
    pub(crate) views: BTreeMap<LogName, View>,
    /// Where the mode holds back from, if that is known.
    pub(crate) held_from: Heads,
    /// What the hub has not taken yet, and what it has not answered yet.
    pub(crate) asked: VecDeque<Incoming>,
    pub(crate) pending: VecDeque<Incoming>,
    /// For dialogues.
    pub(crate) heard: VecDeque<Outgoing>,
}

/// The checks.
impl World {
    pub(crate) fn check(&mut self, id: SessionId, client: &mut Client, request: Option<&Request>, event: &Event) {
        let (me, loud) = (client.nickname.clone(), !client.quiet);
        match (request, event) {
            (Some(Request::Login(_)), Event::Login(login)) => self.check_login(id, client, login),
            (Some(Request::Join { room, start }), Event::Joined(joined)) => {
                assert_eq!(*room, joined.room);
                self.check_joined(id, client, start, joined);
            }
            (Some(Request::Leave { room }), Event::Left { .. }) => drop(client.views.remove(room)),
            (Some(Request::Send(send)), Event::Ack(ack)) => {
                assert_eq!(send.id, ack.id);
                let entry = self.sent(client, send, &ack.room).expect("committed before its ack");
                assert_eq!((entry.0, entry.1), (ack.seq.get(), ack.at), "one id, one entry");
            }
            (Some(Request::Send(send)), Event::Error(error)) => {
                let mut made = self.disk.made.iter().filter(|((from, _, made), _)| *from == id && *made == send.id);
                let room = LogName::parse(error.room.as_ref().unwrap()).unwrap();
                let made = made.find(|((_, log, _), _)| self.log(client, &room) == Some(*log)).map(|(_, made)| *made);
                let number = error.tag.as_ref().unwrap().as_str().parse().unwrap();
                // Stored by it or before it: then this is no answer to it.
                let may_be = matches!(error.code, ErrorCode::IdReused | ErrorCode::JournalUnavailable);
                assert!(made.is_none_or(|made| made > number || (made < number && may_be)), "{error:?}");
            }
            (None, Event::Message(message)) => {
                let view = client.views.get_mut(&message.room).expect("a message behind joined");
                let held = client.ignoring && loud && message.room != LogName::Inbox;
                assert!(!held, "told while ignoring: {event:?}");
                assert!(view.gaps.is_empty(), "the gap comes first: {view:?}");
                assert_eq!(message.entry.seq.get(), view.next, "every entry once, in order");
                view.next += 1;
            }
            (None, Event::Gap { room, after, before, lost }) => {
                let view = client.views.get_mut(room).expect("a gap behind joined");
                assert_eq!(view.gaps.pop_front(), Some((after.get(), before.get(), *lost)), "of {room}");
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
                self.check_mark(&me, client.claimed, room, seq.get());
                client.views.entry(room.clone()).and_modify(|view| view.read = Some(seq.get()));
            }
            (None, Event::Presence(presence)) => client.presence(presence),
            (Some(request), Event::Error(error)) => {
                assert_eq!(error.request.as_deref(), Some(request.name()));
                assert!(error.code != ErrorCode::Internal && !matches!(request, Request::Login(_)));
            }
            (Some(Request::Hello { .. }), Event::Welcome(_))
            | (Some(Request::Away { .. }) | None, Event::Away { .. })
            | (Some(Request::Ls { .. }), Event::Ls(_))
            | (Some(Request::Rooms { .. }), Event::Rooms(_))
            | (Some(Request::History { .. } | Request::Help), Event::Help { .. })
            | (None, Event::Notice(_)) => {}
            other => panic!("not an answer to it: {other:?}"),
        }
    }

    /// What a client calls by a name; of two inboxes its own.
    fn log(&self, client: &Client, room: &LogName) -> Option<LogId> {
        match room {
            LogName::Room(name) => self.hub.room_log(name),
            LogName::Inbox => client.inbox,
        }
    }

    /// The seq and time of a message that is stored.
    fn sent(&self, client: &Client, send: &Send, room: &LogName) -> Option<(u64, u64)> {
        let log = self.disk.logs.get(&self.log(client, room)?)?;
        log.find(client.person?, &send.id).map(|entry| (entry.seq.get(), entry.at))
    }

    fn check_login(&mut self, id: SessionId, client: &mut Client, login: &LoginAnswer) {
        let name = Nickname::parse(&client.nickname).unwrap();
        let is_claimed = self.disk.accounts.iter().any(|account| account.nickname.is_same(&name));
        let mut others = self.clients.values().filter(|other| other.person.is_some());
        let is_held = others.any(|other| Nickname::parse(&other.nickname).unwrap().is_same(&name));
        let is_claiming = self.queue.iter().any(|op| matches!(op, Op::Claim(_, other, _) if other.is_same(&name)));
        if client.claimed {
            assert!(login.success || !is_claimed, "the owner comes in: {login:?}");
        } else {
            assert_eq!(login.success, !is_claimed && !is_held && !is_claiming, "{login:?}");
        }
        if login.success {
            client.person = self.hub.session(id).and_then(|session| session.person);
            let person = client.person.unwrap();
            let account = self.disk.accounts.iter().find(|account| account.person == person);
            client.inbox =
                Some(account.map_or_else(|| LogId(i32::try_from(person.0).unwrap()), |account| account.inbox));
            client.ignoring = login.ignoring.unwrap();
            assert_eq!(client.ignoring, self.disk.began.contains_key(&person), "the mode is kept");
        }
    }

    fn check_joined(&mut self, id: SessionId, client: &mut Client, start: &Start, joined: &Joined) {
        let follows = self.hub.session(id).unwrap().follows();
        let log = follows.iter().find(|follow| follow.room == joined.room).unwrap().log;
        let (first, head) = (joined.first.get(), joined.head.get());
        assert!(head <= self.hub.head(log).get());
        let resume = start.resume.as_ref().map(|(after, epoch)| (after.get(), *epoch == joined.epoch));
        let (next, gaps) = rule((first, head), start.last, resume);
        let roster: BTreeMap<_, _> = joined.roster.iter().flatten().map(named).collect();
        assert_eq!(joined.members, roster.len() as u64, "{joined:?}");
        let read = joined.read.map(Seq::get);
        if let Some(read) = read {
            self.check_mark(&client.nickname, true, &joined.room, read);
        }
        assert_eq!(read.is_some(), client.claimed, "marks are for claimed nicknames");
        if client.ignoring && !client.claimed && joined.room != LogName::Inbox {
            client.held_from.entry(log).or_insert(head);
        }
        let held = client.views.get(&joined.room).and_then(|view| view.held);
        let view = View { log, epoch: joined.epoch.clone(), next, gaps, roster, read, held };
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

pub(crate) fn named(member: &Member) -> (String, State) {
    (member.nickname.to_string(), member.state)
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

    fn presence(&mut self, presence: &Presence) {
        let view = self.views.get_mut(&LogName::Room(presence.room.clone())).expect("a room that it is in");
        for name in &presence.left {
            view.roster.remove(name.as_str());
        }
        for name in &presence.joined {
            let before = view.roster.insert(name.to_string(), State::Online);
            assert!(before.is_none(), "{name} was here already: {presence:?}");
        }
        view.roster.extend(presence.changed.iter().map(named));
        assert_eq!(view.roster.len() as u64, presence.members, "{presence:?} with {:?}", view.roster);
    }
}
