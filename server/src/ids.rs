//! Numbers that name things inside the server.

use rustc_hash::FxBuildHasher;
use shared::Seq;
use std::collections::HashMap;

/// Things by numbers that the server itself gives: nobody can choose them so that they collide.
pub(crate) type IdMap<K, V> = HashMap<K, V, FxBuildHasher>;

slotmap::new_key_type! {
    /// One connection. Never used again for another one.
    pub struct SessionId;
}

/// A person: positive for a claimed nickname, negative for a guest's one login. Never used again for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub i64);

impl PersonId {
    /// A guest is gone with its connection; nothing of it is kept.
    pub fn is_guest(self) -> bool {
        self.0 < 0
    }
}

/// A log: positive for rooms and the inboxes of claimed nicknames, negative for a guest's inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub i32);

impl LogId {
    /// Where entry `seq` lies in the one table of entries: the log in the upper half, the seq in the lower.
    pub fn place(self, seq: Seq) -> i64 {
        (i64::from(self.0) << 32) | i64::try_from(seq.get()).map_or(MAX_ENTRIES, |seq| seq.min(MAX_ENTRIES))
    }

    /// The log and seq of a place.
    pub fn from_place(place: i64) -> (Self, Seq) {
        let log = i32::try_from(place >> 32).expect("a shifted i64 fits into 32 bits");
        let seq = u64::try_from(place & MAX_ENTRIES).expect("masked to 32 bits");
        (Self(log), Seq::new(seq).expect("32 bits are below 2^53"))
    }
}

/// Entries that one log can have: a seq is the lower half of a place.
const MAX_ENTRIES: i64 = 0xffff_ffff;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_sort_by_log_then_seq(a in any::<(i32, u32)>(), b in any::<(i32, u32)>()) {
            let place = |(log, seq): (i32, u32)| LogId(log).place(Seq::new(seq.into()).unwrap());
            prop_assert_eq!(place(a).cmp(&place(b)), a.cmp(&b));
            prop_assert_eq!(LogId::from_place(place(a)), (LogId(a.0), Seq::new(a.1.into()).unwrap()));
        }
    }
}
