//! A native connection that may end at any time.

use super::DEADLINE;
use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// `None` everywhere: the connection has ended.
pub struct Wire {
    reader: BufReader<TcpStream>,
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
    pub fn connect(address: SocketAddr) -> Option<Self> {
        Self::connect_within(address, DEADLINE)
    }

    /// One that waits no longer than that for an event.
    pub fn connect_within(address: SocketAddr, wait: Duration) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(wait)).ok()?;
        Some(Self { reader: BufReader::new(stream) })
    }

    pub fn send(&mut self, request: &Value) -> Option<()> {
        self.reader.get_mut().write_all(format!("{request}\n").as_bytes()).ok()
    }

    /// The next event; what was cut off is nothing.
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

    /// Logs in with a key; gives the answer, whatever it is.
    pub fn try_login(&mut self, nickname: &str, identity: &Identity) -> Option<Value> {
        self.send(&json!({"type": "hello", "version": 1}))?;
        let welcome = self.expect("welcome")?;
        let signature = identity.sign_login(welcome["challenge"].as_str().unwrap(), b"", nickname).unwrap();
        let (key, signature) = (identity.public().to_string(), signature.to_string());
        self.send(&json!({"type": "login", "nickname": nickname, "key": key, "signature": signature}))?;
        self.expect("login")
    }

    /// Logs in with a key.
    pub fn login(&mut self, nickname: &str, identity: &Identity) -> Option<Value> {
        let login = self.try_login(nickname, identity)?;
        assert_eq!((&login["success"], &login["claimed"]), (&json!(true), &json!(true)), "{login}");
        Some(login)
    }
}
