//! Which certificate a server is known by: the one that a link names, else the one of the first connection.
//!
//! The file `known_servers` has a line for each server: its address, what it was known by (`pinned`, or `public` where a
//! public authority vouched for it), and the fingerprint that was seen last. Taking a line out forgets the server.

use shared::{Address, identity::Pin};
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

const FILE: &str = "known_servers";

/// What a server is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// By this certificate alone.
    Pinned(Pin),
    /// By whatever certificate a public authority gives it; this one was the last.
    Public(Pin),
}

impl Known {
    /// The fingerprint that was seen last.
    pub fn pin(self) -> Pin {
        match self {
            Self::Pinned(pin) | Self::Public(pin) => pin,
        }
    }
}

/// The servers that are known.
#[derive(Debug, Clone)]
pub struct KnownServers {
    path: PathBuf,
}

impl KnownServers {
    /// Those of a client's data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE) }
    }

    /// Where they are written down.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a server is known by. An error: the file can't be read; that is not the same as a server that is new.
    pub fn find(&self, address: &Address) -> io::Result<Option<Known>> {
        let name = name_of(address);
        let text = self.text()?;
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(&name));
        line.map(|line| {
            read(line).ok_or_else(|| {
                let damaged = format!("{} is damaged in the line of {name}", self.path.display());
                io::Error::new(ErrorKind::InvalidData, damaged)
            })
        })
        .transpose()
    }

    /// Keeps what a server is known by from now on.
    pub fn remember(&self, address: &Address, known: Known) -> io::Result<()> {
        if self.find(address).ok().flatten() == Some(known) {
            return Ok(());
        }
        let name = name_of(address);
        let (word, pin) = match known {
            Known::Pinned(pin) => ("pinned", pin),
            Known::Public(pin) => ("public", pin),
        };
        let text = self.text()?;
        let others = text.lines().filter(|line| line.split_whitespace().next() != Some(&name));
        let mut lines: Vec<&str> = others.collect();
        let line = format!("{name} {word} {pin}");
        lines.push(&line);
        self.write(&(lines.join("\n") + "\n"))
    }

    fn text(&self) -> io::Result<String> {
        match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            result => result,
        }
    }

    /// All or nothing: a file that was cut off would forget servers.
    fn write(&self, text: &str) -> io::Result<()> {
        let new = self.path.with_extension(format!("new-{}", std::process::id()));
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

fn name_of(address: &Address) -> String {
    address.to_string().to_lowercase()
}

fn read(line: &str) -> Option<Known> {
    let mut words = line.split_whitespace().skip(1);
    let kind: fn(Pin) -> Known = match words.next()? {
        "pinned" => Known::Pinned,
        "public" => Known::Public,
        _ => return None,
    };
    Some(kind(Pin::parse(words.next()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_what_was_remembered_last() {
        let directory = tempfile::tempdir().unwrap();
        let known = KnownServers::new(directory.path());
        let (one, other) = (Address::new("Chat.example.org", 5), Address::new("chat.example.org", 6));
        assert_eq!(known.find(&one).unwrap(), None);
        known.remember(&one, Known::Pinned(Pin::new([1; 32]))).unwrap();
        known.remember(&other, Known::Public(Pin::new([2; 32]))).unwrap();
        known.remember(&one, Known::Pinned(Pin::new([3; 32]))).unwrap();
        let again = KnownServers::new(directory.path());
        assert_eq!(again.find(&Address::new("chat.example.org", 5)).unwrap(), Some(Known::Pinned(Pin::new([3; 32]))));
        assert_eq!(again.find(&other).unwrap(), Some(Known::Public(Pin::new([2; 32]))));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn a_damaged_line_is_no_new_server() {
        let directory = tempfile::tempdir().unwrap();
        let known = KnownServers::new(directory.path());
        fs::write(known.path(), "a:1 pinned nonsense\nb:2 who-knows\n").unwrap();
        assert!(known.find(&Address::new("a", 1)).is_err() && known.find(&Address::new("b", 2)).is_err());
        assert_eq!(known.find(&Address::new("c", 3)).unwrap(), None);
    }
}
