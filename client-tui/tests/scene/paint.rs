//! A frame as text: its symbols, and its styles.

use client_tui::{app::App, text::width, view};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};
use std::fmt::Write;

/// Draws the app as it is.
pub fn frame(app: &App) -> (Buffer, Option<Position>) {
    let (width, height) = app.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let caret = view::draw(app, &mut buffer).caret;
    (buffer, caret)
}

/// The rows of a part of a frame, without what is blank at their ends.
pub fn rows(buffer: &Buffer, area: Rect) -> Vec<String> {
    (area.top()..area.bottom()).map(|y| row(buffer, area, y)).collect()
}

fn row(buffer: &Buffer, area: Rect, y: u16) -> String {
    let mut row = String::new();
    let mut x = area.left();
    while x < area.right() {
        let symbol = buffer[(x, y)].symbol();
        row.push_str(symbol);
        x += u16::try_from(width(symbol)).unwrap().max(1);
    }
    row.trim_end().to_owned()
}

/// The whole screen, and where the caret stands.
pub fn screen(app: &App) -> String {
    let (buffer, caret) = frame(app);
    let mut screen = rows(&buffer, buffer.area).join("\n");
    let caret = caret.map_or("no caret".into(), |caret| format!("caret at {},{}", caret.x, caret.y));
    write!(screen, "\n{caret}").unwrap();
    screen
}

/// The styles of the screen: a letter a cell, blank for the terminal's own; below, what the letters mean.
pub fn styles(app: &App) -> String {
    let (buffer, _) = frame(app);
    let mut known: Vec<String> = Vec::new();
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut row = String::new();
        let mut x = 0;
        while x < buffer.area.right() {
            let cell = &buffer[(x, y)];
            let columns = width(cell.symbol()).max(1);
            row.push_str(&letter(&name(cell.style()), &mut known).to_string().repeat(columns));
            x += u16::try_from(columns).unwrap();
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    for (letter, name) in ('a'..='z').zip(&known) {
        writeln!(text, "{letter}  {name}").unwrap();
    }
    text
}

fn letter(name: &str, known: &mut Vec<String>) -> char {
    if name.is_empty() {
        return ' ';
    }
    let at = known.iter().position(|other| other == name).unwrap_or_else(|| {
        known.push(name.to_owned());
        known.len() - 1
    });
    ('a'..='z').nth(at).expect("a screen has few styles")
}

/// A style in words. The colour of an underline names a link, not a colour.
fn name(style: Style) -> String {
    let colour = |what: &str, colour: Option<ratatui::style::Color>| {
        colour.filter(|colour| *colour != ratatui::style::Color::Reset).map(|colour| format!("{what}{colour}"))
    };
    let modifiers = style.add_modifier.iter_names().map(|(name, _)| name.to_lowercase().replace('_', " "));
    let parts = [colour("", style.fg), colour("on ", style.bg)].into_iter().flatten().chain(modifiers);
    parts.collect::<Vec<_>>().join(", ")
}

/// True if some cell of a row looks like that.
pub fn has_style(buffer: &Buffer, y: u16, looks: impl Fn(Style) -> bool) -> bool {
    (buffer.area.left()..buffer.area.right()).any(|x| looks(buffer[(x, y)].style()))
}

/// True for what is bold.
pub fn is_bold(style: Style) -> bool {
    style.add_modifier.contains(Modifier::BOLD)
}
