//! Who may not be there, or not talk: by name, by key, by network; in one room or everywhere; for a while or for good.

use super::Refusal;
use crate::{
    ids::LogId,
    journal::{Sanction, Sanctioned, Subject},
};
use shared::{ErrorCode, Nickname, UnixMillis, identity::PublicKey, nickname::NameKey};
use std::{collections::HashMap, net::IpAddr};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Name(NameKey),
    Key(PublicKey),
}

/// All sanctions that hold.
#[derive(Debug, Default)]
pub(super) struct Sanctions {
    people: HashMap<Who, Vec<Sanctioned>>,
    networks: Vec<Sanctioned>,
}

impl Sanctions {
    pub(super) fn new(kept: Vec<Sanctioned>) -> Self {
        let mut sanctions = Self::default();
        for sanctioned in kept {
            sanctions.add(sanctioned);
        }
        sanctions
    }

    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.networks.is_empty()
    }

    fn place(&mut self, subject: &Subject) -> Option<&mut Vec<Sanctioned>> {
        Some(match subject {
            Subject::Name(name) => self.people.entry(Who::Name(Nickname::parse(name).ok()?.key())).or_default(),
            Subject::Key(key) => self.people.entry(Who::Key(*key)).or_default(),
            Subject::Network(_) => &mut self.networks,
        })
    }

    /// A new one replaces an old one of the same kind.
    pub(super) fn add(&mut self, sanctioned: Sanctioned) {
        self.lift(sanctioned.sanction, sanctioned.scope, &sanctioned.subject);
        if let Some(place) = self.place(&sanctioned.subject) {
            place.push(sanctioned);
        }
    }

    pub(super) fn lift(&mut self, sanction: Sanction, scope: Option<LogId>, subject: &Subject) {
        if let Some(place) = self.place(subject) {
            let is_it = |other: &Sanctioned| (other.sanction, other.scope) == (sanction, scope);
            place.retain(|other| !(is_it(other) && is_same(&other.subject, subject)));
        }
        self.people.retain(|_, list| !list.is_empty());
    }

    /// Everything that was said against somebody of that name in a scope.
    pub(super) fn of_name(&self, sanction: Sanction, scope: Option<LogId>, name: &Nickname) -> Vec<Subject> {
        let all = self.people.values().flatten().chain(&self.networks);
        all.filter(|found| (found.sanction, found.scope) == (sanction, scope))
            .filter(|found| Nickname::parse(&found.name).is_ok_and(|found| found.key() == name.key()))
            .map(|found| found.subject.clone())
            .collect()
    }

    /// What holds for somebody, in a log or everywhere.
    pub(super) fn find(
        &self,
        sanction: Sanction,
        log: Option<LogId>,
        name: Option<&Nickname>,
        key: Option<&PublicKey>,
        addresses: impl Iterator<Item = IpAddr>,
        now: UnixMillis,
    ) -> Option<&Sanctioned> {
        let holds = |found: &&Sanctioned| {
            let is_here = found.scope.is_none() || found.scope == log;
            found.sanction == sanction && is_here && found.until.is_none_or(|until| until > now)
        };
        let of = |who: Who| self.people.get(&who).into_iter().flatten();
        let by_name = name.map(|name| of(Who::Name(name.key()))).into_iter().flatten();
        let by_key = key.map(|key| of(Who::Key(*key))).into_iter().flatten();
        if let Some(found) = by_name.chain(by_key).find(holds) {
            return Some(found);
        }
        if self.networks.is_empty() {
            return None;
        }
        let addresses: Vec<IpAddr> = addresses.collect();
        let contains = |found: &Sanctioned| match &found.subject {
            Subject::Network(network) => addresses.iter().any(|address| network.contains(*address)),
            _ => false,
        };
        self.networks.iter().filter(holds).find(|found| contains(found))
    }

    /// Those that have run out are none any more.
    pub(super) fn forget_old(&mut self, now: UnixMillis) {
        let holds = |found: &Sanctioned| found.until.is_none_or(|until| until > now);
        self.people.values_mut().for_each(|list| list.retain(holds));
        self.people.retain(|_, list| !list.is_empty());
        self.networks.retain(holds);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Sanctioned> {
        self.people.values().flatten().chain(&self.networks)
    }
}

fn is_same(one: &Subject, other: &Subject) -> bool {
    match (one, other) {
        // Whoever stands in the same place has the same name.
        (Subject::Name(_), Subject::Name(_)) => true,
        (one, other) => one == other,
    }
}

/// What somebody is told whom a sanction keeps from something.
pub(super) fn refusal(found: &Sanctioned, now: UnixMillis) -> Refusal {
    let code = match found.sanction {
        Sanction::Ban => ErrorCode::Banned,
        Sanction::Mute => ErrorCode::Muted,
    };
    // What the code says already is not said again.
    let detail = if found.reason.is_empty() { "no reason was given" } else { &*found.reason };
    match found.until {
        Some(until) => Refusal::retry(code, detail, until.saturating_sub(now).max(1)),
        None => Refusal::new(code, detail),
    }
}
