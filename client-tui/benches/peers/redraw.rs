//! How long a whole screen takes to be drawn anew: after a resize, and a page up in the history.

use super::{
    plan::Plan,
    program::Program,
    sample::Sample,
    table::{Row, Table},
    tty::{COLUMNS, ROWS, Tty},
};
use std::time::{Duration, Instant};

const PAGE_UP: &[u8] = b"\x1b[5~";
/// The other size.
const SMALLER: (u16, u16) = (100, 30);
/// What comes after so long a silence belongs to something else.
const SILENCE: Duration = Duration::from_millis(30);

/// Measures both, in a program that is in the room and at rest.
pub(crate) fn measure(tty: &mut Tty, program: Program, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let mut sample = Sample::default();
    for n in 0..plan.redraws {
        let (columns, rows) = if n.is_multiple_of(2) { SMALLER } else { (COLUMNS, ROWS) };
        let (drawn, asked) = (tty.drawn(), Instant::now());
        tty.resize(columns, rows)?;
        sample.push_time(tty.settle(drawn, SILENCE)?.saturating_duration_since(asked));
    }
    table.set(Row::Resize, program, sample.median());
    let mut sample = Sample::default();
    for _ in 0..plan.redraws {
        let (drawn, asked) = (tty.drawn(), Instant::now());
        tty.send(PAGE_UP)?;
        sample.push_time(tty.settle(drawn, SILENCE)?.saturating_duration_since(asked));
    }
    table.set(Row::PageUp, program, sample.median());
    Ok(())
}
