//! `parlor-server`: the server alone, for a machine that runs it headless.

use clap::Parser;
use server::{Config, Running, config::Overrides};
use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// The chat server of Parlor.
#[derive(Debug, Parser)]
#[command(name = "parlor-server", version)]
struct Arguments {
    /// Address and port to listen on; may be given several times [default: port 12231 on loopback]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,
    /// Where everything is kept [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve plain text beyond loopback, too
    #[arg(long)]
    allow_plain: bool,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("PARLOR_LOG").unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlor-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { listen, data_dir, config, allow_plain } = arguments;
    let config = Config::load(Overrides { listen, data_dir, config, allow_plain })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = runtime.block_on(async {
        let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = server::start(config)?;
        announce(&server)?;
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
            () = server.ended() => {}
        }
        anyhow::Ok(server)
    })?;
    server.stop()
}

/// One line an address, with the real port: whoever started the server may connect now.
fn announce(server: &Running) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for address in &server.addresses {
        writeln!(out, "listening on {address}")?;
    }
    out.flush()
}
