//! A screen as an SVG file. Every stretch of text has its place and its length, so that the columns hold in any font.

use crate::palette::{Palette, Rgb, hex};
use client_tui::text::width;
use ratatui::{buffer::Buffer, layout::Position, style::Modifier};
use std::fmt::{self, Write};

/// Pixels of a cell.
const CELL: (u16, u16) = (9, 20);
/// Pixels from a cell's top to the line that letters stand on.
const BASE: u16 = 15;
/// Pixels between the window's edge and the first cell.
const MARGIN: u16 = 14;
/// Pixels of the window's title.
const BAR: u16 = 34;
/// What of a style is not colour.
const SHAPES: Modifier = Modifier::BOLD.union(Modifier::ITALIC);

/// How text looks: its colour, its shapes, and whether it takes two columns.
type Style = (Rgb, Modifier, bool);

/// The parts of a picture, in the order in which they come.
#[derive(Default)]
struct Parts {
    /// What cells stand on, where it is not the window's ground.
    grounds: Vec<(Rgb, String)>,
    /// Lines.
    lines: Vec<(Rgb, String)>,
    texts: Vec<(Style, String)>,
}

/// A stretch of cells that look the same.
struct Run {
    x: u16,
    y: u16,
    columns: u16,
    style: Style,
    text: String,
}

impl Run {
    /// True if a cell goes on with it. Two blanks end it: a viewer would make one of them.
    fn takes(&self, style: Style, symbol: &str) -> bool {
        let is_text = strokes(symbol, 0, 0).is_none() && symbol != "▌" && !is_alone(symbol);
        is_text && style == self.style && !(symbol == " " && self.text.ends_with(' '))
    }
}

/// The screen in a window.
pub(crate) fn picture(
    buffer: &Buffer,
    caret: Option<Position>,
    title: &str,
    palette: &Palette,
) -> Result<String, fmt::Error> {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + BAR + 2 * MARGIN - 8);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, \
         'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace\" font-size=\"15\">\n"
    );
    window(&mut svg, (width, height), title, palette)?;
    let mut parts = Parts::default();
    for y in 0..rows {
        parts.row(buffer, y, palette);
    }
    parts.write(&mut svg)?;
    if let Some(caret) = caret {
        let (x, y, colour) = (left(caret.x), top(caret.y), hex(palette.text));
        let size = format!("width=\"{}\" height=\"{}\"", CELL.0 - 1, CELL.1 - 3);
        writeln!(svg, "<rect x=\"{x}.5\" y=\"{y}.5\" {size} fill=\"none\" stroke=\"{colour}\"/>")?;
    }
    Ok(svg + "</svg>\n")
}

/// The window's frame, its title and three buttons.
fn window(svg: &mut String, (width, height): (u16, u16), title: &str, palette: &Palette) -> fmt::Result {
    let (ground, bar, edge, text) = (hex(palette.ground), hex(palette.bar), hex(palette.edge), hex(palette.text));
    let (w, h) = (width - 1, height - 1);
    writeln!(
        svg,
        "<rect x=\".5\" y=\".5\" width=\"{w}\" height=\"{h}\" rx=\"10\" fill=\"{ground}\"/>\n\
         <path d=\"M.5 {BAR}V10.5a10 10 0 0 1 10-10H{}a10 10 0 0 1 10 10V{BAR}z\" fill=\"{bar}\"/>\n\
         <rect x=\".5\" y=\".5\" width=\"{w}\" height=\"{h}\" rx=\"10\" fill=\"none\" stroke=\"{edge}\"/>",
        width - 11
    )?;
    for (x, colour) in [(20, "#ec6a5e"), (40, "#f4bf4f"), (60, "#61c554")] {
        writeln!(svg, "<circle cx=\"{x}\" cy=\"17\" r=\"6\" fill=\"{colour}\"/>")?;
    }
    writeln!(
        svg,
        "<text x=\"{}\" y=\"22\" text-anchor=\"middle\" font-size=\"13\" fill=\"{text}\" fill-opacity=\".75\" \
         font-family=\"system-ui, 'DejaVu Sans', 'Noto Sans CJK SC', sans-serif\">{}</text>",
        width / 2,
        escaped(title)
    )
}

/// The first pixel of a column.
fn left(x: u16) -> u16 {
    MARGIN + x * CELL.0
}

/// The first pixel of a row.
fn top(y: u16) -> u16 {
    BAR + MARGIN - 4 + y * CELL.1
}

