//! Every theme of the program is whole and legible.

use super::*;
use ratatui::style::Modifier;

const GROUNDS: [Ground; 3] = [Ground::Light, Ground::Dark, Ground::Unknown];
const WHITE: colour::Rgb = (255, 255, 255);
const BLACK: colour::Rgb = (0, 0, 0);

fn builtin() -> impl Iterator<Item = Theme> {
    Theme::names().iter().map(|name| Theme::builtin(name).unwrap())
}

fn colours(theme: &Theme) -> Vec<Color> {
    let palette = theme.palette();
    palette.styles.iter().filter_map(|style| style.fg).chain(palette.nicks.iter().copied()).collect()
}

/// WCAG 2: from 1, the same, to 21, black on white.
fn contrast(a: colour::Rgb, b: colour::Rgb) -> f32 {
    let (a, b) = (colour::luminance(a), colour::luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_theme_is_whole() {
    for (name, text) in BUILTIN {
        assert!(is_name(name));
        let table: toml::Table = text.parse().unwrap();
        for part in PARTS.iter().chain(&["nicks"]) {
            assert!(table.contains_key(*part), "{name}: {part}");
        }
        assert_eq!(Theme::builtin(name).unwrap().name(), name);
    }
    assert_eq!(Theme::builtin("none"), None);
}

#[test]
fn every_part_has_its_style() {
    let lines: Vec<String> = PARTS.iter().zip(16..).map(|(part, n)| format!("{part} = {{ fg = {n} }}")).collect();
    let theme = Theme::parse("x", &lines.join("\n"), "x.toml").unwrap();
    let styles = [
        theme.dim(),
        theme.own(),
        theme.accent(),
        theme.warning(),
        theme.badge(),
        theme.quiet_badge(),
        theme.selected(),
        theme.mention(),
        theme.link(),
        theme.code(),
        theme.quote(),
        theme.divider(),
    ];
    let syntax = [Syntax::Keyword, Syntax::String, Syntax::Comment, Syntax::Number, Syntax::Function, Syntax::Type]
        .map(|syntax| theme.syntax(syntax));
    for (style, n) in styles.into_iter().chain(syntax).zip(16..) {
        assert_eq!(style, Style::new().fg(Color::Indexed(n)));
    }
    assert_eq!(theme.syntax(Syntax::Other), theme.code());
}

#[test]
fn no_theme_sets_a_background() {
    for theme in builtin() {
        for ground in GROUNDS {
            assert!(theme.on(ground).palette().styles.iter().all(|style| style.bg.is_none()), "{}", theme.name());
        }
    }
}

#[test]
fn rgb_colours_are_legible_on_their_ground() {
    for theme in builtin() {
        for (ground, behind) in
            [(Ground::Light, &[WHITE] as &[_]), (Ground::Dark, &[BLACK]), (Ground::Unknown, &[WHITE, BLACK])]
        {
            for colour in colours(&theme.on(ground)) {
                let Color::Rgb(red, green, blue) = colour else { continue };
                for behind in behind {
                    let ratio = contrast((red, green, blue), *behind);
                    assert!(ratio >= 3.0, "{} {ground:?} #{red:02x}{green:02x}{blue:02x}: {ratio:.2}", theme.name());
                }
            }
        }
    }
    let solarized = Theme::builtin("solarized").unwrap();
    for (ground, behind) in [(Ground::Light, (0xfd, 0xf6, 0xe3)), (Ground::Dark, (0x00, 0x2b, 0x36))] {
        for rgb in colours(&solarized.on(ground)).into_iter().filter_map(colour::rgb) {
            assert!(contrast(rgb, behind) >= 3.0, "{ground:?} {rgb:x?}: {:.2}", contrast(rgb, behind));
        }
    }
}

#[test]
fn the_default_theme_keeps_to_what_is_legible_everywhere() {
    use Color::{Black, Blue, DarkGray, Gray, Rgb, White, Yellow};
    let theme = Theme::default();
    for ground in GROUNDS {
        for colour in colours(&theme.on(ground)) {
            assert!(!matches!(colour, Black | Gray | DarkGray | White | Rgb(..) | Color::Indexed(_)), "{colour:?}");
            assert!(ground == Ground::Light || colour != Blue, "{ground:?}");
            assert!(ground == Ground::Dark || colour != Yellow, "{ground:?}");
            let is_bright = colour::SIXTEEN[8..].iter().any(|(_, bright)| *bright == colour);
            assert!(ground == Ground::Dark || !is_bright, "{ground:?} {colour:?}");
        }
    }
}

#[test]
fn a_theme_without_colours_has_none() {
    assert!(GROUNDS.iter().all(|ground| colours(&Theme::builtin("mono").unwrap().on(*ground)).is_empty()));
    for theme in builtin() {
        let plain = theme.plain();
        assert!(GROUNDS.iter().all(|ground| colours(&plain.on(*ground)).is_empty()), "{}", theme.name());
        assert_eq!(plain.badge().add_modifier, theme.badge().add_modifier);
        assert_eq!(plain.nick("alice"), Style::new());
    }
}

#[test]
fn nothing_is_said_by_colour_alone() {
    for theme in builtin() {
        let plain = theme.plain();
        for style in [plain.badge(), plain.selected(), plain.mention(), plain.own(), plain.link(), plain.warning()] {
            assert_ne!(style, Style::new(), "{}", theme.name());
        }
        assert_ne!(plain.badge(), plain.quiet_badge(), "{}", theme.name());
    }
}

#[test]
fn sixteen_are_enough() {
    for theme in builtin() {
        for ground in GROUNDS {
            for colour in colours(&theme.sixteen().on(ground)) {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{}: {colour:?}", theme.name());
            }
            for colour in colours(&theme.reduced(Depth::Indexed).on(ground)) {
                assert!(!matches!(colour, Color::Rgb(..)), "{}: {colour:?}", theme.name());
            }
        }
        assert_eq!(theme.reduced(Depth::Full), theme);
    }
}

#[test]
fn a_person_has_one_colour_on_every_machine() {
    assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    let theme = Theme::default().on(Ground::Dark);
    assert_eq!(theme.nick("Alice"), theme.nick("alice"));
    assert_eq!(theme.nick("ÄNNE"), theme.nick("änne"));
    let many: Vec<Color> = (0..99).filter_map(|n| theme.nick(&format!("nick{n}")).fg).collect();
    assert!(theme.palette().nicks.iter().all(|nick| many.contains(nick)));
}

#[test]
fn a_ground_changes_single_styles() {
    let text = "mention = { fg = 'yellow', bold = true }\nnicks = ['cyan']\n[light]\nmention = { underline = true }\n";
    let theme = Theme::parse("own", text, "own.toml").unwrap();
    assert_eq!(theme.on(Ground::Dark).mention(), theme.mention());
    assert_eq!(theme.on(Ground::Light).mention(), Style::new().add_modifier(Modifier::UNDERLINED));
    assert_eq!(theme.on(Ground::Light).nick("x"), Style::new().fg(Color::Cyan));
    let default = Theme::default();
    assert!(GROUNDS.iter().all(|ground| theme.on(*ground).link() == default.on(*ground).link()));
}

#[test]
fn what_is_wrong_is_told_with_line_and_key() {
    let text = "acent = { bold = true }\ndim = { fg = 'purple', bold = 1, blink = true }\nown = 'bold'\n\
                nicks = ['cyan', '#12', 256]\nlink = { bg = 'white' }\n[light]\ncode = { boold = true }\ndark = {}\n";
    let error = Theme::parse("own", text, "~/own.toml").unwrap_err();
    let given: Vec<_> = error.problems().iter().map(|problem| (problem.line.unwrap(), problem.key.as_str())).collect();
    let wanted = [
        (1, "acent"),
        (2, "dim.blink"),
        (2, "dim.bold"),
        (2, "dim.fg"),
        (3, "own"),
        (4, "nicks"),
        (4, "nicks"),
        (5, "link.bg"),
        (7, "light.code.boold"),
        (8, "light.dark"),
    ];
    assert_eq!(given, wanted, "{error}");
    let text = error.to_string();
    assert!(text.contains("~/own.toml:2: dim.fg: 'purple' is not allowed; allowed: default, black, red,"), "{text}");
    assert!(text.contains("did you mean \"accent\"?") && text.contains("did you mean \"bold\"?"), "{text}");
    assert!(text.contains("link.bg: a theme sets no background"), "{text}");
}

#[test]
fn own_themes_lie_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Theme::load("mono", &folder.path().join("none")), Ok(Theme::builtin("mono").unwrap()));
    std::fs::write(folder.path().join("mono.toml"), "own = { italic = true }\n").unwrap();
    std::fs::write(folder.path().join("warm.toml"), "own = { fg = 300 }\n").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();
    assert_eq!(found(folder.path()), ["mono", "warm"]);
    let own = Theme::load("mono", folder.path()).unwrap();
    assert_eq!(own.own(), Style::new().add_modifier(Modifier::ITALIC));
    let error = Theme::load("warm", folder.path()).unwrap_err().to_string();
    assert!(error.contains("warm.toml:1: own.fg: 300 is not allowed"), "{error}");
    let error = Theme::load("worm", folder.path()).unwrap_err().to_string();
    assert!(error.contains("there is no theme \"worm\"; did you mean \"warm\"?"), "{error}");
    assert!(Theme::load("../mono", folder.path()).is_err());
}
