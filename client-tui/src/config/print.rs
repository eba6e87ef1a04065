//! A configuration as a file that says of every key what it does.

use super::{Choice, Config, Keymap, Language, Level, Notifications, Server, keymap::name_of};
use crate::{
    command::COMMANDS,
    locale::Locale,
    theme::{Ground, Theme},
};
use std::fmt::Write as _;

const HEAD: &str = "\
# What can be set in Parlor's terminal client. It lies in config.toml in the user's configuration directory
# (on Linux ~/.config/parlor). Every key may be left out.
";
const KEYS: &str = "\
# The keys of each action, in place of its own; [] for none.
# Allowed: F1 to F12; named keys (Tab, Up, Down, PageUp, PageDown, Insert, …); C- (Control), A- (Alt) or S- (Shift) before
# a character or a named key, as C-g, A-Enter or S-Up; pairs that C-x begins, as \"C-x k\". One key can't do two things, nor
# can a key be taken that types, that the input line needs, or that terminals send for another one (C-i is Tab).
";
const SERVERS: &str = "\
# Servers with names, a section [[servers]] for each one. Allowed:
# name: 1 to 64 characters without spaces; must be given, and no two may be the same.
# address: HOST, HOST:PORT or a parlor:// link; must be given.
# nickname: a nickname. Default: the saved one, else the login name.
# room: the room to open. Default: the saved one, else the lobby.
# no_tls: true, false. Speak plain text to it, even if it is not on this machine. Default: false
# default: true, false. It is the one to go to if none is named; at most one may be. Default: false
";
const EXAMPLE: &str = "#
# [[servers]]
# name = \"work\"
# address = \"chat.example.org\"
# nickname = \"alice\"
# room = \"#lobby\"
# no_tls = false
# default = true
";

/// The configuration as TOML, with a comment over every key. Read again, it is the same configuration.
pub fn print(config: &Config) -> String {
    let default = Config::default();
    let mut text = HEAD.to_owned();
    let themes: Vec<String> = Theme::names().iter().map(|name| quoted(name)).collect();
    let themes = format!("{}, or a file's name without .toml in the folder themes beside this file", themes.join(", "));
    entry(&mut text, "Colours and styles.", &themes, "theme", &quoted(&config.theme), &quoted(&default.theme));
    let languages = "The language of what the program says; auto is the environment's.";
    choice::<Language>(&mut text, languages, "language", config.language, default.language);
    let mouse = "Take the mouse; false leaves it to the terminal's own selection.";
    flag(&mut text, mouse, "mouse", config.mouse, default.mouse);
    let ground = "The terminal's background, which themes keep to; auto asks the terminal.";
    choice::<Ground>(&mut text, ground, "ground", config.ground, default.ground);
    let words = "Words that stand out in messages as the own nickname does.";
    let allowed = "a list of words, as [\"deploy\", \"on call\"]";
    entry(&mut text, words, allowed, "highlight", &list(&config.highlight), &list(&default.highlight));
    notifications(&mut text, &config.notifications, &default.notifications);
    keys(&mut text, &config.keymap);
    servers(&mut text, &config.servers);
    text
}

fn notifications(text: &mut String, set: &Notifications, default: &Notifications) {
    text.push_str("\n[notifications]");
    flag(text, "Ring the terminal's bell.", "bell", set.bell, default.bell);
    flag(text, "Show a notification by OSC 9 (iTerm2, Windows Terminal, ConEmu).", "osc9", set.osc9, default.osc9);
    flag(text, "Show a notification by OSC 777 (foot, Ghostty, urxvt).", "osc777", set.osc777, default.osc777);
    flag(text, "Show the unread count in the window's title.", "title", set.title, default.title);
    let rooms = "For which messages in rooms; mentions are those with the own nickname or a highlight word.";
    choice::<Level>(text, rooms, "rooms", set.rooms, default.rooms);
    choice::<Level>(text, "For which direct messages.", "direct", set.direct, default.direct);
}

fn keys(text: &mut String, keymap: &Keymap) {
    let locale = Locale::english();
    let _ = write!(text, "\n{KEYS}[keys]");
    for row in COMMANDS {
        let default = list(row.keys);
        let keys = list(keymap.keys_of(row.action));
        let help = locale.text(row.help);
        let _ = write!(text, "\n# {help}. Default: {default}\n{} = {keys}\n", name_of(row.action));
    }
}

fn servers(text: &mut String, servers: &[Server]) {
    let _ = write!(text, "\n{SERVERS}");
    if servers.is_empty() {
        text.push_str(EXAMPLE);
    }
    for server in servers {
        let _ = writeln!(text, "\n[[servers]]\nname = {}", quoted(&server.name));
        let _ = writeln!(text, "address = {}", quoted(&server.address.to_string()));
        if let Some(nickname) = &server.nickname {
            let _ = writeln!(text, "nickname = {}", quoted(nickname.as_str()));
        }
        if let Some(room) = &server.room {
            let _ = writeln!(text, "room = {}", quoted(room.as_str()));
        }
        let _ = writeln!(text, "no_tls = {}\ndefault = {}", server.no_tls, server.is_default);
    }
}

fn entry(text: &mut String, does: &str, allowed: &str, key: &str, value: &str, default: &str) {
    let _ = write!(text, "\n# {does}\n# Allowed: {allowed}. Default: {default}\n{key} = {value}\n");
}

fn flag(text: &mut String, does: &str, key: &str, value: bool, default: bool) {
    entry(text, does, "true, false", key, &value.to_string(), &default.to_string());
}

fn choice<T: Choice>(text: &mut String, does: &str, key: &str, value: T, default: T) {
    let names: Vec<String> = T::NAMES.iter().map(|(name, _)| quoted(name)).collect();
    entry(text, does, &names.join(", "), key, &quoted(value.name()), &quoted(default.name()));
}

fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_as_the_same() {
        let text = "theme = 'a-b'\nlanguage = 'en'\nmouse = true\nground = 'dark'\n\
                    highlight = ['a\"b', \"c'd\\\\\", '部署', \"x\\ty\"]\n\
                    [notifications]\nosc777 = true\ntitle = false\nrooms = 'none'\n\
                    [keys]\nignore = ['F9', 'C-]', 'C-x \\']\nls = []\n\
                    [[servers]]\nname = 'a\"b'\naddress = 'parlor://[::1]:5/dev'\nnickname = '张三'\ndefault = true\n\
                    [[servers]]\nname = 'c'\naddress = 'x'\nroom = 'lobby'\nno_tls = true\n";
        for text in ["", text] {
            let config = Config::parse(text, "config.toml").unwrap();
            let printed = print(&config);
            assert_eq!(Config::parse(&printed, "config.toml"), Ok(config), "{printed}");
        }
    }

    #[test]
    fn the_sample_file_is_what_is_printed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/parlor.toml");
        let printed = print(&Config::default());
        if std::env::var_os("UPDATE_SAMPLES").is_some() {
            std::fs::write(path, &printed).unwrap();
        }
        let sample = std::fs::read_to_string(path).unwrap_or_default();
        assert!(sample == printed, "assets/parlor.toml is old: run this test with UPDATE_SAMPLES=1 to write it anew");
    }

    #[test]
    fn every_value_has_its_words_over_it() {
        let printed = print(&Config::default());
        let lines: Vec<&str> = printed.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#')) {
            assert!(pair[0].starts_with("# ") && pair[0].contains("Default: "), "{pair:?}");
        }
    }
}
