//! `parlor-server`: the server alone, for a machine that runs it headless.

use clap::Parser;
use sd_notify::NotifyState;
use server::{
    Config, Running,
    cli::{Cli, Place, Serve, run},
    config::{LogFormat, Overrides},
};
use std::{
    io::{IsTerminal, Write, stderr},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let Cli { command, serve } = Cli::parse();
    let Serve { listen, allow_plain, place: Place { data_dir, config } } = serve;
    let overrides = Overrides { listen, data_dir, config, allow_plain };
    let result = match command {
        Some(command) => run(command, overrides),
        None => serve_until_told(overrides),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlor-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PARLOR_LOG").unwrap_or_else(|_| "info".into());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_target(false);
    match format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}

fn serve_until_told(overrides: Overrides) -> anyhow::Result<()> {
    let config = Config::load(overrides)?;
    log(config.log);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = runtime.block_on(async {
        let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let mut hangup = signal(SignalKind::hangup())?;
        let server = server::start(config)?;
        announce(&server)?;
        tell_system(&[NotifyState::Ready]);
        loop {
            tokio::select! {
                _ = term.recv() => break,
                _ = interrupt.recv() => break,
                () = server.ended() => break,
                _ = hangup.recv() => reload(&server).await,
            }
        }
        tell_system(&[NotifyState::Stopping]);
        anyhow::Ok(server)
    })?;
    server.stop()
}

async fn reload(server: &Running) {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell_system(&[NotifyState::Reloading, now]);
    }
    if let Err(error) = server.reload().await {
        tracing::error!(error, "configuration_not_reloaded");
    }
    tell_system(&[NotifyState::Ready]);
}

/// Tells the service manager, if one wants to know.
fn tell_system(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "service_manager_not_told");
    }
}

/// One line an address, with the real port: whoever started the server may connect now.
fn announce(server: &Running) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for address in &server.addresses {
        writeln!(out, "listening on {address}")?;
    }
    out.flush()
}
