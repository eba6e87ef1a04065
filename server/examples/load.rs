//! Load for a running server: many members in one room, everybody gets everything, and every one of them is checked.
//!
//! ```text
//! parlor-server --listen 127.0.0.1:12231 --data-dir /tmp/load &
//! cargo run --release --package server --example load -- --pid $! --members 1000 --rate 200 --seconds 30
//! ```
//!
//! Prints what was lost, doubled or out of order, how long a message took, and what it cost the server.

use clap::Parser;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// How long the last messages may take to arrive.
const GRACE: Duration = Duration::from_secs(30);
const PADDING: &str = "the quick brown fox jumps over the lazy dog, and a hundred bytes are soon full of it";

#[derive(Debug, Parser)]
struct Arguments {
    /// The server
    #[arg(long, default_value = "127.0.0.1:12231")]
    connect: SocketAddr,
    /// Its process, to be measured
    #[arg(long)]
    pid: Option<u32>,
    /// Members of the room
    #[arg(long, default_value_t = 1000)]
    members: usize,
    /// Members that never read
    #[arg(long, default_value_t = 0)]
    stall: usize,
    /// Members that talk
    #[arg(long, default_value_t = 4)]
    senders: usize,
    /// Messages a second, all senders together
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// How long they talk; 0: nobody does
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How long everybody is silent before that
    #[arg(long, default_value_t = 0)]
    idle: u64,
}

/// A member of the room.
struct Member {
    stream: TcpStream,
    partial: Vec<u8>,
    /// The last seq that it has.
    seq: u64,
    acked: u64,
}

#[derive(Debug, Default)]
struct Counts {
    delivered: u64,
    lost: u64,
    doubled: u64,
    latencies: Vec<u64>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut members = (0..arguments.members).map(|n| join(arguments.connect, n)).collect::<anyhow::Result<Vec<_>>>()?;
    println!("{} members joined", members.len());
    let first = members.iter().map(|member| member.seq).max().unwrap_or(0);
    let mut poll = Poll::new()?;
    let talking = arguments.members - arguments.stall;
    for (n, member) in members.iter_mut().enumerate().take(talking) {
        poll.registry().register(&mut member.stream, Token(n), Interest::READABLE)?;
        member.seq = first;
    }
    let mut counts = Counts::default();
    if arguments.idle > 0 {
        // What was still to be told of the joins goes by first.
        run(&mut poll, &mut members, &mut counts, Duration::from_secs(3), |_, _| Ok(true))?;
        let before = Process::of(arguments.pid)?;
        let length = Duration::from_secs(arguments.idle);
        run(&mut poll, &mut members, &mut counts, length, |_, _| Ok(true))?;
        Process::of(arguments.pid)?.print_since(before, "idle", length);
    }
    let total = arguments.rate * arguments.seconds;
    let before = Process::of(arguments.pid)?;
    let start = Instant::now();
    let mut sent = 0;
    let length = Duration::from_secs(arguments.seconds) + if total > 0 { GRACE } else { Duration::ZERO };
    run(&mut poll, &mut members, &mut counts, length, |members, start| {
        let due = (u64::try_from(start.elapsed().as_micros())? * arguments.rate / 1_000_000).min(total);
        while sent < due {
            let sender = usize::try_from(sent)? % arguments.senders.min(talking).max(1);
            say(&mut members[sender], sent, start)?;
            sent += 1;
        }
        Ok(sent < total || members[..talking].iter().any(|member| member.seq < first + total))
    })?;
    let took = start.elapsed();
    Process::of(arguments.pid)?.print_since(before, "talk", took);
    report(&arguments, &members[..talking], &mut counts, first + total, took);
    Ok(())
}

