//! The thread that writes: typing never waits for the disk.

use super::{Job, Profile, Saved, Store};
use shared::{Entry, LogName, MessageId};
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::UnboundedSender;

/// So long are jobs gathered that nobody waits for.
const GATHER: Duration = Duration::from_millis(100);
/// Jobs of a transaction, at most.
const BATCH: usize = 4_096;

/// What the thread tells.
#[derive(Debug)]
pub enum Written {
    /// A message is in the outbox, on disk.
    Queued(MessageId),
    /// What an earlier run has left.
    Loaded(Box<Saved>),
    /// Entries before one, ascending.
    Page {
        /// Of which log.
        room: LogName,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// The disk refuses; what is typed is not kept.
    Failed(String),
}

/// A store with a thread of its own, opened by the first job: a client that never connected leaves no file. Ends, when it
/// is dropped, once everything is written.
#[derive(Debug)]
pub struct StoreThread {
    jobs: Option<Sender<(Profile, Job)>>,
    thread: Option<JoinHandle<()>>,
}

impl StoreThread {
    /// Starts the thread.
    pub fn start(directory: PathBuf, written: UnboundedSender<Written>) -> std::io::Result<Self> {
        let (jobs, queue) = channel::<(Profile, Job)>();
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            let mut store = None;
            let mut next = None;
            while let Some((profile, first)) = next.take().or_else(|| queue.recv().ok()) {
                let batch;
                (batch, next) = gather(&profile, first, &queue);
                write(&directory, &mut store, &profile, &batch, &written);
            }
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands in a job. Returns at once.
    pub fn submit(&self, profile: Profile, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Without a thread at the other end, its failure has been told.
            let _ = jobs.send((profile, job));
        }
    }
}

/// What belongs into one transaction: all that is queued; what nobody waits for, after a while. And what does not belong
/// there any more.
fn gather(profile: &Profile, first: Job, queue: &Receiver<(Profile, Job)>) -> (Vec<Job>, Option<(Profile, Job)>) {
    let until = Instant::now() + GATHER;
    let mut is_urgent = first.is_urgent();
    let mut batch = vec![first];
    while batch.len() < BATCH {
        let wait = if is_urgent { Duration::ZERO } else { until.saturating_duration_since(Instant::now()) };
        let Ok((other, job)) = queue.recv_timeout(wait) else { break };
        if other != *profile {
            return (batch, Some((other, job)));
        }
        is_urgent |= job.is_urgent();
        batch.push(job);
    }
    (batch, None)
}

fn write(
    directory: &Path,
    store: &mut Option<Store>,
    profile: &Profile,
    jobs: &[Job],
    written: &UnboundedSender<Written>,
) {
    // Jobs before a question are done before it is answered.
    for part in jobs.split_inclusive(Job::is_question) {
        let (question, writes) = match part.split_last() {
            Some((last, before)) if last.is_question() => (Some(last), before),
            _ => (None, part),
        };
        let done = write_all(directory, store, profile, writes).and_then(|()| {
            for job in writes {
                tell_queued(job, written);
            }
            question.map_or(Ok(()), |question| answer(directory, store, profile, question, written))
        });
        if let Err(error) = done {
            let _ = written.send(Written::Failed(format!("{error:#}")));
            // The app waits for this one.
            if matches!(question, Some(Job::Load)) {
                let _ = written.send(Written::Loaded(Box::default()));
            }
        }
    }
}

fn write_all(directory: &Path, store: &mut Option<Store>, profile: &Profile, jobs: &[Job]) -> anyhow::Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let opened = store.take().map_or_else(|| Store::open(directory), Ok)?;
    store.insert(opened).write(profile, jobs)
}

fn tell_queued(job: &Job, written: &UnboundedSender<Written>) {
    if let Job::Queue(send, _) = job {
        let _ = written.send(Written::Queued(send.id.clone()));
    }
}

/// Answers from what is on disk; where nothing was ever written, nothing is made for it.
fn answer(
    directory: &Path,
    store: &mut Option<Store>,
    profile: &Profile,
    question: &Job,
    written: &UnboundedSender<Written>,
) -> anyhow::Result<()> {
    if store.is_none() {
        *store = Store::open_existing(directory)?;
    }
    let store = store.as_ref();
    let answer = match question {
        Job::Page { room, before } => {
            let entries = store.map_or_else(|| Ok(Vec::new()), |store| store.page(profile, room, *before))?;
            Written::Page { room: room.clone(), entries }
        }
        _ => Written::Loaded(Box::new(store.map_or_else(|| Ok(Saved::default()), |store| store.load(profile))?)),
    };
    let _ = written.send(answer);
    Ok(())
}

impl Drop for StoreThread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
