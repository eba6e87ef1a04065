//! What goes into the app, and what comes out of it.

use super::{form::Choice, ring::Ring};
use crate::{
    link::{News, Order},
    store::{Job, Written},
};
use crossterm::event::{KeyEvent, MouseEvent};
use shared::UnixMillis;

/// What time it is: on a clock that only goes forward, and for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds from any start.
    pub mono: u64,
    /// Milliseconds since the Unix epoch.
    pub wall: UnixMillis,
}

/// What happens to the client.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// A whole line was typed, where there is no input line.
    Line(String),
    /// The window has another size.
    Resize(u16, u16),
    /// The terminal has the focus, or lost it.
    Focus(bool),
    /// A button or the wheel of the mouse.
    Mouse(MouseEvent),
    /// The terminal's ground is dark, or light.
    Ground {
        /// Dark.
        is_dark: bool,
    },
    /// The link tells something.
    Link(News),
    /// The store tells something.
    Stored(Written),
    /// Time has passed.
    Tick,
}

/// What is to happen.
#[derive(Debug)]
pub enum Effect {
    /// Tell the link.
    Link(Order),
    /// Write this down.
    Store(Job),
    /// Load what is kept for that choice, and call.
    Call(Box<Choice>),
    /// Draw everything anew.
    Redraw,
    /// Tell the person, who may be looking elsewhere.
    Ring(Ring),
    /// Ask the terminal to copy this.
    Copy(String),
    /// Open a link.
    Open(String),
    /// Load a theme, and look that way.
    Theme(String),
    /// Listen to the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Go back to the shell for a while.
    Suspend,
    /// End the program.
    Quit,
}
