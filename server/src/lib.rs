//! The room server of Parlor: one loop for the sockets, one thread for the journal, and between them a hub of plain rules.
//!
//! [`start`] runs a server in a thread of its own; the binary and `parlor --host` are thin shells around it.

pub mod admin;
pub mod cli;
mod clock;
pub mod config;
pub mod engine;
pub mod hub;
pub mod ids;
pub mod journal;
pub mod metrics;
mod serve;
mod session;
pub mod tail;
pub mod tls;
pub mod upkeep;

pub use clock::WallClock;
pub use config::Config;

use admin::Commands;
use anyhow::Context;
use clock::Clock;
use engine::Engine;
use hub::Hub;
use journal::{SqliteJournal, lock_directory};
use serve::{Desk, Server};
use std::{net::SocketAddr, os::unix::fs::DirBuilderExt, thread::JoinHandle};
use tokio::sync::{mpsc::unbounded_channel, watch};

/// A server that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the real ports.
    pub addresses: Vec<SocketAddr>,
    commands: Commands,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Comes when the server has ended by itself.
    pub async fn ended(&self) {
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Reads the configuration again. An error says what is wrong in it; nothing has changed then.
    pub async fn reload(&self) -> Result<(), String> {
        admin::ask(&self.commands, admin::Order::Reload).await.error.map_or(Ok(()), Err)
    }

    /// Tells everybody, writes what is owed, and ends. An error says why the server had failed before.
    pub fn stop(self) -> anyhow::Result<()> {
        // If it has ended already, nobody listens.
        let _ = self.stop.send(true);
        self.thread.join().map_err(|_| anyhow::anyhow!("the server's thread has panicked"))?
    }
}

/// Opens everything and starts to serve. What is wrong is said before anybody is let in.
pub fn start(config: Config) -> anyhow::Result<Running> {
    // Direct messages and keys lie there: it is its owner's alone.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .with_context(|| format!("the data directory {} can't be made", config.data_dir.display()))?;
    if let Some(address) = config.unserved() {
        tracing::warn!(%address, "other machines get tls_required there: plain text is only served to them with --allow-plain");
    }
    let lock = lock_directory(&config.data_dir)?;
    let listeners = match serve::inherited()? {
        inherited if !inherited.is_empty() => inherited,
        _ => serve::bind(&config.listen)?,
    };
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(std::net::TcpListener::local_addr).collect::<Result<_, _>>()?;
    let (outputs, from_journal) = unbounded_channel();
    let written = serve::written(&config.tls);
    let certificate = tls::load(&config.tls, &config.data_dir)?;
    let (journal, stored) = SqliteJournal::open(&config.data_dir, &config.journal, &outputs)?;
    let clock = Clock::new(config.journal.wall.clone());
    let now = clock.now();
    let hub = Hub::new(config.rules.clone(), stored, format!("g{:x}", now.wall), now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (door, figures) = {
        let _inside = runtime.enter();
        (admin::bind(&config.data_dir)?, config.metrics.map(serve::bind_figures).transpose()?)
    };
    let (commands, orders) = unbounded_channel();
    let to_loop = commands.clone();
    let places = addresses.iter().map(ToString::to_string).collect();
    let (stop, stopped) = watch::channel(false);
    let (ending, ended) = watch::channel(false);
    let thread = std::thread::Builder::new().name("server".into()).spawn(move || {
        let result = runtime.block_on(async {
            let mut engine = Engine::new(&config, hub, Box::new(journal), now);
            engine.set_tls(certificate.as_ref().map(|certificate| certificate.config.clone()));
            tokio::spawn(admin::serve(door, to_loop.clone()));
            if let Some(listener) = figures {
                tokio::spawn(metrics::serve(listener, to_loop.clone()));
            }
            let desk = Desk::new(config, certificate, written, places, now.mono);
            Server::new(engine, from_journal, listeners, clock, orders, desk)?.run(stopped).await
        });
        if let Err(error) = &result {
            tracing::error!(error = %format!("{error:#}"), "server_failed");
        }
        let _ = ending.send(true);
        drop(lock);
        result
    })?;
    Ok(Running { addresses, commands, stop, ended, thread })
}
