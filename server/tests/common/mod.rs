//! A real server process, and clients on real sockets. Every wait has a deadline.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part of it; a test panics where it fails"
)]

pub mod dice;
pub mod house;
pub mod process;
pub mod proxied;
pub mod secure;
pub mod stream;
pub mod wire;

use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use stream::{Door, Stream};

/// How long anything may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A running `parlor-server`. Killed when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub directory: PathBuf,
    child: Child,
    temporary: Option<tempfile::TempDir>,
}

impl Server {
    /// A server over a new data directory.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same with a configuration file.
    pub fn start_with(config: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut server = Self::start_in(temporary.path(), "127.0.0.1:0", config);
        server.temporary = Some(temporary);
        server
    }

    /// A server over a data directory that may have been used before.
    pub fn start_in(directory: &Path, listen: &str, config: &str) -> Self {
        let config_file = directory.join("config.toml");
        std::fs::write(&config_file, config).unwrap();
        let mut command = command(directory, listen);
        command.arg("--config").arg(&config_file);
        Self::run(command, directory)
    }

    /// Runs a command that is to be a server; what keeps it from being one it says itself.
    pub fn run(mut command: Command, directory: &Path) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server says where it listens").unwrap();
        let address = line.strip_prefix("listening on ").expect("a ready line").parse().unwrap();
        Self { address, directory: directory.to_owned(), child, temporary: None }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has taken of memory so far, at most: `VmHWM`; or what it has now: `VmRSS`. In KiB.
    pub fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("a line of it");
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.pid().to_string()]).status().unwrap().success());
    }

    /// True while it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it the hard way.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; gives its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        self.signal("-TERM");
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server did not end");
    }

    /// A client that has said nothing yet.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// The same, without TLS in any case.
    pub fn connect_plainly(&self) -> Client {
        Client::connect(Door::plain(self.address))
    }

    /// A guest that has logged in.
    pub fn guest(&self, nickname: &str) -> Client {
        let mut client = self.connect();
        client.hello();
        client.send(&json!({"type": "login", "nickname": nickname}));
        assert_eq!(client.expect("login")["success"], true);
        client
    }

    /// A guest in a room.
    pub fn member(&self, nickname: &str, room: &str) -> Client {
        let mut client = self.guest(nickname);
        client.send(&json!({"type": "join", "room": room}));
        client.expect("joined");
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that starts a server.
pub fn command(directory: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
    command.args(["--listen", listen, "--data-dir"]).arg(directory).env("PARLOR_LOG", "warn");
    command
}

/// A native client: lines of JSON.
pub struct Client {
    pub stream: Stream,
    bytes: Vec<u8>,
}

impl Client {
    pub fn connect(door: impl Into<Door>) -> Self {
        Self::over(door.into().connect().unwrap())
    }

    pub fn over(stream: impl Into<Stream>) -> Self {
        let stream = stream.into();
        Self { stream, bytes: Vec::new() }
    }

    /// Sends a line.
    pub fn send(&mut self, request: &Value) {
        self.send_bytes(format!("{request}\n").as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    /// Says hello; gives the welcome.
    pub fn hello(&mut self) -> Value {
        self.send(&json!({"type": "hello", "version": 1}));
        self.expect("welcome")
    }

    /// Says hello and logs in with a key; gives the answer.
    pub fn log_in(&mut self, nickname: &str, identity: &Identity) -> Value {
        let welcome = self.hello();
        self.send(&self.stream.keyed_login(&welcome, nickname, identity));
        self.expect("login")
    }

    /// The next line within `wait`; `None` if nothing comes. Panics at the end of the connection.
    pub fn next_within(&mut self, wait: Duration) -> Option<Value> {
        match self.line_within(wait) {
            Ok(line) => line,
            Err(()) => panic!("the connection has ended"),
        }
    }

    /// The next line.
    pub fn next(&mut self) -> Value {
        self.next_within(DEADLINE).expect("an event in time")
    }

    /// The next line of that type; what comes before it is passed over.
    pub fn expect(&mut self, kind: &str) -> Value {
        let mut passed = Vec::new();
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            match self.next_within(Duration::from_millis(500)) {
                Some(event) if event["type"] == kind => return event,
                Some(event) => passed.push(event),
                None => {}
            }
        }
        panic!("no {kind} came, but {passed:?}");
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            match self.line_within(Duration::from_millis(500)) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => {}
                Err(()) => return events,
            }
        }
        panic!("the connection did not end; it said {events:?}");
    }

    /// `Err`: the connection has ended.
    fn line_within(&mut self, wait: Duration) -> Result<Option<Value>, ()> {
        let end = Instant::now() + wait;
        loop {
            if let Some(at) = self.bytes.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=at).collect();
                let start = line.iter().position(|b| *b == b'{').unwrap_or(line.len());
                match serde_json::from_slice(&line[start..]) {
                    Ok(event) => return Ok(Some(event)),
                    Err(_) => continue,
                }
            }
            if !self.read_within(end.saturating_duration_since(Instant::now()))? {
                return Ok(None);
            }
        }
    }

    /// Reads once. False: nothing came; `Err`: the connection has ended.
    fn read_within(&mut self, wait: Duration) -> Result<bool, ()> {
        if wait.is_zero() {
            return Ok(false);
        }
        self.stream.set_read_timeout(Some(wait)).unwrap();
        let mut buffer = vec![0; 65_536];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(()),
            Ok(count) => {
                self.bytes.extend_from_slice(&buffer[..count]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(_) => Err(()),
        }
    }

    /// What the next byte is that was not taken yet.
    pub fn first_byte(&mut self) -> u8 {
        if self.bytes.is_empty() {
            assert_eq!(self.read_within(DEADLINE), Ok(true), "a byte in time");
        }
        self.bytes[0]
    }
}

