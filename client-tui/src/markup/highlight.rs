//! Colours of code. Loading the languages and compiling the first regular expressions of one takes longer than a frame may:
//! a thread of its own does it, and code is plain until then.

mod colour;

use super::Run;
use colour::Languages;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
};

/// Bytes of code beyond which it stays plain.
const CODE: usize = 16 * 1024;
/// Pieces of code that wait.
const WAITING: usize = 32;
/// Pieces of code whose colours are kept: more than a screen can show, or drawing would ask for ever.
const KEPT: usize = 512;
/// Bytes of code whose colours are kept.
const KEPT_BYTES: usize = 1024 * 1024;

/// Colours code, in the background.
pub struct Highlighter {
    results: Arc<Mutex<Results>>,
    worker: Mutex<Worker>,
}

/// A language and code in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Job {
    language: String,
    code: String,
}

enum Worker {
    /// Nobody has asked yet.
    Idle(Box<dyn Fn() + Send>),
    Running {
        jobs: SyncSender<Arc<Job>>,
        thread: JoinHandle<()>,
    },
    /// Code stays plain.
    Gone,
}

impl Highlighter {
    /// `done` is called, in another thread, whenever colours are there that were asked for.
    pub fn new(done: impl Fn() + Send + 'static) -> Self {
        Self { results: Arc::default(), worker: Mutex::new(Worker::Idle(Box::new(done))) }
    }

    /// The colours of code: those stretches of it that have one, in order. None: they are to come. Code without any, in an
    /// unknown language or too long for it, has none at once or soon.
    pub fn ask(&self, language: &str, code: &str) -> Option<Arc<Vec<Run>>> {
        if code.len() > CODE || language.len() > CODE {
            return Some(Arc::default());
        }
        let mut worker = lock(&self.worker);
        let job = Job { language: language.to_lowercase(), code: code.to_owned() };
        // Held until the job is noted: its result must not come before that.
        let mut results = lock(&self.results);
        let known = results.runs.get(&job);
        match known {
            Some(Some(runs)) => return Some(runs.clone()),
            Some(None) if worker.is_alive() => return None,
            _ => {}
        }
        let job = Arc::new(job);
        match worker.queue(job.clone(), &self.results) {
            Ok(()) => results.insert(job, None),
            // A result that comes makes room, and everything is drawn again.
            Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Disconnected(_)) => return Some(Arc::default()),
        }
        None
    }
}

impl fmt::Debug for Highlighter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Highlighter").finish_non_exhaustive()
    }
}

impl Worker {
    fn is_alive(&self) -> bool {
        matches!(self, Self::Running { thread, .. } if !thread.is_finished())
    }

    /// Starts the thread if this is the first job.
    fn queue(&mut self, job: Arc<Job>, results: &Arc<Mutex<Results>>) -> Result<(), TrySendError<Arc<Job>>> {
        if let Self::Idle(_) = self
            && let Self::Idle(done) = std::mem::replace(self, Self::Gone)
        {
            let (jobs, waiting) = mpsc::sync_channel(WAITING);
            let results = results.clone();
            let work = move || work(&waiting, &results, &done);
            if let Ok(thread) = thread::Builder::new().name("highlight".to_owned()).spawn(work) {
                *self = Self::Running { jobs, thread };
            }
        }
        match self {
            Self::Running { jobs, .. } => jobs.try_send(job),
            _ => Err(TrySendError::Disconnected(job)),
        }
    }
}

fn work(jobs: &Receiver<Arc<Job>>, results: &Mutex<Results>, done: &dyn Fn()) {
    let mut languages = Languages::load();
    for job in jobs {
        let runs = languages.colour(&job.language, &job.code);
        lock(results).insert(job, Some(Arc::new(runs)));
        done();
    }
}

/// What was asked for.
#[derive(Debug, Default)]
struct Results {
    /// None: it waits.
    runs: HashMap<Arc<Job>, Option<Arc<Vec<Run>>>>,
    /// The oldest is first.
    order: VecDeque<Arc<Job>>,
    /// Of code.
    bytes: usize,
}

