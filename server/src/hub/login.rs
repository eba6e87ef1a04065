//! Taking a nickname: as a guest, or as its owner.

use super::{
    Effect, Hub, Millis, Now, Refusal, names::Holder, person::Person, rates::Allowance, room::Log,
    settle::UNAVAILABLE_RETRY_MS,
};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::{Account, Asker, GUEST_BLOCK, InviteHash, Op},
};
use shared::{
    Epoch, ErrorCode, Event, Nickname, Outgoing, Seq,
    event::{Inbox, Login as LoginAnswer},
    identity::PublicKey,
    limits,
    request::Login,
    text::{Label, cut},
};

/// When somebody may try again who asked for a name that is just being claimed.
const CLAIMING_RETRY_MS: u64 = 1_000;

impl Hub {
    /// Never fails as a request: what is refused is a `login` without success.
    pub(super) fn login(&mut self, asker: Asker, login: &Login, now: Now) -> Result<(), Refusal> {
        if let Err(refusal) = self.try_login(&asker, login, now) {
            self.login_failed(asker.session, now.mono);
            self.refuse_login(asker, login, refusal);
        }
        Ok(())
    }

    fn try_login(&mut self, asker: &Asker, login: &Login, now: Now) -> Result<(), Refusal> {
        let session = &self.sessions[asker.session];
        if session.person.is_some() {
            return Err(Refusal::new(ErrorCode::AlreadyLoggedIn, "this connection has logged in already"));
        }
        let nickname = login.nickname.as_ref().map_err(|e| Refusal::new(ErrorCode::NicknameInvalid, e.to_string()))?;
        if let Some((key, signature)) = &login.proof {
            // Without TLS the exporter is empty.
            let exporter = session.exporter.as_ref().map_or(&[][..], |exporter| &exporter[..]);
            if !key.verify_login(&session.challenge, exporter, &login.sent, signature) {
                return Err(Refusal::new(
                    ErrorCode::BadSignature,
                    "the signature does not fit key, challenge and nickname",
                ));
            }
        }
        let key = login.proof.as_ref().map(|(key, _)| key);
        let is_known = key.is_some_and(|key| self.has_claimed(key));
        self.may_enter(asker.session, nickname, login, is_known, now)?;
        match self.names.holder(nickname) {
            Some(Holder::Person(id)) if self.people[&id].key.is_some() && self.people[&id].key.as_deref() == key => {
                self.enter(asker.clone(), id, login.quiet, now)
            }
            Some(Holder::Person(id)) if self.people[&id].is_claimed() => Err(Refusal::new(
                ErrorCode::NicknameClaimed,
                "that nickname belongs to somebody's key; choose another, or log in with the key",
            )),
            Some(Holder::Person(_)) => {
                Err(Refusal::new(ErrorCode::NicknameTaken, "somebody is here under that nickname; choose another"))
            }
            Some(Holder::Claiming) => Err(Refusal::retry(
                ErrorCode::NicknameTaken,
                "somebody is just claiming that nickname",
                CLAIMING_RETRY_MS,
            )),
            None if self.names.has_look(nickname) => Err(Refusal::new(
                ErrorCode::NicknameTaken,
                "somebody has a nickname that looks like it; choose another",
            )),
            None if login.proof.is_some() => self.claim(asker, nickname, login, is_known, now),
            None => self.admit(asker, nickname, login, now),
        }
    }

    /// True if a key has a nickname already.
    fn has_claimed(&self, key: &PublicKey) -> bool {
        self.claims_of(key) > 0
    }

    fn claim(
        &mut self,
        asker: &Asker,
        name: &Nickname,
        login: &Login,
        is_known: bool,
        now: Now,
    ) -> Result<(), Refusal> {
        let claims = login.proof.as_ref().map_or(0, |(key, _)| self.claims_of(key));
        if claims >= self.rules.claims_per_key && !self.sessions[asker.session].exempt {
            return Err(Refusal::new(ErrorCode::TooMany, "that key has claimed too many nicknames; give one back"));
        }
        self.take_claim(asker.session, now.mono)?;
        let invite = if is_known { None } else { self.let_in(login, now)? };
        self.names.add(name, Holder::Claiming);
        self.store(Op::Claim(asker.clone(), name.clone(), Box::new(login.clone()), invite));
        Ok(())
    }

