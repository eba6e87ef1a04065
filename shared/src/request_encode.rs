//! Requests as lines: what a client writes.

use crate::{
    entry::Kind,
    limits,
    moderation::{Moderate, Role},
    nickname::Nickname,
    request::{Destination, Incoming, Login, Place, Request, Send, Start},
};
use serde::ser::{Serialize, SerializeMap, Serializer};

impl Incoming {
    /// The line, with its LF. A text or nickname that is none (it was parsed so) is written as an empty string.
    pub fn encode(&self) -> Vec<u8> {
        crate::event::encode(self)
    }
}

impl From<Request> for Incoming {
    fn from(request: Request) -> Self {
        Self { tag: None, request, sent_room: None }
    }
}

impl Serialize for Incoming {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.request.name())?;
        fields(&self.request, &mut map)?;
        optional(&mut map, "tag", self.tag.as_ref())?;
        map.end()
    }
}

fn fields<M: SerializeMap>(request: &Request, map: &mut M) -> Result<(), M::Error> {
    match request {
        Request::Hello { version, agent } => {
            map.serialize_entry("version", version)?;
            map.serialize_entry("agent", agent)
        }
        Request::Login(login) => login_fields(login, map),
        Request::Join { room, start } => {
            map.serialize_entry("room", room)?;
            start_fields(start, map)
        }
        Request::Leave { room } => map.serialize_entry("room", room),
        Request::Send(send) => send_fields(send, map),
        Request::Ignore { on, until } => {
            map.serialize_entry("on", on)?;
            optional(map, "until", until.as_ref())
        }
        Request::Away { on } => map.serialize_entry("on", on),
        Request::Read { room, seq, back } => {
            map.serialize_entry("room", room)?;
            map.serialize_entry("seq", seq)?;
            optional(map, "back", back.then_some(&true))
        }
        Request::Ls { room, after, limit } => {
            optional(map, "room", room.as_ref())?;
            optional(map, "after", after.as_ref())?;
            page(map, *limit)
        }
        Request::Rooms { after, limit } => {
            optional(map, "after", after.as_ref())?;
            page(map, *limit)
        }
        Request::History { room, place, limit } => {
            map.serialize_entry("room", room)?;
            match place {
                Place::Newest => {}
                Place::Before(seq) => map.serialize_entry("before", seq)?,
                Place::After(seq) => map.serialize_entry("after", seq)?,
                Place::At(at) => map.serialize_entry("at", at)?,
            }
            page(map, *limit)
        }
        Request::Search { text, room, limit, from } => {
            map.serialize_entry("text", text.as_ref().map_or("", |text| text.as_str()))?;
            optional(map, "room", room.as_ref())?;
            optional(map, "from", from.as_ref())?;
            page(map, *limit)
        }
        Request::Moderate(moderate) => moderate_fields(moderate, map),
        Request::Redact { id, room, re, reason } => {
            map.serialize_entry("room", room)?;
            map.serialize_entry("id", id)?;
            map.serialize_entry("re", re)?;
            optional(map, "reason", Some(reason).filter(|reason| !reason.is_empty()))
        }
        Request::Release | Request::Help | Request::Ping | Request::Pong | Request::Bye => Ok(()),
    }
}

fn moderate_fields<M: SerializeMap>(moderate: &Moderate, map: &mut M) -> Result<(), M::Error> {
    let Moderate { id, room, nickname, act } = moderate;
    map.serialize_entry("room", room)?;
    map.serialize_entry("id", id)?;
    map.serialize_entry("action", act.action.as_str())?;
    optional(map, "nickname", nickname.as_ref().map(Nickname::as_str).as_ref())?;
    optional(map, "network", act.network.map(|network| network.to_string()).as_ref())?;
    optional(map, "everywhere", act.everywhere.then_some(&true))?;
    optional(map, "address", act.address.then_some(&true))?;
    optional(map, "role", act.role.map(Role::as_str).as_ref())?;
    optional(map, "for_s", act.for_s.as_ref())?;
    optional(map, "reason", Some(&act.reason).filter(|reason| !reason.is_empty()))
}

fn login_fields<M: SerializeMap>(login: &Login, map: &mut M) -> Result<(), M::Error> {
    map.serialize_entry("nickname", &login.sent)?;
    if let Some((key, signature)) = &login.proof {
        map.serialize_entry("key", &key.to_string())?;
        map.serialize_entry("signature", &signature.to_string())?;
    }
    optional(map, "quiet", login.quiet.then_some(&true))?;
    optional(map, "invite", login.invite.as_ref())
}

fn start_fields<M: SerializeMap>(start: &Start, map: &mut M) -> Result<(), M::Error> {
    optional(map, "last", (start.last != limits::LAST_DEFAULT).then_some(&start.last))?;
    if let Some((after, epoch)) = &start.resume {
        map.serialize_entry("after", after)?;
        map.serialize_entry("epoch", epoch)?;
    }
    Ok(())
}

fn send_fields<M: SerializeMap>(send: &Send, map: &mut M) -> Result<(), M::Error> {
    match &send.to {
        Destination::Room(room) => map.serialize_entry("room", room)?,
        Destination::Person(nickname) => map.serialize_entry("nickname", nickname)?,
    }
    map.serialize_entry("id", &send.id)?;
    optional(map, "kind", (send.kind == Kind::Action).then_some(&send.kind))?;
    optional(map, "re", send.re.as_ref())?;
    map.serialize_entry("msg", send.text.as_ref().map_or("", |text| text.as_str()))
}

fn page<M: SerializeMap>(map: &mut M, limit: u64) -> Result<(), M::Error> {
    optional(map, "limit", (limit != limits::PAGE_DEFAULT).then_some(&limit))
}

fn optional<M: SerializeMap, T: Serialize + ?Sized>(
    map: &mut M,
    key: &'static str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, value))
}
