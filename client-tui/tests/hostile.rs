//! What comes from others is hostile: whatever stands in whichever field, no cell, title, notification, link or copied text
//! has a character that a terminal could take for a command, or that turns other text around.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod scene;

use client_tui::{
    app::{Effect, Event as Happens},
    link::{Loss, News, dial::DialError},
    text::width,
    view,
};
use ratatui::{buffer::Buffer, layout::Rect};
use scene::Scene;
use serde_json::{Value, json};
use shared::{Event, Outgoing};
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (40, 12), (20, 6)];

/// Texts that do harm where they are written to a terminal as they are.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]52;c;aGk=\u{1b}\\ \u{1b}]8;;https://example.org\u{1b}\\",
        "\u{9b}31m \u{9d}0;title\u{9c} \u{90}q\u{9c} \u{85}x",
        "a\r\nb\rc\u{b}\u{c}\u{8}\u{8}\u{0}\u{7f}\u{1a}",
        "\u{202e}gpj.exe\u{202c} \u{202a}\u{202b}\u{202d}",
        "\u{2066}a\u{2067}b\u{2068}c\u{2069} \u{200e}\u{200f}\u{61c}",
        "\u{fdd0}\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}",
        "a\u{200b}b\u{200c}c\u{2060}d\u{feff}e\u{ad}f\u{180e}g\u{34f}h\u{115f}i\u{3164}",
        "\u{2028}line\u{2029}line\ttab\nline",
        "\u{fff9}a\u{fffa}b\u{fffb} \u{e0001}\u{e0041}\u{e007f}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{200d}\u{fe0f}\u{fe0f}\u{20e3}",
        "https://example.org/\u{202e}gpj\u{1b}]8;;\u{7} **b\u{1b}b** `c\u{9b}c`",
        "```rust\nfn \u{1b}[31m() {} // \u{202e}\n```",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push(format!("e{}", "\u{301}".repeat(2_048)));
    texts.push("\u{310}".repeat(2_048));
    texts
}

/// Every line that a server may say, with that text wherever a text may stand. Seqs from `fresh` on are new to the client.
fn lines(text: &str, fresh: u64) -> Vec<Value> {
    [of_logs(text, fresh), of_people(text), answers(text, fresh)].concat()
}

fn member(text: &str, state: &str) -> Value {
    json!({"nickname": text, "state": state})
}

fn message(room: &str, seq: u64, text: &str, kind: &str, msg: &str) -> Value {
    json!({"type": "message", "room": room, "seq": seq, "id": format!("h{seq}"), "from": text, "to": text,
           "at": 1_795_428_000_000_u64, "kind": kind, "re": seq.saturating_sub(1), "msg": msg})
}

fn of_logs(text: &str, fresh: u64) -> Vec<Value> {
    let mention = format!("alice: {text}");
    let roster = ["online", "ignoring", text].map(|state| member(text, state));
    vec![
        json!({"type": "joined", "room": "#lobby", "epoch": "e", "first": 1, "head": fresh, "read": 0, "topic": text,
               "members": 3, "roster": roster}),
        message("#lobby", fresh + 1, text, "talk", &mention),
        message("#lobby", fresh + 2, text, "action", text),
        message("#lobby", fresh + 3, text, "topic", text),
        message("#lobby", fresh + 4, text, text, text),
        message("#lobby", fresh + 5, text, "talk", text),
        message("@", fresh + 6, text, "talk", &mention),
        message(text, fresh + 7, text, "talk", &mention),
        json!({"type": "ack", "id": "run-2", "room": "#lobby", "seq": fresh + 8, "at": 1}),
    ]
}

fn of_people(text: &str) -> Vec<Value> {
    vec![
        json!({"type": "presence", "room": "#lobby", "members": 2, "joined": [text], "left": ["bob", text],
               "changed": [member(text, "away")]}),
        json!({"type": "roster", "room": "#lobby", "members": 2, "roster": [member(text, "online")]}),
        json!({"type": "ls", "room": "#lobby", "members": [member(text, "online"), member(text, text)], "more": true}),
        json!({"type": "rooms", "rooms": [{"room": "#lobby", "members": 1, "topic": text}], "more": true}),
    ]
}

fn answers(text: &str, fresh: u64) -> Vec<Value> {
    let bare = |seq: u64| json!({"seq": seq, "id": "h", "from": text, "at": 1, "re": 2, "msg": text});
    let hits = [message("#lobby", fresh + 1, text, "talk", text), message("@", 1, text, text, text)];
    vec![
        json!({"type": "history", "room": "#lobby", "epoch": "e", "entries": [bare(1), bare(2)], "more": false}),
        json!({"type": "search", "entries": hits, "next": text}),
        json!({"type": "help", "msg": text}),
        json!({"type": "notice", "code": text}),
        json!({"type": "error", "code": text, "detail": text, "request": text, "room": text}),
        json!({"type": "error", "code": "forbidden", "detail": text, "request": "send"}),
        json!({"type": "error", "code": "banned", "detail": text, "id": "run-1"}),
        json!({"type": text}),
    ]
}

/// What does not belong into any cell, title, notification or link.
fn is_hostile(c: char) -> bool {
    let is_bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_noncharacter = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    c.is_control() || is_bidi || is_noncharacter || matches!(c, '\u{2028}' | '\u{2029}')
}

