//! The wire, as a client sees it: what is asked, what comes back, what the others get.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, Server};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::time::{SystemTime, UNIX_EPOCH};

/// The events up to the first that fits, this one included.
fn until(client: &mut Client, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut events = vec![client.next()];
    while !fits(events.last().unwrap()) {
        events.push(client.next());
    }
    events
}

/// Asks with a tag; gives the answer to it.
fn ask(client: &mut Client, mut request: Value) -> Value {
    request["tag"] = json!("asked");
    client.send(&request);
    until(client, |event| event["tag"] == "asked").pop().unwrap()
}

/// The next `count` entries of a room.
fn entries(client: &mut Client, room: &str, count: usize) -> Vec<Value> {
    (0..count).map(|_| until(client, |e| e["type"] == "message" && e["room"] == room).pop().unwrap()).collect()
}

fn seqs(entries: &Value) -> Vec<u64> {
    entries.as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

fn say(client: &mut Client, room: &str, id: &str, msg: &str) -> Value {
    let ack = ask(client, json!({"type": "broadcast", "room": room, "id": id, "msg": msg}));
    assert_eq!((&ack["type"], &ack["id"]), (&json!("ack"), &json!(id)), "{ack}");
    ack
}

fn join(client: &mut Client, room: &str) -> Value {
    ask(client, json!({"type": "join", "room": room}))
}

fn try_owner(server: &Server, nickname: &str, secret: u8) -> (Client, Value) {
    let (mut client, identity) = (server.connect(), Identity::from_secret(&[secret; 32]));
    let welcome = client.hello();
    let signature = identity.sign_login(welcome["challenge"].as_str().unwrap(), b"", nickname).unwrap().to_string();
    let key = identity.public().to_string();
    let answer = ask(&mut client, json!({"type": "login", "nickname": nickname, "key": key, "signature": signature}));
    (client, answer)
}

/// A session of a claimed nickname.
fn owner(server: &Server, nickname: &str) -> Client {
    let (client, answer) = try_owner(server, nickname, nickname.as_bytes()[0]);
    assert_eq!((&answer["success"], &answer["claimed"]), (&json!(true), &json!(true)), "{answer}");
    client
}

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn a_guest_says_hello_login_and_join_in_one_write() {
    let server = Server::start();
    let mut guest = server.connect();
    guest.send_bytes(
        b"{\"type\":\"hello\",\"version\":1}\r\n\r\n \n{\"type\":\"login\",\"nickname\":\"ann\",\"key\":null}\n\
          {\"type\":\"join\",\"room\":\"#One\",\"last\":null,\"after\":null,\"epoch\":null,\"tag\":null,\"x\":[1]}\n",
    );
    let welcome = guest.next();
    assert_eq!((&welcome["type"], &welcome["version"]), (&json!("welcome"), &json!(1)));
    assert_eq!(welcome["limits"], json!({"line": 16_384, "text": 4_096, "nickname": 32}));
    assert_eq!(welcome["challenge"].as_str().unwrap().len(), 43);
    let login = guest.next();
    assert_eq!(
        (&login["success"], &login["claimed"], &login["ignoring"]),
        (&json!(true), &json!(false), &json!(false))
    );
    assert_eq!((&login["inbox"]["first"], &login["inbox"]["head"]), (&json!(1), &json!(0)));
    assert_eq!((login["inbox"].get("read"), login.get("tag")), (None, None));
    let joined = guest.next();
    assert_eq!((&joined["type"], &joined["room"], &joined["topic"]), (&json!("joined"), &json!("#one"), &json!("")));
    assert_eq!((&joined["first"], &joined["head"], &joined["members"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(joined["roster"], json!([{"nickname": "ann", "state": "online"}]));
    assert_eq!((joined.get("read"), joined.get("tag")), (None, None));
    guest.send(&json!({"type": "hello", "version": 1}));
    assert_eq!(guest.next()["challenge"], welcome["challenge"], "the challenge is the connection's own");
}

#[test]
fn talk_actions_replies_and_topics_reach_everybody() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.member("bob", "#r"));
    let ack = say(&mut ann, "#r", "a1", "hi");
    assert_eq!((&ack["room"], &ack["seq"]), (&json!("#r"), &json!(1)));
    let hi = entries(&mut bob, "#r", 1).remove(0);
    let wanted =
        json!({"type": "message", "room": "#r", "seq": 1, "id": "a1", "from": "ann", "at": ack["at"], "msg": "hi"});
    assert_eq!(hi, wanted);
    ask(&mut bob, json!({"type": "broadcast", "room": "#r", "id": "b1", "msg": "waves", "kind": "action", "re": 1}));
    ask(&mut bob, json!({"type": "topic", "room": "#r", "id": "b2", "msg": "of the day"}));
    let got = until(&mut ann, |event| event["seq"] == 3 && event["type"] == "message");
    let got: Vec<_> = got.iter().filter(|event| event["type"] == "message" && event["from"] == "bob").collect();
    assert_eq!((&got[0]["kind"], &got[0]["re"], &got[0]["seq"]), (&json!("action"), &json!(1), &json!(2)));
    assert_eq!((&got[1]["kind"], &got[1]["msg"]), (&json!("topic"), &json!("of the day")));
    let mut cat = server.guest("cat");
    assert_eq!(join(&mut cat, "#r")["topic"], "of the day");
    let rooms = ask(&mut cat, json!({"type": "rooms"}));
    assert_eq!(rooms["rooms"], json!([{"room": "#r", "members": 3, "topic": "of the day"}]));
    assert_eq!(ask(&mut cat, json!({"type": "leave", "room": "#r"}))["type"], "left");
    assert_eq!(ask(&mut cat, json!({"type": "leave", "room": "#r"}))["type"], "left");
}

#[test]
fn a_key_claims_a_nickname_for_good() {
    let server = Server::start();
    let first = owner(&server, "ann");
    let mut second = owner(&server, "ann");
    for secret in [None, Some(7)] {
        let answer = match secret {
            Some(secret) => try_owner(&server, "ann", secret).1,
            None => {
                let mut guest = server.connect();
                guest.hello();
                ask(&mut guest, json!({"type": "login", "nickname": "Ann"}))
            }
        };
        assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!("nickname_claimed")), "{answer}");
        assert!(!answer["detail"].as_str().unwrap().is_empty());
    }
    join(&mut second, "#r");
    let online = ask(&mut second, json!({"type": "ls"}));
    assert_eq!(online["members"].as_array().unwrap().len(), 1, "members are persons");
    drop((first, second));
    assert_eq!(try_owner(&server, "ann", 7).1["code"], "nickname_claimed");
}

