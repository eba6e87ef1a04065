//! The command line of `parlor-server`.

mod commands;
mod manual;
mod moderation_log;

pub use commands::run;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use shared::{Nickname, RoomName};
use std::{net::SocketAddr, path::PathBuf};

/// The chat server of Parlor.
#[derive(Debug, Parser)]
#[command(name = "parlor-server", version)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What a server is started with.
    #[command(flatten)]
    pub serve: Serve,
}

/// What a server is started with.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on; may be given several times [default: port 12231 on loopback]
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<SocketAddr>,
    /// Serve plain text beyond loopback, too
    #[arg(long)]
    pub allow_plain: bool,
    /// Where things are.
    #[command(flatten)]
    pub place: Place,
}

/// Where things are.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Where everything is kept [default: the user's data directory]
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// A configuration file (TOML)
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// What to do instead of serving. Orders go to the server that runs over the data directory.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read the configuration, say what is wrong in it, and end
    CheckConfig,
    /// How the running server is
    Status {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print a link that lets people in, and a picture of it
    Invite(Invite),
    /// A link lets nobody in any more
    Uninvite {
        /// The link, or its token
        link: String,
    },
    /// Who may do what on the running server, and who may not
    #[command(subcommand)]
    Admin(Admin),
    /// Print the moderation log
    ModerationLog {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// The newest N lines
        #[arg(long, value_name = "N")]
        last: Option<u64>,
    },
    /// Write a verified copy of everything into a file, while the server runs
    Backup {
        /// Must not be there yet
        file: PathBuf,
    },
    /// Put a backup where no journal is; the server must not run. Rooms begin anew for clients
    Restore {
        /// A backup
        file: PathBuf,
    },
    /// Check a backup, or the data directory, row by row
    Verify {
        /// A backup [default: the data directory]
        file: Option<PathBuf>,
    },
    /// Print what was said in a room, or all that is kept of a person, as JSON lines
    Export(Export),
    /// Take out all that a person has said, for good
    Erase {
        /// Whose: a claimed nickname
        #[arg(long, value_name = "NICK")]
        person: Nickname,
        /// Give the nickname back, too
        #[arg(long)]
        release: bool,
    },
    /// Let go what the configuration no longer keeps, and give its space back
    Retention,
    /// Read the configuration of the running server again
    Reload,
    /// Print what a shell needs to complete this command
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write manual pages into a directory
    Man {
        /// The directory
        directory: PathBuf,
    },
}

/// What an invite is good for.
#[derive(Debug, Args)]
pub struct Invite {
    /// The room that it leads to
    #[arg(long, default_value = "#lobby")]
    pub room: String,
    /// How long it is good, as 30m, 12h or 7d; 0: for ever
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub expires: String,
    /// How often it may be used; 0: as often as one likes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub uses: u32,
    /// What people call this machine [default: the configured name, else its address]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// What it is called in the moderation log
    #[arg(long, default_value = "")]
    pub note: String,
    /// The link alone, without its picture
    #[arg(long)]
    pub plain: bool,
}

/// What to print.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Export {
    /// A room
    #[arg(long)]
    pub room: Option<RoomArgument>,
    /// A claimed nickname
    #[arg(long, value_name = "NICK")]
    pub person: Option<Nickname>,
}

/// A room as the command line has it.
#[derive(Debug, Clone)]
pub struct RoomArgument(pub RoomName);

impl std::str::FromStr for RoomArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = if text.starts_with('#') { text.to_owned() } else { format!("#{text}") };
        RoomName::parse(&name).map(Self).map_err(|error| error.to_string())
    }
}

/// Orders about people.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make somebody an operator
    Grant {
        /// A claimed nickname, or a key
        who: String,
    },
    /// Take that back
    Revoke {
        /// A claimed nickname, or a key
        who: String,
    },
    /// End somebody's connections
    Kick {
        /// A nickname
        who: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Keep somebody out
    Ban(Sanction),
    /// End a ban
    Unban {
        /// A nickname, a key, or a network
        who: String,
    },
    /// Keep somebody from talking
    Mute(Sanction),
    /// End that
    Unmute {
        /// A nickname, a key, or a network
        who: String,
    },
    /// How careful the server is: calm, no-new-names, no-new-addresses or read-only
    Alert {
        /// How careful
        level: Level,
    },
    /// A claimed nickname is free again; its direct messages go
    Release {
        /// It
        nickname: Nickname,
    },
}

/// Whom, how long, why.
#[derive(Debug, Args)]
pub struct Sanction {
    /// A nickname, a key, or a network as 10.0.0.0/8
    pub who: String,
    /// How long, as 30m, 12h or 7d [default: until it is ended]
    #[arg(long = "for", value_name = "TIME")]
    pub time: Option<String>,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// How careful a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// Not at all
    Calm,
    /// Neither guests nor new claims
    NoNewNames,
    /// Nobody from where nobody with a key has come from before, either
    NoNewAddresses,
    /// Only moderators talk, either
    ReadOnly,
}
