//! What the terminal is told beside the screen: notifications, the window's title, the clipboard.

use base64::{Engine, engine::general_purpose::STANDARD};
use shared::text::{clean, clean_line, cut};

/// The most that is put into the clipboard, as it is written: terminals take no more.
const CLIPBOARD: usize = 100_000;
/// The most of a text that a notification or a title says.
const SAID: usize = 1024;

/// A text that ends no command and begins no other one.
fn line(text: &str) -> String {
    clean_line(cut(text, SAID))
}

/// The same, where semicolons have a meaning.
fn field(text: &str) -> String {
    line(text).replace(';', ",")
}

/// OSC 9. With a semicolon behind a number it would be a progress bar.
pub(super) fn osc9(text: &str) -> String {
    format!("\x1b]9;{}\x1b\\", field(text))
}

/// OSC 777.
pub(super) fn osc777(title: &str, body: &str) -> String {
    format!("\x1b]777;notify;{};{}\x1b\\", field(title), field(body))
}

/// OSC 2.
pub(super) fn title(text: &str) -> String {
    format!("\x1b]2;{}\x1b\\", line(text))
}

/// OSC 52. Line ends stay. `None` for more than terminals take.
pub(super) fn copy(text: &str) -> Option<String> {
    let encoded = STANDARD.encode(&*clean(text));
    (encoded.len() <= CLIPBOARD).then(|| format!("\x1b]52;c;{encoded}\x1b\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_command() {
        let hostile = "a\u{7}b\u{1b}\\c\u{9c}d\n4;e";
        assert_eq!(osc9(hostile), "\x1b]9;ab\\cd 4,e\x1b\\");
        assert_eq!(osc777("t;u", hostile), "\x1b]777;notify;t,u;ab\\cd 4,e\x1b\\");
        assert_eq!(title(hostile), "\x1b]2;ab\\cd 4;e\x1b\\");
        assert!(title(&"字".repeat(1000)).len() < 1100);
    }

    #[test]
    fn the_clipboard_takes_lines_but_not_everything() {
        assert_eq!(copy("a\u{1b}\nb").as_deref(), Some("\x1b]52;c;YQpi\x1b\\"));
        assert!(copy(&"x".repeat(75_000)).is_some());
        assert_eq!(copy(&"x".repeat(75_001)), None);
    }
}
