//! What colours of a terminal look like.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};

/// A colour of the screen: red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// How much of a dim text's colour is left.
const DIM: u16 = 65;

/// A terminal's colours.
pub(crate) struct Palette {
    /// The text's own colour.
    pub(crate) text: Rgb,
    /// What it stands on.
    pub(crate) ground: Rgb,
    /// What the window's title stands on.
    pub(crate) bar: Rgb,
    /// The window's edge.
    pub(crate) edge: Rgb,
    /// The sixteen, from black to bright white.
    ansi: [Rgb; 16],
}

/// A dark window.
pub(crate) const DARK: Palette = Palette {
    text: rgb(0x00d7_dbe2),
    ground: rgb(0x0016_191f),
    bar: rgb(0x0022_262e),
    edge: rgb(0x0039_3f4a),
    ansi: [
        rgb(0x003a_404b),
        rgb(0x00f2_777a),
        rgb(0x0098_c379),
        rgb(0x00e8_c26e),
        rgb(0x0067_a6f2),
        rgb(0x00c9_91e8),
        rgb(0x0055_c5d2),
        rgb(0x00d7_dbe2),
        rgb(0x007a_8290),
        rgb(0x00ff_9a9c),
        rgb(0x00b5_e08f),
        rgb(0x00ff_d98a),
        rgb(0x008c_bdff),
        rgb(0x00e0_b0ff),
        rgb(0x007f_e3ee),
        rgb(0x00ff_ffff),
    ],
};

/// A light window.
pub(crate) const LIGHT: Palette = Palette {
    text: rgb(0x0024_3b44),
    ground: rgb(0x00fd_f6e3),
    bar: rgb(0x00ee_e8d5),
    edge: rgb(0x00d3_cbb3),
    ansi: [
        rgb(0x0007_3642),
        rgb(0x00c9_2b28),
        rgb(0x0068_7800),
        rgb(0x008f_6c00),
        rgb(0x0021_76b5),
        rgb(0x00c4_2f78),
        rgb(0x001f_7f78),
        rgb(0x00ee_e8d5),
        rgb(0x0065_7b83),
        rgb(0x00cb_4b16),
        rgb(0x0058_6e75),
        rgb(0x0065_7b83),
        rgb(0x0026_8bd2),
        rgb(0x006c_71c4),
        rgb(0x002a_a198),
        rgb(0x00fd_f6e3),
    ],
};

const fn rgb(number: u32) -> Rgb {
    let [_, red, green, blue] = number.to_be_bytes();
    [red, green, blue]
}

/// `#rrggbb`
pub(crate) fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

impl Palette {
    /// The colours of a cell's text, and of what it stands on.
    pub(crate) fn colours(&self, cell: &Cell) -> (Rgb, Rgb) {
        let (mut text, mut ground) = (self.colour(cell.fg, self.text), self.colour(cell.bg, self.ground));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut text, &mut ground);
        }
        if cell.modifier.contains(Modifier::DIM) {
            text = mixed(text, ground);
        }
        (text, ground)
    }

    fn colour(&self, colour: Color, own: Rgb) -> Rgb {
        let ansi = match colour {
            Color::Reset => return own,
            Color::Rgb(red, green, blue) => return [red, green, blue],
            Color::Indexed(number) if number >= 16 => return indexed(number),
            Color::Indexed(number) => number,
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        self.ansi[usize::from(ansi)]
    }
}

/// The cube of 216 colours, and the greys behind it.
fn indexed(number: u8) -> Rgb {
    if number >= 232 {
        return [8 + 10 * (number - 232); 3];
    }
    let step = |of: u8| if of == 0 { 0 } else { 55 + 40 * of };
    let number = number - 16;
    [step(number / 36), step(number / 6 % 6), step(number % 6)]
}

fn mixed(text: Rgb, ground: Rgb) -> Rgb {
    let one = |at: usize| (u16::from(text[at]) * DIM + u16::from(ground[at]) * (100 - DIM)) / 100;
    [0, 1, 2].map(|at| u8::try_from(one(at)).unwrap_or(u8::MAX))
}
