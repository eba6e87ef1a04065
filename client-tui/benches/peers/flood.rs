//! What a flood costs: processor, terminal, memory; and, with all that history, a resize and a `PageUp`.

use super::{
    feeder::{self, Feeder},
    plan::Plan,
    process,
    program::Program,
    redraw,
    sample::Sample,
    screen::{Screen, UPDATE_BEGINS, count},
    table::{Row, Table},
    tty::{Drawn, Tty},
};
use anyhow::Context;
use std::{
    thread,
    time::{Duration, Instant},
};

/// What is not drawn is done by then: what goes to disk, for example.
const REST: Duration = Duration::from_secs(1);

/// The figures of every flood.
#[derive(Debug, Default)]
struct Floods {
    cpu: Sample,
    fed: Sample,
    last: Sample,
    bytes: Sample,
    frames: Sample,
}

/// Measures floods, and what is left of them.
pub(crate) fn measure(program: Program, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    if program == Program::Floor {
        return Ok(());
    }
    let service = program.serve()?;
    let home = program.home(&service)?;
    let (mut tty, mut screen) = program.join(&service, home.path())?;
    let mut feeders = service.feeders()?;
    thread::sleep(REST);
    table.set(Row::MemoryJoined, program, Some(process::memory_mib(tty.pid()?)?));
    let mut floods = Floods::default();
    for n in 0..plan.floods {
        let once = floods.once(&tty, &mut screen, &mut feeders, plan.flood, n);
        once.with_context(|| format!("flood {}", n + 1))?;
    }
    table.set(Row::FloodCpu, program, floods.cpu.median());
    table.set(Row::FloodFed, program, floods.fed.median());
    table.set(Row::FloodLast, program, floods.last.median());
    table.set(Row::FloodBytes, program, floods.bytes.median());
    if program == Program::Parlor {
        table.set(Row::FloodFrames, program, floods.frames.median());
    }
    table.set(Row::MemoryAfter, program, Some(process::memory_mib(tty.pid()?)?));
    redraw::measure(&mut tty, program, plan, table)
}

impl Floods {
    fn once(
        &mut self,
        tty: &Tty,
        screen: &mut Screen,
        feeders: &mut [Feeder],
        messages: usize,
        n: usize,
    ) -> anyhow::Result<()> {
        let (pid, before) = (tty.pid()?, tty.drawn());
        let cpu = process::cpu_us(pid)?;
        let start = Instant::now();
        feeder::flood(feeders, messages - 1)?;
        let last = format!("the last of flood {n}");
        feeders.first_mut().context("nobody talks")?.say(&last)?;
        let acked = Instant::now();
        let seen = screen.until(tty, acked, "the last message", |screen| screen.contains(&last))?;
        thread::sleep(REST);
        let messages = f64::from(u32::try_from(messages)?);
        self.cpu.push((process::cpu_us(pid)? - cpu) / messages);
        self.fed.push_time(acked - start);
        self.last.push_time(seen.saturating_duration_since(acked));
        let bytes = tty.drawn() - before;
        self.bytes.push(f64::from(u32::try_from(bytes)?) / 1000.0);
        self.frames.push(tty.look(|drawn| frames_a_second(drawn, before, seen))?);
        Ok(())
    }
}

/// How fast the frames followed each other between a place and a time.
fn frames_a_second(drawn: &Drawn, from: usize, until: Instant) -> anyhow::Result<f64> {
    let mut chunks = drawn.chunks.iter().filter(|chunk| chunk.end > from && chunk.at <= until);
    let first = chunks.next().context("nothing was drawn")?;
    let last = chunks.next_back().unwrap_or(first);
    let frames = u32::try_from(count(&drawn.bytes[from..last.end], UPDATE_BEGINS))?;
    Ok(f64::from(frames.saturating_sub(1)) / (last.at - first.at).as_secs_f64())
}
