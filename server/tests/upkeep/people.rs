//! People with unusual names at a server, who have said something of everything.

use crate::common::{Client, Server, dice::Dice};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use server::upkeep::{What, export};
use shared::{Nickname, RoomName, identity::Identity};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub(crate) const DATABASE: &str = "journal.sqlite3";
pub(crate) const ROOMS: [&str; 2] = ["#lobby", "#大厅-2"];
pub(crate) const PEOPLE: [&str; 3] = ["alice", "小明", r"o`neil\{x}"];
/// What one wrote to another, and a third one has no business to know.
pub(crate) const SECRET: &str = "nobody else may know";

const CHINESE: &str = include_str!("../../../assets/talk/zh/lines.txt");
const ENGLISH: &str = include_str!("../../../assets/talk/ubuntu-irc/2009-10-01_17.txt");

/// The n-th thing to say.
pub(crate) fn line(number: usize) -> String {
    let (text, from) = if number.is_multiple_of(2) { (CHINESE, "") } else { (ENGLISH, "\"'; DROP TABLE entry; -- ") };
    format!("{number} {from}{}", text.lines().cycle().nth(number % 300).unwrap())
}

/// A directory whose name would be something else if it were not only a name.
pub(crate) struct Place {
    temporary: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { temporary: tempfile::tempdir().unwrap() }
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temporary.path().join(format!("{name} 数据 'it''s' \"x\" %20?mode=ro#1"))
    }

    /// A data directory in it, already made.
    pub(crate) fn data_dir(&self) -> PathBuf {
        let path = self.path("data");
        fs::create_dir(&path).unwrap();
        path
    }

    /// What is in it beside data directories.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.temporary.path()).into_iter().filter(|name| !name.starts_with("data")).collect()
    }
}

/// What lies in a directory.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn serve(data_dir: &Path) -> Server {
    Server::start_in(data_dir, "127.0.0.1:0", "")
}

pub(crate) fn identity(nickname: &str) -> Identity {
    let number = PEOPLE.iter().position(|name| *name == nickname).unwrap();
    Identity::from_secret(&[u8::try_from(number).unwrap() + 1; 32])
}

/// Somebody with a key, in all rooms.
pub(crate) fn come(address: SocketAddr, nickname: &str) -> Client {
    let mut client = Client::connect(address);
    assert_eq!(client.log_in(nickname, &identity(nickname))["success"], true);
    for room in ROOMS {
        join(&mut client, room);
    }
    client
}

pub(crate) fn join(client: &mut Client, room: &str) -> Value {
    client.send(&json!({"type": "join", "room": room, "last": 0}));
    client.expect("joined")
}

/// Sends a message; gives its ack.
pub(crate) fn say(client: &mut Client, message: &Value) -> Value {
    client.send(message);
    client.expect("ack")
}

pub(crate) fn broadcast(room: &str, id: &str, text: &str) -> Value {
    json!({"type": "broadcast", "room": room, "id": id, "msg": text})
}

pub(crate) fn sendto(nickname: &str, id: &str, text: &str) -> Value {
    json!({"type": "sendto", "nickname": nickname, "id": id, "msg": text})
}

/// Lets everybody and a guest say `count` things of all kinds, whose ids begin with `prefix`.
pub(crate) fn talk(server: &Server, prefix: &str, count: usize) {
    let mut dice = Dice::new(count as u64);
    let mut clients: Vec<Client> = PEOPLE.iter().map(|nickname| come(server.address, nickname)).collect();
    let mut guest = server.guest("visitor");
    join(&mut guest, ROOMS[0]);
    for number in 0..count {
        let (from, id) = (number % PEOPLE.len(), format!("{prefix}{number}"));
        // Topics in turns, everything else as it comes.
        let room = ROOMS[if number % 8 == 0 { number / 8 % 2 } else { dice.below(2) }];
        let to = PEOPLE[(from + 1) % PEOPLE.len()];
        let text = line(number);
        let message = match number % 8 {
            0 => json!({"type": "topic", "room": room, "id": id, "msg": format!("\"{number}\" 茶")}),
            1 => json!({"type": "broadcast", "room": room, "id": id, "msg": text, "kind": "action"}),
            2 => sendto(to, &id, &text),
            3 => sendto(to, &id, &format!("{SECRET}, {to}")),
            4 => sendto("visitor", &id, &text),
            _ => broadcast(room, &id, &text),
        };
        say(&mut clients[from], &message);
    }
    say(&mut guest, &broadcast(ROOMS[0], &format!("{prefix}g1"), "a guest says 'hello'"));
    say(&mut guest, &sendto(PEOPLE[0], &format!("{prefix}g2"), "a guest tells"));
    clients[1].send(&json!({"type": "read", "room": ROOMS[0], "seq": 3, "back": true}));
    assert_eq!(clients[1].expect("read")["seq"], 3);
}

/// A data directory of a server that has ended cleanly, with what [`talk`] says.
pub(crate) fn talked(place: &Place, count: usize) -> PathBuf {
    let data_dir = place.data_dir();
    let mut server = serve(&data_dir);
    talk(&server, "m", count);
    assert_eq!(server.terminate(), Some(0));
    data_dir
}

/// Changes a database behind the back of this program.
pub(crate) fn change(data_dir: &Path, sql: &str) {
    Connection::open(data_dir.join(DATABASE)).unwrap().execute_batch(sql).unwrap();
}

/// A number out of a database, without writing.
pub(crate) fn count(database: &Path, sql: &str) -> i64 {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

pub(crate) fn room(name: &str) -> What {
    What::Room(RoomName::parse(name).unwrap())
}

pub(crate) fn person(nickname: &str) -> What {
    What::Person(Nickname::parse(nickname).unwrap())
}

/// An export, line by line.
pub(crate) fn exported(data_dir: &Path, what: What) -> Vec<Value> {
    let mut bytes = Vec::new();
    export(data_dir, what, &mut bytes).unwrap();
    assert!(bytes.ends_with(b"\n"));
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything that can be exported, but for what a restore changes: epochs.
pub(crate) fn everything(data_dir: &Path) -> Result<Vec<Value>, String> {
    let whats = ROOMS.map(room).into_iter().chain(PEOPLE.map(person));
    let mut all = Vec::new();
    for what in whats {
        let mut bytes = Vec::new();
        export(data_dir, what, &mut bytes).map_err(|error| format!("{error:#}"))?;
        let lines = String::from_utf8(bytes).unwrap();
        all.extend(lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    for line in &mut all {
        line.as_object_mut().unwrap().remove("epoch");
    }
    Ok(all)
}

/// A log as `history` has it, as lines that a listener would get.
pub(crate) fn history(client: &mut Client, room: &str) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    loop {
        let after = entries.last().map_or(json!(0), |last| last["seq"].clone());
        client.send(&json!({"type": "history", "room": room, "after": after, "limit": 200}));
        let page = client.expect("history");
        for entry in page["entries"].as_array().unwrap() {
            let mut entry = entry.clone();
            entry["type"] = "message".into();
            entry["room"] = room.into();
            entries.push(entry);
        }
        if page["more"] == false {
            return entries;
        }
    }
}
