//! The journal's files are damaged, in every way that disks and people know. The server may refuse to start, or stop where it
//! meets the damage, both with words; or all that it says is what was stored, and what is missing it calls lost.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod damage {
    pub(crate) mod inspect;
    pub(crate) mod mutate;
    pub(crate) mod origin;
}

use common::dice::{Dice, trials};
use damage::{
    inspect::{Verdict, inspect, keep_panics, panics, truth},
    mutate::mutate,
    origin::{self, Origin},
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        LazyLock, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

/// Journals that are damaged, for each origin.
const TRIALS: usize = 400;
const WORKERS: usize = 2;

static ORIGINS: LazyLock<Vec<Origin>> = LazyLock::new(origin::make);

/// What came of damages: how often, with an example.
#[derive(Default)]
struct Survey {
    outcomes: BTreeMap<(&'static str, &'static str), (usize, String)>,
    words: BTreeMap<String, usize>,
    panics: Vec<String>,
}

impl Survey {
    fn note(&mut self, verdict: &Verdict, kind: &'static str, example: &str) {
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
            let (count, _) = self.outcomes.entry((outcome, kind)).or_insert_with(|| (0, example.to_owned()));
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
                survey.lock().unwrap().note(&verdict, kind, &format!("{} {said} (seed {seed})", origin.name));
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

#[test]
#[ignore = "rows have no checksums yet, and nothing says where the log has lost its end"]
fn damage_is_never_shown_as_the_truth() {
    let list = survey().list(|outcome| !outcome.starts_with("ok"));
    assert!(list.is_empty(), "\n{list}");
}
