//! What goes: by number, by age, for good; what is left of it, and who is told.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod retention {
    mod behind;
    mod erased;
    mod kept;
    mod unused;
}
