//! Which certificate a person's client believes: the one of the link, the one of the first connection, one that an authority
//! vouches for. The real programs, and a server whose certificate changes.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use sha2::{Digest, Sha256};
use shared::identity::Pin;
use std::{
    fs,
    net::{IpAddr, UdpSocket},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use terminal::{Server, Terminal, data, server_binary};

/// An address of this machine that is not loopback, where the client speaks TLS by itself. Nothing is sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    let found = (!address.is_loopback() && !address.is_unspecified()).then_some(address);
    if found.is_none() {
        println!("skipped: this machine has no address but loopback");
    }
    found
}

/// A certificate with its key, and its fingerprint.
struct Shown {
    chain: String,
    key: String,
    pin: Pin,
}

fn shown(params: CertificateParams, issuer: Option<&Issuer<'_, KeyPair>>) -> Shown {
    let key = KeyPair::generate().unwrap();
    let made = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    Shown { chain: made.pem(), key: key.serialize_pem(), pin: Pin::new(Sha256::digest(made.der()).into()) }
}

/// A certificate that nobody vouches for.
fn self_signed(name: &str) -> Shown {
    shown(CertificateParams::new(vec![name.to_owned()]).unwrap(), None)
}

/// An authority that only these tests believe.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// What a client is told to believe: `SSL_CERT_FILE`.
    file: PathBuf,
    _directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of tests");
        let (key, directory) = (KeyPair::generate().unwrap(), data());
        let file = directory.path().join("roots.pem");
        fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), file, _directory: directory }
    }

    fn vouches_for(&self, name: &str) -> Shown {
        shown(CertificateParams::new(vec![name.to_owned()]).unwrap(), Some(&self.issuer))
    }

    fn vouched_for(&self, name: &str) -> Shown {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        shown(params, Some(&self.issuer))
    }

    fn roots(&self) -> [(&str, &str); 1] {
        [("SSL_CERT_FILE", self.file.to_str().unwrap())]
    }
}

/// A server with the operator's certificate, on all addresses, and a client's data directory.
struct Story {
    server: Server,
    files: TempDir,
    data: TempDir,
    host: String,
}

impl Story {
    fn new(host: impl ToString, first: &Shown) -> Self {
        let (files, data) = (data(), data());
        let at = |name: &str| files.path().join(name);
        let config =
            format!("tls = {{ cert = '{}', key = '{}' }}\n", at("cert.pem").display(), at("key.pem").display());
        fs::write(at("config.toml"), config).unwrap();
        fs::write(at("cert.pem"), &first.chain).unwrap();
        fs::write(at("key.pem"), &first.key).unwrap();
        let server = Server::start_in(files.path().to_owned(), "0.0.0.0:0");
        Self { server, files, data, host: host.to_string() }
    }

    /// The server shows another certificate from now on.
    fn show(&self, next: &Shown) {
        fs::write(self.files.path().join("cert.pem"), &next.chain).unwrap();
        fs::write(self.files.path().join("key.pem"), &next.key).unwrap();
        self.order(&["reload"]);
    }

