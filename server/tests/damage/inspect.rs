//! Everything that a journal would have a server say, without sockets.

use serde_json::Value;
use server::{
    ids::{LogId, SessionId},
    journal::{
        Account, Asker, Batch, Done, Draft, Journal, Op, Output, Page, Query, SearchQuery, Settings, SqliteJournal,
        Stored, StoredLog, search_text::Words,
    },
};
use shared::{Event, Kind, LogName, MessageId, Nickname, Seq, Text, request::Start};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
    sync::Mutex,
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Longer than anything takes.
const WAIT: Duration = Duration::from_secs(10);
const WORDS: [&str; 3] = ["w17", "g7", "的 w1"];

/// A log, by the name of its room or of its owner.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) stored: StoredLog,
    pub(crate) name: LogName,
    /// By seq, as they are sent.
    pub(crate) lines: BTreeMap<u64, String>,
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) logs: BTreeMap<String, Log>,
    pub(crate) accounts: BTreeMap<String, Account>,
    /// What a search for each of the words found.
    hits: BTreeMap<&'static str, BTreeSet<(String, String)>>,
}

/// What is wrong with what a damaged journal says.
pub(crate) type Findings = BTreeSet<&'static str>;

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) findings: Findings,
    /// It did not start, or stopped, with these words.
    pub(crate) refused: Option<String>,
    pub(crate) stopped: Option<String>,
    /// A log has a new epoch, or is not there: who goes on in it is told.
    pub(crate) said: bool,
}

/// Panics of journals' threads, of whichever journal.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From here on panics of journals' threads are kept instead of shown.
pub(crate) fn keep_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| match std::thread::current().name() {
        Some("journal" | "pages") => PANICS.lock().unwrap().push(info.to_string()),
        _ => usual(info),
    }));
}

/// Those that were kept.
pub(crate) fn panics() -> Vec<String> {
    PANICS.lock().unwrap().clone()
}

/// An open journal and what comes out of it.
struct Open {
    journal: SqliteJournal,
    outputs: UnboundedReceiver<Output>,
    runtime: tokio::runtime::Runtime,
}

/// Why nothing comes.
enum Stop {
    Words(String),
    Hang,
}

