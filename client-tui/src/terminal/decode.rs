//! What a piece means: termina's events as crossterm's, which the app knows.

use super::{
    ground,
    keyboard::Input,
    pieces::{ESC, Kind},
};
use crossterm::event as ours;
use std::borrow::Cow;
use termina::{
    Event,
    escape::csi::{Csi, Mode, ThemeMode},
    event as theirs,
};

/// Alt with a character that else begins a sequence.
pub(super) fn alt(c: char) -> Input {
    let shift = if c.is_uppercase() { ours::KeyModifiers::SHIFT } else { ours::KeyModifiers::NONE };
    Input::Key(ours::KeyEvent::new(ours::KeyCode::Char(c), ours::KeyModifiers::ALT | shift))
}

/// Esc alone.
pub(super) fn esc() -> Input {
    Input::Key(ours::KeyCode::Esc.into())
}

/// What a whole piece says, in up to two inputs.
pub(super) fn decode(kind: Kind, bytes: &[u8]) -> [Option<Input>; 2] {
    match (kind, bytes) {
        (Kind::Junk, _) => [None, None],
        (Kind::Osc, _) => [ground::answer(bytes).map(|is_dark| Input::Ground { is_dark }), None],
        (Kind::EscSequence, _) => match parse(&bytes[1..]) {
            Some(Input::Key(mut key)) => {
                key.modifiers |= ours::KeyModifiers::ALT;
                [Some(Input::Key(key)), None]
            }
            other => [Some(esc()), other],
        },
        (Kind::Key, &[ESC, c @ (b'[' | b']' | b'O' | b'P' | b'_')]) => [Some(alt(c.into())), None],
        (Kind::Key | Kind::Sequence, _) => [parse(bytes), None],
    }
}

fn parse(bytes: &[u8]) -> Option<Input> {
    let bytes = modern(bytes);
    // It would give up in the middle of others, and take the rest for typed text.
    if let [ESC, b'[', third, _, ..] = &*bytes
        && !matches!(third, b'0'..=b'9' | b'?' | b'<' | b'[' | b'M')
    {
        return None;
    }
    let mut parser = termina::Parser::default();
    parser.parse(&bytes, false);
    input(parser.pop()?)
}

/// The dialects of rxvt, of old xterms and of the keypad, in the words that the parser knows.
fn modern(bytes: &[u8]) -> Cow<'_, [u8]> {
    let with = |parameters: &[u8], last: u8| Cow::Owned([b"\x1b[", parameters, &[last]].concat());
    match bytes {
        &[ESC, b'[', key @ b'a'..=b'd'] => with(b"1;2", key.to_ascii_uppercase()),
        &[ESC, b'O', key @ b'a'..=b'd'] => with(b"1;5", key.to_ascii_uppercase()),
        &[ESC, b'O', b'M'] => Cow::Borrowed(b"\r"),
        &[ESC, b'O', b'X'] => Cow::Borrowed(b"="),
        &[ESC, b'O', key @ b'j'..=b'y'] => Cow::Owned(vec![key - 0x40]),
        // F3, which else reads as the answer to a question that is never asked.
        [ESC, b'[', b'R'] => with(b"13", b'~'),
        [ESC, b'[' | b'O', b'1', b';', modifiers @ .., b'R'] | [ESC, b'O', modifiers @ .., b'R']
            if !modifiers.is_empty() =>
        {
            with(&[b"13;", modifiers].concat(), b'~')
        }
        [ESC, b'O', b'1', b';', modifiers @ .., key] | [ESC, b'O', modifiers @ .., key] if !modifiers.is_empty() => {
            with(&[b"1;", modifiers].concat(), *key)
        }
        [ESC, b'[', number @ .., b'^'] => with(&[number, b";5"].concat(), b'~'),
        [ESC, b'[', number @ .., b'$'] => with(&[number, b";2"].concat(), b'~'),
        [ESC, b'[', number @ .., b'@'] => with(&[number, b";6"].concat(), b'~'),
        _ => Cow::Borrowed(bytes),
    }
}

