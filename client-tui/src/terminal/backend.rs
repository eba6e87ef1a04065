//! The backend under ratatui's buffers: a frame is one write, and an unchanged one is none.

use super::links;
use crate::links::Links;
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
    terminal::{BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate},
};
use ratatui::{backend::CrosstermBackend, buffer::Cell, layout::Position};
use std::io::{self, Write};

/// Writes frames. Nothing is written before the first changed cell is known.
#[derive(Debug)]
pub(super) struct Frames<W: Write> {
    inner: CrosstermBackend<W>,
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
    /// Frames that go there.
    pub(super) fn new(writer: W) -> Self {
        let inner = CrosstermBackend::new(writer);
        Self { inner, is_stale: false, has_begun: false, cursor: Cursor::Unknown }
    }

    /// Writes the cells that have changed; `links` are the addresses of the frame.
    pub(super) fn draw<'c>(
        &mut self,
        cells: impl Iterator<Item = (u16, u16, &'c Cell)>,
        links: &Links,
    ) -> io::Result<()> {
        let mut cells = cells.peekable();
        if cells.peek().is_none() {
            return Ok(());
        }
        self.begin()?;
        links::draw(&mut self.inner, cells, links)
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

    /// The frame's last bytes: the cursor stands where it should. Nothing, if nothing has changed: false.
    pub(super) fn finish(&mut self, caret: Option<Position>) -> io::Result<bool> {
        if self.is_stale {
            self.begin()?;
        }
        let had_begun = std::mem::take(&mut self.has_begun);
        let cursor = caret.map_or(Cursor::Hidden, Cursor::At);
        if !had_begun && self.cursor == cursor {
            return Ok(false);
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
        Write::flush(&mut self.inner)?;
        Ok(true)
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
