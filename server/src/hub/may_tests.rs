//! Who may do what, written out by hand, against what the one place says; and against what requests come to, so that no
//! way in forgets to ask.

use super::*;
use crate::{
    hub::{Arrival, Effect, Now, Progress, Rules},
    journal::{Account, Change, Done, Kept, Op, RoomRule, Sanctioned, Stored, StoredLog, Subject},
};
use shared::{Epoch, Event, Incoming, Nickname, Request, Seq, identity::PublicKey};
use slotmap::SlotMap;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Who asks: what each is stands in its name.
const WHO: [&str; 5] = ["guest", "member", "moderator", "owner", "operator"];

/// What is the matter.
#[derive(Debug, Clone, Copy)]
enum State {
    Open,
    Locked,
    MutedHere,
    MutedEverywhere,
    BannedHere,
    BannedEverywhere,
    ReadOnly,
}

const STATES: [State; 7] = [
    State::Open,
    State::Locked,
    State::MutedHere,
    State::MutedEverywhere,
    State::BannedHere,
    State::BannedEverywhere,
    State::ReadOnly,
];

/// For each state what each of [`WHO`] comes to: `.` may, `f` forbidden, `m` muted, `b` banned.
#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "a table has a row for each")]
fn table(wish: Wish) -> [&'static str; 7] {
    match wish {
        //                                  open     locked   muted    muted    banned   banned   read-only
        //                                                    here     everyw.  here     everyw.
        Wish::Join                     => [".....", ".....", ".....", ".....", "bbbb.", "bbbb.", "....."],
        Wish::Read                     => [".....", ".....", ".....", ".....", "bbbb.", "bbbb.", "....."],
        Wish::Talk                     => [".....", "ff...", "mmmm.", "mmmm.", "bbbb.", "bbbb.", "ff..."],
        Wish::Topic                    => [".....", "ff...", "mmmm.", "mmmm.", "bbbb.", "bbbb.", "ff..."],
        // To a person: what holds in a room is nothing to it.
        Wish::Write                    => [".....", ".....", ".....", "mmmm.", ".....", "bbbb.", "ffff."],
        Wish::RedactOwn                => [".....", ".....", ".....", ".....", "bbbb.", "bbbb.", "....."],
        Wish::Redact                   => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Everywhere               => ["ffff.", "ffff.", "ffff.", "ffff.", "bbbb.", "bbbb.", "ffff."],
        Wish::Moderate(Action::Kick)   => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Ban)    => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Unban)  => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Mute)   => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Unmute) => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Slow)   => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Lock)   => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Unlock) => ["ff...", "ff...", "ff...", "ff...", "bbbb.", "bbbb.", "ff..."],
        Wish::Moderate(Action::Grant)  => ["fff..", "fff..", "fff..", "fff..", "bbbb.", "bbbb.", "fff.."],
        Wish::Moderate(Action::Revoke) => ["fff..", "fff..", "fff..", "fff..", "bbbb.", "bbbb.", "fff.."],
    }
}

const NOW: Now = Now { mono: 1_000, wall: 1_790_000_000_000 };
const ROOM: LogId = LogId(1);

fn room() -> RoomName {
    RoomName::parse("#x").unwrap()
}

fn key(number: u8) -> PublicKey {
    PublicKey::from_bytes([number; 32])
}

/// A hub with everybody in a room that has an entry of everybody.
struct World {
    hub: Hub,
    sessions: BTreeMap<&'static str, SessionId>,
}

