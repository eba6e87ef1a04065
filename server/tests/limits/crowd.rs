//! Thousands who connect and say nothing, or next to nothing, while others talk.

use super::places::{as_guest, is_in, server, socket_from, status};
use crate::common::{Client, Server};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::{
    io::Write,
    net::{Ipv4Addr, TcpStream},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Descriptors that other things need.
const SPARE: u64 = 200;

/// Raises how many descriptors this process may have; how many sockets that gives.
fn sockets(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.unwrap_or(u64::MAX);
    let current = maximum.min(wanted as u64 + SPARE).max(limit.current.unwrap_or(0));
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum: limit.maximum });
    let now = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let given = usize::try_from(now.saturating_sub(SPARE)).unwrap_or(usize::MAX).min(wanted);
    if given < wanted {
        println!("this machine gives {given} sockets instead of {wanted}");
    }
    given
}

/// A crowd comes from many addresses.
fn place(n: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 1, u8::try_from(n / 200 % 250).unwrap(), u8::try_from(n % 200 + 1).unwrap())
}

/// What one of them begins to say, and never ends.
fn beginning(n: usize) -> &'static [u8] {
    match n % 5 {
        0 => b"",
        1 => b"{\"type\":\"hel",
        2 => &[0x16, 3, 1, 2, 0, 1],
        3 => b"{\"type\":\"hello\",\"version\":1}\n{\"type\":\"login\",\"nick",
        _ => b"{\"type\":\"login\",\"msg\":\"",
    }
}

/// What the honest have seen.
#[derive(Default)]
struct Seen {
    said: usize,
    slowest: Duration,
}

/// Two people talk until it is over: every word is acknowledged, and heard by the other, in order.
fn talk(mut ann: Client, mut bob: Client, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        seen.said += 1;
        let (id, start) = (format!("m{}", seen.said), Instant::now());
        ann.send(&json!({"type": "broadcast", "room": "#r", "id": id, "msg": "can you hear me?"}));
        assert_eq!(ann.expect("ack")["seq"], seen.said);
        assert_eq!(bob.expect("message")["seq"], seen.said);
        seen.slowest = seen.slowest.max(start.elapsed());
        thread::sleep(Duration::from_millis(20));
    }
    seen
}

fn honest(server: &Server, nickname: &str) -> Client {
    let mut client = Client::connect(server.address);
    is_in(&as_guest(&mut client, nickname));
    client.send(&json!({"type": "join", "room": "#r", "last": 0}));
    client.expect("joined");
    client
}

/// So many connect and say little, a byte at a time, while two people talk.
fn crowd_of(wanted: usize) {
    let count = sockets(wanted);
    let limits = format!(
        "connections = {0}\nconnections_not_logged_in = {0}\nsends_per_s = 0\nsends_per_address_s = 0\n\
         queries_per_s = 0",
        count + 100
    );
    let server = server(&limits);
    let pid = server.pid().to_string();
    let raised = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={}", count + 500)]).status();
    println!("the server's own limit of descriptors is raised: {:?}", raised.map(|status| status.success()));
    let (ann, bob) = (honest(&server, "ann"), honest(&server, "bob"));
    let (before, over) = (server.memory("VmRSS"), AtomicBool::new(false));
    thread::scope(|scope| {
        let talking = scope.spawn(|| talk(ann, bob, &over));
        let start = Instant::now();
        let mut crowd: Vec<TcpStream> = Vec::with_capacity(count);
        for n in 0..count {
            match socket_from(place(n), server.address) {
                Ok(mut stream) => {
                    let _ = stream.write_all(beginning(n));
                    crowd.push(stream);
                }
                Err(error) => panic!("number {n} does not get in: {error}"),
            }
        }
        let there = status(&server)["connections"].as_u64().unwrap();
        let grown = server.memory("VmRSS").saturating_sub(before);
        println!("{there} connections after {:?}: {grown} KiB more", start.elapsed());
        if start.elapsed() < Duration::from_secs(9) {
            assert_eq!(there, count as u64 + 2);
        }
        // A byte of each now and then; some have been ended meanwhile.
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(300));
            for stream in &mut crowd {
                let _ = stream.write(b"x");
            }
        }
        let grown = server.memory("VmRSS").saturating_sub(before);
        println!("after they have trickled: {grown} KiB more");
        assert!(grown < 2_048 + count as u64 * 8, "{grown} KiB for {count} connections");
        drop(crowd);
        super::places::until_connections(&server, 2);
        over.store(true, Ordering::Relaxed);
        let seen = talking.join().unwrap();
        println!("{} said, the slowest took {:?}", seen.said, seen.slowest);
        assert!(seen.slowest < Duration::from_secs(2), "{:?}", seen.slowest);
        assert!(seen.said > 10);
    });
}

#[test]
fn a_crowd_that_says_little_harms_nobody() {
    crowd_of(1_000);
}

/// `cargo test -p server --test limits -- --ignored --nocapture ten_thousand`
#[test]
#[ignore = "takes ten thousand sockets"]
fn a_crowd_of_ten_thousand_harms_nobody() {
    crowd_of(10_000);
}

#[test]
fn beyond_the_limit_a_crowd_only_pushes_itself_out() {
    let server = server("connections_not_logged_in = 50");
    let (ann, bob) = (honest(&server, "ann"), honest(&server, "bob"));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let talking = scope.spawn(|| talk(ann, bob, &over));
        let mut crowd = Vec::new();
        for n in 0..600 {
            let mut stream = socket_from(place(n), server.address).unwrap();
            let _ = stream.write_all(beginning(n));
            crowd.push(stream);
            if n % 100 == 0 {
                let there = status(&server)["connections"].as_u64().unwrap();
                assert!(there <= 52, "{there}");
                // Whoever says at once who they are gets in.
                honest(&server, &format!("honest{n}")).send(&json!({"type": "bye"}));
            }
        }
        over.store(true, Ordering::Relaxed);
        let seen = talking.join().unwrap();
        assert!(seen.slowest < Duration::from_secs(2), "{:?}", seen.slowest);
    });
}
