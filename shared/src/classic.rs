//! The PyChatting dialect: bare JSON objects without any framing.
//!
//! In: a stream of concatenated JSON objects with any white space between them. Out: objects of at most
//! [`limits::CLASSIC_OBJECT`] bytes, for the other side reads 1,024 bytes and takes them for exactly one object.

use crate::{
    json::{Object, Value},
    limits,
    text::cut,
};
use serde::Serialize;

/// What the server says first, raw.
pub const GREETING: &str = "欢迎来到 Parlor!请输入你的昵称(不能带有空格)";

/// What a classic client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Take a nickname.
    Login(String),
    /// Say to the room.
    Broadcast(String),
    /// Say to one person.
    SendTo {
        /// To whom.
        nickname: String,
        /// What.
        text: String,
    },
    /// Who is online?
    Ls,
    /// How does it work?
    Help,
    /// Toggle ignore mode.
    Ignore,
    /// A native client has come late; this is its object.
    Hello(Vec<u8>),
}

/// What [`Decoder::next_item`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    /// A request.
    Request(Request),
    /// An object of an unknown type, or with a field that is missing or of a wrong kind.
    Unknown,
    /// What cannot become valid JSON; it is skipped to the next `{`.
    Malformed,
}

/// What a connection speaks, as its first object shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstObject {
    /// Not all of it is here yet.
    Incomplete,
    /// `login` with `msg`.
    Classic,
    /// Anything else, broken or not.
    Native,
}

/// Looks at the first object of a connection, which begins with `{`.
pub fn first_object(bytes: &[u8]) -> FirstObject {
    // A line of the wire ends there, and no object of a classic client goes over it: what comes behind decides nothing.
    let line_end = memchr::memchr(b'\n', bytes);
    let line = &bytes[..line_end.unwrap_or(bytes.len())];
    match object_end(line) {
        Some(end) => match std::str::from_utf8(&line[..end]).map(Object::parse) {
            Ok(Ok(object)) if crate::form::is_classic_login(&object) => FirstObject::Classic,
            _ => FirstObject::Native,
        },
        None if line_end.is_some() => FirstObject::Native,
        None => FirstObject::Incomplete,
    }
}

/// Splits the stream of a classic client. Keeps at most the beginning of one object.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// Takes what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next object. `None`: give more bytes.
    pub fn next_item(&mut self) -> Option<Item> {
        let blank = self.bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.bytes.drain(..blank);
        match self.bytes.first() {
            None => {
                self.bytes = Vec::new();
                None
            }
            Some(b'{') => match object_end(&self.bytes) {
                Some(end) => Some(self.object(end)),
                None if self.bytes.len() > limits::CLIENT_LINE || !self.can_become_valid() => {
                    self.bytes.drain(..1);
                    Some(self.skip())
                }
                None => None,
            },
            Some(_) => Some(self.skip()),
        }
    }

    /// What is left when the connection becomes native.
    pub fn into_rest(self) -> Vec<u8> {
        self.bytes
    }

    fn object(&mut self, end: usize) -> Item {
        let parsed = std::str::from_utf8(&self.bytes[..end]).ok().and_then(|text| Object::parse(text).ok());
        let item = parsed.map(|object| request(&object, &self.bytes[..end]));
        match item {
            Some(item) => {
                self.bytes.drain(..end);
                item.map_or(Item::Unknown, Item::Request)
            }
            None => {
                self.bytes.drain(..1);
                self.skip()
            }
        }
    }

    fn skip(&mut self) -> Item {
        let next = memchr::memchr(b'{', &self.bytes).unwrap_or(self.bytes.len());
        self.bytes.drain(..next);
        Item::Malformed
    }

    /// False if no further byte makes an object of this beginning.
    fn can_become_valid(&self) -> bool {
        let mut reader = serde_json::Deserializer::from_slice(&self.bytes).into_iter::<serde::de::IgnoredAny>();
        matches!(reader.next(), Some(Err(e)) if e.is_eof())
    }
}

/// Where the first object ends, by its braces outside of strings.
fn object_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, &byte) in bytes.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn request(object: &Object<'_>, bytes: &[u8]) -> Option<Request> {
    let text = |key| match object.get(key) {
        Some(Value::Text(text)) => Some(text.clone().into_owned()),
        _ => None,
    };
    Some(match text("type")?.as_str() {
        "login" => Request::Login(text("msg")?),
        "broadcast" => Request::Broadcast(text("msg")?),
        "sendto" => Request::SendTo { nickname: text("nickname")?, text: text("msg")? },
        "ls" => Request::Ls,
        "help" => Request::Help,
        "ignore" => Request::Ignore,
        "hello" => Request::Hello(bytes.to_vec()),
        _ => return None,
    })
}

/// What kind of object a classic client is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// The answer to `login`; has `success`.
    Login,
    /// Talk of the room.
    Broadcast,
    /// The answer to `ls`.
    Ls,
    /// The answer to `help`.
    Help,
    /// A direct message.
    Single,
    /// The answer to `ignore`; has `success`.
    Ignore,
    /// Of the server's own.
    SystemMsg,
}

