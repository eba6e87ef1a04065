//! Data directories out of backups.

use super::people::{
    DATABASE, PEOPLE, Place, ROOMS, broadcast, change, come, count, everything, history, identity, join, line, names,
    say, sendto, serve, talk, talked,
};
use crate::common::{
    Client,
    dice::{Dice, trials},
    process::Process,
};
use serde_json::json;
use server::upkeep::{KEPT_FILES, backup, restore, verify};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// A data directory with files beside the journal, its backup, and where to restore it.
struct Case {
    place: Place,
    data_dir: PathBuf,
    backup: PathBuf,
    to: PathBuf,
}

impl Case {
    fn new(messages: usize) -> Self {
        let place = Place::new();
        let data_dir = talked(&place, messages);
        let path = place.path("backup");
        backup(&data_dir, &path).unwrap();
        let to = place.path("data restored").join("deeper");
        Self { place, data_dir, backup: path, to }
    }

    fn refused(&self) -> String {
        format!("{:#}", restore(&self.backup, &self.to).unwrap_err())
    }
}

#[test]
fn a_restored_server_has_what_the_backup_has_and_says_that_its_logs_are_others() {
    let place = Place::new();
    let data_dir = place.data_dir();
    let server = serve(&data_dir);
    talk(&server, "m", 60);
    let mut alice = come(server.address, PEOPLE[0]);
    let first = say(&mut alice, &broadcast(ROOMS[0], "twice", "only once"));
    let lurker = server.guest("lurker");
    say(&mut alice, &sendto("lurker", "lurking", "psst"));
    let told = ROOMS.map(|room| history(&mut alice, room));
    let (path, to) = (place.path("backup"), place.path("data restored"));
    backup(&data_dir, &path).unwrap();
    let guests = "SELECT count(*) FROM entry WHERE place < 0";
    assert_eq!(count(&path, guests), 1);
    // What comes now is lost.
    talk(&server, "lost", 10);
    let known = ROOMS.into_iter().chain(["@"]).map(|room| join(&mut alice, room));
    let known: Vec<_> = known.map(|joined| (joined["epoch"].clone(), joined["head"].as_u64().unwrap())).collect();
    drop((alice, lurker, server));

    let report = restore(&path, &to).unwrap();
    assert_eq!(verify(&to).unwrap().entries, report.entries);
    assert_eq!(count(&to.join(DATABASE), guests), 0, "guests have gone");
    assert_eq!(count(&to.join(DATABASE), "SELECT count(*) FROM sqlite_schema WHERE name = 'kept_file'"), 0);
    let server = serve(&to);
    let mut alice = Client::connect(server.address);
    alice.log_in(PEOPLE[0], &identity(PEOPLE[0]));
    for (room, (epoch, head)) in ROOMS.into_iter().chain(["@"]).zip(&known) {
        alice.send(&json!({"type": "join", "room": room, "after": head, "epoch": epoch, "last": 5}));
        let joined = alice.expect("joined");
        assert_ne!(joined["epoch"], *epoch);
        let now = joined["head"].as_u64().unwrap();
        assert!(now < *head, "{room}");
        let gap = json!({"type": "gap", "room": room, "after": 0, "before": now - 4, "lost": false});
        assert_eq!(alice.next(), gap, "nothing that it knows is of this log");
        for seq in now - 4..=now {
            assert_eq!(alice.expect("message")["seq"], seq);
        }
        alice.send(&json!({"type": "join", "room": room, "after": now, "epoch": joined["epoch"]}));
        assert_eq!(alice.expect("joined")["head"], now);
    }
    assert_eq!(ROOMS.map(|room| history(&mut alice, room)), told);
    // What was acknowledged before the backup is known, what was lost can be sent again.
    assert_eq!(say(&mut alice, &broadcast(ROOMS[0], "twice", "only once"))["seq"], first["seq"]);
    let again = say(&mut alice, &broadcast(ROOMS[0], "lost5", &line(5)));
    assert_eq!(again["seq"], told[0].len() + 1);
}