#[test]
fn a_direct_message_is_in_both_inboxes_under_their_own_numbers() {
    let server = Server::start();
    let (mut ann, mut bob, cat) = (owner(&server, "ann"), server.guest("bob"), owner(&server, "cat"));
    join(&mut ann, "@");
    join(&mut bob, "@");
    let sendto =
        |to: &str, id: &str, re: Option<u64>| json!({"type": "sendto", "nickname": to, "id": id, "msg": id, "re": re});
    drop(cat);
    let ack = ask(&mut ann, sendto("cat", "a1", None));
    assert_eq!((&ack["room"], &ack["seq"]), (&json!("@"), &json!(1)));
    assert_eq!(ask(&mut ann, sendto("bob", "a2", Some(1)))["seq"], 2);
    let got = entries(&mut bob, "@", 1).remove(0);
    assert_eq!((&got["seq"], &got["from"], &got["to"], got.get("re")), (&json!(1), &json!("ann"), &json!("bob"), None));
    assert_eq!(ask(&mut bob, sendto("ann", "b1", Some(1)))["seq"], 2);
    let got = until(&mut ann, |event| event["id"] == "b1").pop().unwrap();
    assert_eq!((&got["seq"], &got["re"], &got["from"]), (&json!(3), &json!(2), &json!("bob")));
    assert_eq!(ask(&mut ann, sendto("ann", "a3", None))["seq"], 4);
    let page = ask(&mut ann, json!({"type": "history", "room": "@"}));
    assert_eq!(seqs(&page["entries"]), [1, 2, 3, 4], "one entry to oneself");
    let (mut cat, login) = try_owner(&server, "cat", b'c');
    assert_eq!(login["inbox"]["head"], 1, "it waited in the inbox");
    assert_eq!(
        ask(&mut cat, json!({"type": "join", "room": "@", "after": 0, "epoch": login["inbox"]["epoch"]}))["head"],
        1
    );
    assert_eq!(entries(&mut cat, "@", 1)[0]["msg"], "a1");
}

