//! A line's fields, asked for by name and kind: what is wrong with one is said with its name.

use crate::{
    code::ErrorCode,
    entry::Kind,
    id::{Epoch, MessageId, Seq, Tag},
    identity::{LoginSignature, PublicKey},
    json::{Object, Value},
    limits,
    moderation::{Act, Action, FOR_S, Moderate, Role},
    nickname::Nickname,
    request::{Destination, Incoming, Login, Place, Rejection, Request, Send, Start},
    room::{LogName, RoomName},
    text::{Label, Text, TextError, cut},
};
use std::ops::RangeInclusive;

/// Reads one object as a request.
pub(crate) fn read(object: &Object<'_>) -> Result<Incoming, Rejection> {
    let form = Form(object);
    form.request().map_err(|(code, detail)| form.reject(code, &detail))
}

/// True if the object is a classic client's `login`, which has its nickname in `msg`.
pub(crate) fn is_classic_login(object: &Object<'_>) -> bool {
    matches!(object.get("type"), Some(Value::Text(text)) if text == "login") && object.get("msg").is_some()
}

type Refusal = (ErrorCode, String);

/// The fields of a line, asked for by name and kind.
struct Form<'o, 'a>(&'o Object<'a>);

impl Form<'_, '_> {
    fn request(&self) -> Result<Incoming, Refusal> {
        let request = match self.text("type")? {
            "hello" => Request::Hello {
                version: self.integer("version", 0..=u64::MAX)?,
                agent: Label::new(cut(self.text_or_none("agent")?.unwrap_or(""), limits::AGENT)),
            },
            "login" => Request::Login(self.login()?),
            "join" => Request::Join { room: self.log("room")?, start: self.start()? },
            "leave" => Request::Leave { room: self.log("room")? },
            "broadcast" => {
                let kind = self.kind()?;
                self.send(Destination::Room(self.room("room")?), kind, Text::parse)?
            }
            "topic" => self.send(Destination::Room(self.room("room")?), Kind::Topic, Text::parse_topic)?,
            "sendto" => {
                let kind = self.kind()?;
                self.send(Destination::Person(self.nickname("nickname")?), kind, Text::parse)?
            }
            "ignore" => {
                Request::Ignore { on: self.bool("on")?, until: self.integer_or_none("until", 0..=limits::SEQ_END)? }
            }
            "away" => Request::Away { on: self.bool("on")? },
            "read" => Request::Read {
                room: self.log("room")?,
                seq: self.seq("seq")?,
                back: self.bool_or_none("back")?.unwrap_or(false),
            },
            "ls" => Request::Ls {
                room: self.optional("room", Self::room)?,
                after: self.optional("after", Self::nickname)?,
                limit: self.limit(limits::LIST_MAX)?,
            },
            "rooms" => {
                Request::Rooms { after: self.optional("after", Self::room)?, limit: self.limit(limits::LIST_MAX)? }
            }
            "history" => Request::History {
                room: self.log("room")?,
                place: self.place()?,
                limit: self.limit(limits::HISTORY_MAX)?,
            },
            "search" => Request::Search {
                text: Text::parse(self.text("text")?),
                room: self.optional("room", Self::log)?,
                limit: self.limit(limits::SEARCH_MAX)?,
                from: self.text_or_none("from")?.map(str::to_owned),
            },
            "moderate" => Request::Moderate(Box::new(self.moderate()?)),
            "redact" => Request::Redact {
                id: self.token("id", MessageId::parse, MessageId::RULE)?,
                room: self.room("room")?,
                re: self.entry("re")?,
                reason: Act::reason(self.text_or_none("reason")?.unwrap_or("")),
            },
            "release" => Request::Release,
            "help" => Request::Help,
            "ping" => Request::Ping,
            "pong" => Request::Pong,
            "bye" => Request::Bye,
            other => {
                return Err((ErrorCode::UnknownType, format!("no request is called {:?}; see help", cut(other, 40))));
            }
        };
        let sent = self.text("room").ok().filter(|_| request.room().is_some_and(|room| room != "@"));
        let sent_room = sent.filter(|sent| request.room() != Some(*sent)).map(Into::into);
        Ok(Incoming { tag: self.optional("tag", Self::tag)?, request, sent_room })
    }

