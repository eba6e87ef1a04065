//! The script of the world: a text that people can read and change.

use super::{Log, World};
use jiff::{civil::DateTime, tz::TimeZone};
use shared::{
    Entry, Kind, LogName, MessageId, Seq, UnixMillis,
    event::State,
    text::{Body, Label},
};
use std::collections::BTreeMap;

/// The script.
pub(super) const WORLD: &str = include_str!("../../../assets/demo/world.txt");
/// Real talk of #ubuntu in 2004; its notice lies beside it.
const UBUNTU: &str = include_str!("../../../assets/talk/ubuntu-irc/2004-11-15_03.txt");
/// Which lines of it.
const UBUNTU_LINES: std::ops::Range<usize> = 107..427;
/// The person at the screen.
pub(super) const ME: &str = "ada";
/// When the world begins.
const START: &str = "2026-11-23 10:00";

/// What somebody does by themselves.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Says {
        kind: Kind,
        text: String,
        /// Replies to the entry so many before it.
        back: Option<u64>,
    },
    Joins,
    Leaves,
}

/// Something that happens by itself, in milliseconds from the start.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: u64,
    pub(super) room: LogName,
    pub(super) who: Label,
    pub(super) act: Act,
}

/// A script while it is read.
#[derive(Debug, Default)]
pub(super) struct Script {
    logs: BTreeMap<LogName, Log>,
    steps: Vec<Step>,
    room: Option<LogName>,
    /// Whose direct messages follow.
    to: Option<(Label, Label)>,
}

impl Script {
    /// Reads a script. Lines that mean nothing are passed over: a test reads the one there is whole.
    pub(super) fn read(text: &str) -> Self {
        let mut script = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ") && *line != "#") {
            script.line(line);
        }
        script
    }

    pub(super) fn build(mut self) -> World {
        self.add_real_talk();
        self.steps.sort_by_key(|step| std::cmp::Reverse(step.at));
        let start = moment(START).unwrap_or_default();
        let (me, logs, steps) = (Label::new(ME), self.logs, self.steps);
        World { me, start, logs, steps, is_ignoring: false, news: Vec::new() }
    }

    pub(super) fn line(&mut self, line: &str) -> Option<()> {
        if let Some(room) = line.strip_prefix("room ") {
            let (name, topic) = room.split_once(" | ").unwrap_or((room, ""));
            let name = LogName::parse(name).ok()?;
            self.logs.entry(name.clone()).or_default().topic = Label::new(topic);
            self.room = Some(name);
            return Some(());
        }
        let log = self.logs.get_mut(self.room.as_ref()?)?;
        if let Some(people) = line.strip_prefix("people ") {
            log.people = people.split(' ').map(person).collect();
            return Some(());
        }
        if line == "read" {
            log.read = log.head();
            return Some(());
        }
        if let Some(rest) = line.strip_prefix("from ") {
            let (from, to) = rest.split_once(" to ")?;
            self.to = Some((Label::new(from), Label::new(to)));
            return Some(());
        }
        if let Some(rest) = line.strip_prefix('+') {
            return self.step(rest);
        }
        let (date, rest) = line.split_at_checked(START.len())?;
        let (who, act) = act(rest.trim_start())?;
        let Act::Says { kind, text, back } = act else { return None };
        self.said(&who, kind, &text, back, moment(date)?);
        Some(())
    }

    fn step(&mut self, rest: &str) -> Option<()> {
        let (seconds, rest) = rest.split_once(' ')?;
        let (who, act) = act(rest)?;
        let at = seconds.parse::<u64>().ok()? * 1_000;
        self.steps.push(Step { at, room: self.room.clone()?, who, act });
        Some(())
    }

    /// Puts an entry of before at the end of the room.
    fn said(&mut self, who: &Label, kind: Kind, text: &str, back: Option<u64>, at: UnixMillis) {
        let Some(room) = &self.room else { return };
        let is_inbox = *room == LogName::Inbox;
        let other = self.to.as_ref().map(|(from, to)| if who == from { to.clone() } else { from.clone() });
        let log = self.logs.entry(room.clone()).or_default();
        let seq = log.head().next();
        let re = back.map(|back| seq.back(back)).filter(|re| *re > Seq::ZERO);
        let id = MessageId::parse(&format!("before-{seq}")).expect("letters and digits");
        let (from, msg) = (Some(who.clone()), Some(Body::new(text)));
        log.entries.push(Entry { seq, id, from, to: other.filter(|_| is_inbox), at, kind, re, msg });
    }

    /// A room of real talk, all of it read, as of the day before.
    fn add_real_talk(&mut self) {
        let room = LogName::parse("#ubuntu").expect("a room's name");
        self.room = Some(room.clone());
        let day = moment("2026-11-22 00:00").unwrap_or_default();
        // The clock of that log has twelve hours.
        let (mut last, mut past_noon) = (0, 0);
        let lines = UBUNTU.lines().skip(UBUNTU_LINES.start).take(UBUNTU_LINES.len());
        for line in lines.filter_map(|line| line.strip_prefix('[')) {
            let Some((clock, rest)) = line.split_once("] ") else { continue };
            let Some((name, text)) = rest.strip_prefix('<').and_then(|rest| rest.split_once("> ")) else { continue };
            let minutes = clock
                .split_once(':')
                .and_then(|(h, m)| Some((h.parse::<u64>().ok()? % 12) * 60 + m.parse::<u64>().ok()?))
                .unwrap_or(last);
            if minutes < last {
                past_noon += 12 * 60;
            }
            last = minutes;
            let at = day + (minutes + past_noon) * 60_000;
            self.said(&Label::new(name), Kind::Talk, text, None, at);
        }
        if let Some(log) = self.logs.get_mut(&room) {
            log.topic = Label::new("real talk of 2004 – scroll up, search it, go to a time");
            log.read = log.head();
            let talkers = log.entries.iter().rev().take(60).filter_map(|entry| entry.from.clone());
            log.people = talkers.map(|name| (name, State::Online)).collect();
        }
    }
}

