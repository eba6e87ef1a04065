//! Reading the terminal.

use super::reader::Reader;
use crate::run::sleep_until;
use crossterm::event::{KeyEvent, MouseEvent};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, IsTerminal},
    os::fd::{AsFd, OwnedFd},
    time::Instant,
};
use tokio::io::{Interest, unix::AsyncFd};

/// What comes from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A key was pressed, in the form that crossterm gives it.
    Key(KeyEvent),
    /// A text was pasted, as it is.
    Paste(String),
    /// The window has the focus, or has lost it.
    Focus(bool),
    /// A button or the wheel.
    Mouse(MouseEvent),
    /// The terminal's ground: it answered, or it changed.
    Ground {
        /// Dark rather than light.
        is_dark: bool,
    },
    /// The terminal is gone.
    Gone,
}

/// The keyboard, read where everything else happens: no other thread has to wake up for a key.
#[derive(Debug)]
pub(crate) struct Keyboard {
    terminal: AsyncFd<OwnedFd>,
    reader: Reader,
    /// What was read and not taken.
    inputs: VecDeque<Input>,
    is_gone: bool,
}

impl Keyboard {
    /// The terminal's keyboard. Must be called inside a runtime.
    #[expect(deprecated, reason = "the other constructor is unsafe; this descriptor is kept while it is registered")]
    pub(crate) fn new() -> io::Result<Self> {
        let stdin = io::stdin();
        let terminal =
            if stdin.is_terminal() { stdin.as_fd().try_clone_to_owned()? } else { File::open("/dev/tty")?.into() };
        let terminal = AsyncFd::with_interest(terminal, Interest::READABLE)?;
        Ok(Self { terminal, reader: Reader::new(Instant::now()), inputs: VecDeque::new(), is_gone: false })
    }

    /// The next input; [`Input::Gone`] for ever once the terminal is gone. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Input {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return input;
            }
            if self.is_gone {
                return Input::Gone;
            }
            let deadline = self.reader.deadline();
            tokio::select! {
                ready = self.terminal.readable() => match ready {
                    Ok(mut ready) => {
                        // The descriptor blocks (the shell has it, too): it is read only where something is there.
                        match is_readable(self.terminal.get_ref()) {
                            Ok(true) => self.is_gone = !read(self.terminal.get_ref(), &mut self.reader, &mut self.inputs),
                            Ok(false) => ready.clear_ready(),
                            Err(_) => self.is_gone = true,
                        }
                    }
                    Err(_) => self.is_gone = true,
                },
                () = sleep_until(deadline) => {
                    self.reader.expire(Instant::now(), &mut |input| self.inputs.push_back(input));
                }
            }
        }
    }
}

/// Reads once. False: the terminal is gone.
fn read(terminal: &OwnedFd, reader: &mut Reader, inputs: &mut VecDeque<Input>) -> bool {
    let mut buffer = [0; 4096];
    match rustix::io::read(terminal, &mut buffer) {
        Ok(0) => false,
        Ok(count) => {
            reader.feed(&buffer[..count], Instant::now(), &mut |input| inputs.push_back(input));
            true
        }
        Err(Errno::INTR | Errno::AGAIN) => true,
        Err(_) => false,
    }
}

/// True if something is there to be read. An error where nothing can come any more.
fn is_readable(terminal: &OwnedFd) -> rustix::io::Result<bool> {
    let mut fds = [PollFd::new(terminal, PollFlags::IN)];
    match poll(&mut fds, Some(&Timespec::default())) {
        Ok(0) | Err(Errno::INTR) => Ok(false),
        // With both, what is left is read first; then reading fails.
        Ok(_) if fds[0].revents().contains(PollFlags::IN) => Ok(true),
        Ok(_) => Err(Errno::IO),
        Err(error) => Err(error),
    }
}
