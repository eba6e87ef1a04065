//! What the wire refuses: with which code, and what the connection is good for afterwards. Ids, order and pace of requests.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, DEADLINE, Server};
use serde_json::{Value, json};
use shared::identity::Identity;
use std::io::Read;

/// Asks with a tag; gives the answer to it.
fn ask(client: &mut Client, mut request: Value) -> Value {
    request["tag"] = json!("asked");
    client.send(&request);
    loop {
        let event = client.next();
        if event["tag"] == "asked" {
            return event;
        }
    }
}

/// An `error` names its request, and says what is wrong in words.
fn check(error: &Value, code: &str, request: &Value) {
    assert_eq!((error["type"].as_str(), error["code"].as_str()), (Some("error"), Some(code)), "{error}");
    assert!(!error["detail"].as_str().unwrap().is_empty(), "{error}");
    assert_eq!((&error["request"], &error["id"]), (&request["type"], &request["id"]), "{error}");
    let is_room = request["room"].as_str().is_some_and(|room| room.starts_with(['#', '@']) && !room.contains(' '));
    let room = if request["type"] == "sendto" { json!("@") } else { request["room"].clone() };
    if is_room || request["type"] == "sendto" {
        assert_eq!(error["room"], room, "{error}");
    }
}

fn refuse(client: &mut Client, code: &str, request: Value) -> Value {
    let error = ask(client, request.clone());
    check(&error, code, &request);
    error
}

/// A `login` without success.
fn refuse_login(client: &mut Client, code: &str, request: Value) {
    let answer = ask(client, request);
    assert_eq!((&answer["type"], &answer["success"], &answer["code"]), (&json!("login"), &json!(false), &json!(code)));
    assert!(!answer["detail"].as_str().unwrap().is_empty(), "{answer}");
}

/// A line that is no request.
fn bad_line(client: &mut Client, code: &str, line: &[u8]) {
    client.send_bytes(line);
    client.send_bytes(b"\n");
    check(&client.next(), code, &json!({}));
}

fn pings(client: &mut Client) {
    assert_eq!(ask(client, json!({"type": "ping"}))["type"], "pong");
}

fn greeted(server: &Server) -> Client {
    let mut client = server.connect();
    client.hello();
    client
}

fn broadcast(room: &str, id: &str, msg: &str) -> Value {
    json!({"type": "broadcast", "room": room, "id": id, "msg": msg})
}

#[test]
fn requests_of_a_wrong_form_are_refused_and_named() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    for (code, field, request) in [
        ("unknown_type", "dance", json!({"type": "dance", "id": "e1", "room": "#r"})),
        ("missing_field", "msg", json!({"type": "broadcast", "room": "#r", "id": "e2"})),
        ("missing_field", "id", json!({"type": "sendto", "nickname": "bob", "msg": "hi"})),
        ("missing_field", "room", json!({"type": "join", "room": null})),
        ("missing_field", "epoch", json!({"type": "join", "room": "#r", "after": 1})),
        ("bad_field", "msg", json!({"type": "broadcast", "room": "#r", "id": "e3", "msg": 7})),
        ("bad_field", "re", json!({"type": "broadcast", "room": "#r", "id": "e4", "msg": "hi", "re": 0})),
        ("bad_field", "re", json!({"type": "broadcast", "room": "#r", "id": "e5", "msg": "hi", "re": 1})),
        ("bad_field", "last", json!({"type": "join", "room": "#r", "last": 1_001})),
        ("bad_field", "last", json!({"type": "join", "room": "#r", "last": 1.0})),
        ("bad_field", "limit", json!({"type": "history", "room": "#r", "limit": 201})),
        ("bad_field", "limit", json!({"type": "search", "text": "hi", "room": "#r", "limit": 101})),
        ("bad_field", "limit", json!({"type": "ls", "limit": 501})),
        ("bad_field", "before", json!({"type": "history", "room": "#r", "before": 3, "after": 1})),
        ("bad_field", "seq", json!({"type": "read", "room": "#r", "seq": 1})),
    ] {
        let error = refuse(&mut ann, code, request);
        assert!(error["detail"].as_str().unwrap().contains(field), "{error}");
        assert_eq!(error.get("retry_ms"), None, "{error}");
        pings(&mut ann);
    }
    ann.send(&json!({"type": "broadcast", "room": "#r", "id": "no good id", "msg": "hi"}));
    check(&ann.expect("error"), "bad_field", &json!({"type": "broadcast", "room": "#r"}));
}

