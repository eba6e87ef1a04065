//! Whole screens, from the state alone. The talk in them is real.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod scene;

use crossterm::event::{KeyCode, KeyModifiers};
use scene::Scene;
use shared::{
    Event,
    event::{Ignore, Member, State},
    text::Label,
};

#[test]
fn a_busy_room_at_80x24() {
    let mut scene = Scene::lobby(80, 24);
    scene.real_talk("2016-12-19_20.txt", 60);
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn a_busy_room_at_120x40() {
    let mut scene = Scene::lobby(120, 40);
    scene.real_talk("2004-11-15_03.txt", 80);
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn a_narrow_window_folds_the_user_list() {
    let mut scene = Scene::lobby(59, 20);
    scene.real_talk("2009-10-01_17.txt", 30);
    insta::assert_snapshot!(scene.draw());
    scene.key(KeyCode::F(2), KeyModifiers::NONE);
    insta::assert_snapshot!("a_narrow_window_with_its_user_list", scene.draw());
}

#[test]
fn an_empty_room() {
    insta::assert_snapshot!(Scene::lobby(80, 24).draw());
}

#[test]
fn ignore_mode_is_loud() {
    let mut scene = Scene::lobby(80, 24);
    scene.real_talk("2011-11-13_02.txt", 10);
    scene.said(Event::Ignore(Ignore { on: true, until: None, held: None }));
    scene.held(12);
    scene.presence_changed(&[Member { nickname: Label::new("alice"), state: State::Ignoring }]);
    scene.line("is anybody there?");
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn offline_with_messages_on_their_way() {
    let mut scene = Scene::lobby(80, 24);
    scene.real_talk("2016-12-19_20.txt", 12);
    scene.down();
    scene.line("written while the server is away");
    scene.line("离线也能写,连接后会自动发送");
    scene.type_text("and a third one that is not sent yet");
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn the_help_is_made_from_the_table() {
    let mut scene = Scene::lobby(100, 30);
    scene.key(KeyCode::F(1), KeyModifiers::NONE);
    let screen = scene.draw();
    for part in ["/ls", "/i", "Ctrl-G"] {
        assert!(screen.contains(part), "{part}");
    }
    insta::assert_snapshot!(screen);
}

#[test]
fn wide_and_joined_characters_keep_their_columns() {
    let mut scene = Scene::lobby(60, 24);
    scene.chinese_talk(6);
    for text in [
        "👨‍👩‍👧 a family, ❤️ a heart, 🇨🇳 a flag",
        "e\u{301}te\u{301} and שלום and ｶﾞ",
        "a\tb\u{200e}\u{200b}c\u{fff9}",
        "好".repeat(40).as_str(),
    ] {
        scene.say("小明", text);
    }
    scene.type_text("你好👨‍👩‍👧");
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn what_is_new_is_divided_from_what_is_read() {
    let mut scene = Scene::lobby(80, 24);
    scene.say("bob", "read before");
    scene.pass(2_000);
    scene.focus(false);
    scene.say("bob", "while the terminal had no focus");
    scene.say("carol", "alice: look at this");
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn the_first_run_asks_three_things() {
    insta::assert_snapshot!(Scene::form(80, 24).draw());
}

#[test]
fn a_window_that_is_too_small_says_so() {
    insta::assert_snapshot!(Scene::lobby(19, 5).draw());
}

#[test]
fn a_chinese_screen() {
    let mut scene = Scene::chinese(80, 24);
    scene.chinese_talk(8);
    insta::assert_snapshot!(scene.draw());
}

#[test]
fn no_size_panics() {
    let mut scene = Scene::lobby(80, 24);
    scene.real_talk("2016-12-19_20.txt", 20);
    scene.chinese_talk(5);
    scene.type_text("好好好好好\nand more");
    for width in (0..70).chain([100, 200]) {
        for height in (0..30).chain([60]) {
            scene.resize(width, height);
            scene.draw();
        }
    }
    scene.key(KeyCode::F(1), KeyModifiers::NONE);
    for size in [(0, 0), (1, 1), (20, 6), (21, 7), (200, 3)] {
        scene.resize(size.0, size.1);
        scene.draw();
    }
}
