//! What must come of a request, known before the hub is asked.

use super::{Asked, Client, World};
use server::{
    ids::{LogId, PersonId, SessionId},
    journal::{HistoryQuery, Op, Query, SearchQuery, search_text::Position},
};
use shared::{
    ErrorCode, Event, LogName, Nickname, Request, RoomName, Seq,
    event::{Ls, Rooms},
    request::{Destination, Login, Send},
    text::TextError,
};
use std::collections::BTreeSet;

/// What must come of a request.
#[derive(Debug, Clone)]
pub(crate) enum Expect {
    /// No answer.
    Nothing,
    /// Whatever comes.
    Any,
    /// This answer.
    Event(Box<Event>),
    /// This refusal.
    Error(ErrorCode),
    /// Success; or what the journal says, if it is asked.
    Done,
    /// A login that is refused so; or what the journal says, if it is asked.
    Login(Option<ErrorCode>),
    /// A draft for the journal that is refused so if its id is new.
    Draft(Option<ErrorCode>),
}

fn text_code(error: TextError) -> ErrorCode {
    match error {
        TextError::Empty => ErrorCode::TextEmpty,
        TextError::TooLong { .. } => ErrorCode::TextTooLong,
    }
}

impl World {
    /// What must come of a line, and how many queries it costs.
    pub(crate) fn expect(&self, id: SessionId, line: &Asked) -> (Expect, u64) {
        let client = &self.clients[id];
        let request = match line {
            Ok(incoming) => &incoming.request,
            Err(rejection) => return (Expect::Error(rejection.code.clone()), 0),
        };
        let early = match request {
            Request::Bye if client.deaf => Expect::Nothing,
            _ if client.deaf => Expect::Any,
            Request::Hello { version: 1, .. } => Expect::Done,
            Request::Hello { .. } => Expect::Error(ErrorCode::VersionUnsupported),
            _ if !client.greeted => Expect::Error(ErrorCode::HelloFirst),
            Request::Login(login) => Expect::Login(self.login_refusal(client, login)),
            Request::Ping => Expect::Event(Box::new(Event::Pong)),
            Request::Help => Expect::Done,
            Request::Pong | Request::Bye => Expect::Nothing,
            _ if client.person.is_none() => Expect::Error(ErrorCode::NotLoggedIn),
            _ => return self.expect_inside(client, client.person.unwrap(), request),
        };
        (early, 0)
    }

