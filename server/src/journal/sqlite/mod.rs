//! The embedded journal: SQLite in WAL mode, `synchronous = FULL`.
//!
//! One thread writes: all that is queued becomes one transaction (group commit). One thread reads, through a connection
//! that may only query. The full-text index follows behind the commits, in the writer's idle moments.

mod change;
mod checkpoint;
mod index;
mod inline;
mod kept;
pub(crate) mod mark;
mod order;
mod people;
pub(crate) mod read;
pub(crate) mod schema;
mod search;
pub(crate) mod sum;
mod tables;
pub(crate) mod write;

pub use inline::InlineJournal;

use super::{Journal, Op, Output, Query, Stored};
use crate::WallClock;
use anyhow::{Context, bail, ensure};
use checkpoint::Checkpoint;
use mark::Mark;
use rusqlite::Connection;
use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};
use tokio::sync::mpsc::UnboundedSender;
use write::Writer;

/// The database in a data directory.
pub(crate) const FILE: &str = "journal.sqlite3";

/// Ops in one transaction at most, so that the first of them does not wait for ever.
const BATCH_OPS: usize = 4_096;

/// How long nothing must have come before the index follows: a commit behind it would have to wait.
const QUIET: Duration = Duration::from_millis(20);
/// Entries that the index may lack at most before it follows in any pause: search has to read through them.
const BEHIND: u64 = 4 * index::CHUNK;

/// How a journal is opened.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The database takes at most so many MiB.
    pub max_mib: Option<u64>,
    /// What entries are dated by.
    pub wall: WallClock,
}

/// A journal in a SQLite database.
#[derive(Debug)]
pub struct SqliteJournal {
    ops: Option<Sender<Vec<Op>>>,
    queries: Option<Sender<Query>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl SqliteJournal {
    /// Opens or makes the database in `directory`, which must exist. What comes out goes to `outputs`.
    pub fn open(
        directory: &Path,
        settings: &Settings,
        outputs: &UnboundedSender<Output>,
    ) -> anyhow::Result<(Self, Stored)> {
        let path = directory.join(FILE);
        let known = Mark::read(directory);
        ensure!(
            known.is_none_or(|known| known == 0) || path.exists(),
            "the journal {} is missing, and {} says that it has been there: restore a backup, or move that file away to \
             begin anew",
            path.display(),
            Mark::path(directory).display()
        );
        let advised =
            |error, failed| schema::advised(error, format!("the journal {} can't be {failed}", path.display()));
        let mut connection = schema::open(&path, settings).map_err(|error| advised(error, "opened"))?;
        let mut stored = schema::load(&connection).map_err(|error| advised(error, "read"))?;
        if let Some(lost) = known.and_then(|known| known.checked_sub(stored.entries())).filter(|lost| *lost > 0) {
            // What was shown under a number must not be taken for what will be.
            tracing::error!(lost, "entries_lost");
            schema::renew_epochs(&connection, &mut stored)?;
        }
        let checkpoint = Checkpoint::take_over(&mut connection)?;
        let reader = schema::open_reader(&path)?;

        let (ops, op_queue) = channel();
        let (queries, query_queue) = channel();
        let writer = Writer::new(connection, settings.wall.clone(), &stored)?.mark(Mark::open(directory)?);
        let (to_loop, pages) = (outputs.clone(), outputs.clone());
        let threads = vec![
            thread::Builder::new()
                .name("journal".into())
                .spawn(move || write_loop(writer, checkpoint, &op_queue, &to_loop))?,
            thread::Builder::new().name("pages".into()).spawn(move || read_loop(&reader, &query_queue, &pages))?,
        ];
        Ok((Self { ops: Some(ops), queries: Some(queries), threads }, stored))
    }
}

impl Journal for SqliteJournal {
    fn write(&mut self, ops: Vec<Op>) {
        if let Some(queue) = &self.ops {
            // Without a thread at the other end the loop has been told that the journal failed.
            let _ = queue.send(ops);
        }
    }

