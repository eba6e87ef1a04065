//! What a person may set, in `config.toml`: read from a text, printed as one.

mod bindings;
mod document;
mod error;
pub mod keymap;
pub mod keyname;
mod print;
mod read;

pub use error::{ConfigError, Problem};
pub use keymap::Keymap;
pub use print::print;

pub(crate) use document::{Choice, Document, Section, Value, instead, read_file, shown};

use crate::{app::people::Level, theme::Ground};
use shared::{Address, Nickname, RoomName};
use std::path::{Path, PathBuf};

/// Everything that a person may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The theme's name.
    pub theme: String,
    /// The language of what the program says.
    pub language: Language,
    /// The program takes the mouse.
    pub mouse: bool,
    /// The terminal's ground; unknown: the terminal is asked.
    pub ground: Ground,
    /// Words that stand out as the own nickname does.
    pub highlight: Vec<String>,
    /// How to call a person.
    pub notifications: Notifications,
    /// The keys.
    pub keymap: Keymap,
    /// Servers with names.
    pub servers: Vec<Server>,
}

/// The language of what the program says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The environment's.
    Auto,
    /// English.
    English,
    /// Chinese in simplified characters.
    Chinese,
}

/// Ways to call a person, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// The terminal's bell.
    pub bell: bool,
    /// A notification by OSC 9.
    pub osc9: bool,
    /// A notification by OSC 777.
    pub osc777: bool,
    /// The unread count in the window's title.
    pub title: bool,
    /// For which messages in rooms.
    pub rooms: Level,
    /// For which direct messages.
    pub direct: Level,
}

/// A server with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name; no two have the same one.
    pub name: String,
    /// Where it is. The room of a link is in `room`.
    pub address: Address,
    /// The nickname there.
    pub nickname: Option<Nickname>,
    /// The room to open.
    pub room: Option<RoomName>,
    /// Speak plain text to it, even if it is not on this machine.
    pub no_tls: bool,
    /// The one to go to if none is named.
    pub is_default: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: crate::theme::DEFAULT.into(),
            language: Language::Auto,
            mouse: false,
            ground: Ground::Unknown,
            highlight: Vec::new(),
            notifications: Notifications::default(),
            keymap: Keymap::default(),
            servers: Vec::new(),
        }
    }
}

impl Default for Notifications {
    fn default() -> Self {
        Self { bell: true, osc9: false, osc777: false, title: true, rooms: Level::Mentions, direct: Level::All }
    }
}

impl Choice for Language {
    const NAMES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("en", Self::English), ("zh-CN", Self::Chinese)];
}

impl Choice for Level {
    const NAMES: &'static [(&'static str, Self)] =
        &[("all", Self::All), ("mentions", Self::Mentions), ("none", Self::None)];
}

impl Choice for Ground {
    const NAMES: &'static [(&'static str, Self)] =
        &[("auto", Self::Unknown), ("light", Self::Light), ("dark", Self::Dark)];
}

impl Config {
    /// Reads a configuration. The file's name stands in the errors. Any theme's name is taken.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        read::read(text, file, None)
    }

    /// Reads a file; without one, the defaults hold. The theme must be there, too.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let Some(text) = read_file(path)? else { return Ok(Self::default()) };
        let own = crate::theme::found(&Self::themes(path));
        let themes: Vec<&str> =
            crate::theme::Theme::names().iter().copied().chain(own.iter().map(String::as_str)).collect();
        read::read(&text, &shown(path), Some(&themes))
    }

    /// Where the file lies, if the user has a home directory.
    pub fn path() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "parlor").map(|dirs| dirs.config_dir().join("config.toml"))
    }

    /// The folder of the user's own themes, beside the file.
    pub fn themes(path: &Path) -> PathBuf {
        path.with_file_name("themes")
    }

    /// The server of a name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// The server to go to if none is named.
    pub fn default_server(&self) -> Option<&Server> {
        self.servers.iter().find(|server| server.is_default)
    }
}
