//! What clients ask. A line becomes an [`Incoming`] or a [`Rejection`] that says which field was wrong.

use crate::{
    code::ErrorCode,
    entry::Kind,
    form,
    id::{Epoch, MessageId, Seq, Tag, UnixMillis},
    identity::{LoginSignature, PublicKey},
    json::Object,
    moderation::Moderate,
    nickname::{Nickname, NicknameError},
    room::{LogName, RoomName},
    text::{Label, Text, TextError},
};
use serde::{Deserialize, Serialize};

/// A request with the name that the client gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Comes back in the direct answer.
    pub tag: Option<Tag>,
    /// What is asked.
    pub request: Request,
    /// The request's room as it was sent, where that is not its normal form: an error repeats it.
    pub sent_room: Option<Box<str>>,
}

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The first line of a native client.
    Hello {
        /// The version of the wire that it speaks.
        version: u64,
        /// What it is.
        agent: Label,
    },
    /// Takes a nickname.
    Login(Login),
    /// Follows a log.
    Join {
        /// Which.
        room: LogName,
        /// Where to start.
        start: Start,
    },
    /// Ends following.
    Leave {
        /// Which.
        room: LogName,
    },
    /// Keeps order in a room.
    Moderate(Box<Moderate>),
    /// Takes the text of an entry out of a room.
    Redact {
        /// What its sender calls it.
        id: MessageId,
        /// Which room.
        room: RoomName,
        /// Which entry.
        re: Seq,
        /// Why.
        reason: Box<str>,
    },
    /// Gives one's claimed nickname back.
    Release,
    /// Says something: `broadcast`, `topic` or `sendto`.
    Send(Send),
    /// Ignore mode on or off.
    Ignore {
        /// On or off.
        on: bool,
        /// When the server ends it.
        until: Option<UnixMillis>,
    },
    /// Away or back.
    Away {
        /// Away or not.
        on: bool,
    },
    /// How far the person has read.
    Read {
        /// Which log.
        room: LogName,
        /// The last entry read.
        seq: Seq,
        /// May move back.
        back: bool,
    },
    /// Who is in a room, or online.
    Ls {
        /// Absent: everybody online.
        room: Option<RoomName>,
        /// Those behind this name.
        after: Option<Nickname>,
        /// At most so many.
        limit: u64,
    },
    /// Which rooms there are.
    Rooms {
        /// Those behind this one.
        after: Option<RoomName>,
        /// At most so many.
        limit: u64,
    },
    /// A page of a log.
    History {
        /// Which log.
        room: LogName,
        /// Where.
        place: Place,
        /// At most so many.
        limit: u64,
    },
    /// Entries in which all words occur.
    Search {
        /// The words.
        text: Result<Text, TextError>,
        /// Absent: the rooms one is in, and the inbox.
        room: Option<LogName>,
        /// At most so many.
        limit: u64,
        /// Where the page before ended.
        from: Option<String>,
    },
    /// The protocol's own short help.
    Help,
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// Ends the connection.
    Bye,
}

/// Takes a nickname, as a guest or as its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The nickname as it was sent: this is what is signed.
    pub sent: Box<str>,
    /// The nickname, if it is one.
    pub nickname: Result<Nickname, NicknameError>,
    /// The owner's key and signature.
    pub proof: Option<(PublicKey, LoginSignature)>,
    /// A session that counts nowhere.
    pub quiet: bool,
    /// What lets one in where not everybody is.
    pub invite: Option<Box<str>>,
}

/// Where a `join` starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// At most so many of the newest entries.
    pub last: u64,
    /// Behind this entry of this incarnation.
    pub resume: Option<(Seq, Epoch)>,
}

/// A message on its way to become an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// What its sender calls it.
    pub id: MessageId,
    /// Where it goes.
    pub to: Destination,
    /// Talk, action or topic.
    pub kind: Kind,
    /// The entry that it replies to.
    pub re: Option<Seq>,
    /// Its text; checked after the login is.
    pub text: Result<Text, TextError>,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To a room.
    Room(RoomName),
    /// To a person's inbox, and to the sender's own.
    Person(Nickname),
}

