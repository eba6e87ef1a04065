//! TLS on the port that speaks everything: who may log in over it, bytes in odd pieces, a certificate that changes.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod tls {
    mod certificate;
    mod handshake;
    mod login;
    mod plain;
    mod talk;
}
