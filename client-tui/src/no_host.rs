//! Built without the server: there is nothing that could be hosted.

use shared::Address;
use std::{net::SocketAddr, path::Path};

/// A server inside this program; never there.
#[derive(Debug)]
pub(crate) struct Hosted {
    /// Where it is to be joined.
    pub(crate) address: Address,
    /// How others join it.
    pub(crate) link: Option<String>,
}

impl Hosted {
    /// Says that it can't be.
    pub(crate) fn start(_: SocketAddr, _: &Path, _: bool) -> anyhow::Result<Self> {
        anyhow::bail!("this program was built without the server")
    }

    /// Ends it.
    #[expect(clippy::unused_self, reason = "shaped like the one that is there")]
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        Ok(())
    }
}
