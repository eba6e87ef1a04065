//! A restart with a crowd: everybody is told when to come back, comes back, has missed nothing, and nobody is told that
//! somebody has gone. And what a service manager is told of it, and passes on.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod restart {
    mod crowd;
    mod manager;
}
