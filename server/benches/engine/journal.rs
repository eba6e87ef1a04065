//! The journal without a server around it, as the server drives it: so many drafts are always on their way.

use crate::machine::Machine;
use anyhow::{Context, bail, ensure};
use server::{
    ids::{LogId, PersonId, SessionId},
    journal::{Asker, Done, Draft, Journal, Op, Output, Settings, SqliteJournal},
};
use shared::{Kind, LogName, MessageId, Nickname, RoomName, Text, request::Start};
use std::path::Path;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Guests of a server that opens this journal later get other numbers.
const GUESTS: i32 = 1_000;

/// An open journal.
pub(crate) struct Feed {
    journal: SqliteJournal,
    outputs: UnboundedReceiver<Output>,
    nickname: Nickname,
    said: u64,
}

/// A room of it.
pub(crate) struct Room {
    log: LogId,
    name: LogName,
}

fn nobody() -> Asker {
    Asker { session: SessionId::default(), tag: None, room: None }
}

impl Feed {
    /// A new journal, its threads on the server's core.
    pub(crate) fn open(directory: &Path, machine: Machine) -> anyhow::Result<Self> {
        let (to_us, outputs) = unbounded_channel();
        machine.enter_server_core()?;
        let opened = SqliteJournal::open(directory, &Settings::default(), &to_us);
        machine.enter_load_core()?;
        let nickname = Nickname::parse("talker").map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let mut feed = Self { journal: opened?.0, outputs, nickname, said: 0 };
        feed.journal.write(vec![Op::ReserveGuests(GUESTS)]);
        feed.next()?;
        Ok(feed)
    }

    /// A room, made if it is not there.
    pub(crate) fn room(&mut self, name: &str) -> anyhow::Result<Room> {
        let room = RoomName::parse(name).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        self.journal.write(vec![Op::OpenRoom(nobody(), room.clone(), Start { last: 0, resume: None }, None)]);
        match self.next()?.pop() {
            Some(Done::Opened(log, _)) => Ok(Room { log, name: LogName::Room(room) }),
            other => bail!("no room but {other:?}"),
        }
    }

    /// Hands in a message.
    pub(crate) fn draft(&mut self, room: &Room, text: &str) -> anyhow::Result<Op> {
        self.said += 1;
        let draft = Draft {
            log: room.log,
            room: room.name.clone(),
            sender: PersonId(-1),
            from: self.nickname.clone(),
            id: MessageId::parse(&format!("n{}", self.said)).context("no id")?,
            kind: Kind::Talk,
            re: None,
            text: Text::parse(text).map_err(|error| anyhow::anyhow!("{error:?}"))?,
            to: None,
            refusal: None,
            changes: Vec::new(),
        };
        Ok(Op::Append(nobody(), Box::new(draft)))
    }

    /// Hands in what is to be stored.
    pub(crate) fn write(&mut self, ops: Vec<Op>) {
        self.journal.write(ops);
    }

    /// What was stored next.
    pub(crate) fn next(&mut self) -> anyhow::Result<Vec<Done>> {
        loop {
            match self.outputs.blocking_recv().context("the journal has ended")? {
                Output::Batch(batch) => return Ok(batch.done.into_iter().map(|(_, done)| done).collect()),
                Output::Failed(reason) => bail!(reason),
                Output::Page(..) => {}
            }
        }
    }

    /// How many messages were stored next.
    pub(crate) fn stored(&mut self) -> anyhow::Result<usize> {
        let done = self.next()?;
        ensure!(done.iter().all(|done| matches!(done, Done::Appended { .. })), "not stored");
        Ok(done.len())
    }
}
