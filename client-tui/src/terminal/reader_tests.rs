//! Every byte sequence that terminals send, and every way to split them.

use super::*;
use crossterm::event::{
    KeyCode::{self, *},
    KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use proptest::prelude::*;

const NONE: KeyModifiers = KeyModifiers::NONE;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const ALT: KeyModifiers = KeyModifiers::ALT;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

/// A reader, its clock, and what it has said.
struct Desk {
    reader: Reader,
    now: Instant,
    inputs: Vec<Input>,
}

impl Desk {
    fn new() -> Self {
        let now = Instant::now();
        Self { reader: Reader::new(now), now, inputs: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) -> &mut Self {
        self.reader.feed(bytes, self.now, &mut |input| self.inputs.push(input));
        self
    }

    /// Nothing comes for a while.
    fn wait(&mut self, while_: Duration) -> &mut Self {
        let end = self.now + while_;
        while let Some(at) = self.reader.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.reader.expire(at, &mut |input| self.inputs.push(input));
        }
        self.now = end;
        self
    }

    fn end(&mut self) -> Vec<Input> {
        self.wait(Duration::from_secs(10));
        assert_eq!(self.reader.deadline(), None, "something is held for ever");
        std::mem::take(&mut self.inputs)
    }
}

fn read(bytes: &[u8]) -> Vec<Input> {
    Desk::new().feed(bytes).end()
}

fn expect(table: impl IntoIterator<Item = (Vec<u8>, KeyCode, KeyModifiers)>) {
    for (bytes, code, modifiers) in table {
        assert_eq!(read(&bytes), [key(code, modifiers)], "{}", bytes.escape_ascii());
    }
}

#[test]
fn controls_and_characters_are_as_crossterm_gives_them() {
    let letters = (1..=26).filter(|byte| !matches!(byte, b'\t' | b'\r'));
    expect(letters.map(|byte| (vec![byte], Char((byte + b'a' - 1).into()), CONTROL)));
    for (bytes, code, modifiers) in [
        (&b"\x00"[..], Char(' '), CONTROL),
        (b"\t", Tab, NONE),
        (b"\r", Enter, NONE),
        (b"\n", Char('j'), CONTROL),
        (b"\x08", Char('h'), CONTROL),
        (b"\x1b", Esc, NONE),
        (b"\x1c", Char('4'), CONTROL),
        (b"\x1d", Char('5'), CONTROL),
        (b"\x1e", Char('6'), CONTROL),
        (b"\x1f", Char('7'), CONTROL),
        (b"\x7f", Backspace, NONE),
        ("é".as_bytes(), Char('é'), NONE),
        ("É".as_bytes(), Char('É'), SHIFT),
        ("字".as_bytes(), Char('字'), NONE),
        ("😀".as_bytes(), Char('😀'), NONE),
    ] {
        expect([(bytes.to_vec(), code, modifiers)]);
        if bytes != b"\x1b" {
            expect([([b"\x1b", bytes].concat(), code, modifiers | ALT)]);
        }
    }
    for c in ' '..='~' {
        let shift = if c.is_ascii_uppercase() { SHIFT } else { NONE };
        expect([(vec![c as u8], Char(c), shift), (vec![ESC, c as u8], Char(c), shift | ALT)]);
    }
}

#[test]
fn cursor_keys_of_every_terminal() {
    let arrows = [('A', Up), ('B', Down), ('C', Right), ('D', Left), ('H', Home), ('F', End)];
    for (last, code) in arrows {
        for form in [format!("\x1b[{last}"), format!("\x1bO{last}"), format!("\x1b[1{last}")] {
            // The third is what terminals leave out.
            if !form.contains('1') {
                expect([(form.clone().into(), code, NONE), (format!("\x1b{form}").into(), code, ALT)]);
            }
        }
        for (number, modifiers) in modifiers() {
            expect([(format!("\x1b[1;{number}{last}").into(), code, modifiers)]);
            expect([(format!("\x1bO{number}{last}").into(), code, modifiers)]);
            expect([(format!("\x1bO1;{number}{last}").into(), code, modifiers)]);
        }
    }
    for (last, code) in [('a', Up), ('b', Down), ('c', Right), ('d', Left)] {
        expect([(format!("\x1b[{last}").into(), code, SHIFT), (format!("\x1bO{last}").into(), code, CONTROL)]);
    }
    expect([(b"\x1b[Z".to_vec(), BackTab, SHIFT)]);
}

/// As xterm numbers them.
fn modifiers() -> [(u8, KeyModifiers); 7] {
    let (s, a, c) = (SHIFT, ALT, CONTROL);
    [(2, s), (3, a), (4, s | a), (5, c), (6, s | c), (7, a | c), (8, s | a | c)]
}

#[test]
fn editing_and_function_keys_of_every_terminal() {
    let mut keys = vec![(1, Home), (2, Insert), (3, Delete), (4, End), (5, PageUp), (6, PageDown), (7, Home), (8, End)];
    let numbers = [11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26];
    keys.extend(numbers.into_iter().zip(1..).map(|(number, n)| (number, F(n))));
    for (number, code) in keys {
        expect([(format!("\x1b[{number}~").into(), code, NONE)]);
        expect([(format!("\x1b\x1b[{number}~").into(), code, ALT)]);
        for (modifier, modifiers) in modifiers() {
            expect([(format!("\x1b[{number};{modifier}~").into(), code, modifiers)]);
        }
        for (last, modifiers) in [('$', SHIFT), ('^', CONTROL), ('@', CONTROL | SHIFT)] {
            expect([(format!("\x1b[{number}{last}").into(), code, modifiers)]);
        }
    }
    for (last, n) in ('P'..='S').zip(1..) {
        expect([(format!("\x1bO{last}").into(), F(n), NONE), (format!("\x1b[{last}").into(), F(n), NONE)]);
        for (number, modifiers) in modifiers() {
            expect([(format!("\x1b[1;{number}{last}").into(), F(n), modifiers)]);
            expect([(format!("\x1bO{number}{last}").into(), F(n), modifiers)]);
        }
    }
    expect(('A'..='E').zip(1..).map(|(last, n)| (format!("\x1b[[{last}").into(), F(n), NONE)));
    expect([(b"\x1bOM".to_vec(), Enter, NONE), (b"\x1bOj".to_vec(), Char('*'), NONE)]);
    expect(('0'..='9').zip('p'..='y').map(|(c, last)| (format!("\x1bO{last}").into(), Char(c), NONE)));
}

#[test]
fn kitty_keys_are_keys_but_their_releases_are_not() {
    expect([(b"\x1b[97;5u".to_vec(), Char('a'), CONTROL), (b"\x1b[13;3u".to_vec(), Enter, ALT)]);
    assert_eq!(read(b"\x1b[97;1:3u\x1b[1;1:3A\x1b[57441;2u"), []);
}

#[test]
fn what_is_no_key_types_nothing() {
    for bytes in [
        &b"\x1b[?62;22c"[..],
        b"\x1b[>1;4000;0c",
        b"\x1b[=1c",
        b"\x1b[;5A",
        b"\x1b[?2026;2$y",
        b"\x1b[4;1$y",
        b"\x1b[?997;9n",
        b"\x1b[?1u",
        b"\x1b[?u",
        b"\x1b[12;40R",
        b"\x1b[8;24;80t",
        b"\x1b[27;5;13~",
        b"\x1b[201~",
        b"\x1b[99999999999~",
        b"\x1b[<999;1;1M",
        b"\x1bP1$r0m\x1b\\",
        b"\x1bP>|XTerm(380)\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
        b"\x1b]52;c;YQ==\x07",
        b"\x1bOz",
        b"\xff\xc3\xe5\xad",
        b"\x1b\xff",
    ] {
        assert_eq!(read(bytes), [], "{}", bytes.escape_ascii());
        assert_eq!(read(&[bytes, b"\r"].concat()), [key(Enter, NONE)], "{}", bytes.escape_ascii());
    }
}

#[test]
fn focus_mouse_and_ground() {
    let mouse = |kind, column, row, modifiers| Input::Mouse(MouseEvent { kind, column, row, modifiers });
    let (down, up) = (MouseEventKind::Down(MouseButton::Left), MouseEventKind::Up(MouseButton::Left));
    for (bytes, input) in [
        (&b"\x1b[I"[..], Input::Focus(true)),
        (b"\x1b[O", Input::Focus(false)),
        (b"\x1b[<0;300;2M", mouse(down, 299, 1, NONE)),
        (b"\x1b[<0;300;2m", mouse(up, 299, 1, NONE)),
        (b"\x1b[<64;1;1M", mouse(MouseEventKind::ScrollUp, 0, 0, NONE)),
        (b"\x1b[<81;1;1M", mouse(MouseEventKind::ScrollDown, 0, 0, CONTROL)),
        (b"\x1b[M !\"", mouse(down, 0, 1, NONE)),
        (b"\x1b[?997;1n", Input::Ground { is_dark: true }),
        (b"\x1b[?997;2n", Input::Ground { is_dark: false }),
        (b"\x1b]11;rgb:2828/2828/2828\x1b\\", Input::Ground { is_dark: true }),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x07", Input::Ground { is_dark: false }),
    ] {
        assert_eq!(read(bytes), std::slice::from_ref(&input), "{}", bytes.escape_ascii());
        assert_eq!(read(&[b"\x1b", bytes].concat()), [key(Esc, NONE), input], "{}", bytes.escape_ascii());
    }
}

#[test]
fn escapes_are_as_many_as_were_pressed() {
    let esc = || key(Esc, NONE);
    assert_eq!(read(b"\x1b\x1b"), [esc(), esc()]);
    assert_eq!(read(b"\x1b\x1b\x1b"), [esc(), esc(), esc()]);
    assert_eq!(read(b"\x1b\x1bx"), [esc(), key(Char('x'), ALT)]);
    let mut desk = Desk::new();
    desk.feed(b"\x1b").wait(Duration::from_millis(5));
    assert_eq!(desk.inputs, [esc()], "it does not wait for longer");
    assert_eq!(desk.feed(b"x").end(), [esc(), key(Char('x'), NONE)]);
    assert_eq!(Desk::new().feed(b"\x1b").feed(b"x").end(), [key(Char('x'), ALT)]);
}

#[test]
fn what_never_ends_holds_nothing_back() {
    for begun in ["[", "]", "O", "P", "_", "[1", "[<0;1", "[M!", "]11;rgb:", "P1$r", "_G", "O1;", "\u{1b}["] {
        let mut desk = Desk::new();
        desk.feed(format!("\x1b{begun}").as_bytes()).wait(Duration::from_secs(1));
        assert_eq!(desk.feed(b"k").inputs.last(), Some(&key(Char('k'), NONE)), "{begun:?}");
        // Whoever types on does not wait for it: a control breaks it off.
        let inputs = read(format!("\x1b{begun}\x03").as_bytes());
        assert_eq!(inputs.last(), Some(&key(Char('c'), CONTROL)), "{begun:?}");
    }
    let mut desk = Desk::new();
    assert_eq!(desk.feed(b"\xe5\xad").wait(Duration::from_secs(1)).feed(b"k").end(), [key(Char('k'), NONE)]);
    let runaway = [b"\x1b[".to_vec(), vec![b'1'; 1 << 20]].concat();
    assert!(read(&runaway).len() < 1 << 20);
}

#[test]
fn replies_that_come_late_type_nothing() {
    for reply in ["\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]11;rgb:1e1e/1e1e/1e1e\x07", "\x1b[?997;1n"] {
        for at in 1..reply.len() {
            for pause in [1, 5, 20, 60, 400] {
                let (head, tail) = reply.as_bytes().split_at(at);
                let inputs = Desk::new().feed(head).wait(Duration::from_millis(pause)).feed(tail).end();
                let typed = |input: &&Input| matches!(input, Input::Key(KeyEvent { code: Char(c), .. }) if *c != ']' && *c != '[');
                assert_eq!(inputs.iter().find(typed), None, "{reply:?} at {at}: {inputs:?}");
                assert!(
                    inputs.contains(&Input::Ground { is_dark: true }),
                    "{reply:?} at {at} after {pause}: {inputs:?}"
                );
            }
        }
    }
}

#[test]
fn brackets_after_esc_are_typed() {
    for text in ["[", "]", "[x", "]x"] {
        let mut desk = Desk::new();
        desk.feed(b"\x1b").wait(Duration::from_millis(20));
        for byte in text.bytes() {
            desk.feed(&[byte]).wait(Duration::from_millis(20));
        }
        let typed = desk.end().into_iter().skip(1).collect::<Vec<_>>();
        assert_eq!(typed, text.chars().map(|c| key(Char(c), NONE)).collect::<Vec<_>>());
    }
}

#[test]
fn a_paste_is_whole() {
    let paste = |text: &str| Input::Paste(text.into());
    assert_eq!(
        read(b"\x1b[200~a\x1b[31m\r\n\x1b]11;?\x07\x1b\x1b[201~b"),
        [paste("a\u{1b}[31m\r\n\u{1b}]11;?\u{7}\u{1b}"), key(Char('b'), NONE)]
    );
    assert_eq!(read(b"\x1b[200~\x1b[201~"), [paste("")]);
    assert_eq!(read(b"\x1b[200~\xff\x1b[201~"), [paste("\u{fffd}")]);
    let big = "字".repeat(100_000);
    let bytes = format!("\x1b[200~{big}\x1b[201~");
    let mut desk = Desk::new();
    for chunk in bytes.as_bytes().chunks(4096) {
        desk.feed(chunk).wait(Duration::from_millis(300));
    }
    assert_eq!(desk.end(), [paste(&big)]);
    // One that never ends is given up after a while.
    assert_eq!(
        Desk::new().feed(b"\x1b[200~abc\x1b[20").wait(Duration::from_secs(3)).feed(b"k").end(),
        [paste("abc\u{1b}[20"), key(Char('k'), NONE)]
    );
}

/// What terminals send, and what they do not.
fn stretch() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-zA-Z0-9é字😀\r\t\x1b\\[\\]OP;]{0,6}".prop_map(String::into_bytes),
        "\x1b\\[[0-9;?<>=$]{0,6}[@-~]".prop_map(String::into_bytes),
        "\x1b[OP_\\]]?[0-9;]{0,4}[A-Za-z]".prop_map(String::into_bytes),
        "\x1b\\]11;rgb:[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{2}(\x07|\x1b\\\\)".prop_map(String::into_bytes),
        "\x1b\\[200~[a字\x1b\r\\[201~]{0,12}\x1b\\[201~".prop_map(String::into_bytes),
        Just(b"\x1b[200~".to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #[test]
    fn no_split_changes_anything(stretches in prop::collection::vec(stretch(), 0..12), cuts in prop::collection::vec(0_usize..200, 0..20)) {
        let bytes = stretches.concat();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut desk = Desk::new();
        for cut in cuts.windows(2) {
            desk.feed(&bytes[cut[0]..cut[1]]);
        }
        prop_assert_eq!(desk.end(), read(&bytes));
        let mut one_by_one = Desk::new();
        for byte in &bytes {
            one_by_one.feed(&[*byte]);
        }
        prop_assert_eq!(one_by_one.end(), read(&bytes));
    }

    #[test]
    fn whatever_comes_and_when_the_reader_goes_on(reads in prop::collection::vec((stretch(), 0_u64..700), 0..12)) {
        let mut desk = Desk::new();
        for (bytes, pause) in reads {
            desk.feed(&bytes).wait(Duration::from_millis(pause));
        }
        desk.end();
        desk.wait(Duration::from_secs(1)).feed(b"\r");
        prop_assert_eq!(desk.end(), vec![key(Enter, NONE)]);
    }
}
