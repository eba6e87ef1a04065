//! Names of logs: rooms, and the inbox of the person who asks.

use crate::{
    limits,
    nickname::{fold, is_letter_or_digit, is_mark},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, sync::Arc};
use unicode_normalization::UnicodeNormalization;

/// Why a room's name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a room is # and 1 to 32 letters, digits, marks or -_.")]
pub struct RoomNameError;

/// A room's name: `#` and 1–32 code points of letters, digits, marks and `-_.`, case-folded and in NFC.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// Folds, normalises and checks a room's name.
    pub fn parse(text: &str) -> Result<Self, RoomNameError> {
        let name = text.strip_prefix('#').ok_or(RoomNameError)?;
        // No character of an allowed name takes more than 4 bytes, nor becomes less than a third when folded.
        if name.len() > limits::ROOM_CHARS * 12 {
            return Err(RoomNameError);
        }
        let normal: String = name.nfc().collect();
        let name: String = fold(&normal).nfc().collect();
        let allowed = |c| is_letter_or_digit(c) || "-_.".contains(c) || is_mark(c);
        if !(1..=limits::ROOM_CHARS).contains(&name.chars().count()) || !name.chars().all(allowed) {
            return Err(RoomNameError);
        }
        Ok(Self(format!("#{name}").into()))
    }

    /// The room that people meet in when nobody names one.
    pub fn lobby() -> Self {
        Self(limits::DEFAULT_ROOM.into())
    }

    /// The name with its `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which log a request or an event is about: a room, or `@`, the inbox of the session's person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogName {
    /// `@`: the log of one's direct messages.
    Inbox,
    /// A room.
    Room(RoomName),
}

impl LogName {
    /// `@`, or a room's name.
    pub fn parse(text: &str) -> Result<Self, RoomNameError> {
        if text == "@" { Ok(Self::Inbox) } else { RoomName::parse(text).map(Self::Room) }
    }

    /// `@`, or the room's name with its `#`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inbox => "@",
            Self::Room(room) => room.as_str(),
        }
    }
}

impl From<RoomName> for LogName {
    fn from(room: RoomName) -> Self {
        Self::Room(room)
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Writes both kinds of name as strings, and reads them with their checks.
macro_rules! as_string {
    ($name:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}
as_string!(RoomName);
as_string!(LogName);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rooms_are_folded_and_bounded() {
        assert_eq!(RoomName::parse("#Lobby").unwrap(), RoomName::lobby());
        assert_eq!(RoomName::parse("#大厅-2.x_").unwrap().as_str(), "#大厅-2.x_");
        for text in ["", "#", "lobby", "#a b", "##a", "@", "#🐈", "#a\n", &format!("#{}", "x".repeat(33))] {
            assert!(RoomName::parse(text).is_err(), "{text:?}");
        }
        assert!(RoomName::parse(&format!("#{}", "字".repeat(32))).is_ok());
        assert_eq!(LogName::parse("@"), Ok(LogName::Inbox));
    }

    proptest! {
        #[test]
        fn a_room_parses_to_itself(text in "#\\PC{0,40}|#[a-zA-ZßİſΣé\\x{300}-\\x{345}]{1,20}") {
            if let Ok(room) = RoomName::parse(&text) {
                prop_assert_eq!(RoomName::parse(room.as_str()), Ok(room.clone()));
            }
        }
    }
}
