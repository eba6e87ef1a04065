//! A server with an operator, which may be started again over what it has; people in it who can wait for the answer to
//! what they ask; and the server's own command line.

use super::{Client, DEADLINE, Server};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// The nickname whose key the configuration names.
pub const OPERATOR: &str = "op";

/// The key of a nickname: always the same.
pub fn identity(nickname: &str) -> Identity {
    let mut secret = [1; 32];
    secret.iter_mut().zip(nickname.as_bytes()).for_each(|(to, from)| *to = *from);
    Identity::from_secret(&secret)
}

pub fn key(nickname: &str) -> String {
    identity(nickname).public().to_string()
}

/// A server over a data directory of its own.
pub struct House {
    pub server: Server,
    directory: tempfile::TempDir,
    config: String,
}

impl House {
    pub fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = format!("operators = [\"{}\"]\n{config}", key(OPERATOR));
        let server = Server::start_in(directory.path(), "127.0.0.1:0", &config);
        Self { server, directory, config }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Ends the server cleanly and starts it again.
    pub fn restart(&mut self) {
        assert_eq!(self.server.terminate(), Some(0));
        self.server = Server::start_in(self.path(), "127.0.0.1:0", &self.config);
    }

    /// The same, the hard way.
    pub fn crash(&mut self) {
        self.server.kill();
        self.server = Server::start_in(self.path(), "127.0.0.1:0", &self.config);
    }

    /// Starts it again with another configuration.
    pub fn restart_with(&mut self, config: &str) {
        self.config = format!("operators = [\"{}\"]\n{config}", key(OPERATOR));
        self.restart();
    }

