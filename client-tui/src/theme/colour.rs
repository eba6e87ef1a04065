//! Colours as theme files name them, and as red, green and blue.

use ratatui::style::Color;

/// The terminal's sixteen, in their order.
pub(super) const SIXTEEN: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// What the sixteen mostly look like. Only for comparing: each terminal has its own.
const USUAL: [Rgb; 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// Red, green and blue.
pub(super) type Rgb = (u8, u8, u8);

/// What a colour may be.
pub(super) fn allowed() -> String {
    let names: Vec<&str> = SIXTEEN.iter().map(|(name, _)| *name).collect();
    format!("default, {}, \"#rrggbb\", 0 to 255", names.join(", "))
}

/// The colour of a name, or of `#rrggbb`.
pub(super) fn parse(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some(digits) = text.strip_prefix('#') {
        let is_good = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
        let [_, red, green, blue] = is_good.then(|| u32::from_str_radix(digits, 16).ok())??.to_be_bytes();
        return Some(Color::Rgb(red, green, blue));
    }
    SIXTEEN.iter().find(|(name, _)| *name == text).map(|(_, colour)| *colour)
}

/// The colour of a number: the first sixteen are the terminal's own.
pub(super) fn indexed(number: u8) -> Color {
    SIXTEEN.get(usize::from(number)).map_or(Color::Indexed(number), |(_, colour)| *colour)
}

/// What a colour looks like; none for the terminal's own text.
pub(super) fn rgb(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(red, green, blue) => Some((red, green, blue)),
        Color::Indexed(number) => Some(of_number(number)),
        _ => SIXTEEN.iter().position(|(_, known)| *known == colour).map(|index| USUAL[index]),
    }
}

/// The colours of 256: sixteen, a cube of 6 x 6 x 6, and 24 greys.
pub(super) fn of_number(number: u8) -> Rgb {
    match number {
        0..=15 => USUAL[usize::from(number)],
        16..=231 => {
            let step = |n: u8| if n == 0 { 0 } else { 55 + n * 40 };
            let cube = number - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        232.. => {
            let grey = 8 + (number - 232) * 10;
            (grey, grey, grey)
        }
    }
}

/// How far two colours are from each other to the eye: the distance in Oklab.
pub(super) fn distance(a: Rgb, b: Rgb) -> f32 {
    square(oklab(a), oklab(b))
}

/// How far two hues are from each other, whatever their strength; between nearly equal ones lightness decides.
pub(super) fn hue_distance(a: Rgb, b: Rgb) -> f32 {
    let hue = |rgb: Rgb| {
        let [light, green_red, blue_yellow] = oklab(rgb);
        let strength = green_red.hypot(blue_yellow).max(f32::EPSILON);
        [light / 2.0, green_red / strength, blue_yellow / strength]
    };
    square(hue(a), hue(b))
}

fn square(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

fn oklab((red, green, blue): Rgb) -> [f32; 3] {
    let [r, g, b] = [red, green, blue].map(linear);
    let long = (0.412_22 * r + 0.536_33 * g + 0.051_45 * b).cbrt();
    let medium = (0.211_90 * r + 0.680_70 * g + 0.107_40 * b).cbrt();
    let short = (0.088_30 * r + 0.281_72 * g + 0.629_98 * b).cbrt();
    [
        0.210_45 * long + 0.793_62 * medium - 0.004_07 * short,
        1.978_00 * long - 2.428_59 * medium + 0.450_59 * short,
        0.025_90 * long + 0.782_77 * medium - 0.808_68 * short,
    ]
}

fn linear(part: u8) -> f32 {
    let part = f32::from(part) / 255.0;
    if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
}

/// How much light a colour gives, from 0 to 1 (WCAG 2).
pub(super) fn luminance((red, green, blue): Rgb) -> f32 {
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_by_name_and_number() {
        assert_eq!(parse("bright-blue"), Some(Color::LightBlue));
        assert_eq!(parse("#268Bd2"), Some(Color::Rgb(0x26, 0x8b, 0xd2)));
        assert_eq!(parse("default"), Some(Color::Reset));
        for wrong in ["", "#", "#12345", "#1234567", "#+12345", "Cyan", "purple"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!((indexed(6), indexed(33)), (Color::Cyan, Color::Indexed(33)));
    }

    #[test]
    fn the_256_colours_are_where_xterm_has_them() {
        assert_eq!(of_number(16), (0, 0, 0));
        assert_eq!(of_number(33), (0, 135, 255));
        assert_eq!(of_number(231), (255, 255, 255));
        assert_eq!((of_number(232), of_number(255)), ((8, 8, 8), (238, 238, 238)));
        assert_eq!(rgb(Color::Indexed(196)), Some((255, 0, 0)));
        assert_eq!(rgb(Color::Reset), None);
    }
}
