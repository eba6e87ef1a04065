//! How themes look on a screen that has nearly everything: a mention, a divider, code, links, a quote, loud badges.

use crate::scene::{demo::Demo, paint};
use client_tui::{
    app::Event as Happens,
    locale::Locale,
    markup::Highlighter,
    theme::{Depth, Theme},
};
use std::{sync::mpsc, time::Duration};

/// The same screen in every theme, once its code has colours.
fn screen(theme: Theme, is_dark: Option<bool>) -> Demo {
    let mut demo = Demo::with(Locale::english(), theme, 80, 24);
    if let Some(is_dark) = is_dark {
        demo.happens(Happens::Ground { is_dark });
    }
    let (done, is_done) = mpsc::channel();
    demo.app.highlighter = Some(Highlighter::new(move || done.send(()).unwrap_or_default()));
    demo.press("C-g");
    demo.wait(19);
    demo.press("C-Up S-Up");
    demo.screen();
    is_done.recv_timeout(Duration::from_secs(30)).expect("the colours come");
    demo
}

/// Compares with a snapshot beside those of whole screens.
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn on_a_dark_ground() {
    let demo = screen(Theme::default(), Some(true));
    snapshot("looks_screen", &demo.screen());
    snapshot("looks_dark", &paint::styles(&demo.app));
}

#[test]
fn on_a_light_ground() {
    snapshot("looks_light", &paint::styles(&screen(Theme::default(), Some(false)).app));
}

#[test]
fn with_sixteen_colours() {
    let solarized = Theme::builtin("solarized").unwrap().sixteen();
    snapshot("looks_solarized_sixteen", &paint::styles(&screen(solarized, Some(true)).app));
}

#[test]
fn without_colours() {
    let depth = Depth::of(Some("xterm-256color"), None, Some("1"));
    snapshot("looks_no_color", &paint::styles(&screen(Theme::default().reduced(depth), None).app));
}

#[test]
fn with_much_contrast() {
    snapshot("looks_contrast", &paint::styles(&screen(Theme::builtin("contrast").unwrap(), None).app));
}

#[test]
fn with_colours_that_all_eyes_tell_apart() {
    snapshot("looks_okabe_ito", &paint::styles(&screen(Theme::builtin("okabe-ito").unwrap(), None).app));
}