impl Results {
    fn insert(&mut self, job: Arc<Job>, runs: Option<Arc<Vec<Run>>>) {
        if self.runs.insert(job.clone(), runs).is_some() {
            return;
        }
        self.bytes += job.code.len();
        self.order.push_back(job);
        while (self.order.len() > KEPT || self.bytes > KEPT_BYTES)
            && let Some(oldest) = self.order.pop_front()
        {
            self.bytes -= oldest.code.len();
            self.runs.remove(&oldest);
        }
    }
}

/// A thread that panicked while it held the lock leaves colours behind that are wrong at worst.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::{Syntax, styled_with};
    use std::{sync::mpsc, time::Duration};

    fn highlighter() -> (Highlighter, mpsc::Receiver<()>) {
        let (done, is_done) = mpsc::channel();
        (Highlighter::new(move || done.send(()).unwrap()), is_done)
    }

    fn wait(is_done: &mpsc::Receiver<()>) {
        is_done.recv_timeout(Duration::from_mins(1)).expect("the colours come");
    }

    #[test]
    fn code_is_plain_first_and_then_has_colours() {
        let (highlighter, is_done) = highlighter();
        let text = "see\n```rust\nfn main() {} // hi\n```\nbye";
        let (plain, is_coming) = styled_with(text, &[], Some(&highlighter));
        assert!(is_coming);
        assert_eq!(plain.runs.len(), 3);
        wait(&is_done);
        let (styled, is_coming) = styled_with(text, &[], Some(&highlighter));
        assert!(!is_coming);
        assert_eq!(styled.text, "see\nfn main() {} // hi\nbye");
        let coloured = |syntax| {
            let runs = styled.runs.iter().filter(move |run| run.look.syntax == Some(syntax));
            runs.map(|run| &styled.text[run.bytes.clone()]).collect::<Vec<_>>()
        };
        assert_eq!(coloured(Syntax::Keyword), ["fn"]);
        assert_eq!(coloured(Syntax::Function), ["main"]);
        assert_eq!(coloured(Syntax::Comment), ["// hi"]);
        assert!(styled.runs.iter().all(|run| run.look.code || run.look.syntax.is_none()));
    }

    #[test]
    fn what_is_asked_for_twice_is_done_once() {
        let (highlighter, is_done) = highlighter();
        assert_eq!(highlighter.ask("python", "1"), None);
        assert_eq!(highlighter.ask("Python", "1"), None);
        wait(&is_done);
        assert!(highlighter.ask("python", "1").is_some());
        assert!(is_done.recv_timeout(Duration::from_millis(50)).is_err());
    }

    #[test]
    fn unknown_languages_and_long_code_are_plain() {
        let (highlighter, is_done) = highlighter();
        assert_eq!(highlighter.ask("rust", &"1 ".repeat(CODE)).as_deref(), Some(&vec![]));
        assert_eq!(highlighter.ask("klingon", "1"), None);
        wait(&is_done);
        assert_eq!(highlighter.ask("klingon", "1").as_deref(), Some(&vec![]));
    }

    #[test]
    fn more_than_can_wait_all_get_colours_in_the_end() {
        let (highlighter, is_done) = highlighter();
        let codes: Vec<String> = (0..2 * WAITING).map(|number| format!("{number}")).collect();
        while codes.iter().filter(|code| highlighter.ask("c", code).is_none()).count() > 0 {
            wait(&is_done);
        }
    }

    #[test]
    fn little_is_kept() {
        let mut results = Results::default();
        for number in 0..2 * KEPT {
            results.insert(Arc::new(Job { language: String::new(), code: format!("{number:04}") }), None);
        }
        assert_eq!((results.runs.len(), results.order.len(), results.bytes), (KEPT, KEPT, 4 * KEPT));
        for number in 0..100 {
            results.insert(Arc::new(Job { language: String::new(), code: format!("{number:0CODE$}") }), None);
        }
        assert_eq!((results.runs.len(), results.bytes), (KEPT_BYTES / CODE, KEPT_BYTES));
    }
}
