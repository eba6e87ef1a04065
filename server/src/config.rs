//! What an operator may set: command line over file over default.

use crate::{WallClock, hub::Rules, journal};
use anyhow::Context;
use serde::Deserialize;
use shared::limits::DEFAULT_PORT;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
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
    /// What the hub keeps to.
    pub rules: Rules,
    /// How many connections.
    pub caps: Caps,
    /// The journal's own.
    pub journal: journal::Settings,
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
    /// Addresses for which caps and rates do not hold.
    pub exempt: Vec<Network>,
}

impl Default for Caps {
    fn default() -> Self {
        let exempt = vec![
            Network { address: Ipv4Addr::new(127, 0, 0, 0).into(), prefix: 8 },
            Network { address: Ipv6Addr::LOCALHOST.into(), prefix: 128 },
        ];
        Self { connections: 20_000, per_address: 64, exempt }
    }
}

impl Caps {
    /// True if caps and rates do not hold for this address.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|network| network.contains(address))
    }
}

/// A network, as `127.0.0.0/8`; a lone address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// True if the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (a, b, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
            _ => return false,
        };
        let host_bits = width - self.prefix;
        host_bits >= 128 || a >> host_bits == b >> host_bits
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let wrong = || format!("{text:?} is no network; one looks like 10.0.0.0/8, ::1 or fd00::/8");
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(width), str::parse).map_err(|_| wrong())?;
        if prefix > width { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

/// The configuration file, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<Vec<SocketAddr>>,
    data_dir: Option<PathBuf>,
    allow_plain: bool,
    motd: String,
    limits: Limits,
    journal: JournalFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    connections: Option<usize>,
    connections_per_address: Option<usize>,
    rooms: Option<usize>,
    members: Option<usize>,
    rooms_per_session: Option<usize>,
    sessions_per_person: Option<usize>,
    sends_per_s: Option<u32>,
    queries_per_s: Option<u32>,
    #[serde(deserialize_with = "networks")]
    exempt: Option<Vec<Network>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct JournalFile {
    max_mib: Option<u64>,
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Network>>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().map(Some).map_err(serde::de::Error::custom)
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
        let file = overrides.config.as_deref().map_or(Ok(File::default()), read_file)?;
        let explicit = if overrides.listen.is_empty() { file.listen } else { Some(overrides.listen) };
        let data_dir = match overrides.data_dir.or(file.data_dir) {
            Some(directory) => directory,
            None => default_data_dir()?,
        };
        let (limits, rules, caps) = (file.limits, Rules::default(), Caps::default());
        Ok(Self {
            listen: explicit.map_or_else(default_listen, |addresses| {
                addresses.into_iter().map(|address| Listen { address, required: true }).collect()
            }),
            data_dir,
            allow_plain: overrides.allow_plain || file.allow_plain,
            rules: Rules {
                rooms: limits.rooms.unwrap_or(rules.rooms),
                members: limits.members.unwrap_or(rules.members),
                rooms_per_session: limits.rooms_per_session.unwrap_or(rules.rooms_per_session),
                sessions_per_person: limits.sessions_per_person.unwrap_or(rules.sessions_per_person),
                sends_per_s: limits.sends_per_s.unwrap_or(rules.sends_per_s),
                queries_per_s: limits.queries_per_s.unwrap_or(rules.queries_per_s),
                motd: file.motd,
            },
            caps: Caps {
                connections: limits.connections.unwrap_or(caps.connections),
                per_address: limits.connections_per_address.unwrap_or(caps.per_address),
                exempt: limits.exempt.unwrap_or(caps.exempt),
            },
            journal: journal::Settings { max_mib: file.journal.max_mib, wall: WallClock::default() },
        })
    }

    /// The first address that other machines reach without being served: they would have to be served plain text.
    pub fn unserved(&self) -> Option<SocketAddr> {
        let beyond = |listen: &&Listen| !listen.address.ip().to_canonical().is_loopback();
        self.listen.iter().find(beyond).filter(|_| !self.allow_plain).map(|listen| listen.address)
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

fn read_file(path: &Path) -> anyhow::Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the configuration {} can't be read", path.display()))?;
    // The error names line, column and key, and shows the line.
    toml::from_str(&text).map_err(|error| anyhow::anyhow!("the configuration {} is wrong: {error}", path.display()))
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
            format!("{:?}", Config::load(overrides).unwrap()).replace("required: false", "required: true")
        };
        assert_eq!(load(Some(sample.into())), load(None));
    }

    #[test]
    fn plain_text_beyond_loopback_must_be_wanted() {
        let listen: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap(), "0.0.0.0:0".parse().unwrap()];
        let overrides = Overrides { listen: listen.clone(), data_dir: Some("x".into()), ..Overrides::default() };
        assert_eq!(Config::load(overrides.clone()).unwrap().unserved(), Some(listen[1]));
        assert_eq!(Config::load(Overrides { allow_plain: true, ..overrides }).unwrap().unserved(), None);
    }

    #[test]
    fn networks_contain_their_addresses() {
        let network: Network = "127.0.0.0/8".parse().unwrap();
        assert!(network.contains("127.3.2.1".parse().unwrap()));
        assert!(network.contains("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!network.contains("128.0.0.1".parse().unwrap()));
        assert!("fd00::/8".parse::<Network>().unwrap().contains("fd12::1".parse().unwrap()));
        assert!("::/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
    }
}
