//! `parlor tail`: what is said in a room, a line an entry.

use super::Session;
use crate::{
    cli::Common,
    text::drawable_line,
    time::{clock, day},
};
use anyhow::Context;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use shared::{
    Entry, Epoch, Event, Kind, LogName, Request, Seq,
    event::{Joined, Message},
    limits,
    request::Start,
};
use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// What is to be printed.
#[derive(Debug)]
pub(crate) struct Options {
    /// One JSON object a line.
    pub(crate) json: bool,
    /// The newest ones first.
    pub(crate) last: Option<u64>,
    /// Those behind this one.
    pub(crate) since: Option<u64>,
    /// Go on where the last run with this name ended.
    pub(crate) cursor: Option<String>,
    /// Stay.
    pub(crate) follow: bool,
}

/// A named cursor, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cursor {
    epoch: Epoch,
    seq: Seq,
}

/// Prints a log.
pub(crate) async fn run(server: &str, room: &str, options: Options, common: Common) -> anyhow::Result<()> {
    let room = LogName::parse(room)?;
    let mut session = Session::open(server, common).await?;
    let file = options.cursor.as_deref().map(|name| cursor_file(&session.data_dir, server, &room, name)).transpose()?;
    let saved = file.as_deref().map(read_cursor).transpose()?.flatten();
    let last = options.last.unwrap_or(limits::LAST_DEFAULT).min(limits::LAST_MAX);
    let resume = match (options.since, &saved) {
        (Some(_), _) => Some((Seq::ZERO, None)),
        (None, Some(cursor)) => Some((cursor.seq, Some(cursor.epoch.clone()))),
        // A new cursor begins with the first entry that is kept.
        (None, None) if file.is_some() => Some((Seq::ZERO, None)),
        (None, None) => None,
    };
    let joined = join(&mut session, &room).await?;
    let mut from = joined.head.back(last).max(joined.first.previous());
    if let Some((after, epoch)) = resume {
        let after = options.since.and_then(Seq::new).unwrap_or(after);
        let is_same = epoch.is_none_or(|epoch| epoch == joined.epoch);
        from = if is_same { after.max(joined.first.previous()) } else { joined.first.previous() };
        if !is_same {
            eprintln!("parlor tail: {room} is another log than before; it is read from its first entry");
        } else if after < joined.first.previous() {
            eprintln!("parlor tail: the entries before {} are gone", joined.first);
        }
    }
    let mut printer =
        Printer { options: &options, room: &room, file, epoch: joined.epoch.clone(), zone: TimeZone::system() };
    let head = joined.head;
    let result = print(&mut session, &mut printer, from, head).await;
    match result {
        // Whoever reads has had enough.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => Ok(()),
        result => result,
    }
}

/// Follows the log from its end on.
async fn join(session: &mut Session, room: &LogName) -> anyhow::Result<Joined> {
    session.ask(Request::Join { room: room.clone(), start: Start { last: 0, resume: None } }).await?;
    session
        .answer(|event| match event {
            Event::Joined(joined) if joined.room == *room => Some(joined.clone()),
            _ => None,
        })
        .await
}

/// Pages up to where the session's own cursor stands, then what comes.
async fn print(session: &mut Session, printer: &mut Printer<'_>, from: Seq, head: Seq) -> anyhow::Result<()> {
    let mut at = from;
    let mut waiting: Vec<Entry> = Vec::new();
    while at < head {
        let place = shared::request::Place::After(at);
        session.ask(Request::History { room: printer.room.clone(), place, limit: limits::HISTORY_MAX }).await?;
        let page = session
            .answer(|event| match event {
                Event::History(page) => Some(page.clone()),
                Event::Message(Message { entry, .. }) => {
                    waiting.push(entry.clone());
                    None
                }
                _ => None,
            })
            .await?;
        let Some(end) = page.entries.last().map(|entry| entry.seq) else { break };
        for entry in page.entries.iter().filter(|entry| entry.seq <= head) {
            printer.print(entry)?;
        }
        at = end;
    }
    if !printer.options.follow {
        return session.ask(Request::Bye).await;
    }
    for entry in &waiting {
        printer.print(entry)?;
    }
    loop {
        match session.next().await? {
            Event::Message(Message { room, entry }) if room == *printer.room => printer.print(&entry)?,
            Event::Gap { after, before, .. } => {
                eprintln!("parlor tail: the entries between {after} and {before} were not sent");
            }
            Event::Notice(notice) => eprintln!("parlor tail: the server says {}", notice.code),
            _ => {}
        }
    }
}

struct Printer<'a> {
    options: &'a Options,
    room: &'a LogName,
    file: Option<PathBuf>,
    epoch: Epoch,
    zone: TimeZone,
}

impl Printer<'_> {
    /// Writes an entry out; the named cursor moves once it is.
    fn print(&self, entry: &Entry) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if self.options.json {
            let message = Event::Message(Message { room: self.room.clone(), entry: entry.clone() });
            out.write_all(&shared::event::encode(&message))?;
        } else {
            writeln!(out, "{}", self.line(entry))?;
        }
        out.flush()?;
        match &self.file {
            Some(file) => write_cursor(file, &Cursor { epoch: self.epoch.clone(), seq: entry.seq }),
            None => Ok(()),
        }
    }

    fn line(&self, entry: &Entry) -> String {
        let from = entry.from.as_deref().map(drawable_line).unwrap_or_default();
        let text = entry.msg.as_deref().map(drawable_line).unwrap_or_default();
        let to = entry.to.as_deref().map(|to| format!(" → {}", drawable_line(to))).unwrap_or_default();
        let when = format!("{} {}", day(entry.at, &self.zone), clock(entry.at, &self.zone));
        match &entry.kind {
            Kind::Talk => format!("{when} <{from}{to}> {text}"),
            Kind::Action => format!("{when} * {from}{to} {text}"),
            other => format!("{when} -{}- {from}: {text}", drawable_line(other.as_str())),
        }
    }
}

fn cursor_file(data_dir: &Path, server: &str, room: &LogName, name: &str) -> anyhow::Result<PathBuf> {
    let is_plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && !name.starts_with('.');
    anyhow::ensure!(is_plain, "a cursor's name is of letters, digits and -_., not {name:?}");
    let directory = data_dir.join("cursors");
    std::fs::create_dir_all(&directory)?;
    let place: String = format!("{name} {server} {room}").chars().map(|c| if c == '/' { '_' } else { c }).collect();
    Ok(directory.join(place))
}

fn read_cursor(file: &Path) -> anyhow::Result<Option<Cursor>> {
    match std::fs::read(file) {
        Ok(bytes) => {
            let cursor = serde_json::from_slice(&bytes);
            cursor
                .map(Some)
                .with_context(|| format!("the cursor {} is damaged; remove it to start anew", file.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Replaces the file whole: a crash leaves the old cursor or the new one.
fn write_cursor(file: &Path, cursor: &Cursor) -> anyhow::Result<()> {
    let new = file.with_extension("new");
    let mut out = File::create(&new)?;
    serde_json::to_writer(&mut out, cursor)?;
    out.sync_all()?;
    std::fs::rename(&new, file)?;
    Ok(())
}
