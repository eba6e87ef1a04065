//! `parlor --host`: the server inside.

use anyhow::Context;
use server::{Config, Running, config::Overrides};
use shared::Address;
use std::{net::SocketAddr, path::Path};

/// A server that runs inside this program.
#[derive(Debug)]
pub(crate) struct Hosted {
    running: Running,
    /// Where it is to be joined.
    pub(crate) address: Address,
    /// How others join it, if they can.
    pub(crate) link: Option<String>,
}

impl Hosted {
    /// Starts it on an address, its data beside the client's.
    pub(crate) fn start(at: SocketAddr, data_dir: &Path, allow_plain: bool) -> anyhow::Result<Self> {
        let overrides =
            Overrides { listen: vec![at], data_dir: Some(data_dir.join("server")), config: None, allow_plain };
        let running = server::start(Config::load(overrides)?)
            .with_context(|| format!("the server can't be hosted; if one is there already, join it: parlor {at}"))?;
        let place = running.addresses.first().copied().context("the server listens nowhere")?;
        // Whoever listens everywhere is joined on this machine.
        let host = if place.ip().is_unspecified() { "127.0.0.1".to_owned() } else { place.ip().to_string() };
        let link = (!place.ip().is_loopback()).then(|| {
            let others = if place.ip().is_unspecified() { server::own_address(place) } else { place.ip() };
            Address { pin: running.pin, ..Address::new(others.to_string(), place.port()) }.link()
        });
        Ok(Self { running, address: Address::new(host, place.port()), link })
    }

    /// Ends it: everybody is told, what is owed is written.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.running.stop()
    }
}