    fn login(&self) -> Result<Login, Refusal> {
        let sent = self.text("nickname")?;
        let key = self.optional("key", |form, key| form.token(key, PublicKey::parse, "32 bytes in base64url"))?;
        let signature =
            self.optional("signature", |form, key| form.token(key, LoginSignature::parse, "64 bytes in base64url"))?;
        let proof = match (key, signature) {
            (Some(key), Some(signature)) => Some((key, signature)),
            (None, None) => None,
            (Some(_), None) => return Err(missing("signature", "a login with a key is signed")),
            (None, Some(_)) => return Err(missing("key", "a signature needs its key")),
        };
        let quiet = self.bool_or_none("quiet")?.unwrap_or(false);
        // One that is none lets nobody in; that is not said here.
        let invite = self.text_or_none("invite")?.map(|invite| cut(invite, limits::INVITE).into());
        Ok(Login { sent: sent.into(), nickname: Nickname::parse(sent), proof, quiet, invite })
    }

    fn moderate(&self) -> Result<Moderate, Refusal> {
        let id = self.token("id", MessageId::parse, MessageId::RULE)?;
        let room = self.room("room")?;
        let action = self.token("action", Action::parse, "an act of moderation, as \"kick\"; see help")?;
        let network = self.optional("network", |form, key| {
            form.token(key, |text| text.parse().ok(), "a network, as \"10.0.0.0/8\"")
        })?;
        let nickname = self.optional("nickname", Self::nickname)?;
        match (action.has_target(), &nickname, network) {
            (true, None, None) => return Err(missing("nickname", "this is done to somebody")),
            (true, Some(_), Some(_)) => return Err(bad("network", "alone, without a nickname")),
            (_, _, Some(_)) if !action.takes_network() => return Err(bad("network", "absent here")),
            (false, Some(_), _) => return Err(bad("nickname", "absent here")),
            _ => {}
        }
        let for_s = self.integer_or_none("for_s", 0..=FOR_S)?;
        match (action, for_s) {
            (Action::Slow, None) => return Err(missing("for_s", "the seconds between two messages; 0 ends it")),
            (Action::Ban | Action::Mute, Some(0)) => return Err(bad("for_s", "at least 1; absent: until it is ended")),
            (_, Some(_)) if !action.takes_time() => return Err(bad("for_s", "absent here")),
            _ => {}
        }
        let gives = matches!(action, Action::Grant | Action::Revoke);
        let role = self.optional("role", |form, key| form.token(key, Role::parse, "\"moderator\" or \"owner\""))?;
        let role = if gives { Some(role.unwrap_or(Role::Moderator)) } else { None };
        let act = Act {
            action,
            everywhere: self.flag("everywhere", action.has_target() && !gives)?,
            address: self.flag("address", matches!(action, Action::Ban | Action::Mute) && network.is_none())?,
            network,
            role,
            for_s,
            reason: Act::reason(self.text_or_none("reason")?.unwrap_or("")),
        };
        Ok(Moderate { id, room, nickname, act })
    }

    /// A flag that may only be set in some places.
    fn flag(&self, key: &str, may_be: bool) -> Result<bool, Refusal> {
        let is_set = self.bool_or_none(key)?.unwrap_or(false);
        if is_set && !may_be { Err(bad(key, "absent here")) } else { Ok(is_set) }
    }

    /// The seq of an entry, which is at least 1.
    fn entry(&self, key: &str) -> Result<Seq, Refusal> {
        let seq = self.seq(key)?;
        if seq == Seq::ZERO { Err(bad(key, "the seq of an entry, from 1")) } else { Ok(seq) }
    }

    fn start(&self) -> Result<Start, Refusal> {
        let last = self.integer_or_none("last", 0..=limits::LAST_MAX)?.unwrap_or(limits::LAST_DEFAULT);
        let after = self.optional("after", Self::seq)?;
        let epoch = self.optional("epoch", |form, key| form.token(key, Epoch::parse, Epoch::RULE))?;
        let resume = match (after, epoch) {
            (Some(after), Some(epoch)) => Some((after, epoch)),
            (None, None) => None,
            (Some(_), None) => return Err(missing("epoch", "after and epoch go together")),
            (None, Some(_)) => return Err(missing("after", "after and epoch go together")),
        };
        Ok(Start { last, resume })
    }

    fn send(
        &self,
        to: Destination,
        kind: Kind,
        parse: fn(&str) -> Result<Text, TextError>,
    ) -> Result<Request, Refusal> {
        let id = self.token("id", MessageId::parse, MessageId::RULE)?;
        let re = if kind == Kind::Topic { None } else { self.optional("re", Self::entry)? };
        Ok(Request::Send(Send { id, to, kind, re, text: parse(self.text("msg")?) }))
    }

    fn kind(&self) -> Result<Kind, Refusal> {
        match self.text_or_none("kind")? {
            None => Ok(Kind::Talk),
            Some("action") => Ok(Kind::Action),
            Some(_) => Err(bad("kind", "\"action\", or absent")),
        }
    }

