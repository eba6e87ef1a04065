//! What is ordered at the server's own door: the same acts, by whoever may open it.

use super::{Hub, Now, may::Alert, rates::Allowance};
use crate::{
    admin::{Order, Status, Whom},
    ids::{LogId, PersonId},
    journal::{Change, Invite, Sanction, Sanctioned, Subject},
};
use shared::{Nickname, identity::PublicKey, moderation::Act};

/// Who does what is ordered there.
const ACTOR: &str = "operator";

impl Hub {
    /// Does what is ordered; what comes of it is an [`super::Effect::Done`]. An error: it can't be done, and why.
    pub fn order(&mut self, order: &Order, ticket: u64, now: Now) -> Result<(), String> {
        let until = |for_s: Option<u64>| for_s.map(|seconds| now.wall + seconds.saturating_mul(1_000));
        let (target, act, changes) = match order {
            Order::Invite { token, room, for_s, uses, note } => {
                let invite = Invite {
                    hash: super::invite_hash(token),
                    room: room.clone(),
                    until: until(*for_s),
                    uses: *uses,
                    note: Act::reason(note),
                };
                (note.clone(), "invite".to_owned(), vec![Change::Invite(invite)])
            }
            Order::Uninvite { token } => {
                (String::new(), "uninvite".into(), vec![Change::Uninvite(super::invite_hash(token))])
            }
            Order::Grant { who } => {
                (who.clone(), "grant operator".into(), vec![Change::Operator(self.key_of(who)?, true)])
            }
            Order::Revoke { who } => {
                (who.clone(), "revoke operator".into(), vec![Change::Operator(self.key_of(who)?, false)])
            }
            Order::Kick { who, reason } => {
                let name = Nickname::parse(who).map_err(|error| error.to_string())?;
                let person = self.person_of(&name).filter(|id| !self.people[id].sessions.is_empty());
                let person = person.ok_or_else(|| format!("{who} is not here"))?;
                self.put_out(person, None, reason, now);
                (who.clone(), with_reason("kick", None, reason), Vec::new())
            }
            Order::Ban { who, for_s, reason } => (
                who.clone(),
                with_reason("ban", *for_s, reason),
                self.sanction(Sanction::Ban, who, until(*for_s), reason)?,
            ),
            Order::Mute { who, for_s, reason } => (
                who.clone(),
                with_reason("mute", *for_s, reason),
                self.sanction(Sanction::Mute, who, until(*for_s), reason)?,
            ),
            Order::Unban { who } => (who.clone(), "unban".into(), self.lift(Sanction::Ban, who)?),
            Order::Unmute { who } => (who.clone(), "unmute".into(), self.lift(Sanction::Mute, who)?),
            Order::Alert { level } => {
                let level = u8::try_from(Alert::ALL.len() - 1).unwrap_or(u8::MAX).min(*level);
                (String::new(), format!("alert {level}"), vec![Change::Alert(level)])
            }
            Order::Release { nickname } => {
                let person = self.claimed_by(nickname)?;
                (nickname.clone(), "release".into(), vec![Change::Release(person)])
            }
            Order::Erase { nickname } => {
                let person = self.claimed_by(nickname)?;
                (nickname.clone(), "erase".into(), vec![Change::Erase(person)])
            }
            Order::Retention => (String::new(), String::new(), self.expiries(now)),
            Order::Compact => (String::new(), String::new(), vec![Change::Compact]),
            Order::Status | Order::Reload => return Err("that is not the hub's to do".into()),
        };
        self.store_deed(None, Some(ticket), ACTOR, &target, &act, changes);
        Ok(())
    }

    fn claimed_by(&self, name: &str) -> Result<PersonId, String> {
        let parsed = Nickname::parse(name).map_err(|error| format!("{name:?} is no nickname: {error}"))?;
        let person = self.person_of(&parsed).filter(|id| self.people[id].is_claimed());
        person.ok_or_else(|| format!("nobody has claimed {name}"))
    }

    fn key_of(&self, who: &str) -> Result<PublicKey, String> {
        match Whom::parse(who)? {
            Whom::Key(key) => Ok(key),
            Whom::Name(name) => {
                let person = self.claimed_by(name.as_str())?;
                self.people[&person].key.as_deref().copied().ok_or_else(|| format!("nobody has claimed {name}"))
            }
            Whom::Network(_) => Err("a nickname or a key is wanted".into()),
        }
    }

    fn sanction(&self, sanction: Sanction, who: &str, until: Option<u64>, reason: &str) -> Result<Vec<Change>, String> {
        let (name, subjects) = match Whom::parse(who)? {
            Whom::Name(name) => (name.as_str().into(), self.subjects(&name, false)),
            Whom::Key(key) => ("".into(), vec![Subject::Key(key)]),
            Whom::Network(network) => ("".into(), vec![Subject::Network(network)]),
        };
        let name: Box<str> = name;
        let reason = Act::reason(reason);
        let made = |subject| {
            let (reason, name) = (reason.clone(), name.clone());
            Change::Sanction(Sanctioned { sanction, scope: None, subject, until, reason, name })
        };
        Ok(subjects.into_iter().map(made).collect())
    }

    fn lift(&self, sanction: Sanction, who: &str) -> Result<Vec<Change>, String> {
        let subjects = match Whom::parse(who)? {
            Whom::Name(name) => self.sanctions.of_name(sanction, None, &name),
            Whom::Key(key) => vec![Subject::Key(key)],
            Whom::Network(network) => vec![Subject::Network(network)],
        };
        if subjects.is_empty() {
            return Err(format!("nothing holds against {who}"));
        }
        Ok(subjects.into_iter().map(|subject| Change::Lift(sanction, None, subject)).collect())
    }

    /// What the configuration no longer keeps.
    pub(super) fn expiries(&self, now: Now) -> Vec<Change> {
        let (days, keep) = (self.rules.keep_days, self.rules.keep_entries);
        if days == 0 && keep == 0 {
            return Vec::new();
        }
        let before = (days > 0).then(|| now.wall.saturating_sub(u64::from(days) * 24 * 3_600_000));
        let keep = if keep == 0 { u64::MAX } else { keep };
        let has_some = |log: &LogId| log.0 > 0 && self.logs[log].head >= self.logs[log].first;
        self.logs.keys().copied().filter(has_some).map(|log| Change::Expire { log, keep, before }).collect()
    }

    /// What the hub knows of how the server is.
    pub fn status(&self, status: &mut Status) {
        status.people = self.online.len();
        status.claims = self.people.values().filter(|person| person.is_claimed()).count();
        status.rooms = self.rooms.len();
        status.sanctions = self.sanctions.iter().count();
        status.alert = self.alert as u8;
    }

    /// Takes other rules from now on.
    pub fn set_rules(&mut self, rules: super::Rules, now: Now) {
        self.rules = rules;
        // What was allowed before is counted anew.
        self.households.clear();
        for person in self.people.values_mut() {
            person.allowance = Allowance::of_person(&self.rules, now.mono);
        }
        (self.next_expiry, self.next_release) = (None, None);
    }
}

fn with_reason(act: &str, for_s: Option<u64>, reason: &str) -> String {
    let time = for_s.map(|seconds| format!(" {seconds}s")).unwrap_or_default();
    let reason = Act::reason(reason);
    if reason.is_empty() { format!("{act}{time}") } else { format!("{act}{time}: {reason}") }
}
