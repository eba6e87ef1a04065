//! Text in columns: what is drawn of it, how wide it is, where it wraps. One wrapper counts rows and draws them.

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What is drawn of a text: tabs as spaces, nothing that a terminal draws in no cell of its own or could take for a command.
pub fn drawable(text: &str) -> String {
    let cleaned = shared::text::clean(text);
    let mut drawn = String::with_capacity(cleaned.len());
    for c in cleaned.chars() {
        match c {
            '\t' => drawn.push_str("    "),
            '\u{2028}' | '\u{2029}' => drawn.push('\n'),
            // Marks and formats that the wire lets stay, but that no terminal shows.
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}' => {}
            _ => drawn.push(c),
        }
    }
    drawn
}

/// [`drawable`] on one line.
pub fn drawable_line(text: &str) -> String {
    drawable(&shared::text::clean_line(text)).replace('\n', " ")
}

/// The columns that a text takes. Whole graphemes are measured: a family of emoji takes two columns, not six.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(grapheme_width).sum()
}

fn grapheme_width(grapheme: &str) -> usize {
    if grapheme == "\n" { 0 } else { grapheme.width() }
}

/// As much of a text as fits into a width, with `…` where something was cut.
pub fn fit(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let end = byte_at_column(text, max.saturating_sub(1));
    let mut cut = text[..end].to_owned();
    if max > 0 {
        cut.push('…');
    }
    cut
}

/// The byte of the grapheme that a column falls on; the end if the text is shorter.
pub fn byte_at_column(text: &str, column: usize) -> usize {
    let mut columns = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = columns + grapheme_width(grapheme);
        if next > column {
            return at;
        }
        columns = next;
    }
    text.len()
}

/// A row of a wrapped text: which bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The bytes that are drawn.
    pub bytes: Range<usize>,
}

/// Wraps a text: at spaces, between Chinese characters, inside a word only where it is longer than a row. Every row is at
/// most `max` columns wide (but a single wider grapheme stands alone); there is at least one row.
pub fn wrap(text: &str, max: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        wrap_line(text, start..start + line.len(), max.max(1), &mut rows);
        start += line.len() + 1;
    }
    rows
}

fn wrap_line(text: &str, line: Range<usize>, max: usize, rows: &mut Vec<Row>) {
    let (mut start, mut columns) = (line.start, 0);
    // Where the row may end, and where the next one would begin.
    let mut opportunity: Option<(usize, usize)> = None;
    let mut previous = "";
    for (offset, grapheme) in text[line.clone()].grapheme_indices(true) {
        let at = line.start + offset;
        if at > start && may_break(previous, grapheme) {
            opportunity = Some((at, at));
        }
        if grapheme == " " && at >= start {
            opportunity = Some((at, at + 1));
        }
        let width = grapheme_width(grapheme);
        // What is left of the row behind an opportunity may still be too wide for this grapheme.
        while columns + width > max && at > start {
            let (end, next) = opportunity.take().filter(|(_, next)| *next > start).unwrap_or((at, at));
            rows.push(Row { bytes: start..end });
            start = next;
            columns = if next > at { 0 } else { self::width(&text[next..at]) };
        }
        // A space that a row ended at is drawn nowhere.
        if at >= start {
            columns += width;
        }
        previous = grapheme;
    }
    rows.push(Row { bytes: start.min(line.end)..line.end });
}

/// Between wide characters a row may end, but not before a mark that closes, nor behind one that opens.
fn may_break(before: &str, after: &str) -> bool {
    const CLOSING: &str = "、。，．：；？！）」』】》〉”’…—,.:;?!)]}%";
    const OPENING: &str = "（「『【《〈“‘([{";
    let wide = |grapheme: &str| grapheme.width() == 2;
    (wide(before) || wide(after))
        && before != " "
        && !after.starts_with(|c| CLOSING.contains(c))
        && !before.ends_with(|c| OPENING.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str, max: usize) -> Vec<&str> {
        wrap(text, max).into_iter().map(|row| &text[row.bytes]).collect()
    }

    #[test]
    fn words_wrap_at_spaces_and_chinese_between_characters() {
        assert_eq!(rows("long lines wrap here", 10), ["long lines", "wrap here"]);
        assert_eq!(rows("看到昨天的日志了吗?", 10), ["看到昨天的", "日志了吗?"]);
        assert_eq!(rows("https://example.org/x", 8), ["https://", "example.", "org/x"]);
        assert_eq!(rows("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(rows("", 5), [""]);
        assert_eq!(rows("好。", 2), ["好", "。"], "what does not fit is broken all the same");
    }

    #[test]
    fn widths_of_graphemes() {
        assert_eq!(width("👨‍👩‍👧"), 2);
        assert_eq!(width("❤️"), 2);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(fit("看到昨天", 5), "看到…");
        assert_eq!(drawable("a\tb\u{200e}\u{200b}\u{1b}[31m"), "a    b[31m");
    }

    proptest! {
        #[test]
        fn no_character_is_lost_and_no_row_is_too_wide(text in "(?s)([a-z 好é👨‍\\n]|\\PC){0,60}", max in 1_usize..20) {
            let text = drawable(&text);
            let rows = wrap(&text, max);
            let mut end = 0;
            for row in &rows {
                let between = &text[end.min(row.bytes.start)..row.bytes.start];
                prop_assert!(between.len() <= 1 && between.trim().is_empty(), "{:?} is lost", between);
                let drawn = &text[row.bytes.clone()];
                prop_assert!(width(drawn) <= max || drawn.graphemes(true).count() == 1, "{:?} in {}", drawn, max);
                end = row.bytes.end;
            }
            prop_assert!(text.len() - end <= 1);
        }
    }
}