    fn expect_inside(&self, client: &Client, me: PersonId, request: &Request) -> (Expect, u64) {
        let asks = |cost, expect| {
            let refusal = self.rates[&me].queries.refusal(cost, self.now.mono).filter(|_| !client.exempt);
            (refusal.map_or(expect, Expect::Error), cost)
        };
        let plain = match request {
            Request::Join { room, start } => {
                return asks(
                    1 + u64::from(start.last > 200),
                    self.join_refusal(client, me, room).map_or(Expect::Done, Expect::Error),
                );
            }
            Request::Send(send) => self.expect_send(client, send),
            Request::Read { room, seq, .. } => match self.log_of(client, room).filter(|_| is_in(client, room)) {
                None => Expect::Error(ErrorCode::NotInRoom),
                Some(log) if *seq > self.extent(log).1 => Expect::Error(ErrorCode::BadField),
                Some(_) => Expect::Done,
            },
            Request::Ls { room: Some(room), .. } if !self.is_there(client, room) => {
                Expect::Error(ErrorCode::RoomInvalid)
            }
            Request::Ls { room, after, limit } => {
                let limit = usize::try_from(*limit).unwrap();
                let mut people = room.as_ref().map_or_else(|| self.online(), |room| self.members(room));
                people.retain(|order, _| after.as_ref().is_none_or(|after| *order > after.order()));
                let more = people.len() > limit;
                let members = people.into_values().take(limit).collect();
                Expect::Event(Box::new(Event::Ls(Ls { room: room.clone(), members, more })))
            }
            Request::Rooms { after, limit } => {
                let limit = usize::try_from(*limit).unwrap();
                let mut rooms = self.rooms();
                rooms.retain(|room| after.as_ref().is_none_or(|after| room.room > *after));
                let more = rooms.len() > limit;
                rooms.truncate(limit);
                Expect::Event(Box::new(Event::Rooms(Rooms { rooms, more })))
            }
            Request::History { room, place, limit } => {
                let Some((log, epoch)) = self.readable(client, room) else {
                    return (Expect::Error(ErrorCode::RoomInvalid), 0);
                };
                let (first, head) = self.extent(log);
                let (room, place, limit) = (room.clone(), *place, *limit);
                let query = HistoryQuery { log, room, epoch, first, head, place, limit };
                return asks(1 + u64::from(query.limit > 100), Expect::Event(Box::new(self.disk.history(&query))));
            }
            Request::Search { text: Err(error), .. } => Expect::Error(text_code(*error)),
            Request::Search { text: Ok(text), room, limit, from } => {
                let position = from.as_deref().map(Position::parse);
                let Some(from) = position.map_or(Some(None), |position| position.map(Some)) else {
                    return (Expect::Error(ErrorCode::BadField), 0);
                };
                let names =
                    room.as_ref().map_or_else(|| self.own_logs(client, me), |room| BTreeSet::from([room.clone()]));
                let logs = names.into_iter().map(|name| {
                    let (log, _) = self.readable(client, &name)?;
                    let (first, head) = self.extent(log);
                    Some((log, name, first, head))
                });
                let Some(logs) = logs.collect::<Option<Vec<_>>>() else {
                    return (Expect::Error(ErrorCode::RoomInvalid), 0);
                };
                let query = SearchQuery { text: text.clone(), logs, limit: *limit, from };
                return asks(2, Expect::Event(Box::new(self.disk.search(&query))));
            }
            Request::Leave { room } => Expect::Event(Box::new(Event::Left { room: room.clone() })),
            Request::Away { on } => Expect::Event(Box::new(Event::Away { on: *on })),
            _ => Expect::Done,
        };
        (plain, 0)
    }

    fn login_refusal(&self, client: &Client, login: &Login) -> Option<ErrorCode> {
        if client.person.is_some() {
            return Some(ErrorCode::AlreadyLoggedIn);
        }
        let Ok(name) = &login.nickname else { return Some(ErrorCode::NicknameInvalid) };
        let key = login.proof.as_ref().map(|(key, _)| key);
        if let Some((key, signature)) = &login.proof
            && !key.verify_login(&[7; 32], b"", &login.sent, signature)
        {
            return Some(ErrorCode::BadSignature);
        }
        if let Some(account) = self.disk.accounts.iter().find(|account| account.nickname.is_same(name)) {
            let sessions = self.clients.values().filter(|other| other.person == Some(account.person)).count();
            let full = (sessions >= self.rules.sessions_per_person).then_some(ErrorCode::TooMany);
            return if Some(&account.key) == key { full } else { Some(ErrorCode::NicknameClaimed) };
        }
        self.names().any(|held| held.is_same(name) || held.look() == name.look()).then_some(ErrorCode::NicknameTaken)
    }

    /// Every name that is held, claimed or is being claimed.
    fn names(&self) -> impl Iterator<Item = &Nickname> {
        let claiming =
            self.queue.iter().filter_map(|op| if let Op::Claim(_, name, ..) = op { Some(name) } else { None });
        let here = self.clients.values().filter_map(|client| Some(&self.people.get(&client.person?)?.1));
        claiming.chain(here).chain(self.disk.accounts.iter().map(|account| &account.nickname))
    }

    fn join_refusal(&self, client: &Client, me: PersonId, room: &LogName) -> Option<ErrorCode> {
        let LogName::Room(name) = room else { return None };
        let full = !client.views.contains_key(room) && client.views.len() >= self.rules.rooms_per_session;
        let refused = if self.room(name).is_none() {
            full || self.disk.logs.values().filter(|log| log.room.is_some()).count() >= self.rules.rooms
        } else {
            let members = self.members(name);
            let is_new = !client.quiet && !members.contains_key(&self.people[&me]);
            full || (is_new && members.len() >= self.rules.members)
        };
        refused.then_some(ErrorCode::TooMany)
    }

