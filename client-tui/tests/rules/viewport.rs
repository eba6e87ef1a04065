//! Scrolling: what stands on the screen stays there.

use crate::scene::Scene;
use client_tui::app::conversation::View;

#[test]
fn scrolled_up_new_messages_do_not_move_the_text_and_a_marker_counts_them() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.press("PageUp");
    let before = scene.texts();
    assert_eq!(before, ["line 188", "line 189", "line 190", "line 191", "line 192", "line 193", "line 194"]);
    for text in ["hello", "please", "any 1"] {
        scene.say("bob", text);
    }
    let after = scene.log();
    assert_eq!(scene.texts()[..6], before[..6]);
    assert!(after[6].ends_with("│ line 194                            ↓ 3 new"), "{after:?}");
    scene.press("S-Up");
    assert!(scene.log()[6].ends_with("↓ 3 new"), "scrolling on has not seen them: {:?}", scene.log());
    scene.press("Esc");
    assert_eq!(scene.texts()[4..], ["hello", "please", "any 1"], "Esc goes back to live");
}

#[test]
fn end_on_an_empty_line_goes_back_to_live_and_moves_the_caret_on_another() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.press("PageUp");
    scene.type_text("hi");
    scene.press("Home End");
    assert_ne!(scene.app.current().unwrap().view, View::Live);
    scene.press("Backspace Backspace End");
    assert_eq!(scene.app.current().unwrap().view, View::Live);
}

#[test]
fn a_message_taller_than_the_window_scrolls_row_by_row() {
    let mut scene = Scene::lobby(59, 12);
    let rows: Vec<String> = (1..=20).map(|row| format!("row {row}")).collect();
    scene.say("bob", &rows.join("\n"));
    assert_eq!(scene.texts(), rows[13..]);
    for up in 1..=13 {
        scene.press("S-Up");
        assert_eq!(scene.texts(), rows[13 - up..20 - up]);
    }
    for down in 1..=13 {
        scene.press("S-Down");
        assert_eq!(scene.texts(), rows[down..7 + down]);
    }
    assert_eq!(scene.app.current().unwrap().view, View::Live);
}

#[test]
fn one_row_window() {
    let mut scene = Scene::with_past(59, 6, 1, 200, None);
    for number in (190..=200).rev() {
        assert_eq!(scene.texts(), [format!("line {number}")]);
        scene.press("PageUp");
    }
    scene.press("End");
    scene.say("bob", "Gday i was wondering if anyone could help me with an exec function");
    assert_eq!(scene.texts(), ["me with an exec function"]);
    scene.press("S-Up");
    assert_eq!(scene.texts(), ["Gday i was wondering if anyone could help"]);
}

#[test]
fn prepending_history_keeps_the_anchor() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    for _ in 0..60 {
        scene.press("S-Up");
    }
    scene.press("S-Down S-Down S-Down");
    let before = scene.log();
    scene.page(51, 150, true);
    assert_eq!(scene.log()[1..], before[1..]);
}

#[test]
fn resize_keeps_the_anchor() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.say("bob", "In this example, the full hostname for this machine will be my-server.my-domain.org");
    for number in 0..8 {
        scene.say("carol", &format!("more {number}"));
    }
    while scene.texts()[0] != "line 200" {
        scene.press("S-Up");
    }
    for (width, height) in [(120, 12), (45, 12), (45, 15), (20, 6), (10, 3), (59, 12)] {
        scene.resize(width, height);
        if scene.app.layout().is_some() {
            assert_eq!(scene.texts()[0], "line 200", "{width}x{height}: {}", scene.draw());
        }
    }
}

#[test]
fn resize_keeps_a_row_inside_of_a_message() {
    let mut scene = Scene::lobby(59, 12);
    let words: Vec<String> = (1..=200).map(|word| format!("word{word}")).collect();
    scene.say("bob", &words.join(" "));
    scene.press("S-Up S-Up S-Up");
    let top = scene.texts()[0].clone();
    for (width, height) in [(59, 9), (59, 7), (59, 20), (59, 12)] {
        scene.resize(width, height);
        if height <= 12 {
            assert_eq!(scene.texts()[0], top, "{width}x{height}");
        }
    }
}
