//! What an operator has beside the chat: figures, orders, words about a configuration, logs, pages of a manual.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod operating {
    mod door;
    mod figures;
    mod words;
}
