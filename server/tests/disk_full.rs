//! The disk fills up while people talk, by the journal's own bound and for real, on a small file system. What does not fit
//! is refused, what is there stays readable, and once there is room everything goes on, in order.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, Server, dice::Dice};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A small file system. Unmounted when it is dropped, be it by a panic.
struct Disk {
    directory: tempfile::TempDir,
}

impl Disk {
    /// `None`, and why: this user may not mount.
    fn new(kib: u64) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "parlor-test"]).arg(directory.path());
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self { directory }),
            failed => {
                eprintln!("not tested: a file system can't be mounted here: {failed:?}");
                None
            }
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Something that may be removed once there is no room.
    fn ballast(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Takes what is left of the room.
    fn fill(&self) {
        // A short write is the last one.
        let _ = std::fs::write(self.directory.path().join("rest"), vec![0; 64 << 20]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.directory.path()).status().is_ok_and(|status| status.success());
        if !unmounted {
            // Something is still open there: it goes when that is closed.
            let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
        }
    }
}

fn start(directory: &Path) -> Server {
    Server::run(common::command(directory, "127.0.0.1:0"), directory)
}

fn ask(client: &mut Client, request: &Value) -> Value {
    client.send(request);
    loop {
        let event = client.next();
        if !["message", "presence", "roster", "held"].contains(&event["type"].as_str().unwrap()) {
            return event;
        }
    }
}

fn broadcast(id: &str, text: &str) -> Value {
    json!({"type": "broadcast", "room": "#r", "id": id, "msg": text})
}

fn refuse(client: &mut Client, request: &Value) {
    let answer = ask(client, request);
    assert_eq!((&answer["code"], &answer["id"]), (&json!("journal_unavailable"), &request["id"]), "{answer}");
    assert!(answer["retry_ms"].is_u64(), "{answer}");
}

fn owner(server: &Server) -> Client {
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", &Identity::from_secret(&[1; 32]))["success"], true);
    assert_eq!(ask(&mut ann, &json!({"type": "join", "room": "#r", "last": 0}))["type"], "joined");
    ann
}

/// All ids of the room, in order.
fn stored(client: &mut Client) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = ask(client, &json!({"type": "history", "room": "#r", "after": ids.len(), "limit": 200}));
        ids.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
        if page["more"] == false {
            return ids;
        }
    }
}

/// What Ann says, and what of it is acknowledged.
struct Ann {
    client: Client,
    text: String,
    acknowledged: Vec<String>,
}

impl Ann {
    fn new(server: &Server, text: &str) -> Self {
        Self { client: owner(server), text: text.to_owned(), acknowledged: Vec::new() }
    }

    fn say(&mut self, id: &str) -> bool {
        let answer = ask(&mut self.client, &broadcast(id, &self.text));
        let is_stored = answer["type"] == "ack";
        if is_stored {
            self.acknowledged.push(id.to_owned());
            assert_eq!(answer["seq"], self.acknowledged.len());
        } else {
            assert_eq!(answer["code"], "journal_unavailable", "{answer}");
            assert!(answer["retry_ms"].is_u64(), "{answer}");
        }
        is_stored
    }

    /// Talks until something is refused; its id.
    fn fill(&mut self) -> String {
        let before = self.acknowledged.len();
        (before..before + 4_000).map(|n| format!("a{n}")).find(|id| !self.say(id)).expect("full some day")
    }

    /// What holds while the disk is full.
    fn check_full(&mut self, server: &Server, first: &str) {
        let text = self.text.clone();
        for id in ["b1", "b2", first, "b1", first] {
            refuse(&mut self.client, &broadcast(id, &text));
        }
        refuse(&mut self.client, &json!({"type": "topic", "room": "#r", "id": "b3", "msg": "tea"}));
        assert_eq!(ask(&mut self.client, &broadcast("a0", &text))["seq"], 1, "a known id");
        refuse(&mut self.client, &broadcast("b1", "hi"));
        assert_eq!(stored(&mut self.client), self.acknowledged, "everything is readable");
        for request in [
            json!({"type": "search", "text": "lorem"}),
            json!({"type": "ls", "room": "#r"}),
            json!({"type": "rooms"}),
            json!({"type": "ping"}),
        ] {
            assert_ne!(ask(&mut self.client, &request)["type"], "error", "{request}");
        }
        let mut cat = server.guest("cat");
        let joined = ask(&mut cat, &json!({"type": "join", "room": "#r", "last": 3}));
        assert_eq!((&joined["type"], &joined["head"]), (&json!("joined"), &json!(self.acknowledged.len())));
        for id in &self.acknowledged[self.acknowledged.len() - 3..] {
            assert_eq!(cat.expect("message")["id"], *id, "who comes is shown what there is");
        }
    }

    /// There is room again: first what was refused first, then the rest.
    fn go_on(&mut self, first: &str, ben: &mut Client) {
        let text = self.text.clone();
        refuse(&mut self.client, &broadcast("b1", &text));
        assert!(self.say(first) && self.say("b1") && self.say("b2"), "there is room");
        let mut heard = 0;
        while heard < self.acknowledged.len() {
            heard += 1;
            let message = ben.expect("message");
            assert_eq!((&message["seq"], &message["id"]), (&json!(heard), &json!(self.acknowledged[heard - 1])));
        }
    }
}

