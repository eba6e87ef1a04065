//! The servers between those who talk and the client that is measured.

use super::feeder::Feeder;
use anyhow::{Context, ensure};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a server may take to be there.
const READY: Duration = Duration::from_secs(10);

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Parlor's own wire, with `parlor-server`.
    Parlor,
    /// IRC, with ngIRCd.
    Irc,
}

/// A running server.
pub(crate) struct Service {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    dialect: Dialect,
    child: Child,
    _directory: TempDir,
}

impl Service {
    /// A new server.
    pub(crate) fn start(dialect: Dialect) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let (child, address) = match dialect {
            Dialect::Parlor => parlor_server(directory.path())?,
            Dialect::Irc => ngircd(directory.path())?,
        };
        Ok(Self { address, dialect, child, _directory: directory })
    }

    /// Those who talk there.
    pub(crate) fn feeders(&self) -> anyhow::Result<Vec<Feeder>> {
        Feeder::join_all(self.dialect, self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parlor_server(directory: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let mut child = Command::new(parlor_server_binary()?)
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory)
        .env("PARLOR_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
    let address = line.trim_end().strip_prefix("listening on ").context("no ready line")?.parse()?;
    Ok((child, address))
}

/// The server's binary lies beside the client's; it is built if it is not there.
fn parlor_server_binary() -> anyhow::Result<PathBuf> {
    let binary = Path::new(env!("CARGO_BIN_EXE_parlor")).with_file_name("parlor-server");
    if !binary.exists() {
        let target = binary.parent().and_then(Path::parent).context("a binary lies in a target directory")?;
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--release", "--package", "server", "--bin", "parlor-server", "--target-dir"]).arg(target);
        ensure!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success(), "parlor-server can not be built");
    }
    Ok(binary)
}

/// `ngircd` without any brake.
fn ngircd(directory: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let program = find("ngircd").context("ngircd is not installed")?;
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let settings = directory.join("ngircd.conf");
    let port = address.port();
    fs::write(
        &settings,
        format!(
            "[Global]\nName = peers.localhost\nInfo = peers\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = hello\n\
             ServerUID = nobody\nServerGID = nogroup\n\
             [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 32\nMaxPenaltyTime = 0\nPingTimeout = 3600\n\
             [Options]\nDNS = no\nIdent = no\nPAM = no\n"
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("-n").arg("-f").arg(&settings).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let end = Instant::now() + READY;
    while TcpStream::connect(address).is_err() {
        ensure!(child.try_wait()?.is_none() && Instant::now() < end, "ngircd does not listen");
        thread::sleep(Duration::from_millis(10));
    }
    Ok((child, address))
}

/// Where a program is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A user's path does not always lead to daemons.
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    directories.map(|directory| directory.join(program)).find(|path| path.is_file())
}
