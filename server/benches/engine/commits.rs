//! How many messages a second become durable, and how long one alone takes.

use crate::{
    Run,
    journal::Feed,
    machine::Disk,
    process::cpu_us_at_rest,
    sample::{Sample, figure},
    servers::Server,
    table::Row,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Messages that are on their way at the same time.
const OPEN: usize = 32;
/// Rooms that they go to in turn.
const ROOMS: [usize; 2] = [1, 200];
const TEXT: &str =
    "the quick brown fox jumps over the lazy dog, and a hundred bytes are soon full of what it has to say";
/// Between messages that are alone; the index has then taken in the one before.
const PAUSE: Duration = Duration::from_millis(5);

/// Measures the journal, with the disk under it.
pub(crate) fn measure(server: Server, run: &mut Run) -> anyhow::Result<()> {
    for rooms in ROOMS {
        let directory = tempfile::tempdir()?;
        let mut feed = Feed::open(directory.path(), run.machine)?;
        let rooms_open = (0..rooms).map(|n| feed.room(&format!("#room{n}"))).collect::<anyhow::Result<Vec<_>>>()?;
        let (start, mut stored, mut said) = (Instant::now(), 0, 0);
        while start.elapsed() < run.plan.talk {
            let mut ops = Vec::new();
            while said < stored + OPEN {
                ops.push(feed.draft(&rooms_open[said % rooms], TEXT)?);
                said += 1;
            }
            feed.write(ops);
            stored += feed.stored()?;
        }
        run.table.push(Row::Commits(rooms), server, figure(stored as u64) / start.elapsed().as_secs_f64());
        let start = Instant::now();
        cpu_us_at_rest(std::process::id())?;
        run.table.push(Row::Index(rooms), server, start.elapsed().as_secs_f64());
    }
    let directory = tempfile::tempdir()?;
    let (mut disk, mut syncs) = (Disk::under(directory.path())?, Sample::default());
    let mut feed = Feed::open(directory.path(), run.machine)?;
    let (room, mut took) = (feed.room("#alone")?, Sample::default());
    for _ in 0..run.plan.syncs {
        let draft = feed.draft(&room, TEXT)?;
        let start = Instant::now();
        feed.write(vec![draft]);
        feed.stored()?;
        took.push(start.elapsed().as_secs_f64() * 1000.0);
        thread::sleep(PAUSE);
        syncs.push(disk.sync_ms()?);
    }
    if let Some((sync, figure)) = syncs.median().zip(took.median()) {
        run.table.push(Row::Sync, Server::Floor, sync);
        run.table.push(Row::Alone, server, figure);
        run.table.push(Row::Alone, Server::Floor, sync);
    }
    Ok(())
}
