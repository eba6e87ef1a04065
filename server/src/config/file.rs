//! The configuration file, as it is written.

use super::Caps;
use crate::{
    hub::{Access, Rules},
    tls,
};
use anyhow::Context;
use serde::{Deserialize, Deserializer, de::Error};
use shared::{identity::PublicKey, network::Network};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// How lines are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) listen: Option<Vec<SocketAddr>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) allow_plain: bool,
    pub(super) tls: Option<Tls>,
    pub(super) name: Option<String>,
    pub(super) access: Access,
    #[serde(deserialize_with = "keys")]
    pub(super) keys: Vec<PublicKey>,
    #[serde(deserialize_with = "keys")]
    pub(super) operators: Vec<PublicKey>,
    pub(super) motd: String,
    pub(super) log: LogFormat,
    pub(super) metrics: Option<SocketAddr>,
    #[serde(deserialize_with = "networks")]
    pub(super) proxies: Vec<Network>,
    pub(super) limits: Limits,
    pub(super) retention: Retention,
    pub(super) journal: Journal,
}

impl Default for File {
    fn default() -> Self {
        Self {
            listen: None,
            data_dir: None,
            allow_plain: false,
            tls: None,
            name: None,
            access: Access::Open,
            keys: Vec::new(),
            operators: Vec::new(),
            motd: String::new(),
            log: LogFormat::default(),
            metrics: None,
            proxies: Vec::new(),
            limits: Limits::default(),
            retention: Retention::default(),
            journal: Journal::default(),
        }
    }
}

/// `"auto"`, `"off"`, or files.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "tls is \"auto\", \"off\", or { cert = FILE, key = FILE }")]
pub(super) enum Tls {
    Word(TlsWord),
    Files(TlsFiles),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TlsWord {
    Auto,
    Off,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsFiles {
    cert: PathBuf,
    key: PathBuf,
}

impl From<Tls> for tls::Source {
    fn from(written: Tls) -> Self {
        match written {
            Tls::Word(TlsWord::Auto) => Self::Own,
            Tls::Word(TlsWord::Off) => Self::Off,
            Tls::Files(TlsFiles { cert, key }) => Self::Files { cert, key },
        }
    }
}

/// What is absent is as it is by default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    connections: Option<usize>,
    connections_per_address: Option<usize>,
    connections_not_logged_in: Option<usize>,
    rooms: Option<usize>,
    members: Option<usize>,
    rooms_per_session: Option<usize>,
    rooms_per_person: Option<usize>,
    sessions_per_person: Option<usize>,
    claims_per_key: Option<usize>,
    claims_per_address_h: Option<u32>,
    claims_unused_days: Option<u32>,
    sends_per_s: Option<u32>,
    sends_per_address_s: Option<u32>,
    queries_per_s: Option<u32>,
    queries_per_address_s: Option<u32>,
    failed_logins_per_address_min: Option<u32>,
    #[serde(deserialize_with = "some_networks")]
    exempt: Option<Vec<Network>>,
}

impl Limits {
    pub(super) fn caps(&self) -> Caps {
        let default = Caps::default();
        Caps {
            connections: self.connections.unwrap_or(default.connections),
            per_address: self.connections_per_address.unwrap_or(default.per_address),
            strangers: self.connections_not_logged_in.unwrap_or(default.strangers),
            exempt: self.exempt.clone().unwrap_or(default.exempt),
        }
    }

    pub(super) fn rules(&self, rest: Rules) -> Rules {
        Rules {
            rooms: self.rooms.unwrap_or(rest.rooms),
            members: self.members.unwrap_or(rest.members),
            rooms_per_session: self.rooms_per_session.unwrap_or(rest.rooms_per_session),
            rooms_per_person: self.rooms_per_person.unwrap_or(rest.rooms_per_person),
            sessions_per_person: self.sessions_per_person.unwrap_or(rest.sessions_per_person),
            claims_per_key: self.claims_per_key.unwrap_or(rest.claims_per_key),
            claims_per_address_h: self.claims_per_address_h.unwrap_or(rest.claims_per_address_h),
            claims_unused_days: self.claims_unused_days.unwrap_or(rest.claims_unused_days),
            sends_per_s: self.sends_per_s.unwrap_or(rest.sends_per_s),
            sends_per_address_s: self.sends_per_address_s.unwrap_or(rest.sends_per_address_s),
            queries_per_s: self.queries_per_s.unwrap_or(rest.queries_per_s),
            queries_per_address_s: self.queries_per_address_s.unwrap_or(rest.queries_per_address_s),
            failed_logins_per_address_min: self
                .failed_logins_per_address_min
                .unwrap_or(rest.failed_logins_per_address_min),
            ..rest
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Retention {
    pub(super) days: u32,
    pub(super) entries: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Journal {
    pub(super) max_mib: Option<u64>,
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().map_err(Error::custom)
}

fn some_networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Network>>, D::Error> {
    networks(deserializer).map(Some)
}

fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PublicKey>, D::Error> {
    let key = |text: &String| {
        PublicKey::parse(text).ok_or_else(|| {
            Error::custom(format!("{text:?} is no key; one has 43 characters, and `parlor key show` prints it"))
        })
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(key).collect()
}

pub(super) fn read(path: &Path) -> anyhow::Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the configuration {} can't be read", path.display()))?;
    // The error names line, column and key, and shows the line.
    toml::from_str(&text).map_err(|error| anyhow::anyhow!("the configuration {} is wrong: {error}", path.display()))
}