    fn place(&self) -> Result<Place, Refusal> {
        let before = self.optional("before", Self::seq)?.map(Place::Before);
        let after = self.optional("after", Self::seq)?.map(Place::After);
        let at = self.integer_or_none("at", 0..=limits::SEQ_END)?.map(Place::At);
        let mut places = [before, after, at].into_iter().flatten();
        match (places.next(), places.next()) {
            (_, Some(Place::At(_))) => Err(bad("at", "alone: one of before, after and at")),
            (_, Some(_)) => Err(bad("after", "alone: one of before, after and at")),
            (place, None) => Ok(place.unwrap_or(Place::Newest)),
        }
    }

    fn limit(&self, max: u64) -> Result<u64, Refusal> {
        Ok(self.integer_or_none("limit", 1..=max)?.unwrap_or(limits::PAGE_DEFAULT))
    }

    fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        if self.0.get(key).is_some() { read(self, key).map(Some) } else { Ok(None) }
    }

    fn text(&self, key: &str) -> Result<&str, Refusal> {
        match self.0.get(key) {
            Some(Value::Text(text)) => Ok(text),
            Some(_) => Err(bad(key, "a string")),
            None => Err(missing(key, "it must be there")),
        }
    }

    fn text_or_none(&self, key: &str) -> Result<Option<&str>, Refusal> {
        if self.0.get(key).is_some() { self.text(key).map(Some) } else { Ok(None) }
    }

    fn bool(&self, key: &str) -> Result<bool, Refusal> {
        match self.0.get(key) {
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(bad(key, "true or false")),
            None => Err(missing(key, "it must be there")),
        }
    }

    fn bool_or_none(&self, key: &str) -> Result<Option<bool>, Refusal> {
        self.optional(key, Self::bool)
    }

    fn integer(&self, key: &str, range: RangeInclusive<u64>) -> Result<u64, Refusal> {
        match self.0.get(key) {
            Some(Value::Integer(value)) => u64::try_from(*value).ok().filter(|value| range.contains(value)),
            Some(_) => None,
            None => return Err(missing(key, "it must be there")),
        }
        .ok_or_else(|| bad(key, &format!("an integer from {} to {}", range.start(), range.end())))
    }

    fn integer_or_none(&self, key: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Refusal> {
        self.optional(key, |form, key| form.integer(key, range))
    }

    fn seq(&self, key: &str) -> Result<Seq, Refusal> {
        let number = self.integer(key, 0..=limits::SEQ_END - 1)?;
        Seq::new(number).ok_or_else(|| bad(key, "below 2^53"))
    }

    fn token<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>, rule: &str) -> Result<T, Refusal> {
        parse(self.text(key)?).ok_or_else(|| bad(key, rule))
    }

    fn tag(&self, key: &str) -> Result<Tag, Refusal> {
        self.token(key, Tag::parse, Tag::RULE)
    }

    fn log(&self, key: &str) -> Result<LogName, Refusal> {
        LogName::parse(self.text(key)?).map_err(|e| (ErrorCode::RoomInvalid, format!("{key}: {e}; @ is the inbox")))
    }

    fn room(&self, key: &str) -> Result<RoomName, Refusal> {
        RoomName::parse(self.text(key)?).map_err(|e| (ErrorCode::RoomInvalid, format!("{key}: {e}")))
    }

    fn nickname(&self, key: &str) -> Result<Nickname, Refusal> {
        Nickname::parse(self.text(key)?).map_err(|e| (ErrorCode::NicknameInvalid, format!("{key}: {e}")))
    }

    /// A refusal of this line, with what of it could be read.
    fn reject(&self, code: ErrorCode, detail: &str) -> Rejection {
        let name = self.text("type").ok();
        let room = self.text("room").ok().filter(|room| LogName::parse(room).is_ok());
        Rejection {
            request: name.map(|name| Label::new(cut(name, limits::TAG))),
            id: self.text("id").ok().and_then(MessageId::parse),
            room: if name == Some("sendto") { Some("@") } else { room }.map(Label::new),
            tag: self.text("tag").ok().and_then(Tag::parse),
            ..Rejection::new(code, detail)
        }
    }
}

fn missing(key: &str, why: &str) -> Refusal {
    (ErrorCode::MissingField, format!("the field {key} is missing: {why}"))
}

fn bad(key: &str, rule: &str) -> Refusal {
    (ErrorCode::BadField, format!("the field {key} is to be {rule}"))
}
