//! The thread that writes: typing never waits for the disk.

use super::{Job, Profile, Store};
use shared::MessageId;
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Sender, channel},
    thread::JoinHandle,
};
use tokio::sync::mpsc::UnboundedSender;

/// What the thread tells.
#[derive(Debug)]
pub enum Written {
    /// A message is in the outbox, on disk.
    Queued(MessageId),
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
            while let Ok((profile, first)) = queue.recv() {
                let mut batch = vec![first];
                let mut next = None;
                while let Ok((other, job)) = queue.try_recv() {
                    if other != profile {
                        next = Some((other, job));
                        break;
                    }
                    batch.push(job);
                }
                write(&directory, &mut store, &profile, &batch, &written);
                if let Some((profile, job)) = next {
                    write(&directory, &mut store, &profile, &[job], &written);
                }
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

fn write(
    directory: &Path,
    store: &mut Option<Store>,
    profile: &Profile,
    jobs: &[Job],
    written: &UnboundedSender<Written>,
) {
    let opened = match store.take() {
        Some(store) => Ok(store),
        None => Store::open(directory),
    };
    let result = opened.and_then(|opened| store.insert(opened).write(profile, jobs));
    if let Err(error) = result {
        let _ = written.send(Written::Failed(format!("{error:#}")));
        return;
    }
    for job in jobs {
        if let Job::Queue(send, _) = job {
            let _ = written.send(Written::Queued(send.id.clone()));
        }
    }
}

impl Drop for StoreThread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
