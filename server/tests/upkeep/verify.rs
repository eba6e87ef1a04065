//! Journals that are not what was stored, and what is said of them.

use super::people::{DATABASE, Place, ROOMS, change, count, names, serve, talk, talked};
use server::upkeep::{Damage, backup, verify};
use std::{fs, path::Path};

/// What is wrong with it.
fn findings(path: &Path) -> Damage {
    let error = verify(path).unwrap_err();
    let said = format!("{error:#}");
    let damage: Damage = error.downcast().unwrap_or_else(|_| panic!("no finding: {said}"));
    assert!(damage.findings.iter().all(|finding| said.contains(finding)), "{said}");
    damage
}

/// Looks through a copy of a data directory to which something has happened: one finding for each of these beginnings.
fn assert_found(data_dir: &Path, sql: &str, expected: &[&str]) {
    let place = Place::new();
    let copy = place.data_dir();
    for name in [DATABASE, "stored"] {
        fs::copy(data_dir.join(name), copy.join(name)).unwrap();
    }
    change(&copy, sql);
    let damage = findings(&copy);
    let is_as_expected =
        damage.findings.len() == expected.len() && damage.findings.iter().zip(expected).all(|(a, b)| a.starts_with(b));
    assert!(is_as_expected, "{sql}:\n{:#?}", damage.findings);
}

#[test]
fn a_journal_is_whole_whether_or_not_a_server_runs_over_it() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let mut server = serve(&data_dir);
    talk(&server, "m", 40);
    let running = verify(&data_dir).unwrap();
    assert_eq!((running.rooms, running.logs, running.accounts, running.tombstones), (2, 5, 3, 0));
    assert_eq!(server.terminate(), Some(0));
    let mut files = names(&data_dir);
    let ended = verify(&data_dir).unwrap();
    assert_eq!((ended.entries, ended.logs), (running.entries, running.logs));
    assert_eq!(verify(&data_dir.join(DATABASE)).unwrap(), ended);
    let entries = count(&data_dir.join(DATABASE), "SELECT count(*) FROM entry WHERE log > 0");
    assert_eq!(ended.entries, u64::try_from(entries).unwrap());
    // An entry that was taken out is one all the same.
    let tombstone =
        "UPDATE entry SET kind = 'redacted', author = NULL, msg = NULL, sum = NULL WHERE place = (1 << 32) + 3";
    change(&data_dir, tombstone);
    assert_eq!(verify(&data_dir).unwrap().tombstones, 1);
    // SQLite has made its own while it looked, at most.
    files.retain(|name| !name.starts_with(DATABASE));
    assert!(files.iter().all(|name| names(&data_dir).contains(name)));
    let shown = ended.to_string();
    assert!(shown.starts_with("5 logs (2 rooms), 3 accounts,"), "{shown}");
}

#[test]
fn what_is_wrong_is_named() {
    let place = Place::new();
    let data_dir = talked(&place, 60);
    let at =
        |room: usize, seq: u64| format!("place = ((SELECT log FROM log WHERE room = '{}') << 32) + {seq}", ROOMS[room]);
    let update = |set: &str, room, seq| format!("UPDATE entry SET {set} WHERE {}", at(room, seq));
    let lobby = count(&data_dir.join(DATABASE), "SELECT log FROM log WHERE room = '#lobby'");
    let inbox = "(SELECT inbox FROM account WHERE nickname = '小明')";

    for (set, seq) in
        [("msg = msg || '.'", 2), ("author = 'mallory'", 3), ("id = 'x'", 4), ("re = 1", 5), ("msg = NULL", 6)]
    {
        assert_found(&data_dir, &update(set, 0, seq), &[&format!("#lobby {seq}: it is not what was stored")]);
    }
    assert_found(&data_dir, &update("msg = 'x'", 1, 1), &["#大厅-2 1: it is not what was stored"]);
    let other_inbox = format!("UPDATE entry SET receiver = 'alice' WHERE place = ({inbox} << 32) + 2");
    assert_found(&data_dir, &other_inbox, &["the inbox of 小明 2: it is not what was stored"]);
    let guests = "INSERT INTO entry (place, log, sender, id, at, sum) VALUES ((-7 << 32) + 1, -7, -7, 'x', 5, 5)";
    assert_found(&data_dir, guests, &["a guest's inbox 1: it is not what was stored"]);

    assert_found(&data_dir, &format!("DELETE FROM entry WHERE {}", at(0, 7)), &["#lobby 7: it is missing"]);
    let some = format!("DELETE FROM entry WHERE {} OR {} OR {}", at(0, 1), at(0, 2), at(0, 9));
    assert_found(&data_dir, &some, &["#lobby 1 to 2: missing", "#lobby 9: it is missing"]);
    let head = count(&data_dir.join(DATABASE), "SELECT count(*) FROM entry JOIN log USING (log) WHERE room = '#lobby'");
    // Search has caught up with it, and the file beside the database has counted it.
    let (last, known) = (at(0, head.unsigned_abs()), format!("UPDATE log SET indexed = {head} WHERE log = {lobby}"));
    let last = format!("{known}; DELETE FROM entry WHERE {last}");
    assert_found(
        &data_dir,
        &last,
        &[&format!("#lobby {head}: it is missing"), "the ends of logs: of what was stored 1 are missing"],
    );
    let early = "UPDATE log SET first = 3, sum = NULL WHERE room = '#lobby'";
    assert_found(&data_dir, early, &["#lobby 1: it lies before the first entry"]);

    assert_found(&data_dir, &update("at = 5, sum = NULL", 0, 8), &["#lobby 8: its time is before"]);
    let twice = "DROP INDEX entry_id; UPDATE entry SET sum = NULL, (sender, id) = (SELECT sender, id FROM entry WHERE ";
    let twice = format!("{twice} {}) WHERE {}", at(0, 4), at(0, 9));
    assert_found(&data_dir, &twice, &[&format!("log {lobby} 9: its sender has used its id twice")]);
    assert_found(&data_dir, &update("log = 77", 0, 4), &["#lobby 4: it is not what was stored"]);
    let stray = format!(
        "INSERT INTO entry SELECT (77 << 32) + 1, 77, sender, id, author, receiver, at, kind, re, msg, NULL \
                         FROM entry WHERE {}",
        at(0, 4)
    );
    assert_found(&data_dir, &stray, &["log 77 1: the log is not there (1 such entries)"]);

    let key = "UPDATE account SET key = zeroblob(32) WHERE nickname = '小明'";
    assert_found(&data_dir, key, &["the account of 小明: it is not what was stored"]);
    let short = "UPDATE account SET key = x'00' WHERE nickname = 'alice'";
    assert_found(&data_dir, short, &["the account of alice: it is not what was stored"]);
    let gone = format!(
        "PRAGMA foreign_keys = OFF; DELETE FROM entry WHERE log = {inbox}; DELETE FROM log WHERE log = {inbox}"
    );
    assert_found(&data_dir, &gone, &["the account of 小明: an inbox is missing", "the ends of logs: "]);
    assert_found(
        &data_dir,
        "UPDATE log SET epoch = 'x' WHERE room = '#lobby'",
        &[&format!("log {lobby}: it is not what was stored")],
    );
    assert_found(
        &data_dir,
        "UPDATE log SET room = 'no room', sum = NULL WHERE room = '#lobby'",
        &[&format!("log {lobby}: a room's name is")],
    );
}

