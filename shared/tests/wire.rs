//! The wire through its public types: what is written is read back, and what is wrong is said.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use proptest::prelude::*;
use serde_json::json;
use shared::{
    Entry, Epoch, ErrorCode, Event, Incoming, Kind, LogName, MessageId, Nickname, Outgoing, Rejection, Request,
    RoomName, Seq, Tag, Text,
    event::{Message, Notice, Presence},
    identity::Identity,
    request::{Destination, Login, Place, Send, Start},
    text::{Body, Label},
};

fn rooms() -> impl Strategy<Value = RoomName> {
    "#[a-z大0-9_.-]{1,32}".prop_map(|name| RoomName::parse(&name).unwrap())
}

fn logs() -> impl Strategy<Value = LogName> {
    prop_oneof![Just(LogName::Inbox), rooms().prop_map(LogName::Room)]
}

fn nicknames() -> impl Strategy<Value = Nickname> {
    "[a-z0-9|_-]{0,9}[a-z]".prop_map(|name| Nickname::parse(&name).unwrap())
}

fn seqs() -> impl Strategy<Value = Seq> {
    (1_u64..1 << 53).prop_map(|n| Seq::new(n).unwrap())
}

fn ids() -> impl Strategy<Value = MessageId> {
    "[A-Za-z0-9_-]{1,64}".prop_map(|id| MessageId::parse(&id).unwrap())
}

fn texts() -> impl Strategy<Value = Text> {
    "(?s)x.{0,200}".prop_map(|text| Text::parse(&text).unwrap())
}

fn logins() -> impl Strategy<Value = Request> {
    (nicknames(), any::<Option<[u8; 32]>>(), any::<bool>()).prop_map(|(nickname, secret, quiet)| {
        let proof = secret.map(|secret| {
            let identity = Identity::from_secret(&secret);
            let challenge = shared::identity::base64url(&[1; 32]);
            (identity.public(), identity.sign_login(&challenge, b"", nickname.as_str()).unwrap())
        });
        Request::Login(Login {
            sent: nickname.as_str().into(),
            nickname: Ok(nickname),
            proof,
            quiet,
            invite: quiet.then(|| "abc-_9".into()),
        })
    })
}

fn sends() -> impl Strategy<Value = Request> {
    let to = prop_oneof![rooms().prop_map(Destination::Room), nicknames().prop_map(Destination::Person)];
    (ids(), to, any::<bool>(), prop::option::of(seqs()), texts()).prop_map(|(id, to, action, re, text)| {
        let kind = if action { Kind::Action } else { Kind::Talk };
        Request::Send(Send { id, to, kind, re, text: Ok(text) })
    })
}

fn requests() -> impl Strategy<Value = Request> {
    let epoch = || "[a-f0-9]{1,16}".prop_map(|epoch| Epoch::parse(&epoch).unwrap());
    let place = prop_oneof![
        Just(Place::Newest),
        seqs().prop_map(Place::Before),
        seqs().prop_map(Place::After),
        (0_u64..1 << 50).prop_map(Place::At)
    ];
    prop_oneof![
        "[a-z/0-9.]{0,20}".prop_map(|agent| Request::Hello { version: 1, agent: Label::new(&agent) }),
        logins(),
        (logs(), 0_u64..=1000, prop::option::of((seqs(), epoch())))
            .prop_map(|(room, last, resume)| Request::Join { room, start: Start { last, resume } }),
        logs().prop_map(|room| Request::Leave { room }),
        sends(),
        (any::<bool>(), prop::option::of(0_u64..1 << 50)).prop_map(|(on, until)| Request::Ignore { on, until }),
        any::<bool>().prop_map(|on| Request::Away { on }),
        (logs(), seqs(), any::<bool>()).prop_map(|(room, seq, back)| Request::Read { room, seq, back }),
        (prop::option::of(rooms()), prop::option::of(nicknames()), 1_u64..=500)
            .prop_map(|(room, after, limit)| Request::Ls { room, after, limit }),
        (prop::option::of(rooms()), 1_u64..=500).prop_map(|(after, limit)| Request::Rooms { after, limit }),
        (logs(), place, 1_u64..=200).prop_map(|(room, place, limit)| Request::History { room, place, limit }),
        (texts(), prop::option::of(logs()), 1_u64..=100, prop::option::of("[a-z0-9]{1,30}"))
            .prop_map(|(text, room, limit, from)| Request::Search { text: Ok(text), room, limit, from }),
        prop::sample::select(vec![Request::Help, Request::Ping, Request::Pong, Request::Bye]),
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    let kind = prop::sample::select(vec![Kind::Talk, Kind::Action, Kind::Topic, Kind::Other("wave".into())]);
    (seqs(), ids(), prop::option::of("[a-z]{1,9}"), any::<u32>(), kind, prop::option::of(seqs()), texts()).prop_map(
        |(seq, id, to, at, kind, re, text)| Entry {
            seq,
            id,
            from: Some(Label::new("alice")),
            to: to.as_deref().map(Label::new),
            at: at.into(),
            kind,
            re,
            msg: Some(Body::from(&text)),
        },
    )
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        (logs(), entries()).prop_map(|(room, entry)| Event::Message(Message { room, entry })),
        (logs(), seqs(), seqs(), any::<bool>()).prop_map(|(room, after, before, lost)| Event::Gap {
            room,
            after,
            before,
            lost
        }),
        rooms().prop_map(|room| Event::Presence(Presence {
            room,
            members: 3,
            joined: vec![Label::new("a")],
            left: vec![],
            changed: vec![]
        })),
        prop::option::of(any::<u64>()).prop_map(|retry_ms| Event::Notice(Notice {
            in_ms: Some(5000),
            retry_ms,
            ..Notice::new("shutdown".into())
        })),
        (ids(), ".{0,40}").prop_map(|(id, detail)| {
            let rejection = Rejection::new(ErrorCode::BadField, &detail);
            Event::Error(Box::new(Rejection { id: Some(id), request: Some(Label::new("sendto")), ..rejection }))
        }),
        Just(Event::Pong),
    ]
}

