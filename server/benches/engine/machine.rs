//! The machine: which core has the server and which one the load, how fast the disk is, and all that in words.

use crate::servers::{Server, find};
use anyhow::Context;
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
    time::Instant,
};

/// Two cores of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    server: usize,
    load: usize,
    /// So many may be open at the same time.
    pub(crate) connections: usize,
}

/// Descriptors that are no connections.
const OTHERS: u64 = 100;

impl Machine {
    /// The first two cores that this process may use; one is both if there is no other.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let mine = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| mine.is_set(*core));
        let load = cores.next().context("no core")?;
        let server = cores.next().unwrap_or(load);
        // A big crowd needs many descriptors, here and in the servers, which inherit the limit.
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
        let connections =
            limit.maximum.map_or(usize::MAX, |most| usize::try_from(most.saturating_sub(OTHERS)).unwrap_or(usize::MAX));
        let machine = Self { server, load, connections };
        machine.enter_load_core()?;
        Ok(machine)
    }

    /// From now on this thread, and what it starts, runs where the servers do.
    pub(crate) fn enter_server_core(self) -> anyhow::Result<()> {
        Ok(pin(self.server)?)
    }

    /// From now on this thread, and what it starts, runs where the load does.
    pub(crate) fn enter_load_core(self) -> anyhow::Result<()> {
        Ok(pin(self.load)?)
    }

    /// What has to stand beside every figure.
    pub(crate) fn words(self, servers: &[Server]) -> String {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let (cpus, kernel) = (read("/proc/cpuinfo"), read("/proc/sys/kernel/osrelease"));
        let models: Vec<&str> = cpus.lines().filter(|line| line.starts_with("model name")).collect();
        let model = models.first().and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown CPU");
        let peers: Vec<String> = servers.iter().filter_map(|server| server.binary()).filter_map(version).collect();
        let cores = models.len();
        let shared = if self.server == self.load { " (**server and load share a core**)" } else { "" };
        let system = format!("{model}, {cores} cores, Linux {}{shared}", kernel.trim());
        std::iter::once(system).chain(peers).collect::<Vec<_>>().join("; ")
    }
}

fn pin(core: usize) -> rustix::io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set)
}

/// The first line of what a program says of its version.
fn version(program: &str) -> Option<String> {
    let output = Command::new(find(program)?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

/// The disk as it is without a database on it.
pub(crate) struct Disk(File);

impl Disk {
    /// That under a directory.
    pub(crate) fn under(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self(File::create(directory.join("sync"))?))
    }

    /// How long it takes to write 4 KiB durably, in milliseconds.
    pub(crate) fn sync_ms(&mut self) -> anyhow::Result<f64> {
        let start = Instant::now();
        self.0.write_all(&[b'x'; 4096])?;
        self.0.sync_data()?;
        Ok(start.elapsed().as_secs_f64() * 1000.0)
    }
}
