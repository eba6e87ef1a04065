//! What is written of a frame.

use super::*;
use crate::links::Links;
use crate::links::{colour, id};
use ratatui::layout::Position;
use std::{cell::RefCell, rc::Rc};

/// Every write, each as one text.
#[derive(Debug, Clone, Default)]
struct Record(Rc<RefCell<Vec<u8>>>);

impl Write for Record {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Record {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.borrow_mut())).unwrap()
    }
}

fn screen() -> (Screen<Record>, Record) {
    let record = Record::default();
    (Screen::over(record.clone(), || Ok(Size::new(10, 2)), true).unwrap(), record)
}

fn draw(screen: &mut Screen<Record>, text: &str, caret: Option<(u16, u16)>) {
    screen
        .draw(|buffer| {
            buffer.set_string(0, 0, text, ratatui::style::Style::new());
            Frame { caret: caret.map(Position::from), links: Links::new() }
        })
        .unwrap();
}

const RESETS: &str = "\x1b[39m\x1b[49m\x1b[59m\x1b[0m";

#[test]
fn an_unchanged_frame_writes_nothing() {
    let (mut screen, record) = screen();
    draw(&mut screen, "hello", Some((5, 0)));
    let first = format!("\x1b[?2026h\x1b[?25l\x1b[1;1Hhello{RESETS}\x1b[1;6H\x1b[?25h\x1b[?2026l");
    assert_eq!(record.take(), first);
    for _ in 0..3 {
        draw(&mut screen, "hello", Some((5, 0)));
        assert_eq!(record.take(), "");
    }
    draw(&mut screen, "hello", None);
    assert_eq!(record.take(), "\x1b[?25l");
    draw(&mut screen, "hello", None);
    assert_eq!(record.take(), "");
    draw(&mut screen, "hallo", None);
    assert_eq!(record.take(), format!("\x1b[?2026h\x1b[1;2Ha{RESETS}\x1b[?2026l"), "it is hidden already");
}

#[test]
fn a_caret_that_moves_is_all_that_is_written() {
    let (mut screen, record) = screen();
    draw(&mut screen, "hello", Some((5, 0)));
    record.take();
    draw(&mut screen, "hello", Some((4, 0)));
    assert_eq!(record.take(), "\x1b[1;5H");
    draw(&mut screen, "hello", None);
    record.take();
    draw(&mut screen, "hello", Some((4, 0)));
    assert_eq!(record.take(), "\x1b[1;5H\x1b[?25h");
}

#[test]
fn the_cursor_stands_at_the_caret_after_each_frame() {
    let (mut screen, record) = screen();
    let mut terminal = vt100::Parser::new(2.try_into().unwrap(), 10.try_into().unwrap(), 0);
    for (text, caret) in [("a", Some((1, 0))), ("ab", Some((1, 0))), ("ab", None), ("", Some((9, 1))), ("字x", None)] {
        draw(&mut screen, text, caret);
        terminal.process(record.take().as_bytes());
        assert_eq!(terminal.screen().contents().trim_end(), text);
        let (row, column) = terminal.screen().cursor_position();
        assert_eq!((!terminal.screen().hide_cursor()).then_some((column, row)), caret, "{text}");
    }
}

#[test]
fn a_redraw_is_one_update_that_writes_everything() {
    let (mut screen, record) = screen();
    draw(&mut screen, "hello", Some((5, 0)));
    record.take();
    screen.redraw();
    assert_eq!(record.take(), "");
    draw(&mut screen, "hello", Some((5, 0)));
    let whole = format!("\x1b[?2026h\x1b[?25l\x1b[2J\x1b[1;1Hhello{RESETS}\x1b[1;6H\x1b[?25h\x1b[?2026l");
    assert_eq!(record.take(), whole);
    screen.redraw();
    draw(&mut screen, "", Some((5, 0)));
    assert_eq!(record.take(), "\x1b[?2026h\x1b[?25l\x1b[2J\x1b[1;6H\x1b[?25h\x1b[?2026l");
}

#[test]
fn a_frame_that_panics_leaves_nothing_behind() {
    let (mut screen, record) = screen();
    draw(&mut screen, "hello", Some((5, 0)));
    record.take();
    screen.redraw();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = screen.draw(|_| panic!("of the test"));
    }));
    assert!(panicked.is_err());
    drop(screen);
    assert_eq!(record.take(), "");
}

#[test]
fn a_link_is_written_with_its_frame() {
    let (mut screen, record) = screen();
    let url = "https://example.org";
    let show = |buffer: &mut Buffer| {
        let style = ratatui::style::Style::new().underline_color(colour(url));
        buffer.set_string(0, 0, "a", style);
        Frame { caret: None, links: Links::from([(id(url), url.to_owned())]) }
    };
    screen.draw(show).unwrap();
    let bytes = record.take();
    assert!(
        bytes.contains(&format!("\x1b]8;id={:x};{url}\x1b\\\x1b[1;1Ha{RESETS}\x1b]8;;\x1b\\", id(url))),
        "{bytes:?}"
    );
    screen.draw(show).unwrap();
    assert_eq!(record.take(), "");
    draw(&mut screen, "a", None);
    assert!(record.take().contains("\x1b[1;1Ha"));
}

#[test]
fn what_is_said_is_written_at_once() {
    let (mut screen, record) = screen();
    screen.ring().unwrap();
    screen.title("(2) parlor").unwrap();
    screen.title("(2) parlor").unwrap();
    screen.osc9("alice: hi").unwrap();
    screen.osc777("alice", "hi").unwrap();
    assert!(screen.copy("hi").unwrap() && !screen.copy(&"x".repeat(100_001)).unwrap());
    let said = "\x07\x1b]2;(2) parlor\x1b\\\x1b]9;alice: hi\x1b\\\x1b]777;notify;alice;hi\x1b\\\x1b]52;c;aGk=\x1b\\";
    assert_eq!(record.take(), said);
    screen.mouse(true).unwrap();
    screen.mouse(true).unwrap();
    screen.mouse(false).unwrap();
    assert_eq!(record.take(), "\x1b[?1000h\x1b[?1006h\x1b[?1006l\x1b[?1000l");
    screen.has_commands = false;
    screen.title("x").unwrap();
    assert!(screen.copy("x").unwrap());
    assert_eq!(record.take(), "");
}
