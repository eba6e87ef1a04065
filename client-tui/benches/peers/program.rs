//! The programs that are compared: how each is set up and started, and how one sees that it is in the room.

use super::{
    feeder::ROOM,
    screen::Screen,
    service::{Dialect, Service, find},
    tty::Tty,
};
use anyhow::Context;
use portable_pty::CommandBuilder;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// As whom the measured client comes; nobody in the talk has this name, so nothing is highlighted.
const NICKNAME: &str = "listener";
/// What still goes on for a moment after a join.
const AFTER_JOIN: Duration = Duration::from_millis(500);

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    /// Ours.
    Parlor,
    /// A peer.
    WeeChat,
    /// A peer.
    Irssi,
    /// What the machine itself takes: a shell and `cat`.
    Floor,
}

impl Program {
    /// All, in the order of the table.
    pub(crate) const ALL: [Self; 4] = [Self::Parlor, Self::WeeChat, Self::Irssi, Self::Floor];
    /// Those that Parlor is compared with.
    pub(crate) const PEERS: [Self; 2] = [Self::WeeChat, Self::Irssi];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parlor => "Parlor",
            Self::WeeChat => "WeeChat",
            Self::Irssi => "irssi",
            Self::Floor => "floor",
        }
    }

    /// What it needs and is not installed.
    pub(crate) fn missing(self) -> Option<&'static str> {
        let needs: &[&str] = match self {
            Self::Parlor | Self::Floor => &[],
            Self::WeeChat => &["weechat", "ngircd"],
            Self::Irssi => &["irssi", "ngircd"],
        };
        needs.iter().find(|program| find(program).is_none()).copied()
    }

    /// A server for it; for the floor, the one whose load it is to stand beside.
    pub(crate) fn serve(self) -> anyhow::Result<Service> {
        Service::start(match self {
            Self::Parlor | Self::Floor => Dialect::Parlor,
            Self::WeeChat | Self::Irssi => Dialect::Irc,
        })
    }

    /// A directory in which it was never started, with what it has to know of the server. The peers keep all history, as
    /// Parlor does.
    pub(crate) fn home(self, service: &Service) -> anyhow::Result<TempDir> {
        let home = tempfile::tempdir()?;
        let port = service.address.port();
        let write = |name: &str, text: String| fs::write(home.path().join(name), text);
        match self {
            Self::Parlor | Self::Floor => {}
            Self::WeeChat => {
                write("weechat.conf", "[history]\nmax_buffer_lines_number = 0\n".into())?;
                write(
                    "irc.conf",
                    format!(
                        "[server]\npeers.addresses = \"127.0.0.1/{port}\"\npeers.autoconnect = on\n\
                         peers.autojoin = \"{ROOM}\"\npeers.nicks = \"{NICKNAME}\"\n"
                    ),
                )?;
            }
            Self::Irssi => write(
                "config",
                format!(
                    "servers = ( {{ address = \"127.0.0.1\"; chatnet = \"peers\"; port = \"{port}\"; autoconnect = \"yes\"; }} );\n\
                     chatnets = {{ peers = {{ type = \"IRC\"; }}; }};\n\
                     channels = ( {{ name = \"{ROOM}\"; chatnet = \"peers\"; autojoin = \"yes\"; }} );\n\
                     settings = {{\n\
                     core = {{ real_name = \"{NICKNAME}\"; user_name = \"{NICKNAME}\"; nick = \"{NICKNAME}\"; }};\n\
                     \"fe-common/core\" = {{ autocreate_windows = \"no\"; use_status_window = \"no\"; }};\n\
                     \"fe-text\" = {{ scrollback_lines = \"0\"; scrollback_time = \"0\"; }};\n\
                     }};\n"
                ),
            )?,
        }
        Ok(home)
    }

    /// Starts it, on its way to the room.
    pub(crate) fn start(self, service: &Service, home: &Path) -> anyhow::Result<Tty> {
        let mut command = CommandBuilder::new(self.binary()?);
        match self {
            Self::Parlor => {
                command.args([&service.address.to_string(), "--nick", NICKNAME, "--room", ROOM, "--data-dir"]);
            }
            Self::WeeChat => command.arg("--dir"),
            Self::Irssi => command.arg("--home"),
            Self::Floor => anyhow::bail!("the floor goes into no room"),
        }
        command.arg(home);
        Tty::start(command)
    }

    fn binary(self) -> anyhow::Result<PathBuf> {
        match self {
            Self::Parlor => Ok(env!("CARGO_BIN_EXE_parlor").into()),
            Self::WeeChat => find("weechat").context("weechat is not installed"),
            Self::Irssi => find("irssi").context("irssi is not installed"),
            Self::Floor => find("sh").context("there is no sh"),
        }
    }

    /// True if the screen shows that it is in the room.
    pub(crate) fn is_in_room(self, screen: &str) -> bool {
        match self {
            Self::Parlor => screen.contains(&format!("{NICKNAME} (you)")),
            Self::WeeChat | Self::Irssi => screen.contains(&format!("has joined {ROOM}")),
            Self::Floor => false,
        }
    }

    /// Starts it and waits until it is in the room and at rest. The floor only gives back what is typed.
    pub(crate) fn join(self, service: &Service, home: &Path) -> anyhow::Result<(Tty, Screen)> {
        let mut screen = Screen::new();
        let tty = if self == Self::Floor {
            let tty = shell("stty raw -echo; echo ready; exec cat")?;
            screen.until(&tty, tty.started, "a ready floor", |screen| screen.contains("ready"))?;
            tty
        } else {
            let tty = self.start(service, home)?;
            screen.until(&tty, tty.started, "the room", |screen| self.is_in_room(screen))?;
            tty
        };
        thread::sleep(AFTER_JOIN);
        Ok((tty, screen))
    }
}

/// A shell script in a terminal.
pub(crate) fn shell(script: &str) -> anyhow::Result<Tty> {
    let mut command = CommandBuilder::new(find("sh").context("there is no sh")?);
    command.args(["-c", script]);
    Tty::start(command)
}
