//! How fast the server is, beside `InspIRCd`, ngIRCd and NATS, and beside a server that does nothing but move bytes, all in
//! one run on one machine.
//!
//! ```text
//! cargo bench -p server --bench engine
//! cargo bench -p server --bench engine -- thousand rooms      only these, see `ROWS`
//! cargo bench -p server --bench engine -- rooms parlor floor   only these servers
//! cargo bench -p server --bench engine -- --rounds 5          medians of five
//! cargo bench -p server --bench engine -- --open 32           so many messages are always on their way
//! cargo bench -p server --bench engine -- --quick             small numbers, to see that it runs
//! ```
//!
//! Prints a table, and which goals are met. A server has one core, the load another one. In each round every server has
//! its turn, so that a drift of the machine hits all alike; what is lost, doubled or out of order is counted for every
//! member. A server that is not installed is left out; what fails is said on standard error, and is a dash in the table.
//! Figures of different machines, or of a busy one, can not be compared.

mod archive;
mod commits;
mod crowd;
mod dialect;
mod floor;
mod goals;
mod idle;
mod journal;
mod latency;
mod ledger;
mod line;
mod machine;
mod pages;
mod plan;
mod process;
mod sample;
mod servers;
mod stall;
mod start;
mod table;
mod throughput;

use anyhow::Context;
use archive::Archive;
use goals::goals;
use machine::Machine;
use plan::Plan;
use servers::Server;
use table::Table;

/// What measures go by and what they find.
pub(crate) struct Run {
    plan: Plan,
    machine: Machine,
    table: Table,
    archive: Option<Archive>,
}

impl Run {
    /// The long history; made when it is first needed.
    fn archive(&mut self) -> anyhow::Result<&Archive> {
        if self.archive.is_none() {
            self.archive = Some(Archive::make(self.plan.archive, self.machine)?);
        }
        self.archive.as_ref().context("it was made")
    }
}

type Measure = fn(Server, &mut Run) -> anyhow::Result<()>;

/// Every measure, and which servers it is for.
const ROWS: &[(&str, Measure, &[Server])] = &[
    ("thousand", throughput::thousand, &Server::EVERY),
    ("hundred", throughput::hundred, &Server::ALL),
    ("crowded", throughput::crowded, &[Server::Parlor]),
    ("rooms", throughput::rooms, &Server::ALL),
    ("latency", latency::measure, &Server::EVERY),
    ("idle", idle::measure, &Server::OURS),
    ("commits", commits::measure, &[Server::Parlor]),
    ("stall", stall::measure, &Server::OURS),
    ("start", start::measure, &[Server::Parlor]),
    ("pages", pages::measure, &[Server::Parlor]),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == [floor::MODE] {
        return floor::serve();
    }
    // That is how Cargo calls a bench; a test run is no time to measure.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured: this is for `cargo bench`");
        return Ok(());
    }
    let (plan, rows, mut servers) = understand(arguments)?;
    servers.retain(|server| match server.missing() {
        Some(missing) => {
            println!("{} is left out: {missing} is not installed.", server.name());
            false
        }
        None => true,
    });
    let machine = Machine::find()?;
    if plan.hold > machine.connections {
        println!("no more than {} connections: the limit of descriptors allows no more.", machine.connections);
    }
    let mut run = Run { plan: plan.with_at_most(machine.connections), machine, table: Table::default(), archive: None };
    for round in 0..run.plan.rounds {
        for (name, measure, for_whom) in ROWS {
            if !rows.contains(name) {
                continue;
            }
            for &server in servers.iter().filter(|server| for_whom.contains(server)) {
                eprintln!("round {}, {name}: {}", round + 1, server.name());
                if let Err(error) = measure(server, &mut run) {
                    eprintln!("{name}: {} failed: {error:#}", server.name());
                }
            }
        }
    }
    println!("{}\n{}\n\n{}", run.machine.words(&servers), run.plan.words(), run.table);
    for goal in goals(&run.table, &run.plan) {
        println!("{goal}");
    }
    Ok(())
}

/// How much is asked for, which rows and which servers; none are all.
fn understand(arguments: Vec<String>) -> anyhow::Result<(Plan, Vec<&'static str>, Vec<Server>)> {
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let mut plan = if is_quick { Plan::QUICK } else { Plan::WHOLE };
    let all: Vec<_> = ROWS.iter().map(|(row, ..)| *row).collect();
    let (mut rows, mut servers, mut words) = (Vec::new(), Vec::new(), arguments.into_iter());
    while let Some(word) = words.next() {
        let server = Server::EVERY.into_iter().find(|server| server.name().eq_ignore_ascii_case(&word));
        let row = all.iter().find(|row| **row == word);
        match word.as_str() {
            "--bench" | "--quick" => {}
            "--open" => plan.open = words.next().context("--open needs a number")?.parse()?,
            "--rounds" => plan.rounds = words.next().context("--rounds needs a number")?.parse()?,
            _ => match (row, server) {
                (Some(row), _) => rows.push(*row),
                (None, Some(server)) => servers.push(server),
                (None, None) => anyhow::bail!("there is no row {word}; there are {}", all.join(", ")),
            },
        }
    }
    let rows = if rows.is_empty() { all } else { rows };
    Ok((plan, rows, if servers.is_empty() { Server::EVERY.into() } else { servers }))
}
