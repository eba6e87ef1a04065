//! Taking a nickname: as a guest, or as its owner.

use super::{Effect, Hub, Now, Refusal, names::Holder, person::Person, room::Log, settle::UNAVAILABLE_RETRY_MS};
use crate::{
    ids::{LogId, PersonId, SessionId},
    journal::{Account, Asker, GUEST_BLOCK, Op},
};
use shared::{
    Epoch, ErrorCode, Event, Nickname, Outgoing, Seq,
    event::{Inbox, Login as LoginAnswer},
    limits,
    request::Login,
    text::{Label, cut},
};

/// When somebody may try again who asked for a name that is just being claimed.
const CLAIMING_RETRY_MS: u64 = 1_000;

impl Hub {
    /// Never fails as a request: what is refused is a `login` without success.
    pub(super) fn login(&mut self, asker: Asker, login: &Login) -> Result<(), Refusal> {
        if let Err(refusal) = self.try_login(&asker, login) {
            self.refuse_login(asker, login, refusal);
        }
        Ok(())
    }

    fn try_login(&mut self, asker: &Asker, login: &Login) -> Result<(), Refusal> {
        let session = &self.sessions[asker.session];
        if session.person.is_some() {
            return Err(Refusal::new(ErrorCode::AlreadyLoggedIn, "this connection has logged in already"));
        }
        let nickname = login.nickname.as_ref().map_err(|e| Refusal::new(ErrorCode::NicknameInvalid, e.to_string()))?;
        if let Some((key, signature)) = &login.proof {
            // Without TLS the exporter is empty.
            if !key.verify_login(&session.challenge, b"", &login.sent, signature) {
                return Err(Refusal::new(
                    ErrorCode::BadSignature,
                    "the signature does not fit key, challenge and nickname",
                ));
            }
        }
        let key = login.proof.as_ref().map(|(key, _)| key);
        match self.names.holder(nickname) {
            Some(Holder::Person(id)) if self.people[&id].key.is_some() && self.people[&id].key.as_deref() == key => {
                self.enter(asker.clone(), id, login.quiet)
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
            None if login.proof.is_some() => {
                self.names.add(nickname, Holder::Claiming);
                self.store(Op::Claim(asker.clone(), nickname.clone(), Box::new(login.clone())));
                Ok(())
            }
            None if self.next_guest >= self.guests_stored => {
                // A number that is not reserved might be given again after a crash, with all that is said to it.
                self.guests_end = self.guests_end.max(self.next_guest + GUEST_BLOCK);
                self.store(Op::AdmitGuest(asker.clone(), Box::new(login.clone()), self.guests_end));
                Ok(())
            }
            None => {
                let id = self.add_guest(nickname);
                self.enter(asker.clone(), id, login.quiet)
            }
        }
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
    pub(super) fn claimed(&mut self, asker: Asker, nickname: &Nickname, login: &Login, account: Option<Account>) {
        let Some(account) = account else {
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
        self.people.insert(id, Box::new(new_person(account)));
        if self.sessions.contains_key(asker.session) {
            // Nothing can refuse the first session of a new person.
            let _ = self.enter(asker, id, login.quiet);
        }
    }

    /// A claimed nickname as the journal has it.
    pub(super) fn add_account(&mut self, account: Account) {
        self.names.add(&account.nickname, Holder::Person(account.person));
        if let Some(until) = account.hold.as_ref().and_then(|hold| hold.until) {
            self.untils.insert((until, account.person));
        }
        self.people.insert(account.person, Box::new(new_person(account)));
    }

    fn add_guest(&mut self, nickname: &Nickname) -> PersonId {
        let number = self.next_guest;
        self.next_guest += 1;
        self.reserve_guests();
        let (id, inbox) = (PersonId(-i64::from(number)), LogId(-number));
        let epoch = Epoch::parse(&format!("{}-{number}", self.run)).expect("a short word and a number");
        self.logs.insert(inbox, Log::new(epoch, Seq::FIRST, Seq::ZERO));
        self.people.insert(id, Box::new(Person::new(nickname.clone(), None, inbox)));
        self.names.add(nickname, Holder::Person(id));
        id
    }

    /// Numbers are reserved, or could not be; a guest may wait for one.
    pub(super) fn guests_reserved(&mut self, end: i32, waiting: Option<(Asker, Box<Login>)>, is_stored: bool) {
        if is_stored {
            self.guests_stored = self.guests_stored.max(end);
        } else {
            // The next guest asks again.
            self.guests_end = self.guests_stored;
        }
        let Some((asker, login)) = waiting.filter(|(asker, _)| self.sessions.contains_key(asker.session)) else {
            return;
        };
        if is_stored {
            let _ = self.login(asker, &login);
        } else {
            let refusal =
                Refusal::retry(ErrorCode::JournalUnavailable, "no guest can be let in now", UNAVAILABLE_RETRY_MS);
            self.refuse_login(asker, &login, refusal);
        }
    }

    /// Keeps numbers in store: a crash may waste a block, but never gives a number twice.
    pub(super) fn reserve_guests(&mut self) {
        if self.next_guest + GUEST_BLOCK / 2 > self.guests_end {
            self.guests_end = self.next_guest + GUEST_BLOCK;
            self.effects.push(Effect::Store(Op::ReserveGuests(self.guests_end)));
        }
    }

    fn enter(&mut self, asker: Asker, id: PersonId, quiet: bool) -> Result<(), Refusal> {
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
        self.answer(asker, Event::Login(answer))
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

fn new_person(account: Account) -> Person {
    Person {
        hold: account.hold.map(Box::new),
        marks: account.marks,
        ..Person::new(account.nickname, Some(account.key), account.inbox)
    }
}
