//! Reads a TOML file value by value and collects what is wrong in it: all of it is told at once, with its lines.

use super::error::{ConfigError, Problem};
use std::{ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value and where it stands.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// Words of which a value is one.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// All of them.
    const NAMES: &'static [(&'static str, Self)];

    /// Its word.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, choice)| *choice == self).map_or("", |(name, _)| name)
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

/// A table of the file.
#[derive(Debug)]
pub(crate) struct Section<'d, 'a> {
    /// Its keys and values.
    pub(crate) table: &'d DeTable<'a>,
    path: String,
    at: Range<usize>,
}

impl<'a> Document<'a> {
    /// Reads the file's TOML. What is no TOML is all that is told: the rest may have been meant otherwise.
    pub(crate) fn parse(file: &'a str, text: &'a str) -> Result<(Self, Spanned<DeTable<'a>>), ConfigError> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut document = Self { file, text, problems: Vec::new() };
        for error in errors {
            let at = error.span().unwrap_or(text.len()..text.len());
            // What follows on the same line is mostly the same mistake again.
            if document.problems.iter().all(|problem| problem.line != Some(document.line(at.start))) {
                let line = text.lines().nth(document.line(at.start) - 1).unwrap_or_default();
                document.blame(&at, "", format!("{}, in {}", error.message(), short(line)));
            }
        }
        document.finish(table).map(|table| (Self { file, text, problems: Vec::new() }, table))
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError::new(self.file, self.problems)) }
    }

    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    /// Something is wrong.
    pub(crate) fn blame(&mut self, at: &Range<usize>, key: impl Into<String>, text: impl Into<String>) {
        let line = Some(self.line(at.start));
        self.problems.push(Problem { line, key: key.into(), text: text.into() });
    }

    /// A value is not what it should be.
    pub(crate) fn refuse(&mut self, value: &Value<'_>, key: String, allowed: &str) {
        let source = self.text.get(value.span()).unwrap_or_default();
        self.blame(&value.span(), key, format!("{} is not allowed; allowed: {allowed}", short(source)));
    }

    /// Every key must be one of these.
    pub(crate) fn only(&mut self, section: &Section<'_, '_>, allowed: &[&str]) {
        for key in section.table.keys().filter(|key| !allowed.contains(&key.get_ref().as_ref())) {
            let text = format!("there is no such key; {}", instead(key.get_ref(), allowed));
            self.blame(&key.span(), section.path(key.get_ref()), text);
        }
    }

    /// A table in this one.
    pub(crate) fn section<'d, 't>(&mut self, section: &Section<'d, 't>, key: &str) -> Option<Section<'d, 't>> {
        let (value, path) = (section.table.get(key)?, section.path(key));
        match value.get_ref() {
            DeValue::Table(table) => Some(Section { table, path, at: value.span() }),
            _ => {
                self.refuse(value, path, &format!("a section [{key}]"));
                None
            }
        }
    }

    /// The tables of a list of them.
    pub(crate) fn sections<'d, 't>(&mut self, section: &Section<'d, 't>, key: &str) -> Vec<Section<'d, 't>> {
        let Some(value) = section.table.get(key) else { return Vec::new() };
        let mut tables = Vec::new();
        for value in value.get_ref().as_array().map_or(std::slice::from_ref(value), |array| array) {
            match value.get_ref() {
                DeValue::Table(table) => tables.push(Section { table, path: section.path(key), at: value.span() }),
                _ => self.refuse(value, section.path(key), &format!("sections [[{key}]]")),
            }
        }
        if matches!(value.get_ref(), DeValue::Table(_)) {
            self.blame(&value.span(), section.path(key), format!("write [[{key}]]: there may be several"));
        }
        tables
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, section: &Section<'_, '_>, key: &str) -> Option<bool> {
        let value = section.table.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.refuse(value, section.path(key), "true, false");
        }
        flag
    }

    /// One of some words.
    pub(crate) fn choice<T: Choice>(&mut self, section: &Section<'_, '_>, key: &str) -> Option<T> {
        let value = section.table.get(key)?;
        let found = T::NAMES.iter().find(|(name, _)| value.get_ref().as_str() == Some(name));
        if found.is_none() {
            let names: Vec<_> = T::NAMES.iter().map(|(name, _)| format!("{name:?}")).collect();
            self.refuse(value, section.path(key), &names.join(", "));
        }
        found.map(|(_, choice)| *choice)
    }

    /// A text, if it has the right form.
    pub(crate) fn text<T>(
        &mut self,
        section: &Section<'_, '_>,
        key: &str,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = section.table.get(key)?;
        let found = value.get_ref().as_str().and_then(read);
        if found.is_none() {
            self.refuse(value, section.path(key), allowed);
        }
        found
    }

    /// The values of a list, which may be empty.
    pub(crate) fn list<'d, 't>(
        &mut self,
        section: &Section<'d, 't>,
        key: &str,
        allowed: &str,
    ) -> Option<&'d [Value<'t>]> {
        let value = section.table.get(key)?;
        let list = value.get_ref().as_array();
        if list.is_none() {
            self.refuse(value, section.path(key), allowed);
        }
        list.map(|list| &**list)
    }
}

