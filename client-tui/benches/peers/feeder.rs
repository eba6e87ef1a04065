//! Those who talk: guests of a server, over its own wire, who know when the server has what they said.

use super::{
    service::Dialect,
    talk::{self, NICKNAMES},
    tty::DEADLINE,
};
use anyhow::{Context, bail, ensure};
use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The room of all measures.
pub(crate) const ROOM: &str = "#lobby";
/// The most that is unanswered on one connection.
const LOT: usize = 32;

/// One connection that talks.
pub(crate) struct Feeder {
    dialect: Dialect,
    nickname: &'static str,
    reader: BufReader<TcpStream>,
    /// Messages that were said, and the place in the talk.
    said: usize,
    line: Vec<u8>,
}

impl Feeder {
    /// Everybody who talks, each with another part of the talk.
    pub(crate) fn join_all(dialect: Dialect, address: SocketAddr) -> anyhow::Result<Vec<Self>> {
        let mut feeders = Vec::new();
        for nickname in NICKNAMES {
            feeders.push(Self::join(dialect, address, nickname)?);
        }
        Ok(feeders)
    }

    fn join(dialect: Dialect, address: SocketAddr, nickname: &'static str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let reader = BufReader::with_capacity(1 << 16, stream);
        let mut feeder = Self { dialect, nickname, reader, said: 0, line: Vec::new() };
        let (hello, joined): (String, &[u8]) = match dialect {
            Dialect::Parlor => {
                let login = format!(r#"{{"type":"login","nickname":"{nickname}"}}"#);
                let join = format!(r#"{{"type":"join","room":"{ROOM}","last":0}}"#);
                (format!("{{\"type\":\"hello\",\"version\":1}}\n{login}\n{join}\n"), br#"{"type":"joined""#)
            }
            // Rooms are open to those outside: who only talks need not hear.
            Dialect::Irc => {
                (format!("NICK {nickname}\r\nUSER {nickname} 0 * :{nickname}\r\nPING :here\r\n"), b" PONG ")
            }
        };
        feeder.reader.get_mut().write_all(hello.as_bytes())?;
        feeder.wait_for(joined, 1).with_context(|| format!("{nickname} can not join"))?;
        Ok(feeder)
    }

    /// Says a text and waits until the server has it.
    pub(crate) fn say(&mut self, text: &str) -> anyhow::Result<()> {
        self.say_lot(&[text])
    }

    /// Says the next `count` messages of the talk, as fast as the server takes them.
    pub(crate) fn talk(&mut self, count: usize) -> anyhow::Result<()> {
        let end = self.said + count;
        while self.said < end {
            let lot: Vec<_> = (self.said..end).take(LOT).map(talk::said).collect();
            self.say_lot(&lot)?;
        }
        Ok(())
    }

    /// Says all this in one write, and waits until the server has it.
    fn say_lot(&mut self, texts: &[&str]) -> anyhow::Result<()> {
        let mut lines = String::new();
        for text in texts {
            self.said += 1;
            let (id, nickname) = (self.said, self.nickname);
            match self.dialect {
                Dialect::Parlor => {
                    let text = serde_json::to_string(text)?;
                    writeln!(lines, r#"{{"type":"broadcast","room":"{ROOM}","id":"{nickname}-{id}","msg":{text}}}"#)?;
                }
                Dialect::Irc => write!(lines, "PRIVMSG {ROOM} :{text}\r\n")?,
            }
        }
        if self.dialect == Dialect::Irc {
            write!(lines, "PING :{}\r\n", self.said)?;
        }
        self.reader.get_mut().write_all(lines.as_bytes())?;
        match self.dialect {
            Dialect::Parlor => self.wait_for(br#"{"type":"ack""#, texts.len()),
            Dialect::Irc => self.wait_for(b" PONG ", 1),
        }
    }

    /// Reads until so many lines with a word have come.
    fn wait_for(&mut self, word: &[u8], count: usize) -> anyhow::Result<()> {
        let mut left = count;
        while left > 0 {
            self.line.clear();
            ensure!(self.reader.read_until(b'\n', &mut self.line)? > 0, "the server has closed the connection");
            // The head of a line tells all; the text of a message is no answer.
            let head = &self.line[..self.line.len().min(64)];
            if head.windows(word.len()).any(|window| window == word) {
                left -= 1;
            } else if head.starts_with(br#"{"type":"ping""#) {
                self.reader.get_mut().write_all(b"{\"type\":\"pong\"}\n")?;
            } else if head.starts_with(br#"{"type":"error""#) || head.starts_with(b"ERROR") {
                bail!("{}", String::from_utf8_lossy(&self.line));
            }
        }
        Ok(())
    }
}

/// Everybody together says `count` messages, as fast as the server takes them.
pub(crate) fn flood(feeders: &mut [Feeder], count: usize) -> anyhow::Result<()> {
    let each = count / feeders.len();
    thread::scope(|scope| {
        let threads: Vec<_> = feeders.iter_mut().map(|feeder| scope.spawn(move || feeder.talk(each))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a feeder does not panic"))
    })
}

/// Talk at a steady rate in the background.
pub(crate) struct Steady {
    start: Instant,
    ends: Arc<AtomicBool>,
    threads: Vec<JoinHandle<anyhow::Result<u32>>>,
}

impl Steady {
    /// Begins to talk, so many messages a second, everybody in turn.
    pub(crate) fn start(feeders: Vec<Feeder>, rate: u32) -> Self {
        let (start, ends) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        let gap = Duration::from_secs(1) / rate;
        let turn = gap * u32::try_from(feeders.len()).unwrap_or(u32::MAX);
        let mut first = start;
        let mut threads = Vec::new();
        for feeder in feeders {
            let (from, ends) = (first, ends.clone());
            threads.push(thread::spawn(move || keep_talking(feeder, from, turn, &ends)));
            first += gap;
        }
        Self { start, ends, threads }
    }

    /// Ends it; gives the rate that there was.
    pub(crate) fn stop(self) -> anyhow::Result<f64> {
        self.ends.store(true, Ordering::Relaxed);
        let time = self.start.elapsed();
        let mut said = 0;
        for thread in self.threads {
            said += thread.join().expect("a feeder does not panic")?;
        }
        Ok(f64::from(said) / time.as_secs_f64())
    }
}

/// One message every `turn`; what has become due while the server wrote is said at once.
fn keep_talking(mut feeder: Feeder, from: Instant, turn: Duration, ends: &AtomicBool) -> anyhow::Result<u32> {
    let (mut due, mut said) = (from, 0);
    while !ends.load(Ordering::Relaxed) {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut lot = 0;
        while lot < LOT && due <= Instant::now() {
            due += turn;
            lot += 1;
        }
        feeder.talk(lot)?;
        said += u32::try_from(lot)?;
    }
    Ok(said)
}
