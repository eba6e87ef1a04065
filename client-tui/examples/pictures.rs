//! Pictures of the program: screens of the demo's world as SVG files under `assets/pictures`, the same bytes each time.
//!
//! ```text
//! cargo run -p client-tui --example pictures
//! ```
//!
//! Neither a terminal nor time is needed: the world's clock goes on only as far as each picture says.

#[path = "../tests/scene/demo.rs"]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests use the rest of it")]
mod demo;
#[path = "../tests/scene/keys.rs"]
#[allow(unreachable_pub, reason = "tests use it, too")]
mod keys;
#[path = "../tests/scene/paint.rs"]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests use the rest of it")]
mod paint;
#[path = "pictures/palette.rs"]
mod palette;
#[path = "pictures/svg.rs"]
mod svg;

use anyhow::Context;
use client_tui::{
    app::{Event, timeline::entry_of},
    locale::Locale,
    markup::{Highlighter, styled_with},
    theme::Theme,
};
use demo::Demo;
use std::{
    fs,
    path::Path,
    sync::mpsc::{self, Receiver},
    time::Duration,
};

/// How long the colours of a piece of code may take.
const COLOURS: Duration = Duration::from_secs(30);

/// A picture's name, and what happens until it is taken.
type Picture = (&'static str, fn() -> anyhow::Result<Demo>);

const PICTURES: [Picture; 10] = [
    ("talk", talk),
    ("ignore", ignore),
    ("digest", digest),
    ("search", search),
    ("jump", jump),
    ("completion", completion),
    ("narrow", narrow),
    ("light", light),
    ("chinese", chinese),
    ("help", help),
];

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/pictures");
    fs::create_dir_all(&folder)?;
    for (name, picture) in PICTURES {
        let demo = picture().with_context(|| format!("the picture {name}"))?;
        let is_light = demo.app.theme.name() == "solarized";
        let palette = if is_light { &palette::LIGHT } else { &palette::DARK };
        let title = demo.app.title().unwrap_or_default();
        let (buffer, caret) = paint::frame(&demo.app);
        let svg = svg::picture(&buffer, caret, &title, palette)?;
        fs::write(folder.join(format!("{name}.svg")), svg)?;
    }
    Ok(())
}

fn english(width: u16, height: u16) -> anyhow::Result<Demo> {
    coloured(Demo::new(width, height), true)
}

/// On a dark ground or a light one, once all code that was said has its colours.
fn coloured(mut demo: Demo, is_dark: bool) -> anyhow::Result<Demo> {
    demo.happens(Event::Ground { is_dark });
    let (done, is_done) = mpsc::channel();
    let highlighter = Highlighter::new(move || done.send(()).unwrap_or_default());
    for conversation in &demo.app.conversations {
        for entry in conversation.timeline.items().iter().filter_map(entry_of) {
            colour(entry.msg.as_deref().unwrap_or_default(), &highlighter, &is_done)?;
        }
    }
    demo.app.highlighter = Some(highlighter);
    Ok(demo)
}

fn colour(text: &str, highlighter: &Highlighter, is_done: &Receiver<()>) -> anyhow::Result<()> {
    while styled_with(text, &[], Some(highlighter)).1 {
        is_done.recv_timeout(COLOURS).context("the colours of code did not come")?;
    }
    Ok(())
}

/// The lobby, half a minute after the start.
fn talk() -> anyhow::Result<Demo> {
    let mut demo = english(100, 30)?;
    demo.wait(30);
    Ok(demo)
}

/// Ignore mode, with what it holds back.
fn ignore() -> anyhow::Result<Demo> {
    let mut demo = english(80, 24)?;
    demo.line("/i until 14:00");
    demo.wait(47);
    Ok(demo)
}

/// What ignore mode has held back.
fn digest() -> anyhow::Result<Demo> {
    let mut demo = ignore()?;
    demo.press("C-g");
    Ok(demo)
}

/// A search in a room of real talk.
fn search() -> anyhow::Result<Demo> {
    let mut demo = english(100, 30)?;
    demo.line("/go ubuntu");
    demo.press("Enter");
    demo.line("/search install");
    demo.press("Down Down");
    Ok(demo)
}

/// A few letters go anywhere.
fn jump() -> anyhow::Result<Demo> {
    let mut demo = english(80, 24)?;
    demo.wait(30);
    demo.press("F5");
    demo.type_text("b");
    Ok(demo)
}

/// Commands, with what they do.
fn completion() -> anyhow::Result<Demo> {
    let mut demo = english(80, 24)?;
    demo.wait(30);
    demo.type_text("/m");
    demo.press("Tab Tab Tab");
    Ok(demo)
}

/// The user list over the log.
fn narrow() -> anyhow::Result<Demo> {
    let mut demo = english(59, 20)?;
    demo.wait(30);
    demo.press("C-o Down Down");
    Ok(demo)
}

/// Another theme on a light ground, and a reply that is being written.
fn light() -> anyhow::Result<Demo> {
    let solarized = Theme::builtin("solarized").expect("it is one of the program's");
    let mut demo = coloured(Demo::with(Locale::english(), solarized, 80, 24), false)?;
    demo.wait(4);
    demo.press("C-Up C-Up C-Up r");
    demo.type_text("yes, right away");
    Ok(demo)
}

/// Everything in Chinese.
fn chinese() -> anyhow::Result<Demo> {
    let mut demo = coloured(Demo::with(Locale::chinese(), Theme::default(), 80, 24), true)?;
    demo.line("/go 中文");
    demo.press("Enter");
    demo.wait(30);
    demo.type_text("七点，在老地方");
    Ok(demo)
}

/// The help.
fn help() -> anyhow::Result<Demo> {
    let mut demo = english(100, 30)?;
    demo.press("F1");
    Ok(demo)
}
