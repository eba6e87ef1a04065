//! Limits, as people meet them who come from other addresses of this machine: nobody is exempt here.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;
mod limits {
    mod connections;
    mod crowd;
    mod logins;
    pub(crate) mod places;
    mod proxy;
    mod rates;
    mod rooms;
}
