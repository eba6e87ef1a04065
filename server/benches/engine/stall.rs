//! Ten of a thousand stop reading while the others talk as fast as they can: the server's memory and the others must not
//! notice, and when the ten read again they get everything in order.

use crate::{
    Run,
    crowd::Crowd,
    sample::figure,
    servers::{Server, Service},
    table::Row,
    throughput::Talk,
};
use std::time::{Duration, Instant};

const MEMBERS: usize = 1_000;
/// They stop reading; those who talk go on.
const STALLED: [usize; 10] = [500, 501, 502, 503, 504, 505, 506, 507, 508, 509];
/// How often memory is looked at.
const STEP: Duration = Duration::from_millis(500);
/// How long the ten may need.
const PATIENCE: Duration = Duration::from_mins(2);

/// Measures one server, before, while and after ten stand still.
pub(crate) fn measure(server: Server, run: &mut Run) -> anyhow::Result<()> {
    let service = Service::start(server, run.machine)?;
    let mut crowd = Crowd::gather(&service, 1, MEMBERS)?;
    let mut talk = Talk::new((0..4).collect(), run.plan.open);
    // Long enough for all buffers to have their size.
    talk.run(&mut crowd, run.plan.talk)?;
    let length = run.plan.stall;
    let before = rate(&mut crowd, &mut talk, length / 2)?;

    let memory = service.memory_kib()?;
    for n in STALLED {
        crowd.stall(n);
    }
    let (start, messages, mut most) = (Instant::now(), crowd.messages(), memory);
    while start.elapsed() < length {
        talk.run_on(&mut crowd, STEP)?;
        most = most.max(service.memory_kib()?);
    }
    crate::throughput::drain(&mut crowd)?;
    let during = figure((crowd.messages() - messages) as u64) / start.elapsed().as_secs_f64();

    let start = Instant::now();
    STALLED.into_iter().try_for_each(|n| crowd.unstall(n))?;
    while STALLED.into_iter().any(|n| crowd.missing(n) > 0) && start.elapsed() < PATIENCE {
        crowd.turn(Duration::from_millis(10))?;
        most = most.max(service.memory_kib()?);
    }
    let missing: u64 = STALLED.into_iter().map(|n| crowd.missing(n)).sum();
    run.table.push(Row::StallCatchUp, server, start.elapsed().as_secs_f64());
    for n in STALLED {
        crowd.caught_up(n);
    }
    let after = rate(&mut crowd, &mut talk, length / 2)?;

    run.table.push(Row::StallMemory, server, (most - memory) / 1024.0);
    run.table.push(Row::StallRate, server, 100.0 * during / f64::midpoint(before, after));
    run.table.push(Row::StallMissing, server, figure(missing));
    run.table.push_faults(server, crowd.ledger.faults);
    eprintln!("  messages/s before {before:.0}, during {during:.0}, after {after:.0}; missing {missing}");
    Ok(())
}

/// Messages a second that everybody gets.
fn rate(crowd: &mut Crowd, talk: &mut Talk, length: Duration) -> anyhow::Result<f64> {
    let (start, messages) = (Instant::now(), crowd.messages());
    talk.run(crowd, length)?;
    Ok(figure((crowd.messages() - messages) as u64) / start.elapsed().as_secs_f64())
}