    fn expect_send(&self, client: &Client, send: &Send) -> Expect {
        if let Err(error) = send.text {
            return Expect::Error(text_code(error));
        }
        let (log, refusal) = match &send.to {
            Destination::Room(room) => {
                let Some(log) = self.room(room) else { return Expect::Error(ErrorCode::NotInRoom) };
                let is_held = self.is_holding(client.person.unwrap(), Some(client)) && !client.quiet;
                let out = !client.views.contains_key(&LogName::Room(room.clone()));
                let held = is_held.then_some(ErrorCode::Ignoring);
                (log, if out { Some(ErrorCode::NotInRoom) } else { held })
            }
            Destination::Person(to) => {
                let accounts = self.disk.accounts.iter().map(|account| &account.nickname);
                let here = self.clients.values().filter_map(|client| Some(&self.people.get(&client.person?)?.1));
                let known = accounts.chain(here).any(|name| name.is_same(to));
                (client.inbox.unwrap(), (!known).then_some(ErrorCode::NoSuchUser))
            }
        };
        let beyond = send.re.is_some_and(|re| re > self.extent(log).1);
        Expect::Draft(refusal.or(beyond.then_some(ErrorCode::BadField)))
    }

    /// What goes to the journal is what was asked.
    pub(crate) fn check_op(&self, op: &Op) {
        let Op::Append(asker, draft) = op else { return };
        let client = &self.clients[asker.session];
        let (line, expect) = client.pending.back().unwrap();
        let Ok(Request::Send(send)) = line.as_ref().map(|incoming| &incoming.request) else { panic!("a send") };
        let Expect::Draft(refusal) = expect else { panic!("{expect:?}, but {op:?}") };
        assert_eq!(draft.refusal.as_ref().map(|refusal| &refusal.code), refusal.as_ref(), "{op:?}");
        assert_eq!((&draft.id, &draft.kind, draft.re), (&send.id, &send.kind, send.re));
        assert_eq!((Ok(&draft.text), Some(draft.sender)), (send.text.as_ref(), client.person));
        assert_eq!(draft.from, self.people[&draft.sender].1);
        match &send.to {
            Destination::Room(room) => {
                assert_eq!((Some(draft.log), draft.room.as_str()), (self.room(room), room.as_str()));
                assert!(draft.to.is_none());
            }
            Destination::Person(to) => {
                assert_eq!((Some(draft.log), &draft.room), (client.inbox, &LogName::Inbox));
                let (name, inbox) = draft.to.as_ref().unwrap();
                assert!(name.is_same(to), "{name} is {to}");
                let is_me = name.is_same(&self.people[&draft.sender].1);
                assert_eq!(inbox.is_none(), is_me || *refusal == Some(ErrorCode::NoSuchUser));
            }
        }
    }

    /// Pages are asked for of what is kept and may be shown.
    pub(crate) fn check_query(&self, query: &Query) {
        match query {
            Query::History(_, query) => assert_eq!((query.first, query.head), self.extent(query.log)),
            Query::Search(_, query) => {
                query.logs.iter().for_each(|(log, _, first, head)| assert_eq!((*first, *head), self.extent(*log)));
            }
            Query::Lines { .. } => {}
        }
    }

    /// The first and the last entry of a log.
    pub(crate) fn extent(&self, log: LogId) -> (Seq, Seq) {
        let log = self.disk.logs.get(&log);
        log.map_or((Seq::FIRST, Seq::ZERO), |log| (super::seq(log.first), super::seq(log.head())))
    }

    pub(crate) fn room(&self, name: &RoomName) -> Option<LogId> {
        self.disk.logs.iter().find(|(_, log)| log.room.as_ref() == Some(name)).map(|(id, _)| *id)
    }
}

fn is_in(client: &Client, room: &LogName) -> bool {
    *room == LogName::Inbox || client.views.contains_key(room)
}