impl World {
    fn new(state: State) -> Self {
        let epoch = || Epoch::parse("e").unwrap();
        let log = |log: i32, room: Option<RoomName>, head: u64| StoredLog {
            log: LogId(log),
            room,
            epoch: epoch(),
            first: Seq::FIRST,
            head: Seq::new(head).unwrap(),
            topic: String::new(),
        };
        let names = ["member", "moderator", "owner", "operator", "target"];
        let accounts = (2_u8..).zip(names).map(|(number, name)| Account {
            person: PersonId(number.into()),
            nickname: Nickname::parse(name).unwrap(),
            key: key(number),
            inbox: LogId(number.into()),
            epoch: epoch(),
            hold: None,
            marks: BTreeMap::new(),
            seen: Some(NOW.wall),
        });
        let roles = vec![(PersonId(3), Role::Moderator), (PersonId(4), Role::Owner)];
        let stored = Stored {
            logs: [log(1, Some(room()), 9)].into_iter().chain((2..7).map(|number| log(number, None, 0))).collect(),
            accounts: accounts.collect(),
            next_guest: 1,
            guests_end: 100,
            kept: Kept {
                rules: vec![(ROOM, RoomRule { roles, ..RoomRule::default() })],
                operators: vec![key(5)],
                ..Kept::default()
            },
        };
        let mut hub = Hub::new(Rules::default(), stored, "run".into(), NOW);
        let (mut ids, mut sessions) = (SlotMap::<SessionId, ()>::with_key(), BTreeMap::new());
        for name in ["guest", "member", "moderator", "owner", "operator", "target"] {
            let id = ids.insert(());
            let address = Ipv4Addr::new(192, 0, 2, 1).into();
            hub.connect(id, Arrival { address, challenge: [7; 32], exempt: true, reserved: false });
            let person = hub.person_of(&Nickname::parse(name).unwrap());
            hub.sessions[id].greeted = true;
            if let Some(person) = person {
                // Whether a signature is right is asked elsewhere.
                hub.people.get_mut(&person).unwrap().sessions.push((id, false));
                hub.sessions[id].person = Some(person);
            }
            sessions.insert(name, id);
        }
        let mut world = Self { hub, sessions };
        world.ask("guest", r#"{"type":"login","nickname":"guest"}"#);
        for name in WHO.into_iter().chain(["target"]) {
            assert_eq!(world.ask(name, r##"{"type":"join","room":"#x"}"##), '.', "{name}");
        }
        world.be(state);
        world
    }

    fn person(&self, who: &str) -> PersonId {
        self.hub.sessions[self.sessions[who]].person.unwrap()
    }

    fn be(&mut self, state: State) {
        let (sanction, scope) = match state {
            State::Open => return,
            State::Locked => return self.hub.changed_by(&Change::Lock(ROOM, true)),
            State::ReadOnly => return self.hub.changed_by(&Change::Alert(3)),
            State::MutedHere => (Sanction::Mute, Some(ROOM)),
            State::MutedEverywhere => (Sanction::Mute, None),
            State::BannedHere => (Sanction::Ban, Some(ROOM)),
            State::BannedEverywhere => (Sanction::Ban, None),
        };
        for who in WHO {
            let subject = Subject::Name(who.into());
            let (reason, name) = ("".into(), who.into());
            self.hub.changed_by(&Change::Sanction(Sanctioned { sanction, scope, subject, until: None, reason, name }));
        }
    }

    /// What a request comes to, as the table says it. What is stored is not, so that the next one finds the same.
    fn ask(&mut self, who: &str, line: &str) -> char {
        let id = self.sessions[who];
        let incoming = Incoming::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error:?}"));
        assert_eq!(self.hub.request(id, &Ok(incoming), NOW), Progress::Done, "{line}");
        let mut outcome = None;
        for effect in self.hub.take_effects() {
            match effect {
                Effect::Answer(to, outgoing) if to == id => match outgoing.event {
                    Event::Error(error) => outcome = Some(letter(&error.code)),
                    _ => outcome = Some('.'),
                },
                Effect::Read(_) => {
                    self.hub.answered(id, false);
                    outcome = Some('.');
                }
                Effect::Store(Op::Append(asker, draft)) => {
                    let refused = draft.refusal.as_ref().map(|refusal| letter(&refusal.code));
                    // Whoever may only take out their own is refused by the journal.
                    let is_own = draft.changes.iter().any(|c| matches!(c, Change::Redact { by: Some(_), .. }));
                    outcome = Some(refused.unwrap_or(if is_own { 'o' } else { '.' }));
                    self.hub.settle([(Op::Append(asker, draft), Done::Refused)], NOW);
                }
                _ => {}
            }
        }
        self.hub.take_effects();
        outcome.unwrap_or_else(|| panic!("no answer to {line}"))
    }
}

fn letter(code: &ErrorCode) -> char {
    match code {
        ErrorCode::Forbidden => 'f',
        ErrorCode::Muted => 'm',
        ErrorCode::Banned => 'b',
        // Who may end a sanction may ask for one that does not hold.
        ErrorCode::NoSuchUser => '.',
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_may_do_what() {
    for (at, state) in STATES.into_iter().enumerate() {
        let world = World::new(state);
        for (wish, (column, who)) in Wish::all().flat_map(|wish| WHO.into_iter().enumerate().map(move |w| (wish, w))) {
            let room = room();
            let place = (wish != Wish::Write).then_some(&room);
            let told = world.hub.may(world.person(who), wish, place, NOW);
            let told = told.map_or_else(|refusal| letter(&refusal.code), |()| '.');
            let expected = table(wish)[at].as_bytes()[column];
            assert_eq!(told, char::from(expected), "{who} wants to {wish:?}: {state:?}");
        }
    }
}

/// What a request must ask for; a new one has to be put here.
fn wishes(request: &Request) -> Option<Vec<Wish>> {
    match request {
        Request::Join { .. } => Some(vec![Wish::Join]),
        Request::Ls { .. } | Request::History { .. } | Request::Search { .. } => Some(vec![Wish::Read]),
        Request::Send(send) => Some(vec![match (&send.to, &send.kind) {
            (shared::request::Destination::Person(_), _) => Wish::Write,
            (_, shared::Kind::Topic) => Wish::Topic,
            _ => Wish::Talk,
        }]),
        Request::Redact { .. } => Some(vec![Wish::Redact]),
        Request::Moderate(moderate) => {
            let everywhere = moderate.act.everywhere || moderate.act.network.is_some();
            let wish = Wish::Moderate(moderate.act.action);
            Some(if everywhere { vec![wish, Wish::Everywhere] } else { vec![wish] })
        }
        // About oneself, or about nothing.
        Request::Hello { .. }
        | Request::Login(_)
        | Request::Leave { .. }
        | Request::Release
        | Request::Ignore { .. }
        | Request::Away { .. }
        | Request::Read { .. }
        | Request::Rooms { .. }
        | Request::Help
        | Request::Ping
        | Request::Pong
        | Request::Bye => None,
    }
}

fn lines() -> Vec<String> {
    let moderate = |rest: &str| format!(r##"{{"type":"moderate","room":"#x","id":"m",{rest}}}"##);
    let mut lines: Vec<String> = [
        r##"{"type":"join","room":"#x"}"##,
        r##"{"type":"join","room":"#x","after":3,"epoch":"e"}"##,
        r##"{"type":"ls","room":"#x"}"##,
        r##"{"type":"history","room":"#x"}"##,
        r##"{"type":"history","room":"#x","at":5}"##,
        r##"{"type":"search","text":"x","room":"#x"}"##,
        r#"{"type":"search","text":"x"}"#,
        r##"{"type":"broadcast","room":"#x","id":"a","msg":"hi"}"##,
        r##"{"type":"broadcast","room":"#x","id":"a","msg":"hi","kind":"action","re":1}"##,
        r##"{"type":"topic","room":"#x","id":"a","msg":"hi"}"##,
        r#"{"type":"sendto","nickname":"target","id":"a","msg":"hi"}"#,
        r#"{"type":"sendto","nickname":"guest","id":"a","msg":"hi","kind":"action"}"#,
        r##"{"type":"redact","room":"#x","id":"a","re":1}"##,
    ]
    .map(str::to_owned)
    .to_vec();
    for action in Action::ALL {
        let action_field = format!(r#""action":"{}""#, action.as_str());
        let target = if action.has_target() { r#","nickname":"target""# } else { "" };
        let time = if action == Action::Slow { r#","for_s":5"# } else { "" };
        lines.push(moderate(&format!("{action_field}{target}{time}")));
        if action.has_target() && !matches!(action, Action::Grant | Action::Revoke) {
            lines.push(moderate(&format!(r#"{action_field}{target}{time},"everywhere":true"#)));
        }
        if action.takes_network() {
            lines.push(moderate(&format!(r#"{action_field},"network":"198.51.100.0/24""#)));
        }
        if action.takes_time() {
            lines.push(moderate(&format!(r#"{action_field}{target},"for_s":9"#)));
        }
    }
    lines
}

#[test]
fn no_request_forgets_to_ask() {
    let mut kinds = 0;
    for (at, state) in STATES.into_iter().enumerate() {
        for line in lines() {
            // A line of its own, so that nothing of the one before is left.
            let mut world = World::new(state);
            let parsed = Incoming::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error:?}"));
            let wishes = wishes(&parsed.request).expect("it asks for something");
            for (column, who) in WHO.into_iter().enumerate() {
                let of = |wish: Wish| char::from(table(wish)[at].as_bytes()[column]);
                let expected = wishes.iter().map(|wish| of(*wish)).find(|told| *told != '.').unwrap_or('.');
                // Their own they may take out.
                let is_own = matches!(parsed.request, Request::Redact { .. }) && expected == 'f';
                let expected = if is_own { 'o' } else { expected };
                assert_eq!(world.ask(who, &line), expected, "{who} asks {line}: {state:?}");
                kinds += 1;
            }
        }
    }
    assert!(kinds > 1_000, "{kinds}");
}