#[test]
fn a_known_id_is_acknowledged_again_whatever_has_changed() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let ack = say(&mut ann, "#r", "a1", "hi");
    assert_eq!(say(&mut ann, "#r", "a1", "hi"), ack);
    ask(&mut ann, json!({"type": "ignore", "on": true}));
    assert_eq!(say(&mut ann, "#r", "a1", "hi"), ack);
    ask(&mut ann, json!({"type": "leave", "room": "#r"}));
    assert_eq!(say(&mut ann, "#r", "a1", "h\u{7}i"), ack, "the cleaned text is the same");
    let other = ask(&mut ann, json!({"type": "broadcast", "room": "#r", "id": "a1", "msg": "ho"}));
    assert_eq!((&other["code"], &other["id"]), (&json!("id_reused"), &json!("a1")));
    let other = ask(&mut ann, json!({"type": "broadcast", "room": "#r", "id": "a1", "msg": "hi", "kind": "action"}));
    assert_eq!(other["code"], "id_reused");
    assert_eq!(ask(&mut ann, json!({"type": "history", "room": "#r"}))["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_join_starts_where_it_is_told_and_gaps_are_said() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    for batch in 0..15 {
        let line = |n: u32| format!("{{\"type\":\"broadcast\",\"room\":\"#r\",\"id\":\"i{n}\",\"msg\":\"n\"}}\n");
        ann.send_bytes((batch * 67..(batch + 1) * 67).map(line).collect::<String>().as_bytes());
        (0..67).for_each(|_| drop(ann.expect("ack")));
    }
    let epoch = join(&mut ann, "#r")["epoch"].clone();
    let mut bob = server.guest("bob");
    let mut check = |start: Value, gap: Option<Value>, first: u64| {
        let mut request = json!({"type": "join", "room": "#r"});
        request.as_object_mut().unwrap().extend(start.as_object().unwrap().clone());
        assert_eq!(ask(&mut bob, request)["head"], 1_005);
        if let Some(gap) = gap {
            assert_eq!(bob.next(), gap, "{start}");
        }
        for seq in first..=1_005 {
            assert_eq!(bob.next()["seq"], seq, "{start}");
        }
        assert_eq!(ask(&mut bob, json!({"type": "leave", "room": "#r"}))["type"], "left");
    };
    let gap = |after: u64, before: u64, lost: bool| {
        Some(json!({"type": "gap", "room": "#r", "after": after, "before": before, "lost": lost}))
    };
    check(json!({}), None, 956);
    check(json!({"last": 2}), None, 1_004);
    check(json!({"last": 0}), None, 1_006);
    check(json!({"after": 1_000, "epoch": epoch}), None, 1_001);
    check(json!({"after": 5, "epoch": epoch}), None, 6);
    check(json!({"after": 4, "epoch": epoch}), gap(4, 956, false), 956);
    check(json!({"after": 1, "epoch": epoch, "last": 3}), gap(1, 1_003, false), 1_003);
    check(json!({"after": 1_000, "epoch": "other", "last": 3}), gap(0, 1_003, false), 1_003);
    check(json!({"after": 2_000, "epoch": epoch}), gap(1_005, 2_001, true), 1_006);
    let joined = ask(&mut bob, json!({"type": "join", "room": "#empty", "after": 0, "epoch": "other"}));
    assert_eq!(joined["head"], 0);
    assert_eq!(ask(&mut bob, json!({"type": "ping"}))["type"], "pong");
}

#[test]
fn a_restart_keeps_epoch_history_and_claims() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path(), "127.0.0.1:0", "");
    let mut ann = owner(&server, "ann");
    let epoch = join(&mut ann, "#r")["epoch"].clone();
    let empty = join(&mut ann, "#empty")["epoch"].clone();
    say(&mut ann, "#r", "a1", "kept");
    let page = ask(&mut ann, json!({"type": "history", "room": "#r"}));
    assert_eq!(server.terminate(), Some(0));
    let rest = ann.rest();
    assert!(rest.iter().any(|e| e["code"] == "shutdown" && e["in_ms"].is_u64() && e["retry_ms"].is_u64()), "{rest:?}");
    let server = Server::start_in(directory.path(), "127.0.0.1:0", "");
    let mut ann = owner(&server, "ann");
    let joined = ask(&mut ann, json!({"type": "join", "room": "#r", "after": 0, "epoch": epoch}));
    assert_eq!((&joined["epoch"], &joined["head"]), (&epoch, &json!(1)));
    assert_eq!(entries(&mut ann, "#r", 1)[0]["msg"], "kept");
    assert_eq!(ask(&mut ann, json!({"type": "history", "room": "#r"})), page);
    assert_eq!(join(&mut ann, "#empty")["epoch"], empty);
    assert_eq!(say(&mut ann, "#r", "a1", "kept")["seq"], 1);
}

