//! What the server says. Written and read by the same types; everything a client may draw is cleaned when it is read.

use crate::{
    code::{ErrorCode, NoticeCode},
    entry::Entry,
    id::{Epoch, MessageId, Seq, Tag, UnixMillis},
    request::Rejection,
    room::{LogName, RoomName},
    text::Label,
};
use serde::{Deserialize, Serialize};

/// An event with the tag of the request that it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// What is said.
    #[serde(flatten)]
    pub event: Event,
    /// What the client called its request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
}

impl Outgoing {
    /// The line, with its LF.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a line from a server.
    pub fn decode(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }
}

/// `value` as a line with its LF.
///
/// # Panics
/// Never: the types of this module have string keys and no failing parts.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("events have string keys only");
    line.push(b'\n');
    line
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The answer to `hello`.
    Welcome(Welcome),
    /// The answer to `login`.
    Login(Login),
    /// The answer to `join`: what the room is now. Entries behind the cursor follow.
    Joined(Joined),
    /// A committed entry of a log that the session follows.
    Message(Message),
    /// A message of this session is committed.
    Ack(Ack),
    /// The answer to `leave`.
    Left {
        /// The room that was left.
        room: LogName,
    },
    /// Entries that are not sent: those strictly between `after` and `before`.
    Gap {
        /// Which log.
        room: LogName,
        /// The last entry before the gap.
        after: Seq,
        /// The first entry behind it.
        before: Seq,
        /// Nobody has them any more; else `history` does.
        lost: bool,
    },
    /// The person's ignore mode.
    Ignore(Ignore),
    /// How much ignore mode holds back in a room.
    Held {
        /// The room.
        room: RoomName,
        /// Entries since the mode began.
        count: u64,
    },
    /// The person said to be away, or to be back.
    Away {
        /// Away or not.
        on: bool,
    },
    /// How far the person has read a log.
    Read {
        /// The log.
        room: LogName,
        /// The last entry read.
        seq: Seq,
    },
    /// A page of people.
    Ls(Ls),
    /// A page of rooms.
    Rooms(Rooms),
    /// A page of a log.
    History(History),
    /// A page of hits.
    Search(Search),
    /// The protocol's own short help.
    Help {
        /// In plain English.
        msg: crate::text::Body,
    },
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// Who came, went or changed.
    Presence(Presence),
    /// Replaces what was known of who is in a room.
    Roster {
        /// The room.
        room: RoomName,
        /// Persons in it.
        members: u64,
        /// Who they are.
        roster: Vec<Member>,
    },
    /// The answer to `release`: the nickname is free again. The session ends.
    Release {
        /// It.
        nickname: Label,
    },
    /// What the server says on its own.
    Notice(Notice),
    /// A request was refused.
    Error(Box<Rejection>),
    /// A type that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The wire's version.
    pub version: u64,
    /// What the server is.
    pub agent: Label,
    /// 32 bytes that a login with a key signs; base64url without padding.
    pub challenge: String,
    /// Sizes that the server keeps.
    pub limits: Limits,
    /// What the operator has to say.
    pub motd: Label,
}

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A client's line.
    pub line: usize,
    /// A text.
    pub text: usize,
    /// A nickname.
    pub nickname: usize,
}

/// The answer to `login`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Logged in or not; `code` says why not.
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// The nickname: as it was claimed, or as it was sent.
    pub nickname: Label,
    /// It belongs to the session's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<bool>,
    /// Ignore mode is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignoring: Option<bool>,
    /// When ignore mode ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMillis>,
    /// The person's inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<Inbox>,
    /// Why not, for a person with netcat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Label>,
    /// If the refusal is temporary: when to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

/// Where a person's inbox stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// Its incarnation.
    pub epoch: Epoch,
    /// The first entry that is kept.
    pub first: Seq,
    /// The last entry; 0 if there is none.
    pub head: Seq,
    /// How far the person has read; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
}

/// What a room is at a `join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The log.
    pub room: LogName,
    /// Its incarnation.
    pub epoch: Epoch,
    /// The first entry that is kept.
    pub first: Seq,
    /// The last entry; 0 if there is none.
    pub head: Seq,
    /// How far the person has read; absent for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Seq>,
    /// What the room is about.
    pub topic: Label,
    /// Persons in it.
    pub members: u64,
    /// Who they are; absent in large rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<Vec<Member>>,
}

/// A person in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub nickname: Label,
    /// In which state.
    pub state: State,
}

/// How reachable a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Here.
    Online,
    /// In ignore mode.
    Ignoring,
    /// Said so, or its connection broke just now.
    Away,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A committed entry of a log that the session follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The log.
    pub room: LogName,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

/// A message of this session is committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// What its sender called it.
    pub id: MessageId,
    /// The log; `@` for a direct message.
    pub room: LogName,
    /// Its number there.
    pub seq: Seq,
    /// When it was committed.
    pub at: UnixMillis,
}

/// The person's ignore mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignore {
    /// On or off.
    pub on: bool,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMillis>,
    /// How many entries it held back in this session's rooms, when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ls {
    /// The room; absent: everybody online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// By nickname.
    pub members: Vec<Member>,
    /// There are more behind the last one.
    pub more: bool,
}

/// A page of rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// By name.
    pub rooms: Vec<Room>,
    /// There are more behind the last one.
    pub more: bool,
}

/// A room in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its name.
    pub room: RoomName,
    /// Persons in it.
    pub members: u64,
    /// What it is about.
    pub topic: Label,
}

/// A page of a log, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The log.
    pub room: LogName,
    /// Its incarnation.
    pub epoch: Epoch,
    /// What is in the page.
    pub entries: Vec<Entry>,
    /// There are more in the direction that was asked.
    pub more: bool,
}

/// A page of hits, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// What was found.
    pub entries: Vec<Message>,
    /// Goes back in as `from`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Who came, went or changed in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The room.
    pub room: RoomName,
    /// Persons in it now.
    pub members: u64,
    /// Who came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<Label>,
    /// Who went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Label>,
    /// Whose state is another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Member>,
}

/// What the server says on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What.
    pub code: NoticeCode,
    /// When it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_ms: Option<u64>,
    /// When to come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// Which room one was put out of; absent: the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Label>,
}

impl Notice {
    /// A notice that says no more than its code.
    pub fn new(code: NoticeCode) -> Self {
        Self { code, in_ms: None, retry_ms: None, room: None, detail: None }
    }
}
