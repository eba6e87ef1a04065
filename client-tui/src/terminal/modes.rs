//! The terminal's modes: taken at the start, given back however the program ends.

use super::ground;
use crossterm::{
    cursor::{MoveTo, Show},
    event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange},
    queue,
    style::Print,
    terminal::{
        Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use std::{
    io::{self, Write, stdout},
    sync::atomic::{AtomicBool, Ordering},
};

/// Alternate scroll: the wheel would walk the input history.
const NO_ALTERNATE_SCROLL: &str = "\x1b[?1007l";
const ALTERNATE_SCROLL: &str = "\x1b[?1007h";
/// Buttons and the wheel, no motion, in the form that has no largest column.
const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
const NO_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";
/// The window's title, put aside and taken up again.
const SAVE_TITLE: &str = "\x1b[22;2t";
const RESTORE_TITLE: &str = "\x1b[23;2t";

/// The modes are taken. Asked from the panic hook, too.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// True if the terminal reads operating system commands to their end. The others would show them.
pub(super) fn has_commands() -> bool {
    !matches!(std::env::var("TERM").as_deref(), Ok("linux" | "dumb"))
}

/// Takes the modes.
pub(super) fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    enter(&mut stdout(), mouse, has_commands())
}

/// Gives every mode back. Failures have nobody to be told to: the terminal may be gone.
pub(super) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = leave(&mut stdout(), has_commands());
        let _ = disable_raw_mode();
    }
}

/// Gives the modes back before a panic is told.
pub(super) fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        before(info);
    }));
}

/// Turns the mouse on or off. While it is off the wheel is the terminal's own: 1007 stays off.
pub(super) fn mouse(out: &mut impl Write, is_on: bool) -> io::Result<()> {
    out.write_all(if is_on { MOUSE } else { NO_MOUSE }.as_bytes())?;
    out.flush()
}

fn enter(out: &mut impl Write, is_mouse_on: bool, has_commands: bool) -> io::Result<()> {
    let (title, question) = if has_commands { (SAVE_TITLE, ground::QUESTION) } else { ("", "") };
    queue!(
        out,
        Print(title),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Print(NO_ALTERNATE_SCROLL),
        Print(ground::FOLLOW),
        Print(if is_mouse_on { MOUSE } else { "" }),
        Clear(ClearType::All),
        MoveTo(0, 0),
        Print(question)
    )?;
    out.flush()
}

fn leave(out: &mut impl Write, has_commands: bool) -> io::Result<()> {
    queue!(
        out,
        EndSynchronizedUpdate,
        Print(NO_MOUSE),
        Print(ground::FOLLOW_NO_MORE),
        Print(ALTERNATE_SCROLL),
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show,
        Print(if has_commands { RESTORE_TITLE } else { "" })
    )?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The last state of each private mode.
    fn modes(bytes: &[u8]) -> BTreeMap<String, bool> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let parts = text.split("\x1b[?").skip(1);
        parts
            .filter_map(|part| {
                let end = part.find(['h', 'l'])?;
                Some((part[..end].to_owned(), part[end..].starts_with('h')))
            })
            .collect()
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let mut bytes = Vec::new();
        enter(&mut bytes, true, true).unwrap();
        for mode in ["1000", "1006", "1049", "2004", "1004", "2031"] {
            assert_eq!(modes(&bytes).get(mode), Some(&true), "{mode}");
        }
        leave(&mut bytes, true).unwrap();
        let on: Vec<_> = modes(&bytes).into_iter().filter(|(_, is_on)| *is_on).map(|(mode, _)| mode).collect();
        assert_eq!(on, ["1007", "25"]);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with(SAVE_TITLE) && text.ends_with(RESTORE_TITLE), "{text:?}");
    }

    #[test]
    fn where_commands_would_be_shown_there_are_none() {
        let mut bytes = Vec::new();
        enter(&mut bytes, false, false).unwrap();
        leave(&mut bytes, false).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("\x1b]") && !text.contains("1000h"), "{text:?}");
    }
}
