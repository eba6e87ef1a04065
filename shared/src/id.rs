//! Small validated values: numbers of entries, ids of messages, tags, epochs, times.

use crate::limits;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// Milliseconds since the Unix epoch, UTC. A label: order is [`Seq`] alone.
pub type UnixMillis = u64;

/// The number of an entry in its log: from 1, the previous one plus 1, below 2^53. 0 stands before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Seq(u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);
    /// The first entry.
    pub const FIRST: Self = Self(1);
    /// The highest there is.
    pub const LAST: Self = Self(limits::SEQ_END - 1);

    /// `None` if it is 2^53 or more.
    pub const fn new(number: u64) -> Option<Self> {
        if number < limits::SEQ_END { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one behind it. Stays at the highest there is.
    #[must_use]
    pub const fn next(self) -> Self {
        self.forward(1)
    }

    /// The one before it. 0 stays 0.
    #[must_use]
    pub const fn previous(self) -> Self {
        self.back(1)
    }

    /// `count` further on, at most the highest there is.
    #[must_use]
    pub const fn forward(self, count: u64) -> Self {
        let sum = self.0.saturating_add(count);
        if sum < limits::SEQ_END { Self(sum) } else { Self::LAST }
    }

    /// `count` back, at least 0.
    #[must_use]
    pub const fn back(self, count: u64) -> Self {
        Self(self.0.saturating_sub(count))
    }

    /// How many entries lie behind `earlier` up to this one; 0 if `earlier` is not earlier.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).ok_or_else(|| de::Error::custom("a seq is below 2^53"))
    }
}

/// Makes a short string newtype that can only be built valid.
macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $rule:expr, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(Box<str>);

        impl $name {
            /// What is allowed, in words for an error.
            pub const RULE: &'static str = $what;

            /// `None` if `text` is not allowed.
            pub fn parse(text: &str) -> Option<Self> {
                let rule: fn(&str) -> bool = $rule;
                rule(text).then(|| Self(text.into()))
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| de::Error::custom($what))
            }
        }
    };
}

token!(
    /// What its sender calls a message: unique for a sender and a room, so that sending it again makes no second entry.
    MessageId,
    |text| (1..=limits::MESSAGE_ID).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
    "1 to 64 of A-Z a-z 0-9 - _"
);
token!(
    /// What a client calls a request; its direct answer brings it back.
    Tag,
    |text| text.len() <= limits::TAG,
    "a string of at most 64 bytes"
);
token!(
    /// The name of a log's incarnation: another epoch, another log.
    Epoch,
    |text| text.len() <= limits::EPOCH,
    "a string of at most 64 bytes"
);
