//! Everything the server can say is read as it was meant; everything else is read as something or refused.

use crate::config;
use proptest::{option, prelude::*, sample::select};
use shared::{
    Entry, Epoch, ErrorCode, Event, Incoming, Kind, LogName, MessageId, Outgoing, Rejection, RoomName, Seq, Tag,
    code::NoticeCode,
    event::{
        Ack, History, Ignore, Inbox, Joined, Limits, Login, Ls, Member, Message, Notice, Presence, Room, Rooms, Search,
        State, Welcome,
    },
    limits,
    text::{Body, Label},
};

fn labels() -> impl Strategy<Value = Label> {
    prop_oneof!["[a-z]{1,9}", ".{0,20}", any::<String>()].prop_map(|text| Label::new(&text))
}

fn bodies() -> impl Strategy<Value = Body> {
    prop_oneof!["[a-z ]{1,9}", any::<String>()].prop_map(|text| Body::new(&text))
}

fn rooms() -> impl Strategy<Value = RoomName> {
    "#[a-z大é0-9_.-]{1,12}".prop_map(|name| RoomName::parse(&name).unwrap())
}

fn logs() -> impl Strategy<Value = LogName> {
    prop_oneof![Just(LogName::Inbox), rooms().prop_map(LogName::Room)]
}

fn seqs() -> impl Strategy<Value = Seq> {
    prop_oneof![0_u64..9, Just(limits::SEQ_END - 1), 0..limits::SEQ_END].prop_map(|n| Seq::new(n).unwrap())
}

fn ids() -> impl Strategy<Value = MessageId> {
    "[A-Za-z0-9_-]{1,64}".prop_map(|id| MessageId::parse(&id).unwrap())
}

fn epochs() -> impl Strategy<Value = Epoch> {
    "\\PC{0,16}".prop_map(|epoch| Epoch::parse(&epoch).unwrap())
}

fn codes() -> impl Strategy<Value = ErrorCode> {
    prop_oneof![select(ErrorCode::ALL.to_vec()), "[a-z_]{1,64}".prop_map(|code| ErrorCode::from(code.as_str()))]
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    let states = select(vec![State::Online, State::Ignoring, State::Away]);
    let member = (labels(), states).prop_map(|(nickname, state)| Member { nickname, state });
    prop::collection::vec(member, 0..4)
}

fn entries() -> impl Strategy<Value = Entry> {
    let kinds = prop_oneof![select(Kind::ALL.to_vec()), "[a-z]{1,9}".prop_map(|kind| Kind::from(kind.as_str()))];
    let texts = (option::of(labels()), option::of(labels()), option::of(bodies()));
    (seqs(), ids(), texts, any::<u64>(), kinds, option::of(seqs()))
        .prop_map(|(seq, id, (from, to, msg), at, kind, re)| Entry { seq, id, from, to, at, kind, re, msg })
}

fn answers() -> BoxedStrategy<Event> {
    let inbox = (epochs(), seqs(), seqs(), option::of(seqs())).prop_map(|(epoch, first, head, read)| Inbox {
        epoch,
        first,
        head,
        read,
    });
    let flags =
        (any::<bool>(), any::<Option<bool>>(), any::<Option<bool>>(), any::<Option<u64>>(), any::<Option<u64>>());
    let login = (flags, option::of(codes()), labels(), option::of(inbox), option::of(labels())).prop_map(
        |((success, claimed, ignoring, until, retry_ms), code, nickname, inbox, detail)| {
            Event::Login(Login { success, code, nickname, claimed, ignoring, until, inbox, detail, retry_ms })
        },
    );
    let joined =
        ((logs(), epochs(), labels()), (seqs(), seqs(), option::of(seqs())), any::<u64>(), option::of(members()))
            .prop_map(|((room, epoch, topic), (first, head, read), members, roster)| {
                Event::Joined(Joined { room, epoch, first, head, read, topic, members, roster })
            });
    let error =
        (codes(), option::of(labels()), option::of(ids()), option::of(labels()), labels(), any::<Option<u64>>())
            .prop_map(|(code, request, id, room, detail, retry_ms)| {
                Event::Error(Box::new(Rejection { code, request, id, room, detail, retry_ms, tag: None }))
            });
    let page = prop::collection::vec(entries(), 0..4);
    let hits = prop::collection::vec((logs(), entries()).prop_map(|(room, entry)| Message { room, entry }), 0..4);
    let listed = (rooms(), any::<u64>(), labels()).prop_map(|(room, members, topic)| Room { room, members, topic });
    prop_oneof![
        (any::<u64>(), labels(), ".{0,50}", any::<[usize; 3]>(), labels()).prop_map(
            |(version, agent, challenge, [line, text, nickname], motd)| {
                let limits = Limits { line, text, nickname };
                Event::Welcome(Welcome { version, agent, challenge, limits, motd })
            }
        ),
        login,
        joined,
        error,
        (ids(), logs(), seqs(), any::<u64>()).prop_map(|(id, room, seq, at)| Event::Ack(Ack { id, room, seq, at })),
        (option::of(rooms()), members(), any::<bool>()).prop_map(|(room, members, more)| Event::Ls(Ls {
            room,
            members,
            more
        })),
        (prop::collection::vec(listed, 0..4), any::<bool>())
            .prop_map(|(rooms, more)| Event::Rooms(Rooms { rooms, more })),
        (logs(), epochs(), page, any::<bool>()).prop_map(|(room, epoch, entries, more)| Event::History(History {
            room,
            epoch,
            entries,
            more
        })),
        (hits, option::of(".{0,30}")).prop_map(|(entries, next)| Event::Search(Search { entries, next })),
        bodies().prop_map(|msg| Event::Help { msg }),
    ]
    .boxed()
}