impl Parts {
    fn row(&mut self, buffer: &Buffer, y: u16, palette: &Palette) {
        let mut run: Option<Run> = None;
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let symbol = cell.symbol();
            let columns = u16::try_from(width(symbol)).unwrap_or(1).max(1);
            let (colour, ground) = palette.colours(cell);
            if ground != palette.ground {
                self.ground(ground, x, y, columns * CELL.0);
            }
            if cell.modifier.contains(Modifier::UNDERLINED) {
                let path = format!("M{} {}.5h{}", left(x), top(y) + BASE + 2, columns * CELL.0);
                add(&mut self.lines, colour, &path);
            }
            let style = (colour, cell.modifier & SHAPES, columns > 1);
            let is_next = run.as_ref().is_some_and(|run| run.takes(style, symbol));
            if !is_next && let Some(run) = run.take() {
                self.run(&run);
            }
            if symbol == "▌" {
                self.ground(colour, x, y, CELL.0 / 2);
            } else if let Some(path) = strokes(symbol, x, y) {
                add(&mut self.lines, colour, &path);
            } else if is_alone(symbol) {
                self.alone(style, symbol, x, y, columns);
            } else if symbol != " " || run.is_some() {
                let run = run.get_or_insert(Run { x, y, columns: 0, style, text: String::new() });
                run.columns += columns;
                run.text.push_str(symbol);
            }
            x += columns;
        }
        if let Some(run) = run {
            self.run(&run);
        }
    }

    fn ground(&mut self, colour: Rgb, x: u16, y: u16, pixels: u16) {
        add(&mut self.grounds, colour, &format!("M{} {}h{pixels}v{}h-{pixels}z", left(x), top(y), CELL.1));
    }

    fn run(&mut self, run: &Run) {
        let text = run.text.trim_end_matches(' ');
        let columns = run.columns - u16::try_from(run.text.len() - text.len()).unwrap_or(0);
        let (x, y, length) = (left(run.x), top(run.y) + BASE, columns * CELL.0);
        let length = format!("textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"");
        add(&mut self.texts, run.style, &format!("<text x=\"{x}\" y=\"{y}\" {length}>{}</text>\n", escaped(text)));
    }

    /// What stands in the middle of its columns, as wide as its font has it.
    fn alone(&mut self, style: Style, symbol: &str, x: u16, y: u16, columns: u16) {
        let (twice, y, symbol) = (2 * left(x) + columns * CELL.0, top(y) + BASE, escaped(symbol));
        let half = if twice % 2 == 1 { ".5" } else { "" };
        let text = format!("<text x=\"{}{half}\" y=\"{y}\" text-anchor=\"middle\">{symbol}</text>\n", twice / 2);
        add(&mut self.texts, style, &text);
    }

    fn write(&self, svg: &mut String) -> fmt::Result {
        for (colour, path) in &self.grounds {
            writeln!(svg, "<path fill=\"{}\" d=\"{path}\"/>", hex(*colour))?;
        }
        for ((colour, shapes, is_wide), texts) in &self.texts {
            let bold = if shapes.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            let italic = if shapes.contains(Modifier::ITALIC) { " font-style=\"italic\"" } else { "" };
            let size = if *is_wide { " font-size=\"17\"" } else { "" };
            writeln!(svg, "<g fill=\"{}\"{bold}{italic}{size}>\n{texts}</g>", hex(*colour))?;
        }
        for (colour, path) in &self.lines {
            writeln!(svg, "<path fill=\"none\" stroke=\"{}\" d=\"{path}\"/>", hex(*colour))?;
        }
        Ok(())
    }
}

/// Adds to what looks like that.
fn add<K: PartialEq>(parts: &mut Vec<(K, String)>, look: K, what: &str) {
    match parts.iter_mut().find(|(other, _)| *other == look) {
        Some((_, text)) => text.push_str(what),
        None => parts.push((look, what.to_owned())),
    }
}

/// True for what a font for text may lack, or has in another width.
fn is_alone(symbol: &str) -> bool {
    symbol.chars().any(|c| c >= '\u{1100}' && !('\u{2010}'..='\u{203f}').contains(&c))
}

/// The strokes of a character that is drawn, for it must join its neighbours.
fn strokes(symbol: &str, x: u16, y: u16) -> Option<String> {
    // Which arms it has: to the left, to the right, up, down.
    let arms = match symbol {
        "─" => [true, true, false, false],
        "│" => [false, false, true, true],
        "┌" => [false, true, false, true],
        "┐" => [true, false, false, true],
        "└" => [false, true, true, false],
        "┘" => [true, false, true, false],
        "├" => [false, true, true, true],
        "┤" => [true, false, true, true],
        "┬" => [true, true, false, true],
        "┴" => [true, true, true, false],
        "┼" => [true; 4],
        _ => return None,
    };
    let (x, y) = (left(x), top(y));
    let (middle, centre) = (x + CELL.0 / 2, y + CELL.1 / 2);
    let [to_left, to_right, up, down] = arms;
    let mut path = String::new();
    if to_left || to_right {
        let from = if to_left { x.to_string() } else { format!("{middle}.5") };
        let to = if to_right { (x + CELL.0).to_string() } else { format!("{middle}.5") };
        path = format!("M{from} {centre}.5H{to}");
    }
    if up || down {
        let from = if up { y.to_string() } else { format!("{centre}.5") };
        let to = if down { (y + CELL.1).to_string() } else { format!("{centre}.5") };
        path = format!("{path}M{middle}.5 {from}V{to}");
    }
    Some(path)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