fn join(server: SocketAddr, n: usize) -> anyhow::Result<Member> {
    let mut stream = std::net::TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    let name = format!("member{n}");
    let lines = [
        r#"{"type":"hello","version":1}"#.to_owned(),
        format!(r#"{{"type":"login","nickname":"{name}"}}"#),
        r##"{"type":"join","room":"#load","last":0}"##.to_owned(),
    ];
    stream.write_all((lines.join("\n") + "\n").as_bytes())?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while !line.starts_with(r#"{"type":"joined""#) {
        line.clear();
        anyhow::ensure!(reader.read_line(&mut line)? > 0, "the server closed the connection of {name}");
        anyhow::ensure!(!line.contains(r#""success":false"#), "{line}");
    }
    let seq = number_behind(line.as_bytes(), br#""head":"#).unwrap_or(0);
    let partial = reader.buffer().to_vec();
    stream.set_nonblocking(true)?;
    Ok(Member { stream: TcpStream::from_std(stream), partial, seq, acked: 0 })
}

fn say(member: &mut Member, number: u64, start: Instant) -> anyhow::Result<()> {
    let micros = start.elapsed().as_micros();
    let line = format!(
        "{{\"type\":\"broadcast\",\"room\":\"#load\",\"id\":\"n{number}\",\"msg\":\"micros {micros} {PADDING}\"}}\n"
    );
    // A sender that is not read from in time would be a fault of the server.
    member.stream.write_all(line.as_bytes())?;
    Ok(())
}

/// Reads what comes until the time is over or `go_on` says so.
fn run(
    poll: &mut Poll,
    members: &mut [Member],
    counts: &mut Counts,
    length: Duration,
    mut go_on: impl FnMut(&mut [Member], Instant) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let (start, mut events, mut buffer) = (Instant::now(), Events::with_capacity(1024), vec![0; 1 << 18]);
    while start.elapsed() < length && go_on(members, start)? {
        poll.poll(&mut events, Some(Duration::from_millis(1)))?;
        for event in &events {
            read(&mut members[event.token().0], &mut buffer, counts, start)?;
        }
    }
    Ok(())
}

fn read(member: &mut Member, buffer: &mut [u8], counts: &mut Counts, start: Instant) -> anyhow::Result<()> {
    loop {
        match member.stream.read(buffer) {
            Ok(0) => anyhow::bail!("the server closed a connection"),
            Ok(count) => member.partial.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let bytes = std::mem::take(&mut member.partial);
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            if line.last() == Some(&b'\n') {
                take(member, line, counts, start);
            } else {
                member.partial = line.to_vec();
            }
        }
    }
}

fn take(member: &mut Member, line: &[u8], counts: &mut Counts, start: Instant) {
    if line.starts_with(br#"{"type":"ack""#) {
        member.acked += 1;
    } else if line.starts_with(br#"{"type":"ping""#) {
        let _ = member.stream.write(b"{\"type\":\"pong\"}\n");
    } else if line.starts_with(br#"{"type":"message""#) {
        let seq = number_behind(line, br#""seq":"#).unwrap_or(0);
        counts.delivered += 1;
        match seq {
            seq if seq <= member.seq => counts.doubled += 1,
            seq => counts.lost += seq - member.seq - 1,
        }
        member.seq = member.seq.max(seq);
        if counts.delivered.is_multiple_of(17)
            && let Some(sent) = number_behind(line, b"micros ")
        {
            let now = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            counts.latencies.push(now.saturating_sub(sent));
        }
    }
}

/// The number that stands behind a word of a line.
fn number_behind(line: &[u8], word: &[u8]) -> Option<u64> {
    let at = line.windows(word.len()).position(|window| window == word)? + word.len();
    let digits: Vec<u8> = line[at..].iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

fn report(arguments: &Arguments, members: &[Member], counts: &mut Counts, last: u64, took: Duration) {
    let missing: u64 = members.iter().map(|member| last.saturating_sub(member.seq)).sum();
    let acked: u64 = members.iter().map(|member| member.acked).sum();
    println!(
        "{} deliveries in {:.1} s to {} members ({} never read); {acked} acks; lost {}, doubled or out of order {}",
        counts.delivered,
        took.as_secs_f64(),
        members.len(),
        arguments.stall,
        counts.lost + missing,
        counts.doubled
    );
    counts.latencies.sort_unstable();
    let at = |share: usize| counts.latencies.get(counts.latencies.len() * share / 100).copied().unwrap_or(0);
    println!("latency: p50 {} µs, p99 {} µs", at(50), at(99));
}

/// What the server has used.
#[derive(Debug, Clone, Copy)]
struct Process {
    cpu_s: f64,
    rss_kib: u64,
    measured: bool,
}

impl Process {
    fn of(pid: Option<u32>) -> anyhow::Result<Self> {
        let Some(pid) = pid else { return Ok(Self { cpu_s: 0.0, rss_kib: 0, measured: false }) };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // Fields 14 and 15, user and system time in hundredths of a second; the name before them may hold spaces.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let rss_kib = number_behind(status.replace([' ', '\t'], "").as_bytes(), b"VmRSS:").unwrap_or(0);
        Ok(Self { cpu_s: (ticks(11) + ticks(12)) / 100.0, rss_kib, measured: true })
    }

    fn print_since(self, before: Self, what: &str, time: Duration) {
        if self.measured {
            let cpu = self.cpu_s - before.cpu_s;
            println!(
                "{what}: server CPU {cpu:.2} s in {:.1} s ({:.2} % of a core), memory {} KiB, before {} KiB",
                time.as_secs_f64(),
                cpu / time.as_secs_f64() * 100.0,
                self.rss_kib,
                before.rss_kib
            );
        }
    }
}
