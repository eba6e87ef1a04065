//! What is exported is what people have been told.

use super::people::{
    DATABASE, PEOPLE, Place, ROOMS, SECRET, broadcast, come, exported, history, identity, join, line, person, room,
    say, serve, talk, talked,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use server::upkeep::export;
use shared::text::cut;
use std::io::{self, Write};

#[test]
fn a_room_is_what_its_history_says() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let server = serve(&data_dir);
    talk(&server, "m", 80);
    let mut alice = come(server.address, PEOPLE[0]);
    for name in ROOMS {
        let joined = join(&mut alice, name);
        let lines = exported(&data_dir, room(name));
        let head = json!({"type": "export", "room": name, "epoch": joined["epoch"], "first": 1, "head": joined["head"],
                          "topic": joined["topic"]});
        assert_eq!(lines[0], head);
        assert!(joined["topic"].as_str().unwrap().contains("\" 茶"), "{joined}");
        assert_eq!(lines[1..], history(&mut alice, name));
        assert!(lines.len() > 20);
    }
    let mut bytes = Vec::new();
    export(&data_dir, room("#LOBBY"), &mut bytes).unwrap();
    assert!(bytes.starts_with(br##"{"type":"export","room":"#lobby","epoch":""##));
}

#[test]
fn a_person_is_the_account_what_it_said_in_rooms_and_its_inbox() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let server = serve(&data_dir);
    talk(&server, "m", 80);
    for nickname in PEOPLE {
        let mut client = come(server.address, nickname);
        let inbox = join(&mut client, "@");
        // Once this is answered the marks that the joins have made are stored.
        client.send(&json!({"type": "read", "room": "@", "seq": 2, "back": true}));
        assert_eq!(client.expect("read")["seq"], 2);
        let lines = exported(&data_dir, person(nickname));
        let head =
            json!({"type": "export", "nickname": nickname, "epoch": inbox["epoch"], "first": 1, "head": inbox["head"]});
        assert_eq!(lines[0], head);
        let read: serde_json::Map<String, Value> =
            ROOMS.into_iter().chain(["@"]).map(|name| (name.into(), join(&mut client, name)["read"].clone())).collect();
        let key = identity(nickname).public().to_string();
        assert_eq!(lines[1], json!({"type": "account", "nickname": nickname, "key": key, "read": read}));
        let mut expected: Vec<Value> = ROOMS.into_iter().flat_map(|name| history(&mut client, name)).collect();
        expected.retain(|entry| entry["from"] == nickname);
        assert!(expected.len() > 10);
        let inbox = history(&mut client, "@");
        assert!(inbox.len() > 10);
        expected.extend(inbox);
        assert_eq!(lines[2..], expected);
        // Of the secrets only those that it was told, or has told.
        let secrets = lines.iter().filter(|line| line["msg"].as_str().is_some_and(|text| text.contains(SECRET)));
        assert!(secrets.clone().all(|line| line["from"] == nickname || line["to"] == nickname));
        assert!(secrets.count() > 3);
    }
    assert_eq!(exported(&data_dir, person("ALICE")), exported(&data_dir, person("alice")), "they are one name");
}

#[test]
fn what_is_not_there_is_said_in_words() {
    let place = Place::new();
    let data_dir = talked(&place, 10);
    let mut out = Vec::new();
    let error = format!("{:#}", export(&data_dir, room("#没有"), &mut out).unwrap_err());
    assert!(error.contains("there is no room #没有"), "{error}");
    // A guest has no account.
    let error = format!("{:#}", export(&data_dir, person("visitor"), &mut out).unwrap_err());
    assert!(error.contains("nobody has claimed the nickname visitor"), "{error}");
    let error = format!("{:#}", export(&place.path("nothing"), room("#lobby"), &mut out).unwrap_err());
    assert!(error.contains("there is no journal"), "{error}");
    assert!(out.is_empty());
}

/// Takes the output, and looks at each piece whether the log could begin anew now.
struct Slow {
    journal: Connection,
    pieces: usize,
    bytes: usize,
}

impl Write for Slow {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // Something is in the log.
        self.journal.execute("UPDATE meta SET value = value + 1", []).unwrap();
        let is_busy: i64 = self.journal.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert_eq!(is_busy, 0, "a reader is there at piece {}", self.pieces);
        self.pieces += 1;
        self.bytes += piece.len();
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn who_takes_an_export_slowly_holds_up_nobody() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let mut server = serve(&data_dir);
    let mut alice = come(server.address, PEOPLE[0]);
    for number in 0..300 {
        let text = line(number).repeat(1_000);
        say(&mut alice, &broadcast(ROOMS[0], &format!("m{number}"), cut(&text, 4_000)));
    }
    assert_eq!(server.terminate(), Some(0));
    for what in [room(ROOMS[0]), person(PEOPLE[0])] {
        let journal = Connection::open(data_dir.join(DATABASE)).unwrap();
        journal.busy_timeout(std::time::Duration::ZERO).unwrap();
        let mut slow = Slow { journal, pieces: 0, bytes: 0 };
        export(&data_dir, what, &mut slow).unwrap();
        assert!(slow.pieces > 3 && slow.bytes > 1_000_000, "{} {}", slow.pieces, slow.bytes);
    }
}
