//! What is not here: gaps, what the server does not keep, replies to what is far away, days and times.

use crate::scene::{
    Scene,
    past::{lobby, past, seq},
};
use shared::{Event, Request, event::Message, request::Place};

fn history(scene: &Scene) -> Vec<(Place, u64)> {
    let place = |request: &Request| match request {
        Request::History { place, limit, .. } => Some((*place, *limit)),
        _ => None,
    };
    scene.asked.iter().filter_map(place).collect()
}

/// The server has skipped entries 201 to 300.
fn with_gap() -> Scene {
    let mut scene = Scene::with_past(75, 12, 1, 200, None);
    scene.said(Event::Gap { room: lobby(), after: seq(200), before: seq(301), lost: false });
    scene.seq = 301;
    scene.said(Event::Message(Message { room: lobby(), entry: past(301, 301) }));
    scene
}

#[test]
fn a_gap_row_loads_on_enter() {
    let mut scene = with_gap();
    let gap = "100 messages are not here – Enter on an empty line fetches them";
    scene.resize(120, 12);
    assert!(scene.log()[5].contains(gap), "{}", scene.draw());
    scene.press("Enter");
    assert_eq!(history(&scene), [(Place::Before(seq(301)), 100)]);
    scene.page(251, 300, true);
    scene.press("PageUp PageUp PageUp PageUp PageUp PageUp PageUp PageUp");
    assert!(scene.log().iter().any(|row| row.contains("─ 50 messages are not here")), "{}", scene.draw());
}

#[test]
fn a_selected_gap_loads_on_enter() {
    let mut scene = with_gap();
    scene.press("C-Up C-Up Enter");
    assert_eq!(history(&scene), [(Place::Before(seq(301)), 100)]);
}

#[test]
fn what_is_lost_is_said_and_not_asked_for() {
    let mut scene = Scene::with_past(100, 12, 1, 200, None);
    scene.said(Event::Gap { room: lobby(), after: seq(200), before: seq(301), lost: true });
    scene.said(Event::Message(Message { room: lobby(), entry: past(301, 301) }));
    assert!(scene.draw().contains("100 messages are lost"), "{}", scene.draw());
    scene.press("C-Up C-Up Enter");
    assert_eq!(history(&scene), []);
}

#[test]
fn the_retention_edge_is_a_row() {
    let mut scene = Scene::with_past(100, 12, 151, 200, None);
    for _ in 0..60 {
        scene.press("S-Up");
    }
    assert_eq!(scene.log()[0], " the server keeps what was said since Monday 23 November 2026");
    assert_eq!(history(&scene), [], "there is nothing to ask for");
}

#[test]
fn a_reply_quotes_the_committed_entry_never_the_replier() {
    let mut scene = Scene::lobby(59, 12);
    scene.say("bob", "the door code is new");
    scene.reply("carol", 1, "> bob: the door code is 1234\nyou said so");
    let rows = [" 10:02 carol │ ┌ bob: the door code is new", "             │ > bob: the door code is 1234"];
    assert_eq!(scene.log()[3..5], rows);
}

#[test]
fn a_quote_of_what_is_not_here_is_fetched() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.reply("carol", 7, "that was it");
    assert_eq!(scene.texts()[5..], ["┌ message 7", "that was it"]);
    assert_eq!(history(&scene), [(Place::Before(seq(8)), 1)]);
    scene.page(7, 7, true);
    assert_eq!(scene.texts()[5..], ["┌ carol: line 7", "that was it"]);
}

#[test]
fn a_quote_that_the_server_does_not_have_is_not_made_up() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.reply("carol", 7, "that was it");
    scene.page(6, 6, true);
    assert_eq!(scene.texts()[5..], ["┌ message 7", "that was it"]);
}

#[test]
fn enter_on_a_reply_goes_to_what_it_quotes() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.reply("carol", 160, "that was it");
    scene.press("C-Up Enter");
    assert!(scene.log().iter().any(|row| row.contains("▌ line 160")), "{}", scene.draw());
}

#[test]
fn goto_shows_what_was_said_at_a_time() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.line("/goto 7:00");
    let at = scene.now.wall - 3 * 3_600_000;
    assert_eq!(history(&scene), [(Place::At(at), 100)]);
    scene.page(21, 120, true);
    assert_eq!(scene.log()[1], " 07:00 carol │ line 21");
    scene.press("S-Down");
    assert!(scene.draw().lines().nth(1).unwrap().contains("Monday 23 November 2026"), "the title says the day");
    scene.press("Esc");
    assert_eq!(scene.texts()[6], "line 200");
}

#[test]
fn a_moment_that_is_none_stays_in_the_input() {
    let mut scene = Scene::with_past(59, 12, 1, 200, None);
    scene.line("/goto yesterday");
    assert_eq!((scene.typed(), history(&scene)), ("/goto yesterday", vec![]));
    assert!(scene.word().contains("/goto 2026-11-20 14:30"));
}
