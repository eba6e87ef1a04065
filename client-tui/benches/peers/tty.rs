//! A program in a pseudo-terminal. Every byte that it draws is kept, with the time at which it came: nothing is looked at
//! and nothing is emulated while a clock runs.

use anyhow::{Context, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// The terminal's size, unless a resize is what is measured.
pub(crate) const COLUMNS: u16 = 120;
/// Its rows.
pub(crate) const ROWS: u16 = 40;
/// How long a program has to quit by itself.
const GOODBYE: Duration = Duration::from_secs(5);

/// What one read of the terminal gave: when it came, and where it ends in the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    /// When it was read.
    pub(crate) at: Instant,
    /// Its end.
    pub(crate) end: usize,
}

/// Everything that was drawn so far.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// When they came.
    pub(crate) chunks: Vec<Chunk>,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Recording {
    drawn: Mutex<Drawn>,
    news: Condvar,
}

impl Recording {
    fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().expect("no thread panics while it holds it")
    }
}

/// A running program and its terminal.
pub(crate) struct Tty {
    /// Just before the program was started.
    pub(crate) started: Instant,
    recording: Arc<Recording>,
    writer: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Tty {
    /// Starts a program; it is listened to before it runs.
    pub(crate) fn start(mut command: CommandBuilder) -> anyhow::Result<Self> {
        for (key, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")] {
            command.env(key, value);
        }
        command.env_remove("NO_COLOR");
        let pair = native_pty_system().openpty(size(COLUMNS, ROWS))?;
        let recording = Arc::new(Recording::default());
        let (reader, into) = (pair.master.try_clone_reader()?, recording.clone());
        thread::spawn(move || record(reader, &into));
        let writer = pair.master.take_writer()?;
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        Ok(Self { started, recording, writer, master: pair.master, child })
    }

    /// Types bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.writer.write_all(bytes)?;
        Ok(self.writer.flush()?)
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) -> anyhow::Result<()> {
        self.master.resize(size(columns, rows))
    }

    /// The program's process.
    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.process_id().context("it has no process")
    }

    /// Looks at what was drawn.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Drawn) -> T) -> T {
        look(&self.recording.lock())
    }

    /// How many bytes were drawn.
    pub(crate) fn drawn(&self) -> usize {
        self.look(|drawn| drawn.bytes.len())
    }

    /// Waits until this byte comes, behind the first `from`; gives when it came.
    pub(crate) fn wait_for(&self, from: usize, byte: u8) -> anyhow::Result<Instant> {
        let mut seen = from;
        let end = Instant::now() + DEADLINE;
        let mut drawn = self.recording.lock();
        loop {
            if let Some(at) = drawn.bytes[seen..].iter().position(|drawn| *drawn == byte) {
                let chunk = drawn.chunks.partition_point(|chunk| chunk.end <= seen + at);
                return Ok(drawn.chunks[chunk].at);
            }
            seen = drawn.bytes.len();
            drawn = self.more(drawn, end, "a byte")?;
        }
    }

    /// Waits until something has come behind the first `from` bytes, and then nothing for `silence`; gives when the last came.
    pub(crate) fn settle(&self, from: usize, silence: Duration) -> anyhow::Result<Instant> {
        let end = Instant::now() + DEADLINE;
        let mut drawn = self.recording.lock();
        loop {
            let last = drawn.chunks.last().filter(|chunk| chunk.end > from).map(|chunk| chunk.at);
            match last {
                Some(last) if drawn.is_over || last.elapsed() >= silence => return Ok(last),
                // Whatever comes meanwhile starts the silence anew.
                Some(last) if Instant::now() < end => {
                    let rest = silence.saturating_sub(last.elapsed());
                    drawn = self.recording.news.wait_timeout(drawn, rest).expect("no thread panics with it").0;
                }
                Some(_) => bail!("it does not stop drawing"),
                None => drawn = self.more(drawn, end, "anything")?,
            }
        }
    }

    /// Waits for more bytes than there are.
    fn more<'a>(
        &self,
        drawn: MutexGuard<'a, Drawn>,
        end: Instant,
        what: &str,
    ) -> anyhow::Result<MutexGuard<'a, Drawn>> {
        let rest = end.saturating_duration_since(Instant::now());
        if drawn.is_over {
            bail!("the program ended before it drew {what}");
        }
        if rest.is_zero() {
            bail!("in vain: it did not draw {what}");
        }
        Ok(self.recording.news.wait_timeout(drawn, rest).expect("no thread panics with it").0)
    }

    /// Has it quit as its user would, so that everything is saved.
    pub(crate) fn quit(mut self) -> anyhow::Result<()> {
        self.send(b"/quit\r")?;
        let end = Instant::now() + GOODBYE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                bail!("it does not quit");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes down everything that comes, until the terminal is closed.
fn record(mut reader: Box<dyn Read + Send>, into: &Recording) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let at = Instant::now();
        let mut drawn = into.lock();
        drawn.bytes.extend_from_slice(&buffer[..count]);
        let end = drawn.bytes.len();
        drawn.chunks.push(Chunk { at, end });
        into.news.notify_all();
    }
    into.lock().is_over = true;
    into.news.notify_all();
}