    fn admit(&mut self, asker: &Asker, name: &Nickname, login: &Login, now: Now) -> Result<(), Refusal> {
        let invite = self.let_in(login, now)?;
        if self.next_guest < self.guests_stored && invite.is_none() {
            let id = self.add_guest(name, now);
            return self.enter(asker.clone(), id, login.quiet, now);
        }
        // A number that is not reserved might be given again after a crash, with all that is said to it.
        self.guests_end = self.guests_end.max(self.next_guest + GUEST_BLOCK);
        self.names.add(name, Holder::Claiming);
        self.store(Op::AdmitGuest(asker.clone(), Box::new(login.clone()), self.guests_end, invite));
        Ok(())
    }

    fn refuse_login(&mut self, asker: Asker, login: &Login, refusal: Refusal) {
        let id = asker.session;
        let answer = LoginAnswer {
            success: false,
            code: Some(refusal.code),
            nickname: Label::new(cut(&login.sent, limits::NICKNAME * 4)),
            claimed: None,
            ignoring: None,
            until: None,
            inbox: None,
            detail: Some(Label::new(&refusal.detail)),
            retry_ms: refusal.retry_ms,
        };
        self.effects.push(Effect::Answer(id, Outgoing { event: Event::Login(answer), tag: asker.tag }));
        let session = &mut self.sessions[id];
        session.failed_logins += 1;
        if session.failed_logins >= limits::FAILED_LOGINS {
            self.effects.push(Effect::Close(id));
        }
    }

    /// A claim is stored, or was not.
    pub(super) fn claimed(
        &mut self,
        asker: Asker,
        nickname: &Nickname,
        login: &Login,
        invite: Option<InviteHash>,
        account: Option<Account>,
        now: Now,
    ) {
        let Some(account) = account else {
            self.give_back_invite(invite);
            self.names.remove(nickname);
            if self.sessions.contains_key(asker.session) {
                let refusal = Refusal::retry(
                    ErrorCode::JournalUnavailable,
                    "the nickname can't be stored now",
                    UNAVAILABLE_RETRY_MS,
                );
                self.refuse_login(asker, login, refusal);
            }
            return;
        };
        let id = account.person;
        self.logs.insert(account.inbox, Log::new(account.epoch.clone(), Seq::FIRST, Seq::ZERO));
        self.names.hand_over(nickname, Holder::Person(id));
        let person = self.new_person(account, now.mono);
        self.people.insert(id, Box::new(person));
        if self.sessions.contains_key(asker.session) {
            // Nothing can refuse the first session of a new person.
            let _ = self.enter(asker, id, login.quiet, now);
        }
    }

    /// A claimed nickname as the journal has it.
    pub(super) fn add_account(&mut self, account: Account) {
        self.names.add(&account.nickname, Holder::Person(account.person));
        if let Some(until) = account.hold.as_ref().and_then(|hold| hold.until) {
            self.untils.insert((until, account.person));
        }
        let (id, started) = (account.person, self.started);
        let person = self.new_person(account, started);
        self.people.insert(id, Box::new(person));
    }

    fn add_guest(&mut self, nickname: &Nickname, now: Now) -> PersonId {
        let number = self.next_guest;
        self.next_guest += 1;
        self.reserve_guests();
        let (id, inbox) = (PersonId(-i64::from(number)), LogId(-number));
        let epoch = Epoch::parse(&format!("{}-{number}", self.run)).expect("a short word and a number");
        self.logs.insert(inbox, Log::new(epoch, Seq::FIRST, Seq::ZERO));
        let allowance = Allowance::of_person(&self.rules, now.mono);
        self.people.insert(id, Box::new(Person::new(nickname.clone(), None, inbox, allowance)));
        self.names.add(nickname, Holder::Person(id));
        id
    }

    /// Numbers are reserved, or could not be; a guest may wait for one.
    pub(super) fn guests_reserved(&mut self, end: i32, is_stored: bool) {
        if is_stored {
            self.guests_stored = self.guests_stored.max(end);
        } else {
            // The next guest asks again.
            self.guests_end = self.guests_stored;
        }
    }