#[test]
fn ignore_mode_holds_the_rooms_back_and_gives_them_later() {
    let server = Server::start();
    let (mut ann, mut other, mut bob) = (owner(&server, "ann"), owner(&server, "ann"), server.member("bob", "#r"));
    for client in [&mut ann, &mut other] {
        join(client, "#r");
        join(client, "@");
    }
    assert_eq!(ask(&mut ann, json!({"type": "ignore", "on": true}))["on"], true);
    assert_eq!(other.expect("ignore")["on"], true);
    until(&mut bob, |e| e["changed"] == json!([{"nickname": "ann", "state": "ignoring"}]));
    say(&mut bob, "#r", "b1", "one");
    ask(&mut bob, json!({"type": "topic", "room": "#r", "id": "b2", "msg": "two"}));
    let passed = until(&mut ann, |event| event["type"] == "held" && event["count"] == 2);
    assert!(passed.iter().all(|event| event["type"] != "message"), "{passed:?}");
    ask(&mut bob, json!({"type": "sendto", "nickname": "ann", "id": "b3", "msg": "psst"}));
    let direct = ann.expect("message");
    assert_eq!((&direct["room"], &direct["msg"]), (&json!("@"), &json!("psst")));
    let refused = ask(&mut ann, json!({"type": "broadcast", "room": "#r", "id": "a1", "msg": "no"}));
    assert_eq!(refused["code"], "ignoring");
    let sent = ask(&mut ann, json!({"type": "sendto", "nickname": "bob", "id": "a2", "msg": "yes"}));
    assert_eq!(sent["type"], "ack");
    assert_eq!(try_owner(&server, "ann", b'a').1["ignoring"], true);
    let off = ask(&mut ann, json!({"type": "ignore", "on": false}));
    assert_eq!((&off["on"], &off["held"]), (&json!(false), &json!(2)));
    assert_eq!(entries(&mut ann, "#r", 2).iter().map(|e| &e["seq"]).collect::<Vec<_>>(), [1, 2]);
    let passed = until(&mut other, |event| event["on"] == false);
    assert!(passed.iter().all(|event| event["room"] != "#r" || event["type"] != "message"), "{passed:?}");
    assert_eq!(entries(&mut other, "#r", 2)[1]["msg"], "two");
}

#[test]
fn ignore_mode_ends_by_itself_at_its_time() {
    let server = Server::start();
    let (mut ann, mut bob) = (owner(&server, "ann"), server.member("bob", "#r"));
    join(&mut ann, "#r");
    let end = now_ms() + 1_500;
    let on = ask(&mut ann, json!({"type": "ignore", "on": true, "until": end}));
    assert_eq!((&on["on"], &on["until"]), (&json!(true), &json!(end)));
    say(&mut bob, "#r", "b1", "later");
    assert_eq!(try_owner(&server, "ann", b'a').1["until"], end);
    let passed = until(&mut ann, |event| event["on"] == false);
    assert!(now_ms() >= end && passed.iter().all(|event| event["type"] != "message"), "{passed:?}");
    assert_eq!(passed.last().unwrap()["held"], 1);
    assert_eq!(entries(&mut ann, "#r", 1)[0]["msg"], "later");
}

#[test]
fn presence_tells_who_comes_goes_and_changes() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.guest("bob"));
    let joined = join(&mut bob, "#r");
    assert_eq!((&joined["members"], joined["roster"].as_array().unwrap().len()), (&json!(2), 2));
    let told = ann.expect("presence");
    assert_eq!((&told["members"], &told["joined"]), (&json!(2), &json!(["bob"])));
    assert_eq!(ask(&mut bob, json!({"type": "away", "on": true}))["on"], true);
    assert_eq!(ann.expect("presence")["changed"], json!([{"nickname": "bob", "state": "away"}]));
    let list = ask(&mut ann, json!({"type": "ls", "room": "#r"}));
    assert_eq!(list["members"][1], json!({"nickname": "bob", "state": "away"}));
    bob.send(&json!({"type": "bye"}));
    bob.rest();
    let told = ann.expect("presence");
    assert_eq!((&told["members"], &told["left"]), (&json!(1), &json!(["bob"])));
}

