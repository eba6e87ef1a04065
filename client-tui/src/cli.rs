//! The command line.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::{net::SocketAddr, path::PathBuf};

/// A chat for people who live in terminals.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of opening the screen.
    #[command(subcommand)]
    pub script: Option<Script>,
    /// The screen's own arguments.
    #[command(flatten)]
    pub screen: Screen,
}

/// Arguments of the full-screen client.
#[derive(Debug, Args)]
pub struct Screen {
    /// HOST, HOST:PORT or a parlor:// link
    pub server: Option<String>,
    /// The nickname [default: the saved one, else the login name]
    #[arg(long, value_name = "NAME")]
    pub nick: Option<String>,
    /// The room to open [default: the saved one, else #lobby]
    #[arg(long)]
    pub room: Option<String>,
    /// Where key, outbox, drafts and history are kept [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Speak plain text to a server that is not on this machine
    #[arg(long)]
    pub no_tls: bool,
    /// Run the server inside, and join it
    #[cfg(feature = "host")]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:12231", conflicts_with = "server")]
    pub host: Option<SocketAddr>,
    /// A scripted, busy world without a network, to try everything in
    #[arg(long, conflicts_with_all = ["server", "nick", "room"])]
    pub demo: bool,
    /// One line an event and a plain prompt, for screen readers and simple terminals
    #[arg(long)]
    pub plain: bool,
    /// The language: en or zh-CN [default: the environment's]
    #[arg(long, value_name = "LANG")]
    pub lang: Option<String>,
    /// The theme, instead of the configured one
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// The configuration [default: config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Ways to talk without a screen.
#[derive(Debug, Subcommand)]
pub enum Script {
    /// Say something and exit: 0 only once it is stored
    Send {
        /// HOST, HOST:PORT or a parlor:// link
        server: String,
        /// #room, or @nickname
        room: String,
        /// The text; - or nothing reads it from standard input
        text: Option<String>,
        /// The message's id: a job that is tried again posts once
        #[arg(long, value_name = "KEY")]
        once: Option<String>,
        /// What is common to both
        #[command(flatten)]
        common: Common,
    },
    /// Print the effective configuration, every key with what it means
    Config(Shown),
    /// Print what is said in a room
    Tail {
        /// HOST, HOST:PORT or a parlor:// link
        server: String,
        /// #room, or @ for the inbox
        room: String,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// The newest N entries first
        #[arg(long, value_name = "N", conflicts_with_all = ["since", "cursor"])]
        last: Option<u64>,
        /// Entries behind this seq
        #[arg(long, value_name = "SEQ", conflicts_with = "cursor")]
        since: Option<u64>,
        /// Go on where the last run with this name ended
        #[arg(long, value_name = "NAME")]
        cursor: Option<String>,
        /// Stay, and print what comes
        #[arg(long)]
        follow: bool,
        /// What is common to both
        #[command(flatten)]
        common: Common,
    },
    /// Show, export or import the key that is you
    #[command(subcommand)]
    Key(Key),
    /// Print what a shell needs to complete the command line
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a directory
    Man {
        /// Where they go; it is made if it is not there
        dir: PathBuf,
    },
}

/// Arguments of `parlor config`.
#[derive(Debug, Args)]
pub struct Shown {
    /// The configuration [default: config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What can be done with the key in the data directory.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Print the public key
    Show {
        /// Where the key is kept [default: the user's data directory]
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Write the key into a file that only a passphrase opens
    Export(Travel),
    /// Take the key out of a file that `parlor key export` or `ssh-keygen -t ed25519` made
    Import {
        /// Put it in the place of another key, which is kept beside
        #[arg(long)]
        replace: bool,
        /// The file, and what opens it
        #[command(flatten)]
        travel: Travel,
    },
}

/// From where to where a key goes, and what protects it on the way.
#[derive(Debug, Args)]
pub struct Travel {
    /// The file; - is standard input or output
    pub file: PathBuf,
    /// Where the key is kept [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A file whose first line is the passphrase [default: what `PARLOR_PASSPHRASE` says, else it is asked for]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Arguments of every script.
#[derive(Debug, Args)]
pub struct Common {
    /// The nickname [default: the saved one, else the login name]
    #[arg(long, value_name = "NAME")]
    pub nick: Option<String>,
    /// Where the key and named cursors are kept [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Speak plain text to a server that is not on this machine
    #[arg(long)]
    pub no_tls: bool,
}

/// Where to host, if that is asked for.
pub fn host(screen: &Screen) -> Option<SocketAddr> {
    #[cfg(feature = "host")]
    return screen.host;
    #[cfg(not(feature = "host"))]
    {
        let _ = screen;
        None
    }
}
