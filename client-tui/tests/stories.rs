//! What people do with the screen: the real binary in a terminal, a real server, and what is seen.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod terminal;

mod stories {
    mod drafts;
    mod hiding;
    mod history;
    mod ignoring;
    mod links;
    mod looks;
    mod mouse;
    mod offline;
    mod replies;
    mod ringing;
    mod searching;
}
