//! How many colours a terminal has, and a theme with no more than these.

use super::{Ground, Palette, colour};
use ratatui::style::{Color, Modifier, Style};

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or none are wanted.
    None,
    /// Its sixteen.
    Sixteen,
    /// 256.
    Indexed,
    /// All of red, green and blue.
    Full,
}

/// Terminals that have all colours, and say so by their name only.
const FULL: [&str; 7] = ["alacritty", "contour", "foot", "ghostty", "kitty", "rio", "wezterm"];

impl Depth {
    /// From the environment: `TERM`, `COLORTERM` and `NO_COLOR`.
    pub fn of(term: Option<&str>, colorterm: Option<&str>, no_color: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        let is_colourless = ["dumb", "vt52", "vt100", "vt102", "vt220"].contains(&term) || term.ends_with("-m");
        if no_color.is_some_and(|value| !value.is_empty()) || is_colourless || term.contains("mono") {
            return Self::None;
        }
        let of_term = if term.contains("256color") { Self::Indexed } else { Self::Sixteen };
        // `COLORTERM` is of the terminal outside: screen passes it on, but not the colours.
        if term.starts_with("screen") {
            return of_term;
        }
        let says_so = matches!(colorterm, Some("truecolor" | "24bit"));
        let is_known = term.ends_with("-direct") || FULL.iter().any(|name| term.contains(name));
        if says_so || is_known { Self::Full } else { of_term }
    }
}

impl Palette {
    /// With the colours of this depth.
    pub(super) fn reduced(&self, depth: Depth, ground: Ground) -> Self {
        let nicks = self.nicks.iter().map(|nick| reduced(*nick, depth, ground).0);
        Self {
            styles: self.styles.map(|style| reduced_style(style, depth, ground)),
            nicks: nicks.filter(|_| depth != Depth::None).collect(),
        }
    }
}

fn reduced_style(style: Style, depth: Depth, ground: Ground) -> Style {
    let Some(fg) = style.fg else { return style };
    let (fg, is_faint) = reduced(fg, depth, ground);
    let style = Style { fg: Some(fg).filter(|fg| *fg != Color::Reset), ..style };
    if is_faint { style.add_modifier(Modifier::DIM) } else { style }
}

/// The nearest colour, and true if it was a grey that became a faint text.
fn reduced(colour: Color, depth: Depth, ground: Ground) -> (Color, bool) {
    match (colour, depth) {
        (_, Depth::None) => (Color::Reset, false),
        (Color::Rgb(..), Depth::Indexed) => (nearest_indexed(colour), false),
        (Color::Rgb(..) | Color::Indexed(_), Depth::Sixteen) => nearest_of_sixteen(colour, ground),
        _ => (colour, false),
    }
}

/// The nearest of the 256, without the first sixteen: those look different everywhere.
fn nearest_indexed(colour: Color) -> Color {
    let Some(rgb) = colour::rgb(colour) else { return colour };
    let far = |number: &u8| colour::distance(rgb, colour::of_number(*number));
    (16..=255).min_by(|a, b| far(a).total_cmp(&far(b))).map_or(colour, Color::Indexed)
}

/// The nearest of the sixteen that are legible on the ground. The greys among them are no choice (on some terminals one of
/// them is the background): a grey becomes the terminal's own text, faint if it was neither light nor dark.
fn nearest_of_sixteen(colour: Color, ground: Ground) -> (Color, bool) {
    let Some(rgb) = colour::rgb(colour) else { return (colour, false) };
    let (high, low) = (rgb.0.max(rgb.1).max(rgb.2), rgb.0.min(rgb.1).min(rgb.2));
    if high - low < 40 {
        return (Color::Reset, (0.05..0.5).contains(&colour::luminance(rgb)));
    }
    let candidates: &[Color] = match ground {
        Ground::Light => &[Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan],
        Ground::Dark => &[
            Color::Red,
            Color::Green,
            Color::Yellow,
            Color::Magenta,
            Color::Cyan,
            Color::LightRed,
            Color::LightGreen,
            Color::LightYellow,
            Color::LightBlue,
            Color::LightMagenta,
            Color::LightCyan,
        ],
        Ground::Unknown => &[Color::Red, Color::Green, Color::Magenta, Color::Cyan],
    };
    let far = |candidate: &Color| colour::rgb(*candidate).map_or(f32::MAX, |other| colour::hue_distance(rgb, other));
    (candidates.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(colour), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_the_depth() {
        let of = |term, colorterm| Depth::of(Some(term), colorterm, None);
        assert_eq!(of("xterm", None), Depth::Sixteen);
        assert_eq!(of("linux", None), Depth::Sixteen);
        assert_eq!(of("xterm-256color", None), Depth::Indexed);
        assert_eq!(of("xterm-256color", Some("truecolor")), Depth::Full);
        assert_eq!(of("tmux-256color", Some("24bit")), Depth::Full);
        assert_eq!(of("screen-256color", Some("truecolor")), Depth::Indexed);
        assert_eq!(of("screen.xterm-256color", Some("truecolor")), Depth::Indexed);
        assert_eq!(of("screen", Some("truecolor")), Depth::Sixteen);
        assert_eq!(of("xterm-kitty", None), Depth::Full);
        assert_eq!(of("xterm-direct", None), Depth::Full);
        assert_eq!((of("dumb", Some("truecolor")), of("xterm-mono", None)), (Depth::None, Depth::None));
        assert_eq!(Depth::of(None, None, None), Depth::Sixteen);
        assert_eq!(Depth::of(Some("xterm-kitty"), Some("truecolor"), Some("1")), Depth::None);
        assert_eq!(Depth::of(Some("xterm-kitty"), None, Some("")), Depth::Full);
    }

    #[test]
    fn colours_become_their_neighbours() {
        let of = |rgb: (u8, u8, u8), depth, ground| reduced(Color::Rgb(rgb.0, rgb.1, rgb.2), depth, ground).0;
        assert_eq!(of((0, 135, 255), Depth::Indexed, Ground::Dark), Color::Indexed(33));
        assert_eq!(of((0x26, 0x8b, 0xd2), Depth::Sixteen, Ground::Dark), Color::LightBlue);
        assert_eq!(of((0x26, 0x8b, 0xd2), Depth::Sixteen, Ground::Light), Color::Blue);
        assert_eq!(of((0xdc, 0x32, 0x2f), Depth::Sixteen, Ground::Light), Color::Red);
        assert_eq!(of((0xdc, 0x32, 0x2f), Depth::None, Ground::Light), Color::Reset);
        assert_eq!(of((0xb5, 0x89, 0x00), Depth::Sixteen, Ground::Dark), Color::Yellow);
        assert_eq!(reduced(Color::Cyan, Depth::Sixteen, Ground::Dark).0, Color::Cyan);
        assert_eq!(reduced(Color::Indexed(46), Depth::Sixteen, Ground::Light).0, Color::Green);
        let grey = Style::new().fg(Color::Rgb(0x80, 0x88, 0x90));
        assert_eq!(reduced_style(grey, Depth::Sixteen, Ground::Dark), Style::new().add_modifier(Modifier::DIM));
    }
}