fn input(event: Event) -> Option<Input> {
    Some(match event {
        Event::Key(event) => Input::Key(key(event)?),
        Event::Mouse(event) => Input::Mouse(mouse(event)),
        Event::FocusIn => Input::Focus(true),
        Event::FocusOut => Input::Focus(false),
        Event::Csi(Csi::Mode(Mode::ReportTheme(mode))) => Input::Ground { is_dark: mode == ThemeMode::Dark },
        _ => return None,
    })
}

fn key(event: theirs::KeyEvent) -> Option<ours::KeyEvent> {
    let kind = match event.kind {
        theirs::KeyEventKind::Press => ours::KeyEventKind::Press,
        theirs::KeyEventKind::Repeat => ours::KeyEventKind::Repeat,
        theirs::KeyEventKind::Release => return None,
    };
    let mut state = ours::KeyEventState::NONE;
    for (theirs, ours) in [
        (theirs::KeyEventState::KEYPAD, ours::KeyEventState::KEYPAD),
        (theirs::KeyEventState::CAPS_LOCK, ours::KeyEventState::CAPS_LOCK),
        (theirs::KeyEventState::NUM_LOCK, ours::KeyEventState::NUM_LOCK),
    ] {
        state.set(ours, event.state.contains(theirs));
    }
    Some(ours::KeyEvent::new_with_kind_and_state(code(event.code)?, modifiers(event.modifiers), kind, state))
}

fn code(code: theirs::KeyCode) -> Option<ours::KeyCode> {
    use ours::KeyCode as O;
    use theirs::KeyCode as T;
    Some(match code {
        T::Char(c) => O::Char(c),
        T::Enter => O::Enter,
        T::Backspace => O::Backspace,
        T::Tab => O::Tab,
        T::Escape => O::Esc,
        T::Left => O::Left,
        T::Right => O::Right,
        T::Up => O::Up,
        T::Down => O::Down,
        T::Home => O::Home,
        T::End => O::End,
        T::BackTab => O::BackTab,
        T::PageUp => O::PageUp,
        T::PageDown => O::PageDown,
        T::Insert => O::Insert,
        T::Delete => O::Delete,
        T::KeypadBegin => O::KeypadBegin,
        T::CapsLock => O::CapsLock,
        T::ScrollLock => O::ScrollLock,
        T::NumLock => O::NumLock,
        T::PrintScreen => O::PrintScreen,
        T::Pause => O::Pause,
        T::Menu => O::Menu,
        T::Null => O::Null,
        T::Function(n) => O::F(n),
        // Nothing is bound to them, and they come only where they are asked for.
        T::Modifier(_) | T::Media(_) => return None,
    })
}

fn modifiers(theirs: theirs::Modifiers) -> ours::KeyModifiers {
    use ours::KeyModifiers as O;
    use theirs::Modifiers as T;
    let mut ours = O::NONE;
    for (theirs_one, ours_one) in [
        (T::SHIFT, O::SHIFT),
        (T::ALT, O::ALT),
        (T::CONTROL, O::CONTROL),
        (T::SUPER, O::SUPER),
        (T::HYPER, O::HYPER),
        (T::META, O::META),
    ] {
        ours.set(ours_one, theirs.contains(theirs_one));
    }
    ours
}

fn mouse(event: theirs::MouseEvent) -> ours::MouseEvent {
    use ours::MouseEventKind as O;
    use theirs::MouseEventKind as T;
    let kind = match event.kind {
        T::Down(which) => O::Down(button(which)),
        T::Up(which) => O::Up(button(which)),
        T::Drag(which) => O::Drag(button(which)),
        T::Moved => O::Moved,
        T::ScrollDown => O::ScrollDown,
        T::ScrollUp => O::ScrollUp,
        T::ScrollLeft => O::ScrollLeft,
        T::ScrollRight => O::ScrollRight,
    };
    ours::MouseEvent { kind, column: event.column, row: event.row, modifiers: modifiers(event.modifiers) }
}

fn button(button: theirs::MouseButton) -> ours::MouseButton {
    match button {
        theirs::MouseButton::Left => ours::MouseButton::Left,
        theirs::MouseButton::Right => ours::MouseButton::Right,
        theirs::MouseButton::Middle => ours::MouseButton::Middle,
    }
}
