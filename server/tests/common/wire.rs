//! A connection that may end at any time, and a client that takes it so.

use super::{
    DEADLINE,
    stream::{Door, Stream},
};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    io::{BufRead, BufReader, ErrorKind, Write},
    thread,
    time::Duration,
};

/// A connection; what it gives is `None` once it has ended.
pub struct Wire {
    reader: BufReader<Stream>,
}

/// Why nothing came.
#[derive(Debug)]
pub enum Nothing {
    /// The connection has ended.
    Ended,
    /// Nothing was said for as long as it may take.
    Silence,
}

impl Wire {
    pub fn connect(door: impl Into<Door>) -> Option<Self> {
        door.into().connect().ok().and_then(Self::over)
    }

    pub fn over(stream: Stream) -> Option<Self> {
        stream.set_read_timeout(Some(DEADLINE)).ok()?;
        Some(Self { reader: BufReader::new(stream) })
    }

    /// The same, but it waits longer for the server to say something.
    pub fn patient(self, patience: Duration) -> Self {
        self.reader.get_ref().set_read_timeout(Some(patience)).unwrap();
        self
    }

    pub fn send(&mut self, request: &Value) -> Option<()> {
        self.send_all(std::slice::from_ref(request))
    }

    /// Sends several lines in one write.
    pub fn send_all(&mut self, requests: &[Value]) -> Option<()> {
        let lines: String = requests.iter().flat_map(|request| [request.to_string(), "\n".to_owned()]).collect();
        let stream = self.reader.get_mut();
        stream.write_all(lines.as_bytes()).and_then(|()| stream.flush()).ok()
    }

    /// The request that logs in on it with a key, after that welcome.
    pub fn keyed_login(&self, welcome: &Value, nickname: &str, identity: &Identity) -> Value {
        self.reader.get_ref().keyed_login(welcome, nickname, identity)
    }

    /// The next event. What was cut off is nothing.
    pub fn next(&mut self) -> Option<Value> {
        match self.try_next() {
            Ok(event) => Some(event),
            Err(Nothing::Ended) => None,
            Err(Nothing::Silence) => panic!("the server says nothing"),
        }
    }

    /// The next event, or why there is none.
    pub fn try_next(&mut self) -> Result<Value, Nothing> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(_) if line.ends_with('\n') => Ok(serde_json::from_str(&line).unwrap()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(Nothing::Silence),
            _ => Err(Nothing::Ended),
        }
    }

    /// The next event of that type, without an error before it.
    pub fn expect(&mut self, kind: &str) -> Option<Value> {
        loop {
            let event = self.next()?;
            assert_ne!(event["type"], "error", "{event}");
            if event["type"] == kind {
                return Some(event);
            }
        }
    }

    /// Says hello and logs in with a key; gives the answer.
    pub fn log_in(&mut self, nickname: &str, identity: &Identity) -> Option<Value> {
        self.send(&json!({"type": "hello", "version": 1}))?;
        let welcome = self.expect("welcome")?;
        let login = loop {
            self.send(&self.keyed_login(&welcome, nickname, identity))?;
            let login = self.expect("login")?;
            // Perhaps the connection that has just ended is still claiming the nickname.
            if login["retry_ms"].is_null() {
                break login;
            }
            thread::sleep(Duration::from_millis(50));
        };
        assert_eq!((&login["success"], &login["claimed"]), (&json!(true), &json!(true)), "{login}");
        Some(login)
    }
}