#[test]
fn what_may_not_be_sent_is_refused_for_good() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    for (code, request) in [
        ("text_too_long", broadcast("#r", "e1", &"x".repeat(4_097))),
        ("text_too_long", json!({"type": "topic", "room": "#r", "id": "e2", "msg": "x".repeat(513)})),
        ("text_empty", broadcast("#r", "e3", " \u{7}\n")),
        ("room_invalid", json!({"type": "join", "room": "lobby"})),
        ("room_invalid", json!({"type": "join", "room": "#a b"})),
        ("room_invalid", broadcast("@", "e4", "hi")),
        ("room_invalid", json!({"type": "ls", "room": "@"})),
        ("room_invalid", json!({"type": "history", "room": "#nowhere"})),
        ("not_in_room", broadcast("#other", "e5", "hi")),
        ("not_in_room", json!({"type": "topic", "room": "#other", "id": "e6", "msg": "hi"})),
        ("no_such_user", json!({"type": "sendto", "nickname": "nobody", "id": "e7", "msg": "hi"})),
        ("nickname_invalid", json!({"type": "sendto", "nickname": "no body", "id": "e8", "msg": "hi"})),
    ] {
        assert_eq!(refuse(&mut ann, code, request).get("retry_ms"), None);
        pings(&mut ann);
    }
    assert_eq!(ask(&mut ann, broadcast("#r", "a1", &"x".repeat(4_096)))["seq"], 1, "nothing was stored before");
    refuse(&mut ann, "id_reused", broadcast("#r", "a1", "hi"));
    ask(&mut ann, json!({"type": "ignore", "on": true}));
    refuse(&mut ann, "ignoring", broadcast("#r", "a2", "hi"));
    refuse(&mut ann, "ignoring", json!({"type": "topic", "room": "#r", "id": "a3", "msg": "hi"}));
    refuse(&mut ann, "id_reused", broadcast("#r", "a1", "hi"));
}

#[test]
fn a_session_begins_in_its_order() {
    let server = Server::start();
    let mut client = server.connect();
    refuse(&mut client, "hello_first", json!({"type": "join", "room": "#r"}));
    client.hello();
    refuse(&mut client, "not_logged_in", json!({"type": "join", "room": "#r"}));
    refuse(&mut client, "not_logged_in", broadcast("#r", "a1", "hi"));
    refuse(&mut client, "missing_field", json!({"type": "login"}));
    refuse(&mut client, "bad_field", json!({"type": "login", "nickname": 7}));
    let mut other = server.connect();
    other.send(&json!({"type": "hello", "version": 2, "tag": "t"}));
    let last = other.rest().pop().unwrap();
    check(&last, "version_unsupported", &json!({"type": "hello"}));
    assert_eq!(last["tag"], "t");
}

#[test]
fn a_nickname_may_be_refused() {
    let server = Server::start();
    let (mut ann, mut client, identity) = (greeted(&server), server.connect(), Identity::from_secret(&[7; 32]));
    let welcome = client.hello();
    let (challenge, exporter) = (welcome["challenge"].as_str().unwrap(), client.stream.exporter());
    assert_eq!(ask(&mut ann, json!({"type": "login", "nickname": "ann"}))["success"], true);
    refuse_login(&mut ann, "already_logged_in", json!({"type": "login", "nickname": "ann"}));
    let login = |nickname: &str, signed: &str| {
        let signature = identity.sign_login(challenge, &exporter, signed).unwrap().to_string();
        json!({"type": "login", "nickname": nickname, "key": identity.public().to_string(), "signature": signature})
    };
    for nickname in ["", "a b", "-", "😀", "\u{301}a", "pаypal"] {
        refuse_login(&mut client, "nickname_invalid", json!({"type": "login", "nickname": nickname}));
    }
    refuse_login(&mut client, "nickname_taken", json!({"type": "login", "nickname": "ANN"}));
    refuse_login(&mut client, "bad_signature", login("bob", "cat"));
    assert_eq!(ask(&mut client, login("bob", "bob"))["claimed"], true, "the challenge held");
    refuse_login(&mut greeted(&server), "nickname_claimed", json!({"type": "login", "nickname": "bob"}));
}

#[test]
fn ten_failed_logins_close() {
    let server = Server::start();
    let mut client = greeted(&server);
    for _ in 0..10 {
        client.send(&json!({"type": "login", "nickname": "no body"}));
    }
    let answers = client.rest();
    assert!(answers.iter().all(|answer| answer["code"] == "nickname_invalid"), "{answers:?}");
    assert_eq!(answers.len(), 10);
}

