//! A thousand people with nicknames of their own, over a restart.

use crate::common::{Server, wire::Wire};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    collections::HashMap,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// Connections that one thread looks after.
const SHARE: usize = 100;

/// Somebody in the room.
struct Person {
    nickname: String,
    identity: Identity,
    wire: Wire,
    epoch: Value,
    cursor: u64,
    /// Ids in the order in which they were shown.
    heard: Vec<String>,
    /// Who was said to have come or gone.
    told: Vec<Value>,
    /// How many were said to be there.
    members: Vec<Value>,
    retry: Option<Duration>,
}

impl Person {
    fn new(address: SocketAddr, number: usize) -> Self {
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let (identity, nickname) = (Identity::from_secret(&secret), format!("person{number}"));
        let mut wire = Wire::connect(address).unwrap().patient(Duration::from_mins(1));
        wire.log_in(&nickname, &identity).unwrap();
        let (epoch, cursor, heard, told, members, retry) = (Value::Null, 0, Vec::new(), Vec::new(), Vec::new(), None);
        let mut person = Self { nickname, identity, wire, epoch, cursor, heard, told, members, retry };
        person.join(&json!({"type": "join", "room": "#r", "last": 0}));
        person
    }

    fn join(&mut self, request: &Value) -> Value {
        self.wire.send(request).unwrap();
        let joined = self.wire.expect("joined").unwrap();
        self.epoch = joined["epoch"].clone();
        joined
    }

    /// Takes one event.
    fn hear(&mut self, event: &Value) {
        match event["type"].as_str().unwrap() {
            "message" => {
                let seq = event["seq"].as_u64().unwrap();
                assert_eq!(seq, self.cursor + 1, "{}: none lost, none twice", self.nickname);
                self.cursor = seq;
                self.heard.push(event["id"].as_str().unwrap().to_owned());
            }
            "presence" => {
                let names = ["joined", "left"].map(|kind| event[kind].as_array().cloned().unwrap_or_default());
                self.told.extend(names.concat());
                self.members.push(event["members"].clone());
            }
            "notice" => {
                assert_eq!(event["code"], "shutdown", "{event}");
                self.retry = Some(Duration::from_millis(event["retry_ms"].as_u64().unwrap()));
            }
            "gap" | "error" => panic!("{}: {event}", self.nickname),
            _ => {}
        }
    }

    /// Hears all that comes until the end of the connection.
    fn until_end(&mut self) {
        while let Some(event) = self.wire.next() {
            self.hear(&event);
        }
    }

    fn until_heard(&mut self, last: u64) {
        while self.cursor < last {
            let event = self.wire.next().expect("the connection goes on");
            self.hear(&event);
        }
    }

    /// Says something; it is heard up to it.
    fn say(&mut self, text: &str) -> u64 {
        let id = format!("{}-{text}", self.nickname);
        self.wire.send(&json!({"type": "broadcast", "room": "#r", "id": id, "msg": text})).unwrap();
        loop {
            let event = self.wire.next().expect("the connection goes on");
            self.hear(&event);
            if event["type"] == "ack" && event["id"] == id {
                return event["seq"].as_u64().unwrap();
            }
        }
    }

    /// Comes back when it was told to, as often as it takes, and resumes.
    fn come_back(&mut self, address: SocketAddr) {
        thread::sleep(self.retry.expect("it was told when"));
        let end = Instant::now() + Duration::from_secs(30);
        self.wire = loop {
            match Wire::connect(address) {
                Some(wire) => break wire.patient(Duration::from_mins(1)),
                None => assert!(Instant::now() < end, "{}: nobody answers", self.nickname),
            }
            thread::sleep(Duration::from_millis(100));
        };
        self.wire.log_in(&self.nickname, &self.identity).unwrap();
        let (before, after) = (self.epoch.clone(), self.cursor);
        let joined = self.join(&json!({"type": "join", "room": "#r", "after": after, "epoch": before}));
        assert_eq!(joined["epoch"], before, "the log is the same");
    }
}

