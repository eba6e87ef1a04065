//! A long load of everything that people do, to see whether the server stays as it is: nothing grows that need not, and
//! every promise of the wire is kept.
//!
//! ```text
//! cargo build --release -p server
//! cargo run --release -p server --example soak -- --minutes 30
//! ```
//!
//! Five hundred clients come, go, break and resume, talk, write to each other, ignore, read, search, and stop reading for
//! a while. One line a minute says what the server has taken and how long things took. At the end every log is read from
//! the disk and compared with what was said, and the last minutes are compared with the second one. The exit code is 1 if
//! something grew or a promise was broken.

mod acts;
mod audit;
mod classic;
mod client;
mod crowd;
mod hear;
mod ledger;
mod minutes;
mod process;
mod talk;

use anyhow::Context;
use clap::Parser;
use crowd::Crowd;
use minutes::Minutes;
use process::Server;
use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

const MINUTE: Duration = Duration::from_mins(1);
/// How long everything may take to arrive once nobody talks any more.
const SETTLE: Duration = Duration::from_secs(30);

/// A long load of everything that people do.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Messages a second, in all
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// The server's program [default: parlor-server of the same build]
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let path = match arguments.server {
        Some(path) => path,
        None => beside()?,
    };
    let mut server = Server::start(&path)?;
    let mut crowd = Crowd::new(server.address, arguments.rate)?;
    let mut minutes = Minutes::new(&server)?;
    let start = Instant::now();
    for minute in 1..=arguments.minutes {
        while start.elapsed() < MINUTE * minute {
            crowd.turn()?;
            anyhow::ensure!(server.is_running(), "the server has ended; it said: {}", server.words());
        }
        minutes.note(minute, &server, &mut crowd)?;
    }
    crowd.settle(SETTLE)?;
    audit::audit(server.address, &mut crowd)?;
    crowd.leave()?;
    Minutes::after(&server)?;
    let end = server.end()?;
    if end != Some(0) {
        crowd.ledger.faults.add("the server did not end well", || format!("{end:?}"));
    }
    let words = server.words();
    if !words.is_empty() {
        println!("the server said:\n{words}");
    }
    let grown = minutes.grown();
    println!("{}", crowd.ledger.words());
    let faults = crowd.ledger.faults.total();
    match (minutes.is_comparable(), grown.is_empty()) {
        (false, _) => println!("too short to say whether it is steady: that takes three minutes"),
        (true, true) => println!("steady"),
        (true, false) => println!("not steady: {}", grown.join("; ")),
    }
    Ok(if faults == 0 && grown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The server that was built together with this.
fn beside() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let directory = me.parent().and_then(|examples| examples.parent()).context("this program lies nowhere")?;
    let path = directory.join("parlor-server");
    anyhow::ensure!(path.is_file(), "{} is not there: build it first, or name one with --server", path.display());
    Ok(path)
}