#[test]
fn ten_bad_lines_in_a_row_close_and_a_good_one_between_starts_anew() {
    let server = Server::start();
    let mut ann = server.guest("ann");
    let deep = format!("{{\"type\":\"ping\",\"x\":{}{}}}", "[".repeat(16), "]".repeat(16));
    let lines: [&[u8]; 8] = [
        b"hello",
        b"[1]",
        b"7",
        b"{\"type\":",
        b"{} {}",
        b"{\"type\":\"ping\",\"type\":\"ping\"}",
        b"{\"\xff\":1}",
        deep.as_bytes(),
    ];
    for _ in 0..2 {
        for line in lines {
            bad_line(&mut ann, "bad_json", line);
        }
        pings(&mut ann);
    }
    for _ in 0..9 {
        bad_line(&mut ann, "bad_json", b"nonsense");
    }
    ann.send_bytes(b"{\"type\":\"dance\"}\n");
    let rest = ann.rest();
    check(&rest[0], "unknown_type", &json!({"type": "dance"}));
    assert_eq!(rest.len(), 1, "{rest:?}");
}

#[test]
fn an_over_long_line_is_skipped_to_its_end() {
    let server = Server::start();
    let mut ann = greeted(&server);
    bad_line(&mut ann, "line_too_long", &[b'x'; 4_097]);
    let mut login = br#"{"type":"login","nickname":"ann"}"#.to_vec();
    login.resize(4_096, b' ');
    ann.send_bytes(&[&login[..], b"\r\n"].concat());
    assert_eq!(ann.expect("login")["success"], true, "the limit itself is good");
    bad_line(&mut ann, "line_too_long", &"{".repeat(16_385).into_bytes());
    bad_line(&mut ann, "line_too_long", &" ".repeat(100_000).into_bytes());
    pings(&mut ann);
}

#[test]
fn more_than_twenty_lines_before_the_login_close() {
    let server = Server::start();
    let mut client = greeted(&server);
    client.send_bytes("{\"type\":\"ping\"}\n".repeat(25).as_bytes());
    let mut rest = client.rest();
    check(&rest.pop().unwrap(), "not_logged_in", &json!({}));
    assert!(rest.iter().all(|event| event["type"] == "pong"), "{rest:?}");
    assert_eq!(rest.len(), 19, "with hello these are twenty lines");
}

#[test]
fn other_protocols_get_one_line_and_are_closed() {
    let server = Server::start();
    for first in ["NICK x\r\nUSER x 0 * :x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut client = server.connect();
        client.send_bytes(first.as_bytes());
        client.stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut answer = String::new();
        client.stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.trim_end().lines().count(), 1, "{answer}");
        assert!(answer.contains("Parlor"), "{answer}");
    }
}

#[test]
fn a_session_follows_only_so_many_rooms() {
    let server = Server::start_with("[limits]\nrooms_per_session = 2\n");
    let mut ann = server.member("ann", "#a");
    assert_eq!(ask(&mut ann, json!({"type": "join", "room": "#b"}))["type"], "joined");
    refuse(&mut ann, "too_many", json!({"type": "join", "room": "#c"}));
    assert_eq!(ask(&mut ann, json!({"type": "join", "room": "#a"}))["type"], "joined", "one that it follows");
    ask(&mut ann, json!({"type": "leave", "room": "#b"}));
    assert_eq!(ask(&mut ann, json!({"type": "join", "room": "#c"}))["type"], "joined");
}

#[test]
fn a_full_journal_refuses_all_that_follows_the_first_refused_send() {
    let server = Server::start_with("[journal]\nmax_mib = 1\n");
    let (mut ann, text) = (server.member("ann", "#r"), "x y z ".repeat(682));
    let mut refused = None;
    for n in 0..400 {
        let request = broadcast("#r", &format!("a{n}"), &text);
        let answer = ask(&mut ann, request.clone());
        if answer["type"] == "error" {
            refused = Some((n, request, answer));
            break;
        }
        assert_eq!(answer["seq"], n + 1);
    }
    let (stored, first, error) = refused.expect("the journal is full some day");
    check(&error, "journal_unavailable", &first);
    assert!(error["retry_ms"].is_u64(), "{error}");
    for request in [broadcast("#r", "b1", "hi"), json!({"type": "topic", "room": "#r", "id": "b2", "msg": "hi"})] {
        let error = refuse(&mut ann, "journal_unavailable", request);
        assert!(error["retry_ms"].is_u64(), "{error}");
    }
    assert_eq!(ask(&mut ann, broadcast("#r", "a0", &text))["seq"], 1, "a known id");
    refuse(&mut ann, "journal_unavailable", broadcast("#r", "b1", "hi"));
    refuse(&mut ann, "journal_unavailable", first);
    let page = ask(&mut ann, json!({"type": "history", "room": "#r", "limit": 1}));
    assert_eq!(page["entries"][0]["seq"], stored, "what was refused is not there");
}