#[test]
fn a_server_starts_over_it_without_a_word() {
    let case = Case::new(40);
    let report = restore(&case.backup, &case.to).unwrap();
    let mut expected = vec![DATABASE.to_owned(), "lock".into(), "stored".into()];
    expected.extend(KEPT_FILES.map(str::to_owned));
    assert_eq!(names(&case.to), expected);
    for name in KEPT_FILES {
        let path = case.to.join(name);
        assert_eq!(fs::read(&path).unwrap(), fs::read(case.data_dir.join(name)).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(case.to.join(DATABASE)).unwrap().mode() & 0o777, 0o600);
    assert_eq!(everything(&case.to).unwrap(), everything(&case.data_dir).unwrap());
    for _ in 0..2 {
        let Ok(server) = Process::start(&case.to, |_| {}) else { panic!("it does not start") };
        let end = server.terminate();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "it misses nothing");
    }
    assert_eq!(verify(&case.to).unwrap().entries, report.entries);
    // A backup of what was restored is as good.
    let again = case.place.path("backup again");
    assert_eq!(backup(&case.to, &again).unwrap().entries, report.entries);
    restore(&again, &case.place.path("data again")).unwrap();
}

#[test]
fn where_a_journal_is_nothing_is_restored() {
    let case = Case::new(10);
    let refused = |data_dir: &Path| format!("{:#}", restore(&case.backup, data_dir).unwrap_err());
    let before = (names(&case.data_dir), everything(&case.data_dir).unwrap());
    assert!(refused(&case.data_dir).contains("there is a journal already: move"), "{}", refused(&case.data_dir));
    assert_eq!((names(&case.data_dir), everything(&case.data_dir).unwrap()), before);
    let server = serve(&case.data_dir);
    let said = refused(&case.data_dir);
    assert!(said.contains("in use by process") && said.contains(&server.pid().to_string()), "{said}");
    drop(server);
    // A log that was left behind would be taken for that of the new journal.
    fs::create_dir_all(&case.to).unwrap();
    fs::write(case.to.join(format!("{DATABASE}-wal")), "a log").unwrap();
    assert!(case.refused().contains(&format!("{DATABASE}-wal")), "{}", case.refused());
    fs::remove_file(case.to.join(format!("{DATABASE}-wal"))).unwrap();
    restore(&case.backup, &case.to).unwrap();
}

#[test]
fn a_mark_that_was_left_behind_does_not_count() {
    let case = Case::new(10);
    fs::create_dir_all(&case.to).unwrap();
    fs::write(case.to.join("stored"), "what another journal has left").unwrap();
    restore(&case.backup, &case.to).unwrap();
    let stored = |data_dir: &Path| fs::read(data_dir.join("stored")).unwrap();
    assert_eq!(stored(&case.to)[..12], stored(&case.data_dir));
}

#[test]
fn other_files_than_those_of_the_backup_are_not_replaced() {
    let case = Case::new(10);
    fs::create_dir_all(&case.to).unwrap();
    fs::write(case.to.join(KEPT_FILES[1]), "a newer key").unwrap();
    let said = case.refused();
    assert!(said.contains(KEPT_FILES[1]) && said.contains("move it away"), "{said}");
    assert_eq!(names(&case.to), [KEPT_FILES[1]]);
    // Those that a try before this one has made are in nobody's way.
    fs::copy(case.data_dir.join(KEPT_FILES[1]), case.to.join(KEPT_FILES[1])).unwrap();
    restore(&case.backup, &case.to).unwrap();
}

#[test]
fn only_what_was_made_as_a_backup_is_restored() {
    let mut case = Case::new(10);
    let original = case.backup.clone();
    case.backup = case.data_dir.join(DATABASE);
    assert!(case.refused().contains("not made as a backup"), "{}", case.refused());
    case.backup = case.data_dir.clone();
    assert!(case.refused().contains("it is no file"), "{}", case.refused());
    case.backup = case.place.path("nothing");
    assert!(case.refused().contains("it is no file"), "{}", case.refused());

    case.backup = case.place.path("backup changed");
    let change = |sql: &str| {
        fs::copy(&original, &case.backup).unwrap();
        rusqlite::Connection::open(&case.backup).unwrap().execute_batch(sql).unwrap();
    };
    change("UPDATE kept_file SET bytes = x'00' WHERE name = 'tls-key.pem'");
    assert!(case.refused().contains("tls-key.pem"), "{}", case.refused());
    change("UPDATE kept_file SET name = '../outside' WHERE name = 'tls-key.pem'");
    assert!(case.refused().contains("../outside"), "{}", case.refused());
    change("PRAGMA user_version = 1000");
    assert!(case.refused().contains("use a newer one"), "{}", case.refused());
    change("DELETE FROM entry WHERE place = ((SELECT log FROM log WHERE room = '#lobby') << 32) + 3");
    assert!(case.refused().contains("#lobby 3: it is missing"), "{}", case.refused());
    assert!(!case.to.exists() && !case.to.parent().unwrap().exists(), "nothing is left behind");
}

