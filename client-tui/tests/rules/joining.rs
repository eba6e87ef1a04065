use crate::scene::Scene;
use client_tui::{
    app::Event as Happens,
    link::{Loss, News},
};
use shared::{
    ErrorCode, Event, LogName, Rejection, Request,
    text::{Body, Label},
};
use std::time::Duration;

fn joins(scene: &Scene) -> usize {
    let is_side = |request: &&Request| matches!(request, Request::Join { room: LogName::Room(room), .. } if room.as_str() == "#side");
    scene.asked.iter().filter(is_side).count()
}

#[test]
fn a_join_that_is_refused_for_a_while_is_asked_for_again() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("/join #side");
    let refused = Rejection {
        request: Some(Label::new("join")),
        room: Some(Label::new("#side")),
        retry_ms: Some(1_000),
        ..Rejection::new(ErrorCode::JournalUnavailable, "the disk is full")
    };
    scene.said(Event::Error(Box::new(refused)));
    scene.pass(999);
    assert_eq!(joins(&scene), 1);
    scene.pass(1);
    assert_eq!(joins(&scene), 2);
    scene.pass(60_000);
    assert_eq!(joins(&scene), 2);
}

#[test]
fn a_room_that_is_opened_while_the_login_is_under_way_is_joined_behind_it() {
    let mut scene = Scene::lobby(70, 12);
    scene.happens(Happens::Link(News::Down { loss: Loss::Closed, retry: Some(Duration::ZERO) }));
    scene.happens(Happens::Link(News::Dialling));
    scene.happens(Happens::Link(News::Greeted { motd: Label::default(), pinned: None }));
    scene.line("/join #side");
    assert_eq!(joins(&scene), 0);
    scene.login();
    assert_eq!(joins(&scene), 1);
}

#[test]
fn a_room_is_not_left_while_messages_to_it_are_on_their_way() {
    let mut scene = Scene::lobby(70, 12);
    scene.down();
    scene.line("/join #side");
    scene.line("hello, side");
    scene.line("/leave");
    assert!(scene.word().contains("on their way"), "{}", scene.draw());
    assert_eq!(scene.app.conversations.len(), 2);
}

#[test]
fn a_person_whose_conversation_was_left_is_not_shown_as_if_nothing_had_been_said() {
    let mut scene = Scene::lobby(70, 12);
    let entry = |seq, text| shared::Entry {
        seq: shared::Seq::new(seq).unwrap(),
        id: shared::MessageId::parse("x").unwrap(),
        from: Some(Label::new("bob")),
        to: Some(Label::new("alice")),
        at: 5,
        kind: shared::Kind::Talk,
        re: None,
        msg: Some(Body::new(text)),
    };
    let message = shared::event::Message { room: LogName::Inbox, entry: entry(1, "psst") };
    scene.said(Event::Message(message));
    scene.press("C-n");
    scene.line("/leave");
    assert_eq!(scene.app.conversations.len(), 1, "{}", scene.draw());
    scene.asked.clear();
    scene.line("/msg bob");
    let asks = |request: &Request| matches!(request, Request::History { room: LogName::Inbox, .. });
    assert!(scene.asked.iter().any(asks), "{:?}\n{}", scene.asked, scene.draw());
}
