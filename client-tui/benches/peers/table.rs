//! The table: a row for every measure, a column for every program.

use super::program::Program;
use std::{collections::BTreeMap, fmt};

/// A measure, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    /// Until anything is written to the terminal, ms.
    FirstByte,
    /// Until there is something to see, ms.
    FirstFrame,
    /// Until the room is there, ms.
    Room,
    /// The first frame of the first start ever, ms.
    NewFrame,
    /// The room at the first start ever, ms.
    NewRoom,
    /// A typed key, ms.
    Echo {
        /// Messages a second meanwhile.
        rate: u32,
        /// So many percent are not slower.
        percent: usize,
    },
    /// CPU for a message, µs.
    FloodCpu,
    /// Until the server had all, ms.
    FloodFed,
    /// From then until the last was drawn, ms.
    FloodLast,
    /// Written to the terminal in a flood, kB.
    FloodBytes,
    /// Frames a second in a flood.
    FloodFrames,
    /// After the join, MiB.
    MemoryJoined,
    /// After all floods, MiB.
    MemoryAfter,
    /// Context switches a second while nothing happens.
    IdleSwitches,
    /// Bytes to the terminal while nothing happens.
    IdleBytes,
    /// A redraw for another size, ms.
    Resize,
    /// A page of history, ms.
    PageUp,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstByte => "start: first byte, ms",
            Self::FirstFrame => "start: first frame, ms",
            Self::Room => "start: the room, ms",
            Self::NewFrame => "first start ever: first frame, ms",
            Self::NewRoom => "first start ever: the room, ms",
            Self::Echo { rate: 0, percent } => return write!(f, "echo, idle: p{percent}, ms"),
            Self::Echo { rate, percent } => return write!(f, "echo, {rate} messages/s: p{percent}, ms"),
            Self::FloodCpu => "flood: CPU a message, µs",
            Self::FloodFed => "flood: until the server has all, ms",
            Self::FloodLast => "flood: from then to the last on the screen, ms",
            Self::FloodBytes => "flood: to the terminal, kB",
            Self::FloodFrames => "flood: frames/s",
            Self::MemoryJoined => "memory: joined, MiB",
            Self::MemoryAfter => "memory: after all floods, MiB",
            Self::IdleSwitches => "idle: context switches/s",
            Self::IdleBytes => "idle: bytes to the terminal",
            Self::Resize => "resize, ms",
            Self::PageUp => "PageUp, ms",
        })
    }
}

/// All figures.
#[derive(Debug, Default)]
pub(crate) struct Table(BTreeMap<(Row, Program), f64>);

impl Table {
    /// Notes a figure, if there is one.
    pub(crate) fn set(&mut self, row: Row, program: Program, figure: Option<f64>) {
        if let Some(figure) = figure {
            self.0.insert((row, program), figure);
        }
    }

    /// A figure that was measured.
    pub(crate) fn get(&self, row: Row, program: Program) -> Option<f64> {
        self.0.get(&(row, program)).copied()
    }

    /// True if it was measured for any program.
    pub(crate) fn has(&self, row: Row) -> bool {
        Program::ALL.iter().any(|program| self.get(row, *program).is_some())
    }

    /// The peer's that is best; less is better everywhere.
    pub(crate) fn best_peer(&self, row: Row) -> Option<f64> {
        Program::PEERS.iter().filter_map(|peer| self.get(row, *peer)).min_by(f64::total_cmp)
    }
}

/// As many digits as say something.
pub(crate) fn digits(figure: f64) -> String {
    match figure.abs() {
        // The least that is not nothing here is a microsecond.
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
        for program in Program::ALL {
            write!(f, " | {}", program.name())?;
        }
        writeln!(f, " | Parlor to the best peer | Parlor to the floor |")?;
        writeln!(f, "|---|{}", "---|".repeat(Program::ALL.len() + 2))?;
        let mut rows: Vec<Row> = self.0.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        for row in rows {
            write!(f, "| {row}")?;
            for program in Program::ALL {
                write!(f, " | {}", self.get(row, program).map_or("–".into(), digits))?;
            }
            let ours = self.get(row, Program::Parlor);
            let to_peer = ratio(ours, self.best_peer(row));
            writeln!(f, " | {to_peer} | {} |", ratio(ours, self.get(row, Program::Floor)))?;
        }
        Ok(())
    }
}
