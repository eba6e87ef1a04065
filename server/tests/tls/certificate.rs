//! A certificate that is written anew while people talk.

use crate::common::{Server, secure::Secure};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The server looks at the files every five seconds.
const LOOKED: Duration = Duration::from_secs(12);

/// A certificate with its key.
struct Pair {
    cert: String,
    key: String,
    fingerprint: [u8; 32],
}

impl Pair {
    fn new() -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        Self { cert: cert.pem(), key: signing_key.serialize_pem(), fingerprint: Sha256::digest(cert.der()).into() }
    }

    fn write(&self, place: &Place) {
        fs::write(&place.cert, &self.cert).unwrap();
        fs::write(&place.key, &self.key).unwrap();
    }
}

/// Where an operator keeps both.
struct Place {
    cert: PathBuf,
    key: PathBuf,
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        Self { cert: at("cert.pem"), key: at("key.pem"), directory }
    }

    fn config(&self) -> String {
        files(&self.cert, &self.key)
    }

    fn serve(&self) -> Server {
        Server::start_in(self.directory.path(), "127.0.0.1:0", &self.config())
    }
}

/// The setting that names both.
fn files(cert: &Path, key: &Path) -> String {
    format!("tls = {{ cert = '{}', key = '{}' }}\n", cert.display(), key.display())
}

fn shown(server: &Server) -> [u8; 32] {
    Secure::connect(server.address).fingerprint()
}

/// Waits until new connections are shown a certificate.
fn until_shown(server: &Server, pair: &Pair) {
    let end = Instant::now() + LOOKED;
    while shown(server) != pair.fingerprint {
        assert!(Instant::now() < end, "the new certificate is not shown");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Runs `parlor-server reload`; what it says if it fails.
fn reload(directory: &Path) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
    command.arg("reload").arg("--data-dir").arg(directory).arg("--config").arg(directory.join("config.toml"));
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8(output.stderr).unwrap()) }
}

/// People talk over connections that were there before, while `act` changes things.
fn while_people_talk(server: &Server, act: impl FnOnce()) {
    let over = AtomicBool::new(false);
    let talk = |nickname: &'static str| {
        let mut client = Secure::member(server.address, nickname, "#r");
        let over = &over;
        move || {
            let mut said = 0;
            while !over.load(Ordering::Relaxed) {
                said += 1;
                let id = format!("{nickname}-{said}");
                client.send(&json!({"type": "broadcast", "room": "#r", "id": id, "msg": "on and on"}));
                assert_eq!(client.expect("ack")["id"], id);
            }
            said
        }
    };
    let (ann, bob) = (talk("ann"), talk("bob"));
    thread::scope(|scope| {
        let talks = [scope.spawn(ann), scope.spawn(bob)];
        let act = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        over.store(true, Ordering::Relaxed);
        let said: u64 = talks.into_iter().map(|talk| talk.join().unwrap()).sum();
        act.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut reader = Secure::guest(server.address, "reader");
        reader.send(&json!({"type": "history", "room": "#r", "limit": 1}));
        assert_eq!(reader.expect("history")["entries"][0]["seq"], said);
    });
}

#[test]
fn new_files_are_taken_while_people_talk_and_half_of_a_pair_is_not() {
    let (place, old, new) = (Place::new(), Pair::new(), Pair::new());
    old.write(&place);
    let server = place.serve();
    assert_eq!(shown(&server), old.fingerprint);
    while_people_talk(&server, || {
        // Half a file, then a whole one without its key: for longer than two looks.
        fs::write(&place.cert, &new.cert[..new.cert.len() / 2]).unwrap();
        let end = Instant::now() + Duration::from_secs(6);
        while Instant::now() < end {
            assert_eq!(shown(&server), old.fingerprint);
            thread::sleep(Duration::from_millis(250));
        }
        fs::write(&place.cert, &new.cert).unwrap();
        let end = Instant::now() + Duration::from_secs(6);
        while Instant::now() < end {
            assert_eq!(shown(&server), old.fingerprint);
            thread::sleep(Duration::from_millis(250));
        }
        fs::write(&place.key, &new.key).unwrap();
        until_shown(&server, &new);
    });
}

