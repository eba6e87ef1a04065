//! Shell completions and manual pages, made from the definitions of a command line.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// Writes what a shell needs to complete a command line.
pub(super) fn completions(mut command: Command, shell: Shell, out: &mut impl Write) -> io::Result<()> {
    let name = command.get_name().to_owned();
    // A reader that has gone away is an error to tell; the generator itself would panic.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    out.write_all(&text)?;
    out.flush()
}

/// Writes the page of a command, and one for each of its subcommands, into a directory, which is made if need be.
pub(super) fn pages(command: Command, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    // At the foot of every page; a subcommand by itself does not know its version.
    let source = format!("{} {}", command.get_name(), command.get_version().unwrap_or_default());
    let mut command = command.disable_help_subcommand(true);
    command.build();
    page(&command, directory, source.trim_end())
}

fn page(command: &Command, directory: &Path, source: &str) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        page(subcommand, directory, source)?;
    }
    Man::new(command.clone()).source(source).generate_to(directory).map(drop)
}
