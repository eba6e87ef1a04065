//! What an operator may set: command line over file over default.

mod file;

pub use file::LogFormat;

use crate::{WallClock, hub::Rules, journal, tls};
use anyhow::Context;
use file::File;
use shared::{limits::DEFAULT_PORT, network::Network};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

/// Everything that a server needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. An address that is only a default may be missing on a machine.
    pub listen: Vec<Listen>,
    /// Where the journal lies.
    pub data_dir: PathBuf,
    /// Plain text is served to everybody, not on loopback only.
    pub allow_plain: bool,
    /// What TLS is spoken with.
    pub tls: tls::Source,
    /// What people call the server: the host of its links.
    pub name: Option<String>,
    /// How lines are logged.
    pub log: LogFormat,
    /// Where its figures are served, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// Networks of proxies, which say where their connections come from.
    pub proxies: Vec<Network>,
    /// What the hub keeps to.
    pub rules: Rules,
    /// How many connections.
    pub caps: Caps,
    /// The journal's database takes at most so many MiB.
    pub max_mib: Option<u64>,
    /// The journal's own.
    pub journal: journal::Settings,
    /// What the command line has said.
    pub overrides: Overrides,
}

/// An address to listen on.
#[derive(Debug, Clone, Copy)]
pub struct Listen {
    /// Port 0: any free one.
    pub address: SocketAddr,
    /// It is an error if it can't be had.
    pub required: bool,
}

/// Connections that the server takes.
#[derive(Debug, Clone)]
pub struct Caps {
    /// In all.
    pub connections: usize,
    /// From one address (for IPv6 from one /64).
    pub per_address: usize,
    /// Those that have not logged in: beyond, the oldest of them ends.
    pub strangers: usize,
    /// Addresses for which caps and rates do not hold.
    pub exempt: Vec<Network>,
}

impl Default for Caps {
    fn default() -> Self {
        let networks = [(Ipv4Addr::new(127, 0, 0, 0).into(), 8), (Ipv6Addr::LOCALHOST.into(), 128)];
        let exempt = networks.into_iter().filter_map(|(address, prefix)| Network::new(address, prefix)).collect();
        Self { connections: 20_000, per_address: 64, strangers: 2_000, exempt }
    }
}

impl Caps {
    /// True if caps and rates do not hold for this address.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|network| network.contains(address))
    }
}

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`
    pub listen: Vec<SocketAddr>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--allow-plain`
    pub allow_plain: bool,
}

impl Config {
    /// Puts command line, file and defaults together.
    pub fn load(overrides: Overrides) -> anyhow::Result<Self> {
        let file = overrides.config.as_deref().map_or(Ok(File::default()), file::read)?;
        let explicit = if overrides.listen.is_empty() { file.listen } else { Some(overrides.listen.clone()) };
        let data_dir = match overrides.data_dir.clone().or(file.data_dir) {
            Some(directory) => directory,
            None => default_data_dir()?,
        };
        let listen = explicit.map_or_else(default_listen, |addresses| {
            addresses.into_iter().map(|address| Listen { address, required: true }).collect()
        });
        let allow_plain = overrides.allow_plain || file.allow_plain;
        let (limits, keys) = (file.limits, file.keys);
        let caps = limits.caps();
        let max_mib = file.journal.max_mib;
        Ok(Self {
            listen,
            data_dir,
            allow_plain,
            tls: file.tls.map_or(tls::Source::Own, Into::into),
            name: file.name,
            log: file.log,
            metrics: file.metrics,
            proxies: file.proxies,
            rules: limits.rules(Rules {
                access: file.access,
                keys: keys.into_iter().collect(),
                operators: file.operators.into_iter().collect(),
                keep_days: file.retention.days,
                keep_entries: file.retention.entries,
                motd: file.motd,
                ..Rules::default()
            }),
            caps,
            max_mib,
            journal: journal::Settings { max_mib, wall: WallClock::default() },
            overrides,
        })
    }

    /// Reads the same again.
    pub fn reload(&self) -> anyhow::Result<Self> {
        let again = Self::load(self.overrides.clone())?;
        Ok(Self { journal: self.journal.clone(), ..again })
    }

    /// The first address that other machines reach without being served: they would have to be served plain text.
    pub fn unserved(&self) -> Option<SocketAddr> {
        let beyond = |listen: &&Listen| !listen.address.ip().to_canonical().is_loopback();
        self.listen
            .iter()
            .find(beyond)
            .filter(|_| self.tls == tls::Source::Off && !self.allow_plain)
            .map(|listen| listen.address)
    }
}

/// Both loopback addresses; IPv6 may be missing.
pub fn default_listen() -> Vec<Listen> {
    let at = |ip: IpAddr, required| Listen { address: SocketAddr::new(ip, DEFAULT_PORT), required };
    vec![at(Ipv4Addr::LOCALHOST.into(), true), at(Ipv6Addr::LOCALHOST.into(), false)]
}

/// The user's data directory for the server.
pub fn default_data_dir() -> anyhow::Result<PathBuf> {
    directories::ProjectDirs::from("", "", "parlor-server")
        .map(|dirs| dirs.data_dir().to_owned())
        .context("this user has no home directory; name a data directory with --data-dir")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let overrides = Overrides { config: Some(file.path().to_owned()), ..Overrides::default() };
        let error = format!("{:#}", Config::load(overrides).expect_err("refused"));
        assert!(error.contains(&file.path().display().to_string()), "{error}");
        error
    }

    #[test]
    fn an_error_names_file_line_and_key() {
        let error = error_of("motd = \"hi\"\n\n[limits]\nrooms = \"many\"\n");
        assert!(error.contains("line 4") && error.contains("rooms"), "{error}");
        let error = error_of("motd = \"hi\"\nlisen = []\n");
        assert!(error.contains("line 2") && error.contains("lisen"), "{error}");
        let error = error_of("[limits]\nexempt = [\"10.0.0.0/64\"]\n");
        assert!(error.contains("line 2") && error.contains("10.0.0.0/64"), "{error}");
    }

    #[test]
    fn the_sample_file_names_every_setting_with_its_default() {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/parlor-server.toml");
        let load = |config: Option<PathBuf>| {
            let overrides = Overrides { config, data_dir: Some("x".into()), ..Overrides::default() };
            let config = Config { overrides: Overrides::default(), ..Config::load(overrides).unwrap() };
            format!("{config:?}").replace("required: false", "required: true")
        };
        assert_eq!(load(Some(sample.into())), load(None));
    }

    #[test]
    fn plain_text_beyond_loopback_must_be_wanted() {
        let listen: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap(), "0.0.0.0:0".parse().unwrap()];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "tls = \"off\"").unwrap();
        let data_dir = Some("x".into());
        let overrides = Overrides { listen: listen.clone(), data_dir, ..Overrides::default() };
        assert_eq!(Config::load(overrides.clone()).unwrap().unserved(), None);
        let overrides = Overrides { config: Some(file.path().to_owned()), ..overrides };
        assert_eq!(Config::load(overrides.clone()).unwrap().unserved(), Some(listen[1]));
        assert_eq!(Config::load(Overrides { allow_plain: true, ..overrides }).unwrap().unserved(), None);
    }
}
