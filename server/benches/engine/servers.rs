//! The servers that are compared: where each is found, what it is told, and what it has used.

use crate::{
    dialect::Dialect,
    floor,
    machine::Machine,
    process::{cpu_us, memory_kib},
};
use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
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
const READY: Duration = Duration::from_secs(30);

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Server {
    /// Ours.
    Parlor,
    /// Ours, through TLS.
    ParlorTls,
    /// A peer.
    InspIrcd,
    /// A peer.
    NgIrcd,
    /// A peer.
    Nats,
    /// What the machine itself takes.
    Floor,
}

impl Server {
    /// All, in the order of the table.
    pub(crate) const ALL: [Self; 5] = [Self::Parlor, Self::InspIrcd, Self::NgIrcd, Self::Nats, Self::Floor];
    /// The same with ours through TLS.
    pub(crate) const EVERY: [Self; 6] =
        [Self::Parlor, Self::ParlorTls, Self::InspIrcd, Self::NgIrcd, Self::Nats, Self::Floor];
    /// Ours.
    pub(crate) const OURS: [Self; 2] = [Self::Parlor, Self::ParlorTls];
    /// Those that Parlor is compared with.
    pub(crate) const PEERS: [Self; 3] = [Self::InspIrcd, Self::NgIrcd, Self::Nats];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parlor => "Parlor",
            Self::ParlorTls => "TLS",
            Self::InspIrcd => "InspIRCd",
            Self::NgIrcd => "ngIRCd",
            Self::Nats => "NATS",
            Self::Floor => "floor",
        }
    }

    /// The program of a peer.
    pub(crate) fn binary(self) -> Option<&'static str> {
        match self {
            Self::Parlor | Self::ParlorTls | Self::Floor => None,
            Self::InspIrcd => Some("inspircd"),
            Self::NgIrcd => Some("ngircd"),
            Self::Nats => Some("nats-server"),
        }
    }

    /// What it needs and is not installed.
    pub(crate) fn missing(self) -> Option<&'static str> {
        self.binary().filter(|binary| find(binary).is_none())
    }

    /// What is spoken with it.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Parlor | Self::ParlorTls => Dialect::Parlor,
            Self::InspIrcd | Self::NgIrcd => Dialect::Irc,
            Self::Nats => Dialect::Nats,
            Self::Floor => Dialect::Floor,
        }
    }

    /// Connections that may wait to be let in: with more than it has room for, each one more waits for a second.
    pub(crate) fn together(self) -> usize {
        if self == Self::NgIrcd { 8 } else { 200 }
    }

    /// Without any brake, listening on this port of the loopback. Ours choose a port and say which.
    fn command(self, directory: &Path, port: u16) -> anyhow::Result<Command> {
        let file = directory.join("settings");
        let mut command = match self {
            Self::Parlor | Self::ParlorTls => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
                command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(directory).env("PARLOR_LOG", "warn");
                return Ok(command);
            }
            Self::Floor => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg(floor::MODE);
                return Ok(command);
            }
            Self::InspIrcd | Self::NgIrcd | Self::Nats => {
                let binary = self.binary().and_then(find);
                Command::new(binary.with_context(|| format!("{} is not installed", self.name()))?)
            }
        };
        match self {
            Self::InspIrcd => {
                fs::write(&file, inspircd_settings(directory, port))?;
                command.args(["--nofork", "--runasroot", "--nopid", "--config"]).arg(&file);
            }
            Self::NgIrcd => {
                fs::write(&file, ngircd_settings(port))?;
                command.args(["-n", "-f"]).arg(&file);
            }
            _ => {
                command.args(["-a", "127.0.0.1", "-p", &port.to_string()]);
            }
        }
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }
}

fn ngircd_settings(port: u16) -> String {
    format!(
        "[Global]\nName = bench.localhost\nInfo = bench\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = hello\n\
         ServerUID = nobody\nServerGID = nogroup\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 32\nMaxPenaltyTime = 0\n\
         PingTimeout = 3600\n\
         [Options]\nDNS = no\nIdent = no\nPAM = no\n"
    )
}

fn inspircd_settings(directory: &Path, port: u16) -> String {
    format!(
        "<server name=\"bench.localhost\" description=\"bench\" network=\"bench\">\n\
         <admin name=\"bench\" nick=\"bench\" email=\"bench@localhost\">\n\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\">\n\
         <connect allow=\"*\" timeout=\"60\" pingfreq=\"3600\" hardsendq=\"100000000\" softsendq=\"100000000\"\n\
         recvq=\"10000000\" localmax=\"100000\" globalmax=\"100000\" limit=\"100000\" maxchans=\"1000\" threshold=\"100000\"\n\
         commandrate=\"100000000\" fakelag=\"no\" maxconnwarn=\"no\" resolvehostnames=\"no\">\n\
         <performance somaxconn=\"4096\" softlimit=\"100000\" clonesonconnect=\"no\">\n\
         <limits maxnick=\"32\" maxchan=\"64\">\n\
         <log method=\"file\" type=\"* -USERINPUT -USEROUTPUT\" level=\"default\" target=\"{}\">\n",
        directory.join("log").display()
    )
}

/// A running server.
pub(crate) struct Service {
    /// Which.
    pub(crate) server: Server,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    /// What goes with it.
    directory: Option<TempDir>,
}

impl Service {
    /// A new server, in a new directory.
    pub(crate) fn start(server: Server, machine: Machine) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut service = Self::start_in(server, machine, directory.path())?;
        service.directory = Some(directory);
        Ok(service)
    }

    /// A new server with what is in a directory.
    pub(crate) fn start_in(server: Server, machine: Machine, directory: &Path) -> anyhow::Result<Self> {
        let (child, address) = start(server, machine, directory)?;
        Ok(Self { server, address, child, directory: None })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time that it has used, in microseconds.
    pub(crate) fn cpu_us(&self) -> anyhow::Result<f64> {
        cpu_us(self.pid())
    }

    /// Its resident memory, in KiB.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<f64> {
        memory_kib(self.pid())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        stop(&mut self.child);
        drop(self.directory.take());
    }
}

/// Starts a server on its core and waits until it listens.
pub(crate) fn start(server: Server, machine: Machine, directory: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let says_where = server.binary().is_none();
    let mut address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = server.command(directory, address.port())?;
    if says_where {
        command.stdout(Stdio::piped());
    }
    machine.enter_server_core()?;
    let child = command.spawn();
    machine.enter_load_core()?;
    let mut child = child?;
    if says_where {
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        address = line.trim_end().strip_prefix("listening on ").context("no ready line")?.parse()?;
    } else {
        let end = Instant::now() + READY;
        while TcpStream::connect(address).is_err() {
            ensure!(child.try_wait()?.is_none() && Instant::now() < end, "{} does not listen", server.name());
            thread::sleep(Duration::from_millis(10));
        }
    }
    Ok((child, address))
}

/// Ends a server the way an operator does, for it may have something to put down; then for certain.
pub(crate) fn stop(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Where a program is installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A user's path does not always lead to daemons.
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    directories.map(|directory| directory.join(program)).find(|path| path.is_file())
}
