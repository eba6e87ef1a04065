//! Invites, and lists of keys.

use crate::common::house::{House, OPERATOR, Somebody, act, identity, key, redact};
use serde_json::{Value, json};
use shared::Address;
use std::{fs, thread, time::Duration};

const INVITE: &str = "access = \"invite\"";

/// Makes an invite; gives its link and its token.
fn invite(house: &House, words: &[&str]) -> (String, String) {
    let link = house.order(&[&["invite", "--plain"], words].concat());
    assert!(link.starts_with("parlor://") && link.lines().count() == 1, "{link}");
    let link = link.trim().to_owned();
    let token = Address::parse(&link).unwrap().invite.expect("a token").to_string();
    (link, token)
}

fn with(token: &str) -> Value {
    json!({"invite": token})
}

fn come(house: &House, nickname: &str, token: &str) -> Somebody {
    let (somebody, login) = house.try_login(nickname, Some(&identity(nickname)), &with(token));
    assert_eq!(login["success"], true, "{login}");
    somebody
}

/// With what somebody is refused who has this invite.
fn refused(house: &House, nickname: &str, token: &str) -> String {
    house.refused(nickname, Some(&identity(nickname)), &with(token))
}

#[test]
fn without_an_invite_nobody_new_is_let_in() {
    let mut house = House::new(INVITE);
    assert_eq!(house.refused("ann", Some(&identity("ann")), &json!({})), "forbidden");
    assert_eq!(house.refused("guest", None, &json!({})), "forbidden");
    assert_eq!(refused(&house, "ann", "nonsense"), "forbidden");
    house.keyed(OPERATOR);
    for _ in 0..3 {
        // The moderation log counts otherwise than people are counted.
        invite(&house, &[]);
    }
    let (link, token) = invite(&house, &["--note", "for ann", "--room", "#ann"]);
    assert_eq!(Address::parse(&link).unwrap().room.unwrap().as_str(), "#ann");
    let mut ann = come(&house, "ann", &token);
    assert_eq!(refused(&house, "bob", &token), "forbidden", "it was good once");
    assert!(house.has_logged(["server", "-", "ann", "let in by invite: for ann"]), "{:?}", house.log());
    // What she does is hers, before and after a crash.
    ann.join("#ann");
    let said = ann.say("#ann", "a", "here I am");
    house.crash();
    assert_eq!(refused(&house, "bob", &token), "forbidden");
    let mut ann = house.keyed("ann").in_room("#ann");
    assert_eq!(ann.say("#ann", "a", "here I am")["seq"], said["seq"]);
    ann.done(act("lock", "#ann", "b", &json!({})));
    ann.done(redact("#ann", "c", &said["seq"], ""));
    // A known key may have another nickname.
    let (_, login) = house.try_login("anna", Some(&identity("ann")), &json!({}));
    assert_eq!(login["success"], true, "{login}");
}

#[test]
fn an_invite_is_good_as_often_as_it_says() {
    let mut house = House::new(INVITE);
    let (_, thrice) = invite(&house, &["--uses", "3"]);
    let (_, always) = invite(&house, &["--uses", "0"]);
    come(&house, "a1", &thrice);
    // Who is not let in for another reason has not used it.
    for _ in 0..3 {
        assert_eq!(house.refused("a1", Some(&identity("other")), &with(&thrice)), "nickname_claimed");
        assert_eq!(house.refused("-_-", Some(&identity("other")), &with(&thrice)), "nickname_invalid");
    }
    house.crash();
    // A guest uses it at every login.
    let (guest, login) = house.try_login("guest", None, &with(&thrice));
    assert_eq!(login["success"], true, "{login}");
    drop(guest);
    house.restart();
    come(&house, "a2", &thrice);
    house.crash();
    assert_eq!(refused(&house, "a3", &thrice), "forbidden");
    for number in 0..5 {
        come(&house, &format!("b{number}"), &always);
    }
    house.crash();
    come(&house, "b6", &always);
}

#[test]
fn two_who_come_at_once_are_not_let_in_by_one_use() {
    let house = House::new(INVITE);
    for round in 0..10 {
        let (_, token) = invite(&house, &[]);
        let names = [format!("x{round}"), format!("y{round}"), format!("z{round}")];
        let codes: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> = names.iter().map(|name| scope.spawn(|| refused(&house, name, &token))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(codes.iter().filter(|code| *code == "none").count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| *code == "forbidden").count(), 2, "{codes:?}");
    }
}

#[test]
fn an_invite_ends_by_its_time_or_by_hand() {
    let mut house = House::new(INVITE);
    let (_, short) = invite(&house, &["--expires", "2s", "--uses", "0"]);
    let (link, by_link) = invite(&house, &["--uses", "0"]);
    let (_, by_token) = invite(&house, &["--uses", "0", "--expires", "0"]);
    for (number, token) in [&short, &by_link, &by_token].into_iter().enumerate() {
        come(&house, &format!("a{number}"), token);
    }
    assert_eq!(house.order(&["uninvite", &link]), "done\n");
    assert_eq!(house.order(&["uninvite", &by_token]), "done\n");
    thread::sleep(Duration::from_secs(2));
    for _ in 0..2 {
        for token in [&short, &by_link, &by_token] {
            assert_eq!(refused(&house, "late", token), "forbidden");
        }
        house.crash();
    }
    for words in [["--expires", "soon"], ["--expires", "7"], ["--room", "#no room"], ["--uses", "-1"]] {
        house.cli(&[&["invite", "--plain"], &words[..]].concat()).expect_err("no invite");
    }
}

#[test]
fn whoever_reads_the_files_can_not_use_an_invite() {
    let mut house = House::new(INVITE);
    let (_, token) = invite(&house, &["--uses", "5"]);
    come(&house, "ann", &token);
    let check = |house: &House| {
        for entry in fs::read_dir(house.path()).unwrap() {
            let path = entry.unwrap().path();
            let Ok(bytes) = fs::read(&path) else { continue };
            let token = token.as_bytes();
            assert!(!bytes.windows(token.len()).any(|part| part == token), "{}", path.display());
        }
    };
    check(&house);
    house.restart();
    check(&house);
    come(&house, "bob", &token);
}

#[test]
fn only_listed_keys_come_in() {
    let config = |names: &[&str]| {
        let keys: Vec<String> = names.iter().map(|name| key(name)).collect();
        format!("access = \"keys\"\nkeys = {keys:?}")
    };
    let mut house = House::new(&config(&["ann", "bob"]));
    let mut ann = house.keyed("ann");
    ann.join("#x");
    house.keyed(OPERATOR);
    assert_eq!(house.refused("carol", Some(&identity("carol")), &json!({})), "forbidden");
    assert_eq!(house.refused("ann2", None, &json!({})), "forbidden");
    let (_, token) = invite(&house, &[]);
    assert_eq!(refused(&house, "carol", &token), "forbidden", "there are no invites here");
    // The list is read again while the server runs. Who has claimed a nickname is known.
    let operator = format!("operators = [\"{}\"]\n", key(OPERATOR));
    fs::write(house.path().join("config.toml"), operator + &config(&["carol"])).unwrap();
    house.order(&["reload"]);
    house.keyed("carol");
    assert_eq!(house.refused("bob", Some(&identity("bob")), &json!({})), "forbidden");
    ann.say("#x", "a", "still here");
    house.restart_with(&config(&[]));
    house.keyed("ann");
    house.keyed("carol");
    assert_eq!(house.refused("bob", Some(&identity("bob")), &json!({})), "forbidden");
}
