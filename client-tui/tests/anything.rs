//! Whatever is pressed, pasted, said or lost, in whatever order: nothing panics, and every frame can be drawn.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod scene;

use client_tui::app::Event as Happens;
use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use scene::Scene;
use shared::{
    Entry, Epoch, ErrorCode, Event, Kind, LogName, MessageId, Rejection, RoomName, Seq,
    event::{Ack, History, Ignore, Message},
    text::{Body, Label},
};

#[derive(Debug, Clone)]
enum Step {
    Key(KeyCode, KeyModifiers),
    Paste(String),
    Size(u16, u16),
    Say(String, String),
    Said(Event),
    Down,
    LogIn,
    Saved,
    Pass(u64),
    Focus(bool),
}

fn keys() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        3 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Tab, KeyCode::BackTab, KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::Left,
            KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Backspace,
            KeyCode::Delete, KeyCode::F(1), KeyCode::F(2), KeyCode::F(3),
        ]),
        3 => prop::sample::select("/@#: ahilnjoprx1你👨\u{200d}\u{301}".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| Step::Key(code, modifiers))
}

fn logs() -> impl Strategy<Value = LogName> {
    prop_oneof![Just(LogName::Inbox), Just(LogName::Room(RoomName::lobby()))]
}

fn entries() -> impl Strategy<Value = Entry> {
    let kind =
        prop::sample::select(vec![Kind::Talk, Kind::Action, Kind::Topic, Kind::Redacted, Kind::Other("wave".into())]);
    (
        1_u64..40,
        "[a-z]{1,5}",
        prop::option::of("[a-z]{1,5}"),
        0_u64..4_000_000_000_000,
        kind,
        prop::option::of("\\PC{0,80}"),
    )
        .prop_map(|(seq, from, to, at, kind, msg)| Entry {
            seq: Seq::new(seq).unwrap(),
            id: MessageId::parse("run-1").unwrap(),
            from: Some(Label::new(&from)),
            to: to.as_deref().map(Label::new),
            at,
            kind,
            re: None,
            msg: msg.as_deref().map(Body::new),
        })
}

fn events() -> impl Strategy<Value = Event> {
    let seqs = || (0_u64..40).prop_map(|n| Seq::new(n).unwrap());
    let id = || (1_u64..4).prop_map(|n| MessageId::parse(&format!("run-{n}")).unwrap());
    prop_oneof![
        (logs(), entries()).prop_map(|(room, entry)| Event::Message(Message { room, entry })),
        (logs(), seqs(), seqs(), any::<bool>()).prop_map(|(room, after, before, lost)| Event::Gap {
            room,
            after,
            before,
            lost
        }),
        (logs(), prop::collection::vec(entries(), 0..5), any::<bool>()).prop_map(|(room, entries, more)| {
            Event::History(History { room, epoch: Epoch::parse("e").unwrap(), entries, more })
        }),
        (id(), logs(), seqs()).prop_map(|(id, room, seq)| Event::Ack(Ack { id, room, seq, at: 1 })),
        (id(), any::<bool>()).prop_map(|(id, temporary)| {
            let retry_ms = temporary.then_some(500);
            let rejection = Rejection::new(ErrorCode::JournalUnavailable, "no");
            Event::Error(Box::new(Rejection { id: Some(id), retry_ms, ..rejection }))
        }),
        (logs(), seqs()).prop_map(|(room, seq)| Event::Read { room, seq }),
        any::<bool>().prop_map(|on| Event::Ignore(Ignore { on, until: None, held: None })),
        any::<u64>().prop_map(|count| Event::Held { room: RoomName::lobby(), count }),
        Just(Event::Unknown),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => keys(),
        1 => "(?s).{0,60}".prop_map(Step::Paste),
        1 => (0_u16..100, 0_u16..40).prop_map(|(width, height)| Step::Size(width, height)),
        2 => ("[a-z]{1,14}", "\\PC{0,120}").prop_map(|(from, text)| Step::Say(from, text)),
        4 => events().prop_map(Step::Said),
        1 => Just(Step::Down),
        1 => Just(Step::LogIn),
        1 => Just(Step::Saved),
        1 => (0_u64..100_000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Focus),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_panics(steps in prop::collection::vec(steps(), 1..80)) {
        let mut scene = Scene::lobby(80, 24);
        for step in steps {
            match step {
                Step::Key(code, modifiers) => scene.key(code, modifiers),
                Step::Paste(text) => scene.happens(Happens::Paste(text)),
                Step::Size(width, height) => scene.resize(width, height),
                Step::Say(from, text) => scene.say(&from, &text),
                Step::Said(event) => scene.said(event),
                Step::Down => scene.down(),
                Step::LogIn => scene.login(),
                Step::Saved => scene.saved(),
                Step::Pass(millis) => scene.pass(millis),
                Step::Focus(has_focus) => scene.focus(has_focus),
            }
            scene.draw();
        }
    }
}