    /// Runs a command of the server; what it says.
    fn order(&self, order: &[&str]) -> String {
        let mut command = Command::new(server_binary());
        command.args(order).arg("--data-dir").arg(self.files.path());
        command.arg("--config").arg(self.files.path().join("config.toml"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn place(&self) -> String {
        format!("{}:{}", self.host, self.server.address.rsplit_once(':').unwrap().1)
    }

    fn link(&self, pin: Pin) -> String {
        format!("parlor://{}/lobby?pin={pin}", self.place())
    }

    /// `parlor send`: `Err` is what it says.
    fn send(&self, server: &str, text: &str, environment: &[(&str, &str)]) -> Result<(), String> {
        let mut command = parlor(&["send", server, "#lobby", text, "--nick", "ann"], self.data.path());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    /// What was said in the lobby so far, as somebody reads it who trusts that link.
    fn talk(&self, server: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let mut command = parlor(&["tail", server, "#lobby", "--json", "--nick", "ann"], self.data.path());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let entry = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| entry(line)["msg"].as_str().unwrap().to_owned()).collect()
    }

    fn known_servers(&self) -> String {
        fs::read_to_string(self.data.path().join("known_servers")).unwrap_or_default()
    }

    /// The line that a server is remembered with.
    fn remembered(&self, word: &str, pin: Pin) -> String {
        format!("{} {word} {pin}\n", self.place())
    }
}

fn parlor(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.args(arguments).arg("--data-dir").arg(data).env_remove("SSL_CERT_DIR").env("LC_ALL", "C.UTF-8");
    command
}

/// Both fingerprints are named, and what to do.
fn is_warned(said: &str, known: Pin, seen: Pin) {
    for word in [&format!("known {known}"), &format!("shown {seen}"), "operator", "known_servers", "link"] {
        assert!(said.contains(word), "no {word} in {said}");
    }
}

#[test]
fn a_link_with_the_right_pin_speaks_tls_even_on_this_machine() {
    let (right, other) = (self_signed("localhost"), self_signed("localhost"));
    let story = Story::new("127.0.0.1", &right);
    story.send(&story.link(right.pin), "pinned", &[]).unwrap();
    let said = story.send(&story.link(other.pin), "never", &[]).unwrap_err();
    is_warned(&said, other.pin, right.pin);
    assert_eq!(story.known_servers(), story.remembered("pinned", right.pin));
    assert_eq!(story.talk(&story.link(right.pin), &[]), ["pinned"]);
    // Without a pin it is plain text here: nobody could listen in.
    story.send(&story.place(), "plain", &[]).unwrap();
    assert_eq!(story.talk(&story.place(), &[]), ["pinned", "plain"]);
}

#[test]
fn a_session_over_a_link_is_counted_as_one_with_tls() {
    let right = self_signed("localhost");
    let story = Story::new("127.0.0.1", &right);
    let link = story.link(right.pin);
    let mut ann =
        Terminal::start(&[&link, "--nick", "ann", "--data-dir", story.data.path().to_str().unwrap()], 100, 24);
    ann.expect("ONLINE");
    let status: serde_json::Value = serde_json::from_str(&story.order(&["status", "--json"])).unwrap();
    assert_eq!((&status["tls"], &status["connections"]), (&1.into(), &1.into()), "{status}");
    ann.line("through TLS");
    ann.expect("│ through TLS");
}

#[test]
fn a_damaged_pin_is_no_pin() {
    let right = self_signed("localhost");
    let story = Story::new("127.0.0.1", &right);
    let pin = right.pin.to_string();
    for damaged in ["", "abc", &pin[1..], &format!("{pin}A")] {
        let link = format!("parlor://{}/lobby?pin={damaged}", story.place());
        let said = story.send(&link, "never", &[]).unwrap_err();
        assert!(said.contains("address"), "{said}");
    }
}

#[test]
fn the_certificate_of_the_first_connection_is_remembered_and_another_one_refused() {
    let Some(host) = own_address() else { return };
    let (first, second) = (self_signed("localhost"), self_signed("localhost"));
    let story = Story::new(host, &first);
    story.send(&story.place(), "first", &[]).unwrap();
    let known = story.remembered("pinned", first.pin);
    assert_eq!(story.known_servers(), known);
    story.send(&story.place(), "second", &[]).unwrap();
    story.show(&second);
    let said = story.send(&story.place(), "never", &[]).unwrap_err();
    is_warned(&said, first.pin, second.pin);
    assert_eq!(story.known_servers(), known, "nothing is remembered of a certificate that was refused");
    // A new link vouches for the new certificate, from then on without the link, too.
    story.send(&story.link(second.pin), "with a new link", &[]).unwrap();
    assert_eq!(story.known_servers(), story.remembered("pinned", second.pin));
    story.send(&story.place(), "and without it", &[]).unwrap();
    assert_eq!(story.talk(&story.place(), &[]), ["first", "second", "with a new link", "and without it"]);
    // So does forgetting the server.
    story.show(&first);
    story.send(&story.place(), "never", &[]).unwrap_err();
    fs::write(story.data.path().join("known_servers"), "").unwrap();
    story.send(&story.place(), "forgotten", &[]).unwrap();
    assert_eq!(story.known_servers(), story.remembered("pinned", first.pin));
}

#[test]
fn a_file_of_known_servers_that_is_damaged_is_no_new_server() {
    let Some(host) = own_address() else { return };
    let first = self_signed("localhost");
    let story = Story::new(host, &first);
    let damaged = format!("{} pinned nonsense\n", story.place());
    fs::write(story.data.path().join("known_servers"), &damaged).unwrap();
    let said = story.send(&story.place(), "never", &[]).unwrap_err();
    assert!(said.contains("damaged") && said.contains("known_servers"), "{said}");
    assert_eq!(story.known_servers(), damaged);
}

#[test]
fn whom_an_authority_vouches_for_is_believed_and_may_change_its_certificate() {
    let Some(host) = own_address() else { return };
    let authority = Authority::new();
    let (first, second) = (authority.vouches_for(&host.to_string()), authority.vouches_for(&host.to_string()));
    let (story, roots) = (Story::new(host, &first), authority.roots());
    story.send(&story.place(), "first", &roots).unwrap();
    assert_eq!(story.known_servers(), story.remembered("public", first.pin));
    story.show(&second);
    story.send(&story.place(), "second", &roots).unwrap();
    assert_eq!(story.known_servers(), story.remembered("public", second.pin));
    // Nobody falls back to a certificate that nobody vouches for.
    let own = self_signed(&host.to_string());
    story.show(&own);
    let said = story.send(&story.place(), "never", &roots).unwrap_err();
    is_warned(&said, second.pin, own.pin);
    assert_eq!(story.known_servers(), story.remembered("public", second.pin));
    story.show(&second);
    assert_eq!(story.talk(&story.place(), &roots), ["first", "second"]);
}

#[test]
fn what_an_authority_vouches_for_wrongly_is_refused_in_words() {
    let Some(host) = own_address() else { return };
    let authority = Authority::new();
    let (expired, strange) = (authority.vouched_for(&host.to_string()), authority.vouches_for("chat.example.org"));
    let (story, roots) = (Story::new(host, &expired), authority.roots());
    let said = story.send(&story.place(), "never", &roots).unwrap_err();
    assert!(said.contains("could not be reached securely") && said.contains("expired"), "{said}");
    story.show(&strange);
    let said = story.send(&story.place(), "never", &roots).unwrap_err();
    assert!(said.contains("could not be reached securely") && said.contains("name"), "{said}");
    assert_eq!(story.known_servers(), "");
    // A pin is stronger: that very certificate was meant.
    story.send(&story.link(strange.pin), "pinned", &roots).unwrap();
}

#[test]
fn a_server_without_tls_is_not_spoken_to_in_plain_text() {
    let Some(host) = own_address() else { return };
    let story = Story::new(host, &self_signed("localhost"));
    fs::write(story.files.path().join("config.toml"), "tls = \"off\"\nallow_plain = true\n").unwrap();
    story.order(&["reload"]);
    let said = story.send(&story.place(), "never", &[]).unwrap_err();
    assert!(said.contains("TLS"), "{said}");
    assert_eq!(story.known_servers(), "");
    let mut command = parlor(&["send", &story.place(), "#lobby", "plain", "--nick", "ann"], story.data.path());
    assert!(command.arg("--no-tls").status().unwrap().success());
}

/// Says something; it is stored.
fn say(ann: &mut Terminal, text: &str) {
    ann.line(text);
    // Until then a mark stands behind it.
    ann.expect_that(text, |screen| {
        screen.lines().any(|line| line.contains(&format!("│ {text}")) && !line.contains('…'))
    });
}

#[test]
fn a_person_is_asked_about_another_certificate_before_anything_is_said() {
    let Some(host) = own_address() else { return };
    let (first, second) = (self_signed("localhost"), self_signed("localhost"));
    let story = Story::new(host, &first);
    let (place, directory) = (story.place(), story.data.path().to_str().unwrap().to_owned());
    let start = || Terminal::start(&[&place, "--nick", "ann", "--data-dir", &directory], 110, 30);
    let mut ann = start();
    ann.expect("ONLINE");
    ann.expect("first connection to");
    let squeezed = |screen: &str| screen.chars().filter(|c| !c.is_whitespace() && *c != '│').collect::<String>();
    ann.expect_that("the fingerprint", |screen| squeezed(screen).contains(&first.pin.to_string()));
    say(&mut ann, "before");
    ann.line("/quit");
    ann.wait();
    let known = story.known_servers();
    story.show(&second);

    let mut ann = start();
    ann.expect("Another certificate");
    ann.expect(&format!("known  {}", first.pin));
    ann.expect(&format!("shown  {}", second.pin));
    // Keys that are pressed by habit do nothing, and nothing is sent.
    ann.send("yt x");
    ann.expect("Another certificate");
    ann.send("\x1b");
    ann.expect_gone("Another certificate");
    ann.expect("not connected");
    let status: serde_json::Value = serde_json::from_str(&story.order(&["status", "--json"])).unwrap();
    assert_eq!(status["connections"], 0, "{status}");
    assert_eq!(story.known_servers(), known);
    ann.line("/quit");
    ann.wait();

    let mut ann = start();
    ann.expect("Another certificate");
    ann.send("T");
    ann.expect_gone("Another certificate");
    ann.expect("ONLINE");
    say(&mut ann, "after");
    assert_eq!(story.known_servers(), story.remembered("pinned", second.pin));
    ann.line("/quit");
    ann.wait();
    assert_eq!(story.talk(&story.place(), &[]), ["before", "after"]);
}
