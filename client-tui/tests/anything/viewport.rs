//! The window over the log: only scrolling moves it, and it shows every entry once, in order.

use crate::scene::{
    Scene,
    past::{lobby, past},
};
use client_tui::{
    app::{
        conversation::View,
        scroll::top,
        timeline::{Place, entry_of},
    },
    rows::Heights,
};
use proptest::prelude::*;
use shared::{
    Entry, Event, Request,
    event::Message,
    request::Place as Where,
    text::{Body, Label},
};

#[derive(Debug, Clone)]
enum Step {
    /// Somebody says so many words.
    Say(usize),
    /// The server answers the oldest question for history with so many entries.
    Page(u64),
    Resize(u16, u16),
    Scroll(&'static str, usize),
    /// An ack, a presence, a tick: whatever has nothing to do with the window.
    Presence,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_usize..60).prop_map(Step::Say),
        3 => (1_u64..80).prop_map(Step::Page),
        2 => (20_u16..120, 6_u16..40).prop_map(|(width, height)| Step::Resize(width, height)),
        4 => (prop::sample::select(vec!["S-Up", "PageUp", "S-Down", "PageDown"]), 1_usize..6)
            .prop_map(|(key, times)| Step::Scroll(key, times)),
        1 => Just(Step::Presence),
    ]
}

/// The block that the window hangs on, if it is not at the end.
fn anchor(scene: &Scene) -> Option<Place> {
    if let View::At { place, .. } = scene.app.current()?.view { Some(place) } else { None }
}

/// The block at the top of the window.
fn at_top(scene: &Scene) -> Option<Place> {
    let (layout, conversation) = (scene.app.layout()?, scene.app.current()?);
    let blocks = scene.app.blocks(conversation, layout.log.width);
    blocks.place(top(&blocks, conversation.view, usize::from(layout.log.height)).0)
}

/// True if the window, laid at its anchor, would be filled: else it must slide down to the end.
fn has_rows_below(scene: &Scene, anchor: Place) -> bool {
    let (Some(layout), Some(conversation)) = (scene.app.layout(), scene.app.current()) else { return false };
    let blocks = scene.app.blocks(conversation, layout.log.width);
    // The anchor may be any row of its block: all the rows below the block must fill the window.
    let rows: usize = (blocks.find(anchor) + 1..blocks.count()).map(|index| blocks.height(index)).sum();
    rows >= usize::from(layout.log.height)
}

fn say(scene: &mut Scene, words: usize) {
    scene.pass(60_000);
    scene.seq += 1;
    let entry = past(scene.seq, scene.seq);
    let text = vec!["word"; words].join(" ");
    let entry = Entry { at: scene.now.wall, msg: Some(Body::new(&text)), ..entry };
    scene.said(Event::Message(Message { room: lobby(), entry }));
}

/// Answers the oldest question for history that was not answered.
fn page(scene: &mut Scene, count: u64) {
    let at = scene.asked.iter().position(|request| matches!(request, Request::History { .. }));
    let Some(Request::History { place: Where::Before(before), .. }) = at.map(|at| scene.asked.remove(at)) else {
        return;
    };
    let to = before.previous().get();
    let from = to.saturating_sub(count - 1).max(1);
    scene.page(from, to, from > 1);
}

/// Every entry that is here, once and in order; and so on the screen.
fn assert_in_order(scene: &Scene) {
    let items = scene.app.current().unwrap().timeline.items();
    let seqs: Vec<u64> = items.iter().filter_map(entry_of).map(|entry| entry.seq.get()).collect();
    assert!(seqs.windows(2).all(|two| two[0] < two[1]), "{seqs:?}");
    let drawn = scene.texts().into_iter().filter_map(|text| text.strip_prefix("line ")?.parse::<u64>().ok());
    let drawn: Vec<u64> = drawn.collect();
    assert!(drawn.windows(2).all(|two| two[1] == two[0] + 1), "{drawn:?}: {}", scene.draw());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_scrolling_moves_what_is_read(steps in prop::collection::vec(steps(), 1..60)) {
        let mut scene = Scene::with_past(80, 24, 1, 200, None);
        for step in steps {
            let before = anchor(&scene);
            let scrolled = matches!(step, Step::Scroll(..));
            // A window that had come to the end stays there.
            let was_at_end = before.is_some_and(|place| !has_rows_below(&scene, place));
            match step.clone() {
                Step::Say(words) => say(&mut scene, words),
                Step::Page(count) => page(&mut scene, count),
                Step::Resize(width, height) => scene.resize(width, height),
                Step::Scroll(key, times) => (0..times).for_each(|_| scene.press(key)),
                Step::Presence => scene.presence(&[], &[Label::new("erik")]),
            }
            assert_in_order(&scene);
            let Some(before) = before.filter(|place| !scrolled && !was_at_end && *place != Place::TOP) else { continue };
            if has_rows_below(&scene, before) {
                prop_assert_eq!(at_top(&scene), Some(before), "{:?} has moved it: {}", step, scene.draw());
            }
        }
    }
}
