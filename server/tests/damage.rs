//! The journal's files are damaged, in every way that disks and people know. The server may refuse to start, or stop where it
//! meets the damage, both with words; or all that it says is what was stored, and what is missing it calls lost.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod damage {
    pub(crate) mod inspect;
    pub(crate) mod mutate;
    pub(crate) mod origin;
    pub(crate) mod visit;
}

use common::{
    dice::{Dice, trials},
    process::{End, Process},
};
use damage::{
    inspect::{Verdict, inspect, keep_panics, panics, truth},
    mutate::mutate,
    origin::{self, FILES, Files, Origin},
    visit::visit,
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        LazyLock, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

/// Journals that are damaged, for each origin.
const TRIALS: usize = 60;
/// The same under the binary.
const VISITS: usize = 8;
/// Threads that look at damaged journals.
const WORKERS: usize = 2;

static ORIGINS: LazyLock<Vec<Origin>> = LazyLock::new(origin::make);

/// What came of damages: how often, with an example.
#[derive(Default)]
struct Survey {
    outcomes: BTreeMap<(&'static str, String), (usize, String)>,
    words: BTreeMap<String, usize>,
    panics: Vec<String>,
}

impl Survey {
    fn note(&mut self, verdict: &Verdict, kind: &str, example: &str) {
        let mut outcomes: Vec<&'static str> = verdict.findings.iter().copied().collect();
        if let Some(words) = verdict.refused.as_ref().or(verdict.stopped.as_ref()) {
            // Without where exactly.
            let words = words
                .split(": ")
                .last()
                .unwrap_or_default()
                .split(|c: char| c.is_ascii_digit())
                .next()
                .unwrap_or_default();
            let words = words.to_owned();
            *self.words.entry(words).or_default() += 1;
        }
        if outcomes.is_empty() {
            outcomes.push(match verdict {
                Verdict { refused: Some(_), .. } => "ok: refused",
                Verdict { stopped: Some(_), .. } => "ok: stopped",
                Verdict { said: true, .. } => "ok: said",
                _ => "ok: exact",
            });
        }
        for outcome in outcomes {
            let (count, _) = self.outcomes.entry((outcome, kind.to_owned())).or_insert_with(|| (0, example.to_owned()));
            *count += 1;
        }
    }

    /// Findings with these words, as a list.
    fn list(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let mut list = String::new();
        for ((outcome, kind), (count, example)) in &self.outcomes {
            if is_wanted(outcome) {
                writeln!(list, "{count:5}  {outcome} ({kind}), as with {example}").unwrap();
            }
        }
        list
    }
}

/// Damages all origins in many ways, once for all tests here.
fn survey() -> &'static Survey {
    static SURVEY: OnceLock<Survey> = OnceLock::new();
    SURVEY.get_or_init(|| {
        keep_panics();
        let (survey, began) = (Mutex::new(Survey::default()), Instant::now());
        for origin in &*ORIGINS {
            let truth = truth(origin.files.in_new_directory().path());
            let seeds = AtomicU64::new(0);
            let work = || loop {
                let seed = seeds.fetch_add(1, Ordering::Relaxed);
                if seed >= trials(TRIALS) as u64 {
                    break;
                }
                let (files, kind, said) = mutate(origin, &mut Dice::new(seed));
                let verdict = inspect(files.in_new_directory().path(), &truth);
                survey.lock().unwrap().note(&verdict, &kind, &format!("{} {said} (seed {seed})", origin.name));
            };
            thread::scope(|scope| (0..WORKERS).for_each(|_| drop(scope.spawn(work))));
        }
        let mut survey = survey.into_inner().unwrap();
        survey.panics = panics();
        println!("{}\n{:#?}\n{:?}", survey.list(|_| true), survey.words, began.elapsed());
        survey
    })
}

#[test]
fn damage_is_no_panic_and_no_hang() {
    let list = survey().list(|outcome| outcome == "nothing comes");
    assert!(list.is_empty() && survey().panics.is_empty(), "\n{list}{:?}", survey().panics);
}

/// What no checksum sees: an index of SQLite's that lies, and small rows that a page of an earlier time brings back. It is
/// rare, and none of it shows anybody a text that was not said.
const UNSEEN: [&str; 4] = [
    "a search does not find what is there",
    "an ignore mode is another one",
    "a read mark is another one",
    "what is sent again becomes a second entry",
];

#[test]
fn damage_is_never_shown_as_the_truth() {
    let list = survey().list(|outcome| !outcome.starts_with("ok") && !UNSEEN.contains(&outcome));
    assert!(list.is_empty(), "\n{list}");
}

/// People at the binary over damaged journals.
fn visits() -> &'static Survey {
    static VISITS_MADE: OnceLock<Survey> = OnceLock::new();
    VISITS_MADE.get_or_init(|| {
        let mut survey = Survey::default();
        for origin in &*ORIGINS {
            let truth = truth(origin.files.in_new_directory().path());
            for seed in 0..trials(VISITS) as u64 {
                let (files, kind, said) = mutate(origin, &mut Dice::new(seed + 1_000_000));
                let verdict = visit(files.in_new_directory().path(), &truth);
                survey.note(&verdict, &kind, &format!("{} {said} (seed {seed})", origin.name));
            }
        }
        println!("{}\n{:#?}", survey.list(|_| true), survey.words);
        survey
    })
}

