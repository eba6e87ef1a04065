//! `parlor key`: shows the key, and takes it from machine to machine.

use super::{
    Put, Secret, load,
    passphrase::{chosen, known},
    private_file, put,
    transfer::{KeyFile, MOST_BYTES, seal},
};
use crate::{
    cli::{Key, Travel},
    setup::{data_dir, data_path},
    text::drawable_line,
};
use anyhow::{Context, bail, ensure};
use shared::identity::Identity;
use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write, stdin, stdout},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Does what the command line says.
pub(crate) fn run(key: Key) -> anyhow::Result<()> {
    match key {
        Key::Show { data_dir } => {
            let secret = existing(data_dir)?;
            Ok(writeln!(stdout(), "{}", Identity::from_secret(&secret).public())?)
        }
        Key::Export(travel) => export(travel),
        Key::Import { replace, travel } => import(travel, replace),
    }
}

/// The key that is there. None is made: a new one is not the person that was meant.
fn existing(wanted: Option<PathBuf>) -> anyhow::Result<Secret> {
    let directory = data_path(wanted)?;
    load(&directory)?.with_context(|| {
        format!(
            "there is no key in {} yet; the first login makes one, `parlor key import` brings one",
            directory.display()
        )
    })
}

fn export(Travel { file, data_dir, passphrase_file }: Travel) -> anyhow::Result<()> {
    let secret = existing(data_dir)?;
    let is_stream = file.as_os_str() == "-";
    // Said before anybody has thought of a passphrase.
    ensure!(is_stream || fs::symlink_metadata(&file).is_err(), "{}", is_there(&file));
    let text = seal(&secret, &chosen(passphrase_file.as_deref())?)?;
    if is_stream {
        let written = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
        return written.context("the key can't be written to standard output");
    }
    match private_file(&file) {
        Ok(out) => write(out, &text, &file).inspect_err(|_| {
            // Half a key is none, and would be in the way of the next try.
            let _ = fs::remove_file(&file);
        }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(is_there(&file)),
        Err(error) => Err(error),
    }
    .with_context(|| format!("the key can't be written to {}", file.display()))
}

fn is_there(file: &Path) -> String {
    format!("{} is there already, and nothing is written over it; name another file", file.display())
}

fn write(mut out: File, text: &str, file: &Path) -> std::io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn import(Travel { file, data_dir: wanted, passphrase_file }: Travel, replace: bool) -> anyhow::Result<()> {
    let name = name(&file);
    let bytes = slurp(&file).with_context(|| format!("{name} can't be read"))?;
    let no_key = || format!("{name} can't be imported");
    let secret = match KeyFile::parse(&bytes).with_context(no_key)? {
        KeyFile::Open(secret) => secret,
        KeyFile::Sealed(sealed) => sealed.open(&known(passphrase_file.as_deref(), &name)?).with_context(no_key)?,
    };
    let directory = data_dir(wanted)?;
    let public = Identity::from_secret(&secret).public();
    let said = match put(&directory, &secret, replace)? {
        Put::New => format!("{public} is the key in {} now", directory.display()),
        Put::Same => format!("{public} is the key in {} already", directory.display()),
        Put::Replaced(kept) => format!(
            "{public} is the key in {} now; the old one is kept as {}. A parlor that runs keeps the old one until it is \
             started again",
            directory.display(),
            kept.display()
        ),
    };
    Ok(writeln!(stdout(), "{}", drawable_line(&said))?)
}

/// What a file, or standard input, holds; no more than a key may.
fn slurp(file: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let source: Box<dyn Read> =
        if file.as_os_str() == "-" { Box::new(stdin().lock()) } else { Box::new(File::open(file)?) };
    let mut bytes = Zeroizing::new(Vec::new());
    let count = source.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    ensure!(count as u64 <= MOST_BYTES, "it is too large to be a key");
    Ok(bytes)
}

/// What people call the file.
fn name(file: &Path) -> String {
    if file.as_os_str() == "-" {
        "the key on standard input".into()
    } else {
        drawable_line(&file.display().to_string())
    }
}
