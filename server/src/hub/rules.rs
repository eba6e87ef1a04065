//! What the operator has set: how many, how fast, and whom the server lets in.

use shared::identity::PublicKey;
use std::collections::BTreeSet;

/// Whom the server lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Everybody.
    Open,
    /// Who has a claimed nickname, or an invite.
    Invite,
    /// Who has a claimed nickname, or a key that is listed.
    Keys,
}

/// How many of what the server holds, how fast, and for whom. Rates do not hold for exempt sessions.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Rooms there may be.
    pub rooms: usize,
    /// Persons in a room.
    pub members: usize,
    /// Rooms that one session follows.
    pub rooms_per_session: usize,
    /// Rooms that one person may own.
    pub rooms_per_person: usize,
    /// Sessions of one person.
    pub sessions_per_person: usize,
    /// Nicknames that one key may claim.
    pub claims_per_key: usize,
    /// Nicknames that may be claimed from one address in an hour.
    pub claims_per_address_h: u32,
    /// Messages a second that a person may send in the long run; more are read later.
    pub sends_per_s: u32,
    /// The same from one address, whoever sends them.
    pub sends_per_address_s: u32,
    /// Joins, histories and searches a second that a person may ask for in the long run; more are refused.
    pub queries_per_s: u32,
    /// The same from one address.
    pub queries_per_address_s: u32,
    /// Failed logins a minute from one address; beyond, only known keys are let in from there.
    pub failed_logins_per_address_min: u32,
    /// Days after which a claimed nickname is free again that nobody has used; 0: never.
    pub claims_unused_days: u32,
    /// Whom the server lets in.
    pub access: Access,
    /// Keys that may claim nicknames where not everybody may.
    pub keys: BTreeSet<PublicKey>,
    /// Keys of operators.
    pub operators: BTreeSet<PublicKey>,
    /// Days after which entries go; 0: never.
    pub keep_days: u32,
    /// Entries of a room beyond which the oldest go; 0: never.
    pub keep_entries: u64,
    /// What the operator has to say to everybody.
    pub motd: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            rooms: 10_000,
            members: 100_000,
            rooms_per_session: 100,
            rooms_per_person: 50,
            sessions_per_person: 100,
            claims_per_key: 10,
            claims_per_address_h: 20,
            sends_per_s: 10,
            sends_per_address_s: 40,
            queries_per_s: 20,
            queries_per_address_s: 80,
            failed_logins_per_address_min: 20,
            claims_unused_days: 0,
            access: Access::Open,
            keys: BTreeSet::new(),
            operators: BTreeSet::new(),
            keep_days: 0,
            keep_entries: 0,
            motd: String::new(),
        }
    }
}