#[test]
fn over_damage_the_binary_ends_with_words_and_never_in_panic() {
    let bad = ["a panic", "it ends without a word"];
    let list = visits().list(|outcome| bad.contains(&outcome));
    assert!(list.is_empty(), "\n{list}");
}

#[test]
fn over_damage_people_are_shown_what_was_stored_or_told_what_is_lost() {
    let list = visits().list(|outcome| !outcome.starts_with("ok") && !UNSEEN.contains(&outcome));
    assert!(list.is_empty(), "\n{list}");
}

/// What a server says that must not start over these files.
fn refusal(name: &str, files: &Files, prepare: impl FnOnce(&Path)) -> String {
    let directory = files.in_new_directory();
    prepare(directory.path());
    let Err(End { code, stderr }) = Process::start(directory.path(), |_| {}) else { panic!("{name}: it starts") };
    assert!(code.is_some_and(|code| code != 0) && !stderr.contains("panicked"), "{name}: {code:?} {stderr}");
    assert!(stderr.contains(&directory.path().display().to_string()), "{name}: it says where: {stderr}");
    stderr
}

fn main_file(bytes: &[u8]) -> Files {
    Files([Some(bytes.to_vec()), None, None])
}

fn set_version(directory: &Path, version: i64) {
    let connection = rusqlite::Connection::open(directory.join(FILES[0])).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
}

/// What is no journal, and what the server says to it.
fn refusals() -> Vec<String> {
    let (clean, none) = (&ORIGINS[0].files, Files::default());
    let mut said = vec![
        refusal("a text", &main_file(b"Dear diary,\n"), |_| {}),
        refusal("a long text", &main_file(&b"Dear diary,\n".repeat(1_000)), |_| {}),
        refusal("random bytes", &main_file(&Dice::new(5).bytes(20_000)), |_| {}),
        refusal("a directory", &none, |directory| std::fs::create_dir(directory.join(FILES[0])).unwrap()),
        refusal("a directory for a log", clean, |directory| std::fs::create_dir(directory.join(FILES[1])).unwrap()),
        refusal("a later format", clean, |directory| set_version(directory, 1_000)),
        refusal("a format below all", clean, |directory| set_version(directory, -1)),
    ];
    let forbid = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let probe = tempfile::NamedTempFile::new().unwrap();
    forbid(probe.path());
    // Root may do everything.
    if std::fs::File::open(probe.path()).is_err() {
        said.push(refusal("a file that may not be read", clean, |directory| forbid(&directory.join(FILES[0]))));
    }
    said
}

#[test]
fn what_is_no_journal_is_refused() {
    println!("{:#?}", refusals());
}

#[test]
fn a_refusal_says_what_to_do() {
    for said in refusals() {
        let ways = ["--data-dir", "backup", "newer server", "permission", "move"];
        assert!(ways.iter().any(|way| said.contains(way)), "{said}");
    }
}

#[test]
fn a_log_without_its_main_file_is_not_thrown_away() {
    let log = ORIGINS[1].files.0[1].clone();
    for main in [None, Some(Vec::new())] {
        refusal("a log alone", &Files([main, log.clone(), None]), |_| {});
    }
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    refusal("another program's", &Files::default(), |directory| {
        let connection = rusqlite::Connection::open(directory.join(FILES[0])).unwrap();
        connection.execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    });
}