    /// A guest who has waited for a number may come in, or could not be stored.
    pub(super) fn admitted(
        &mut self,
        asker: Asker,
        login: &Login,
        invite: Option<InviteHash>,
        is_stored: bool,
        now: Now,
    ) {
        let Ok(nickname) = &login.nickname else { return };
        // The name was kept free meanwhile.
        self.names.remove(nickname);
        if !is_stored {
            self.give_back_invite(invite);
        }
        if !self.sessions.contains_key(asker.session) {
            return;
        }
        if is_stored {
            let id = self.add_guest(nickname, now);
            let _ = self.enter(asker, id, login.quiet, now);
        } else {
            let refusal =
                Refusal::retry(ErrorCode::JournalUnavailable, "no guest can be let in now", UNAVAILABLE_RETRY_MS);
            self.refuse_login(asker, login, refusal);
        }
    }

    /// Keeps numbers in store: a crash may waste a block, but never gives a number twice.
    pub(super) fn reserve_guests(&mut self) {
        if self.next_guest + GUEST_BLOCK / 2 > self.guests_end {
            self.guests_end = self.next_guest + GUEST_BLOCK;
            self.effects.push(Effect::Store(Op::ReserveGuests(self.guests_end)));
        }
    }

    fn enter(&mut self, asker: Asker, id: PersonId, quiet: bool, now: Now) -> Result<(), Refusal> {
        let person = self.people.get_mut(&id).expect("a holder of a name is a person");
        if person.sessions.len() >= self.rules.sessions_per_person {
            return Err(Refusal::new(ErrorCode::TooMany, "that nickname has too many sessions; end one"));
        }
        person.sessions.reserve_exact(1);
        person.sessions.push((asker.session, quiet));
        let session = &mut self.sessions[asker.session];
        (session.person, session.quiet) = (Some(id), quiet);
        let log = &self.logs[&person.inbox];
        let answer = LoginAnswer {
            success: true,
            code: None,
            nickname: person.label(),
            claimed: Some(person.is_claimed()),
            ignoring: Some(person.hold.is_some()),
            until: person.hold.as_ref().and_then(|hold| hold.until),
            inbox: Some(Inbox {
                epoch: log.epoch.clone(),
                first: log.first,
                head: log.head,
                // Until it is joined for the first time, everything counts as read.
                read: person.is_claimed().then(|| person.marks.get(&person.inbox).copied().unwrap_or(log.head)),
            }),
            detail: None,
            retry_ms: None,
        };
        self.list(id);
        self.note_entry(asker.session, id, now);
        self.answer(asker, Event::Login(answer))
    }

    fn new_person(&mut self, account: Account, now: Millis) -> Person {
        *self.doors.claims.entry(account.key).or_default() += 1;
        let allowance = Allowance::of_person(&self.rules, now);
        Person {
            hold: account.hold.map(Box::new),
            marks: account.marks,
            seen: account.seen,
            ..Person::new(account.nickname, Some(account.key), account.inbox, allowance)
        }
    }

    /// Keeps the list of who is online.
    pub(super) fn list(&mut self, id: PersonId) {
        let Some(person) = self.people.get(&id) else { return };
        if person.is_listed() {
            self.online.insert(person.order.clone(), id);
        } else {
            self.online.remove(&person.order);
        }
    }

    /// A session of a person is over. With its last one a guest is gone, and `away` said by hand ends.
    pub(super) fn end_session(&mut self, session: SessionId, id: PersonId, now: Now) {
        self.note_use([id], now);
        let Some(person) = self.people.get_mut(&id) else { return };
        person.sessions.retain(|(other, _)| *other != session);
        if !person.sessions.is_empty() {
            self.list(id);
            return;
        }
        if std::mem::take(&mut person.away) {
            self.changed(id, now);
        }
        self.list(id);
        if id.is_guest() {
            let Some(person) = self.people.remove(&id) else { return };
            self.names.remove(person.nickname());
            self.untils.retain(|(_, other)| *other != id);
            let had_entries = self.logs.remove(&person.inbox).is_some_and(|log| log.head > Seq::ZERO);
            if had_entries {
                self.effects.push(Effect::Store(Op::DropInbox(person.inbox)));
            }
        }
    }
}
