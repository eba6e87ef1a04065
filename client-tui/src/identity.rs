//! The person's key: made on the first run, in a file that only its owner can read, durable before it is used.

use anyhow::{Context, bail};
use shared::identity::{Identity, KEY_BYTES, base64url};
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

const FILE: &str = "key";
const HEAD: &str = "parlor-key-v1 ";

/// The key in a data directory; a new one if there is none.
pub fn load_or_create(directory: &Path) -> anyhow::Result<Identity> {
    let path = directory.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            read(&text).with_context(|| format!("the key in {} is damaged; restore it from a copy", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create(directory, &path).with_context(|| format!("the key {} can't be written", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("the key {} can't be read", path.display())),
    }
}

fn read(text: &str) -> anyhow::Result<Identity> {
    let Some(hex) = text.trim().strip_prefix(HEAD) else { bail!("it does not begin with {HEAD:?}") };
    let byte = |at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    let secret: Option<[u8; KEY_BYTES]> = bytes.and_then(|bytes| bytes.try_into().ok());
    secret.map(|secret| Identity::from_secret(&secret)).context("it is not 32 bytes in hexadecimal")
}

fn create(directory: &Path, path: &Path) -> anyhow::Result<Identity> {
    let mut secret = [0; KEY_BYTES];
    getrandom::fill(&mut secret)?;
    let hex: String = secret
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|n| char::from_digit(n.into(), 16))
        .collect::<Option<_>>()
        .context("digits are below 16")?;
    let new = directory.join(format!("{FILE}.{}", random_word()?));
    let mut file = private_file(&new)?;
    writeln!(file, "{HEAD}{hex}")?;
    file.sync_all()?;
    // Two programs that start at once agree on the key that came first.
    match fs::hard_link(&new, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    fs::remove_file(&new)?;
    File::open(directory)?.sync_all()?;
    read(&fs::read_to_string(path)?)
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
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let first = load_or_create(directory.path()).unwrap();
        let second = load_or_create(directory.path()).unwrap();
        assert_eq!(first.public(), second.public());
        let mode = fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
        fs::write(directory.path().join(FILE), "nonsense").unwrap();
        assert!(format!("{:#}", load_or_create(directory.path()).unwrap_err()).contains("damaged"));
    }
}