/// Where a page of history lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The newest.
    Newest,
    /// Those just before this entry.
    Before(Seq),
    /// Those just behind this entry.
    After(Seq),
    /// From the first entry that is not older.
    At(UnixMillis),
}

/// Why a request is refused. Travels as the event `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The reason for programs.
    pub code: ErrorCode,
    /// The request's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Label>,
    /// The request's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// The request's room, as it was sent; `@` for a direct message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Label>,
    /// The reason in plain English.
    pub detail: Label,
    /// If the refusal is temporary: when to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// The request's tag.
    #[serde(default, skip)]
    pub tag: Option<Tag>,
}

impl Rejection {
    /// A refusal that belongs to no request that could be read.
    pub fn new(code: ErrorCode, detail: &str) -> Self {
        Self { code, request: None, id: None, room: None, detail: Label::new(detail), retry_ms: None, tag: None }
    }
}

impl Request {
    /// The request's `type`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Login(_) => "login",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Send(send) => send.name(),
            Self::Moderate(_) => "moderate",
            Self::Redact { .. } => "redact",
            Self::Release => "release",
            Self::Ignore { .. } => "ignore",
            Self::Away { .. } => "away",
            Self::Read { .. } => "read",
            Self::Ls { .. } => "ls",
            Self::Rooms { .. } => "rooms",
            Self::History { .. } => "history",
            Self::Search { .. } => "search",
            Self::Help => "help",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Bye => "bye",
        }
    }

    /// What its sender calls what is to become an entry.
    pub fn id(&self) -> Option<&MessageId> {
        match self {
            Self::Send(send) => Some(&send.id),
            Self::Moderate(moderate) => Some(&moderate.id),
            Self::Redact { id, .. } => Some(id),
            _ => None,
        }
    }

    /// True if it becomes an entry.
    pub fn is_send(&self) -> bool {
        self.id().is_some()
    }

    /// The request's room as an error repeats it.
    pub(crate) fn room(&self) -> Option<&str> {
        match self {
            Self::Join { room, .. } | Self::Leave { room } | Self::Read { room, .. } | Self::History { room, .. } => {
                Some(room.as_str())
            }
            Self::Send(send) => Some(send.room()),
            Self::Moderate(moderate) => Some(moderate.room.as_str()),
            Self::Redact { room, .. } => Some(room.as_str()),
            Self::Ls { room, .. } => room.as_ref().map(RoomName::as_str),
            Self::Search { room, .. } => room.as_ref().map(LogName::as_str),
            _ => None,
        }
    }
}

impl Send {
    fn name(&self) -> &'static str {
        match (&self.to, &self.kind) {
            (Destination::Person(_), _) => "sendto",
            (Destination::Room(_), Kind::Topic) => "topic",
            (Destination::Room(_), _) => "broadcast",
        }
    }

    fn room(&self) -> &str {
        match &self.to {
            Destination::Room(room) => room.as_str(),
            Destination::Person(_) => "@",
        }
    }
}

impl Incoming {
    /// Reads a client's line.
    pub fn parse(line: &[u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(line)
            .map_err(|e| Rejection::new(ErrorCode::BadJson, &format!("not UTF-8 behind byte {}", e.valid_up_to())))?;
        let object = Object::parse(text)
            .map_err(|e| Rejection::new(ErrorCode::BadJson, &format!("not one JSON object: {e}")))?;
        form::read(&object)
    }

    /// A refusal of this request.
    pub fn reject(&self, code: ErrorCode, detail: &str) -> Rejection {
        Rejection {
            request: Some(Label::new(self.request.name())),
            id: self.request.id().cloned(),
            room: self.sent_room.as_deref().or(self.request.room()).map(Label::new),
            tag: self.tag.clone(),
            ..Rejection::new(code, detail)
        }
    }
}
