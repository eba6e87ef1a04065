//! The server's process, and what it takes, as the kernel tells it.

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long it may take to end.
const END: Duration = Duration::from_secs(20);

/// A running server over a new directory.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    directory: TempDir,
}

/// What it takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    pub(crate) rss_kib: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    pub(crate) wal_kib: u64,
    pub(crate) database_kib: u64,
    pub(crate) cpu: Duration,
}

impl Server {
    pub(crate) fn start(path: &Path) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut command = Command::new(path);
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(directory.path().join("data"));
        command.env("PARLOR_LOG", "warn").stdout(Stdio::piped()).stderr(File::create(directory.path().join("words"))?);
        let mut child = command.spawn().with_context(|| format!("{} does not start", path.display()))?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("listening on ").context("no ready line")?.parse()?;
        Ok(Self { address, child, directory })
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has said on standard error.
    pub(crate) fn words(&self) -> String {
        fs::read_to_string(self.directory.path().join("words")).unwrap_or_default()
    }

    pub(crate) fn taken(&self) -> anyhow::Result<Taken> {
        let process = format!("/proc/{}", self.child.id());
        let mut taken = Taken {
            rss_kib: status(&process, "VmRSS:")?,
            threads: status(&process, "Threads:")?,
            descriptors: fs::read_dir(format!("{process}/fd"))?.count() as u64,
            cpu: cpu(&process)?,
            ..Taken::default()
        };
        for file in fs::read_dir(self.directory.path().join("data"))? {
            let file = file?;
            let (name, size) = (file.file_name(), file.metadata()?.len() / 1024);
            match Path::new(&name).extension().and_then(|extension| extension.to_str()) {
                Some(extension) if extension.ends_with("-wal") => taken.wal_kib += size,
                _ => taken.database_kib += size,
            }
        }
        Ok(taken)
    }

    /// Ends it the way an operator does; gives its exit code.
    pub(crate) fn end(&mut self) -> anyhow::Result<Option<i32>> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process")?;
        kill_process(pid, Signal::TERM)?;
        let end = Instant::now() + END;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            thread::sleep(Duration::from_millis(10));
        }
        anyhow::bail!("the server does not end")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of this process.
pub(crate) fn own_cpu() -> anyhow::Result<Duration> {
    cpu("/proc/self")
}

fn status(process: &str, what: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.with_context(|| format!("no {what}"))?.parse()?)
}

fn cpu(process: &str) -> anyhow::Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("{process}/task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += stat.split_whitespace().next().context("no CPU time")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}
