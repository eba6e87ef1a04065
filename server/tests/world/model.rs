//! Who is where, as the clients and the disk say; and what a client builds from events against a fresh list.

use super::{Client, World};
use server::ids::{LogId, PersonId, SessionId};
use shared::{
    Epoch, Event, Label, LogName, Nickname, Request, RoomName, Seq,
    event::{Joined, Member, Room, State},
    limits,
};
use std::collections::{BTreeMap, BTreeSet};

type Order = (Box<str>, Nickname);

impl World {
    /// True while a person's ignore mode is on. `me`: a client that is not in its place.
    pub(crate) fn is_holding(&self, person: PersonId, me: Option<&Client>) -> bool {
        let mut clients = self.clients.values().chain(me);
        self.disk.began.contains_key(&person)
            || (person.is_guest() && clients.any(|client| client.person == Some(person) && client.ignoring))
    }

    fn listed(&self, people: BTreeMap<PersonId, bool>) -> BTreeMap<Order, Member> {
        let ignoring = self.clients.values().filter(|client| client.ignoring).filter_map(|client| client.person);
        let guests: BTreeSet<PersonId> = ignoring.filter(|id| id.is_guest()).collect();
        let named = people.into_iter().map(|(id, connected)| {
            let state = match connected {
                true if guests.contains(&id) || self.disk.began.contains_key(&id) => State::Ignoring,
                true if !self.away.contains(&id) => State::Online,
                _ => State::Away,
            };
            let order = self.people[&id].clone();
            let nickname = Label::new(order.1.as_str());
            (order, Member { nickname, state })
        });
        named.collect()
    }

    /// Who is in a room.
    pub(crate) fn members(&self, room: &RoomName) -> BTreeMap<Order, Member> {
        let name = LogName::Room(room.clone());
        let gone = self.grace.iter().filter(|((_, other), at)| other == room && **at > self.now.mono);
        let mut people: BTreeMap<PersonId, bool> = gone.map(|((id, _), _)| (*id, false)).collect();
        let loud = self.clients.values().filter(|client| !client.quiet && client.views.contains_key(&name));
        people.extend(loud.filter_map(|client| Some((client.person?, true))));
        self.listed(people)
    }

    /// Who is online.
    pub(crate) fn online(&self) -> BTreeMap<Order, Member> {
        let gone = self.grace.iter().filter(|(_, at)| **at > self.now.mono);
        let mut people: BTreeMap<PersonId, bool> = gone.map(|((id, _), _)| (*id, false)).collect();
        let loud = self.clients.values().filter(|client| !client.quiet);
        people.extend(loud.filter_map(|client| Some((client.person?, true))));
        self.listed(people)
    }

    /// The rooms that are there, by name.
    pub(crate) fn rooms(&self) -> Vec<Room> {
        let named = self.disk.logs.values().filter_map(|log| Some((log.room.clone()?, log)));
        let all = named.map(|(room, log)| {
            let members = self.members(&room).len() as u64;
            (log.head(), Room { members, topic: Label::new(&log.topic), room })
        });
        let mut rooms: Vec<Room> =
            all.filter(|(head, room)| *head > 0 || room.members > 0).map(|(_, room)| room).collect();
        rooms.sort_by(|a, b| a.room.cmp(&b.room));
        rooms
    }

    /// A room that is listed, or that the client follows though nobody is there.
    pub(crate) fn is_there(&self, client: &Client, room: &RoomName) -> bool {
        let follows = client.views.contains_key(&LogName::Room(room.clone()));
        self.room(room).is_some_and(|log| follows || self.extent(log).1 > Seq::ZERO || !self.members(room).is_empty())
    }

    /// A log that one may read.
    pub(crate) fn readable(&self, client: &Client, room: &LogName) -> Option<(LogId, Epoch)> {
        match room {
            LogName::Inbox => client.inbox.zip(client.inbox_epoch.clone()),
            LogName::Room(name) => {
                let log = self.room(name)?;
                let is_alive = self.extent(log).1 > Seq::ZERO || !self.members(name).is_empty();
                is_alive.then(|| (log, self.disk.logs[&log].epoch.clone()))
            }
        }
    }

    /// The rooms of a session and of its person, and the inbox.
    pub(crate) fn own_logs(&self, client: &Client, me: PersonId) -> BTreeSet<LogName> {
        let mine = self.clients.values().filter(|other| other.person == Some(me) && !other.quiet);
        let gone = self.grace.iter().filter(|((id, _), at)| *id == me && **at > self.now.mono);
        let rooms = mine.chain([client]).flat_map(|other| other.views.keys().cloned());
        rooms.chain(gone.map(|((_, room), _)| LogName::Room(room.clone()))).chain([LogName::Inbox]).collect()
    }

    /// What a client calls by a name; of two inboxes its own.
    pub(crate) fn log_of(&self, client: &Client, room: &LogName) -> Option<LogId> {
        match room {
            LogName::Room(name) => self.room(name),
            LogName::Inbox => client.inbox,
        }
    }

