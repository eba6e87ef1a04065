//! Whole screens, from the state alone: those of the demo's world, and what cannot be seen there, with real talk.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod scene;

#[cfg(feature = "highlight")]
#[path = "screens/looks.rs"]
mod looks;

use client_tui::{app::Event as Happens, locale::Locale, theme::Theme};
use insta::assert_snapshot;
use scene::{Scene, demo::Demo};

#[test]
fn the_start() {
    for (width, height) in [(120, 40), (80, 24), (59, 20), (40, 12), (20, 6)] {
        assert_snapshot!(format!("the_start_at_{width}x{height}"), Demo::new(width, height).screen());
    }
}

#[test]
fn a_minute_later() {
    let mut demo = Demo::new(80, 24);
    demo.press("End");
    demo.wait(62);
    assert_snapshot!(demo.screen());
}

#[test]
fn the_help_is_made_from_the_table() {
    let mut demo = Demo::new(100, 30);
    demo.press("F1");
    let screen = demo.screen();
    for part in ["/ls", "/i", "Ctrl-G"] {
        assert!(screen.contains(part), "{part}");
    }
    assert_snapshot!(screen);
}

#[test]
fn the_help_in_a_small_window() {
    let mut demo = Demo::new(40, 12);
    demo.press("F1 PageDown");
    assert_snapshot!(demo.screen());
}

#[test]
fn a_few_letters_find_rooms_people_and_commands() {
    let mut demo = Demo::new(80, 24);
    demo.press("C-x g");
    demo.type_text("b");
    assert_snapshot!(demo.screen());
    demo.happens(Happens::Resize(40, 12));
    assert_snapshot!("a_few_letters_in_a_small_window", demo.screen());
}

#[test]
fn a_search_lists_its_hits_and_goes_there() {
    let mut demo = Demo::new(80, 24);
    demo.line("/search -a the");
    demo.press("Down");
    assert_snapshot!(demo.screen());
    demo.press("Enter");
    assert_snapshot!("a_hit_of_a_search", demo.screen());
}

#[test]
fn mentions_in_a_list() {
    let mut demo = Demo::new(80, 24);
    demo.press("C-x m");
    assert_snapshot!(demo.screen());
}

#[test]
fn tab_completes_commands_and_emoji() {
    for (what, typed) in [("a_command", "/m"), ("an_emoji", "tea :par")] {
        let mut demo = Demo::new(80, 24);
        demo.type_text(typed);
        demo.press("Tab Tab");
        assert_snapshot!(format!("completing_{what}"), demo.screen());
    }
}

#[test]
fn ignore_mode_is_loud_and_its_end_tells_what_was_held() {
    let mut demo = Demo::new(80, 24);
    demo.line("/i until 14:00");
    demo.wait(40);
    demo.line("is anybody there?");
    assert_snapshot!(demo.screen());
    // The digest stands where the refusal still does.
    demo.wait(7);
    demo.press("C-g");
    assert_snapshot!("the_digest_of_ignore_mode", demo.screen());
}

#[test]
fn a_selected_message_and_a_reply_to_it() {
    let mut demo = Demo::new(80, 24);
    demo.press("C-Up C-Up");
    assert_snapshot!(demo.screen());
    demo.press("r");
    demo.type_text("after lunch, then");
    assert_snapshot!("replying", demo.screen());
}

#[test]
fn a_hidden_person() {
    let mut demo = Demo::new(80, 24);
    demo.line("/hide bob");
    demo.wait(22);
    assert_snapshot!(demo.screen());
}

#[test]
fn a_narrow_window_shows_the_user_list_over_the_log() {
    let mut demo = Demo::new(59, 20);
    demo.press("C-o Down Down");
    assert_snapshot!(demo.screen());
}

#[test]
fn offline_with_messages_on_their_way() {
    let mut demo = Demo::new(80, 24);
    demo.press("End");
    demo.lose();
    demo.line("written while the server is away");
    demo.line("离线也能写，连接后会自动发送");
    demo.type_text("and a third one that is not sent yet");
    assert_snapshot!(demo.screen());
    demo.wait(6 * 60);
    demo.call();
    assert_snapshot!("asked_before_what_is_old_is_sent", demo.screen());
    demo.press("s End");
    demo.wait(7);
    demo.press("C-u End");
    assert_snapshot!("late_messages_show_both_times", demo.screen());
}

#[test]
fn a_long_paste_asks_first() {
    let mut demo = Demo::new(80, 24);
    demo.type_text("see:");
    let pasted = include_str!("../../assets/demo/world.txt");
    demo.happens(Happens::Paste(pasted.into()));
    assert_snapshot!(demo.screen());
    demo.happens(Happens::Resize(20, 6));
    assert_snapshot!("a_question_in_the_smallest_window", demo.screen());
}

#[test]
fn the_bare_view_has_no_panes() {
    let mut demo = Demo::new(80, 24);
    demo.press("C-x b");
    assert_snapshot!(demo.screen());
}

#[test]
fn the_screen_in_chinese() {
    let mut demo = Demo::with(Locale::chinese(), Theme::default(), 80, 24);
    demo.line("/go 中文");
    demo.press("Enter");
    demo.wait(25);
    demo.press("C-g");
    demo.wait(20);
    assert_snapshot!(demo.screen());
}

#[test]
fn the_first_run_asks_three_things() {
    assert_snapshot!(Scene::form(80, 24).draw());
    assert_snapshot!("the_first_run_in_a_small_window", Scene::form(40, 12).draw());
}

#[test]
fn an_empty_room() {
    assert_snapshot!(Scene::lobby(80, 24).draw());
}

#[test]
fn a_room_of_real_talk() {
    let mut scene = Scene::lobby(120, 40);
    scene.real_talk("2004-11-15_03.txt", 80);
    assert_snapshot!(scene.draw());
}

#[test]
fn a_window_that_is_too_small_says_so() {
    assert_snapshot!(Scene::lobby(19, 5).draw());
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
    assert_snapshot!(scene.draw());
}

#[test]
fn no_size_panics() {
    let mut scene = Scene::lobby(80, 24);
    scene.real_talk("2011-11-13_02.txt", 20);
    scene.chinese_talk(5);
    scene.type_text("好好好好好\nand more");
    for width in (0..70).chain([100, 200]) {
        for height in (0..30).chain([60]) {
            scene.resize(width, height);
            scene.draw();
        }
    }
    for keys in ["F1", "Esc F4 a", "Esc F5 a", "Esc C-x m"] {
        scene.press(keys);
        for size in [(0, 0), (1, 1), (20, 6), (21, 7), (200, 3)] {
            scene.resize(size.0, size.1);
            scene.draw();
        }
    }
}