#[test]
fn a_broken_connection_of_a_claimed_nickname_is_away_until_it_is_back() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), owner(&server, "bob"));
    let epoch = join(&mut bob, "#r")["epoch"].clone();
    assert_eq!(ann.expect("presence")["joined"], json!(["bob"]));
    drop(bob);
    let told = ann.expect("presence");
    assert_eq!((&told["changed"], told.get("left")), (&json!([{"nickname": "bob", "state": "away"}]), None), "{told}");
    let mut bob = owner(&server, "bob");
    ask(&mut bob, json!({"type": "join", "room": "#r", "after": 0, "epoch": epoch}));
    let told = ann.expect("presence");
    assert_eq!(
        (&told["changed"], told.get("joined")),
        (&json!([{"nickname": "bob", "state": "online"}]), None),
        "{told}"
    );
}

#[test]
fn read_marks_go_forward_and_back_only_if_told() {
    let server = Server::start();
    let (mut ann, mut other, mut bob) = (owner(&server, "ann"), owner(&server, "ann"), server.member("bob", "#r"));
    for n in 1..=3 {
        say(&mut bob, "#r", &format!("b{n}"), "hi");
    }
    assert_eq!(join(&mut ann, "#r")["read"], 3, "all that was before the first join is read");
    assert_eq!(join(&mut other, "#r")["read"], 3);
    for n in 4..=6 {
        say(&mut bob, "#r", &format!("b{n}"), "hi");
    }
    let read = |seq: u64, back: bool| json!({"type": "read", "room": "#r", "seq": seq, "back": back});
    assert_eq!(ask(&mut ann, read(5, false))["seq"], 5);
    assert_eq!(other.expect("read"), json!({"type": "read", "room": "#r", "seq": 5}));
    assert_eq!(ask(&mut ann, read(4, false))["type"], "read");
    assert_eq!(join(&mut other, "#r")["read"], 5, "never back by itself");
    assert_eq!(ask(&mut ann, read(4, true))["seq"], 4);
    assert_eq!(join(&mut other, "#r")["read"], 4);
    assert_eq!(say(&mut ann, "#r", "a1", "not just behind")["seq"], 7);
    assert_eq!(join(&mut other, "#r")["read"], 4);
    ask(&mut ann, read(7, false));
    assert_eq!(say(&mut ann, "#r", "a2", "just behind")["seq"], 8);
    assert_eq!(join(&mut other, "#r")["read"], 8);
    assert_eq!(ask(&mut ann, read(9, false))["code"], "bad_field");
    assert_eq!(ask(&mut bob, read(2, false))["type"], "read", "a guest's is answered and forgotten");
}

#[test]
fn a_quiet_session_counts_nowhere_but_is_reached() {
    let server = Server::start();
    let (mut ann, mut bot) = (server.member("ann", "#r"), server.connect());
    bot.hello();
    assert_eq!(ask(&mut bot, json!({"type": "login", "nickname": "bot", "quiet": true}))["success"], true);
    let joined = join(&mut bot, "#r");
    assert_eq!((&joined["members"], &joined["roster"][0]["nickname"]), (&json!(1), &json!("ann")));
    join(&mut bot, "@");
    for request in [json!({"type": "ls", "room": "#r"}), json!({"type": "ls"})] {
        assert_eq!(ask(&mut ann, request)["members"], json!([{"nickname": "ann", "state": "online"}]));
    }
    assert_eq!(ask(&mut ann, json!({"type": "rooms"}))["rooms"][0]["members"], 1);
    assert_eq!(ask(&mut ann, json!({"type": "sendto", "nickname": "bot", "id": "a1", "msg": "!"}))["type"], "ack");
    assert_eq!(entries(&mut bot, "@", 1)[0]["msg"], "!");
    let mut bob = server.guest("bob");
    assert_eq!(join(&mut bob, "#r")["members"], 2);
    assert_eq!(ann.expect("presence")["joined"], json!(["bob"]), "nothing was told of the quiet one");
}

