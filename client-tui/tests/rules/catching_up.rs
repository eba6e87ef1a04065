use crate::scene::{
    Scene,
    demo::Demo,
    past::{lobby, past, seq},
};
use shared::{
    Event, Request,
    event::{Ignore, Message, Search},
    request::Place,
};

#[test]
fn a_room_opens_at_what_is_unread() {
    let scene = Scene::with_past(59, 12, 1, 200, Some(170));
    let rows = scene.log();
    assert!(rows[0].contains("─ 30 new ─"), "{}", scene.draw());
    assert_eq!(scene.texts()[1..], ["line 171", "line 172", "line 173", "line 174", "line 175", "line 176"]);
}

#[test]
fn messages_that_are_edited_keep_their_order() {
    let mut scene = Scene::lobby(70, 12);
    scene.down();
    scene.line("one");
    scene.line("two");
    scene.saved();
    scene.pass(6 * 60_000);
    scene.login();
    scene.press("e");
    assert_eq!(scene.typed(), "one\ntwo");
}

#[test]
fn read_never_moves_while_hits_are_walked() {
    let mut scene = unread(12);
    scene.line("/search line");
    let message = |number| Message { room: lobby(), entry: past(number, 200) };
    scene.said(Event::Search(Search { entries: vec![message(200), message(160)], next: None }));
    scene.press("Enter");
    scene.focus(true);
    scene.pass(10_000);
    assert_eq!(scene.marks(), [], "{}", scene.draw());
}

#[test]
fn sentences_name_the_keys_as_they_are() {
    let mut scene = rebound();
    scene.said(Event::Ignore(Ignore { on: true, until: None, held: None }));
    scene.line("is anybody there?");
    assert!(scene.word().contains("F9") && !scene.word().contains("Ctrl-G"), "{}", scene.word());
}

#[test]
fn prepending_history_keeps_the_anchor() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    for _ in 0..60 {
        scene.press("S-Up");
    }
    let asked = scene.asked.iter().filter(|request| matches!(request, Request::History { .. })).collect::<Vec<_>>();
    assert!(matches!(asked[..], [Request::History { place: Place::Before(before), .. }] if *before == seq(151)));
    let before = scene.log();
    assert!(before[0].contains("fetching older messages"), "it says that it waits: {before:?}");
    scene.page(51, 150, true);
    let row = |scene: &Scene| scene.texts().iter().position(|text| text == "line 151");
    let at = row(&scene).unwrap_or_else(|| panic!("what was read has gone: {}", scene.draw()));
    assert!(at <= 2, "the day's rule may have gone from above it: {}", scene.draw());
    scene.press("S-Up");
    assert_eq!(row(&scene), Some(at + 1), "{}", scene.draw());
}

fn unread(height: u16) -> Scene {
    let mut scene = Scene::with_past(70, height, 1, 200, None);
    scene.focus(false);
    scene.say("bob", "hi can someone please tell me");
    scene.asked.clear();
    scene
}

fn rebound() -> Scene {
    let mut scene = Scene::lobby(100, 44);
    let text = "[keys]\nignore = ['F9']\n";
    let config = client_tui::config::Config::parse(text, "config.toml").unwrap();
    scene.app.configure(&config);
    scene
}

#[test]
fn the_divider_of_another_room_stands_at_the_read_mark() {
    let mut demo = Demo::new(80, 24);
    demo.press("A-2");
    let screen = demo.screen();
    let rows: Vec<&str> = screen.lines().collect();
    let divider = rows.iter().position(|row| row.contains("─ 3 new ─"));
    assert!(divider.is_some_and(|at| rows[at + 1].contains("who broke the build?")), "{screen}");
}

#[test]
fn a_popup_without_words_beside_its_names_cuts_nothing() {
    let mut demo = Demo::new(80, 24);
    demo.type_text("thanks @");
    demo.press("Tab");
    let screen = demo.screen();
    let row = screen.lines().find(|row| row.contains("@alice")).unwrap();
    assert!(!row.contains("@alice…"), "{screen}");
}

#[test]
fn a_window_that_grows_to_the_end_is_live() {
    let mut scene = Scene::with_past(80, 24, 1, 200, None);
    scene.press("S-Up");
    scene.resize(20, 26);
    let before = scene.texts();
    assert_eq!(before.last().unwrap(), "line 200", "it is at the end");
    scene.say("bob", "hello");
    assert_eq!(scene.texts().last().unwrap(), "hello", "{}", scene.draw());
}

#[test]
fn the_digest_says_nothing_that_a_typed_line_makes_untrue() {
    let mut demo = Demo::new(80, 24);
    demo.press("C-g");
    demo.wait(40);
    demo.type_text("half");
    demo.press("C-g");
    let screen = demo.screen();
    assert!(screen.contains("Esc skips to now") && !screen.contains("Enter reads them"), "{screen}");
    demo.press("C-u");
    assert!(demo.screen().contains("Enter reads them"), "{}", demo.screen());
}
