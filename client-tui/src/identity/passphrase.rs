//! The passphrase of a key that travels: from a file, from the environment, or asked for on the terminal without echo.

use anyhow::{Context, bail, ensure};
use std::{
    env,
    io::{IsTerminal, stderr, stdin},
    path::Path,
};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// Characters of a passphrase that protects a new file, at least.
const CHARACTERS: usize = 8;
/// Where scripts put it.
const VARIABLE: &str = "PARLOR_PASSPHRASE";

/// A passphrase; never an empty one. It is wiped from memory once it is not needed.
pub struct Passphrase(Zeroizing<String>);

/// Why a text is no passphrase.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PassphraseError {
    /// There is nothing in it.
    #[error("the passphrase is empty")]
    Empty,
    /// It is too short to protect a key.
    #[error("the passphrase is too short: it takes {CHARACTERS} characters or more")]
    Short,
}

impl Passphrase {
    /// One that opens a file. Whoever made the file has chosen how long it is.
    pub fn known(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        if text.is_empty() { Err(PassphraseError::Empty) } else { Ok(Self(text)) }
    }

    /// One that is to protect a new file.
    pub fn chosen(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        let passphrase = Self::known(text)?;
        if passphrase.0.chars().count() < CHARACTERS { Err(PassphraseError::Short) } else { Ok(passphrase) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The passphrase of a file that is there.
pub(super) fn known(file: Option<&Path>, name: &str) -> anyhow::Result<Passphrase> {
    let text = match given(file)? {
        Some(text) => text,
        None => ask(&format!("passphrase of {name}: "))?,
    };
    Ok(Passphrase::known(text)?)
}

/// The passphrase of a file that is to be.
pub(super) fn chosen(file: Option<&Path>) -> anyhow::Result<Passphrase> {
    if let Some(text) = given(file)? {
        return Ok(Passphrase::chosen(text)?);
    }
    let text = ask(&format!("passphrase for the new file ({CHARACTERS} characters or more): "))?;
    let passphrase = Passphrase::chosen(text)?;
    ensure!(*ask("the same again: ")? == *passphrase.0, "the two passphrases differ; nothing was written");
    Ok(passphrase)
}

/// What scripts give: the first line of a file, else the variable.
fn given(file: Option<&Path>) -> anyhow::Result<Option<Zeroizing<String>>> {
    let Some(file) = file else {
        return match env::var(VARIABLE) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => bail!("{VARIABLE} is not UTF-8"),
        };
    };
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.with_context(|| format!("the passphrase can't be read from {}", file.display()))?;
    Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
}

fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    // The streams may be files and pipes; what is typed comes from the terminal itself.
    let is_asked = stdin().is_terminal() || stderr().is_terminal();
    ensure!(is_asked, "there is no terminal to ask for the passphrase; set {VARIABLE} or give --passphrase-file FILE");
    // Ctrl-C must come back as an error here: ended by the signal, the program would leave the terminal without echo.
    let _interrupt = signal(SignalKind::interrupt())?;
    let typed = rpassword::prompt_password(prompt).context("the passphrase can't be asked for")?;
    Ok(Zeroizing::new(typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(result: Result<Passphrase, PassphraseError>) -> Option<PassphraseError> {
        result.err()
    }

    #[test]
    fn an_empty_one_is_refused_and_a_new_one_is_not_short() {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        assert_eq!(error(Passphrase::known(text(""))), Some(PassphraseError::Empty));
        assert_eq!(error(Passphrase::known(text("x"))), None);
        assert_eq!(error(Passphrase::chosen(text(""))), Some(PassphraseError::Empty));
        assert_eq!(error(Passphrase::chosen(text("1234567"))), Some(PassphraseError::Short));
        assert_eq!(error(Passphrase::chosen(text("12345678"))), None);
        assert_eq!(error(Passphrase::chosen(text("一二三四五六七"))), Some(PassphraseError::Short));
        assert_eq!(error(Passphrase::chosen(text("一二三四五六七八"))), None);
    }

    #[test]
    fn a_file_gives_its_first_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        for text in ["two words\nmore\n", "two words", "two words\r\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(given(Some(&path)).unwrap().unwrap().as_str(), "two words", "{text:?}");
        }
        std::fs::write(&path, "\nmore").unwrap();
        assert_eq!(given(Some(&path)).unwrap().unwrap().as_str(), "");
        assert!(given(Some(&directory.path().join("none"))).unwrap_err().to_string().contains("none"));
    }
}
