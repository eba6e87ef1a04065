//! What is noted of who is here.

use super::*;
use crate::{
    hub::{Arrival, Rules},
    ids::LogId,
    journal::{Account, Done, Stored, StoredLog, Touched},
};
use shared::{Epoch, Seq};
use slotmap::SlotMap;
use std::{collections::BTreeMap, net::Ipv4Addr};

const ANN: PersonId = PersonId(1);

/// A hub where somebody has claimed a nickname that is free again after ten days without use.
fn hub(now: Now) -> Hub {
    let epoch = Epoch::parse("e").unwrap();
    let (log, first, head) = (LogId(1), Seq::FIRST, Seq::ZERO);
    let account = Account {
        person: ANN,
        nickname: Nickname::parse("ann").unwrap(),
        key: PublicKey::from_bytes([1; 32]),
        inbox: log,
        epoch: epoch.clone(),
        hold: None,
        marks: BTreeMap::new(),
        seen: Some(now.wall),
    };
    let logs = vec![StoredLog { log, room: None, epoch, first, head, topic: String::new() }];
    let stored = Stored { logs, accounts: vec![account], next_guest: 1, guests_end: 9, ..Stored::default() };
    Hub::new(Rules { claims_unused_days: 10, ..Rules::default() }, stored, "run".into(), now)
}

/// Days pass, hour by hour; on which of them something was noted, and on which the nickname was given back.
fn pass(hub: &mut Hub, now: &mut Now, days: u64) -> (Vec<u64>, Vec<u64>) {
    let (mut noted, mut released) = (Vec::new(), Vec::new());
    for hour in 1..=days * 24 {
        (now.mono, now.wall) = (now.mono + 3_600_000, now.wall + 3_600_000);
        hub.tick(*now);
        for effect in hub.take_effects() {
            let Effect::Store(op) = effect else { continue };
            let Op::Deed(_, _, deed) = &op else { continue };
            match deed.changes[..] {
                [Change::Seen(ANN)] => noted.push(hour / 24),
                [Change::Release(ANN)] => released.push(hour / 24),
                ref other => panic!("{other:?}"),
            }
            hub.settle([(op, Done::Changed(Touched::default()))], *now);
        }
    }
    (noted, released)
}

#[test]
fn who_is_here_all_the_time_keeps_a_nickname_and_who_has_gone_does_not() {
    let mut now = Now { mono: 5_000, wall: 1_790_000_000_000 };
    let mut hub = hub(now);
    let id = SlotMap::<SessionId, ()>::with_key().insert(());
    let address = Ipv4Addr::LOCALHOST.into();
    hub.connect(id, Arrival { address, challenge: [7; 32], exempt: true, reserved: false });
    hub.sessions[id].person = Some(ANN);
    hub.people.get_mut(&ANN).unwrap().sessions.push((id, false));
    let (noted, released) = pass(&mut hub, &mut now, 40);
    assert!(noted.len() >= 39 && released.is_empty(), "{noted:?} {released:?}");
    hub.disconnect(id, true, now);
    let (noted, released) = pass(&mut hub, &mut now, 14);
    assert!(noted.is_empty(), "nobody is here");
    assert!(matches!(released[..], [11 | 12]), "{released:?}");
    assert!(hub.people.is_empty());
}
