//! Keeping order, over real sockets: who is put out, kept out, kept quiet, what is taken out, and what is left of it after
//! a restart.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod moderation {
    mod bans;
    mod forms;
    mod log;
    mod people;
    mod redacted;
    mod release;
    mod room;
}
