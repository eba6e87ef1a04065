//! From a file's text to the looks on every ground.

use super::{PARTS, Palette, Palettes, colour};
use crate::config::{ConfigError, Document, Section, Value};
use ratatui::style::{Color, Modifier, Style};
use toml::de::DeValue;

const A_STYLE: &str = "a table, as { fg = \"cyan\", bold = true }";
const COLOURS: &str = "a list of colours, as [\"cyan\", \"#268bd2\", 33]";
const ATTRIBUTES: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// Reads a theme's file. What it leaves out is as in `base`.
pub(super) fn read(text: &str, file: &str, base: &Palettes) -> Result<Palettes, ConfigError> {
    let (mut document, table) = Document::parse(file, text)?;
    let root = Section::root(&table);
    let mut palettes = base.clone();
    let all = [&mut palettes.light, &mut palettes.dark, &mut palettes.unknown];
    apply(&mut document, &root, &["light", "dark"], all);
    for (name, palette) in [("light", &mut palettes.light), ("dark", &mut palettes.dark)] {
        if let Some(section) = document.section(&root, name) {
            apply(&mut document, &section, &[], [palette]);
        }
    }
    document.finish(palettes)
}

/// Puts a table's styles into these palettes.
fn apply<const N: usize>(
    document: &mut Document<'_>,
    section: &Section<'_, '_>,
    sections: &[&str],
    mut palettes: [&mut Palette; N],
) {
    let allowed: Vec<&str> = ["nicks"].iter().chain(&PARTS).chain(sections).copied().collect();
    document.only(section, &allowed);
    for (index, name) in PARTS.iter().enumerate() {
        if let Some(value) = section.table.get(*name) {
            let style = style(document, value, section.path(name));
            for palette in &mut palettes {
                palette.styles[index] = style;
            }
        }
    }
    if let Some(values) = document.list(section, "nicks", COLOURS) {
        let path = section.path("nicks");
        let nicks: Vec<Color> = values.iter().filter_map(|value| fg(document, value, &path)).collect();
        for palette in &mut palettes {
            palette.nicks.clone_from(&nicks);
        }
    }
}

/// Reads one style.
fn style(document: &mut Document<'_>, value: &Value<'_>, path: String) -> Style {
    let mut style = Style::new();
    let DeValue::Table(table) = value.get_ref() else {
        document.refuse(value, path, A_STYLE);
        return style;
    };
    for (key, value) in table {
        let path = format!("{path}.{}", key.get_ref());
        let attribute = ATTRIBUTES.iter().find(|(name, _)| name == key.get_ref());
        match (key.get_ref().as_ref(), attribute) {
            ("fg", _) => style.fg = fg(document, value, &path).filter(|colour| *colour != Color::Reset),
            ("bg", _) => {
                document.blame(
                    &key.span(),
                    path,
                    "a theme sets no background; `reverse = true` changes the two places",
                );
            }
            (_, Some((_, modifier))) => match value.get_ref().as_bool() {
                Some(true) => style = style.add_modifier(*modifier),
                Some(false) => {}
                None => document.refuse(value, path, "true, false"),
            },
            (key_name, None) => {
                let allowed = ["fg", "bold", "dim", "italic", "underline", "reverse"];
                let text = format!("there is no such key; {}", crate::config::instead(key_name, &allowed));
                document.blame(&key.span(), path, text);
            }
        }
    }
    style
}

/// Reads one colour.
fn fg(document: &mut Document<'_>, value: &Value<'_>, path: &str) -> Option<Color> {
    let found = match value.get_ref() {
        DeValue::String(text) => colour::parse(text),
        DeValue::Integer(number) => u8::from_str_radix(number.as_str(), number.radix()).ok().map(colour::indexed),
        _ => None,
    };
    if found.is_none() {
        document.refuse(value, path.to_owned(), &colour::allowed());
    }
    found
}