#[test]
fn a_full_file_system_refuses_until_there_is_room() {
    let mut dice = Dice::of_this_run(5);
    // Wherever the end of the room falls: in the log of changes, in what belongs to it, in the database.
    for round in 0..8 {
        let Some(disk) = Disk::new(2_600 + 4 * dice.below(512) as u64) else { return };
        for name in ["one", "two"] {
            std::fs::write(disk.ballast(name), vec![0; 600 << 10]).unwrap();
        }
        let mut server = start(&disk.data());
        let mut ben = server.member("ben", "#r");
        let mut ann = Ann::new(&server, &"lorem ipsum ".repeat([340, 30, 1][round % 3]));
        let first = ann.fill();
        disk.fill();
        ann.check_full(&server, &first);
        assert!(server.is_running());
        std::fs::remove_file(disk.ballast("one")).unwrap();
        ann.go_on(&first, &mut ben);

        // The same again, and the server ends while there is no room: it is asked to, or dies of something else.
        ann.fill();
        disk.fill();
        if round % 2 == 0 {
            server.kill();
        } else {
            assert_eq!(server.terminate(), Some(0));
            disk.fill();
        }
        drop(restart_over_a_full_disk(&disk, &ann));
        std::fs::remove_file(disk.ballast("two")).unwrap();
        let server = start(&disk.data());
        let mut again = owner(&server);
        assert_eq!(stored(&mut again), ann.acknowledged, "nothing that was acknowledged is lost");
        assert_eq!(ask(&mut again, &broadcast("b9", "hi"))["seq"], ann.acknowledged.len() + 1);
    }
}

/// It starts and everything is readable, or it says why it does not.
fn restart_over_a_full_disk(disk: &Disk, ann: &Ann) -> Option<Server> {
    let mut command = common::command(&disk.data(), "127.0.0.1:0");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
    if line.starts_with("listening on ") {
        child.kill().unwrap();
        child.wait().unwrap();
        let server = start(&disk.data());
        let mut again = owner(&server);
        assert_eq!(stored(&mut again), ann.acknowledged, "nothing that was acknowledged is lost");
        return Some(server);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    println!("over a full disk it says: {said}");
    assert!(output.status.code().is_some_and(|code| code != 0) && !said.contains("panicked"), "{said}");
    assert!(["full", "No space left", "disk I/O error"].iter().any(|words| said.contains(words)), "{said}");
    None
}

#[test]
fn a_journal_that_has_reached_its_bound_refuses_until_it_may_be_larger() {
    let directory = tempfile::tempdir().unwrap();
    let bound = |mib: u64| format!("[journal]\nmax_mib = {mib}\n");
    let mut server = Server::start_in(directory.path(), "127.0.0.1:0", &bound(1));
    let mut ann = Ann::new(&server, &"lorem ipsum ".repeat(340));
    let first = ann.fill();
    ann.check_full(&server, &first);
    server.kill();
    let mut server = Server::start_in(directory.path(), "127.0.0.1:0", &bound(1));
    ann.client = owner(&server);
    // What the search needs no longer may have left a little room.
    let first = ann.fill();
    ann.check_full(&server, &first);
    assert_eq!(server.terminate(), Some(0), "it can end as well");
    let server = Server::start_in(directory.path(), "127.0.0.1:0", &bound(2));
    ann.client = owner(&server);
    assert!(ann.say(&first) && ann.say("b1"));
    assert_eq!(stored(&mut ann.client), ann.acknowledged);
}

/// Guests have numbers, which are reserved on disk: none is let in with one that might be given again after a crash.
#[test]
fn guests_who_came_while_the_disk_was_full_are_not_taken_for_others_later() {
    let Some(disk) = Disk::new(3_000) else { return };
    std::fs::write(disk.ballast("one"), vec![0; 600 << 10]).unwrap();
    let mut server = start(&disk.data());
    let mut ann = Ann::new(&server, &"lorem ipsum ".repeat(340));
    ann.fill();
    disk.fill();
    // Where no message fits, something smaller may.
    let mark = |n: u64| json!({"type": "read", "room": "#r", "seq": 1 + n % 2, "back": true});
    let last = (0..5_000).find(|n| ask(&mut ann.client, &mark(*n))["type"] == "error");
    assert!(last.is_some(), "full some day");
    server.kill();
    let mut server = start(&disk.data());
    let mut cat = server.connect();
    cat.hello();
    let refused = ask(&mut cat, &json!({"type": "login", "nickname": "cat"}));
    assert_eq!((&refused["code"], &refused["retry_ms"]), (&json!("journal_unavailable"), &json!(1_000)), "{refused}");
    std::fs::remove_file(disk.ballast("one")).unwrap();
    assert_eq!(ask(&mut cat, &json!({"type": "login", "nickname": "cat"}))["success"], true);
    assert_eq!(ask(&mut cat, &json!({"type": "join", "room": "#r"}))["type"], "joined");
    assert_eq!(ask(&mut cat, &broadcast("m1", "hi"))["type"], "ack");
    let mut ann = owner(&server);
    let secret = json!({"type": "sendto", "nickname": "cat", "id": "d1", "msg": "for the cat alone"});
    assert_eq!(ask(&mut ann, &secret)["type"], "ack");
    server.kill();

    let server = start(&disk.data());
    let (mut ann, mut dog) = (owner(&server), server.member("dog", "#r"));
    let head = stored(&mut ann).len();
    dog.send(&json!({"type": "join", "room": "@"}));
    dog.expect("joined");
    let answer = ask(&mut dog, &broadcast("m1", "I am another one"));
    let hello = json!({"type": "sendto", "nickname": "dog", "id": "d2", "msg": "hello, dog"});
    assert_eq!(ask(&mut ann, &hello)["type"], "ack");
    let inbox = ask(&mut dog, &json!({"type": "history", "room": "@"}))["entries"].clone();
    let texts: Vec<&Value> = inbox.as_array().unwrap().iter().map(|entry| &entry["msg"]).collect();
    assert_eq!((&answer["seq"], texts), (&json!(head + 1), vec![&json!("hello, dog")]), "{answer} {inbox}");
}