    fn read(&mut self, query: Query) {
        if let Some(queue) = &self.queries {
            let _ = queue.send(query);
        }
    }
}

impl Drop for SqliteJournal {
    /// Ends once everything that was handed in is done.
    fn drop(&mut self) {
        (self.ops, self.queries) = (None, None);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn write_loop(
    mut writer: Writer,
    mut checkpoint: Checkpoint,
    queue: &Receiver<Vec<Op>>,
    outputs: &UnboundedSender<Output>,
) {
    let mut is_tidy = false;
    loop {
        let next = if is_tidy {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else if writer.backlog.count() >= BEHIND {
            queue.recv_timeout(Duration::ZERO)
        } else {
            queue.recv_timeout(QUIET)
        };
        let mut ops = match next {
            Ok(ops) => ops,
            Err(RecvTimeoutError::Disconnected) => return,
            // Nothing to store: time for the rest, a little of it.
            Err(RecvTimeoutError::Timeout) => {
                is_tidy = !writer.tidy_some();
                continue;
            }
        };
        is_tidy = false;
        while ops.len() < BATCH_OPS {
            let Ok(more) = queue.try_recv() else { break };
            ops.extend(more);
        }
        let output = match writer.commit(ops) {
            Ok(batch) => Output::Batch(batch),
            Err(reason) => Output::Failed(reason),
        };
        let failed = matches!(output, Output::Failed(_));
        if outputs.send(output).is_err() || failed {
            return;
        }
        // Nobody waits for this.
        if let Err(error) = checkpoint.run_if_due(&writer.connection) {
            return drop(outputs.send(Output::Failed(format!("the journal can't be written: {error}"))));
        }
    }
}

fn read_loop(connection: &Connection, queue: &Receiver<Query>, outputs: &UnboundedSender<Output>) {
    while let Ok(query) = queue.recv() {
        let page = read::page(connection, &query);
        if outputs.send(Output::Page(query, page)).is_err() {
            return;
        }
    }
}

/// Takes hold of a data directory until the file is dropped; an error names who has it.
pub fn lock_directory(directory: &Path) -> anyhow::Result<File> {
    let path = directory.join("lock");
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!(
                "the data directory {} is in use by process {}: end it, or choose another with --data-dir",
                directory.display(),
                holder.trim()
            );
        }
        Err(TryLockError::Error(error)) => return Err(error).context("the data directory can't be locked"),
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{LogId, PersonId, SessionId},
        journal::{Asker, Done, Draft, Journal},
    };
    use shared::{Kind, LogName, MessageId, Nickname, Text};
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    fn open(directory: &Path) -> (SqliteJournal, Stored, UnboundedReceiver<Output>) {
        let (outputs, received) = unbounded_channel();
        let (journal, stored) = SqliteJournal::open(directory, &Settings::default(), &outputs).unwrap();
        (journal, stored, received)
    }

    fn draft(guest: i32, id: &str) -> Op {
        let asker = Asker { session: SessionId::default(), tag: None, room: None };
        Op::Append(
            asker,
            Box::new(Draft {
                log: LogId(-guest),
                room: LogName::Inbox,
                sender: PersonId(-i64::from(guest)),
                from: Nickname::parse("guest").unwrap(),
                id: MessageId::parse(id).unwrap(),
                kind: Kind::Talk,
                re: None,
                text: Text::parse("psst").unwrap(),
                to: None,
                refusal: None,
                changes: Vec::new(),
            }),
        )
    }

    fn entries(directory: &Path) -> i64 {
        let connection = schema::open_reader(&directory.join("journal.sqlite3")).unwrap();
        connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_guests_of_an_earlier_run_left_goes_by_itself() {
        let directory = tempfile::tempdir().unwrap();
        let (mut journal, stored, mut outputs) = open(directory.path());
        assert_eq!(stored.next_guest, 1);
        journal.write(vec![Op::ReserveGuests(4097), draft(1, "a"), draft(7, "b")]);
        let Some(Output::Batch(batch)) = outputs.blocking_recv() else { panic!("a batch") };
        assert!(matches!(batch.done[2].1, Done::Appended { .. }));
        drop(journal);
        assert_eq!(entries(directory.path()), 2);
        // A guest of the new run keeps what it has.
        let (mut journal, stored, mut outputs) = open(directory.path());
        assert_eq!(stored.next_guest, 4097);
        journal.write(vec![Op::ReserveGuests(8193), draft(4097, "c")]);
        assert!(matches!(outputs.blocking_recv(), Some(Output::Batch(_))));
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while entries(directory.path()) != 1 {
            assert!(std::time::Instant::now() < end, "they are still there");
            std::thread::yield_now();
        }
        drop(journal);
        assert_eq!(entries(directory.path()), 1);
    }

    #[test]
    fn a_directory_in_use_says_by_whom() {
        let directory = tempfile::tempdir().unwrap();
        let _lock = lock_directory(directory.path()).unwrap();
        let error = lock_directory(directory.path()).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
    }
}
