//! How fast Parlor is for the person at the terminal, beside WeeChat and irssi (with ngIRCd) and beside what the machine
//! itself takes, all in one run on one machine.
//!
//! ```text
//! cargo bench -p client-tui --bench peers
//! cargo bench -p client-tui --bench peers -- start echo      only these: start, echo, flood, idle
//! cargo bench -p client-tui --bench peers -- --quick         small numbers, to see that it runs
//! ```
//!
//! Prints a table, and which goals are met. A program that is not installed is left out; what fails is said on standard
//! error, and is a dash in the table. Figures of different machines, or of a busy one, can not be compared.

/// The parts.
mod peers {
    pub(crate) mod echo;
    pub(crate) mod feeder;
    pub(crate) mod flood;
    pub(crate) mod goals;
    pub(crate) mod idle;
    pub(crate) mod plan;
    pub(crate) mod process;
    pub(crate) mod program;
    pub(crate) mod redraw;
    pub(crate) mod sample;
    pub(crate) mod screen;
    pub(crate) mod service;
    pub(crate) mod start;
    pub(crate) mod table;
    pub(crate) mod talk;
    pub(crate) mod tty;
}

use peers::{echo, flood, goals::goals, idle, plan::Plan, program::Program, start, table::Table};

type Measure = fn(Program, &Plan, &mut Table) -> anyhow::Result<()>;

/// Every measure; memory, resize and `PageUp` need the history of a flood.
const MEASURES: [(&str, Measure); 4] =
    [("start", start::measure), ("echo", echo::measure), ("flood", flood::measure), ("idle", idle::measure)];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // That is how Cargo calls a bench; a test run is no time to measure.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured: this is for `cargo bench`");
        return Ok(());
    }
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let plan = if is_quick { Plan::QUICK } else { Plan::WHOLE };
    let asked: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    for word in &asked {
        anyhow::ensure!(MEASURES.iter().any(|(name, _)| name == word), "there is no measure {word}");
    }
    let mut programs = Vec::from(Program::ALL);
    programs.retain(|program| match program.missing() {
        Some(missing) => {
            println!("{} is left out: {missing} is not installed.", program.name());
            false
        }
        None => true,
    });
    let mut table = Table::default();
    for (name, measure) in MEASURES {
        if asked.is_empty() || asked.contains(&name) {
            run(name, measure, &programs, &plan, &mut table);
        }
    }
    println!("{}\n\n{table}", plan.words());
    for goal in goals(&table) {
        println!("{goal}");
    }
    Ok(())
}

/// Measures every program; where one fails the others go on.
fn run(name: &str, measure: Measure, programs: &[Program], plan: &Plan, table: &mut Table) {
    for program in programs {
        eprintln!("{name}: {}", program.name());
        if let Err(error) = measure(*program, plan, table) {
            eprintln!("{name}: {} failed: {error:#}", program.name());
        }
    }
}
