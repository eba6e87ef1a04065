//! The table of commands and keys: as it is, and as a person has changed it.

use crate::scene::{
    Scene,
    past::{lobby, past},
};
use client_tui::config::Config;
use shared::{
    Event, Request,
    event::{Ignore, Message, Search},
};

fn rebound() -> Scene {
    let mut scene = Scene::lobby(100, 44);
    let config = Config::parse("[keys]\nignore = ['F9']\nls = ['C-x C-u']\nhelp = ['C-x ?']\n", "config.toml").unwrap();
    scene.app.configure(&config);
    scene.asked.clear();
    scene
}

#[test]
fn rebound_keys_work_and_the_old_ones_do_not() {
    let asks = |scene: &Scene| scene.asked.iter().filter(|asked| matches!(asked, Request::Ignore { .. })).count();
    let mut scene = rebound();
    scene.press("C-g F3 C-x i");
    assert_eq!(asks(&scene), 0);
    scene.press("F9");
    assert_eq!(asks(&scene), 1);
    scene.press("F1");
    assert!(scene.app.overlay.is_none());
    scene.press("C-x ?");
    assert!(scene.app.overlay.is_some());
}

#[test]
fn help_and_hints_name_the_keys_as_they_are() {
    let mut scene = rebound();
    let status = scene.draw().lines().nth(43).unwrap().to_owned();
    assert!(status.contains("F9 ignore") && !status.contains("Ctrl-G"), "{status}");
    scene.press("C-x ?");
    let help = scene.draw();
    let row = |name: &str| help.lines().find(|row| row.contains(name)).unwrap().to_owned();
    assert!(row("/i [TIME]").contains("F9") && !row("/i [TIME]").contains("Ctrl-G"), "{help}");
    assert!(row("/ls").contains("Ctrl-X Ctrl-U") && !row("/ls").contains("F2"), "{help}");
}

#[test]
fn the_badge_names_the_key_as_it_is() {
    let mut scene = rebound();
    scene.said(Event::Ignore(Ignore { on: true, until: None, held: None }));
    scene.held(3);
    assert!(scene.draw().contains("IGNORE ON – 3 held – F9 to show"), "{}", scene.draw());
}

#[test]
fn n_and_capital_n_walk_the_hits_of_a_search() {
    let mut scene = Scene::with_past(70, 12, 1, 200, None);
    scene.line("/search line");
    let message = |number| Message { room: lobby(), entry: past(number, 200) };
    scene.said(Event::Search(Search { entries: [199, 180, 160].map(message).to_vec(), next: None }));
    scene.press("Enter");
    let selected = |scene: &Scene| {
        let rows = scene.log();
        rows.iter().find_map(|row| row.split_once("▌ ")).map(|(_, text)| text.to_owned()).unwrap_or_default()
    };
    assert_eq!((selected(&scene).as_str(), scene.word()), ("line 199", "hit 1 of 3 – n: older, N: newer, Esc ends"));
    scene.press("n");
    assert_eq!(selected(&scene), "line 180");
    scene.press("n n");
    assert_eq!(selected(&scene), "line 160", "there is no older one");
    scene.press("N");
    assert_eq!(selected(&scene), "line 180");
    scene.press("Esc n");
    assert_eq!(scene.typed(), "n", "then it is a letter again");
}

#[test]
fn a_search_that_is_typed_anew_forgets_the_old_hits() {
    let mut scene = Scene::with_past(70, 12, 1, 200, None);
    scene.press("F4");
    scene.type_text("line");
    scene.press("Enter");
    scene.said(Event::Search(Search { entries: vec![Message { room: lobby(), entry: past(180, 200) }], next: None }));
    assert!(scene.draw().contains("line 180"));
    scene.type_text("s");
    scene.press("Enter");
    assert!(!scene.draw().contains("line 180"), "{}", scene.draw());
}

#[test]
fn pairs_that_mean_nothing_do_nothing_and_say_so() {
    let mut scene = Scene::lobby(70, 12);
    scene.press("C-x j");
    assert_eq!(scene.typed(), "");
    assert!(!scene.word().is_empty());
    scene.type_text("j");
    assert_eq!(scene.typed(), "j");
}

#[test]
fn two_ctrl_c_quit_and_one_with_something_between_does_not() {
    let quits = |scene: &Scene| scene.told.iter().any(|told| matches!(told, client_tui::app::Effect::Quit));
    let mut scene = Scene::lobby(70, 12);
    scene.press("C-c x C-c");
    assert!(!quits(&scene));
    scene.press("C-c");
    assert!(quits(&scene));
}
