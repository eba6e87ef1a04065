//! `parlor`: the chat client.

use clap::Parser;
use client_tui::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    client_tui::main(Cli::parse())
}
