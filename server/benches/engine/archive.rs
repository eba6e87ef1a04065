//! A long history, made once a run of the real talk in `assets/talk`, English and Chinese, each message a little different.

use crate::{journal::Feed, machine::Machine, process::cpu_us_at_rest};
use anyhow::ensure;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Where it was said.
pub(crate) const ROOM: &str = "#archive";
/// A word that hardly anybody uses, and how often it is used all the same.
pub(crate) const RARE: (&str, usize) = ("kumquat", 50_000);
/// Messages that are handed in at once.
const BATCH: usize = 2_000;
/// Of so many messages one is Chinese.
const CHINESE: usize = 4;

/// A server's data directory.
pub(crate) struct Archive {
    directory: TempDir,
    /// Entries.
    pub(crate) len: usize,
    /// When the first and the last were said, in milliseconds since the Unix epoch.
    pub(crate) times: (u64, u64),
}

impl Archive {
    /// A new one with so many entries, all of them in the index.
    pub(crate) fn make(len: usize, machine: Machine) -> anyhow::Result<Self> {
        eprintln!("an archive of {len} entries is made");
        let (directory, talk) = (tempfile::tempdir()?, Talk::read()?);
        let mut feed = Feed::open(directory.path(), machine)?;
        let room = feed.room(ROOM)?;
        let first = now()?;
        for from in (0..len).step_by(BATCH) {
            let texts = (from..len.min(from + BATCH)).map(|n| talk.text(n));
            let ops = texts.map(|text| feed.draft(&room, &text)).collect::<anyhow::Result<Vec<_>>>()?;
            let mut left = ops.len();
            feed.write(ops);
            while left > 0 {
                left -= feed.stored()?;
            }
        }
        let times = (first, now()?);
        // An end waits for what was handed in, not for the index.
        cpu_us_at_rest(std::process::id())?;
        Ok(Self { directory, len, times })
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

fn now() -> anyhow::Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// What people have said.
struct Talk {
    english: Vec<String>,
    chinese: Vec<String>,
    words: Vec<String>,
}

impl Talk {
    fn read() -> anyhow::Result<Self> {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/talk");
        let mut paths: Vec<PathBuf> =
            fs::read_dir(assets.join("ubuntu-irc"))?.map(|file| Ok(file?.path())).collect::<anyhow::Result<_>>()?;
        paths.sort();
        let mut english = Vec::new();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
            let text = fs::read_to_string(path)?;
            // `[14:10] <nick> text`
            let said = text.lines().filter_map(|line| Some(line.split_once("] <")?.1.split_once("> ")?.1.trim()));
            english.extend(said.filter(|text| !text.is_empty()).map(str::to_owned));
        }
        let chinese: Vec<String> =
            fs::read_to_string(assets.join("zh/lines.txt"))?.lines().map(str::to_owned).collect();
        let words: Vec<String> = english.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
        ensure!(!words.is_empty() && !chinese.is_empty(), "there is no talk in {}", assets.display());
        Ok(Self { english, chinese, words })
    }

    /// Message `n`: when the talk begins again it is with other words behind each line.
    fn text(&self, n: usize) -> String {
        let cycled = |texts: &[String], n: usize| texts[n % texts.len()].clone();
        let mut text = if n.is_multiple_of(CHINESE) {
            // The number of lines and that of their pairs have no common rhythm.
            cycled(&self.chinese, n / CHINESE) + &cycled(&self.chinese, n / CHINESE / self.chinese.len() * 7 + n % 89)
        } else {
            cycled(&self.english, n) + " " + &cycled(&self.words, n / self.english.len() * 7_919 + n % 97)
        };
        if n % RARE.1 == RARE.1 / 2 {
            text += " the ";
            text += RARE.0;
        }
        text
    }
}