fn tags() -> impl Strategy<Value = Option<Tag>> {
    prop::option::of("\\PC{0,12}".prop_map(|tag| Tag::parse(&tag).unwrap()))
}

proptest! {
    #[test]
    fn every_request_is_read_back(request in requests(), tag in tags()) {
        let incoming = Incoming { tag, request, sent_room: None };
        let line = incoming.encode();
        prop_assert_eq!(line.iter().position(|&b| b == b'\n'), Some(line.len() - 1));
        prop_assert_eq!(Incoming::parse(&line), Ok(incoming));
    }

    #[test]
    fn every_event_is_read_back(event in events(), tag in tags()) {
        let outgoing = Outgoing { event, tag };
        prop_assert_eq!(Outgoing::decode(&outgoing.encode()).unwrap(), outgoing);
    }

    #[test]
    fn no_line_panics(line in prop::collection::vec(any::<u8>(), 0..200), text in "\\{\"type\":\"(join|broadcast|login|read|ls)\"(,\"(room|id|msg|after|nickname|seq|limit)\":(null|\"#?[a-z]{0,3}\"|-?[0-9]{1,20}|true|\\[\\]|1\\.5)){0,4}\\}") {
        let _ = Incoming::parse(&line);
        if let Err(rejection) = Incoming::parse(text.as_bytes()) {
            prop_assert!(!rejection.detail.is_empty());
        }
        let _ = Outgoing::decode(&line);
        let _ = Outgoing::decode(text.as_bytes());
    }
}

fn refusal(line: &serde_json::Value) -> (String, String) {
    let rejection = Incoming::parse(line.to_string().as_bytes()).expect_err("refused");
    (rejection.code.to_string(), rejection.detail.to_string())
}

#[test]
fn a_wrong_field_is_named() {
    for (line, code, field) in [
        (json!({"room": "#a"}), "missing_field", "type"),
        (json!({"type": 5}), "bad_field", "type"),
        (json!({"type": "wave"}), "unknown_type", "wave"),
        (json!({"type": "join"}), "missing_field", "room"),
        (json!({"type": "join", "room": null}), "missing_field", "room"),
        (json!({"type": "join", "room": 7}), "bad_field", "room"),
        (json!({"type": "join", "room": "lobby"}), "room_invalid", "room"),
        (json!({"type": "join", "room": "#a", "last": 1001}), "bad_field", "last"),
        (json!({"type": "join", "room": "#a", "last": 1.0}), "bad_field", "last"),
        (json!({"type": "join", "room": "#a", "after": 3}), "missing_field", "epoch"),
        (json!({"type": "broadcast", "room": "@", "id": "a", "msg": "x"}), "room_invalid", "room"),
        (json!({"type": "broadcast", "room": "#a", "id": "a b", "msg": "x"}), "bad_field", "id"),
        (json!({"type": "broadcast", "room": "#a", "id": "a", "msg": "x", "re": 0}), "bad_field", "re"),
        (json!({"type": "broadcast", "room": "#a", "id": "a", "msg": "x", "kind": "topic"}), "bad_field", "kind"),
        (json!({"type": "sendto", "nickname": "a b", "id": "a", "msg": "x"}), "nickname_invalid", "nickname"),
        (json!({"type": "read", "room": "#a", "seq": -1}), "bad_field", "seq"),
        (json!({"type": "read", "room": "#a", "seq": 1_u64 << 53}), "bad_field", "seq"),
        (json!({"type": "history", "room": "#a", "before": 4, "after": 2}), "bad_field", "after"),
        (json!({"type": "history", "room": "#a", "limit": 201}), "bad_field", "limit"),
        (json!({"type": "ls", "limit": 501}), "bad_field", "limit"),
        (json!({"type": "ping", "tag": "x".repeat(65)}), "bad_field", "tag"),
        (json!({"type": "login", "nickname": "a", "key": "AAAA"}), "bad_field", "key"),
    ] {
        let (found, detail) = refusal(&line);
        assert_eq!(found, code, "{line}");
        assert!(detail.contains(field), "{line}: {detail}");
    }
}

#[test]
fn an_error_repeats_what_could_be_read() {
    let line = br#"{"type":"sendto","id":"m1","tag":"t","nickname":5,"msg":"x"}"#;
    let rejection = Incoming::parse(line).unwrap_err();
    let tag = rejection.tag.clone();
    let event = Outgoing { event: Event::Error(Box::new(rejection)), tag };
    let line: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
    assert_eq!(
        line,
        json!({"type": "error", "code": "bad_field", "request": "sendto", "id": "m1", "room": "@", "tag": "t",
               "detail": "the field nickname is to be a string"})
    );
}

#[test]
fn what_the_server_says_is_clean_and_the_unknown_is_kept_apart() {
    let line = r##"{"type":"message","room":"#a","seq":1,"id":"x","from":"e\u001b[2Jve\n","at":1,"kind":"wave","msg":"a\u202eb\r\nc"}"##;
    let Event::Message(message) = Outgoing::decode(line.as_bytes()).unwrap().event else { panic!("a message") };
    assert_eq!(message.entry.from.as_deref(), Some("e[2Jve "));
    assert_eq!(message.entry.msg.as_deref(), Some("ab\nc"));
    assert_eq!(message.entry.kind, Kind::Other("wave".into()));
    let unknown = Outgoing::decode(br#"{"type":"party","at":5}"#).unwrap();
    assert_eq!(unknown.event, Event::Unknown);
}
