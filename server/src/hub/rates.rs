//! How fast somebody may ask: each person, and each household of addresses, whoever is behind them.

use super::{Hub, Millis, Refusal, Rules, bucket::Bucket};
use crate::ids::{PersonId, SessionId};
use shared::{ErrorCode, network::Network};
use std::collections::HashMap;

/// What one person may still do.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    pub(super) sends: Bucket,
    pub(super) queries: Bucket,
}

impl Allowance {
    pub(super) fn of_person(rules: &Rules, now: Millis) -> Self {
        let (sends, queries) = (rules.sends_per_s, rules.queries_per_s);
        Self { sends: Bucket::per_second(sends, now), queries: Bucket::per_second(queries, now) }
    }
}

/// What may still come from one household.
#[derive(Debug)]
pub(super) struct Household {
    all: Allowance,
    failures: Bucket,
    claims: Bucket,
}

impl Household {
    fn new(rules: &Rules, now: Millis) -> Self {
        let (sends, queries) = (rules.sends_per_address_s, rules.queries_per_address_s);
        Self {
            all: Allowance { sends: Bucket::per_second(sends, now), queries: Bucket::per_second(queries, now) },
            failures: Bucket::all_at_once(rules.failed_logins_per_address_min, 60_000, now),
            claims: Bucket::all_at_once(rules.claims_per_address_h, 3_600_000, now),
        }
    }

    fn is_quiet(&self, now: Millis) -> bool {
        let Self { all: Allowance { sends, queries }, failures, claims } = self;
        [sends, queries, failures, claims].into_iter().all(|bucket| bucket.is_full(now))
    }
}

/// Households that have done something lately.
pub(super) type Households = HashMap<Network, Household>;

impl Hub {
    fn household(&mut self, id: SessionId, now: Millis) -> Option<&mut Household> {
        let session = self.sessions.get(id).filter(|session| !session.exempt)?;
        let network = Network::household(session.address);
        Some(self.households.entry(network).or_insert_with(|| Household::new(&self.rules, now)))
    }

    /// Takes a message's worth. If that is too much: when it no longer is.
    pub(super) fn take_send(&mut self, id: SessionId, person: PersonId, now: Millis) -> Option<Millis> {
        self.household(id, now)?;
        let own = &mut self.people.get_mut(&person)?.allowance.sends;
        if let Some(at) = own.take(now) {
            return Some(at);
        }
        let at = self.household(id, now)?.all.sends.take(now);
        if at.is_some() {
            self.give_back_send(id, person, now);
        }
        at
    }

    /// It is asked again, and pays then.
    pub(super) fn give_back_send(&mut self, id: SessionId, person: PersonId, now: Millis) {
        if self.household(id, now).is_some()
            && let Some(known) = self.people.get_mut(&person)
        {
            known.allowance.sends.give_back();
        }
    }

    /// Refuses who asks for more pages than they may. `cost` says how much work it is.
    pub(super) fn take_query(&mut self, id: SessionId, cost: u32, now: Millis) -> Result<(), Refusal> {
        let Some(household) = self.household(id, now) else { return Ok(()) };
        let too_many =
            |at: Millis| Err(Refusal::retry(ErrorCode::SlowDown, "too many joins, histories and searches", at - now));
        if let Some(at) = household.all.queries.take_some(cost, now) {
            return too_many(at);
        }
        let person = self.sessions[id].person.and_then(|person| self.people.get_mut(&person));
        let own = person.and_then(|person| person.allowance.queries.take_some(cost, now));
        own.map_or(Ok(()), too_many)
    }

    /// Notes a failed login.
    pub(super) fn login_failed(&mut self, id: SessionId, now: Millis) {
        if let Some(household) = self.household(id, now) {
            let _ = household.failures.take(now);
        }
    }

    /// Where too many logins have failed, or too many connections come from, only known keys are let in for a while.
    pub(super) fn is_throttled(&mut self, id: SessionId, now: Millis) -> Result<(), Refusal> {
        let is_reserved = self.sessions.get(id).is_some_and(|session| session.reserved);
        let Some(household) = self.household(id, now) else { return Ok(()) };
        let until = household.failures.empty_until(now).or(is_reserved.then_some(now + RESERVED_RETRY_MS));
        match until {
            None => Ok(()),
            Some(at) => {
                let detail = "too much comes from your address; only people with a known key are let in for now";
                Err(Refusal::retry(ErrorCode::SlowDown, detail, at - now))
            }
        }
    }

    /// Refuses too many claims from one place.
    pub(super) fn take_claim(&mut self, id: SessionId, now: Millis) -> Result<(), Refusal> {
        let taken = self.household(id, now).and_then(|household| household.claims.take(now));
        taken.map_or(Ok(()), |at| {
            Err(Refusal::retry(ErrorCode::SlowDown, "too many nicknames were claimed from your address", at - now))
        })
    }

    /// Forgets households that have been quiet.
    pub(super) fn sweep_households(&mut self, now: Millis) {
        self.households.retain(|_, household| !household.is_quiet(now));
    }
}

/// When to come back where there are too many connections already.
const RESERVED_RETRY_MS: Millis = 5_000;
