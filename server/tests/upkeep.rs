//! What an operator does with a journal: backups while people talk, putting them back, looking through them, writing out what
//! is in them.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod upkeep {
    mod backup;
    mod export;
    mod interrupted;
    pub(crate) mod people;
    mod restore;
    mod verify;
}
