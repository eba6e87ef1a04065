//! Backups while people talk.

use super::people::{
    DATABASE, PEOPLE, Place, ROOMS, broadcast, change, come, count, history, identity, line, names, say, sendto, serve,
    talk, talked,
};
use crate::common::wire::Wire;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use server::{
    Config,
    config::{Listen, Overrides},
    upkeep::{KEPT_FILES, backup, verify},
};
use shared::limits::SENDS_UNANSWERED;
use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Backups that are made while everybody talks.
const BACKUPS: usize = 6;
/// Acknowledgements between two of them, at least.
const BETWEEN: usize = 300;

/// Who, the id, and the number in the room or in the sender's own inbox.
type Acked = Mutex<Vec<(&'static str, String, u64)>>;

/// Talks as fast as the wire allows, in rooms and to others.
fn flood(address: SocketAddr, from: usize, acked: &Acked, is_over: &AtomicBool) {
    let mut wire = Wire::connect(address).unwrap();
    wire.log_in(PEOPLE[from], &identity(PEOPLE[from])).unwrap();
    for room in ROOMS {
        wire.send(&json!({"type": "join", "room": room, "last": 0})).unwrap();
        wire.expect("joined").unwrap();
    }
    let (mut sent, mut answered) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        while sent - answered < SENDS_UNANSWERED {
            let id = format!("f{sent}");
            let message = match sent % 3 {
                0 => sendto(PEOPLE[(from + 1) % PEOPLE.len()], &id, &line(sent)),
                room => broadcast(ROOMS[room - 1], &id, &line(sent)),
            };
            wire.send(&message).unwrap();
            sent += 1;
        }
        let ack = wire.expect("ack").unwrap();
        answered += 1;
        let entry = (PEOPLE[from], ack["id"].as_str().unwrap().to_owned(), ack["seq"].as_u64().unwrap());
        acked.lock().unwrap().push(entry);
    }
}

/// Of each author and id the entries: whom it was told, and the number.
type Contents = HashMap<(String, String), Vec<(Option<String>, u64)>>;

/// What a backup has.
fn contents(backup: &Path) -> Contents {
    let connection = Connection::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT author, id, receiver, place & 0xffffffff FROM entry";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)))).unwrap();
    let mut contents = Contents::new();
    for row in rows {
        let (key, place) = row.unwrap();
        contents.entry(key).or_default().push(place);
    }
    contents
}

