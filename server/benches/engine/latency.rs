//! How long a message takes to everybody in a room of a thousand when there is time enough.

use crate::{
    Run,
    crowd::Crowd,
    machine::Disk,
    sample::Sample,
    servers::{Server, Service},
    table::Row,
    throughput::drain,
};
use anyhow::Context;
use std::time::{Duration, Instant};

const MEMBERS: usize = 1_000;
const SENDERS: usize = 4;
/// Messages a second.
const RATE: u32 = 20;

/// Measures one server; with Parlor, the disk as well.
pub(crate) fn measure(server: Server, run: &mut Run) -> anyhow::Result<()> {
    let service = Service::start(server, run.machine)?;
    let mut crowd = Crowd::gather(&service, 1, MEMBERS)?;
    paced(&mut crowd, SENDERS, RATE, run.plan.warm)?;
    crowd.ledger.took = Some(Vec::new());
    paced(&mut crowd, SENDERS, RATE, run.plan.latency)?;
    let took: Sample =
        crowd.ledger.took.take().into_iter().flatten().map(|micros| f64::from(micros) / 1000.0).collect();
    for percent in [50, 99] {
        if let Some(figure) = took.percentile(percent) {
            run.table.push(Row::Latency(percent), server, figure);
        }
    }
    run.table.push_faults(server, crowd.ledger.faults);
    if Server::OURS.contains(&server) {
        let directory = tempfile::tempdir()?;
        let mut disk = Disk::under(directory.path())?;
        let syncs = (0..run.plan.syncs).map(|_| disk.sync_ms()).collect::<anyhow::Result<Sample>>()?;
        run.table.push(Row::Sync, Server::Floor, syncs.median().context("nothing was written")?);
    }
    Ok(())
}

/// The first of the crowd say so many messages a second between them, for so long; then everybody has everything.
pub(crate) fn paced(crowd: &mut Crowd, senders: usize, rate: u32, length: Duration) -> anyhow::Result<()> {
    let (start, pause) = (Instant::now(), Duration::from_secs(1) / rate);
    let mut said = 0;
    loop {
        let due = start + pause * said;
        if due >= start + length {
            return drain(crowd);
        }
        let now = Instant::now();
        if now < due {
            crowd.turn(due - now)?;
            continue;
        }
        let sender = said as usize % senders;
        crowd.say(sender);
        crowd.flush(sender)?;
        said += 1;
    }
}
