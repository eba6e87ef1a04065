//! The real binary in a pseudo-terminal, read through a terminal emulator; a real server beside it. Every wait has a deadline.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part of it; a test panics where it fails"
)]

pub mod wire;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::termios::LocalModes;
use std::{
    io::{BufRead, BufReader, Read, Write},
    num::NonZeroU16,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long anything may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A `parlor` in a terminal.
pub struct Terminal {
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    writer: Box<dyn Write + Send>,
    master: Option<Box<dyn MasterPty + Send>>,
    is_gone: Arc<AtomicBool>,
    reading: Option<std::thread::JoinHandle<()>>,
    child: Box<dyn Child + Send + Sync>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Terminal {
    /// Starts `parlor` with these arguments.
    pub fn start(arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(arguments, columns, rows, &[])
    }

    /// The same with more of an environment.
    pub fn start_with(arguments: &[&str], columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_parlor"));
        command.args(arguments);
        Self::spawn(command, columns, rows, environment)
    }

    /// The same in a terminal that sends no signal when it goes away.
    pub fn start_loose(arguments: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_parlor"));
        command.args(arguments);
        command.set_controlling_tty(false);
        Self::spawn(command, columns, rows, &[])
    }

    fn spawn(mut command: CommandBuilder, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        command.env_remove("NO_COLOR");
        // Where the test is, whatever home the environment names.
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        let base = [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("USER", "tester")];
        for (key, value) in base.iter().chain(environment) {
            command.env(key, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (rows, columns) = (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap());
        let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let (screen, bytes) = (parser.clone(), raw.clone());
        let mut reader = pair.master.try_clone_reader().unwrap();
        let is_gone = Arc::new(AtomicBool::new(false));
        let ends = is_gone.clone();
        let reading = std::thread::spawn(move || {
            let (mut buffer, mut held) = (vec![0; 65_536], Vec::new());
            while !ends.load(Ordering::SeqCst)
                && let Ok(count @ 1..) = reader.read(&mut buffer)
            {
                bytes.lock().unwrap().extend_from_slice(&buffer[..count]);
                held.extend_from_slice(&buffer[..count]);
                let whole = whole_updates(&held);
                screen.lock().unwrap().process(&held[..whole]);
                held.drain(..whole);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { parser, raw, writer, master: Some(pair.master), is_gone, reading: Some(reading), child }
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Looks at the emulator's screen.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.parser.lock().unwrap().screen())
    }

    /// Every byte that the terminal was sent.
    pub fn raw(&self) -> Vec<u8> {
        self.raw.lock().unwrap().clone()
    }

    /// How often the terminal was sent these bytes.
    pub fn count(&self, part: &str) -> usize {
        self.raw().windows(part.len()).filter(|window| *window == part.as_bytes()).count()
    }

    /// Waits until the terminal was sent these bytes so often.
    pub fn expect_count(&self, part: &str, count: usize) {
        wait_until(&format!("{count} times {}", part.escape_debug()), || self.count(part) >= count);
        assert_eq!(self.count(part), count, "{}", part.escape_debug());
    }

    /// Where a text of narrow characters begins on the screen: column and row, from 0.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        self.look(|screen| {
            let rows =
                screen.rows(0, screen.size().1.get()).map(|row| row.find(text).map(|at| row[..at].chars().count()));
            let (row, column) = rows.enumerate().find_map(|(row, column)| Some((row, column?)))?;
            Some((u16::try_from(column).ok()?, u16::try_from(row).ok()?))
        })
    }

    /// The cell in which a text begins.
    pub fn cell(&self, text: &str) -> Option<vt100::Cell> {
        let (column, row) = self.find(text)?;
        self.look(|screen| screen.cell(row, column).cloned())
    }

    /// Types bytes.
    pub fn send(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Presses Esc, and waits until it has closed what shows this: a key right behind it would make it Alt.
    pub fn escape(&mut self, shown: &str) {
        self.expect(shown);
        self.send("\x1b");
        self.expect_gone(shown);
    }

    /// Types a line and presses Enter.
    pub fn line(&mut self, text: &str) {
        self.send(&format!("{text}\r"));
    }

    /// Waits until a text is on the screen.
    pub fn expect(&self, text: &str) {
        self.expect_that(text, |screen| screen.contains(text));
    }

    /// Waits until a text is no longer on the screen.
    pub fn expect_gone(&self, text: &str) {
        self.expect_that(&format!("no {text}"), |screen| !screen.contains(text));
    }

    /// Waits until the screen is as it should be.
    pub fn expect_that(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return;
            }

            assert!(Instant::now() < end, "in vain: {what}; the screen is\n{screen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Gives the window another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        // The emulator first: what the program draws for the new size must find it.
        let at_least_one = |n: u16| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        self.parser.lock().unwrap().screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        self.master.as_ref().unwrap().resize(size(columns, rows)).unwrap();
    }

    /// Its process id.
    pub fn pid(&self) -> String {
        self.child.process_id().unwrap().to_string()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.pid()]).status().unwrap().success());
    }

    /// Waits for its end; gives the exit code.
    pub fn wait(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it did not end; the screen is\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// True if the terminal is as it was before the program.
    pub fn is_restored(&self) -> bool {
        self.look(|screen| !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor())
    }

    /// True if the terminal shows what is typed, as it does before and after every program.
    pub fn has_echo(&self) -> bool {
        let modes = self.master.as_ref().and_then(|master| master.get_termios()).unwrap().local_flags;
        LocalModes::from_bits_retain(modes.bits()).contains(LocalModes::ECHO)
    }

    /// The private modes that it was told to take last, but for those that are on before any program.
    pub fn modes(&self) -> Vec<String> {
        let raw = self.raw();
        let mut modes = std::collections::BTreeMap::new();
        for part in String::from_utf8_lossy(&raw).split("\x1b[?").skip(1) {
            if let Some(end) = part.find(['h', 'l']) {
                modes.insert(part[..end].to_owned(), part[end..].starts_with('h'));
            }
        }
        let is_left_on = |(mode, is_on): &(String, bool)| *is_on && mode != "25" && mode != "1007";
        modes.into_iter().filter(is_left_on).map(|(mode, _)| mode).collect()
    }

    /// The terminal goes away.
    pub fn hang_up(&mut self) {
        // As long as somebody reads it is there: the reader ends with what a key causes.
        self.is_gone.store(true, Ordering::SeqCst);
        self.send("x");
        self.reading.take().unwrap().join().unwrap();
        self.master = None;
        self.writer = Box::new(std::io::sink());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How much of what has come may be shown: like a terminal, nothing of a synchronized update before its end.
fn whole_updates(held: &[u8]) -> usize {
    const BEGIN: &[u8] = b"\x1b[?2026h";
    const END: &[u8] = b"\x1b[?2026l";
    let count = |mark: &[u8]| held.windows(mark.len()).filter(|window| *window == mark).count();
    if count(BEGIN) > count(END) {
        return 0;
    }
    // The beginning of a mark may be the last that has come.
    let begun = (1..BEGIN.len()).rev().find(|length| held.ends_with(&BEGIN[..*length])).unwrap_or(0);
    held.len() - begun
}

/// A `parlor-server`.
pub struct Server {
    /// Where it listens.
    pub address: String,
    directory: PathBuf,
    child: std::process::Child,
    temporary: Option<tempfile::TempDir>,
}

/// The server's binary lies beside the client's: `cargo test --workspace` builds both. Alone, this package builds it here.
pub fn server_binary() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_parlor")).with_file_name("parlor-server");
    if !binary.exists() {
        let target = binary.parent().and_then(Path::parent).unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", "server", "--bin", "parlor-server", "--target-dir"]).arg(target);
        if binary.parent().unwrap().ends_with("release") {
            build.arg("--release");
        }
        assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    }
    binary
}

impl Server {
    /// A server over a new data directory.
    pub fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut server = Self::start_in(temporary.path().to_owned(), "127.0.0.1:0");
        server.temporary = Some(temporary);
        server
    }

    /// A server over a data directory, which has its configuration in it, too.
    pub fn start_in(directory: PathBuf, listen: &str) -> Self {
        let config = directory.join("config.toml");
        if !config.exists() {
            std::fs::write(&config, "").unwrap();
        }
        let mut child = Command::new(server_binary())
            .args(["--listen", listen, "--data-dir"])
            .arg(&directory)
            .arg("--config")
            .arg(&config)
            .env("PARLOR_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server says where it listens").unwrap();
        let address = line.strip_prefix("listening on ").expect("a ready line").to_owned();
        Self { address, directory, child, temporary: None }
    }

    /// Ends it the hard way.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, on the same address and data.
    pub fn restart(&mut self) {
        let temporary = self.temporary.take();
        let again = Self::start_in(self.directory.clone(), &self.address);
        *self = again;
        self.temporary = temporary;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A data directory of a client.
pub fn data() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A client at a server, logged in and in the lobby.
pub fn client(server: &Server, nickname: &str, data: &Path, columns: u16, rows: u16) -> Terminal {
    let terminal =
        Terminal::start(&[&server.address, "--nick", nickname, "--data-dir", data.to_str().unwrap()], columns, rows);
    terminal.expect("ONLINE");
    terminal.expect(&format!("{nickname} (you)"));
    terminal
}
