//! Themes: how things look. They are TOML files; those of the program lie under `assets/themes`, a person's own ones in
//! the folder `themes` beside `config.toml`. None sets a background, and nothing is said by colour alone.

mod colour;
mod depth;
mod read;

pub use depth::Depth;

use crate::{
    config::{ConfigError, read_file, shown},
    markup::Syntax,
};
use ratatui::style::{Color, Style};
use std::{path::Path, sync::Arc};

/// The theme that holds if none is named.
pub const DEFAULT: &str = "default";

const BUILTIN: [(&str, &str); 5] = [
    (DEFAULT, include_str!("../../assets/themes/default.toml")),
    ("contrast", include_str!("../../assets/themes/contrast.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
    ("okabe-ito", include_str!("../../assets/themes/okabe-ito.toml")),
    ("solarized", include_str!("../../assets/themes/solarized.toml")),
];
const NAMES: [&str; BUILTIN.len()] = {
    let mut names = [""; BUILTIN.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = BUILTIN[index].0;
        index += 1;
    }
    names
};

/// What the terminal's text stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
    /// The terminal has not said.
    #[default]
    Unknown,
}

/// The styles that a theme has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Dim,
    Own,
    Accent,
    Warning,
    Badge,
    QuietBadge,
    Selected,
    Mention,
    Link,
    Code,
    Quote,
    Divider,
    Keyword,
    String,
    Comment,
    Number,
    Function,
    Type,
}

/// The styles as theme files name them, in the order of [`Part`].
const PARTS: [&str; 18] = [
    "dim",
    "own",
    "accent",
    "warning",
    "badge",
    "quiet_badge",
    "selected",
    "mention",
    "link",
    "code",
    "quote",
    "divider",
    "keyword",
    "string",
    "comment",
    "number",
    "function",
    "type",
];

/// The looks on one ground.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Palette {
    styles: [Style; PARTS.len()],
    nicks: Vec<Color>,
}

/// The looks on every ground.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Palettes {
    light: Palette,
    dark: Palette,
    unknown: Palette,
}

/// How things look. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: Arc<str>,
    palettes: Arc<Palettes>,
    ground: Ground,
}

impl Default for Theme {
    fn default() -> Self {
        Self::builtin(DEFAULT).expect("the default theme is there")
    }
}

impl Theme {
    /// A theme of the program.
    pub fn builtin(name: &str) -> Option<Self> {
        let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
        let palettes = read::read(text, name, &Palettes::default()).expect("a test reads all of them");
        Some(Self::new(name, palettes))
    }

    /// The themes of the program.
    pub fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// Reads a theme. The file's name stands in the errors; what the theme leaves out looks as in the default theme.
    pub fn parse(name: &str, text: &str, file: &str) -> Result<Self, ConfigError> {
        read::read(text, file, &Self::default().palettes).map(|palettes| Self::new(name, palettes))
    }

    /// The theme of a name: a person's own one in this folder, else one of the program.
    pub fn load(name: &str, folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(format!("{name}.toml"));
        if is_name(name)
            && let Some(text) = read_file(&path)?
        {
            return Self::parse(name, &text, &shown(&path));
        }
        Self::builtin(name).ok_or_else(|| {
            let own = found(folder);
            let names: Vec<&str> = NAMES.into_iter().chain(own.iter().map(String::as_str)).collect();
            let text = format!("there is no theme {name:?}; {}", crate::config::instead(name, &names));
            ConfigError::of_file(&shown(&path), text)
        })
    }

