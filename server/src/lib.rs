//! The room server of Parlor: one loop for the sockets, one thread for the journal, and between them a hub of plain rules.
//!
//! [`start`] runs a server in a thread of its own; the binary and `parlor --host` are thin shells around it.

mod clock;
pub mod config;
pub mod engine;
pub mod hub;
pub mod ids;
pub mod journal;
mod serve;
mod session;
pub mod tail;
pub mod upkeep;

pub use clock::WallClock;
pub use config::Config;

use anyhow::Context;
use clock::Clock;
use engine::Engine;
use hub::Hub;
use journal::{SqliteJournal, lock_directory};
use serve::Server;
use std::{net::SocketAddr, thread::JoinHandle};
use tokio::sync::{mpsc::unbounded_channel, watch};

/// A server that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the real ports.
    pub addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Comes when the server has ended by itself.
    pub async fn ended(&self) {
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
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
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("the data directory {} can't be made", config.data_dir.display()))?;
    if let Some(address) = config.unserved() {
        tracing::warn!(%address, "other machines get tls_required there: plain text is only served to them with --allow-plain");
    }
    let lock = lock_directory(&config.data_dir)?;
    let listeners = serve::bind(&config.listen)?;
    let addresses = listeners.iter().map(std::net::TcpListener::local_addr).collect::<Result<_, _>>()?;
    let (outputs, from_journal) = unbounded_channel();
    let (journal, stored) = SqliteJournal::open(&config.data_dir, &config.journal, &outputs)?;
    let clock = Clock::new(config.journal.wall.clone());
    let now = clock.now();
    let hub = Hub::new(config.rules.clone(), stored, format!("g{:x}", now.wall), now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = watch::channel(false);
    let (ending, ended) = watch::channel(false);
    let thread = std::thread::Builder::new().name("server".into()).spawn(move || {
        let result = runtime.block_on(async {
            let engine = Engine::new(&config, hub, Box::new(journal), now);
            Server::new(engine, from_journal, listeners, clock)?.run(stopped).await
        });
        if let Err(error) = &result {
            tracing::error!(error = %format!("{error:#}"), "server_failed");
        }
        let _ = ending.send(true);
        drop(lock);
        result
    })?;
    Ok(Running { addresses, stop, ended, thread })
}
