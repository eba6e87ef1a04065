//! What a process has used, as the kernel tells it.

use crate::sample::figure;
use anyhow::Context;
use std::{fs, thread, time::Duration};

/// A server that does nothing but what is left to do is watched for so long each time.
const WATCH: Duration = Duration::from_millis(200);
/// It is at rest once it has used less than this of that time, in microseconds.
const REST: f64 = 4_000.0;
/// Nobody has to tidy up for longer than so many watches.
const WATCHES: usize = 600;

/// CPU time of all its threads, in microseconds.
pub(crate) fn cpu_us(pid: u32) -> anyhow::Result<f64> {
    let mut total = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanos: u64 = stat.split_whitespace().next().context("no CPU time")?.parse()?;
        total += nanos;
    }
    Ok(figure(total) / 1000.0)
}

/// CPU time once it has done what it does behind the scenes.
pub(crate) fn cpu_us_at_rest(pid: u32) -> anyhow::Result<f64> {
    let mut before = cpu_us(pid)?;
    for _ in 0..WATCHES {
        thread::sleep(WATCH);
        let now = cpu_us(pid)?;
        if now - before < REST {
            return Ok(now);
        }
        before = now;
    }
    anyhow::bail!("it does not come to rest")
}

/// Its resident memory, in KiB.
pub(crate) fn memory_kib(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("no VmRSS")?.parse()?)
}
