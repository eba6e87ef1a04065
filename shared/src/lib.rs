//! The wire of Parlor: what clients and the server say to each other, and the values they say it with.
//!
//! Bytes come in through [`codec::LineCodec`] (native) or [`classic::Decoder`] (the PyChatting dialect) and become a
//! [`request::Incoming`] on the server or an [`event::Outgoing`] on the client. Nothing here does I/O, reads a clock or
//! knows a runtime; a value that exists is valid.

pub mod address;
pub mod classic;
pub mod code;
pub mod codec;
pub mod entry;
pub mod event;
mod form;
pub mod id;
pub mod identity;
mod json;
pub mod limits;
pub mod moderation;
pub mod network;
pub mod nickname;
pub mod request;
mod request_encode;
pub mod room;
pub mod text;

pub use address::Address;
pub use code::ErrorCode;
pub use entry::{Entry, Kind};
pub use event::{Event, Outgoing};
pub use id::{Epoch, MessageId, Seq, Tag, UnixMillis};
pub use nickname::Nickname;
pub use request::{Incoming, Rejection, Request};
pub use room::{LogName, RoomName};
pub use text::{Body, Label, Text};
