//! Lists and pages: who is here, which rooms there are, what was said.

use super::{Hub, Now, Refusal, may::Wish, person::Name, room::Room};
use crate::{
    ids::{LogId, PersonId},
    journal::{Asker, HistoryQuery, Query, SearchQuery, search_text::Position},
};
use shared::{
    ErrorCode, Event, LogName, Nickname, RoomName, Seq, Text,
    event::{Ls, Member, Room as Listed, Rooms},
    request::Place,
    text::{Body, Label},
};
use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

const HELP: &str = "One JSON object a line. hello (version 1), login (nickname), then: join, leave (room), \
broadcast (room, id, msg), sendto (nickname, id, msg), topic (room, id, msg), ignore, away (on), read (room, seq), \
ls, rooms, history (room), search (text), redact (room, id, re), moderate (room, id, action: kick, ban, unban, mute, \
unmute, slow, lock, unlock, grant or revoke; nickname, for_s, reason), release, ping, bye. Rooms start with #, @ is your inbox; ids are yours to choose.";

/// What a search costs, in pages of history.
const SEARCH_COST: u32 = 2;

/// What a page costs.
fn cost(limit: u64) -> u32 {
    1 + u32::from(limit > 100)
}

pub(super) fn help() -> Body {
    Body::new(HELP)
}

impl Hub {
    pub(super) fn ls(
        &mut self,
        asker: Asker,
        room: Option<&RoomName>,
        after: Option<&Nickname>,
        limit: u64,
        now: Now,
    ) -> Result<(), Refusal> {
        let page = match room {
            Some(name) => {
                if let Some(person) = self.sessions[asker.session].person {
                    self.may(person, Wish::Read, Some(name), now)?;
                }
                // Who follows a room quietly may ask who else is there, even if nobody is.
                let session = &self.sessions[asker.session];
                let is_there = |room: &&Room| self.is_alive(room) || session.follows_log(room.log);
                let known = self.rooms.get(name).filter(is_there).ok_or_else(|| no_room(name))?;
                page(&known.members, after, limit, |m| self.people[&m.person].member(m.sessions > 0))
            }
            None => page(&self.online, after, limit, |id| {
                let person = &self.people[id];
                person.member(person.loud_sessions().next().is_some())
            }),
        };
        let (members, more) = page;
        self.answer(asker, Event::Ls(Ls { room: room.cloned(), members, more }))
    }

    pub(super) fn list_rooms(&mut self, asker: Asker, after: Option<&RoomName>, limit: u64) -> Result<(), Refusal> {
        let start = after.map_or(Unbounded, Excluded);
        let mut alive = self.rooms.range::<RoomName, _>((start, Unbounded)).filter(|(_, room)| self.is_alive(room));
        let rooms = alive
            .by_ref()
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|(name, room)| Listed {
                room: name.clone(),
                members: room.members.len() as u64,
                topic: Label::new(&room.topic),
            })
            .collect();
        let more = alive.next().is_some();
        self.answer(asker, Event::Rooms(Rooms { rooms, more }))
    }

    /// A room without members and entries counts as not there.
    fn is_alive(&self, room: &Room) -> bool {
        !room.members.is_empty() || self.head(room.log) > Seq::ZERO
    }

    pub(super) fn history(
        &mut self,
        asker: Asker,
        person: PersonId,
        room: &LogName,
        place: Place,
        limit: u64,
        now: Now,
    ) -> Result<(), Refusal> {
        let log = self.readable(person, room, now)?;
        self.take_query(asker.session, cost(limit), now.mono)?;
        let known = &self.logs[&log];
        let query = HistoryQuery {
            log,
            room: room.clone(),
            epoch: known.epoch.clone(),
            first: known.first,
            head: known.head,
            place,
            limit,
        };
        self.query(asker.session, Query::History(asker, query));
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one request")]
    pub(super) fn search(
        &mut self,
        asker: Asker,
        person: PersonId,
        text: Text,
        room: Option<&LogName>,
        limit: u64,
        from: Option<&str>,
        now: Now,
    ) -> Result<(), Refusal> {
        let from = from
            .map(|from| {
                Position::parse(from).ok_or_else(|| {
                    Refusal::new(ErrorCode::BadField, "the field from is to be the next of a page before")
                })
            })
            .transpose()?;
        let names = match room {
            Some(room) => vec![room.clone()],
            None => self.own_logs(&asker, person),
        };
        let logs = names
            .into_iter()
            .map(|name| {
                let log = self.readable(person, &name, now)?;
                let known = &self.logs[&log];
                Ok((log, name, known.first, known.head))
            })
            .collect::<Result<_, Refusal>>()?;
        self.take_query(asker.session, SEARCH_COST, now.mono)?;
        self.query(asker.session, Query::Search(asker, SearchQuery { text, logs, limit, from }));
        Ok(())
    }

    /// The rooms that one is in, and the inbox.
    fn own_logs(&self, asker: &Asker, person: PersonId) -> Vec<LogName> {
        let follows = self.sessions[asker.session].follows.iter().map(|follow| follow.room.clone());
        let mut names: Vec<LogName> = follows.collect();
        names.extend(self.people[&person].rooms.iter().cloned().map(LogName::Room));
        names.push(LogName::Inbox);
        names.sort();
        names.dedup();
        names
    }

    /// The log of a room that one may read, or of one's inbox.
    fn readable(&self, person: PersonId, room: &LogName, now: Now) -> Result<LogId, Refusal> {
        if let LogName::Room(name) = room {
            self.may(person, Wish::Read, Some(name), now)?;
        }
        match room {
            LogName::Inbox => Ok(self.people[&person].inbox),
            LogName::Room(name) => self
                .rooms
                .get(name)
                .filter(|room| self.is_alive(room))
                .map(|room| room.log)
                .ok_or_else(|| no_room(name)),
        }
    }
}

fn no_room(name: &RoomName) -> Refusal {
    Refusal::new(ErrorCode::RoomInvalid, format!("there is no room {name}; joining it makes it"))
}

/// The items behind `after`, at most `limit`, and whether there are more.
fn page<T>(
    list: &BTreeMap<Name, T>,
    after: Option<&Nickname>,
    limit: u64,
    show: impl Fn(&T) -> Member,
) -> (Vec<Member>, bool) {
    let after = after.map(Nickname::order);
    let start = after.as_ref().map_or(Unbounded, Excluded);
    let mut rest = list.range::<(Box<str>, Nickname), _>((start, Unbounded)).map(|(_, item)| item);
    let members = rest.by_ref().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(show).collect();
    (members, rest.next().is_some())
}
