//! What may happen.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use shared::{
    Entry, Epoch, ErrorCode, Event, Kind, LogName, MessageId, Rejection, RoomName, Seq,
    event::{Ack, History, Ignore, Joined, Ls, Member, Message, Presence, Search, State},
    text::{Body, Label},
};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Key(KeyCode, KeyModifiers),
    Press(&'static str),
    Command(String),
    Line(String),
    Paste(String),
    Mouse(MouseEvent),
    Ground(bool),
    Size(u16, u16),
    Say(String, String),
    Said(Box<Event>),
    Page(LogName, Vec<Entry>),
    Down,
    LogIn,
    Saved,
    Pass(u64),
    Focus(bool),
}

/// Pairs and keys that open something, so that what is open meets everything else.
const KEYS: [&str; 40] = [
    "F1", "F2", "F3", "F4", "F5", "C-r", "C-l", "C-g", "C-n", "C-p", "C-7", "C-j", "C-Up", "C-Down", "S-Up", "S-Down",
    "PageUp", "PageDown", "C-x l", "C-x i", "C-x h", "C-x r", "C-x g", "C-x s", "C-x m", "C-x d", "C-x k", "C-x q",
    "C-x n", "C-x y", "C-x b", "C-x t", "C-x o", "C-x u", "C-x z", "C-x a", "C-x Up", "C-x Down", "C-x 1", "C-x ?",
];

const COMMANDS: [&str; 24] = [
    "/goto 9:30",
    "/goto -2",
    "/goto 2026-11-20 14:30",
    "/search a",
    "/search -a a",
    "/hide a",
    "/hide ab",
    "/mute",
    "/mute a",
    "/notify all",
    "/notify",
    "/i 25m",
    "/i",
    "/join #lobby",
    "/join #b",
    "/leave",
    "/reply x",
    "/copy",
    "/go l",
    "/theme light",
    "/bare",
    "/mouse",
    "@a hi",
    "//x",
];