#[test]
fn sends_over_the_rate_are_read_later_and_none_is_refused() {
    let server = Server::start_with("[limits]\nexempt = []\n");
    let mut ann = server.member("ann", "#r");
    let line = |n: u32| format!("{}\n", broadcast("#r", &format!("a{n}"), "hi"));
    ann.send_bytes((1..=70).map(line).collect::<String>().as_bytes());
    let (mut acks, mut notices) = (0, 0);
    while acks < 70 {
        let event = ann.next();
        match event["type"].as_str().unwrap() {
            "ack" => {
                acks += 1;
                assert_eq!((&event["seq"], &event["id"]), (&json!(acks), &json!(format!("a{acks}"))));
            }
            "notice" => {
                notices += 1;
                assert_eq!(event["code"], "slowed_down");
            }
            kind => assert_eq!(kind, "message", "{event}"),
        }
    }
    assert_eq!(notices, 1);
}

#[test]
fn a_flood_of_histories_is_refused_for_a_while() {
    let server = Server::start_with("[limits]\nexempt = []\n");
    let mut ann = server.member("ann", "#r");
    let request = json!({"type": "history", "room": "#r"});
    ann.send_bytes(format!("{request}\n").repeat(150).as_bytes());
    let answers: Vec<_> = (0..150).map(|_| ann.next()).collect();
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["type"] == "history");
    assert!(good.len() >= 50 && !refused.is_empty(), "{} were answered", good.len());
    for error in refused {
        check(error, "slow_down", &request);
        assert!(error["retry_ms"].as_u64().unwrap() > 0, "{error}");
    }
}

#[test]
fn a_known_id_is_acknowledged_again_whatever_has_changed() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let ack = ask(&mut ann, broadcast("#r", "a1", "hi"));
    assert_eq!((&ack["type"], &ack["seq"]), (&json!("ack"), &json!(1)));
    assert_eq!(ask(&mut ann, broadcast("#r", "a1", "hi")), ack);
    ask(&mut ann, json!({"type": "ignore", "on": true}));
    assert_eq!(ask(&mut ann, broadcast("#r", "a1", "hi")), ack);
    ask(&mut ann, json!({"type": "leave", "room": "#r"}));
    assert_eq!(ask(&mut ann, broadcast("#r", "a1", "h\u{7}i")), ack, "the cleaned text is the same");
    refuse(&mut ann, "id_reused", broadcast("#r", "a1", "ho"));
    for (field, other) in [("kind", json!("action")), ("re", json!(1))] {
        let mut request = broadcast("#r", "a1", "hi");
        request[field] = other;
        refuse(&mut ann, "id_reused", request);
    }
    assert_eq!(ask(&mut ann, json!({"type": "history", "room": "#r"}))["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn answers_come_in_the_order_of_the_requests_with_their_tags() {
    let server = Server::start();
    let mut ann = server.member("ann", "#r");
    let line = |(n, kind): (usize, &&str)| {
        let tag = format!("t{n}");
        let request = json!({"type": kind, "room": "#r", "id": tag, "msg": "hi", "text": "hi", "on": true, "tag": tag});
        format!("{request}\n")
    };
    let kinds = ["broadcast", "history", "ping", "broadcast", "ls", "help", "topic", "search", "away", "rooms", "bye"];
    ann.send_bytes(kinds.iter().enumerate().map(line).collect::<String>().as_bytes());
    let answers: Vec<_> = ann.rest().into_iter().filter(|event| event.get("tag").is_some()).collect();
    let tags: Vec<_> = answers.iter().map(|answer| answer["tag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"]);
    let types: Vec<_> = answers.iter().map(|answer| answer["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ack", "history", "pong", "ack", "ls", "help", "ack", "search", "away", "rooms"]);
    assert!(!answers[5]["msg"].as_str().unwrap().is_empty());
    assert_eq!(answers[7]["entries"].as_array().unwrap().len(), 3, "what is acknowledged is found at once");
}

#[test]
fn a_change_of_mode_holds_for_what_comes_behind_it_in_the_same_write() {
    let server = Server::start();
    let mut owner = greeted(&server);
    assert_eq!(owner.log_in("ann", &Identity::from_secret(&[9; 32]))["success"], true);
    owner.send(&json!({"type": "join", "room": "#r"}));
    owner.expect("joined");
    let lines =
        |requests: &[Value]| requests.iter().flat_map(|request| [request.to_string(), "\n".into()]).collect::<String>();
    owner.send_bytes(lines(&[json!({"type": "ignore", "on": true}), broadcast("#r", "m1", "hi")]).as_bytes());
    assert_eq!(owner.expect("ignore")["on"], true);
    assert_eq!(owner.expect("error")["code"], "ignoring");
    owner.send_bytes(
        lines(&[
            json!({"type": "ignore", "on": false}),
            json!({"type": "search", "text": "hi", "room": "@"}),
            broadcast("#r", "m2", "hi"),
        ])
        .as_bytes(),
    );
    assert_eq!(owner.expect("ignore")["on"], false);
    owner.expect("search");
    assert_eq!(owner.expect("ack")["id"], "m2");
}
