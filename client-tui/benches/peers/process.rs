//! What a process has used, as the kernel tells it.

use anyhow::Context;
use std::{fs, path::PathBuf};

/// CPU time of all its threads, in microseconds.
pub(crate) fn cpu_us(pid: u32) -> anyhow::Result<f64> {
    let mut total = 0;
    for thread in threads(pid)? {
        let stat = fs::read_to_string(thread.join("schedstat"))?;
        let nanos: u64 = stat.split_whitespace().next().context("no CPU time")?.parse()?;
        total += nanos;
    }
    Ok(micros(total))
}

/// How often its threads gave up a core or lost it.
pub(crate) fn switches(pid: u32) -> anyhow::Result<f64> {
    let mut total = 0;
    for thread in threads(pid)? {
        let status = fs::read_to_string(thread.join("status"))?;
        total += field(&status, "voluntary_ctxt_switches")? + field(&status, "nonvoluntary_ctxt_switches")?;
    }
    Ok(f64::from(u32::try_from(total)?))
}

/// Its resident memory, in MiB.
pub(crate) fn memory_mib(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok(f64::from(u32::try_from(field(&status, "VmRSS")?)?) / 1024.0)
}

fn threads(pid: u32) -> anyhow::Result<Vec<PathBuf>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))?;
    threads.map(|thread| Ok(thread?.path())).collect()
}

fn field(status: &str, name: &str) -> anyhow::Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.with_context(|| format!("no {name}"))?.parse()?)
}

#[allow(clippy::cast_precision_loss, reason = "2^53 ns are a hundred days")]
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
