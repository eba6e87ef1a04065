//! What is demanded of Parlor, and whether it holds.

use crate::{
    pages::Page,
    plan::Plan,
    sample::figure,
    servers::Server,
    table::{Row, Table, digits},
    throughput::Shape,
};
use std::fmt;

/// One demand: a figure that is at most another, or at least.
pub(crate) struct Goal {
    row: Row,
    figure: Option<f64>,
    limit: Option<f64>,
    /// It has to be reached, not kept below.
    reach: bool,
    /// What the limit is, where it is no figure that was set.
    of: &'static str,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(figure), Some(limit)) = (self.figure, self.limit) else {
            return write!(f, "- not measured: {}{}", self.row, self.of);
        };
        let is_met = if self.reach { figure >= limit } else { figure <= limit };
        let (verdict, bound) = (if is_met { "met" } else { "**missed**" }, if self.reach { "least" } else { "most" });
        write!(f, "- {verdict}: {}: {}, at {bound} {}{}", self.row, digits(figure), digits(limit), self.of)
    }
}

/// Every goal about which something was measured.
pub(crate) fn goals(table: &Table, plan: &Plan) -> Vec<Goal> {
    let times = |row, server, times: f64| table.get(row, server).map(|figure| figure * times);
    let goal = |row, limit, of| Goal { row, figure: table.get(row, Server::Parlor), limit, reach: false, of };
    let tls = |row, limit, of| Goal { figure: table.get(row, Server::ParlorTls), ..goal(row, limit, of) };
    let reach = |row, limit| Goal { reach: true, ..goal(row, Some(limit), "") };
    let (thousand, hundred) = (Row::Cpu(Shape::Thousand), Row::Cpu(Shape::Hundred));
    let (crowded, rooms) = (Row::Cpu(Shape::Crowded), Row::Cpu(Shape::Rooms));
    let syncs = |count: f64| table.get(Row::Sync, Server::Floor).map(|sync| sync * count);
    let floor_and_syncs =
        table.get(Row::Latency(50), Server::Floor).zip(syncs(2.0)).map(|(floor, syncs)| floor + syncs);
    let mut goals = vec![
        goal(thousand, times(thousand, Server::Floor, 1.0), " (1.0 × the floor)"),
        goal(thousand, times(thousand, Server::InspIrcd, 0.55), " (0.55 × InspIRCd)"),
        goal(hundred, times(hundred, Server::Floor, 1.15), " (1.15 × the floor)"),
        goal(hundred, times(hundred, Server::InspIrcd, 0.9), " (0.9 × InspIRCd)"),
        goal(crowded, times(thousand, Server::Parlor, 1.1), " (1.1 × that of 1,000 members)"),
        goal(rooms, times(rooms, Server::Floor, 1.25), " (1.25 × the floor)"),
        goal(rooms, times(rooms, Server::InspIrcd, 0.85), " (0.85 × InspIRCd)"),
        goal(Row::Latency(50), floor_and_syncs, " (the floor and 2 fdatasyncs)"),
        goal(Row::Latency(99), times(Row::Latency(99), Server::Floor, 1.3), " (1.3 × the floor)"),
        tls(thousand, times(thousand, Server::Parlor, 1.4), " (through TLS; 1.4 × without)"),
        tls(Row::IdleMemory, Some(8.5), " (through TLS)"),
        reach(Row::Held, figure(plan.hold as u64)),
        reach(Row::Commits(1), 50_000.0),
        reach(Row::Commits(200), 50_000.0),
        goal(Row::Alone, syncs(2.0), " (2 fdatasyncs)"),
        goal(Row::StallMemory, Some(2.0), ""),
        reach(Row::StallRate, 95.0),
        goal(Row::StallMissing, Some(0.0), ""),
        goal(Row::StartFull, times(Row::StartEmpty, Server::Parlor, 1.2), " (1.2 × an empty one)"),
    ];
    goals.extend(Page::ALL.map(|page| goal(Row::Page(page, 99), Some(10.0), "")));
    goals.push(goal(
        Row::SenderWithReaders,
        times(Row::SenderAlone, Server::Parlor, 1.2),
        " (1.2 × that without those who read)",
    ));
    goals.push(goal(Row::Faults, Some(0.0), ""));
    goals.retain(|goal| table.has(goal.row));
    goals
}