/// Does something with everybody, each share in a thread of its own.
fn everybody(people: &mut [Person], act: impl Fn(&mut Person) + Sync) {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> =
            people.chunks_mut(SHARE).map(|share| scope.spawn(move || share.iter_mut().for_each(act))).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn restart_with(count: usize) {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path(), "127.0.0.1:0", "");
    let address = server.address;
    let mut people: Vec<Person> = (0..count).map(|number| Person::new(address, number)).collect();
    let mut last = 0;
    for n in 0..50 {
        last = people[n * 7 % count].say(&format!("before{n}"));
    }
    everybody(&mut people, |person| person.until_heard(last));
    // Presence of those who have just come may still be on its way.
    thread::sleep(Duration::from_millis(1_500));
    everybody(&mut people, |person| {
        person.wire.send(&json!({"type": "ping"})).unwrap();
        person.wire.expect("pong").unwrap();
        person.told.clear();
        person.members.clear();
    });

    // Some words are on their way while the server ends: acknowledged or not, each is there once.
    for (n, person) in people.iter_mut().enumerate().step_by(count / 10) {
        let id = format!("{}-last", person.nickname);
        person.wire.send(&json!({"type": "broadcast", "room": "#r", "id": id, "msg": format!("last {n}")})).unwrap();
    }
    let ending = thread::spawn(move || {
        let code = server.terminate();
        (server, code)
    });
    everybody(&mut people, Person::until_end);
    let (_ended, code) = ending.join().unwrap();
    assert_eq!(code, Some(0));
    let retries: Vec<u128> = people.iter().map(|person| person.retry.expect("it was told when").as_millis()).collect();
    let mut tenths: HashMap<u128, usize> = HashMap::new();
    for retry in &retries {
        *tenths.entry(retry / 200).or_default() += 1;
    }
    assert!(tenths.len() >= 8, "spread out: {tenths:?}");
    assert!(tenths.values().all(|share| *share <= count / 4), "spread out: {tenths:?}");

    let server = Server::start_in(directory.path(), &address.to_string(), "");
    let start = Instant::now();
    // Nobody waits for another: each has a thread.
    thread::scope(|scope| {
        let threads: Vec<_> = people.iter_mut().map(|person| scope.spawn(move || person.come_back(address))).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    println!("{count} are back after {:?}", start.elapsed());
    // What was on its way is sent again, as clients do, before anything new.
    for n in (0..count).step_by(count / 10) {
        let id = format!("{}-last", people[n].nickname);
        people[n].wire.send(&json!({"type": "broadcast", "room": "#r", "id": id, "msg": format!("last {n}")})).unwrap();
    }
    for n in (0..count).step_by(count / 10) {
        let id = format!("{}-last", people[n].nickname);
        if people[n].heard.contains(&id) {
            continue;
        }
        while !people[n].heard.contains(&id) {
            let event = people[n].wire.next().unwrap();
            people[n].hear(&event);
        }
    }
    for n in 0..20 {
        last = people[n * 11 % count].say(&format!("after{n}"));
    }
    everybody(&mut people, |person| person.until_heard(last));
    let heard = people[0].heard.clone();
    assert_eq!(heard.iter().filter(|id| id.ends_with("-last")).count(), heard.len() - 70);
    assert!(people.iter().all(|person| person.heard == heard), "everybody has heard the same");
    assert!(heard.len() >= 80, "{}", heard.len());
    // Longer than changes of who is there are held back.
    thread::sleep(Duration::from_millis(1_500));
    everybody(&mut people, |person| {
        person.wire.send(&json!({"type": "ping"})).unwrap();
        loop {
            let event = person.wire.next().unwrap();
            if event["type"] == "pong" {
                break;
            }
            person.hear(&event);
        }
        assert_eq!(person.told, Vec::<Value>::new(), "{} is told of nobody", person.nickname);
        // Who is back is counted; it never becomes less.
        let members: Vec<u64> = person.members.iter().filter_map(Value::as_u64).collect();
        assert!(members.is_sorted() && members.last().is_none_or(|last| *last == count as u64), "{members:?}");
    });
    let joined = people[0].join(&json!({"type": "join", "room": "#r", "last": 0}));
    assert_eq!(joined["members"], count);
    drop(server);
}

#[test]
fn a_hundred_people_come_back_and_nothing_is_lost() {
    restart_with(100);
}

/// `cargo test -p server --test restart -- --ignored`
#[test]
#[ignore = "a thousand people take a while"]
fn a_thousand_people_come_back_and_nothing_is_lost() {
    restart_with(1_000);
}
