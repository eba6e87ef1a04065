//! The backend under ratatui's buffers: a frame is one write, and an unchanged one is none.

use super::links;
use crate::links::Links;
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
    terminal::{BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use std::io::{self, Write};

/// Writes frames. Nothing is written before the first changed cell is known.
#[derive(Debug)]
pub(super) struct Frames<W: Write> {
    inner: CrosstermBackend<W>,
    measure: fn() -> io::Result<Size>,
    /// The addresses of the frame that is being drawn.
    pub(super) links: Links,
    /// The screen is to be cleared before anything else.
    is_stale: bool,
    has_begun: bool,
    cursor: Cursor,
}

/// The terminal's cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Unknown,
    Hidden,
    At(Position),
}

impl<W: Write> Frames<W> {
    /// Frames of the size that `measure` gives.
    pub(super) fn new(writer: W, measure: fn() -> io::Result<Size>) -> Self {
        let inner = CrosstermBackend::new(writer);
        Self { inner, measure, links: Links::new(), is_stale: false, has_begun: false, cursor: Cursor::Unknown }
    }

    /// The screen is cleared with the next frame.
    pub(super) fn wipe(&mut self) {
        self.is_stale = true;
        self.cursor = Cursor::Unknown;
    }

    /// The frame's first bytes, if they are not written yet.
    fn begin(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            queue!(self.inner, BeginSynchronizedUpdate)?;
            if self.cursor != Cursor::Hidden {
                queue!(self.inner, Hide)?;
            }
        }
        if std::mem::take(&mut self.is_stale) {
            queue!(self.inner, Clear(crossterm::terminal::ClearType::All))?;
        }
        Ok(())
    }

    /// The frame's last bytes: the cursor stands where it should. Nothing, if nothing has changed.
    pub(super) fn finish(&mut self, caret: Option<Position>) -> io::Result<()> {
        if self.is_stale {
            self.begin()?;
        }
        let had_begun = std::mem::take(&mut self.has_begun);
        let cursor = caret.map_or(Cursor::Hidden, Cursor::At);
        if !had_begun && self.cursor == cursor {
            return Ok(());
        }
        let is_visible = !had_begun && matches!(self.cursor, Cursor::At(_));
        match cursor {
            Cursor::At(Position { x, y }) if is_visible => queue!(self.inner, MoveTo(x, y))?,
            Cursor::At(Position { x, y }) => queue!(self.inner, MoveTo(x, y), Show)?,
            _ if had_begun => {}
            _ => queue!(self.inner, Hide)?,
        }
        if had_begun {
            queue!(self.inner, EndSynchronizedUpdate)?;
        }
        self.cursor = cursor;
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Write for Frames<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for Frames<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.begin()?;
        links::draw(&mut self.inner, content, &self.links)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // The terminal is never asked: the keyboard's reader would hear the answer.
        Ok(if let Cursor::At(position) = self.cursor { position } else { Position::ORIGIN })
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.wipe();
        Ok(())
    }

    /// The screen is never cleared in part.
    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        (self.measure)()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}