fn assert_harmless(what: &str, text: &str) {
    assert!(!text.contains(is_hostile), "{what}: {text:?}");
}

/// Every frame, at every size: its cells, its links, the title, and what was told since the last time.
fn look(scene: &mut Scene) {
    for (columns, rows) in SIZES {
        scene.resize(columns, rows);
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let frame = view::draw(&scene.app, &mut buffer);
        for cell in buffer.content() {
            assert_harmless("a cell", cell.symbol());
            assert!(width(cell.symbol()) <= 2, "a cell is too wide: {:?}", cell.symbol());
        }
        frame.links.values().for_each(|url| assert_harmless("a link", url));
    }
    assert_harmless("the title", &scene.app.title().unwrap_or_default());
    for told in scene.told.drain(..) {
        match told {
            Effect::Ring(ring) => assert_harmless("a notification", &(ring.title + &ring.body)),
            Effect::Copy(text) => assert_harmless("what is copied", &text.replace('\n', "")),
            Effect::Open(url) => assert_harmless("what is opened", &url),
            _ => {}
        }
    }
}

/// Says a line as the link would: what cannot be read is passed over.
fn said(scene: &mut Scene, line: &Value) {
    if let Ok(outgoing) = Outgoing::decode(&serde_json::to_vec(line).unwrap()) {
        scene.happens(Happens::Link(News::Said(Box::new(outgoing))));
    }
}

/// Looks at everything that shows what others have said.
fn visit_everything(scene: &mut Scene) {
    for keys in [
        "C-x m",
        "Esc C-x g",
        "Esc F2 Down",
        "Esc C-Up C-Up",
        "C-x y",
        "C-Up r",
        "Esc Esc C-x b",
        "Esc C-n",
        "F2 Enter",
    ] {
        scene.press(keys);
        look(scene);
    }
    scene.press("Esc C-p");
    for line in ["/topic", "/ls", "/rooms", "/hide", "/mute x", "/notify all"] {
        scene.line(line);
        look(scene);
    }
    scene.type_text("@");
    scene.press("Tab Tab");
    look(scene);
    scene.press("Esc C-u PageUp C-Up C-Up Enter");
    look(scene);
}

fn suffers(mut scene: Scene, text: &str) {
    scene.line("/ls");
    scene.line("one");
    scene.line("two");
    scene.focus(false);
    for line in lines(text, 0) {
        scene.pass(1_000);
        said(&mut scene, &line);
        look(&mut scene);
    }
    visit_everything(&mut scene);
    scene.line("/search x");
    for line in lines(text, 100) {
        said(&mut scene, &line);
        look(&mut scene);
    }
    scene.press("Enter Enter n N");
    look(&mut scene);
}

#[test]
fn no_field_of_any_event_does_harm() {
    for text in texts() {
        suffers(Scene::lobby(80, 24), &text);
    }
}

#[test]
fn in_chinese_neither() {
    suffers(Scene::chinese(80, 24), &texts()[..13].concat());
}

#[test]
fn no_greeting_login_or_loss_does_harm() {
    for text in texts() {
        let mut scene = Scene::lobby(80, 24);
        let welcome = json!({"type": "welcome", "version": 1, "agent": text, "challenge": text,
                             "limits": {"line": 1, "text": 1, "nickname": 1}, "motd": text});
        let Ok(Outgoing { event: Event::Welcome(welcome), .. }) =
            Outgoing::decode(&serde_json::to_vec(&welcome).unwrap())
        else {
            panic!("a welcome")
        };
        scene.happens(Happens::Link(News::Greeted { motd: welcome.motd, pinned: None }));
        look(&mut scene);
        let hello = DialError::Hello(text.clone(), text.clone());
        for loss in [Loss::Broken(text.clone()), Loss::Dial(hello)] {
            scene.happens(Happens::Link(News::Down { loss, retry: Some(Duration::from_secs(4)) }));
            look(&mut scene);
        }
        // The server has another name for the person than they.
        said(&mut scene, &json!({"type": "login", "success": true, "nickname": text, "ignoring": true}));
        look(&mut scene);
        visit_everything(&mut scene);
        said(&mut scene, &json!({"type": "login", "success": false, "code": text, "nickname": text, "detail": text}));
        look(&mut scene);
    }
}

#[test]
fn marks_without_end_do_not_move_what_stands_beside_them() {
    for text in texts() {
        let mut scene = Scene::lobby(80, 24);
        scene.line("before");
        for line in lines(&text, 0) {
            said(&mut scene, &line);
        }
        let screen = scene.draw();
        for (y, row) in screen.lines().enumerate().skip(2).take(19) {
            let bar = row.split('│').next_back().unwrap_or_default();
            let users = width(row) - width(bar);
            assert_eq!(users, 60, "row {y} of {text:?}: {row:?}");
        }
    }
}

#[test]
fn a_paste_is_cleaned_like_what_others_say() {
    for text in texts() {
        let mut scene = Scene::lobby(80, 24);
        scene.paste(&text);
        scene.press("Enter");
        look(&mut scene);
        scene.press("F4");
        scene.paste(&text);
        look(&mut scene);
        let mut form = Scene::form(80, 24);
        form.paste(&text);
        look(&mut form);
    }
}