#[test]
fn a_backup_while_everybody_talks_has_all_that_was_acknowledged_and_nothing_by_half() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let server = serve(&data_dir);
    let clients: Vec<_> = PEOPLE.iter().map(|nickname| come(server.address, nickname)).collect();
    let (acked, is_over) = (Acked::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for from in 0..PEOPLE.len() {
            let (acked, is_over, address) = (&acked, &is_over, server.address);
            scope.spawn(move || flood(address, from, acked, is_over));
        }
        for number in 1..=BACKUPS {
            while acked.lock().unwrap().len() < number * BETWEEN {
                thread::yield_now();
            }
            let to = place.path(&format!("backup {number}"));
            let known = acked.lock().unwrap().clone();
            let report = backup(&data_dir, &to).unwrap();
            assert_eq!(verify(&to).unwrap(), report);
            assert!(report.entries >= known.len() as u64, "{report}");
            let contents = contents(&to);
            for (who, id, seq) in known {
                let places = contents.get(&(who.to_owned(), id.clone())).expect("an entry that was acknowledged");
                assert!(places.iter().any(|(_, there)| *there == seq), "{who} {id} {seq}: {places:?}");
            }
            for ((from, id), places) in contents {
                let is_direct = places[0].0.is_some();
                assert_eq!(places.len(), if is_direct { 2 } else { 1 }, "{from} {id}: {places:?}");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    drop(clients);
    let whole = verify(&data_dir).unwrap();
    assert_eq!((whole.rooms, whole.logs, whole.accounts), (2, 5, 3));
}

#[test]
fn the_log_stays_with_the_server() {
    let place = Place::new();
    let data_dir = place.data_dir();
    // At its very first start, too.
    let mut server = serve(&data_dir);
    for round in 0..3 {
        talk(&server, &format!("before{round}-"), 20);
        backup(&data_dir, &place.path(&format!("backup {round}"))).unwrap();
        verify(&data_dir).unwrap();
        talk(&server, &format!("after{round}-"), 20);
        assert!(names(&data_dir).contains(&format!("{DATABASE}-wal")));
        let told = ROOMS.map(|room| history(&mut come(server.address, PEOPLE[0]), room));
        server.kill();
        let log = fs::read(data_dir.join(format!("{DATABASE}-wal"))).unwrap();
        backup(&data_dir, &place.path(&format!("backup {round} of the dead"))).unwrap();
        verify(&data_dir).unwrap();
        assert!(fs::read(data_dir.join(format!("{DATABASE}-wal"))).unwrap() == log, "it is as it was");
        server = serve(&data_dir);
        assert_eq!(ROOMS.map(|room| history(&mut come(server.address, PEOPLE[0]), room)), told);
    }
}

#[test]
fn a_server_makes_backups_of_itself() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let overrides = Overrides { data_dir: Some(data_dir.clone()), ..Overrides::default() };
    let mut config = Config::load(overrides).unwrap();
    config.listen = vec![Listen { address: "127.0.0.1:0".parse().unwrap(), required: true }];
    let server = server::start(config.clone()).unwrap();
    let mut alice = come(server.addresses[0], PEOPLE[0]);
    for number in 0..50 {
        say(&mut alice, &broadcast(ROOMS[0], &format!("m{number}"), &line(number)));
        if number % 10 == 0 {
            let report = backup(&data_dir, &place.path(&format!("backup {number}"))).unwrap();
            assert_eq!(report.entries, number as u64 + 1);
            assert_eq!(verify(&data_dir).unwrap().entries, report.entries);
        }
    }
    drop(alice);
    server.stop().unwrap();
    assert_eq!(verify(&data_dir).unwrap().entries, 50);
}

#[test]
fn a_backup_is_one_file_for_its_owner_alone() {
    let place = Place::new();
    let data_dir = talked(&place, 30);
    fs::remove_file(data_dir.join(KEPT_FILES[1])).unwrap();
    let to = place.path("backup");
    let report = backup(&data_dir, &to).unwrap();
    assert_eq!(place.names().len(), 1, "{:?}", place.names());
    let file = fs::metadata(&to).unwrap();
    assert_eq!((file.mode() & 0o777, file.len()), (0o600, report.bytes));
    assert_eq!(count(&to, "SELECT count(*) FROM kept_file WHERE name = 'tls-cert.pem'"), 1);
    assert_eq!(count(&to, "SELECT count(*) FROM kept_file"), 1);
    // Looking through it leaves nothing beside it, and needs no right to write.
    fs::set_permissions(&to, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(verify(&to).unwrap(), report);
    assert_eq!(place.names().len(), 1, "{:?}", place.names());
}

#[test]
fn what_is_there_is_not_replaced() {
    let place = Place::new();
    let data_dir = talked(&place, 10);
    let to = place.path("backup");
    fs::write(&to, "something dear").unwrap();
    let error = format!("{:#}", backup(&data_dir, &to).unwrap_err());
    assert!(error.contains("is there already") && error.contains(&*to.to_string_lossy()), "{error}");
    assert_eq!(fs::read(&to).unwrap(), b"something dear");
    fs::remove_file(&to).unwrap();
    symlink(place.path("nowhere"), &to).unwrap();
    backup(&data_dir, &to).unwrap_err();
    assert_eq!(place.names().len(), 1, "{:?}", place.names());
}

#[test]
fn no_backup_is_made_of_what_is_damaged_or_not_there() {
    let place = Place::new();
    let (data_dir, to) = (talked(&place, 30), place.path("backup"));
    let error = format!("{:#}", backup(&place.path("nothing"), &to).unwrap_err());
    assert!(error.contains("there is no journal"), "{error}");
    let error = format!("{:#}", backup(&data_dir, &place.path("nothing").join("backup")).unwrap_err());
    assert!(error.contains("no backup can be made in"), "{error}");
    change(&data_dir, "UPDATE entry SET msg = msg || '!' WHERE place & 0xffffffff = 2");
    let error = format!("{:#}", backup(&data_dir, &to).unwrap_err());
    assert!(
        error.contains("damaged") && error.contains("#lobby 2") && error.contains("the inbox of alice 2"),
        "{error}"
    );
    assert_eq!(place.names(), Vec::<String>::new());
}
