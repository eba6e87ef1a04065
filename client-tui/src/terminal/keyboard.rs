//! The thread that reads the terminal.

use super::reader::Reader;
use crossterm::event::{KeyEvent, MouseEvent};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    fs::File,
    io::{self, IsTerminal},
    os::fd::{AsFd, OwnedFd},
    time::Instant,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

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

/// Reads the terminal from now on. The last input is [`Input::Gone`].
pub(crate) fn listen() -> io::Result<UnboundedReceiver<Input>> {
    let stdin = io::stdin();
    let terminal =
        if stdin.is_terminal() { stdin.as_fd().try_clone_to_owned()? } else { File::open("/dev/tty")?.into() };
    let (to, inputs) = unbounded_channel();
    std::thread::Builder::new().name("keyboard".into()).spawn(move || {
        // However it ends, it has ended.
        let _ = read(&terminal, &to);
        let _ = to.send(Input::Gone);
    })?;
    Ok(inputs)
}

/// Reads until the terminal is gone, or nobody listens any more.
fn read(terminal: &OwnedFd, to: &UnboundedSender<Input>) -> rustix::io::Result<()> {
    let mut reader = Reader::new(Instant::now());
    let mut buffer = [0; 4096];
    while !to.is_closed() {
        let mut send = |input| drop(to.send(input));
        if !is_readable(terminal, reader.deadline())? {
            reader.expire(Instant::now(), &mut send);
            continue;
        }
        match rustix::io::read(terminal, &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => reader.feed(&buffer[..count], Instant::now(), &mut send),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits for something to read: false at the deadline. An error where nothing can come any more.
fn is_readable(terminal: &OwnedFd, deadline: Option<Instant>) -> rustix::io::Result<bool> {
    loop {
        let mut fds = [PollFd::new(terminal, PollFlags::IN)];
        let timeout = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|wait| Timespec::try_from(wait).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return Ok(false),
            // With both, what is left is read first; then reading fails.
            Ok(_) if fds[0].revents().contains(PollFlags::IN) => return Ok(true),
            Ok(_) => return Err(Errno::IO),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}
