//! `parlor --host`: the server inside.

use crate::address::Address;
use anyhow::Context;
use server::{
    Config, Running,
    config::{Listen, Overrides},
};
use std::{net::SocketAddr, path::Path};

/// Starts the server on an address, its data beside the client's. Gives it, and where it is to be joined.
pub(crate) fn start(at: SocketAddr, data_dir: &Path, allow_plain: bool) -> anyhow::Result<(Running, Address)> {
    let overrides = Overrides { listen: vec![at], data_dir: Some(data_dir.join("server")), config: None, allow_plain };
    let mut config = Config::load(overrides)?;
    config.listen = vec![Listen { address: at, required: true }];
    let running = server::start(config)
        .with_context(|| format!("the server can't be hosted; if one is there already, join it: parlor {at}"))?;
    let place = running.addresses.first().copied().context("the server listens nowhere")?;
    // Whoever listens everywhere is joined on this machine.
    let host = if place.ip().is_unspecified() { "127.0.0.1".to_owned() } else { place.ip().to_string() };
    Ok((running, Address { host, port: place.port(), room: None }))
}
