//! The person's key: made on the first run, in a file that only its owner can read, durable before it is used.
//!
//! `transfer` reads and writes it as a file that travels, `passphrase` protects that file, `command` is `parlor key`.

mod command;
mod passphrase;
pub mod transfer;

pub(crate) use command::run;
pub use passphrase::{Passphrase, PassphraseError};

use anyhow::{Context, bail, ensure};
use shared::identity::{Identity, KEY_BYTES, base64url};
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const FILE: &str = "key";
const HEAD: &str = "parlor-key-v1 ";

/// The 32 bytes of a key that nobody else may have; they are wiped from memory once they are not needed.
pub type Secret = Zeroizing<[u8; KEY_BYTES]>;

/// The key in a data directory; a new one if there is none.
pub fn load_or_create(directory: &Path) -> anyhow::Result<Identity> {
    let secret = match load(directory)? {
        Some(secret) => secret,
        None => create(directory).with_context(|| unwritten(directory))?,
    };
    Ok(Identity::from_secret(&secret))
}

/// The key in a data directory, if there is one.
pub fn load(directory: &Path) -> anyhow::Result<Option<Secret>> {
    let path = directory.join(FILE);
    let damaged = || format!("the key in {} is damaged; restore it from a copy", path.display());
    bytes(&path)?.map(|bytes| read(&bytes).with_context(damaged)).transpose()
}

/// What became of a key that was put into a data directory.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    New,
    /// It was there already.
    Same,
    /// It is there instead of another one, which this file keeps.
    Replaced(PathBuf),
}

/// Puts a key into a data directory. Another one that is there gives way only if `replace` says so, and is kept beside.
pub fn put(directory: &Path, secret: &Secret, replace: bool) -> anyhow::Result<Put> {
    let path = directory.join(FILE);
    let Some(old) = bytes(&path)? else {
        let there = settle(directory, secret).with_context(|| unwritten(directory))?;
        ensure!(there == *secret, "another key came into {} at the same moment; try again", directory.display());
        return Ok(Put::New);
    };
    let name = match read(&old) {
        Ok(old) if old == *secret => {
            // A run before this one may have ended between the file and its name on the disk.
            sync(directory)?;
            return Ok(Put::Same);
        }
        Ok(old) => Identity::from_secret(&old).public().to_string(),
        // What can't be read may still be of use to somebody.
        Err(_) => "damaged".into(),
    };
    let kept = directory.join(format!("{FILE}.old-{name:.8}"));
    if !replace {
        bail!(
            "{} holds another key already ({name}): the nicknames and direct messages that belong to it would be out of \
             reach. --replace puts the new key in its place and keeps the old one as {}; nothing was changed",
            path.display(),
            kept.display()
        );
    }
    keep(&path, &old, &kept)?;
    // Its second name must outlive a crash before the first one goes.
    sync(directory)?;
    exchange(directory, secret).with_context(|| unwritten(directory))?;
    Ok(Put::Replaced(kept))
}

/// Gives the old key a second name, so that at no moment it is without one.
fn keep(path: &Path, old: &[u8], kept: &Path) -> anyhow::Result<()> {
    match fs::hard_link(path, kept) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("the old key can't be kept as {}", kept.display()));
        }
        _ => {}
    }
    // It may have been kept before; something else of that name stays as it is.
    let there = bytes(kept)?;
    let is_kept = there.is_some_and(|there| *there == *old);
    ensure!(is_kept, "{} is there already and holds something else; give it another name first", kept.display());
    Ok(())
}

fn exchange(directory: &Path, secret: &Secret) -> anyhow::Result<()> {
    fs::rename(write_beside(directory, secret)?, directory.join(FILE))?;
    Ok(sync(directory)?)
}

fn sync(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

fn unwritten(directory: &Path) -> String {
    format!("the key {} can't be written", directory.join(FILE).display())
}

/// What a key file holds, if it is there.
fn bytes(path: &Path) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("the key {} can't be read", path.display())),
    }
}

fn read(bytes: &[u8]) -> anyhow::Result<Secret> {
    let Some(hex) = bytes.trim_ascii().strip_prefix(HEAD.as_bytes()) else { bail!("it does not begin with {HEAD:?}") };
    let mut secret = Secret::default();
    ensure!(hex.len() == 2 * KEY_BYTES, "it is not 32 bytes in hexadecimal");
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in secret.iter_mut().zip(hex.chunks_exact(2)) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { bail!("it is not hexadecimal") };
        *byte = high << 4 | low;
    }
    Ok(secret)
}

fn create(directory: &Path) -> anyhow::Result<Secret> {
    let mut secret = Secret::default();
    getrandom::fill(&mut *secret)?;
    settle(directory, &secret)
}

/// Makes this the key of a data directory that has none; gives the one that is there in the end.
fn settle(directory: &Path, secret: &Secret) -> anyhow::Result<Secret> {
    let (new, path) = (write_beside(directory, secret)?, directory.join(FILE));
    // Two programs that start at once agree on the key that came first.
    match fs::hard_link(&new, &path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    fs::remove_file(&new)?;
    sync(directory)?;
    read(&Zeroizing::new(fs::read(path)?))
}

/// Writes a key under a name that nobody looks for.
fn write_beside(directory: &Path, secret: &Secret) -> anyhow::Result<PathBuf> {
    let digits = secret.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = Zeroizing::new(String::with_capacity(HEAD.len() + 2 * KEY_BYTES + 1));
    text.push_str(HEAD);
    text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    text.push('\n');
    let path = directory.join(format!("{FILE}.{}", random_word()?));
    let mut file = private_file(&path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // On a full disk every start would leave another piece of a key.
    written.inspect_err(|_| drop(fs::remove_file(&path)))?;
    Ok(path)
}

fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Twelve random characters, to tell things apart that must never be equal.
pub fn random_word() -> anyhow::Result<String> {
    let mut bytes = [0; 9];
    getrandom::fill(&mut bytes)?;
    Ok(base64url(&bytes))
}

#[cfg(test)]
mod tests;