#[test]
fn lists_are_paged_by_name() {
    let server = Server::start();
    let mut all: Vec<_> = ["dan", "Bob", "ann", "cat"].iter().map(|name| server.member(name, "#r")).collect();
    ["#b", "#a"].iter().for_each(|room| drop(join(&mut all[0], room)));
    let mut page = |request: Value, list: &str, name: &str| {
        let answer = ask(&mut all[0], request);
        let names: Vec<_> = answer[list].as_array().unwrap().iter().map(|e| e[name].as_str().unwrap()).collect();
        (names.join(" "), answer["more"].as_bool().unwrap())
    };
    let mut ls =
        |after: Value| page(json!({"type": "ls", "room": "#r", "limit": 2, "after": after}), "members", "nickname");
    assert_eq!(ls(json!(null)), ("ann Bob".to_owned(), true));
    assert_eq!(ls(json!("Bob")), ("cat dan".to_owned(), false));
    let mut rooms = |after: Value| page(json!({"type": "rooms", "limit": 2, "after": after}), "rooms", "room");
    assert_eq!(rooms(json!(null)), ("#a #b".to_owned(), true));
    assert_eq!(rooms(json!("#b")), ("#r".to_owned(), false));
}

#[test]
fn history_is_paged_from_any_place() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let ats: Vec<u64> = (1..=6).map(|n| say(&mut ann, "#r", &format!("a{n}"), "hi")["at"].as_u64().unwrap()).collect();
    let not_older = 1 + ats.iter().position(|at| *at >= ats[3]).unwrap() as u64;
    for (place, wanted, more) in [
        (json!({}), vec![5, 6], true),
        (json!({"before": 3}), vec![1, 2], false),
        (json!({"before": 4}), vec![2, 3], true),
        (json!({"after": 3}), vec![4, 5], true),
        (json!({"after": 4}), vec![5, 6], false),
        (json!({"at": ats[3]}), vec![not_older, not_older + 1], true),
    ] {
        let mut request = json!({"type": "history", "room": "#r", "limit": 2});
        request.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let page = ask(&mut server.guest("bob"), request);
        assert_eq!((seqs(&page["entries"]), &page["more"]), (wanted, &json!(more)), "{place}");
    }
}

#[test]
fn search_finds_what_was_typed_newest_first() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let texts = ["今天天气很好", "it is 100% done", "100 of them", "done_now", "done now", "天气 DONE"];
    for (n, text) in texts.iter().enumerate() {
        say(&mut ann, "#r", &format!("a{n}"), text);
    }
    let mut find = |text: &str, from: &Value| {
        ask(&mut ann, json!({"type": "search", "text": text, "room": "#r", "limit": 2, "from": from}))
    };
    let nothing = json!(null);
    for (text, wanted) in [("天气", vec![6, 1]), ("100%", vec![2]), ("done_now", vec![4]), ("天气 done", vec![6])] {
        let answer = find(text, &nothing);
        assert_eq!((seqs(&answer["entries"]), answer.get("next")), (wanted, None), "{text}");
        assert_eq!(answer["entries"][0]["room"], "#r");
    }
    let (mut found, mut from) = (Vec::new(), nothing);
    for _ in 0..2 {
        let answer = find("done", &from);
        found.extend(seqs(&answer["entries"]));
        from = answer["next"].clone();
    }
    assert_eq!((found, from), (vec![6, 5, 4, 2], json!(null)));
}

#[test]
fn answers_come_in_the_order_of_the_requests_with_their_tags() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let requests =
        ["broadcast", "history", "ping", "broadcast", "ls", "help", "search", "topic", "away", "rooms", "bye"];
    let line = |(n, kind): (usize, &&str)| {
        let tag = format!("t{n}");
        let request = json!({"type": kind, "room": "#r", "id": tag, "msg": "hi", "text": "hi", "on": true, "tag": tag});
        format!("{request}\n")
    };
    ann.send_bytes(requests.iter().enumerate().map(line).collect::<String>().as_bytes());
    let answers: Vec<_> = ann.rest().into_iter().filter(|event| event.get("tag").is_some()).collect();
    let got: Vec<_> = answers.iter().map(|e| (e["tag"].as_str().unwrap(), e["type"].as_str().unwrap())).collect();
    let kinds = ["ack", "history", "pong", "ack", "ls", "help", "search", "ack", "away", "rooms"];
    let tags: Vec<_> = (0..10).map(|n| format!("t{n}")).collect();
    assert_eq!(got, tags.iter().map(String::as_str).zip(kinds).collect::<Vec<_>>());
    assert_eq!(answers[6]["entries"].as_array().unwrap().len(), 2, "what is acknowledged is found at once");
}