impl Open {
    fn over(directory: &Path) -> Result<(Self, Stored), String> {
        let (outputs, received) = unbounded_channel();
        let opened = SqliteJournal::open(directory, &Settings::default(), &outputs);
        let (journal, stored) = opened.map_err(|error| format!("{error:#}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Ok((Self { journal, outputs: received, runtime }, stored))
    }

    fn output(&mut self) -> Result<Output, Stop> {
        let outputs = &mut self.outputs;
        let output = self.runtime.block_on(async { tokio::time::timeout(WAIT, outputs.recv()).await });
        match output {
            Ok(Some(Output::Failed(words))) => Err(Stop::Words(words)),
            Ok(Some(output)) => Ok(output),
            Ok(None) => Err(Stop::Words("the journal has ended".into())),
            Err(_) => Err(Stop::Hang),
        }
    }

    fn page(&mut self, query: Query) -> Result<Page, Stop> {
        self.journal.read(query);
        match self.output()? {
            Output::Page(_, Page::Failed(words)) => Err(Stop::Words(words)),
            Output::Page(_, page) => Ok(page),
            _ => Err(Stop::Words("an output that nobody waits for".into())),
        }
    }

    fn write(&mut self, op: Op) -> Result<Done, Stop> {
        self.journal.write(vec![op]);
        match self.output()? {
            Output::Batch(Batch { mut done, .. }) => Ok(done.remove(0).1),
            _ => Err(Stop::Words("an output that nobody waits for".into())),
        }
    }

    fn lines(
        &mut self,
        log: &StoredLog,
        name: &LogName,
        findings: &mut Findings,
    ) -> Result<BTreeMap<u64, String>, Stop> {
        let (mut cursor, mut lines) = (log.first.previous(), BTreeMap::new());
        while cursor < log.head {
            let (session, room) = (SessionId::default(), name.clone());
            let query = Query::Lines { session, log: log.log, room, after: cursor, head: log.head, stand: 0 };
            let Page::Lines(page, last) = self.page(query)? else { return Ok(lines) };
            if last <= cursor {
                findings.insert("a page has nothing, and is asked for for ever");
                break;
            }
            cursor = last;
            for line in page.split_inclusive(|b| *b == b'\n') {
                let line = String::from_utf8(line.to_vec()).unwrap();
                // Quicker than to parse it; what people write stands behind it.
                let digits = line.split("\"seq\":").nth(1).unwrap();
                let seq = digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap()].parse().unwrap();
                if lines.insert(seq, line).is_some() {
                    findings.insert("an entry is shown twice");
                }
            }
        }
        Ok(lines)
    }

    fn search(&mut self, word: &str, logs: &BTreeMap<String, Log>) -> Result<BTreeSet<(String, String)>, Stop> {
        let mut hits = BTreeSet::new();
        // As people search: the rooms, or each its own inbox.
        for (owner, log) in logs {
            let logs = vec![(log.stored.log, log.name.clone(), log.stored.first, log.stored.head)];
            let query = SearchQuery { text: Text::parse(word).unwrap(), logs, limit: 1_000, from: None };
            if let Page::Answer(event) = self.page(Query::Search(asker(), query))?
                && let Event::Search(search) = *event
            {
                for message in search.entries {
                    let mut line = serde_json::to_string(&Event::Message(message)).unwrap();
                    line.push('\n');
                    hits.insert((owner.clone(), line));
                }
            }
        }
        Ok(hits)
    }
}

fn asker() -> Asker {
    Asker { session: SessionId::default(), tag: None, room: None }
}

/// Reads all that there is. What is read before it stops is in the view, too.
fn read(open: &mut Open, stored: Stored, view: &mut View, findings: &mut Findings) -> Result<(), Stop> {
    let owners: BTreeMap<LogId, String> =
        stored.accounts.iter().map(|account| (account.inbox, account.nickname.to_string())).collect();
    view.accounts = stored.accounts.into_iter().map(|account| (account.nickname.to_string(), account)).collect();
    for stored in stored.logs {
        let name = stored.room.clone().map_or(LogName::Inbox, LogName::Room);
        let Some(owner) = stored.room.as_ref().map(ToString::to_string).or(owners.get(&stored.log).cloned()) else {
            continue;
        };
        view.logs.insert(owner, Log { stored, name, lines: BTreeMap::new() });
    }
    for log in view.logs.values_mut() {
        log.lines = open.lines(&log.stored, &log.name, findings)?;
    }
    for word in WORDS {
        let hits = open.search(word, &view.logs)?;
        view.hits.insert(word, hits);
    }
    Ok(())
}

/// What an undamaged journal holds.
pub(crate) fn truth(directory: &Path) -> View {
    let (mut view, mut findings) = (View::default(), Findings::new());
    let (mut open, stored) = Open::over(directory).unwrap();
    assert!(read(&mut open, stored, &mut view, &mut findings).is_ok() && findings.is_empty());
    for (word, hits) in &view.hits {
        let is_hit = |line: &str| {
            let message: Value = serde_json::from_str(line).unwrap();
            Words::parse(word).match_text(message["msg"].as_str().unwrap())
        };
        let expected = view.logs.values().flat_map(|log| log.lines.values()).filter(|line| is_hit(line)).count();
        assert_eq!(hits.len(), expected, "a search for {word} finds everything, and there is room for it in a page");
        assert!(expected > 0, "there is something to find for {word}");
    }
    view
}

/// Opens a damaged journal, has it say everything, and stores something.
pub(crate) fn inspect(directory: &Path, truth: &View) -> Verdict {
    let (mut verdict, mut view) = (Verdict::default(), View::default());
    match Open::over(directory) {
        Err(words) => verdict.refused = Some(words),
        Ok((mut open, stored)) => {
            let went = read(&mut open, stored, &mut view, &mut verdict.findings);
            compare(&view, truth, went.is_ok(), &mut verdict);
            let went = went.and_then(|()| store(&mut open, &view, truth, &mut verdict));
            match went {
                Ok(()) => {}
                Err(Stop::Words(words)) => verdict.stopped = Some(words),
                Err(Stop::Hang) => drop(verdict.findings.insert("nothing comes")),
            }
        }
    }
    verdict
}

/// What was shown must be what was stored; `whole`: everything was read that there is.
fn compare(view: &View, truth: &View, whole: bool, verdict: &mut Verdict) {
    let findings = &mut verdict.findings;
    for (nickname, account) in &truth.accounts {
        match view.accounts.get(nickname) {
            None => drop(findings.insert("an account is gone: its nickname is free for anybody")),
            Some(found) if found.key != account.key => drop(findings.insert("an account has another key")),
            Some(found) => {
                if found.marks != account.marks {
                    findings.insert("a read mark is another one");
                }
                if found.hold != account.hold {
                    findings.insert("an ignore mode is another one");
                }
                if found.inbox != account.inbox {
                    findings.insert("an account has another inbox");
                }
            }
        }
    }
    if view.accounts.keys().any(|nickname| !truth.accounts.contains_key(nickname)) {
        findings.insert("there is an account that nobody made");
    }
    if view.logs.keys().any(|name| !truth.logs.contains_key(name)) {
        findings.insert("there is a room that nobody made");
    }
    for (name, log) in &truth.logs {
        let Some(found) = view.logs.get(name) else {
            verdict.said = true;
            continue;
        };
        if found.lines.iter().any(|(seq, line)| log.lines.get(seq) != Some(line)) {
            findings.insert("an entry is another one");
        }
        if found.stored.epoch != log.stored.epoch {
            verdict.said = true;
            continue;
        }
        if found.stored.head < log.stored.head {
            findings.insert("a log ends too early: its numbers are given again");
        }
        if found.stored.head == log.stored.head && found.stored.topic != log.stored.topic {
            findings.insert("a topic is another one");
        }
        if found.stored.head > log.stored.head {
            findings.insert("a log ends too late");
        }
        let shown = found.stored.first.get()..=found.stored.head.get();
        if whole && shown.into_iter().any(|seq| !found.lines.contains_key(&seq)) {
            findings.insert("a log has a hole");
        }
    }
    let shown: HashSet<&String> = view.logs.values().flat_map(|log| log.lines.values()).collect();
    for (word, hits) in &view.hits {
        // What the logs don't show is not asked of the search.
        let is_shown = |(_, line): &&(String, String)| shown.contains(line);
        if truth.hits[word].iter().filter(is_shown).any(|hit| !hits.contains(hit)) {
            findings.insert("a search does not find what is there");
        }
        if hits.iter().any(|hit| !truth.hits[word].contains(hit)) {
            findings.insert("a search finds what is not there");
        }
    }
}

/// Says something new in each log, and something old again.
fn store(open: &mut Open, view: &View, truth: &View, verdict: &mut Verdict) -> Result<(), Stop> {
    let Some(alice) = view.accounts.get("alice") else { return Ok(()) };
    let mut rooms = Vec::new();
    for (name, log) in &truth.logs {
        let LogName::Room(room) = &log.name else { continue };
        if let Some(found) = view.logs.get(name) {
            rooms.push((found.stored.log, log, found.stored.head, found.stored.epoch == log.stored.epoch));
        } else {
            let start = Start { last: 0, resume: None };
            // It is made anew, and empty.
            if let Done::Opened(opened, _) = open.write(Op::OpenRoom(asker(), room.clone(), start, None))? {
                rooms.push((opened, log, Seq::ZERO, false));
            }
        }
    }
    for (id, log, head, is_same) in rooms {
        let draft = |message: &str, text: &str, kind: Kind| {
            let draft = Draft {
                log: id,
                room: log.name.clone(),
                sender: alice.person,
                from: Nickname::parse("alice").unwrap(),
                id: MessageId::parse(message).unwrap(),
                kind,
                re: None,
                text: Text::parse(text).unwrap(),
                to: None,
                refusal: None,
                changes: Vec::new(),
            };
            Op::Append(asker(), Box::new(draft))
        };
        match open.write(draft("new", "something new", Kind::Talk))? {
            Done::Appended { entry, .. } if entry.seq == head.next() => {}
            _ => drop(verdict.findings.insert("something new does not become the next entry")),
        }
        let old = log.lines.iter().find_map(|(seq, line)| {
            let message: Value = serde_json::from_str(line).unwrap();
            let is_old = message["from"] == "alice" && message["kind"].is_null();
            is_old.then_some((*seq, message)).filter(|(seq, _)| is_same && *seq <= head.get())
        });
        if let Some((seq, message)) = old {
            let (id, text) = (message["id"].as_str().unwrap(), message["msg"].as_str().unwrap());
            match open.write(draft(id, text, Kind::Talk))? {
                Done::Known(known, _) if known.get() == seq => {}
                Done::Appended { .. } => drop(verdict.findings.insert("what is sent again becomes a second entry")),
                _ => drop(verdict.findings.insert("what is sent again is not known as what it is")),
            }
        }
    }
    Ok(())
}
