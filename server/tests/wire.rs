//! The wire, as a client sees it: what is asked, what comes back, what the others get.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, Server};
use serde_json::{Value, json};
use shared::identity::Identity;

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
    let login = client.stream.keyed_login(&welcome, nickname, &identity);
    let answer = ask(&mut client, login);
    (client, answer)
}

/// A session of a claimed nickname.
fn owner(server: &Server, nickname: &str) -> Client {
    let (client, answer) = try_owner(server, nickname, nickname.as_bytes()[0]);
    assert_eq!((&answer["success"], &answer["claimed"]), (&json!(true), &json!(true)), "{answer}");
    client
}

/// Fails unless the fields are so; `null`: absent.
fn check(event: &Value, fields: Value) {
    for (name, wanted) in fields.as_object().unwrap() {
        assert_eq!(&event[name], wanted, "{name} of {event}");
    }
}

/// The request with more fields.
fn with(mut request: Value, fields: &Value) -> Value {
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    request
}

#[test]
fn a_guest_says_hello_login_and_join_in_one_write() {
    let server = Server::start();
    let mut guest = server.connect();
    guest.send_bytes(
        b"{\"type\":\"hello\",\"version\":1}\r\n\r\n \n{\"type\":\"login\",\"nickname\":\"ann\",\"key\":null}\n\
          {\"type\":\"join\",\"room\":\"#One\",\"last\":null,\"after\":null,\"epoch\":null,\"tag\":null,\"x\":[1]}\n",
    );
    let (welcome, limits) = (guest.next(), json!({"line": 16_384, "text": 4_096, "nickname": 32}));
    check(&welcome, json!({"type": "welcome", "version": 1, "limits": limits, "tag": null}));
    assert_eq!(welcome["challenge"].as_str().unwrap().len(), 43);
    let login = guest.next();
    check(&login, json!({"type": "login", "success": true, "claimed": false, "ignoring": false, "tag": null}));
    check(&login["inbox"], json!({"first": 1, "head": 0, "read": null}));
    let joined = guest.next();
    check(&joined, json!({"type": "joined", "room": "#one", "topic": "", "first": 1, "head": 0, "read": null}));
    check(&joined, json!({"members": 1, "roster": [{"nickname": "ann", "state": "online"}], "tag": null}));
    guest.send(&json!({"type": "hello", "version": 1}));
    assert_eq!(guest.next()["challenge"], welcome["challenge"], "the challenge is the connection's own");
}

#[test]
fn talk_actions_replies_and_topics_reach_everybody() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.member("bob", "#r"));
    let ack = say(&mut ann, "#r", "a1", "hi");
    check(&ack, json!({"room": "#r", "seq": 1}));
    let hi =
        json!({"type": "message", "id": "a1", "from": "ann", "at": ack["at"], "msg": "hi", "kind": null, "re": null});
    check(&entries(&mut bob, "#r", 1)[0], hi);
    ask(&mut bob, json!({"type": "broadcast", "room": "#r", "id": "b1", "msg": "waves", "kind": "action", "re": 1}));
    ask(&mut bob, json!({"type": "topic", "room": "#r", "id": "b2", "msg": "of the day"}));
    let got = until(&mut ann, |event| event["seq"] == 3 && event["type"] == "message");
    check(got.iter().find(|event| event["id"] == "b1").unwrap(), json!({"kind": "action", "re": 1, "seq": 2}));
    check(&got[got.len() - 1], json!({"kind": "topic", "msg": "of the day", "from": "bob"}));
    let mut cat = server.guest("cat");
    assert_eq!(join(&mut cat, "#r")["topic"], "of the day");
    let room = json!({"room": "#r", "members": 3, "topic": "of the day"});
    check(&ask(&mut cat, json!({"type": "rooms"})), json!({"rooms": [room], "more": false}));
    for _ in 0..2 {
        check(&ask(&mut cat, json!({"type": "leave", "room": "#r"})), json!({"type": "left", "room": "#r"}));
    }
}

#[test]
fn a_key_claims_a_nickname_for_good() {
    let server = Server::start();
    let (first, mut second, mut guest) = (owner(&server, "ann"), owner(&server, "ann"), server.connect());
    let refused = json!({"success": false, "code": "nickname_claimed"});
    guest.hello();
    let answer = ask(&mut guest, json!({"type": "login", "nickname": "Ann"}));
    check(&answer, refused.clone());
    assert!(!answer["detail"].as_str().unwrap().is_empty());
    let ann = json!({"nickname": "ann", "state": "online"});
    check(&ask(&mut second, json!({"type": "ls"})), json!({"members": [ann], "more": false}));
    drop((first, second));
    check(&try_owner(&server, "ann", 7).1, refused);
}

