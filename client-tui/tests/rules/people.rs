//! Three words for three things: ignore mode, hide, mute.

use crate::scene::Scene;
use shared::{Event, Request, event::Ignore};

#[test]
fn hidden_people_are_gone_from_the_room_but_for_how_many_they_said() {
    let mut scene = Scene::lobby(70, 14);
    scene.say("bob", "is any1 here??");
    for text in ["first", "second"] {
        scene.say("carol", text);
    }
    scene.say("bob", "hello");
    scene.line("/hide carol");
    assert_eq!(scene.texts()[2..], ["is any1 here??", "2 hidden", "hello"]);
    scene.line("/hide Carol");
    assert_eq!(scene.texts()[2..], ["is any1 here??", "first", "second", "hello"], "and come back");
}

#[test]
fn hidden_people_are_gone_from_quotes_rosters_lists_and_direct_messages() {
    let mut scene = Scene::lobby(70, 14);
    scene.say("carol", "alice: look");
    scene.reply("bob", 1, "what is it?");
    scene.direct(1, "carol", "alice", "psst");
    scene.line("/hide carol");
    assert_eq!(scene.texts()[2..], ["1 hidden", "┌ a hidden message", "what is it?"]);
    let roster = scene.draw();
    assert!(roster.contains("● bob") && !roster.contains("● carol"), "{roster}");
    scene.press("C-x m");
    assert!(!scene.draw().contains("alice: look"), "{}", scene.draw());
    scene.press("Esc");
    scene.line("@carol");
    assert!(!scene.draw().contains("psst"), "{}", scene.draw());
    scene.line("/hide carol");
    assert!(scene.draw().contains("psst"), "{}", scene.draw());
}

#[test]
fn hidden_people_do_not_come_and_go() {
    let carol = [shared::text::Label::new("carol")];
    let mut scene = Scene::lobby(70, 14);
    scene.say("bob", "hello");
    scene.line("/hide carol");
    scene.presence(&[], &carol);
    assert_eq!(scene.texts()[2..], ["hello"]);
}

#[test]
fn hidden_people_do_not_ring() {
    let mut scene = Scene::lobby(70, 14);
    scene.line("/hide carol");
    scene.focus(false);
    scene.say("carol", "alice: look");
    assert_eq!(scene.rings().len(), 0);
}

#[test]
fn mute_silences_pings_and_hides_nothing() {
    let mut scene = Scene::lobby(70, 14);
    scene.line("/mute carol");
    scene.focus(false);
    scene.say("carol", "alice: look");
    assert_eq!(scene.rings().len(), 0);
    assert_eq!(scene.texts().last().unwrap(), "alice: look");
    scene.say("bob", "alice: look");
    assert_eq!(scene.rings().len(), 1);
    scene.focus(true);
    scene.line("/mute");
    scene.focus(false);
    scene.say("bob", "alice: look again");
    assert_eq!(scene.rings().len(), 1, "the whole room is silent");
    assert_eq!(scene.texts().last().unwrap(), "alice: look again");
    scene.focus(true);
    scene.line("/mute");
    scene.focus(false);
    scene.say("bob", "alice: look once more");
    assert_eq!(scene.rings().len(), 2);
}

#[test]
fn ignore_mode_refuses_talk_to_rooms_with_words_and_keeps_the_text() {
    let mut scene = Scene::lobby(100, 14);
    scene.said(Event::Ignore(Ignore { on: true, until: None, held: None }));
    scene.line("is anybody there?");
    assert_eq!((scene.typed(), scene.queued()), ("is anybody there?", vec![]));
    assert!(scene.word().contains("Ctrl-G"));
    scene.press("C-u");
    scene.line("@bob psst");
    assert_eq!(scene.queued(), ["psst"], "direct messages go on");
}

#[test]
fn ignore_mode_says_ignore_on_how_many_are_held_and_the_key_that_shows_them() {
    let mut scene = Scene::lobby(100, 14);
    scene.press("C-g");
    assert!(scene.asked.iter().any(|request| matches!(request, Request::Ignore { on: true, until: None })));
    scene.said(Event::Ignore(Ignore { on: true, until: None, held: None }));
    scene.held(12);
    let screen = scene.draw();
    assert!(screen.contains(" IGNORE ON – 12 held – Ctrl-G to show "), "{screen}");
    assert_eq!(screen.matches("IGNORE").count(), 1);
    scene.line("/i until 14:00");
    let until = scene.now.wall + 4 * 3_600_000;
    assert!(
        scene
            .asked
            .iter()
            .any(|request| matches!(request, Request::Ignore { on: true, until: Some(at) } if *at == until))
    );
}
