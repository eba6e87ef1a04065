//! The power goes while people talk. What a server does to its files is written down; from that the files are made as they
//! may be on the disk afterwards: what was synced is there, of everything else any part. Whatever was acknowledged or shown
//! by then is there, once, under the same number, and what was not can be sent again.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod power_cut {
    pub(crate) mod disk;
    pub(crate) mod people;
    pub(crate) mod trace;
}

use common::{
    DEADLINE,
    dice::{Dice, trials},
    process::Process,
};
use power_cut::{
    disk::{self, Image},
    people::{self, Claim, Known, LOGS, Log, Message, PEOPLE, Person, ROOMS, Session},
    trace::{self, FILES, Record, Shim, What},
};
use std::{path::Path, sync::mpsc, thread};

/// Lives of a data directory, each with some power cuts over each other.
const LIVES: usize = 6;
const CUTS: usize = 3;
/// States of the disk that are looked at for each cut.
const STATES: usize = 4;

/// What was said up to now.
struct Story {
    people: Vec<Person>,
    /// With the length of the trace when it was known.
    claims: Vec<(u64, Claim)>,
}

impl Story {
    fn known(&self, cut: u64) -> Known {
        let mut known = Known::default();
        self.claims.iter().filter(|(length, _)| *length <= cut).for_each(|(_, claim)| known.note(claim));
        known
    }

    /// Lets everybody talk over a disk until so many messages are acknowledged and the server ends; gives what it did.
    fn go_on(&mut self, shim: &Shim, disk: &Path, dice: &mut Dice) -> Vec<Record> {
        let (trace, known, is_clean) = (shim.new_trace(), self.known(u64::MAX), dice.percent(25));
        let server =
            Process::start(disk, |command| shim.load(command, disk, &trace)).map_err(|end| end.stderr).unwrap();
        let (acks, acked) = mpsc::channel();
        let enough = dice.below(400);
        // Everybody is there before anything is said: a direct message needs somebody to get it.
        let mut sessions: Vec<Session<'_>> = self
            .people
            .iter_mut()
            .map(|person| Session::open(person, server.address, &known, Some(&trace)).unwrap())
            .collect();
        let talked = thread::scope(|scope| {
            for session in &mut sessions {
                let (acks, dice) = (acks.clone(), Dice::new(dice.next()));
                scope.spawn(move || session.talk(Some((&acks, dice))));
            }
            let talked = (0..enough).all(|_| acked.recv_timeout(DEADLINE).is_ok());
            if is_clean {
                let end = server.terminate();
                assert_eq!(end.code, Some(0), "{}", end.stderr);
            } else {
                server.kill();
            }
            talked
        });
        assert!(talked, "the talk went on until the end");
        let records = trace::read(&trace);
        let last = records.last().map_or(0, |record| record.end);
        // The last record may have been cut off by the kill, while somebody already saw a part of it.
        let claims = sessions.into_iter().flat_map(|session| session.claims);
        self.claims.extend(claims.map(|(length, claim)| (length.min(last), claim)));
        records
    }

    /// A server over what is left: all that must be there is there, and all that is not can be said again.
    fn check(&mut self, disk: &Path, cut: u64) {
        let known = self.known(cut);
        let server = Process::start(disk, |_| {}).map_err(|end| end.stderr).unwrap();
        let mut sessions: Vec<Session<'_>> =
            self.people.iter_mut().map(|person| Session::open(person, server.address, &known, None).unwrap()).collect();
        is_kept(&known, &read(&mut sessions));
        thread::scope(|scope| {
            for session in &mut sessions {
                scope.spawn(move || assert_eq!(session.talk(None), Some(())));
            }
        });
        let logs = read(&mut sessions);
        is_kept(&known, &logs);
        let mut heard = known;
        for mut session in sessions {
            session.hear_up_to(&logs);
            session.claims.iter().for_each(|(_, claim)| heard.note(claim));
        }
        is_kept(&heard, &logs);
        self.is_complete(&logs);
        server.kill();
    }