#[test]
fn a_direct_message_is_in_both_inboxes_under_their_own_numbers() {
    let server = Server::start();
    let (mut ann, mut bob, cat) = (owner(&server, "ann"), server.guest("bob"), owner(&server, "cat"));
    join(&mut ann, "@");
    join(&mut bob, "@");
    let dm = |to: &str, id: &str, re: Value| json!({"type": "sendto", "nickname": to, "id": id, "msg": id, "re": re});
    drop(cat);
    let ack = ask(&mut ann, dm("cat", "a1", json!(null)));
    check(&ack, json!({"room": "@", "seq": 1}));
    assert_eq!(ask(&mut ann, dm("bob", "a2", json!(1)))["seq"], 2);
    check(&entries(&mut bob, "@", 1)[0], json!({"seq": 1, "from": "ann", "to": "bob", "re": null}));
    assert_eq!(ask(&mut bob, dm("ann", "b1", json!(1)))["seq"], 2);
    let got = until(&mut ann, |event| event["id"] == "b1").pop().unwrap();
    check(&got, json!({"seq": 3, "re": 2, "from": "bob", "to": "ann"}));
    assert_eq!(ask(&mut ann, dm("ann", "a3", json!(null)))["seq"], 4);
    let page = ask(&mut ann, json!({"type": "history", "room": "@"}));
    assert_eq!(seqs(&page["entries"]), [1, 2, 3, 4], "one entry to oneself");
    let (mut cat, login) = try_owner(&server, "cat", b'c');
    assert_eq!(login["inbox"]["head"], 1, "it waited in the inbox");
    ask(&mut cat, json!({"type": "join", "room": "@", "after": 0, "epoch": login["inbox"]["epoch"]}));
    assert_eq!(entries(&mut cat, "@", 1)[0]["msg"], "a1");
}

#[test]
fn a_join_starts_where_it_is_told_and_gaps_are_said() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    for batch in 0..15 {
        let line = |n: u32| format!("{{\"type\":\"broadcast\",\"room\":\"#r\",\"id\":\"i{n}\",\"msg\":\"n\"}}\n");
        ann.send_bytes((batch * 67..(batch + 1) * 67).map(line).collect::<String>().as_bytes());
        for _ in 0..67 {
            ann.expect("ack");
        }
    }
    let epoch = join(&mut ann, "#r")["epoch"].clone();
    let mut bob = server.guest("bob");
    let mut start = |start: Value, gap: Option<Value>, first: u64| {
        assert_eq!(ask(&mut bob, with(json!({"type": "join", "room": "#r"}), &start))["head"], 1_005);
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
    start(json!({}), None, 956);
    start(json!({"last": 2}), None, 1_004);
    start(json!({"last": 0}), None, 1_006);
    start(json!({"after": 1_000, "epoch": epoch}), None, 1_001);
    start(json!({"after": 5, "epoch": epoch}), None, 6);
    start(json!({"after": 4, "epoch": epoch}), gap(4, 956, false), 956);
    start(json!({"after": 1, "epoch": epoch, "last": 3}), gap(1, 1_003, false), 1_003);
    start(json!({"after": 1_000, "epoch": "other", "last": 3}), gap(0, 1_003, false), 1_003);
    start(json!({"after": 2_000, "epoch": epoch}), gap(1_005, 2_001, true), 1_006);
    ask(&mut bob, json!({"type": "join", "room": "#empty", "after": 0, "epoch": "other"}));
    bob.send(&json!({"type": "ping"}));
    assert_eq!(bob.next(), json!({"type": "pong"}), "no gap where nothing is");
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
    check(&joined, json!({"epoch": epoch, "head": 1}));
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
    check(&ann.expect("message"), json!({"room": "@", "msg": "psst"}));
    let broadcast = json!({"type": "broadcast", "room": "#r", "id": "a1", "msg": "no"});
    check(&ask(&mut ann, broadcast), json!({"type": "error", "code": "ignoring"}));
    assert_eq!(ask(&mut ann, json!({"type": "sendto", "nickname": "bob", "id": "a2", "msg": "yes"}))["type"], "ack");
    assert_eq!(try_owner(&server, "ann", b'a').1["ignoring"], true);
    check(&ask(&mut ann, json!({"type": "ignore", "on": false})), json!({"on": false, "held": 2}));
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
    let end = say(&mut bob, "#r", "b0", "now")["at"].as_u64().unwrap() + 1_500;
    assert_eq!(entries(&mut ann, "#r", 1)[0]["msg"], "now");
    check(&ask(&mut ann, json!({"type": "ignore", "on": true, "until": end})), json!({"on": true, "until": end}));
    say(&mut bob, "#r", "b1", "later");
    assert_eq!(try_owner(&server, "ann", b'a').1["until"], end);
    let passed = until(&mut ann, |event| event["on"] == false);
    assert!(say(&mut bob, "#r", "b2", "!")["at"].as_u64().unwrap() >= end);
    assert!(passed.iter().all(|event| event["type"] != "message"), "{passed:?}");
    assert_eq!(passed.last().unwrap()["held"], 1);
    assert_eq!(entries(&mut ann, "#r", 1)[0]["msg"], "later");
}

