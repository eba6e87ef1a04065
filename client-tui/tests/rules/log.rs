//! What stands in the log: columns, runs, dividers.

use crate::scene::Scene;
use shared::{Kind, text::Label};

const MINUTE: u64 = 60_000;

#[test]
fn the_nickname_column_is_as_wide_as_the_longest_recent_one_capped_at_12() {
    let mut scene = Scene::lobby(59, 12);
    scene.say("erik", "is any1 here??");
    assert_eq!(scene.log()[2..], [" 10:01 erik │ is any1 here??"]);
    scene.say("Gobbert", "what do you need help with?");
    assert_eq!(scene.log()[2..], [" 10:01    erik │ is any1 here??", " 10:02 Gobbert │ what do you need help with?"]);
    scene.say("Guest6838312345", "hello");
    assert_eq!(scene.log()[4..], [" 10:03 Guest683831… │ hello"]);
    for _ in 0..100 {
        scene.say("erik", "..");
    }
    assert_eq!(scene.log().last().unwrap(), "       erik │ ..", "long names that spoke long ago take no room");
}

#[test]
fn text_wraps_under_the_text_never_under_the_nickname() {
    let mut scene = Scene::lobby(59, 12);
    scene.say("bob", "Please don't ask to ask a question, simply ask the question");
    let rows = [" 10:01 bob │ Please don't ask to ask a question, simply", "           │ ask the question"];
    assert_eq!(scene.log()[2..], rows);
}

#[test]
fn a_run_by_one_person_shows_the_time_once_within_5_minutes() {
    let mut scene = Scene::lobby(59, 14);
    scene.say("joshua", "boot speed was very slow");
    scene.pass(4 * MINUTE);
    scene.entry("joshua", "2 min to boot", Kind::Talk);
    scene.pass(5 * MINUTE);
    scene.entry("joshua", "any 1", Kind::Talk);
    scene.say("ziggi", "hy");
    scene.say("joshua", "hy");
    let rows = [
        " 10:01 joshua │ boot speed was very slow",
        "       joshua │ 2 min to boot",
        " 10:10 joshua │ any 1",
        " 10:11  ziggi │ hy",
        " 10:12 joshua │ hy",
    ];
    assert_eq!(scene.log()[2..], rows);
}

#[test]
fn joins_and_leaves_condense_into_one_line_that_grows() {
    let names = |names: &[&str]| names.iter().map(|name| Label::new(name)).collect::<Vec<_>>();
    let mut scene = Scene::lobby(90, 12);
    scene.say("bob", "hello");
    scene.presence(&names(&["ziggi"]), &[]);
    assert_eq!(scene.texts()[3..], ["ziggi joined"]);
    scene.presence(&names(&["erik"]), &names(&["dave"]));
    assert_eq!(scene.texts()[3..], ["ziggi, erik joined; dave left"]);
    scene.presence(&[], &names(&["a", "b", "c", "d"]));
    assert_eq!(scene.texts()[3..], ["ziggi, erik joined; dave, a, b and 2 others left"]);
    scene.presence(&names(&["dave", "a", "b", "c", "d"]), &names(&["ziggi", "erik"]));
    assert_eq!(scene.texts()[2..], ["hello"], "who came and went has changed nothing");
}

#[test]
fn day_dividers_belong_to_the_message_below() {
    let mut scene = Scene::lobby(59, 12);
    scene.pass((13 * 60 + 58) * MINUTE);
    scene.say("bob", "good night");
    scene.say("bob", "good morning");
    let rows = [
        "─────────────── Monday 23 November 2026 ───────────────────",
        " 23:59 bob │ good night",
        "─────────────── Tuesday 24 November 2026 ──────────────────",
        " 00:00 bob │ good morning",
    ];
    let plain = |row: &str| row.trim_matches(['─', ' ']).to_owned();
    let expected: Vec<String> = rows.iter().map(|row| plain(row)).collect();
    let found: Vec<String> = scene.log()[1..].iter().map(|row| plain(row)).collect();
    assert_eq!(found, expected);
    // In a window of one row the divider is a row of its own, above its message.
    scene.resize(59, 6);
    assert_eq!(scene.log(), [" 00:00 bob │ good morning"]);
    scene.press("S-Up");
    assert!(scene.log()[0].contains("Tuesday 24 November 2026"), "{:?}", scene.log());
    scene.press("S-Up");
    assert_eq!(scene.log(), [" 23:59 bob │ good night"]);
    assert!(scene.draw().lines().nth(1).unwrap().contains("Monday 23 November 2026"), "the title says the day");
}

#[test]
fn the_unread_divider_stays_until_the_conversation_is_left() {
    let mut scene = Scene::lobby(59, 12);
    scene.say("bob", "brb");
    scene.pass(2_000);
    scene.focus(false);
    scene.say("carol", "hi");
    scene.focus(true);
    scene.pass(5_000);
    let divider = |scene: &Scene| scene.log().iter().position(|row| row.contains("─ 1 new ─"));
    assert_eq!(divider(&scene), Some(3), "{}", scene.draw());
    assert_eq!(scene.app.unread(), 0);
    scene.line("wb");
    scene.press("PageUp End Esc F1 Esc");
    assert_eq!(divider(&scene), Some(3), "{}", scene.draw());
    scene.line("@bob");
    scene.press("C-p");
    assert_eq!(divider(&scene), None, "{}", scene.draw());
}
