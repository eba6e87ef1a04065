//! People without a screen: guests on the wire, what they say, and a server that means no good.

use super::{DEADLINE, Server};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Lines, Write},
    net::{TcpListener, TcpStream},
};

/// Messages that are sent before the answers are read.
const BURST: usize = 32;

/// Real talk of #ubuntu in 2004: texts without marks that fit into a row, each once.
pub fn talk() -> Vec<&'static str> {
    let lines = include_str!("../../../assets/talk/ubuntu-irc/2004-11-15_03.txt").lines();
    let texts = lines.filter_map(|line| line.strip_prefix('[')?.split_once("> ").map(|(_, text)| text.trim()));
    let is_plain =
        |text: &&str| (8..50).contains(&text.len()) && text.is_ascii() && !text.contains(['*', '_', '`', '/', '<']);
    let mut seen = HashSet::new();
    let texts: Vec<&str> = texts.filter(is_plain).filter(|text| seen.insert(*text)).collect();
    // No text is a part of another one: what is looked for on a screen is what was said.
    texts.iter().filter(|text| texts.iter().filter(|other| other.contains(**text)).count() == 1).copied().collect()
}

/// A guest.
pub struct Guest {
    stream: TcpStream,
    lines: Lines<BufReader<TcpStream>>,
    room: String,
    sent: usize,
    nickname: String,
}

impl Guest {
    /// Somebody in a room.
    pub fn new(server: &Server, nickname: &str, room: &str) -> Self {
        let stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut guest = Self { stream, lines, room: room.into(), sent: 0, nickname: nickname.into() };
        guest.request(&json!({"type": "hello", "version": 1}));
        guest.request(&json!({"type": "login", "nickname": nickname}));
        guest.request(&json!({"type": "join", "room": "@"}));
        guest.request(&json!({"type": "join", "room": room, "last": 0}));
        guest.answer(|said| said["type"] == "joined" && said["room"] != "@");
        guest
    }

    /// Writes a line.
    pub fn request(&mut self, line: &Value) {
        self.stream.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line of the server that is as asked for.
    pub fn answer(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut values = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap_or(Value::Null));
        values.find(|said| is_it(said)).expect("the server answers")
    }

    fn stored(&mut self) -> u64 {
        let id = format!("{}-{}", self.nickname, self.sent);
        self.answer(|said| said["type"] == "ack" && said["id"] == id.as_str())["seq"].as_u64().unwrap()
    }

    fn send(&mut self, mut line: Value) {
        self.sent += 1;
        line["id"] = format!("{}-{}", self.nickname, self.sent).into();
        self.request(&line);
    }

    /// Says something; gives its seq once it is stored.
    pub fn say(&mut self, text: &str) -> u64 {
        self.say_all([text])
    }

    /// Says this and that; gives the seq of the last once it is stored.
    pub fn say_all<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> u64 {
        let mut seq = 0;
        let texts: Vec<&str> = texts.into_iter().collect();
        for burst in texts.chunks(BURST) {
            for text in burst {
                let room = self.room.clone();
                self.send(json!({"type": "broadcast", "room": room, "msg": text}));
            }
            seq = self.stored();
        }
        seq
    }

    /// Replies to an entry.
    pub fn reply(&mut self, re: u64, text: &str) -> u64 {
        let room = self.room.clone();
        self.send(json!({"type": "broadcast", "room": room, "msg": text, "re": re}));
        self.stored()
    }

    /// Says something to one person.
    pub fn tell(&mut self, nickname: &str, text: &str) -> u64 {
        self.send(json!({"type": "sendto", "nickname": nickname, "msg": text}));
        self.stored()
    }
}

/// What no terminal may ever be sent: it clears the screen, sets the title, colours, turns the text around.
pub const HOSTILE: &str =
    "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil\u{2066}\u{200b}\r\u{85}\u{1b}P1$r\u{1b}\\";

/// A server that says hostile things wherever a text stands; gives its address. It ends with the test's process.
pub fn hostile_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while let Some(Ok(line)) = lines.next() {
                let answers = hostile_answers(&serde_json::from_str(&line).unwrap());
                if answers.iter().any(|answer| writeln!(stream, "{answer}").is_err()) {
                    break;
                }
            }
        }
    });
    address
}

fn hostile_answers(request: &Value) -> Vec<Value> {
    let room = &request["room"];
    let entry = |seq: u64, kind: &str| {
        let mut entry = json!({"type": "message", "room": room, "seq": seq, "id": format!("id{seq}"), "from": HOSTILE,
            "to": "alice", "at": 1_790_000_000_000_u64, "msg": format!("alice: {HOSTILE} https://e.org/{HOSTILE}"),
            "re": 1});
        if !kind.is_empty() {
            entry["kind"] = kind.into();
        }
        entry
    };
    let member = json!({"nickname": HOSTILE, "state": "online"});
    match request["type"].as_str().unwrap() {
        "hello" => vec![json!({"type": "welcome", "version": 1, "agent": HOSTILE, "challenge": "A".repeat(43),
            "limits": {"line": 16384, "text": 4096, "nickname": 32}, "motd": HOSTILE})],
        "login" => vec![json!({"type": "login", "success": true, "nickname": "alice", "claimed": true,
            "ignoring": false, "inbox": {"epoch": "e", "first": 1, "head": 0, "read": 0}})],
        "join" => {
            let mut answers = vec![json!({"type": "joined", "room": room, "epoch": "e", "first": 1, "head": 4,
                "read": 0, "topic": HOSTILE, "members": 2, "roster": [member, {"nickname": "alice", "state": "online"}]})];
            answers.extend([entry(1, ""), entry(2, "action"), entry(3, "topic"), entry(4, HOSTILE)]);
            answers
                .push(json!({"type": "presence", "room": room, "members": 3, "joined": [HOSTILE], "left": [HOSTILE],
                "changed": [member]}));
            answers.push(json!({"type": "notice", "code": HOSTILE}));
            answers
        }
        "ls" => vec![json!({"type": "ls", "room": room, "members": [member], "more": false})],
        "rooms" => vec![json!({"type": "rooms", "more": false,
            "rooms": [{"room": "#lobby", "members": 1, "topic": HOSTILE}]})],
        "search" => vec![json!({"type": "search", "entries": [entry(1, ""), entry(2, "")]})],
        "broadcast" => vec![json!({"type": "error", "code": HOSTILE, "request": "broadcast", "id": request["id"],
            "room": room, "detail": HOSTILE})],
        _ => Vec::new(),
    }
}
