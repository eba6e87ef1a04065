//! Who is let in: by invite, by key, by how careful the server is just now.

use super::{Effect, Hub, Now, Refusal, may::Alert, rules::Access, sanctions};
use crate::{
    ids::{PersonId, SessionId},
    journal::{Asker, Change, Deed, Invite, InviteHash, Op, Sanction},
};
use sha2::{Digest, Sha256};
use shared::{
    ErrorCode, Event, Nickname, UnixMillis, identity::PublicKey, network::Network, request::Login, text::Label,
};
use std::collections::{HashMap, HashSet};

/// A claimed nickname's use is noted once in so long, in milliseconds: a day.
const SEEN_MS: UnixMillis = 24 * 3_600_000;

/// Between two looks for what the configuration no longer keeps, in milliseconds.
const EXPIRY_MS: u64 = 3_600_000;

/// What lets people in.
#[derive(Debug, Default)]
pub(super) struct Doors {
    pub(super) invites: HashMap<InviteHash, Invite>,
    /// Where people with keys have come from, hashed.
    pub(super) places: HashSet<[u8; 32]>,
    /// How many nicknames each key has claimed.
    pub(super) claims: HashMap<PublicKey, usize>,
}

/// SHA-256 of an invite's token.
pub fn invite_hash(token: &str) -> InviteHash {
    Sha256::digest(token.as_bytes()).into()
}

fn place_hash(network: Network) -> [u8; 32] {
    Sha256::digest(format!("parlor-place-v1 {network}")).into()
}

impl Hub {
    /// Whether somebody may log in at all, who comes under this name and with this key.
    pub(super) fn may_enter(
        &mut self,
        id: SessionId,
        name: &Nickname,
        login: &Login,
        known: bool,
        now: Now,
    ) -> Result<(), Refusal> {
        let key = login.proof.as_ref().map(|(key, _)| key);
        if key.is_some_and(|key| self.is_operator(key)) {
            return Ok(());
        }
        let address = self.address(id);
        if !self.sanctions.is_empty()
            && let Some(found) =
                self.sanctions.find(Sanction::Ban, None, Some(name), key, address.into_iter(), now.wall)
        {
            return Err(sanctions::refusal(found, now.wall));
        }
        if self.alert >= Alert::NoNewAddresses
            && address.is_some_and(|address| !self.doors.places.contains(&place_hash(Network::household(address))))
        {
            return Err(Refusal::new(ErrorCode::Forbidden, "nobody is let in from new addresses for now"));
        }
        if known {
            return Ok(());
        }
        self.is_throttled(id, now.mono)?;
        if self.alert >= Alert::NoNewNames {
            return Err(Refusal::new(ErrorCode::Forbidden, "nobody new is let in for now"));
        }
        Ok(())
    }

    /// What lets a new name in: nothing is needed, an invite, or a listed key. One use of the invite is kept for it.
    pub(super) fn let_in(&mut self, login: &Login, now: Now) -> Result<Option<InviteHash>, Refusal> {
        let is_listed = |(key, _): &(PublicKey, _)| self.rules.keys.contains(key) || self.is_operator(key);
        let is_listed = login.proof.as_ref().is_some_and(is_listed);
        if self.rules.access == Access::Open || is_listed {
            return Ok(None);
        }
        let hash = login.invite.as_deref().map(invite_hash);
        let invite =
            hash.filter(|_| self.rules.access == Access::Invite).and_then(|hash| self.doors.invites.get_mut(&hash));
        let good = invite.filter(|invite| invite.until.is_none_or(|until| until > now.wall) && invite.uses != Some(0));
        let Some(good) = good else {
            return Err(Refusal::new(ErrorCode::Forbidden, "an invite is needed here, which is still good"));
        };
        if let Some(uses) = &mut good.uses {
            *uses -= 1;
        }
        Ok(Some(good.hash))
    }

    /// Nobody was let in by it after all.
    pub(super) fn give_back_invite(&mut self, hash: Option<InviteHash>) {
        let invite = hash.and_then(|hash| self.doors.invites.get_mut(&hash));
        if let Some(uses) = invite.and_then(|invite| invite.uses.as_mut()) {
            *uses += 1;
        }
    }

    /// Somebody with a key is in: when, and from where, is known from now on.
    pub(super) fn note_entry(&mut self, id: SessionId, person: PersonId, now: Now) {
        if !self.people.get(&person).is_some_and(|known| known.is_claimed()) {
            return;
        }
        let mut changes: Vec<Change> = self.used(person, now).into_iter().collect();
        let place = self.address(id).map(|address| place_hash(Network::household(address)));
        if let Some(place) = place.filter(|place| self.doors.places.insert(*place)) {
            changes.push(Change::Place(place));
        }
        if !changes.is_empty() {
            self.store_deed(None, None, "", "", "", changes);
        }
    }

