//! The end: everybody is told, what is owed is written, what was handed in is stored.

use super::{Engine, Peer, session_of, sleep_until};
use crate::{
    hub::{Millis, Slot},
    ids::SessionId,
    session::Dialect,
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
            if self.unsettled == 0 && !self.peers.values().any(is_owed) {
                break;
            }
            let wake = self.wakes.first().map_or(deadline, |(at, _)| *at).min(deadline);
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
                () = sleep_until(self.start, Some(wake)) => self.mark_due(),
            }
            if let Some(reason) = self.failure.take() {
                bail!(reason);
            }
        }
        Ok(())
    }

    /// Classic clients are written to object by object, when each is due.
    fn mark_due(&mut self) {
        let now = self.now().mono;
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= now) {
            self.wakes.remove(&(at, id));
            self.mark(id);
        }
    }
}

/// True if there is something left that the other side would take.
fn is_owed(peer: &Peer) -> bool {
    let has_objects = matches!(&peer.connection.dialect, Dialect::Classic(classic) if classic.has_objects());
    !peer.blocked && (has_objects || peer.connection.output.unsent() > 0)
}