/// An object for a classic client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    /// Its type.
    pub kind: Type,
    /// In `login` and `ignore`.
    pub success: Option<bool>,
    /// The text to display.
    pub msg: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    r#type: Type,
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    msg: &'a str,
}

impl Display {
    /// An object without `success`.
    pub fn new(kind: Type, msg: impl Into<String>) -> Self {
        Self { kind, success: None, msg: msg.into() }
    }

    /// An object with `success`.
    pub fn with_success(kind: Type, success: bool, msg: impl Into<String>) -> Self {
        Self { success: Some(success), ..Self::new(kind, msg) }
    }

    /// The objects to send, each at most [`limits::CLASSIC_OBJECT`] bytes: a longer text is split between characters.
    pub fn encode(&self) -> Vec<Vec<u8>> {
        let mut objects = Vec::new();
        let mut rest = self.msg.as_str();
        loop {
            let part = self.longest_part(rest);
            objects.push(self.object(part));
            rest = &rest[part.len()..];
            if rest.is_empty() {
                return objects;
            }
        }
    }

    /// Joins the text of `other` to this one, on a line of its own, if both fit in one object.
    pub fn join(&mut self, other: &Self) -> bool {
        if self.kind != other.kind || self.success.is_some() || other.success.is_some() {
            return false;
        }
        let joined = format!("{}\n{}", self.msg, other.msg);
        let fits = self.object(&joined).len() <= limits::CLASSIC_OBJECT;
        if fits {
            self.msg = joined;
        }
        fits
    }

    fn longest_part<'t>(&self, text: &'t str) -> &'t str {
        let mut part = cut(text, limits::CLASSIC_OBJECT);
        loop {
            let excess = self.object(part).len().saturating_sub(limits::CLASSIC_OBJECT);
            if excess == 0 {
                return part;
            }
            // A character takes at most 6 bytes as an escape.
            part = cut(part, part.len() - excess.div_ceil(6).max(1));
        }
    }

    fn object(&self, msg: &str) -> Vec<u8> {
        serde_json::to_vec(&Wire { r#type: self.kind, success: self.success, msg }).expect("plain strings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(chunks: &[&[u8]]) -> Vec<Item> {
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        for chunk in chunks {
            decoder.push(chunk);
            found.extend(std::iter::from_fn(|| decoder.next_item()));
        }
        found
    }

    #[test]
    fn objects_come_without_framing() {
        let stream = "{\"type\":\"login\",\"msg\":\"bob\"} {\"type\":\"ls\",\"msg\":null}\n\
                      {\"type\":\"broadcast\",\"msg\":\"} \\\" {\"}{\"type\":\"nonsense\"}"
            .as_bytes();
        let expected = [
            Item::Request(Request::Login("bob".into())),
            Item::Request(Request::Ls),
            Item::Request(Request::Broadcast("} \" {".into())),
            Item::Unknown,
        ];
        assert_eq!(items(&[stream]), expected);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(items(&bytes), expected);
    }

    #[test]
    fn what_is_broken_is_skipped_to_the_next_brace() {
        let found = items(&[b"hello {\"type\":\"ls\"} {broken {\"type\":\"help\"}"]);
        let ls = || Item::Request(Request::Ls);
        assert_eq!(found, [Item::Malformed, ls(), Item::Malformed, Item::Request(Request::Help)]);
    }

    #[test]
    fn the_first_object_tells_the_dialect() {
        assert_eq!(first_object(b"{\"type\":\"login\",\"msg\":\"a\"}"), FirstObject::Classic);
        assert_eq!(first_object(b"{\"type\":\"hello\",\"version\":1}\n"), FirstObject::Native);
        assert_eq!(first_object(b"{\"type\":\"login\",\"nickname\":\"a\"}"), FirstObject::Native);
        assert_eq!(first_object(b"{\"type\":\"lo"), FirstObject::Incomplete);
        assert_eq!(first_object(b"{oops\n"), FirstObject::Native);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_pile_up(bytes in prop::collection::vec(prop_oneof![Just(b'{'), Just(b'"'), Just(b'}'), any::<u8>()], 0..300)) {
            let mut decoder = Decoder::default();
            for chunk in bytes.chunks(7) {
                decoder.push(chunk);
                while decoder.next_item().is_some() {}
                prop_assert!(decoder.bytes.len() <= limits::CLIENT_LINE);
            }
        }

        #[test]
        fn long_texts_arrive_whole_in_small_objects(text in "(?s).{0,3000}") {
            let mut whole = String::new();
            for object in Display::new(Type::Broadcast, text.clone()).encode() {
                prop_assert!(object.len() <= limits::CLASSIC_OBJECT);
                let value: serde_json::Value = serde_json::from_slice(&object).unwrap();
                whole += value["msg"].as_str().unwrap();
            }
            prop_assert_eq!(whole, text);
        }
    }
}
