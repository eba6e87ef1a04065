//! What is demanded of Parlor, and whether it holds.

use super::{
    echo::RATES,
    program::Program,
    table::{Row, Table, digits},
};
use std::fmt;

/// One demand: a figure that is at most another.
pub(crate) struct Goal {
    row: Row,
    figure: Option<f64>,
    limit: Option<f64>,
    /// What the limit is, where it is no figure that was set.
    of: &'static str,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(figure), Some(limit)) = (self.figure, self.limit) else {
            return write!(f, "- not measured: {}", self.row);
        };
        let verdict = if figure <= limit { "met" } else { "**missed**" };
        write!(f, "- {verdict}: {}: {}, at most {}{}", self.row, digits(figure), digits(limit), self.of)
    }
}

/// Every goal about which something was measured.
pub(crate) fn goals(table: &Table) -> Vec<Goal> {
    let goal = |row, limit: Option<f64>, of| Goal { row, figure: table.get(row, Program::Parlor), limit, of };
    let floor = |row, times: f64| table.get(row, Program::Floor).map(|figure| figure * times);
    let peer = |row, times: f64| table.best_peer(row).map(|figure| figure * times);
    let echo = |rate, percent| Row::Echo { rate, percent };
    let mut goals =
        vec![goal(Row::FirstFrame, floor(Row::FirstFrame, 1.2), " (1.2 × the floor)"), goal(Row::Room, Some(10.0), "")];
    goals.extend(RATES.map(|rate| goal(echo(rate, 50), peer(echo(rate, 50), 1.1), " (1.1 × the best peer)")));
    goals.push(goal(echo(1000, 90), floor(echo(1000, 90), 1.5), " (1.5 × the floor)"));
    let absolute = [
        (Row::FloodCpu, 50.0),
        (Row::FloodLast, 1000.0),
        (Row::FloodBytes, 1000.0),
        (Row::FloodFrames, 60.0),
        (Row::MemoryJoined, 8.0),
        (Row::MemoryAfter, 20.0),
        // A heartbeat wakes it now and then.
        (Row::IdleSwitches, 0.3),
        (Row::IdleBytes, 0.0),
        (Row::Resize, 3.0),
        (Row::PageUp, 3.0),
    ];
    goals.extend(absolute.map(|(row, limit)| goal(row, Some(limit), "")));
    goals.retain(|goal| table.has(goal.row));
    goals
}
