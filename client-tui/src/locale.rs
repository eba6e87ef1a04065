//! Every sentence that people see, in their language. The texts lie in Fluent files under `assets/locales`.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::sync::Arc;
use unic_langid::LanguageIdentifier;

const ENGLISH: &str = include_str!("../../assets/locales/en.ftl");
const CHINESE: &str = include_str!("../../assets/locales/zh-CN.ftl");

/// A language that the program speaks.
#[derive(Clone)]
pub struct Locale {
    bundle: Arc<FluentBundle<FluentResource>>,
}

impl std::fmt::Debug for Locale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locale({:?})", self.bundle.locales)
    }
}

impl Locale {
    /// The languages that are spoken, by their names.
    pub const NAMES: [&str; 2] = ["en", "zh-CN"];

    /// The language of that name.
    pub fn known(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "en" => Some(Self::english()),
            "zh-cn" | "zh" => Some(Self::chinese()),
            _ => None,
        }
    }

    /// The language of a locale's name; English for those that are not spoken.
    pub fn named(name: &str) -> Self {
        if name.to_ascii_lowercase().starts_with("zh") { Self::chinese() } else { Self::english() }
    }

    /// The language of the person's environment.
    pub fn of_environment() -> Self {
        Self::named(&sys_locale::get_locale().unwrap_or_default())
    }

    /// English.
    pub fn english() -> Self {
        Self::new("en", ENGLISH)
    }

    /// Chinese in simplified characters.
    pub fn chinese() -> Self {
        Self::new("zh-CN", CHINESE)
    }

    fn new(language: &str, texts: &str) -> Self {
        let language: LanguageIdentifier = language.parse().expect("a language's name");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(texts.to_owned()).unwrap_or_else(|(resource, _)| resource);
        // A test reads both files whole; what is wrong in one shows as its key.
        let _ = bundle.add_resource(resource);
        Self { bundle: Arc::new(bundle) }
    }

    /// The text of a key; the key itself if there is none.
    pub fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of a key with its arguments.
    pub fn with(&self, key: &str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    /// True if there is a text for the key.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn keys(texts: &str) -> BTreeSet<&str> {
        texts
            .lines()
            .filter(|line| !line.starts_with([' ', '#']))
            .filter_map(|line| Some(line.split_once(" =")?.0))
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_read_whole() {
        assert_eq!(keys(ENGLISH), keys(CHINESE));
        for texts in [ENGLISH, CHINESE] {
            FluentResource::try_new(texts.to_owned()).expect("every line is read");
        }
        for locale in [Locale::english(), Locale::chinese()] {
            assert!(keys(ENGLISH).iter().all(|key| locale.has(key)));
        }
    }

    #[test]
    fn every_command_and_code_has_words() {
        for locale in [Locale::english(), Locale::chinese()] {
            for command in crate::command::COMMANDS {
                assert!(locale.has(command.help), "{}", command.help);
            }
            for code in shared::ErrorCode::ALL {
                let key = format!("error-{}", code.as_str().replace('_', "-"));
                assert!(locale.has(&key), "{key}");
            }
        }
    }

    #[test]
    fn the_persons_language_is_found() {
        assert_eq!(Locale::named("zh_CN.UTF-8").text("badge-ignoring"), "屏蔽");
        assert_eq!(Locale::named("C").text("badge-ignoring"), "IGNORE ON");
    }
}
