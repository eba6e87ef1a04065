//! The input line.

use crate::scene::{Scene, paint};
use client_tui::app::Overlay;
use ratatui::style::Color;

#[test]
fn enter_always_submits_what_is_typed_even_with_a_popup() {
    let mut scene = Scene::lobby(70, 12);
    scene.type_text("thanks @");
    scene.press("Tab");
    assert!(scene.app.completion.is_some());
    let typed = scene.typed().to_owned();
    scene.press("Enter");
    assert_eq!(scene.queued(), [typed.as_str()]);
    assert_eq!(scene.typed(), "");
    scene.line("tea :tada");
    assert_eq!(scene.queued()[1], "tea :tada", "nothing is completed unasked");
}

#[test]
fn a_popup_takes_only_tab_up_down_and_esc() {
    let mut scene = Scene::lobby(70, 12);
    scene.type_text("@");
    scene.press("Tab Down Up Tab S-Tab");
    assert!(scene.app.completion.is_some());
    scene.type_text("x");
    assert!(scene.app.completion.is_none());
    assert!(scene.typed().ends_with(" x"), "{:?}", scene.typed());
}

#[test]
fn esc_is_never_destructive() {
    let mut scene = Scene::with_past(70, 12, 1, 200, None);
    scene.type_text("half a line @");
    for keys in [
        "Esc",
        "Tab Tab Esc",
        "F1 Esc",
        "F4 Esc",
        "F5 Esc",
        "C-x m Esc",
        "F2 Esc",
        "C-Up Esc",
        "PageUp Esc",
        "C-r Esc",
        "C-x b Esc",
    ] {
        scene.press(keys);
        assert_eq!(scene.typed(), "half a line @", "{keys}");
    }
    scene.press("Esc Esc Esc Esc");
    assert_eq!(scene.typed(), "half a line @");
    assert!(scene.queued().is_empty());
    assert!(!scene.told.iter().any(|told| matches!(told, client_tui::app::Effect::Quit)));
}

#[test]
fn a_mistyped_command_stays_with_the_nearest_match() {
    let mut scene = Scene::lobby(100, 12);
    scene.line("/jion #dev");
    assert_eq!((scene.typed(), scene.queued()), ("/jion #dev", vec![]));
    assert!(scene.word().contains("/join"), "{}", scene.word());
    scene.press("C-u");
    scene.line("/frobnicate");
    assert_eq!((scene.typed(), scene.queued()), ("/frobnicate", vec![]));
    assert!(scene.word().contains("F1"), "{}", scene.word());
}

#[test]
fn double_slash_sends_a_text_that_begins_with_a_slash() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("//etc/hosts");
    assert_eq!(scene.queued(), ["/etc/hosts"]);
}

#[test]
fn at_nick_sends_the_whole_text_to_that_person() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("@bob psst  it is   in the safe");
    assert_eq!(scene.queued(), ["psst  it is   in the safe"]);
    assert!(scene.draw().contains("alice → bob ›"));
}

#[test]
fn a_paste_never_sends() {
    let mut scene = Scene::lobby(70, 12);
    scene.type_text("see: ");
    scene.paste("one\r\ntwo\rthree\n");
    assert_eq!((scene.typed(), scene.queued()), ("see: one\ntwo\nthree\n", vec![]));
    scene.press("C-u");
    scene.paste("/quit\n");
    assert!(!scene.told.iter().any(|told| matches!(told, client_tui::app::Effect::Quit)));
}

#[test]
fn a_paste_of_more_than_5_lines_asks_and_meanwhile_nothing_lands_in_the_text() {
    let mut scene = Scene::lobby(70, 12);
    scene.paste("1\n2\n3\n4\n5");
    assert!(scene.app.overlay.is_none());
    scene.press("C-x u");
    let six = "1\n2\n3\n4\n5\n6";
    scene.paste(six);
    assert!(matches!(scene.app.overlay, Some(Overlay::Paste(_))));
    scene.type_text("abc7");
    scene.paste("more");
    scene.paste(six);
    scene.press("Tab Up C-u C-j F1");
    assert!(matches!(scene.app.overlay, Some(Overlay::Paste(_))));
    assert_eq!(scene.typed(), "");
    scene.press("Esc");
    assert_eq!((scene.typed(), scene.app.overlay.is_none()), ("", true));
    scene.paste(six);
    scene.press("Enter");
    assert_eq!((scene.typed(), scene.queued()), (six, vec![]), "it is put in, not sent");
}