    /// A claimed nickname is in use; what is to be noted of that, once a day.
    fn used(&mut self, person: PersonId, now: Now) -> Option<Change> {
        let known = self.people.get_mut(&person).filter(|known| known.is_claimed())?;
        if known.seen.is_some_and(|seen| seen + SEEN_MS > now.wall) {
            return None;
        }
        known.seen = Some(now.wall);
        Some(Change::Seen(person))
    }

    /// The same for people who come, go, or are here all the time.
    pub(super) fn note_use(&mut self, people: impl IntoIterator<Item = PersonId>, now: Now) {
        let changes: Vec<Change> = people.into_iter().filter_map(|person| self.used(person, now)).collect();
        if !changes.is_empty() {
            self.store_deed(None, None, "", "", "", changes);
        }
    }

    /// Stores changes that no entry tells of.
    pub(super) fn store_deed(
        &mut self,
        asker: Option<Asker>,
        ticket: Option<u64>,
        actor: &str,
        target: &str,
        act: &str,
        changes: Vec<Change>,
    ) {
        let deed = Deed { actor: actor.into(), target: target.into(), act: act.into(), changes };
        self.store(Op::Deed(asker, ticket, Box::new(deed)));
    }

    /// Gives one's nickname back.
    pub(super) fn release(&mut self, asker: Asker, person: PersonId) -> Result<(), Refusal> {
        let known = &self.people[&person];
        if !known.is_claimed() {
            return Err(Refusal::new(ErrorCode::Forbidden, "only a claimed nickname can be given back"));
        }
        let name = known.nickname().as_str().to_owned();
        self.store_deed(Some(asker), None, &name, &name, "release", vec![Change::Release(person)]);
        Ok(())
    }

    /// Releases what nobody has used for too long.
    pub(super) fn release_unused(&mut self, now: Now) {
        let days = UnixMillis::from(self.rules.claims_unused_days);
        if days == 0 || self.next_release.is_some_and(|at| at > now.mono) {
            return;
        }
        self.next_release = Some(now.mono + SEEN_MS);
        let here: Vec<PersonId> =
            self.people.iter().filter(|(_, person)| !person.sessions.is_empty()).map(|(id, _)| *id).collect();
        self.note_use(here, now);
        // It may have been used until a day after it was noted.
        let is_unused = |seen: Option<UnixMillis>| seen.is_some_and(|seen| seen + (days + 1) * SEEN_MS < now.wall);
        let unused: Vec<(PersonId, String)> = self
            .people
            .iter()
            .filter(|(_, person)| person.is_claimed() && person.sessions.is_empty() && is_unused(person.seen))
            .map(|(id, person)| (*id, person.nickname().as_str().to_owned()))
            .collect();
        for (person, name) in unused {
            self.store_deed(None, None, "server", &name, "release: unused", vec![Change::Release(person)]);
        }
    }

    /// A nickname is free again.
    pub(super) fn released(&mut self, person: PersonId, asker: Option<&Asker>, now: Now) {
        let Some(known) = self.people.get(&person) else { return };
        let (name, inbox) = (known.nickname().clone(), known.inbox);
        let sessions: Vec<SessionId> = known.sessions.iter().map(|(id, _)| *id).collect();
        if let Some(asker) = asker.filter(|asker| self.sessions.contains_key(asker.session)) {
            let _ = self.answer(asker.clone(), Event::Release { nickname: Label::new(name.as_str()) });
        }
        for id in sessions {
            self.effects.push(Effect::Close(id));
            self.disconnect(id, false, now);
        }
        for room in self.people.get(&person).map(|known| known.rooms.clone()).unwrap_or_default() {
            self.leave_room(person, &room, false, now);
        }
        for room in self.rooms.values_mut() {
            room.rule.roles.remove(&person);
        }
        if let Some(known) = self.people.remove(&person) {
            if let Some(count) = known.key.as_deref().and_then(|key| self.doors.claims.get_mut(key)) {
                *count = count.saturating_sub(1);
            }
            self.online.remove(&known.order);
            self.names.remove(&name);
        }
        self.untils.retain(|(_, other)| *other != person);
        self.logs.remove(&inbox);
        self.effects.push(Effect::Forget(inbox));
    }

    /// How many nicknames a key has claimed.
    pub(super) fn claims_of(&self, key: &PublicKey) -> usize {
        self.doors.claims.get(key).copied().unwrap_or(0)
    }

    /// Lets what the configuration no longer keeps go, once an hour; and again at once where there is more.
    pub(super) fn expire(&mut self, now: Now) {
        if self.next_expiry.is_some_and(|at| at > now.mono) {
            return;
        }
        self.next_expiry = Some(now.mono + EXPIRY_MS);
        let changes = self.expiries(now);
        if !changes.is_empty() {
            self.store_deed(None, None, "server", "", "", changes);
        }
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
