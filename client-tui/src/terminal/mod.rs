//! The terminal: its modes, its keys, its screen, and what else it can be told.

mod backend;
mod decode;
mod ground;
mod keyboard;
mod links;
mod modes;
mod pieces;
mod reader;
mod say;

pub(crate) use keyboard::{Input, Keyboard};

use crate::view::Frame;
use backend::Frames;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect, Size},
};
use std::{
    io::{self, BufWriter, Stdout, Write, stdout},
    ops::Range,
};

/// The screen, while the program has it. Gives everything back when it is dropped.
#[derive(Debug)]
pub(crate) struct Screen<W: Write = BufWriter<Stdout>> {
    out: Frames<W>,
    /// What the terminal shows.
    shown: Buffer,
    /// The frame that is being drawn.
    next: Buffer,
    measure: fn() -> io::Result<Size>,
    is_mouse_on: bool,
    has_commands: bool,
    /// The title as it was set last.
    title: String,
}

impl Screen {
    /// Takes the terminal.
    pub(crate) fn take() -> io::Result<Self> {
        modes::install_panic_hook();
        modes::take(false)?;
        Self::over(BufWriter::with_capacity(1 << 16, stdout()), measure, modes::has_commands())
    }
}

fn measure() -> io::Result<Size> {
    let size = rustix::termios::tcgetwinsize(stdout())?;
    Ok(Size { width: size.ws_col, height: size.ws_row })
}

impl<W: Write> Screen<W> {
    fn over(writer: W, measure: fn() -> io::Result<Size>, has_commands: bool) -> io::Result<Self> {
        let area = Rect::from((Position::ORIGIN, measure()?));
        Ok(Self {
            out: Frames::new(writer),
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            measure,
            is_mouse_on: false,
            has_commands,
            title: String::new(),
        })
    }

    /// Draws a frame: only the cells that have changed are written, as one update, and the cursor stands where it should.
    /// Of an unchanged frame nothing is written: false.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Buffer) -> Frame) -> io::Result<bool> {
        self.next.reset();
        let Frame { caret, links } = draw(&mut self.next);
        self.out.draw(self.shown.diff_iter(&self.next), &links)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.out.finish(caret)
    }

    /// Draws some rows of the screen, and leaves the others as they are: they are not even looked at.
    pub(crate) fn patch(&mut self, rows: Range<u16>, draw: impl FnOnce(&mut Buffer) -> Frame) -> io::Result<bool> {
        let area = self.shown.area;
        let strip = Rect { y: rows.start, height: rows.end - rows.start, ..area }.intersection(area);
        let cell = |row: u16| usize::from(row) * usize::from(area.width);
        let cells = cell(strip.top())..cell(strip.bottom());
        let shown = Buffer { area: strip, content: self.shown.content[cells.clone()].to_vec() };
        let mut next = Buffer::empty(strip);
        let Frame { caret, links } = draw(&mut next);
        self.out.draw(shown.diff_iter(&next), &links)?;
        self.shown.content.splice(cells, next.content);
        self.out.finish(caret)
    }

    /// The window may have another size: the next frame is drawn for it, whole, for the window may have been smaller in between
    /// and have lost what was on it. Its size.
    pub(crate) fn resize(&mut self) -> io::Result<(u16, u16)> {
        let size = (self.measure)()?;
        self.next.resize(Rect::from((Position::ORIGIN, size)));
        self.redraw();
        Ok((size.width, size.height))
    }

    /// Forgets what is on the screen: the next frame clears it and is written whole.
    pub(crate) fn redraw(&mut self) {
        self.out.wipe();
        self.shown = Buffer::empty(self.next.area);
    }

    /// The window's size, as far as is known.
    pub(crate) fn size(&self) -> (u16, u16) {
        (self.next.area.width, self.next.area.height)
    }

    /// Gives the terminal back, stops until the shell goes on, takes it again.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        modes::give_back();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        modes::take(self.is_mouse_on)?;
        self.redraw();
        let title = std::mem::take(&mut self.title);
        self.set_title(title)
    }

    fn set_title(&mut self, command: String) -> io::Result<()> {
        if self.title == command {
            return Ok(());
        }
        self.command(&command)?;
        self.title = command;
        Ok(())
    }

    fn command(&mut self, command: &str) -> io::Result<()> {
        if self.has_commands { self.write(command) } else { Ok(()) }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let out = &mut self.out;
        out.write_all(text.as_bytes())?;
        Write::flush(out)
    }

    /// Turns the mouse on or off: buttons and the wheel.
    pub(crate) fn mouse(&mut self, is_on: bool) -> io::Result<()> {
        if std::mem::replace(&mut self.is_mouse_on, is_on) == is_on {
            return Ok(());
        }
        modes::mouse(&mut self.out, is_on)
    }

    /// Rings the bell.
    pub(crate) fn ring(&mut self) -> io::Result<()> {
        self.write("\x07")
    }

    /// A notification, by OSC 9.
    pub(crate) fn osc9(&mut self, text: &str) -> io::Result<()> {
        self.command(&say::osc9(text))
    }

    /// A notification, by OSC 777.
    pub(crate) fn osc777(&mut self, title: &str, body: &str) -> io::Result<()> {
        self.command(&say::osc777(title, body))
    }

    /// Sets the window's title, until the terminal is given back for good.
    pub(crate) fn title(&mut self, text: &str) -> io::Result<()> {
        self.set_title(say::title(text))
    }

    /// Puts a text into the clipboard of whoever sits at the terminal. False for more than terminals take.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<bool> {
        match say::copy(text) {
            Some(command) => self.command(&command).map(|()| true),
            None => Ok(false),
        }
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        modes::give_back();
    }
}

#[cfg(test)]
mod tests;