    fn new(name: &str, palettes: Palettes) -> Self {
        Self { name: name.into(), palettes: Arc::new(palettes), ground: Ground::Unknown }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The theme as it looks on this ground.
    #[must_use]
    pub fn on(&self, ground: Ground) -> Self {
        Self { ground, ..self.clone() }
    }

    /// The theme without colours; what is bold or reversed stays so.
    #[must_use]
    pub fn plain(&self) -> Self {
        self.reduced(Depth::None)
    }

    /// The theme with the sixteen colours of the terminal.
    #[must_use]
    pub fn sixteen(&self) -> Self {
        self.reduced(Depth::Sixteen)
    }

    /// The theme with the colours that a terminal has.
    #[must_use]
    pub fn reduced(&self, depth: Depth) -> Self {
        let reduce = |palette: &Palette, ground| palette.reduced(depth, ground);
        let palettes = Palettes {
            light: reduce(&self.palettes.light, Ground::Light),
            dark: reduce(&self.palettes.dark, Ground::Dark),
            unknown: reduce(&self.palettes.unknown, Ground::Unknown),
        };
        Self { palettes: Arc::new(palettes), ..self.clone() }
    }

    fn palette(&self) -> &Palette {
        match self.ground {
            Ground::Light => &self.palettes.light,
            Ground::Dark => &self.palettes.dark,
            Ground::Unknown => &self.palettes.unknown,
        }
    }

    fn part(&self, part: Part) -> Style {
        self.palette().styles[part as usize]
    }

    /// A nickname; always the same one for the same person, on every machine.
    pub fn nick(&self, name: &str) -> Style {
        let nicks = &self.palette().nicks;
        // The low bits alone are alike for like names.
        let mixed = hash(name) ^ (hash(name) >> 32);
        let index = usize::try_from(mixed % nicks.len().max(1) as u64).unwrap_or(0);
        let colour = nicks.get(index).filter(|colour| **colour != Color::Reset);
        Style { fg: colour.copied(), ..Style::new() }
    }

    /// What is there if one looks for it.
    pub fn dim(&self) -> Style {
        self.part(Part::Dim)
    }

    /// The own nickname.
    pub fn own(&self) -> Style {
        self.part(Part::Own)
    }

    /// What wants to be seen: new entries, unread counts.
    pub fn accent(&self) -> Style {
        self.part(Part::Accent)
    }

    /// What has gone wrong.
    pub fn warning(&self) -> Style {
        self.part(Part::Warning)
    }

    /// A loud badge.
    pub fn badge(&self) -> Style {
        self.part(Part::Badge)
    }

    /// A quiet badge.
    pub fn quiet_badge(&self) -> Style {
        self.part(Part::QuietBadge)
    }

    /// What is selected.
    pub fn selected(&self) -> Style {
        self.part(Part::Selected)
    }

    /// A message that names the reader.
    pub fn mention(&self) -> Style {
        self.part(Part::Mention)
    }

    /// A link.
    pub fn link(&self) -> Style {
        self.part(Part::Link)
    }

    /// Code.
    pub fn code(&self) -> Style {
        self.part(Part::Code)
    }

    /// What a reply quotes.
    pub fn quote(&self) -> Style {
        self.part(Part::Quote)
    }

    /// The line over what is unread.
    pub fn divider(&self) -> Style {
        self.part(Part::Divider)
    }

    /// A piece of code.
    pub fn syntax(&self, syntax: Syntax) -> Style {
        self.part(match syntax {
            Syntax::Keyword => Part::Keyword,
            Syntax::String => Part::String,
            Syntax::Comment => Part::Comment,
            Syntax::Number => Part::Number,
            Syntax::Function => Part::Function,
            Syntax::Type => Part::Type,
            Syntax::Other => Part::Code,
        })
    }
}

/// FNV-1a: the same on every machine and in every version.
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.to_lowercase().bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// True if a theme can have this name: it is a file's name, too.
pub fn is_name(name: &str) -> bool {
    let is_good = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    (1..=64).contains(&name.chars().count()) && name.chars().all(is_good)
}

/// The names of the themes in a folder; none if there is no such folder.
pub fn found(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.ok()?.file_name().to_str()?.strip_suffix(".toml").filter(|name| is_name(name)).map(str::to_owned)
    };
    let mut names: Vec<String> = std::fs::read_dir(folder).into_iter().flatten().filter_map(name).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests;
