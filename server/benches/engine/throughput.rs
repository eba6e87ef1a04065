//! What a delivery costs the server when people talk as fast as it lets them. A fixed number of messages is on its way at
//! any time: the next one is said when everybody has got one, so that nobody is overrun.

use crate::{
    Run,
    crowd::Crowd,
    process::{cpu_us, cpu_us_at_rest},
    sample::figure,
    servers::{Server, Service},
    table::Row,
};
use anyhow::Context;
use std::time::{Duration, Instant};

/// How long nothing may arrive before the rest is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// A process that has so much of its core is what the others wait for.
const SATURATED: f64 = 0.9;

/// Who is where, and who talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// 1,000 members of a room, 4 of them talk.
    Thousand,
    /// 100 members, 4 talk.
    Hundred,
    /// 5,000 members, 4 talk.
    Crowded,
    /// 200 rooms of 10, everybody talks.
    Rooms,
}

impl Shape {
    /// Rooms, and members of each.
    fn size(self) -> (usize, usize) {
        match self {
            Self::Thousand => (1, 1_000),
            Self::Hundred => (1, 100),
            Self::Crowded => (1, 5_000),
            Self::Rooms => (200, 10),
        }
    }

    /// Who talks. In many rooms neighbours in time are in different ones.
    fn senders(self) -> Vec<usize> {
        match (self, self.size()) {
            (Self::Rooms, (rooms, members)) => {
                (0..members).flat_map(|member| (0..rooms).map(move |room| room * members + member)).collect()
            }
            _ => (0..4).collect(),
        }
    }
}

pub(crate) fn thousand(server: Server, run: &mut Run) -> anyhow::Result<()> {
    measure(Shape::Thousand, server, run)
}

pub(crate) fn hundred(server: Server, run: &mut Run) -> anyhow::Result<()> {
    measure(Shape::Hundred, server, run)
}

pub(crate) fn crowded(server: Server, run: &mut Run) -> anyhow::Result<()> {
    measure(Shape::Crowded, server, run)
}

pub(crate) fn rooms(server: Server, run: &mut Run) -> anyhow::Result<()> {
    measure(Shape::Rooms, server, run)
}

fn measure(shape: Shape, server: Server, run: &mut Run) -> anyhow::Result<()> {
    let service = Service::start(server, run.machine)?;
    let (rooms, members) = shape.size();
    let mut crowd = Crowd::gather(&service, rooms, members)?;
    let mut talk = Talk::new(shape.senders(), run.plan.open);
    talk.run(&mut crowd, run.plan.warm)?;
    let (before, mine) = (cpu_us_at_rest(service.pid())?, cpu_us(std::process::id())?);
    let (delivered, start) = (crowd.ledger.delivered, Instant::now());
    talk.run(&mut crowd, run.plan.talk)?;
    let (took, now) = (start.elapsed().as_secs_f64(), service.cpu_us()?);
    let mine = (cpu_us(std::process::id())? - mine) / took / 1e6;
    // What it still does behind the scenes is a part of the price.
    let cpu = cpu_us_at_rest(service.pid())? - before;
    let delivered = figure(crowd.ledger.delivered - delivered);
    let busy = (now - before) / took / 1e6;
    run.table.push(Row::Cpu(shape), server, cpu / delivered);
    run.table.push(Row::Rate(shape), server, delivered / took);
    run.table.push_faults(server, crowd.ledger.faults);
    eprintln!(
        "  {:.3} µs a delivery, {:.0} deliveries/s; busy: server {:.0} %, load {:.0} %",
        cpu / delivered,
        delivered / took,
        busy * 100.0,
        mine * 100.0
    );
    if mine > SATURATED && busy < SATURATED {
        eprintln!("  **the load was what the server waited for**: deliveries/s say little");
    }
    Ok(())
}

/// Those who talk, each in turn.
pub(crate) struct Talk {
    senders: Vec<usize>,
    next: usize,
    /// Messages that are on their way at the same time.
    open: usize,
}

impl Talk {
    /// They.
    pub(crate) fn new(senders: Vec<usize>, open: usize) -> Self {
        Self { senders, next: 0, open }
    }

    /// They talk for so long, and until everybody has everything.
    pub(crate) fn run(&mut self, crowd: &mut Crowd, length: Duration) -> anyhow::Result<()> {
        self.run_on(crowd, length)?;
        drain(crowd)
    }

    /// They talk for so long, and are not done yet.
    pub(crate) fn run_on(&mut self, crowd: &mut Crowd, length: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        while start.elapsed() < length {
            self.fill(crowd)?;
            crowd.turn(Duration::from_millis(100))?;
        }
        Ok(())
    }

    /// As many messages as may be on their way; what one sender has to say goes out in one write.
    fn fill(&mut self, crowd: &mut Crowd) -> anyhow::Result<()> {
        let mut said = Vec::new();
        if self.senders.len() >= self.open {
            crowd.ledger.finished.clear();
            for _ in crowd.ledger.open..self.open {
                said.push(self.senders[self.next % self.senders.len()]);
                self.next += 1;
            }
        } else if crowd.ledger.open == 0 {
            crowd.ledger.finished.clear();
            said.extend(self.senders.iter().flat_map(|n| std::iter::repeat_n(*n, self.open / self.senders.len())));
        } else {
            // Each sender has its share, and says the next one when everybody has one of its own.
            said.append(&mut crowd.ledger.finished);
            said.sort_unstable();
        }
        for n in &said {
            crowd.say(*n);
        }
        said.dedup();
        said.iter().try_for_each(|n| crowd.flush(*n))
    }
}

/// Waits until everybody has everything, or nothing more comes.
pub(crate) fn drain(crowd: &mut Crowd) -> anyhow::Result<()> {
    let mut last = Instant::now();
    while crowd.ledger.open > 0 {
        if crowd.turn(Duration::from_millis(100))? {
            last = Instant::now();
        }
        if last.elapsed() > PATIENCE {
            crowd.ledger.give_up();
        }
    }
    let faults = crowd.ledger.faults;
    (faults.lost == 0).then_some(()).with_context(|| format!("{faults:?}"))
}
