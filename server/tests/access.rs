//! Who is let in, over real sockets: by invite, by key, by how careful the server is; and what its operators order.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod access {
    mod alert;
    mod invites;
    mod operators;
}