    /// A connection is over; if it broke, a claimed nickname counts as away for a while.
    pub(crate) fn gone(&mut self, id: SessionId) {
        let Some(client) = self.clients.remove(id) else { return };
        let Some(person) = client.person else { return };
        let others: Vec<&Client> = self.clients.values().filter(|other| other.person == Some(person)).collect();
        if others.is_empty() {
            self.away.remove(&person);
        }
        for room in client.views.keys().filter(|_| !client.quiet && client.claimed && !client.said_bye) {
            let is_last = !others.iter().any(|other| !other.quiet && other.views.contains_key(room));
            if let (LogName::Room(room), true) = (room, is_last) {
                self.grace.insert((person, room.clone()), self.now.mono + 60_000);
            }
        }
    }

    /// The roster of a `joined` is who is there.
    pub(crate) fn check_roster(&self, joined: &Joined) {
        let LogName::Room(name) = &joined.room else { return };
        let members: Vec<Member> = self.members(name).into_values().collect();
        assert_eq!(joined.members, members.len() as u64, "of {name}");
        // A crowd that has become small is named once that is told.
        assert!(joined.roster.as_ref().is_none_or(|roster| *roster == members), "{joined:?}");
    }

    /// Asks for something that is answered at once.
    pub(crate) fn look(&mut self, id: SessionId, request: Request) -> Event {
        self.ask(id, request);
        self.clients[id].heard.pop_back().expect("an answer").event
    }

    /// Lets presence be told, up to what is due within a second.
    pub(crate) fn tell_presence(&mut self) {
        for _ in 0..20 {
            if self.hub.next_deadline(self.now).is_none_or(|at| at > self.now.mono + 1_000) {
                return;
            }
            self.pass(1_001);
        }
        panic!("presence never ends");
    }

    /// What every client has built from events is what a fresh list says.
    pub(crate) fn verify(&mut self) {
        self.tell_presence();
        let rooms: BTreeMap<RoomName, Room> = self.rooms().into_iter().map(|room| (room.room.clone(), room)).collect();
        let known: BTreeSet<RoomName> = rooms.keys().cloned().collect();
        let mut fresh: BTreeMap<RoomName, Vec<Member>> = BTreeMap::new();
        for room in known {
            let members = self.all_members(Some(&room));
            fresh.insert(room, members);
        }
        // Each list is checked against the model when it comes.
        self.look(self.observer, Request::Rooms { after: None, limit: 500 });
        self.all_members(None);
        for client in self.clients.values().filter(|client| !client.deaf) {
            for (name, view) in &client.views {
                let LogName::Room(room) = name else { continue };
                let none = Vec::new();
                let members = fresh.get(room).unwrap_or(&none);
                assert_eq!(view.members, members.len() as u64, "{} counts {room}", client.nickname);
                match &view.roster {
                    Some(roster) => {
                        let built: BTreeMap<&str, State> =
                            roster.iter().map(|(name, state)| (&**name, *state)).collect();
                        let listed = members.iter().map(|member| (member.nickname.as_str(), member.state));
                        assert_eq!(built, listed.collect(), "{} knows who is in {room}", client.nickname);
                    }
                    None => assert!(members.len() > limits::ROSTER_AGAIN, "{room} is no crowd any more"),
                }
                assert!(view.roster.is_none() || members.len() <= limits::ROSTER_MAX, "{room} is a crowd");
                let is_up = view.next == self.hub.head(view.log).get() + 1 && view.gaps.is_empty();
                let listed = rooms.get(room).map_or("", |room| &room.topic);
                let topic = view.topic.as_deref().filter(|_| is_up);
                assert!(topic.is_none_or(|topic| topic == listed), "{topic:?} in {room} is {listed:?}");
            }
        }
        let idle: Vec<SessionId> = self
            .clients
            .iter()
            .filter(|(_, client)| client.is_idle() && !client.deaf)
            .map(|(id, _)| id)
            .take(8)
            .collect();
        for id in idle {
            self.look(id, Request::Rooms { after: None, limit: 500 });
            for room in self.clients[id].views.keys().cloned().collect::<Vec<_>>() {
                if let LogName::Room(room) = room {
                    self.look(id, Request::Ls { room: Some(room), after: None, limit: 500 });
                }
            }
        }
    }

    /// All pages of a list of people.
    fn all_members(&mut self, room: Option<&RoomName>) -> Vec<Member> {
        let (mut members, mut after): (Vec<Member>, _) = (Vec::new(), None);
        loop {
            match self.look(self.observer, Request::Ls { room: room.cloned(), after, limit: 500 }) {
                Event::Ls(page) => {
                    members.extend(page.members);
                    if !page.more {
                        return members;
                    }
                    after = members.last().map(|member| Nickname::parse(&member.nickname).unwrap());
                }
                other => panic!("no page but {other:?}"),
            }
        }
    }
}
