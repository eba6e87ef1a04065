//! The end: everybody is told, what is owed is written, what was handed in is stored.

use super::{Engine, session_of, sleep_until};
use crate::{
    hub::{Millis, Slot},
    ids::SessionId,
};
use anyhow::bail;
use shared::{Event, code::NoticeCode, event::Notice};
use slotmap::Key;

/// How long it may take.
const SHUTDOWN_MS: Millis = 5_000;

impl Engine {
    pub(super) async fn shut_down(mut self) -> anyhow::Result<()> {
        self.listeners.clear();
        let ids: Vec<SessionId> = self.peers.keys().collect();
        for &id in &ids {
            // Spread out, so that the clients do not all come back at once.
            let retry_ms = 500 + id.data().as_ffi().wrapping_mul(0x9e37_79b9_7f4a_7c15) % 2_000;
            let notice = Notice { code: NoticeCode::Shutdown, in_ms: Some(0), retry_ms: Some(retry_ms) };
            self.tell(&[id], &Slot::Keep, Event::Notice(notice));
        }
        let deadline = self.now().mono + SHUTDOWN_MS;
        while self.now().mono < deadline {
            self.flush_all();
            self.hand_over();
            let unsent = self.peers.values().any(|peer| !peer.blocked && peer.connection.output.unsent() > 0);
            if self.unsettled == 0 && !unsent {
                break;
            }
            tokio::select! {
                ready = self.reactor.ready() => {
                    ready?;
                    let mut ready = Vec::new();
                    self.reactor.take(&mut ready)?;
                    for ready in ready.iter().filter(|ready| ready.writable) {
                        if let Some(peer) = self.peers.get_mut(session_of(ready.token)) {
                            peer.blocked = false;
                        }
                        self.mark(session_of(ready.token));
                    }
                }
                output = self.outputs.recv(), if self.unsettled > 0 => self.output(output),
                () = sleep_until(self.start, Some(deadline)) => {}
            }
            if let Some(reason) = self.failure.take() {
                bail!(reason);
            }
        }
        Ok(())
    }
}