#[test]
fn at_most_twenty_things_are_said_and_the_rest_is_counted() {
    let place = Place::new();
    let data_dir = talked(&place, 60);
    change(&data_dir, "UPDATE entry SET msg = msg || '.' WHERE log > 0");
    let damage = findings(&data_dir);
    let entries = count(&data_dir.join(DATABASE), "SELECT count(*) FROM entry WHERE log > 0");
    assert_eq!(damage.findings.len(), 20);
    assert_eq!(damage.more + 20, u64::try_from(entries).unwrap());
    assert!(damage.to_string().ends_with(&format!("and {} more", damage.more)));
}

#[test]
fn a_flipped_byte_in_a_text_is_found_in_a_backup_as_well() {
    let place = Place::new();
    let data_dir = talked(&place, 30);
    let to = place.path("backup");
    let report = backup(&data_dir, &to).unwrap();
    let bytes = fs::read(&to).unwrap();
    let text = b"a guest says 'hello'";
    let found: Vec<usize> = (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text)).collect();
    let flip = |at: usize, bit: u8| {
        let mut flipped = bytes.clone();
        flipped[at + 3] ^= 1 << bit;
        fs::write(&to, flipped).unwrap();
    };
    // A page may have more of it where nothing lies any more; nobody reads that.
    let (read, unread): (Vec<usize>, Vec<usize>) = found.into_iter().partition(|at| {
        flip(*at, 0);
        verify(&to).is_err()
    });
    assert_eq!(read.len(), 1, "the index has words only");
    for bit in 0..8 {
        flip(read[0], bit);
        let damage = findings(&to);
        assert!(damage.findings.len() == 1 && damage.findings[0].starts_with("#lobby "), "{damage}");
        for at in &unread {
            flip(*at, bit);
            assert_eq!(verify(&to).unwrap(), report);
        }
    }
    fs::write(&to, &bytes).unwrap();
    assert_eq!(verify(&to).unwrap(), report);
}

#[test]
fn a_page_that_is_lost_is_found_whatever_it_held() {
    let place = Place::new();
    let data_dir = talked(&place, 60);
    let path = data_dir.join(DATABASE);
    let bytes = fs::read(&path).unwrap();
    let pages = bytes.len() / 4_096;
    assert!(pages > 15);
    for page in 1..pages {
        let mut damaged = bytes.clone();
        damaged[page * 4_096..(page + 1) * 4_096].fill(0);
        fs::write(&path, damaged).unwrap();
        let error = format!("{:#}", verify(&data_dir).expect_err("a page is gone"));
        assert!(error.contains("damaged"), "page {page}: {error}");
    }
}

#[test]
fn what_is_no_journal_is_said_to_be_none() {
    let place = Place::new();
    let path = place.path("something");
    let said = |path: &Path| format!("{:#}", verify(path).unwrap_err());
    assert!(said(&path).contains("it is no file"), "{}", said(&path));
    fs::write(&path, b"Dear diary,\n".repeat(100)).unwrap();
    assert!(said(&path).contains("it is no journal"), "{}", said(&path));
    fs::write(&path, b"").unwrap();
    assert!(said(&path).contains("it is no journal"), "{}", said(&path));
    fs::remove_file(&path).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE diary (day TEXT); PRAGMA user_version = 2").unwrap();
    assert!(said(&path).contains("it is no journal"), "{}", said(&path));
    connection.execute_batch("PRAGMA user_version = 1000").unwrap();
    assert!(said(&path).contains("use a newer one"), "{}", said(&path));
    let empty = place.data_dir();
    assert!(said(&empty).contains("there is no journal in"), "{}", said(&empty));
    assert_eq!(names(&empty), Vec::<String>::new());
    // A log alone may hold everything; opening it would delete it.
    fs::write(empty.join(DATABASE), "").unwrap();
    fs::write(empty.join(format!("{DATABASE}-wal")), "a log").unwrap();
    assert!(said(&empty).contains("its main file is missing or empty"), "{}", said(&empty));
    assert_eq!(fs::read(empty.join(format!("{DATABASE}-wal"))).unwrap(), b"a log");
}
