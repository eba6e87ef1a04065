//! One committed item of a log.

use crate::{
    code::codes,
    id::{MessageId, Seq, UnixMillis},
    text::{Body, Label},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

codes!(
    /// What an entry is.
    Kind {
        /// Plain talk; not written on the wire.
        Talk = "talk",
        /// `/me`.
        Action = "action",
        /// The room has a new topic, in `msg`.
        Topic = "topic",
        /// An act of moderation.
        Moderation = "moderation",
        /// Somebody took an entry out.
        Redact = "redact",
        /// A tombstone: the number, id and time of an entry whose text is gone.
        Redacted = "redacted",
    }
);

impl Kind {
    /// Plain talk needs no word on the wire.
    pub fn is_talk(&self) -> bool {
        *self == Self::Talk
    }
}

fn talk() -> Kind {
    Kind::Talk
}

/// A committed item of a log. `from` and `msg` are absent in a tombstone alone; `to` stands in inboxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in its log.
    pub seq: Seq,
    /// What its sender called it.
    pub id: MessageId,
    /// Who said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Label>,
    /// Whom it was said to, in an inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Label>,
    /// When it was committed.
    pub at: UnixMillis,
    /// What it is.
    #[serde(default = "talk", skip_serializing_if = "Kind::is_talk")]
    pub kind: Kind,
    /// The entry of the same log that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<Seq>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<Body>,
}
