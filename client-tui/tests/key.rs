//! A key that goes from one data directory to another: as a file, and by `parlor key`.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

use base64::{Engine, engine::general_purpose::STANDARD};
use client_tui::identity::{
    Passphrase, Secret, load,
    transfer::{KeyFile, KeyFileError, MOST_BYTES, seal},
};
use proptest::prelude::*;
use shared::identity::Identity;
use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};
use terminal::{Terminal, data, wait_until};

const WORDS: &str = "correct horse";

/// A file that `ssh-keygen` made.
fn made(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/key").join(name)
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::known(text.to_owned().into()).unwrap()
}

/// The key in a file, once it is opened.
fn open(bytes: &[u8], words: &str) -> Result<Secret, KeyFileError> {
    match KeyFile::parse(bytes)? {
        KeyFile::Open(secret) => Ok(secret),
        KeyFile::Sealed(sealed) => sealed.open(&passphrase(words)),
    }
}

/// The public half as `parlor key show` prints it.
fn public(secret: &Secret) -> String {
    Identity::from_secret(secret).public().to_string()
}

/// `parlor key` without a terminal, with a passphrase in its environment.
fn key<A: AsRef<OsStr>>(arguments: &[A], words: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.arg("key").args(arguments).env_remove("PARLOR_PASSPHRASE").stdin(Stdio::null());
    command.envs(words.map(|words| ("PARLOR_PASSPHRASE", words))).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What `parlor key show` prints.
fn shown(data: &str) -> String {
    let output = key(&["show", "--data-dir", data], None);
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A data directory with the key of a file in it.
fn with_key(directory: &Path, file: &str) -> String {
    let data = directory.join(file).to_str().unwrap().to_owned();
    let output = key(&["import", made(file).to_str().unwrap(), "--data-dir", &data], Some(WORDS));
    assert!(output.status.success(), "{}", said(&output));
    data
}

#[test]
fn what_ssh_keygen_makes_is_read() {
    for name in ["open", "sealed"] {
        let secret = open(&fs::read(made(name)).unwrap(), WORDS).unwrap();
        if name == "open" {
            // The public key of the file beside it, which begins with the name of its kind.
            let line = fs::read_to_string(made("open.pub")).unwrap();
            let bytes = STANDARD.decode(line.split(' ').nth(1).unwrap()).unwrap();
            assert!(bytes.ends_with(Identity::from_secret(&secret).public().as_bytes()));
        }
    }
}

#[test]
fn what_is_no_key_of_ours_says_so() {
    let error = |bytes: &[u8]| open(bytes, WORDS).unwrap_err();
    let of = |name: &str| error(&fs::read(made(name)).unwrap());
    assert_eq!(of("rsa"), KeyFileError::Kind("ssh-rsa".into()));
    assert_eq!(of("ecdsa"), KeyFileError::Algorithm);
    assert_eq!(of("open.pub"), KeyFileError::Public);
    assert_eq!(error(b""), KeyFileError::Unknown);
    assert_eq!(error(b"-----BEGIN PRIVATE KEY-----\n"), KeyFileError::Unknown);
    assert_eq!(open(&fs::read(made("sealed")).unwrap(), "wrong horse").err(), Some(KeyFileError::Passphrase));

    let whole = fs::read_to_string(made("open")).unwrap();
    assert!(open(whole.replace('\n', "\r\n").as_bytes(), WORDS).is_ok(), "it may have been through Windows");
    for broken in [&whole[..whole.len() / 2], &whole.replacen("AAAA", "AAAB", 3), &whole.replace("QyNTUx", "")] {
        assert!(matches!(error(broken.as_bytes()), KeyFileError::Damaged(_)), "{broken}");
    }
}

#[test]
fn halves_that_do_not_belong_together_are_no_key() {
    let (mut bytes, secret) = (blob(&fs::read(made("open")).unwrap()), open(&fs::read(made("open")).unwrap(), "x"));
    let secret = secret.unwrap();
    let at = bytes.windows(32).position(|window| window == *secret).unwrap();
    bytes[at] ^= 1;
    assert!(matches!(open(&armour(&bytes), WORDS), Err(KeyFileError::Damaged(said)) if said.contains("halves")));
}

#[test]
fn nobody_waits_for_ever_for_a_damaged_file() {
    let mut bytes = blob(&fs::read(made("sealed")).unwrap());
    // The rounds follow the salt, which follows the lengths of the options and of itself.
    let at = bytes.windows(6).position(|window| window == b"bcrypt").unwrap() + 6 + 4 + 4 + 16;
    assert_eq!(bytes[at..at + 4], [0, 0, 0, 4]);
    bytes[at] = 0xff;
    assert_eq!(open(&armour(&bytes), WORDS).err(), Some(KeyFileError::Rounds(0xff00_0004)));
}

/// The bytes between the first line and the last.
fn blob(file: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(file).unwrap();
    STANDARD.decode(text.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

/// A file of these bytes.
fn armour(blob: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(blob);
    let lines: Vec<&str> = text.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", lines.join("\n")).into()
}

/// Good files to damage.
static FILES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| ["open", "sealed", "rsa", "ecdsa"].map(|name| fs::read(made(name)).unwrap()).to_vec());

/// Bytes of any value at places that are spread over a file.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(open(&bytes, WORDS).is_err());
        prop_assert!(open(&armour(&bytes), WORDS).is_err());
    }

    #[test]
    fn no_damage_breaks_the_reader(file in 0..4_usize, inside in any::<bool>(), damage in damage(), end in any::<prop::sample::Index>(), cut: bool) {
        let mut bytes = if inside { blob(&FILES[file]) } else { FILES[file].clone() };
        let good = open(&FILES[file], WORDS).ok();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        let bytes = if inside { armour(&bytes) } else { bytes };
        // What is read all the same is the key that was meant, never another one.
        if let Ok(secret) = open(&bytes, WORDS) {
            prop_assert_eq!(Some(secret), good);
        }
    }
}

proptest! {
    // To make guessing dear, each of them takes its time.
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn every_key_comes_back(bytes in any::<[u8; 32]>(), words in "\\PC{8,20}") {
        let secret = Secret::new(bytes);
        let chosen = Passphrase::chosen(words.clone().into()).unwrap();
        let file = seal(&secret, &chosen).unwrap();
        prop_assert!((file.len() as u64) < MOST_BYTES);
        prop_assert_eq!(open(file.as_bytes(), &words), Ok(secret));
    }
}

#[test]
fn a_key_goes_to_another_machine() {
    let directory = data();
    let first = with_key(directory.path(), "sealed");
    let file = directory.path().join("travels");
    let file = file.to_str().unwrap();
    let output = key(&["export", file, "--data-dir", &first], Some("battery staple"));
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"), "{text}");

    let second = directory.path().join("second");
    let second = second.to_str().unwrap();
    let output = key(&["import", file, "--data-dir", second], Some("battery stable"));
    assert!(!output.status.success() && said(&output).contains("the passphrase is wrong"), "{}", said(&output));
    assert!(!Path::new(second).exists(), "nothing is made");
    let words = directory.path().join("words");
    fs::write(&words, "battery staple\nwhat else is in it\n").unwrap();
    let import = ["import", file, "--data-dir", second, "--passphrase-file", words.to_str().unwrap()];
    for _ in 0..2 {
        let output = key(&import, Some("the file goes before the environment"));
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(shown(second), shown(&first));
    }
    assert_eq!(shown(second), format!("{}\n", public(&load(Path::new(&first)).unwrap().unwrap())));
}

#[test]
fn nothing_is_written_over_a_file() {
    let directory = data();
    let first = with_key(directory.path(), "open");
    let file = directory.path().join("travels");
    fs::write(&file, "a shopping list").unwrap();
    let output = key(&["export", file.to_str().unwrap(), "--data-dir", &first], Some(WORDS));
    assert!(!output.status.success() && said(&output).contains("is there already"), "{}", said(&output));
    assert_eq!(fs::read(&file).unwrap(), b"a shopping list");
}

#[test]
fn another_key_is_not_lost() {
    let directory = data();
    let first = with_key(directory.path(), "open");
    let (before, file) = (shown(&first), made("sealed"));
    let import = ["import", file.to_str().unwrap(), "--data-dir", &first];
    let output = key(&import, Some(WORDS));
    assert!(!output.status.success() && said(&output).contains(before.trim()), "{}", said(&output));
    assert_eq!(shown(&first), before);

    let output = key(&[&import[..], &["--replace"]].concat(), Some(WORDS));
    assert!(output.status.success(), "{}", said(&output));
    let now = shown(&first);
    assert_eq!(now.trim(), public(&open(&fs::read(file).unwrap(), WORDS).unwrap()));
    // What was kept beside comes back the same way.
    let kept = Path::new(&first).join(format!("key.old-{}", &before[..8]));
    let output = key(&["import", kept.to_str().unwrap(), "--data-dir", &first, "--replace"], None);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(shown(&first), before);
}

#[test]
fn standard_output_holds_the_key_alone() {
    let directory = data();
    let first = with_key(directory.path(), "open");
    let output = key(&["export", "-", "--data-dir", &first], Some(WORDS));
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(public(&open(&output.stdout, WORDS).unwrap()), shown(&first).trim());
}

#[test]
fn without_a_key_or_a_passphrase_nothing_is_made() {
    let directory = data();
    let nowhere = directory.path().join("nowhere");
    let output = key(&["show", "--data-dir", nowhere.to_str().unwrap()], None);
    assert!(!output.status.success() && said(&output).contains("there is no key"), "{}", said(&output));
    assert!(!nowhere.exists());
    let first = with_key(directory.path(), "open");
    let file = directory.path().join("travels");
    let export = ["export", file.to_str().unwrap(), "--data-dir", &first];
    for (words, complaint) in
        [(None, "no terminal"), (Some(""), "is empty"), (Some("1234567"), "it takes 8 characters or more")]
    {
        let output = key(&export, words);
        assert!(!output.status.success() && said(&output).contains(complaint), "{}", said(&output));
        assert!(!file.exists());
    }
}

/// Types a passphrase once it is asked for.
fn answer(terminal: &mut Terminal, question: &str, words: &str) {
    terminal.expect(question);
    wait_until("the terminal shows nothing", || !terminal.has_echo());
    terminal.line(words);
}

#[test]
fn a_passphrase_that_is_typed_is_asked_for_twice_and_not_shown() {
    let directory = data();
    let first = with_key(directory.path(), "open");
    let file = directory.path().join("travels");
    let export = ["key", "export", file.to_str().unwrap(), "--data-dir", &first];
    for (again, is_written) in [("battery stable", false), ("battery staple", true)] {
        let mut terminal = Terminal::start(&export, 100, 10);
        answer(&mut terminal, "8 characters or more", "battery staple");
        answer(&mut terminal, "the same again", again);
        assert_eq!(terminal.wait() == 0, is_written);
        assert!(!terminal.screen().contains("battery"), "{}", terminal.screen());
        assert_eq!((file.exists(), terminal.has_echo()), (is_written, true));
    }
    let second = directory.path().join("second");
    let second = second.to_str().unwrap();
    let mut terminal = Terminal::start(&["key", "import", file.to_str().unwrap(), "--data-dir", second], 100, 10);
    answer(&mut terminal, "passphrase of ", "battery staple");
    assert_eq!(terminal.wait(), 0);
    assert_eq!(shown(second), shown(&first));
}

#[test]
fn ctrl_c_at_the_question_leaves_a_terminal_that_shows_what_is_typed() {
    let directory = data();
    let first = with_key(directory.path(), "open");
    let file = directory.path().join("travels");
    let mut terminal = Terminal::start(&["key", "export", file.to_str().unwrap(), "--data-dir", &first], 100, 10);
    answer(&mut terminal, "8 characters or more", "\x03");
    assert_ne!(terminal.wait(), 0);
    assert!(terminal.has_echo() && !file.exists());
}
