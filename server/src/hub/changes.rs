//! What is stored becomes so: the hub's half of every change.

use super::{Effect, Hub, Now, Slot, follow::Gap, may::Alert};
use crate::{
    ids::{LogId, PersonId},
    journal::{Asker, Change, Deed, Done, RoomRule, Sanction},
};
use shared::{Seq, moderation::Role};
use std::collections::BTreeMap;

/// What a room is beside its log and its members.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) slow_s: u32,
    pub(super) is_locked: bool,
    pub(super) roles: BTreeMap<PersonId, Role>,
}

impl From<RoomRule> for Rule {
    fn from(kept: RoomRule) -> Self {
        Self { slow_s: kept.slow_s, is_locked: kept.is_locked, roles: kept.roles.into_iter().collect() }
    }
}

impl Hub {
    /// A deed is stored, or was not.
    pub(super) fn deed_done(&mut self, asker: Option<Asker>, ticket: Option<u64>, deed: &Deed, done: &Done, now: Now) {
        let touched = match done {
            Done::Changed(touched) => Some(touched),
            _ => None,
        };
        if let Some(touched) = touched {
            for (log, first) in &touched.firsts {
                self.forgotten(*log, *first);
            }
            for log in &touched.logs {
                self.effects.push(Effect::Forget(*log));
            }
            for log in &touched.topics {
                self.untopic(*log);
            }
            for change in &deed.changes {
                self.changed_by(change);
                if let Change::Release(person) = change {
                    self.released(*person, asker.as_ref(), now);
                }
            }
            let bans = |change: &Change| matches!(change, Change::Sanction(found) if found.sanction == Sanction::Ban);
            if deed.changes.iter().any(bans) {
                self.put_out_banned(now);
            }
        } else if let Some(asker) = asker {
            self.unavailable(asker, "release", None);
        }
        if touched.is_some_and(|touched| !touched.firsts.is_empty()) && ticket.is_none() {
            // There may be more.
            self.next_expiry = None;
        }
        if let Some(ticket) = ticket {
            self.effects.push(Effect::Done(ticket, touched.map(|touched| touched.entries)));
        }
    }

    /// Makes a stored change so.
    pub(super) fn changed_by(&mut self, change: &Change) {
        match change {
            Change::Sanction(sanctioned) => self.sanctions.add(sanctioned.clone()),
            Change::Lift(sanction, scope, subject) => self.sanctions.lift(*sanction, *scope, subject),
            Change::Slow(log, seconds) => self.rule(*log, |rule| rule.slow_s = *seconds),
            Change::Lock(log, is_locked) => self.rule(*log, |rule| rule.is_locked = *is_locked),
            Change::Role(log, person, role) => self.rule(*log, |rule| match role {
                Some(role) => drop(rule.roles.insert(*person, *role)),
                None => drop(rule.roles.remove(person)),
            }),
            Change::Operator(key, true) => drop(self.operators.insert(*key)),
            Change::Operator(key, false) => drop(self.operators.remove(key)),
            Change::Invite(invite) => drop(self.doors.invites.insert(invite.hash, invite.clone())),
            Change::Uninvite(hash) => drop(self.doors.invites.remove(hash)),
            Change::Alert(level) => self.alert = Alert::from_number(*level),
            Change::Redact { log, .. } => self.effects.push(Effect::Forget(*log)),
            Change::Release(_)
            | Change::Seen(_)
            | Change::Place(_)
            | Change::Erase(_)
            | Change::Expire { .. }
            | Change::Compact => {}
        }
    }

    fn rule(&mut self, log: LogId, change: impl FnOnce(&mut Rule)) {
        if let Some(room) = self.rooms.values_mut().find(|room| room.log == log) {
            change(&mut room.rule);
        }
    }

    /// Entries of a log before this one have gone. Whoever has not read so far is told what is lost.
    fn forgotten(&mut self, log: LogId, first: Seq) {
        let Some(known) = self.logs.get_mut(&log) else { return };
        known.first = first;
        for id in known.followers.iter().copied().collect::<Vec<_>>() {
            let Some(session) = self.sessions.get_mut(id) else { continue };
            session.stands += 1;
            let stand = session.stands;
            let behind =
                session.follows.iter_mut().find(|follow| follow.log == log && follow.cursor < first.previous());
            // In ignore mode it is told when that ends.
            let Some(follow) = behind.filter(|follow| !follow.paused) else { continue };
            let gap = Gap { after: follow.cursor, before: first, lost: true };
            (follow.cursor, follow.stand) = (first.previous(), stand);
            let event = gap.event(&follow.room);
            self.effects.push(Effect::Tell(vec![id], Slot::Keep, event));
            self.effects.push(Effect::Flush(id));
        }
    }
}