/// A PyChatting-style client that forgives two objects in one read: a test does not read all the time.
pub struct Classic {
    stream: Stream,
    bytes: Vec<u8>,
}

impl Classic {
    /// Connects and waits for the greeting.
    pub fn connect(door: impl Into<Door>) -> Self {
        let mut classic = Self { stream: door.into().connect().unwrap(), bytes: Vec::new() };
        classic.read();
        let greeting = String::from_utf8(std::mem::take(&mut classic.bytes)).unwrap();
        assert!(!greeting.starts_with('{') && !greeting.contains('\n'), "{greeting}");
        classic
    }

    /// The same, logged in.
    pub fn login(door: impl Into<Door>, nickname: &str) -> Self {
        let mut classic = Self::connect(door);
        classic.send(&json!({"type": "login", "msg": nickname}));
        assert_eq!(classic.expect("login", "")["success"], true);
        classic
    }

    /// Sends an object, without any framing.
    pub fn send(&mut self, object: &Value) {
        self.stream.write_all(object.to_string().as_bytes()).unwrap();
    }

    /// Sends objects behind each other in one write.
    pub fn send_all(&mut self, objects: &[Value]) {
        let bytes: Vec<u8> = objects.iter().flat_map(|object| object.to_string().into_bytes()).collect();
        self.stream.write_all(&bytes).unwrap();
    }

    /// Everything up to the end of the connection, as it came.
    pub fn rest(&mut self) -> String {
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        self.stream.read_to_end(&mut self.bytes).unwrap();
        String::from_utf8(std::mem::take(&mut self.bytes)).unwrap()
    }

    /// Reads once.
    fn read(&mut self) {
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut buffer = [0; 1024];
        let count = self.stream.read(&mut buffer).expect("something in time");
        assert!(count > 0, "the connection has ended");
        self.bytes.extend_from_slice(&buffer[..count]);
    }

    /// The next object.
    pub fn next(&mut self) -> Value {
        loop {
            let mut objects = serde_json::Deserializer::from_slice(&self.bytes).into_iter();
            if let Some(Ok(object)) = objects.next() {
                let end = objects.byte_offset();
                self.bytes.drain(..end);
                return object;
            }
            self.read();
        }
    }

    /// The next object of that type whose text contains `part`.
    pub fn expect(&mut self, kind: &str, part: &str) -> Value {
        let mut passed = Vec::new();
        for _ in 0..200 {
            let object = self.next();
            if object["type"] == kind && object["msg"].as_str().unwrap().contains(part) {
                return object;
            }
            passed.push(object);
        }
        panic!("no {kind} with {part:?} came, but {passed:?}");
    }
}
