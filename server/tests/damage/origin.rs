//! Journals as servers have left them, before anything happens to them.

use crate::common::{dice::Dice, process::Process, wire::Wire};
use serde_json::json;
use shared::identity::Identity;
use std::path::Path;

/// The database, its log, and the mark that says how much there is.
pub(crate) const FILES: [&str; 3] = ["journal.sqlite3", "journal.sqlite3-wal", "stored"];
pub(crate) const ROOMS: [&str; 2] = ["#damage-a", "#damage-b"];
pub(crate) const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
const TALK: &str = include_str!("../../../assets/talk/zh/lines.txt");

/// The files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Files(pub(crate) [Option<Vec<u8>>; 3]);

impl Files {
    pub(crate) fn read(directory: &Path) -> Self {
        Self(FILES.map(|name| std::fs::read(directory.join(name)).ok()))
    }

    pub(crate) fn write(&self, directory: &Path) {
        for (name, bytes) in FILES.iter().zip(&self.0) {
            if let Some(bytes) = bytes {
                std::fs::write(directory.join(name), bytes).unwrap();
            }
        }
    }

    pub(crate) fn in_new_directory(&self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        self.write(directory.path());
        directory
    }
}

/// A journal.
pub(crate) struct Origin {
    pub(crate) name: &'static str,
    pub(crate) files: Files,
    /// Its main file as it was some time before.
    pub(crate) earlier: Option<Vec<u8>>,
}

/// One of a server that ended cleanly, one of a server that was killed, and one whose log has begun anew over its old frames.
pub(crate) fn make() -> Vec<Origin> {
    let directory = tempfile::tempdir().unwrap();
    let start = || Process::start(directory.path(), |_| {}).map_err(|end| end.stderr).unwrap();
    let mut dice = Dice::new(1);
    let mut said = 0;
    let mut origins = Vec::new();

    let server = start();
    talk(&server, &mut said, 90, &mut dice);
    assert_eq!(server.terminate().code, Some(0));
    let [earlier, ..] = Files::read(directory.path()).0;

    let server = start();
    talk(&server, &mut said, 90, &mut dice);
    assert_eq!(server.terminate().code, Some(0));
    let files = Files::read(directory.path());
    assert!(files.0[1].is_none(), "a clean end leaves no log");
    origins.push(Origin { name: "clean", files, earlier });

    for (name, count) in [("killed", 40), ("begun anew", 200)] {
        let [earlier, ..] = Files::read(directory.path()).0;
        let server = start();
        talk(&server, &mut said, count, &mut dice);
        server.kill();
        let files = Files::read(directory.path());
        assert!(files.0[1].as_ref().is_some_and(|wal| wal.len() > 100_000), "a log is there");
        origins.push(Origin { name, files, earlier });
    }
    origins
}

pub(crate) fn identity(nickname: &str) -> Identity {
    let number = PEOPLE.iter().position(|name| *name == nickname).unwrap();
    Identity::from_secret(&[u8::try_from(number).unwrap() + 1; 32])
}

/// Lets everybody talk, and waits for all acknowledgements.
fn talk(server: &Process, said: &mut usize, count: usize, dice: &mut Dice) {
    let mut wires: Vec<Wire> = PEOPLE.iter().map(|nickname| join(server, nickname)).collect();
    wires[2].send(&json!({"type": "ignore", "on": true})).unwrap();
    wires[2].expect("ignore").unwrap();
    for number in *said..*said + count {
        let lines = TALK.lines().cycle().skip(number * 7 % 300);
        let mut text = format!("w{number} g{}", number % 20);
        let length = [60, 60, 60, 60, 60, 60, 60, 300, 300, 4_090][dice.below(10)];
        for line in lines.take_while(|_| length > 60).take(80).chain(std::iter::once("ok")) {
            if text.len() + 1 + line.len() <= length.max(60) {
                text = format!("{text} {}", line.trim());
            }
        }
        let (room, id) = (ROOMS[dice.below(2)], format!("m{number}"));
        let from = number % 2;
        let request = match number % 8 {
            0 | 1 => json!({"type": "sendto", "nickname": PEOPLE[1 - from], "id": id, "msg": text}),
            2 => json!({"type": "topic", "room": room, "id": id, "msg": format!("topic {number}")}),
            3 => json!({"type": "broadcast", "room": room, "id": id, "msg": text, "kind": "action"}),
            _ => json!({"type": "broadcast", "room": room, "id": id, "msg": text}),
        };
        wires[from].send(&request).unwrap();
        wires[from].expect("ack").unwrap();
    }
    *said += count;
    wires[1].send(&json!({"type": "read", "room": ROOMS[0], "seq": 7})).unwrap();
    wires[1].expect("read").unwrap();
}

fn join(server: &Process, nickname: &str) -> Wire {
    let mut wire = Wire::connect(server.address).unwrap();
    wire.log_in(nickname, &identity(nickname)).unwrap();
    for room in ROOMS {
        wire.send(&json!({"type": "join", "room": room, "last": 0})).unwrap();
        wire.expect("joined").unwrap();
    }
    wire
}
