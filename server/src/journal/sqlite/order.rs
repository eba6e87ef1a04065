//! The order of what was refused: until the first message that a full disk has refused comes again, nothing behind it is
//! taken from that session into that log.

use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::Draft,
};
use shared::MessageId;
use std::collections::HashMap;

/// What sessions must send again before anything else, by log.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusing(HashMap<(SessionId, LogId), (PersonId, MessageId)>);

impl Refusing {
    /// A message of a session has come. True if it would overtake one that was refused. One that was waited for is not
    /// any more, whatever becomes of it now.
    pub(super) fn overtakes(&mut self, session: SessionId, draft: &Draft) -> bool {
        let key = (session, draft.log);
        let Some((_, first)) = self.0.get(&key) else { return false };
        let is_overtaking = *first != draft.id;
        if !is_overtaking {
            self.0.remove(&key);
        }
        is_overtaking
    }

    /// A message is stored: if it is waited for from another session of its sender, it need not come there.
    pub(super) fn stored(&mut self, draft: &Draft) {
        let is_this = |log: LogId, (sender, id): &(PersonId, MessageId)| {
            log == draft.log && *sender == draft.sender && *id == draft.id
        };
        self.0.retain(|(_, log), first| !is_this(*log, first));
    }

    /// A message was refused; if it is the first of its session and log, it is waited for.
    pub(super) fn refused(&mut self, session: SessionId, draft: &Draft) {
        self.0.entry((session, draft.log)).or_insert_with(|| (draft.sender, draft.id.clone()));
    }

    /// A session has ended.
    pub(super) fn ended(&mut self, session: SessionId) {
        self.0.retain(|(other, _), _| *other != session);
    }
}