    /// What a subcommand prints; or why it failed.
    pub fn cli(&self, words: &[&str]) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
        command.args(words).arg("--data-dir").arg(self.path()).arg("--config").arg(self.path().join("config.toml"));
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// The same, which must be done.
    pub fn order(&self, words: &[&str]) -> String {
        self.cli(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// The moderation log: who, where, whom, what.
    pub fn log(&self) -> Vec<[String; 4]> {
        let lines = self.order(&["moderation-log", "--json"]);
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let text = |line: &Value, field: &str| line[field].as_str().unwrap_or("-").to_owned();
        lines.map(|line| ["actor", "room", "target", "act"].map(|field| text(&line, field))).collect()
    }

    /// True if the log has such a line.
    pub fn has_logged(&self, line: [&str; 4]) -> bool {
        self.log().iter().any(|other| *other == line)
    }

    /// A connection that has logged in, or was refused: with a key, or as a guest; `more` goes into the login.
    pub fn try_login(&self, nickname: &str, key: Option<&Identity>, more: &Value) -> (Somebody, Value) {
        let client = Client::connect(self.server.address);
        Somebody::log_in(client, nickname, key, more)
    }

    /// Somebody with the nickname's own key.
    pub fn keyed(&self, nickname: &str) -> Somebody {
        let (somebody, login) = self.try_login(nickname, Some(&identity(nickname)), &json!({}));
        assert_eq!(login["success"], true, "{login}");
        somebody
    }

    pub fn guest(&self, nickname: &str) -> Somebody {
        let (somebody, login) = self.try_login(nickname, None, &json!({}));
        assert_eq!(login["success"], true, "{login}");
        somebody
    }

    /// With what a login is refused.
    pub fn refused(&self, nickname: &str, key: Option<&Identity>, more: &Value) -> String {
        let (_, login) = self.try_login(nickname, key, more);
        login["code"].as_str().unwrap_or("none").to_owned()
    }
}

/// A session that waits for answers; what else it hears is kept.
pub struct Somebody {
    pub client: Client,
    pub nickname: String,
    heard: Vec<Value>,
    tags: u64,
}

impl Somebody {
    /// Says hello and tries to log in over a connection.
    pub fn log_in(mut client: Client, nickname: &str, key: Option<&Identity>, more: &Value) -> (Self, Value) {
        let welcome = client.hello();
        let mut request = match key {
            Some(key) => client.stream.keyed_login(&welcome, nickname, key),
            None => json!({"type": "login", "nickname": nickname}),
        };
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut somebody = Self { client, nickname: nickname.to_owned(), heard: Vec::new(), tags: 0 };
        let answer = somebody.ask(request);
        (somebody, answer)
    }

    /// Asks, and gives the answer.
    pub fn ask(&mut self, mut request: Value) -> Value {
        self.tags += 1;
        let tag = Value::from(self.tags.to_string());
        request["tag"] = tag.clone();
        self.client.send(&request);
        self.read_until(|event| event["tag"] == tag).unwrap_or_else(|passed| panic!("{request}: {passed:?}"))
    }

    /// What becomes of a request: `ok`, or the code of its error.
    pub fn code(&mut self, request: Value) -> String {
        let answer = self.ask(request);
        if answer["type"] == "error" { answer["code"].as_str().unwrap().to_owned() } else { "ok".to_owned() }
    }

    /// Asks for what must be done; gives the answer.
    pub fn done(&mut self, request: Value) -> Value {
        let answer = self.ask(request.clone());
        assert_ne!(answer["type"], "error", "{request}: {answer}");
        answer
    }

    fn read_until(&mut self, is_it: impl Fn(&Value) -> bool) -> Result<Value, Vec<Value>> {
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            match self.client.next_within(Duration::from_millis(500)) {
                Some(event) if is_it(&event) => return Ok(event),
                Some(event) => self.heard.push(event),
                None => {}
            }
        }
        Err(self.heard.clone())
    }

    /// The next event of that kind that was not heard yet, whatever comes before it.
    pub fn hear(&mut self, kind: &str) -> Value {
        self.hear_that(|event| event["type"] == kind)
    }

    pub fn hear_that(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.heard.iter().position(&is_it) {
            return self.heard.remove(at);
        }
        self.read_until(is_it).unwrap_or_else(|passed| panic!("{} heard only {passed:?}", self.nickname))
    }

    /// Everything that it has heard and not asked for, by now.
    pub fn heard(&mut self) -> Vec<Value> {
        self.done(json!({"type": "ping"}));
        std::mem::take(&mut self.heard)
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> Vec<Value> {
        let mut heard = std::mem::take(&mut self.heard);
        heard.extend(self.client.rest());
        heard
    }

    pub fn join(&mut self, room: &str) -> Value {
        self.done(json!({"type": "join", "room": room}))
    }

    /// The same for somebody who is let in.
    pub fn in_room(mut self, room: &str) -> Self {
        self.join(room);
        self
    }

    pub fn say(&mut self, room: &str, id: &str, text: &str) -> Value {
        self.done(said(room, id, text))
    }

    /// What becomes of an attempt to say something.
    pub fn try_say(&mut self, room: &str, id: &str, text: &str) -> String {
        self.code(said(room, id, text))
    }

    /// All of a log, by pages.
    pub fn history(&mut self, room: &str) -> Vec<Value> {
        let mut entries: Vec<Value> = Vec::new();
        loop {
            let after = entries.last().map_or(json!(0), |last| last["seq"].clone());
            let page = self.done(json!({"type": "history", "room": room, "after": after, "limit": 200}));
            entries.extend(page["entries"].as_array().unwrap().iter().cloned());
            if page["more"] == false {
                return entries;
            }
        }
    }

    /// How many entries a search finds.
    pub fn found(&mut self, room: &str, words: &str) -> usize {
        let page = self.done(json!({"type": "search", "room": room, "text": words}));
        page["entries"].as_array().unwrap().len()
    }
}

pub fn said(room: &str, id: &str, text: &str) -> Value {
    json!({"type": "broadcast", "room": room, "id": id, "msg": text})
}

/// An act of moderation; `more` has what belongs to it.
pub fn act(action: &str, room: &str, id: &str, more: &Value) -> Value {
    let mut request = json!({"type": "moderate", "room": room, "id": id, "action": action});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

pub fn redact(room: &str, id: &str, re: &Value, reason: &str) -> Value {
    json!({"type": "redact", "room": room, "id": id, "re": re, "reason": reason})
}

/// Waits as an answer says.
pub fn wait_as_told(answer: &Value) {
    std::thread::sleep(Duration::from_millis(answer["retry_ms"].as_u64().expect("a time to wait")));
}