    /// Each message is there once, and nothing else.
    fn is_complete(&self, logs: &[Log; LOGS]) {
        let mut counts = [0; LOGS];
        for person in &self.people {
            for Message { log, to, id, text } in &person.messages {
                for log in std::iter::once(*log).chain(to.map(|to| ROOMS.len() + to)) {
                    counts[log] += 1;
                    let is_it = |entry: &&people::Entry| entry.from == person.nickname && entry.id == *id;
                    let found: Vec<_> = logs[log].values().filter(is_it).map(|entry| &entry.text).collect();
                    assert_eq!(found, [text], "{id} of {} is in log {log}, once", person.nickname);
                }
            }
        }
        assert_eq!(logs.each_ref().map(Log::len), counts, "nothing else is there");
    }
}

/// Every log: the rooms as one of them sees them, and everybody's inbox.
fn read(sessions: &mut [Session<'_>]) -> [Log; LOGS] {
    std::array::from_fn(|log| sessions[log.saturating_sub(ROOMS.len())].read(log))
}

fn is_kept(known: &Known, logs: &[Log; LOGS]) {
    for (log, entries) in known.logs.iter().enumerate() {
        for (seq, entry) in entries {
            assert_eq!(logs[log].get(seq), Some(entry), "entry {seq} of log {log} was acknowledged or shown");
        }
    }
}

/// Where the power goes: right after something was acknowledged or shown, where nothing more may be lost than what is not
/// synced, or anywhere else.
fn cut(story: &Story, records: &[Record], dice: &mut Dice) -> u64 {
    let lately: Vec<u64> = story.claims.iter().map(|(length, _)| *length).filter(|length| *length > 0).collect();
    if dice.percent(50) && !lately.is_empty() {
        return lately[dice.below(lately.len())];
    }
    records.get(dice.below(records.len())).map_or(0, |record| record.end)
}

/// One data directory from its beginning through some power cuts.
fn live(shim: &Shim, seed: u64, main_writes: &mut usize) {
    let mut dice = Dice::new(seed);
    let mut story = Story { people: (0..PEOPLE).map(Person::new).collect(), claims: Vec::new() };
    let mut image = Image::default();
    for _ in 0..CUTS {
        let disk = disk::write(&image, &mut dice);
        let records = story.go_on(shim, disk.path(), &mut dice);
        *main_writes +=
            records.iter().filter(|record| record.file == 0 && matches!(record.what, What::Write(..))).count();
        let seen = disk::after_everything(&image, &records);
        for (file, bytes) in disk::read(disk.path()).iter().enumerate() {
            // A kill may come between what is done and what is written down.
            let is_same = *bytes == seen[file];
            assert!(is_same || records.is_empty() || !is_clean(&records), "{} is as the trace says", FILES[file]);
        }
        let mut next = None;
        for _ in 0..STATES {
            let at = cut(&story, &records, &mut dice);
            let done = records.partition_point(|record| record.end <= at);
            let state = disk::after_power_cut(&image, &records[..done], &mut dice);
            story.check(disk::write(&state, &mut dice).path(), at);
            next = Some((state, at));
        }
        // The next server starts over one of these disks, and people know what they knew then.
        let (state, at) = next.unwrap();
        image = state;
        story.claims.retain(|(length, _)| *length <= at);
        story.claims.iter_mut().for_each(|(length, _)| *length = 0);
    }
}

/// A clean end takes the log away last.
fn is_clean(records: &[Record]) -> bool {
    records.iter().rev().take(2).any(|record| matches!(record.what, What::Unlink))
}

#[test]
fn what_was_acknowledged_or_shown_survives_a_power_cut() {
    let shim = Shim::compile();
    let mut main_writes = 0;
    for seed in 0..trials(LIVES) as u64 {
        println!("seed {seed}");
        live(&shim, seed, &mut main_writes);
    }
    assert!(main_writes > 100, "there were checkpoints: {main_writes}");
}
