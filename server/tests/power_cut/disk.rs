//! A disk that has lost its power: everything up to the last sync of a file is on it, of what came after that any part.

use super::trace::{FILES, Record, What};
use crate::common::dice::Dice;
use std::path::Path;

/// What a drive writes at once; mostly.
const SECTOR: usize = 512;

/// The contents of the files; `None`: it is not there.
pub(crate) type Image = [Option<Vec<u8>>; FILES.len()];

/// A file whatever its name is, or whether it has one.
#[derive(Default)]
struct Inode {
    synced: Vec<u8>,
    /// Writes and truncations since the last sync.
    pending: Vec<What>,
}

/// What lies under a name: the index of an inode.
#[derive(Default, Clone)]
struct Name {
    synced: Option<usize>,
    /// What lay under it at one time or another since then.
    pending: Vec<Option<usize>>,
}

impl Name {
    fn now(&self) -> Option<usize> {
        self.pending.last().copied().unwrap_or(self.synced)
    }
}

/// How much of what is not synced is there.
#[derive(Debug, Clone, Copy)]
enum Survival {
    Nothing,
    Everything,
    /// Everything up to a write, which is torn at any byte.
    Until,
    /// Each write, or not.
    Writes,
    /// Each sector of each write, or not.
    Sectors,
    /// The same, and each may be torn at any byte.
    Bytes,
}

const SURVIVALS: [Survival; 6] =
    [Survival::Nothing, Survival::Everything, Survival::Until, Survival::Writes, Survival::Sectors, Survival::Bytes];

/// A disk as it may be if the power goes when `records` are done.
pub(crate) fn after_power_cut(start: &Image, records: &[Record], dice: &mut Dice) -> Image {
    let (names, inodes) = replay(start, records);
    names.map(|name| {
        // Without a sync of the directory nobody knows which of its changes are there.
        let choice = dice.below(name.pending.len() + 1);
        let inode = if choice == 0 { name.synced } else { name.pending[choice - 1] };
        inode.map(|inode| survive(&inodes[inode], dice))
    })
}

/// The files as every process sees them.
pub(crate) fn after_everything(start: &Image, records: &[Record]) -> Image {
    let (names, inodes) = replay(start, records);
    names.map(|name| {
        name.now().map(|inode| {
            let mut bytes = inodes[inode].synced.clone();
            inodes[inode].pending.iter().for_each(|what| apply(&mut bytes, what));
            bytes
        })
    })
}

fn replay(start: &Image, records: &[Record]) -> ([Name; FILES.len()], Vec<Inode>) {
    let (mut names, mut inodes) = (<[Name; FILES.len()]>::default(), Vec::new());
    for (name, bytes) in names.iter_mut().zip(start) {
        if let Some(bytes) = bytes {
            name.synced = Some(inodes.len());
            inodes.push(Inode { synced: bytes.clone(), pending: Vec::new() });
        }
    }
    for record in records {
        if let What::SyncNames = record.what {
            for name in &mut names {
                *name = Name { synced: name.now(), pending: Vec::new() };
            }
            continue;
        }
        let name = &mut names[record.file];
        match &record.what {
            What::Create => {
                name.pending.push(Some(inodes.len()));
                inodes.push(Inode::default());
            }
            What::Unlink => name.pending.push(None),
            What::Sync => {
                let inode = &mut inodes[name.now().expect("a file that is there")];
                inode.pending.drain(..).for_each(|what| apply(&mut inode.synced, &what));
            }
            what => inodes[name.now().expect("a file that is there")].pending.push(what.clone()),
        }
    }
    (names, inodes)
}

fn apply(bytes: &mut Vec<u8>, what: &What) {
    match what {
        What::Write(at, new) => {
            bytes.resize(bytes.len().max(at + new.len()), 0);
            bytes[*at..at + new.len()].copy_from_slice(new);
        }
        What::Truncate(length) => bytes.resize(*length, 0),
        _ => {}
    }
}

/// What is left of a file.
fn survive(inode: &Inode, dice: &mut Dice) -> Vec<u8> {
    let survival = SURVIVALS[dice.below(SURVIVALS.len())];
    let (percent, last) = ([10, 50, 90][dice.below(3)], dice.below(inode.pending.len()));
    let mut bytes = inode.synced.clone();
    // A file may have grown before what it grew for is there; what lies there then is nobody's.
    if dice.percent(30) && matches!(survival, Survival::Sectors | Survival::Bytes) {
        let end =
            inode.pending.iter().map(|what| if let What::Write(at, new) = what { at + new.len() } else { 0 }).max();
        let grown = end.unwrap_or(0).saturating_sub(bytes.len());
        let filling = if dice.percent(50) { vec![0; grown] } else { dice.bytes(grown) };
        bytes.extend(filling);
    }
    for (number, what) in inode.pending.iter().enumerate() {
        let is_there = match survival {
            Survival::Nothing => false,
            Survival::Everything => true,
            Survival::Until => number <= last,
            Survival::Writes => dice.percent(percent),
            Survival::Sectors | Survival::Bytes => matches!(what, What::Write(..)) || dice.percent(percent),
        };
        match what {
            _ if !is_there => {}
            What::Write(at, new) => match survival {
                Survival::Until if number == last => {
                    let torn = What::Write(*at, new[..dice.below(new.len() + 1)].to_vec());
                    apply(&mut bytes, &torn);
                }
                Survival::Sectors => sectors(&mut bytes, *at, new, percent, 0, dice),
                Survival::Bytes => sectors(&mut bytes, *at, new, percent, 20, dice),
                _ => apply(&mut bytes, what),
            },
            _ => apply(&mut bytes, what),
        }
    }
    bytes
}

/// Some sectors of a write; of some of them only the beginning or the end.
fn sectors(bytes: &mut Vec<u8>, at: usize, new: &[u8], percent: usize, torn: usize, dice: &mut Dice) {
    let mut from = at;
    while from < at + new.len() {
        let end = ((from / SECTOR + 1) * SECTOR).min(at + new.len());
        let (mut low, mut high) = (from, end);
        if dice.percent(torn) {
            let middle = from + dice.below(end - from);
            if dice.percent(50) { low = middle } else { high = middle }
        }
        if dice.percent(percent) && low < high {
            apply(bytes, &What::Write(low, new[low - at..high - at].to_vec()));
        }
        from = end;
    }
}

/// Reads the files of a directory.
pub(crate) fn read(directory: &Path) -> Image {
    FILES.map(|name| std::fs::read(directory.join(name)).ok())
}

/// Puts the files into a new directory.
pub(crate) fn write(image: &Image, dice: &mut Dice) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in FILES.iter().zip(image) {
        if let Some(bytes) = bytes {
            std::fs::write(directory.path().join(name), bytes).unwrap();
        }
    }
    // What readers share was in memory; whatever is found in its place is of no use.
    if dice.percent(30) {
        std::fs::write(directory.path().join("journal.sqlite3-shm"), dice.bytes(32_768)).unwrap();
    }
    directory
}