#[test]
fn files_that_keep_an_older_time_are_taken_all_the_same() {
    let (place, old, new) = (Place::new(), Pair::new(), Pair::new());
    old.write(&place);
    let server = place.serve();
    // As `cp -p` does from where they were made: before the old ones were put here.
    new.write(&place);
    let before = std::time::SystemTime::now() - Duration::from_hours(1);
    for path in [&place.cert, &place.key] {
        fs::File::options().write(true).open(path).unwrap().set_modified(before).unwrap();
    }
    until_shown(&server, &new);
}

#[test]
fn files_that_are_renamed_or_linked_into_their_place_are_taken() {
    let (place, old, new, third) = (Place::new(), Pair::new(), Pair::new(), Pair::new());
    let put = |pair: &Pair, name: &str| {
        let folder = place.directory.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("cert.pem"), &pair.cert).unwrap();
        fs::write(folder.join("key.pem"), &pair.key).unwrap();
        // One link for both: they change at once.
        let link = place.directory.path().join("live.new");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        fs::rename(&link, place.directory.path().join("live")).unwrap();
    };
    put(&old, "1");
    let live = place.directory.path().join("live");
    let config = files(&live.join("cert.pem"), &live.join("key.pem"));
    let server = Server::start_in(place.directory.path(), "127.0.0.1:0", &config);
    assert_eq!(shown(&server), old.fingerprint);
    put(&new, "2");
    until_shown(&server, &new);
    put(&third, "3");
    reload(place.directory.path()).unwrap();
    assert_eq!(shown(&server), third.fingerprint);
}

#[test]
fn a_reload_takes_it_at_once_and_a_wrong_one_changes_nothing() {
    let (place, old, new) = (Place::new(), Pair::new(), Pair::new());
    old.write(&place);
    let server = place.serve();
    while_people_talk(&server, || {
        new.write(&place);
        reload(place.directory.path()).unwrap();
        assert_eq!(shown(&server), new.fingerprint);
        // A certificate without its key, a file that is none, a setting that is none.
        fs::write(&place.cert, &old.cert).unwrap();
        let said = reload(place.directory.path()).unwrap_err();
        assert!(said.contains("do not belong together"), "{said}");
        fs::write(&place.cert, "nothing of the kind").unwrap();
        let said = reload(place.directory.path()).unwrap_err();
        assert!(said.contains("cert.pem"), "{said}");
        new.write(&place);
        let config = place.directory.path().join("config.toml");
        fs::write(&config, format!("{}motdd = \"\"\n", place.config())).unwrap();
        let said = reload(place.directory.path()).unwrap_err();
        assert!(said.contains("motdd"), "{said}");
        assert_eq!(shown(&server), new.fingerprint);
        // The command that is to say so has read the file itself; a signal goes to the server alone.
        server.signal("-HUP");
        thread::sleep(Duration::from_millis(300));
        assert_eq!(shown(&server), new.fingerprint);
        fs::write(&config, place.config()).unwrap();
        old.write(&place);
        server.signal("-HUP");
        let end = Instant::now() + Duration::from_secs(4);
        while shown(&server) != old.fingerprint {
            assert!(Instant::now() < end, "a signal reloads");
        }
    });
}

#[test]
fn the_servers_own_certificate_is_made_once_and_may_be_replaced_by_the_operators() {
    let (place, pair) = (Place::new(), Pair::new());
    let directory = place.directory.path();
    let mut server = Server::start_in(directory, "127.0.0.1:0", "");
    let own = shown(&server);
    server.terminate();
    let server = Server::start_in(directory, "127.0.0.1:0", "");
    assert_eq!(shown(&server), own);
    let mut ann = Secure::member(server.address, "ann", "#r");
    pair.write(&place);
    fs::write(directory.join("config.toml"), place.config()).unwrap();
    reload(directory).unwrap();
    assert_eq!(shown(&server), pair.fingerprint);
    fs::write(directory.join("config.toml"), "tls = \"off\"").unwrap();
    reload(directory).unwrap();
    // Who is in stays in.
    ann.send(&json!({"type": "broadcast", "room": "#r", "id": "m1", "msg": "still here"}));
    assert_eq!(ann.expect("ack")["seq"], 1);
    let mut client = server.connect_plainly();
    crate::common::secure::half().write_tls(&mut client.stream).unwrap();
    assert!(client.rest().is_empty());
}
