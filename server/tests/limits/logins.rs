//! How often somebody may fail to log in, and how many nicknames they may have.

use super::places::{HERE, THERE, again, as_guest, from, guest, is_in, is_refused, key, owner, server};
use crate::common::Client;
use serde_json::{Value, json};
use std::{thread, time::Duration};

/// Fails to log in, on as many connections as it takes.
fn fail(server: &crate::common::Server, times: usize) {
    let mut left = times;
    while left > 0 {
        let mut client = from(HERE, server);
        let welcome = client.hello();
        for _ in 0..left.min(9) {
            // Signed for another nickname.
            let mut login = client.stream.keyed_login(&welcome, "somebody", &key(7));
            login["nickname"] = "else".into();
            client.send(&login);
            is_refused(&client.expect("login"), "bad_signature");
            left -= 1;
        }
    }
}

#[test]
fn where_too_many_logins_fail_only_known_keys_are_let_in() {
    // One more every two seconds.
    let server = server("failed_logins_per_address_min = 30");
    drop(owner(HERE, &server, "ann", &key(1)));
    fail(&server, 29);
    // Whoever has failed less than that is let in.
    drop(guest(HERE, &server, "before"));
    fail(&server, 5);
    let mut late = from(HERE, &server);
    let wait = is_refused(&as_guest(&mut late, "late"), "slow_down").expect("it is for a while");
    assert!((Duration::from_millis(1)..=Duration::from_secs(2)).contains(&wait), "{wait:?}");
    owner(HERE, &server, "ann", &key(1));
    let mut stranger = from(HERE, &server);
    is_refused(&stranger.log_in("stranger", &key(2)), "slow_down");
    // Elsewhere nothing has happened.
    guest(THERE, &server, "elsewhere");
    owner(THERE, &server, "stranger", &key(2));
    // Waiting as told is enough.
    thread::sleep(wait);
    late.send(&json!({"type": "login", "nickname": "late"}));
    is_in(&late.expect("login"));
}

#[test]
fn a_key_claims_so_many_nicknames_and_no_more() {
    let server = server("claims_per_key = 2");
    drop((owner(HERE, &server, "one", &key(1)), owner(THERE, &server, "two", &key(1))));
    let mut third = from(HERE, &server);
    assert_eq!(is_refused(&third.log_in("three", &key(1)), "too_many"), None, "it is not temporary");
    owner(HERE, &server, "two", &key(1));
    owner(HERE, &server, "three", &key(2));
}

#[test]
fn from_an_address_so_many_nicknames_are_claimed_in_an_hour() {
    let server = server("claims_per_address_h = 2");
    drop((owner(HERE, &server, "one", &key(1)), owner(HERE, &server, "two", &key(2))));
    let mut third = from(HERE, &server);
    let wait = is_refused(&third.log_in("three", &key(3)), "slow_down").expect("it is for a while");
    assert!((1_700..=1_800).contains(&wait.as_secs()), "{wait:?}");
    // A known key that wants a second nickname is no exception; its own it may use, as guests may come and go.
    let mut other = from(HERE, &server);
    let welcome = other.hello();
    is_refused(&again(&mut other, &welcome, "four", &key(1)), "slow_down");
    is_in(&again(&mut other, &welcome, "one", &key(1)));
    guest(HERE, &server, "somebody");
    owner(THERE, &server, "three", &key(3));
}

#[test]
fn a_person_has_so_many_sessions() {
    let server = server("sessions_per_person = 2");
    let mut sessions = vec![owner(HERE, &server, "ann", &key(1)), owner(THERE, &server, "ann", &key(1))];
    let mut third = from(HERE, &server);
    let welcome = third.hello();
    is_refused(&again(&mut third, &welcome, "ann", &key(1)), "too_many");
    let mut ended: Client = sessions.remove(0);
    ended.send(&json!({"type": "bye"}));
    ended.rest();
    is_in(&again(&mut third, &welcome, "ann", &key(1)));
    let heard: Value = {
        third.send(&json!({"type": "ls"}));
        third.expect("ls")
    };
    assert_eq!(heard["members"].as_array().unwrap().len(), 1, "{heard}");
}