#[test]
fn further_tables_come_along() {
    let case = Case::new(10);
    rusqlite::Connection::open(&case.backup)
        .unwrap()
        .execute_batch("CREATE TABLE later (x TEXT); INSERT INTO later VALUES ('it''s')")
        .unwrap();
    restore(&case.backup, &case.to).unwrap();
    assert_eq!(count(&case.to.join(DATABASE), "SELECT count(*) FROM later"), 1);
}

#[test]
fn a_journal_of_an_older_format_is_backed_up_and_brought_up_to_date() {
    let case = Case::new(30);
    // What each format lacks, newest first.
    let steps = [
        "PRAGMA user_version = 2; ALTER TABLE account DROP COLUMN seen; DROP TABLE sanction; DROP TABLE room_rule; \
         DROP TABLE role; DROP TABLE operator; DROP TABLE invite; DROP TABLE place; DROP TABLE gone_id; \
         DROP TABLE moderation_log",
        "PRAGMA user_version = 1; ALTER TABLE entry DROP COLUMN sum; ALTER TABLE log DROP COLUMN sum; \
         ALTER TABLE account DROP COLUMN sum",
    ];
    for (number, step) in steps.into_iter().enumerate() {
        change(&case.data_dir, step);
        let path = case.place.path(&format!("backup of an older format {number}"));
        let report = backup(&case.data_dir, &path).unwrap();
        assert_eq!(verify(&path).unwrap(), report);
        let to = case.place.path(&format!("data of an older format {number}"));
        restore(&path, &to).unwrap();
        assert_eq!(count(&to.join(DATABASE), "SELECT user_version FROM pragma_user_version"), 3);
        assert_eq!(everything(&to).unwrap(), everything(&case.data_dir).unwrap());
        // People come back to it, and it keeps what is new.
        let server = serve(&to);
        talk(&server, &format!("again{number}-"), 8);
        assert_eq!(count(&to.join(DATABASE), "SELECT count(*) FROM account WHERE seen IS NULL"), 0);
    }
}

#[test]
fn a_backup_that_was_cut_short_is_refused_and_leaves_nothing() {
    let case = Case::new(40);
    let bytes = fs::read(&case.backup).unwrap();
    let mut lengths: Vec<usize> = (0..bytes.len()).step_by(4_096).collect();
    lengths.extend((0..bytes.len()).step_by(1_777));
    lengths.extend([1, 15, 16, 17, 99, 100, 101, 511, 512, 513, 4_095, 4_097, bytes.len() - 1]);
    for length in lengths {
        fs::write(&case.backup, &bytes[..length]).unwrap();
        let said = case.refused();
        assert!(said.contains(&*case.backup.to_string_lossy()), "{length}: {said}");
        assert!(!case.to.exists() && !case.to.parent().unwrap().exists(), "{length}");
    }
    assert_eq!(case.place.names().len(), 1, "{:?}", case.place.names());
    fs::write(&case.backup, bytes).unwrap();
    restore(&case.backup, &case.to).unwrap();
}

#[test]
fn a_backup_that_was_damaged_is_refused_or_whole() {
    let case = Case::new(40);
    let (bytes, truth) = (fs::read(&case.backup).unwrap(), everything(&case.data_dir).unwrap());
    let mut dice = Dice::of_this_run(1);
    let mut refused = 0;
    for trial in 0..trials(60) {
        let mut damaged = bytes.clone();
        let at = dice.below(bytes.len());
        if trial % 3 == 0 {
            let end = (at + 1 + dice.below(600)).min(bytes.len());
            damaged[at..end].copy_from_slice(&dice.bytes(end - at));
        } else {
            damaged[at] ^= 1 << dice.below(8);
        }
        fs::write(&case.backup, damaged).unwrap();
        let to = case.place.path(&format!("data {trial}"));
        match restore(&case.backup, &to) {
            Ok(_) => {
                let mut restored = everything(&to).unwrap();
                // Read marks have no checksum.
                for (line, truth) in restored.iter_mut().zip(&truth).filter(|(line, _)| line["type"] == "account") {
                    line["read"] = truth["read"].clone();
                }
                assert_eq!(restored, truth, "{at}");
            }
            Err(_) => {
                refused += 1;
                assert!(!to.exists(), "{at}");
            }
        }
    }
    assert!(refused > 0, "some of it was noticed");
}
