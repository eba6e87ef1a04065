//! The same journal without threads and files: what is handed in is done before the call returns.

use super::{Settings, read, schema, write::Writer};
use crate::journal::{Batch, Op, Page, Query, Stored};

/// A journal in memory whose every step is a call: a simulation decides when a commit happens, and what it survives.
#[derive(Debug)]
pub struct InlineJournal {
    writer: Writer,
}

impl InlineJournal {
    /// A new, empty one.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self { writer: Writer::new(schema::in_memory()?, settings.wall.clone(), &Stored::default())? })
    }

    /// What a server finds that starts over it. Whatever was only in memory is gone.
    pub fn reopen(self, settings: &Settings) -> anyhow::Result<(Self, Stored)> {
        let stored = schema::load(&self.writer.connection)?;
        let writer = Writer::new(self.writer.connection, settings.wall.clone(), &stored)?;
        Ok((Self { writer }, stored))
    }

    /// Does ops in one transaction. `Err`: nobody knows what is stored; it must not go on.
    pub fn commit(&mut self, ops: Vec<Op>) -> Result<Batch, String> {
        self.writer.commit(ops)
    }

    /// Reads a page.
    pub fn page(&self, query: &Query) -> Page {
        read::page(&self.writer.connection, query)
    }

    /// Does a little of what is left to do. False if nothing is.
    pub fn tidy(&mut self) -> bool {
        self.writer.tidy_some()
    }

    /// The disk is full, or has room again.
    pub fn fill(&mut self, is_full: bool) -> anyhow::Result<()> {
        // It can't become smaller than it is.
        schema::limit_pages(&self.writer.connection, if is_full { 1 } else { u64::from(u32::MAX - 1) })
    }
}
