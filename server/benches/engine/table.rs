//! The table: a row for every measure, a column for every server, medians of all rounds.

use crate::{
    ledger::Faults,
    pages::Page,
    sample::{Sample, figure},
    servers::Server,
    throughput::Shape,
};
use std::{collections::BTreeMap, fmt};

/// A measure, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    /// CPU of the server for a delivery, µs.
    Cpu(Shape),
    /// Deliveries a second.
    Rate(Shape),
    /// From saying to hearing, so many percent, ms.
    Latency(usize),
    /// A durable write, ms.
    Sync,
    /// Memory for an idle connection, KiB.
    IdleMemory,
    /// CPU while nothing is said, % of a core.
    IdleCpu,
    /// Connections that got a message.
    Held,
    /// Messages stored in a second, in so many rooms.
    Commits(usize),
    /// Until the index had followed, s.
    Index(usize),
    /// One message alone, ms.
    Alone,
    /// Memory grows while some do not read, MiB.
    StallMemory,
    /// Messages a second meanwhile, % of what they are without.
    StallRate,
    /// Until those who did not read had everything, s.
    StallCatchUp,
    /// What they did not get.
    StallMissing,
    /// A start with an empty journal, ms.
    StartEmpty,
    /// A start with a long one, ms.
    StartFull,
    /// A page, so many percent, ms.
    Page(Page, usize),
    /// From saying to the answer, p99 without readers, ms.
    SenderAlone,
    /// The same with readers.
    SenderWithReaders,
    /// Deliveries that were lost, came twice or out of order.
    Faults,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |shape: &Shape| match shape {
            Shape::Thousand => "1,000 members of a room, 4 talk",
            Shape::Hundred => "100 members of a room, 4 talk",
            Shape::Crowded => "5,000 members of a room, 4 talk",
            Shape::Rooms => "200 rooms of 10, all talk",
        };
        match self {
            Self::Cpu(shape) => write!(f, "{}: CPU a delivery, µs", of(shape)),
            Self::Rate(shape) => write!(f, "{}: deliveries/s", of(shape)),
            Self::Latency(percent) => write!(f, "1,000 members, 20 messages/s: p{percent}, ms"),
            Self::Sync => f.write_str("4 KiB to the disk, fdatasync, ms"),
            Self::IdleMemory => f.write_str("idle connection: memory, KiB"),
            Self::IdleCpu => f.write_str("idle connections: CPU, %"),
            Self::Held => f.write_str("connections that are held, and get a message"),
            Self::Commits(rooms) => write!(f, "journal, rooms: {rooms}, 32 under way: messages/s"),
            Self::Index(rooms) => write!(f, "journal, rooms: {rooms}: until the index has followed, s"),
            Self::Alone => f.write_str("journal: one message alone, ms"),
            Self::StallMemory => f.write_str("10 of 1,000 do not read: memory grows by, MiB"),
            Self::StallRate => f.write_str("10 of 1,000 do not read: messages/s, % of without"),
            Self::StallCatchUp => f.write_str("10 of 1,000 read again: until they have all, s"),
            Self::StallMissing => f.write_str("10 of 1,000 read again: entries that they do not get"),
            Self::StartEmpty => f.write_str("start, empty journal: until the welcome, ms"),
            Self::StartFull => f.write_str("start, long journal: until the welcome, ms"),
            Self::Page(page, percent) => write!(f, "{}: p{percent}, ms", page.name()),
            Self::SenderAlone => f.write_str("500 messages/s: p99 until the ack, ms"),
            Self::SenderWithReaders => f.write_str("500 messages/s while others read pages: p99 until the ack, ms"),
            Self::Faults => f.write_str("deliveries lost, doubled or out of order, in all"),
        }
    }
}

impl Row {
    /// More is better.
    fn is_rate(self) -> bool {
        matches!(self, Self::Rate(_) | Self::Held | Self::Commits(_) | Self::StallRate)
    }
}

/// All figures.
#[derive(Debug, Default)]
pub(crate) struct Table(BTreeMap<(Row, Server), Sample>);

impl Table {
    /// Notes a figure of one round.
    pub(crate) fn push(&mut self, row: Row, server: Server, figure: f64) {
        self.0.entry((row, server)).or_default().push(figure);
    }

    /// Adds what went wrong.
    pub(crate) fn push_faults(&mut self, server: Server, faults: Faults) {
        if faults != Faults::default() {
            eprintln!("  **{}: {faults:?}**", server.name());
        }
        let before = self.get(Row::Faults, server).unwrap_or(0.0);
        self.0.insert((Row::Faults, server), [before + figure(faults.total())].into_iter().collect());
    }

    /// The median of what was measured.
    pub(crate) fn get(&self, row: Row, server: Server) -> Option<f64> {
        self.0.get(&(row, server))?.median()
    }

    /// True if it was measured for any server.
    pub(crate) fn has(&self, row: Row) -> bool {
        Server::EVERY.iter().any(|server| self.get(row, *server).is_some())
    }

    /// The peer's that is best.
    fn best_peer(&self, row: Row) -> Option<f64> {
        let figures = Server::PEERS.iter().filter_map(|peer| self.get(row, *peer));
        if row.is_rate() { figures.max_by(f64::total_cmp) } else { figures.min_by(f64::total_cmp) }
    }
}

/// As many digits as say something.
pub(crate) fn digits(figure: f64) -> String {
    match figure.abs() {
        ..0.0005 => "0".into(),
        ..1.0 => format!("{figure:.3}"),
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// The first as a multiple of the second.
fn ratio(figure: Option<f64>, of: Option<f64>) -> String {
    match (figure, of) {
        (Some(figure), Some(of)) if of > 0.0 => format!("{:.2} ×", figure / of),
        _ => "–".into(),
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| measure")?;
        for server in Server::EVERY {
            write!(f, " | {}", server.name())?;
        }
        writeln!(f, " | Parlor to the best peer | Parlor to the floor |")?;
        writeln!(f, "|---|{}", "---|".repeat(Server::EVERY.len() + 2))?;
        let mut rows: Vec<Row> = self.0.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        for row in rows {
            write!(f, "| {row}")?;
            for server in Server::EVERY {
                write!(f, " | {}", self.get(row, server).map_or("–".into(), digits))?;
            }
            let ours = self.get(row, Server::Parlor);
            let to_peer = ratio(ours, self.best_peer(row));
            writeln!(f, " | {to_peer} | {} |", ratio(ours, self.get(row, Server::Floor)))?;
        }
        Ok(())
    }
}