impl<'d, 'a> Section<'d, 'a> {
    /// The file's own table.
    pub(crate) fn root(table: &'d Spanned<DeTable<'a>>) -> Self {
        Self { table: table.get_ref(), path: String::new(), at: table.span() }
    }

    /// A key of it with the sections that it stands in.
    pub(crate) fn path(&self, key: &str) -> String {
        let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// Where it begins.
    pub(crate) fn at(&self) -> &Range<usize> {
        &self.at
    }
}

/// The beginning of a piece of the file.
fn short(source: &str) -> String {
    let source = source.trim();
    let mut given: String = source.lines().next().unwrap_or_default().chars().take(40).collect();
    if given.len() < source.len() {
        given.push('…');
    }
    given
}

/// What is allowed instead of an unknown word, the most likely one first.
pub(crate) fn instead(given: &str, allowed: &[&str]) -> String {
    let list = format!("allowed: {}", allowed.join(", "));
    match nearest(given, allowed) {
        Some(near) => format!("did you mean {near:?}? {list}"),
        None => list,
    }
}

/// The word that is nearest to a mistyped one, if one is near.
pub(crate) fn nearest<'n>(given: &str, words: &[&'n str]) -> Option<&'n str> {
    let given = given.to_lowercase().replace('_', "-");
    let far = |word: &str| strsim::osa_distance(&given, &word.to_lowercase().replace('_', "-"));
    let reach = (given.chars().count() / 3).clamp(1, 3);
    words.iter().map(|word| (far(word), *word)).filter(|(far, _)| *far <= reach).min().map(|(_, word)| word)
}

/// A file's name as people write it: `~` for the home directory.
pub(crate) fn shown(path: &Path) -> String {
    let home = directories::BaseDirs::new();
    let below = home.as_ref().and_then(|home| path.strip_prefix(home.home_dir()).ok());
    let text = below.map_or_else(|| path.display().to_string(), |below| format!("~/{}", below.display()));
    crate::text::drawable_line(&text)
}

/// A file's text; none if there is no such file.
pub(crate) fn read_file(path: &Path) -> Result<Option<String>, ConfigError> {
    let wrong = |text: String| ConfigError::of_file(&shown(path), text);
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(format!("can't be read: {error}"))),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = Some(before.split(|byte| *byte == b'\n').count());
        let text = "is no UTF-8 here; save the file as UTF-8".into();
        ConfigError::new(&shown(path), vec![Problem { line, key: String::new(), text }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_has_a_neighbour() {
        assert_eq!(nearest("them", &["theme", "mouse"]), Some("theme"));
        assert_eq!(nearest("next_unread", &["next", "next-unread"]), Some("next-unread"));
        assert_eq!(nearest("frobnicate", &["theme", "mouse"]), None);
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_lines() {
        let error_of = |text: &str| Document::parse("x.toml", text).map(|_| ()).unwrap_err().to_string();
        let error = error_of("theme = mono\n\nmouse = yes\n");
        assert!(error.starts_with("x.toml:1: ") && error.contains("quoted"), "{error}");
        assert!(error.contains("\nx.toml:3: ") && error.ends_with("in mouse = yes"), "{error}");
        assert_eq!(error_of("\u{feff}a = 1\r\n\r\na = 2\r\n"), "x.toml:3: duplicate key, in a = 2");
    }

    #[test]
    fn a_file_that_is_not_there_is_none_and_a_strange_one_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_file(&folder.path().join("none.toml")), Ok(None));
        assert!(read_file(folder.path()).is_err());
        let path = folder.path().join("latin.toml");
        std::fs::write(&path, b"a = 1\nb = \"\xe9\"\n").unwrap();
        assert_eq!(read_file(&path).unwrap_err().problems()[0].line, Some(2));
    }
}