fn events() -> impl Strategy<Value = Event> {
    let names = || prop::collection::vec(labels(), 0..4);
    let notices = prop_oneof![select(NoticeCode::ALL.to_vec()), Just(NoticeCode::from("party"))];
    prop_oneof![
        6 => answers(),
        2 => (logs(), entries()).prop_map(|(room, entry)| Event::Message(Message { room, entry })),
        1 => logs().prop_map(|room| Event::Left { room }),
        1 => (logs(), seqs(), seqs(), any::<bool>())
            .prop_map(|(room, after, before, lost)| Event::Gap { room, after, before, lost }),
        1 => (any::<bool>(), any::<Option<u64>>(), any::<Option<u64>>())
            .prop_map(|(on, until, held)| Event::Ignore(Ignore { on, until, held })),
        1 => (rooms(), any::<u64>()).prop_map(|(room, count)| Event::Held { room, count }),
        1 => any::<bool>().prop_map(|on| Event::Away { on }),
        1 => (logs(), seqs()).prop_map(|(room, seq)| Event::Read { room, seq }),
        1 => select(vec![Event::Ping, Event::Pong]),
        1 => (rooms(), any::<u64>(), names(), names(), members()).prop_map(|(room, members, joined, left, changed)| {
            Event::Presence(Presence { room, members, joined, left, changed })
        }),
        1 => (rooms(), any::<u64>(), members())
            .prop_map(|(room, members, roster)| Event::Roster { room, members, roster }),
        1 => (notices, any::<Option<u64>>(), any::<Option<u64>>())
            .prop_map(|(code, in_ms, retry_ms)| Event::Notice(Notice { in_ms, retry_ms, ..Notice::new(code) })),
    ]
}

fn tags() -> impl Strategy<Value = Option<Tag>> {
    option::of(any::<String>().prop_filter_map("a tag", |tag| Tag::parse(&tag)))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_event_is_read_as_it_was_meant(event in events(), tag in tags()) {
        let outgoing = Outgoing { event, tag };
        let line = outgoing.encode();
        prop_assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1));
        let read = Outgoing::decode(&line).unwrap();
        prop_assert_eq!(&read, &outgoing);
        prop_assert_eq!(read.encode(), line);
    }

    #[test]
    fn what_a_newer_server_says_is_read_as_well(event in events(), key in "x[a-z]{1,9}", at in any::<prop::sample::Index>()) {
        let outgoing = Outgoing { event, tag: None };
        let mut value: serde_json::Value = serde_json::from_slice(&outgoing.encode()).unwrap();
        value[&key] = serde_json::json!({"new": [at.index(9)]});
        prop_assert_eq!(Outgoing::decode(value.to_string().as_bytes()).unwrap(), outgoing);
    }

    #[test]
    fn a_broken_line_is_clean_or_refused(event in events(), at in any::<prop::sample::Index>(), with in any::<Option<u8>>()) {
        let mut line = Outgoing { event, tag: None }.encode();
        let at = at.index(line.len());
        match with {
            Some(byte) => line[at] = byte,
            None => line.truncate(at),
        }
        if let Ok(read) = Outgoing::decode(&line) {
            let again = Outgoing::decode(&read.encode());
            prop_assert!(again.is_ok_and(|again| again == read || read.event == Event::Unknown));
        }
        let _ = Incoming::parse(&line);
    }
}