#[test]
fn too_long_turns_red_and_is_not_sent() {
    let mut scene = Scene::lobby(70, 12);
    scene.paste(&"ab ".repeat(1_366));
    let is_red = |scene: &Scene| {
        let (buffer, _) = paint::frame(&scene.app);
        let input = scene.app.layout().unwrap().input;
        (input.top()..input.bottom()).any(|y| paint::has_style(&buffer, y, |style| style.fg == Some(Color::Red)))
    };
    assert!(is_red(&scene), "4098 bytes");
    scene.press("Enter");
    assert!(scene.queued().is_empty() && scene.typed().len() == 4_098);
    assert!(scene.word().contains("4096"), "{}", scene.word());
    scene.press("Backspace Backspace");
    assert!(!is_red(&scene), "4096 bytes");
    scene.press("Enter");
    assert_eq!(scene.queued()[0].len(), 4_096);
}

#[test]
fn the_line_grows_to_6_rows() {
    let mut scene = Scene::lobby(70, 24);
    for rows in 1..=9 {
        assert_eq!(scene.app.layout().unwrap().input.height, 6.min(rows));
        scene.press("A-Enter");
    }
    assert!(scene.queued().is_empty());
}

#[test]
fn undo() {
    let mut scene = Scene::lobby(70, 12);
    scene.type_text("is any1 here");
    scene.press("C-w C-x u");
    assert_eq!(scene.typed(), "is any1 here");
    scene.press("C-u C-7");
    assert_eq!(scene.typed(), "is any1 here");
    scene.press("C-x u C-x u C-x u C-x u C-x u C-x u");
    assert_eq!(scene.typed(), "");
    assert!(!scene.word().is_empty(), "it says that there is nothing to undo");
}

#[test]
fn up_and_down_walk_the_lines_typed_before_and_what_was_being_typed_comes_back() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("first");
    scene.line("second");
    scene.type_text("half");
    scene.press("Up");
    assert_eq!(scene.typed(), "second");
    scene.press("Up Up Down");
    assert_eq!(scene.typed(), "second");
    scene.press("Down");
    assert_eq!(scene.typed(), "half");
}

#[test]
fn up_and_down_move_in_a_draft_of_several_lines_first() {
    let mut scene = Scene::lobby(70, 12);
    scene.line("before");
    scene.paste("one\ntwo");
    scene.press("Up");
    assert_eq!((scene.typed(), scene.app.current().unwrap().draft.cursor()), ("one\ntwo", 3));
    scene.press("Up");
    assert_eq!(scene.typed(), "before");
    scene.press("Down");
    assert_eq!(scene.typed(), "one\ntwo");
}

#[test]
fn ctrl_r_searches_the_lines_typed_before() {
    let mut scene = Scene::lobby(70, 12);
    for text in ["go to addons", "search for flash", "go on"] {
        scene.line(text);
    }
    scene.type_text("half");
    scene.press("C-r");
    scene.type_text("go");
    assert_eq!(scene.typed(), "go on");
    assert!(scene.draw().contains("search “go” ›"), "{}", scene.draw());
    scene.press("C-r");
    assert_eq!(scene.typed(), "go to addons");
    scene.press("Esc");
    assert_eq!(scene.typed(), "half");
    scene.press("C-r");
    scene.type_text("flash");
    scene.press("Enter");
    assert_eq!(scene.queued()[3], "search for flash");
}

#[test]
fn the_real_cursor_stands_at_the_insertion_point_in_columns() {
    let mut scene = Scene::lobby(70, 12);
    scene.type_text("大家好e\u{301}");
    let (_, caret) = paint::frame(&scene.app);
    assert_eq!(caret.map(|caret| caret.x), Some(9 + 7));
    scene.press("C-a");
    let (_, caret) = paint::frame(&scene.app);
    assert_eq!(caret.map(|caret| caret.x), Some(9));
}

#[test]
fn a_printable_key_goes_to_the_input_wherever_the_focus_is() {
    let mut scene = Scene::lobby(70, 12);
    scene.say("bob", "hello");
    scene.press("F2 x");
    assert_eq!(scene.typed(), "x");
    scene.press("C-Up y");
    assert_eq!(scene.typed(), "xy");
}
