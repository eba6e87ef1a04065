//! Whatever is pressed, pasted, clicked, said or lost, in whatever order: nothing panics, every frame can be drawn, and time
//! that is asked for lies ahead.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod scene;

#[path = "anything/steps.rs"]
mod steps;
#[path = "anything/viewport.rs"]
mod viewport;

use client_tui::app::Event as Happens;
use proptest::prelude::*;
use scene::Scene;
use steps::{Step, steps};

fn take(scene: &mut Scene, step: Step) {
    match step {
        Step::Key(code, modifiers) => scene.key(code, modifiers),
        Step::Press(names) => scene.press(names),
        Step::Command(line) => scene.line(&line),
        Step::Line(line) => scene.happens(Happens::Line(line)),
        Step::Paste(text) => scene.happens(Happens::Paste(text)),
        Step::Mouse(mouse) => scene.happens(Happens::Mouse(mouse)),
        Step::Ground(is_dark) => scene.happens(Happens::Ground { is_dark }),
        Step::Size(width, height) => scene.resize(width, height),
        Step::Say(from, text) => scene.say(&from, &text),
        Step::Said(event) => scene.said(*event),
        Step::Page(room, entries) => scene.kept(room, entries),
        Step::Down => scene.down(),
        Step::LogIn => scene.login(),
        Step::Saved => scene.saved(),
        Step::Pass(millis) => scene.pass(millis),
        Step::Focus(has_focus) => scene.focus(has_focus),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_panics(has_mouse in any::<bool>(), steps in prop::collection::vec(steps(), 1..80)) {
        let mut scene = Scene::lobby(80, 24);
        scene.app.has_mouse = has_mouse;
        for step in steps {
            take(&mut scene, step);
            scene.draw();
            let tick = scene.app.next_tick();
            prop_assert!(tick.is_none_or(|at| at > scene.now.mono), "{:?} is over at {}", tick, scene.now.mono);
        }
    }
}
