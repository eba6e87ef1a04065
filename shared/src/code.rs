//! Codes of errors and notices. A client turns them into words in its person's language.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Makes an enum that travels as strings; what this version does not know is kept in `Other`.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// One that this version does not know.
            Other(Box<str>),
        }

        impl $name {
            /// Every one that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it travels.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::Other($crate::text::clean_line($crate::text::cut(text, 64)).into()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from(String::deserialize(deserializer)?.as_str()))
            }
        }
    };
}
pub(crate) use codes;

codes!(
    /// Why a request was refused.
    ErrorCode {
        /// Not one JSON object in valid UTF-8, nested at most 16 deep, each key once.
        BadJson = "bad_json",
        /// A `type` that is not in the wire.
        UnknownType = "unknown_type",
        /// A field that must be there is not.
        MissingField = "missing_field",
        /// A field of a wrong kind, range or alphabet.
        BadField = "bad_field",
        /// A line over the limit.
        LineTooLong = "line_too_long",
        /// A text over the limit.
        TextTooLong = "text_too_long",
        /// A text of nothing, or of white space alone.
        TextEmpty = "text_empty",
        /// Something before `hello`.
        HelloFirst = "hello_first",
        /// Something that needs a login first.
        NotLoggedIn = "not_logged_in",
        /// A second login.
        AlreadyLoggedIn = "already_logged_in",
        /// A version of the wire that the server does not speak.
        VersionUnsupported = "version_unsupported",
        /// A string that is no nickname.
        NicknameInvalid = "nickname_invalid",
        /// Somebody is here under that name, or under one that looks like it.
        NicknameTaken = "nickname_taken",
        /// That name belongs to a key.
        NicknameClaimed = "nickname_claimed",
        /// The signature does not fit key, challenge and nickname.
        BadSignature = "bad_signature",
        /// A string that is no room, or a room that is not there.
        RoomInvalid = "room_invalid",
        /// One must join the room first.
        NotInRoom = "not_in_room",
        /// Nobody of that name is online or has claimed it.
        NoSuchUser = "no_such_user",
        /// Talking to rooms is off in ignore mode.
        Ignoring = "ignoring",
        /// That id has been used for another message.
        IdReused = "id_reused",
        /// Too much in too short a time.
        SlowDown = "slow_down",
        /// The journal cannot take it now; nothing of it was stored.
        JournalUnavailable = "journal_unavailable",
        /// The server takes no more connections.
        ServerFull = "server_full",
        /// Too many rooms, members or sessions.
        TooMany = "too_many",
        /// Plain text is not served here.
        TlsRequired = "tls_required",
        /// Shut out.
        Banned = "banned",
        /// May not talk.
        Muted = "muted",
        /// May not do that.
        Forbidden = "forbidden",
        /// The server's own fault.
        Internal = "internal",
    }
);

codes!(
    /// What the server says on its own.
    NoticeCode {
        /// It ends; come back after `retry_ms`.
        Shutdown = "shutdown",
        /// Logs have changed under the session; connect anew.
        Restart = "restart",
        /// Sends are over the rate; they are read later.
        SlowedDown = "slowed_down",
        /// Put out of a room.
        Kicked = "kicked",
    }
);
