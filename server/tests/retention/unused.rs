//! Nicknames that nobody uses.

use crate::common::{
    Client,
    house::{Somebody, identity},
};
use serde_json::{Value, json};
use server::{Config, Running, WallClock, admin, config::Listen, config::Overrides};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

const DAY: u64 = 24 * 3_600_000;
const TODAY: u64 = 1_790_000_000_000;

/// A server whose clock shows what it is told.
fn start(directory: &Path, clock: &Arc<AtomicU64>, days: u32) -> Running {
    let overrides = Overrides { data_dir: Some(directory.into()), ..Overrides::default() };
    let mut config = Config::load(overrides).unwrap();
    config.listen = vec![Listen { address: "127.0.0.1:0".parse().unwrap(), required: true }];
    let shown = clock.clone();
    config.journal.wall = WallClock::new(move || shown.load(Ordering::Relaxed));
    config.rules.claims_unused_days = days;
    server::start(config).unwrap()
}

fn login(server: &Running, nickname: &str, key: &str) -> (Somebody, Value) {
    Somebody::log_in(Client::connect(server.addresses[0]), nickname, Some(&identity(key)), &json!({}))
}

fn code(server: &Running, nickname: &str, key: &str) -> String {
    login(server, nickname, key).1["code"].as_str().unwrap_or("none").to_owned()
}

/// Once this is answered, what the server does at its start is done.
fn settle(directory: &Path) {
    admin::order(directory, &admin::Order::Compact).unwrap();
}

#[test]
fn a_nickname_that_nobody_has_used_for_so_many_days_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicU64::new(TODAY));
    let server = start(directory.path(), &clock, 10);
    for nickname in ["ann", "bob"] {
        assert_eq!(code(&server, nickname, nickname), "none");
    }
    server.stop().unwrap();
    // Ann comes once more.
    clock.store(TODAY + 6 * DAY, Ordering::Relaxed);
    let server = start(directory.path(), &clock, 10);
    assert_eq!(code(&server, "ann", "ann"), "none");
    server.stop().unwrap();
    for (day, free) in [(10, [false, false]), (11, [false, true]), (15, [false, false]), (17, [true, false])] {
        clock.store(TODAY + day * DAY + 1, Ordering::Relaxed);
        let server = start(directory.path(), &clock, 10);
        settle(directory.path());
        for (nickname, is_free) in ["ann", "bob"].into_iter().zip(free) {
            let expected = if is_free { "none" } else { "nickname_claimed" };
            assert_eq!(code(&server, nickname, &format!("somebody on day {day}")), expected, "{nickname} on day {day}");
        }
        server.stop().unwrap();
    }
    // Without such a rule it is kept for ever.
    clock.store(TODAY + 4_000 * DAY, Ordering::Relaxed);
    let server = start(directory.path(), &clock, 0);
    settle(directory.path());
    assert_eq!(code(&server, "ann", "ann"), "nickname_claimed");
    server.stop().unwrap();
}

#[test]
fn who_is_here_all_the_time_uses_a_nickname() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicU64::new(TODAY));
    let server = start(directory.path(), &clock, 10);
    let (mut ann, _) = login(&server, "ann", "ann");
    clock.store(TODAY + 30 * DAY, Ordering::Relaxed);
    ann.client.send(&json!({"type": "bye"}));
    ann.rest();
    settle(directory.path());
    server.stop().unwrap();
    let server = start(directory.path(), &clock, 10);
    settle(directory.path());
    assert_eq!(code(&server, "ann", "somebody else"), "nickname_claimed");
    server.stop().unwrap();
}