#[test]
fn presence_tells_who_comes_goes_and_changes() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.guest("bob"));
    let joined = join(&mut bob, "#r");
    assert_eq!((&joined["members"], joined["roster"].as_array().unwrap().len()), (&json!(2), 2));
    check(&ann.expect("presence"), json!({"room": "#r", "members": 2, "joined": ["bob"]}));
    assert_eq!(ask(&mut bob, json!({"type": "away", "on": true}))["on"], true);
    assert_eq!(ann.expect("presence")["changed"], json!([{"nickname": "bob", "state": "away"}]));
    let list = ask(&mut ann, json!({"type": "ls", "room": "#r"}));
    assert_eq!(list["members"][1], json!({"nickname": "bob", "state": "away"}));
    bob.send(&json!({"type": "bye"}));
    bob.rest();
    check(&ann.expect("presence"), json!({"members": 1, "left": ["bob"]}));
}

#[test]
fn a_broken_connection_of_a_claimed_nickname_is_away_until_it_is_back() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), owner(&server, "bob"));
    let epoch = join(&mut bob, "#r")["epoch"].clone();
    assert_eq!(ann.expect("presence")["joined"], json!(["bob"]));
    drop(bob);
    let changed = |state: &str| json!([{"nickname": "bob", "state": state}]);
    check(&ann.expect("presence"), json!({"changed": changed("away"), "left": null}));
    let mut bob = owner(&server, "bob");
    ask(&mut bob, json!({"type": "join", "room": "#r", "after": 0, "epoch": epoch}));
    check(&ann.expect("presence"), json!({"changed": changed("online"), "joined": null}));
}

#[test]
fn read_marks_go_forward_and_back_only_if_told() {
    let server = Server::start();
    let (mut ann, mut other, mut bob) = (owner(&server, "ann"), owner(&server, "ann"), server.member("bob", "#r"));
    say(&mut bob, "#r", "b1", "hi");
    assert_eq!(join(&mut ann, "#r")["read"], 1, "all that was before the first join is read");
    for n in 2..=4 {
        say(&mut bob, "#r", &format!("b{n}"), "hi");
    }
    let read = |seq: u64, back: bool| json!({"type": "read", "room": "#r", "seq": seq, "back": back});
    assert_eq!(join(&mut other, "#r")["read"], 1);
    assert_eq!(ask(&mut ann, read(3, false))["seq"], 3);
    assert_eq!(other.expect("read"), json!({"type": "read", "room": "#r", "seq": 3}));
    assert_eq!(ask(&mut ann, read(2, false))["type"], "read");
    assert_eq!(join(&mut other, "#r")["read"], 3, "never back by itself");
    assert_eq!(ask(&mut ann, read(2, true))["seq"], 2);
    assert_eq!(join(&mut other, "#r")["read"], 2);
    assert_eq!(say(&mut ann, "#r", "a1", "not just behind")["seq"], 5);
    assert_eq!(join(&mut other, "#r")["read"], 2);
    ask(&mut ann, read(5, false));
    assert_eq!(say(&mut ann, "#r", "a2", "just behind")["seq"], 6);
    assert_eq!(join(&mut other, "#r")["read"], 6);
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
    join(&mut all[0], "#b");
    join(&mut all[0], "#a");
    let mut page = |request: Value, list: &str, name: &str| {
        let answer = ask(&mut all[0], request);
        let names: Vec<_> = answer[list].as_array().unwrap().iter().map(|e| e[name].as_str().unwrap()).collect();
        (names.join(" "), answer["more"].as_bool().unwrap())
    };
    let mut ls = |by: Value| page(json!({"type": "ls", "room": "#r", "limit": 2, "after": by}), "members", "nickname");
    assert_eq!(ls(json!(null)), ("ann Bob".to_owned(), true));
    assert_eq!(ls(json!("Bob")), ("cat dan".to_owned(), false));
    let mut rooms = |after: Value| page(json!({"type": "rooms", "limit": 2, "after": after}), "rooms", "room");
    assert_eq!(rooms(json!(null)), ("#a #b".to_owned(), true));
    assert_eq!(rooms(json!("#b")), ("#r".to_owned(), false));
}

#[test]
fn history_is_paged_from_any_place() {
    let server = Server::start();
    let (mut ann, mut bob) = (server.member("ann", "#r"), server.guest("bob"));
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
        let page = ask(&mut bob, with(json!({"type": "history", "room": "#r", "limit": 2}), &place));
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
    for (text, wanted) in [("天气", vec![6, 1]), ("100%", vec![2]), ("done_now", vec![4]), ("天气 done", vec![6])] {
        let answer = find(text, &Value::Null);
        assert_eq!((seqs(&answer["entries"]), answer.get("next")), (wanted, None), "{text}");
        assert_eq!(answer["entries"][0]["room"], "#r");
    }
    let (mut found, mut from) = (Vec::new(), Value::Null);
    for _ in 0..2 {
        let answer = find("done", &from);
        found.extend(seqs(&answer["entries"]));
        from = answer["next"].clone();
    }
    assert_eq!((found, from), (vec![6, 5, 4, 2], Value::Null));
}