fn person(word: &str) -> (Label, State) {
    match word.split_once('/') {
        Some((name, "ignoring")) => (Label::new(name), State::Ignoring),
        Some((name, _)) => (Label::new(name), State::Away),
        None => (Label::new(word), State::Online),
    }
}

/// `NICK | TEXT`, `NICK * TEXT`, `NICK ^2| TEXT`, `NICK joins`, `NICK leaves`
fn act(text: &str) -> Option<(Label, Act)> {
    let (who, rest) = text.split_once(' ')?;
    let says = |kind, text: &str, back| Act::Says { kind, text: text.replace("\\n", "\n"), back };
    let act = match rest {
        "joins" => Act::Joins,
        "leaves" => Act::Leaves,
        _ => match rest.split_once(' ')? {
            ("|", text) => says(Kind::Talk, text, None),
            ("*", text) => says(Kind::Action, text, None),
            (mark, text) => says(Kind::Talk, text, Some(mark.strip_prefix('^')?.strip_suffix('|')?.parse().ok()?)),
        },
    };
    Some((Label::new(who), act))
}

fn moment(text: &str) -> Option<UnixMillis> {
    let at = DateTime::strptime("%Y-%m-%d %H:%M", text).ok()?;
    u64::try_from(TimeZone::UTC.to_timestamp(at).ok()?.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_script_means_something() {
        let mut script = Script::default();
        for line in WORLD.lines().filter(|line| !line.is_empty() && !line.starts_with("# ") && *line != "#") {
            assert!(script.line(line).is_some(), "{line}");
        }
        let world = script.build();
        assert!(world.logs.len() >= 5 && world.steps.len() >= 10);
        assert!(world.logs.values().all(|log| log.entries.iter().all(|entry| entry.from.is_some())));
    }
}
