//! What was typed is never lost, and never sent twice or by accident.

use crate::scene::Scene;
use client_tui::{
    app::{Event as Happens, Overlay},
    link::News,
    store::Job,
};
use shared::{Outgoing, Request, text::Label};

fn sent(scene: &Scene) -> usize {
    scene.asked.iter().filter(|request| matches!(request, Request::Send(_))).count()
}

#[test]
fn recall_takes_back_only_what_was_never_written() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("this one is written");
    scene.saved();
    assert_eq!(sent(&scene), 1);
    scene.press("C-x z");
    assert_eq!(scene.typed(), "", "it may be stored already");
    scene.down();
    scene.press("C-x z");
    assert_eq!(scene.typed(), "", "it still may");
    scene.line("this one is not");
    scene.saved();
    scene.type_text("half");
    scene.press("C-x z");
    assert_eq!(scene.typed(), "this one is not\nhalf", "what was being typed stays");
    assert!(scene.jobs.iter().any(|job| matches!(job, Job::Settle(_))), "it is off the disk, too");
    scene.login();
    assert_eq!(sent(&scene), 2, "only the first one is sent again");
}

#[test]
fn what_was_written_is_sent_again_first_with_its_old_id() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("one");
    scene.saved();
    scene.down();
    scene.line("two");
    scene.saved();
    scene.login();
    let ids = scene.asked.iter().filter_map(|request| match request {
        Request::Send(send) => Some(send.id.as_str()),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["run-1", "run-1", "run-2"]);
}

#[test]
fn after_more_than_5_minutes_offline_it_is_asked_once() {
    for (minutes, is_asked) in [(4, false), (6, true)] {
        let mut scene = Scene::lobby(70, 12);
        scene.down();
        scene.line("is any1 here??");
        scene.saved();
        scene.pass(minutes * 60_000);
        scene.login();
        assert_eq!(matches!(scene.app.overlay, Some(Overlay::Unsent)), is_asked, "{minutes}");
        assert_eq!(sent(&scene), usize::from(!is_asked), "{minutes}");
        scene.press("x 7 y");
        assert_eq!(sent(&scene), usize::from(!is_asked), "keys with another meaning answer nothing");
    }
}

#[test]
fn send_edit_and_drop_do_what_they_say() {
    for (key, count, typed) in [("s", 2, ""), ("e", 0, "one\ntwo"), ("d", 0, ""), ("Esc", 0, "")] {
        let mut scene = Scene::lobby(70, 12);
        scene.down();
        scene.line("one");
        scene.line("two");
        scene.saved();
        scene.pass(6 * 60_000);
        scene.login();
        scene.press(key);
        let mut lines: Vec<&str> = scene.typed().split('\n').collect();
        lines.sort_unstable();
        assert_eq!((sent(&scene), lines.join("\n").as_str()), (count, typed), "{key}");
    }
}

#[test]
fn drafts_are_kept_by_room_with_caret_and_reply() {
    let mut scene = Scene::lobby(70, 12);
    scene.say("bob", "hello");
    scene.press("C-Up r");
    scene.type_text("half a line");
    scene.press("Left Left");
    scene.happens(Happens::Tick);
    scene.press("C-x g");
    scene.type_text("carol");
    scene.press("Enter");
    assert_eq!(scene.typed(), "");
    scene.type_text("for carol");
    scene.press("C-p");
    assert_eq!(scene.typed(), "half a line");
    let draft = &scene.app.current().unwrap().draft;
    assert_eq!((draft.cursor(), draft.reply.map(shared::Seq::get)), (9, Some(1)));
    scene.press("C-n");
    assert_eq!(scene.typed(), "for carol");
    let kept = scene.jobs.iter().any(|job| {
        matches!(job, Job::Draft { conversation, text, cursor: 9, re: Some(_) } if conversation == "#lobby" && text == "half a line")
    });
    assert!(kept, "{:?}", scene.jobs);
}

#[test]
fn a_draft_is_on_disk_before_the_next_second() {
    let mut scene = Scene::lobby(70, 12);
    scene.type_text("hy");
    scene.pass(300);
    assert!(scene.jobs.iter().any(|job| matches!(job, Job::Draft { text, .. } if text == "hy")));
}

#[test]
fn enter_never_waits() {
    let mut scene = Scene::lobby(70, 12);
    scene.down();
    for text in ["one", "two", "three"] {
        scene.line(text);
    }
    assert_eq!(scene.typed(), "");
    assert_eq!(scene.queued(), ["one", "two", "three"]);
    assert_eq!(scene.log().iter().filter(|row| row.ends_with('…')).count(), 3, "{}", scene.draw());
}

#[test]
fn a_command_leaves_what_is_replied_to_alone_and_a_sent_reply_ends_it() {
    let reply = |scene: &Scene| scene.app.current().unwrap().draft.reply.map(shared::Seq::get);
    let mut scene = Scene::lobby(70, 12);
    scene.say("bob", "hello");
    scene.press("C-Up r");
    scene.line("/topic");
    assert_eq!(reply(&scene), Some(1));
    scene.line("hi");
    let queued = scene.jobs.iter().find_map(|job| if let Job::Queue(send, _) = job { send.re } else { None });
    assert_eq!((queued.map(shared::Seq::get), reply(&scene)), (Some(1), None));
}

#[test]
fn a_login_that_is_refused_for_a_while_is_tried_again_by_itself() {
    let mut scene = Scene::lobby(80, 24);
    scene.down();
    scene.happens(Happens::Link(News::Dialling));
    scene.happens(Happens::Link(News::Greeted { motd: Label::default(), pinned: None }));
    let refused = r#"{"type":"login","success":false,"code":"slow_down","nickname":"alice","retry_ms":3000}"#;
    scene.said(Outgoing::decode(refused.as_bytes()).unwrap().event);
    assert!(scene.app.form.is_none(), "nobody is asked for another nickname");
    let joins = |scene: &Scene| scene.asked.iter().filter(|request| matches!(request, Request::Join { .. })).count();
    let before = joins(&scene);
    scene.pass(2_000);
    assert_eq!(joins(&scene), before);
    scene.pass(1_500);
    assert!(joins(&scene) > before, "the login and its joins go out again");
}
