//! What is spoken with each server. Every text has the same length and begins with three numbers of fixed width, so that
//! it is read the same way at the end of any line.

use memchr::memmem;

/// Bytes of every text.
pub(crate) const TEXT: usize = 100;
const PADDING: &[u8; 80] = b" the quick brown fox jumps over the lazy dog, and a hundred bytes are soon full.";
/// Where the numbers of a text end.
const SLOT: usize = 4;
const NUMBER: usize = SLOT + 8;
const MESSAGE: usize = NUMBER + 8;

/// The language of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Parlor's own.
    Parlor,
    /// Bare lines: the first one names the room, each other one is for everybody in it. Those are the lines that Parlor
    /// sends: what has to be copied is the same.
    Floor,
    /// IRC.
    Irc,
    /// NATS, with a room as a subject.
    Nats,
}

/// What a line from a server is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Somebody has said something.
    Said(Said),
    /// A message is accepted.
    Ack(u32),
    /// The room is there; in Parlor's dialect its last seq.
    Joined(u64),
    /// This has to be answered.
    Answer(Vec<u8>),
    /// It will not work.
    Refused,
    /// Nothing that matters here.
    Nothing,
}

/// A text as it has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    /// Which of the room's senders said it.
    pub(crate) slot: u32,
    /// The sender's number for it, from 1.
    pub(crate) number: u32,
    /// The number of the message among all.
    pub(crate) message: u32,
    /// Its place in the log, for Parlor.
    pub(crate) seq: Option<u64>,
}

impl Dialect {
    /// What is sent first.
    pub(crate) fn enter(self, nickname: &str, room: &str) -> Vec<u8> {
        match self {
            Self::Parlor => format!(
                "{{\"type\":\"hello\",\"version\":1}}\n{{\"type\":\"login\",\"nickname\":\"{nickname}\"}}\n\
                 {{\"type\":\"join\",\"room\":\"#{room}\",\"last\":0}}\n"
            ),
            Self::Floor => format!("{room}\n"),
            Self::Irc => format!("NICK {nickname}\r\nUSER {nickname} 0 * :{nickname}\r\n"),
            Self::Nats => format!("CONNECT {{\"verbose\":false}}\r\nSUB {room} 1\r\nPING\r\n"),
        }
        .into_bytes()
    }

    /// A message as it is sent.
    pub(crate) fn say(self, room: &str, nickname: &str, said: Said, out: &mut Vec<u8>) {
        let (head, tail) = match self {
            Self::Parlor => {
                let id = said.message;
                (format!("{{\"type\":\"broadcast\",\"room\":\"#{room}\",\"id\":\"n{id}\",\"msg\":\""), "\"}\n")
            }
            Self::Floor => {
                let (seq, id) = (said.message, said.message);
                let head = format!(
                    "{{\"type\":\"message\",\"room\":\"#{room}\",\"seq\":{seq},\"id\":\"n{id}\",\"from\":\"{nickname}\",\
                     \"at\":1790000000000,\"msg\":\""
                );
                (head, "\"}\n")
            }
            Self::Irc => (format!("PRIVMSG #{room} :"), "\r\n"),
            Self::Nats => (format!("PUB {room} {TEXT}\r\n"), "\r\n"),
        };
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(format!("{:04}{:08}{:08}", said.slot, said.number, said.message).as_bytes());
        out.extend_from_slice(PADDING);
        out.extend_from_slice(tail.as_bytes());
    }

    /// True if a sender gets what it says.
    pub(crate) fn echoes(self) -> bool {
        self != Self::Irc
    }

    /// Reads a line, without its LF.
    pub(crate) fn hear(self, line: &[u8], room: &str) -> Heard {
        match self {
            Self::Parlor => hear_parlor(line),
            Self::Floor if line == b"ready" => Heard::Joined(0),
            Self::Floor => said(line, 2, None),
            Self::Irc => hear_irc(line, room),
            Self::Nats if line.len() == TEXT + 1 => said(line, 1, None),
            Self::Nats if line.starts_with(b"PONG") => Heard::Joined(0),
            Self::Nats if line.starts_with(b"PING") => Heard::Answer(b"PONG\r\n".into()),
            Self::Nats if line.starts_with(b"-ERR") => Heard::Refused,
            Self::Nats => Heard::Nothing,
        }
    }
}

fn hear_parlor(line: &[u8]) -> Heard {
    let kind = line.get(9..).unwrap_or_default();
    if kind.starts_with(b"message\"") {
        said(line, 2, number_behind(line, b"\"seq\":"))
    } else if kind.starts_with(b"ack\"") {
        number_behind(line, b"\"id\":\"n").and_then(|id| u32::try_from(id).ok()).map_or(Heard::Refused, Heard::Ack)
    } else if kind.starts_with(b"joined\"") {
        Heard::Joined(number_behind(line, b"\"head\":").unwrap_or(0))
    } else if kind.starts_with(b"ping\"") {
        Heard::Answer(b"{\"type\":\"pong\"}\n".into())
    } else if kind.starts_with(b"error\"")
        || kind.starts_with(b"gap\"")
        || kind.starts_with(b"login\",\"success\":false")
    {
        Heard::Refused
    } else {
        Heard::Nothing
    }
}

fn hear_irc(line: &[u8], room: &str) -> Heard {
    if line.starts_with(b"PING") {
        return Heard::Answer([b"PONG", &line[4..], b"\n"].concat());
    }
    if line.starts_with(b"ERROR") {
        return Heard::Refused;
    }
    let words = line.split(|b| *b == b' ').nth(1).unwrap_or_default();
    match words {
        b"PRIVMSG" => said(line, 1, None),
        b"001" => Heard::Answer(format!("JOIN #{room}\r\n").into_bytes()),
        b"366" => Heard::Joined(0),
        b"433" | b"471" | b"405" => Heard::Refused,
        _ => Heard::Nothing,
    }
}

/// The text that ends so many bytes before the line's end.
fn said(line: &[u8], before_end: usize, seq: Option<u64>) -> Heard {
    let text = line.len().checked_sub(TEXT + before_end).and_then(|start| line.get(start..));
    let said = text.and_then(|text| {
        Some(Said {
            slot: number(&text[..SLOT])?,
            number: number(&text[SLOT..NUMBER])?,
            message: number(&text[NUMBER..MESSAGE])?,
            seq,
        })
    });
    said.map_or(Heard::Refused, Heard::Said)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number: u32, b| b.is_ascii_digit().then(|| number * 10 + u32::from(b - b'0')))
}

/// The number behind the first of these words.
fn number_behind(line: &[u8], word: &[u8]) -> Option<u64> {
    let digits = line[memmem::find(line, word)? + word.len()..].iter().take_while(|b| b.is_ascii_digit());
    Some(digits.fold(0, |number, b| number * 10 + u64::from(b - b'0')))
}