fn keys() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        3 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Tab, KeyCode::BackTab, KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::Left,
            KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Backspace,
            KeyCode::Delete, KeyCode::F(1), KeyCode::F(2), KeyCode::F(3), KeyCode::F(4), KeyCode::F(5),
            KeyCode::Null, KeyCode::Insert,
        ]),
        3 => prop::sample::select("/@#:- ahilnNjoprsuxdcyeE12你👨\u{200d}\u{301}".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
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

fn mouse() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::Up(MouseButton::Left),
    ]);
    (kind, 0_u16..110, 0_u16..45)
        .prop_map(|(kind, column, row)| Step::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

fn logs() -> impl Strategy<Value = LogName> {
    prop::sample::select(vec![
        LogName::Inbox,
        LogName::Room(RoomName::lobby()),
        LogName::Room(RoomName::lobby()),
        LogName::parse("#b").unwrap(),
    ])
}

fn seqs() -> impl Strategy<Value = Seq> {
    (0_u64..40).prop_map(|n| Seq::new(n).unwrap())
}

fn names() -> impl Strategy<Value = Label> {
    prop_oneof![Just(Label::new("alice")), "[a-z]{1,5}".prop_map(|name| Label::new(&name))]
}

fn entries() -> impl Strategy<Value = Entry> {
    let kind = prop::sample::select(vec![
        Kind::Talk,
        Kind::Talk,
        Kind::Action,
        Kind::Topic,
        Kind::Redacted,
        Kind::Other("wave".into()),
    ]);
    let text = prop_oneof!["\\PC{0,80}", Just("alice: https://example.org/a `b` **c**\n```rust\nfn\n```".to_owned())];
    (
        (1_u64..40, 1_u64..6),
        prop::option::weighted(0.9, names()),
        prop::option::of(names()),
        0_u64..4_000_000_000_000,
        kind,
        prop::option::of(seqs()),
        prop::option::weighted(0.9, text),
    )
        .prop_map(|((seq, id), from, to, at, kind, re, msg)| Entry {
            seq: Seq::new(seq).unwrap(),
            id: MessageId::parse(&format!("run-{id}")).unwrap(),
            from,
            to,
            at,
            kind,
            re,
            msg: msg.as_deref().map(Body::new),
        })
}

/// The same one mostly: else nothing of a log is ever taken.
fn epochs() -> impl Strategy<Value = Epoch> {
    prop::sample::select(vec!["e", "e", "e", "e", "f"]).prop_map(|epoch| Epoch::parse(epoch).unwrap())
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    let state = prop::sample::select(vec![State::Online, State::Ignoring, State::Away, State::Unknown]);
    prop::collection::vec((names(), state).prop_map(|(nickname, state)| Member { nickname, state }), 0..6)
}

/// What is pushed, and what is answered about logs.
fn events_of_logs() -> impl Strategy<Value = Event> {
    let messages = || (logs(), entries()).prop_map(|(room, entry)| Message { room, entry });
    let joined = (logs(), epochs(), seqs(), seqs(), prop::option::of(seqs()), prop::option::of(members()));
    prop_oneof![
        4 => messages().prop_map(Event::Message),
        2 => (logs(), seqs(), seqs(), any::<bool>())
            .prop_map(|(room, after, before, lost)| Event::Gap { room, after, before, lost }),
        4 => (logs(), epochs(), prop::collection::vec(entries(), 0..8), any::<bool>(), any::<bool>()).prop_map(
            |(room, epoch, mut entries, more, is_honest)| {
                if is_honest {
                    entries.sort_by_key(|entry| entry.seq);
                    entries.dedup_by_key(|entry| entry.seq);
                }
                Event::History(History { room, epoch, entries, more })
            }
        ),
        2 => (prop::collection::vec(messages(), 0..5), prop::option::of("[a-z]{1,3}"))
            .prop_map(|(entries, next)| Event::Search(Search { entries, next })),
        2 => joined.prop_map(|(room, epoch, first, head, read, roster)| {
            Event::Joined(Joined { room, epoch, first, head, read, topic: Label::new("x"), members: 3, roster })
        }),
        1 => (logs(), seqs()).prop_map(|(room, seq)| Event::Read { room, seq }),
    ]
}

fn events_of_people() -> impl Strategy<Value = Event> {
    let id = || (1_u64..4).prop_map(|n| MessageId::parse(&format!("run-{n}")).unwrap());
    let room = || prop::sample::select(vec![RoomName::lobby(), RoomName::parse("#b").unwrap()]);
    let labels = || prop::collection::vec(names(), 0..4);
    prop_oneof![
        (id(), logs(), seqs()).prop_map(|(id, room, seq)| Event::Ack(Ack { id, room, seq, at: 1 })),
        (id(), any::<bool>()).prop_map(|(id, temporary)| {
            let retry_ms = temporary.then_some(500);
            let rejection = Rejection::new(ErrorCode::JournalUnavailable, "no");
            Event::Error(Box::new(Rejection { id: Some(id), retry_ms, ..rejection }))
        }),
        prop::sample::select(vec!["history", "search", "join"]).prop_map(|request| {
            let rejection = Rejection::new(ErrorCode::TooMany, "no");
            let (request, room) = (Some(Label::new(request)), Some(Label::new("#lobby")));
            Event::Error(Box::new(Rejection { request, room, ..rejection }))
        }),
        (any::<bool>(), prop::option::of(any::<u64>()), prop::option::of(any::<u64>()))
            .prop_map(|(on, until, held)| Event::Ignore(Ignore { on, until, held })),
        (room(), any::<u64>()).prop_map(|(room, count)| Event::Held { room, count }),
        (room(), any::<u64>(), members()).prop_map(|(room, members, roster)| Event::Roster { room, members, roster }),
        (room(), labels(), labels(), members()).prop_map(|(room, joined, left, changed)| {
            Event::Presence(Presence { room, members: 3, joined, left, changed })
        }),
        members().prop_map(|members| Event::Ls(Ls { room: None, members, more: true })),
        any::<bool>().prop_map(|on| Event::Away { on }),
        Just(Event::Unknown),
    ]
}

pub(crate) fn steps() -> impl Strategy<Value = Step> {
    let said = |event| Step::Said(Box::new(event));
    prop_oneof![
        8 => keys(),
        6 => prop::sample::select(KEYS.to_vec()).prop_map(Step::Press),
        3 => prop::sample::select(COMMANDS.to_vec()).prop_map(|line| Step::Command(line.to_owned())),
        1 => "\\PC{0,20}".prop_map(Step::Line),
        1 => "(?s).{0,60}".prop_map(Step::Paste),
        2 => mouse(),
        1 => any::<bool>().prop_map(Step::Ground),
        1 => (0_u16..100, 0_u16..40).prop_map(|(width, height)| Step::Size(width, height)),
        1 => (18_u16..24, 5_u16..9).prop_map(|(width, height)| Step::Size(width, height)),
        2 => ("[a-z]{1,14}", "\\PC{0,120}").prop_map(|(from, text)| Step::Say(from, text)),
        4 => events_of_logs().prop_map(said),
        2 => events_of_people().prop_map(said),
        1 => (logs(), prop::collection::vec(entries(), 0..5)).prop_map(|(room, entries)| Step::Page(room, entries)),
        1 => Just(Step::Down),
        1 => Just(Step::LogIn),
        1 => Just(Step::Saved),
        1 => (0_u64..400_000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Focus),
    ]
}
