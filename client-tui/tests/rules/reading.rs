//! What counts as read, what rings, and what the title says.

use crate::scene::{Scene, past::seq};
use crossterm::event::{KeyCode, KeyModifiers};
use shared::Event;

/// Something new has come while nobody looked.
fn unread(height: u16) -> Scene {
    let mut scene = Scene::with_past(70, height, 1, 200, None);
    scene.focus(false);
    scene.say("bob", "hi can someone please tell me");
    scene.asked.clear();
    scene
}

#[test]
fn what_has_stood_there_for_a_second_is_read() {
    let mut scene = unread(12);
    scene.focus(true);
    scene.pass(999);
    assert_eq!(scene.marks(), []);
    scene.pass(1);
    assert_eq!(scene.marks(), [(201, false)]);
}

#[test]
fn read_never_moves_without_focus() {
    let mut scene = unread(12);
    scene.pass(10_000);
    scene.press("Up");
    scene.pass(10_000);
    assert_eq!(scene.marks(), []);
}

#[test]
fn read_never_moves_while_scrolled_up() {
    let mut scene = unread(12);
    scene.press("PageUp");
    scene.focus(true);
    scene.pass(10_000);
    assert_eq!(scene.marks(), []);
    scene.press("Esc");
    scene.pass(1_000);
    assert_eq!(scene.marks(), [(201, false)]);
}

#[test]
fn read_never_moves_under_the_help_a_list_or_a_question() {
    for keys in ["F1", "F4", "F5", "C-x m"] {
        let mut scene = unread(12);
        scene.press(keys);
        scene.focus(true);
        scene.pass(10_000);
        assert_eq!(scene.marks(), [], "{keys}");
    }
    let mut scene = unread(12);
    scene.paste("1\n2\n3\n4\n5\n6");
    scene.focus(true);
    scene.pass(10_000);
    assert_eq!(scene.marks(), []);
}

#[test]
fn read_never_moves_in_a_window_that_is_too_small_or_without_a_link() {
    let mut scene = unread(5);
    scene.focus(true);
    scene.pass(10_000);
    assert_eq!(scene.marks(), []);
    let mut scene = unread(12);
    scene.down();
    scene.focus(true);
    scene.pass(10_000);
    assert_eq!(scene.marks(), []);
}

#[test]
fn unread_from_here_moves_the_mark_back_and_looking_does_not_undo_it() {
    let mut scene = Scene::with_past(70, 12, 1, 200, None);
    scene.press("C-Up C-Up C-Up u");
    assert_eq!(scene.marks(), [(197, true)]);
    assert_eq!(scene.app.unread(), 3);
    assert!(scene.log()[3].contains("─ 3 new ─"), "{}", scene.draw());
    scene.pass(10_000);
    assert_eq!(scene.marks(), [(197, true)], "only by hand, or when it is entered again");
    scene.line("@bob");
    scene.press("C-p");
    scene.pass(2_000);
    assert_eq!(scene.marks(), [(197, true), (200, false)]);
}

#[test]
fn unread_is_head_minus_read_on_every_device() {
    let mut scene = unread(12);
    assert_eq!(scene.app.unread(), 1);
    scene.said(Event::Read { room: crate::scene::past::lobby(), seq: seq(201) });
    assert_eq!(scene.app.unread(), 0, "read on another device");
    let scene = Scene::with_past(70, 12, 1, 200, Some(20));
    assert_eq!(scene.app.unread(), 180, "those that are not here count, too");
}

#[test]
fn title_counts_unread() {
    let mut scene = Scene::with_past(70, 12, 1, 200, None);
    assert_eq!(scene.title(), "#lobby – Parlor");
    scene.focus(false);
    scene.say("bob", "hello");
    scene.say("bob", "please");
    assert_eq!(scene.title(), "(2) #lobby – Parlor");
    scene.direct(1, "bob", "alice", "psst");
    assert_eq!(scene.title(), "(3) #lobby – Parlor");
    scene.focus(true);
    scene.pass(1_000);
    assert_eq!(scene.title(), "(1) #lobby – Parlor");
}

#[test]
fn a_mention_rings_and_plain_talk_does_not() {
    let mut scene = Scene::lobby(70, 12);
    scene.focus(false);
    scene.say("bob", "morning, everyone");
    assert_eq!(scene.rings().len(), 0);
    scene.say("bob", "Alice: coffee is ready");
    assert_eq!(
        (scene.rings()[0].title.as_str(), scene.rings()[0].body.as_str()),
        ("bob (#lobby)", "Alice: coffee is ready")
    );
    scene.pass(2_000);
    scene.direct(1, "bob", "alice", "psst");
    assert_eq!(scene.rings()[1].title, "bob");
    scene.focus(true);
    scene.pass(2_000);
    scene.say("bob", "alice: you see this");
    assert_eq!(scene.rings().len(), 2, "what is seen need not ring");
}

#[test]
fn a_resume_never_rings_twice() {
    let mut scene = Scene::lobby(70, 12);
    scene.focus(false);
    scene.say("bob", "alice: ping");
    assert_eq!(scene.rings().len(), 1);
    scene.down();
    scene.pass(60_000);
    scene.read = Some(0);
    scene.login();
    scene.seq -= 1;
    scene.say("bob", "alice: ping");
    assert_eq!(scene.rings().len(), 1, "the server sent it again");
    assert_eq!(scene.log().iter().filter(|row| row.contains("alice: ping")).count(), 1);
    scene.down();
    scene.seq += 1;
    scene.read = Some(scene.seq);
    scene.login();
    scene.seq -= 1;
    scene.say("bob", "alice: pong");
    assert_eq!(scene.rings().len(), 1, "it was read on another device meanwhile");
}

#[test]
fn no_key_of_the_list_reads_by_accident() {
    let mut scene = unread(12);
    scene.key(KeyCode::F(2), KeyModifiers::NONE);
    scene.press("Down Down Esc");
    assert_eq!(scene.marks(), []);
}
