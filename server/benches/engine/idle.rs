//! What a connection costs that says nothing, and how many of them there can be.

use crate::{
    Run,
    crowd::Crowd,
    sample::figure,
    servers::{Server, Service},
    table::Row,
};
use std::time::{Duration, Instant};

/// There is always somebody: what the first connections cost is not what the next one costs.
const FIRST: usize = 10;

/// Measures a silent room: memory, CPU (the time is long enough for everybody to be pinged once), and a bigger crowd.
pub(crate) fn measure(server: Server, run: &mut Run) -> anyhow::Result<()> {
    let service = Service::start(server, run.machine)?;
    let mut crowd = Crowd::gather(&service, 1, FIRST)?;
    let memory = service.memory_kib()?;
    grow(&mut crowd, run.plan.idle)?;
    let each = (service.memory_kib()? - memory) / figure((run.plan.idle - FIRST) as u64);
    run.table.push(Row::IdleMemory, server, each);
    let (before, start) = (service.cpu_us()?, Instant::now());
    while start.elapsed() < run.plan.idle_time {
        crowd.turn(Duration::from_millis(500))?;
    }
    let busy = (service.cpu_us()? - before) / start.elapsed().as_secs_f64() / 1e6;
    run.table.push(Row::IdleCpu, server, busy * 100.0);
    grow(&mut crowd, run.plan.hold)?;
    // Somebody speaks, and all hear it.
    crowd.say(0);
    crowd.flush(0)?;
    crate::throughput::drain(&mut crowd)?;
    run.table.push(Row::Held, server, figure(crowd.ledger.delivered));
    run.table.push_faults(server, crowd.ledger.faults);
    Ok(())
}

fn grow(crowd: &mut Crowd, members: usize) -> anyhow::Result<()> {
    while crowd.len() < members {
        crowd.enter()?;
    }
    crowd.settle()
}
