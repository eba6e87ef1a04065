//! Links of cells as OSC 8 hyperlinks.

use crate::links::{Links, id_of};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Cell,
    style::Color,
};
use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// Terminals take no longer ones.
const LONGEST: usize = 2000;

type Place<'a> = (u16, u16, &'a Cell);

/// Draws cells; those of one link that stand in one row make one hyperlink.
pub(super) fn draw<'a, W: Write>(
    backend: &mut CrosstermBackend<W>,
    content: impl Iterator<Item = Place<'a>>,
    links: &Links,
) -> io::Result<()> {
    // Each call of the backend's ends with resets: it is called once, unless there are links.
    if links.is_empty() {
        return backend.draw(content);
    }
    let mut run: Vec<Place<'a>> = Vec::new();
    for place in content {
        if run.last().is_some_and(|last| mark(*last) != mark(place)) {
            draw_run(backend, &run, links)?;
            run.clear();
        }
        run.push(place);
    }
    draw_run(backend, &run, links)
}

/// What the cells of a run have in common: no link, or the link and its row.
fn mark((_, y, cell): Place<'_>) -> Option<(u32, u16)> {
    id_of(cell.underline_color).map(|id| (id, y))
}

fn draw_run<W: Write>(backend: &mut CrosstermBackend<W>, run: &[Place<'_>], links: &Links) -> io::Result<()> {
    let Some((id, _)) = run.first().and_then(|place| mark(*place)) else {
        return if run.is_empty() { Ok(()) } else { backend.draw(run.iter().copied()) };
    };
    let cells: Vec<Cell> = run.iter().map(|(_, _, cell)| unmarked(cell)).collect();
    let places = run.iter().zip(&cells).map(|((x, y, _), cell)| (*x, *y, cell));
    match links.get(&id).and_then(|url| safe(url)) {
        Some(url) => {
            write!(backend, "\x1b]8;id={id:x};{url}\x1b\\")?;
            backend.draw(places)?;
            write!(backend, "\x1b]8;;\x1b\\")
        }
        None => backend.draw(places),
    }
}

fn unmarked(cell: &Cell) -> Cell {
    let mut cell = cell.clone();
    cell.underline_color = Color::Reset;
    cell
}

/// An address as it may be written: of the web, without controls and spaces, ASCII. `None` for what is no such address.
fn safe(url: &str) -> Option<String> {
    let scheme = url.split_once("://")?.0;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !is_web || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let mut safe = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            0x21..=0x7e => safe.push(byte.into()),
            _ => write!(safe, "%{byte:02X}").ok()?,
        }
    }
    (safe.len() <= LONGEST).then_some(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::{colour, id};
    use ratatui::buffer::Buffer;

    const URL: &str = "https://example.org/a;b";

    fn drawn(before: &Buffer, after: &Buffer, links: &Links) -> String {
        let mut bytes = Vec::new();
        draw(&mut CrosstermBackend::new(&mut bytes), before.diff_iter(after), links).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn marked(lines: &[&str], places: &[(u16, u16)], url: &str) -> Buffer {
        let mut buffer = Buffer::with_lines(lines.iter().copied());
        for place in places {
            buffer[*place].underline_color = colour(url);
        }
        buffer
    }

    /// Without the colours and attributes.
    fn bare(bytes: &str) -> String {
        ["\x1b[39m", "\x1b[49m", "\x1b[59m", "\x1b[0m"]
            .iter()
            .fold(bytes.to_owned(), |text, part| text.replace(part, ""))
    }

    #[test]
    fn a_wrapped_link_has_one_name_on_both_rows() {
        let after = marked(&["x ab", "cd y"], &[(2, 0), (3, 0), (0, 1), (1, 1)], URL);
        let links = Links::from([(id(URL), URL.to_owned())]);
        let bytes = drawn(&Buffer::empty(after.area), &after, &links);
        let open = format!("\x1b]8;id={:x};{URL}\x1b\\", id(URL));
        let close = "\x1b]8;;\x1b\\";
        let expected = format!("\x1b[1;1Hx{open}\x1b[1;3Hab{close}{open}\x1b[2;1Hcd{close}\x1b[2;4Hy");
        assert_eq!(bare(&bytes), expected);
        assert!(!bytes.contains("\x1b[58"), "no underline has that colour");
    }

    #[test]
    fn links_that_touch_are_two_and_text_between_is_none() {
        let mut after = marked(&["abc"], &[(0, 0)], URL);
        let other = "http://example.net";
        after[(1, 0)].underline_color = colour(other);
        let links = Links::from([(id(URL), URL.to_owned()), (id(other), other.to_owned())]);
        let bytes = bare(&drawn(&Buffer::empty(after.area), &after, &links));
        let link = |url, text| format!("\x1b]8;id={:x};{url}\x1b\\{text}\x1b]8;;\x1b\\", id(url));
        assert_eq!(bytes, link(URL, "\x1b[1;1Ha") + &link(other, "\x1b[1;2Hb") + "\x1b[1;3Hc");
    }

    #[test]
    fn a_link_goes_when_plain_text_takes_its_place() {
        let links = Links::from([(id(URL), URL.to_owned())]);
        let (before, after) = (marked(&["ab"], &[(0, 0), (1, 0)], URL), marked(&["ab"], &[(1, 0)], URL));
        let bytes = bare(&drawn(&before, &after, &links));
        assert_eq!(bytes, "\x1b[1;1Ha", "the same letter is written again, without the link");
    }

    #[test]
    fn without_links_the_bytes_are_the_backends_own() {
        let after = Buffer::with_lines(["字 and", "more"]);
        let mut bytes = Vec::new();
        CrosstermBackend::new(&mut bytes).draw(Buffer::empty(after.area).diff_iter(&after)).unwrap();
        let plain = String::from_utf8(bytes).unwrap();
        let links = Links::from([(id(URL), URL.to_owned())]);
        assert_eq!(drawn(&Buffer::empty(after.area), &after, &Links::new()), plain);
        assert_eq!(drawn(&Buffer::empty(after.area), &after, &links), plain);
    }

    #[test]
    fn hostile_addresses_are_no_links() {
        for url in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://example.org",
            "https//example.org",
            "https://a\x1b\\\x1b]52;c;eA==\x07",
            "https://a\u{9c}b",
            "https://a b",
            "https://a\u{2028}b",
            &format!("https://{}", "x".repeat(2000)),
        ] {
            assert_eq!(safe(url), None, "{url:?}");
            let after = marked(&["a"], &[(0, 0)], url);
            let links = Links::from([(id(url), url.to_owned())]);
            assert_eq!(bare(&drawn(&Buffer::empty(after.area), &after, &links)), "\x1b[1;1Ha");
        }
        assert_eq!(safe("HTTPS://e.org/é\u{202e}?q=1;2").unwrap(), "HTTPS://e.org/%C3%A9%E2%80%AE?q=1;2");
    }
}
