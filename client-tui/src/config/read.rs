//! From a file's text to a configuration.

use super::{
    Config, ConfigError, Document, Keymap, Language, Level, Notifications, Section, Server, bindings, instead,
};
use crate::{app::form::room_of, theme::Ground};
use shared::{Address, Nickname, RoomName};

const KEYS: [&str; 8] = ["theme", "language", "mouse", "ground", "highlight", "notifications", "keys", "servers"];
const NOTIFICATIONS: [&str; 6] = ["bell", "osc9", "osc777", "title", "rooms", "direct"];
const SERVER: [&str; 6] = ["name", "address", "nickname", "room", "no_tls", "default"];

const A_THEME: &str = "the name of a theme, as \"default\"";
const WORDS: &str = "a list of words, as [\"deploy\", \"on call\"]";
const A_NAME: &str = "a name of 1 to 64 characters without spaces, as \"work\"";
const AN_ADDRESS: &str = "a server's address, as \"chat.example.org\", \"127.0.0.1:12231\", \"[::1]:12231\" or \
                          \"parlor://chat.example.org/room\"";
const A_NICKNAME: &str = "a nickname, as \"alice\"";
const A_ROOM: &str = "a room's name, as \"#lobby\"";

/// Reads a configuration. The theme must be one of those that are known, if they are.
pub(super) fn read(text: &str, file: &str, themes: Option<&[&str]>) -> Result<Config, ConfigError> {
    let (mut document, table) = Document::parse(file, text)?;
    let root = Section::root(&table);
    document.only(&root, &KEYS);
    let default = Config::default();
    let config = Config {
        theme: theme(&mut document, &root, themes).unwrap_or(default.theme),
        language: document.choice::<Language>(&root, "language").unwrap_or(default.language),
        mouse: document.flag(&root, "mouse").unwrap_or(default.mouse),
        ground: document.choice::<Ground>(&root, "ground").unwrap_or(default.ground),
        highlight: highlight(&mut document, &root),
        notifications: notifications(&mut document, &root),
        keymap: match document.section(&root, "keys") {
            Some(keys) => bindings::read(&mut document, &keys),
            None => Keymap::default(),
        },
        servers: servers(&mut document, &root),
    };
    document.finish(config)
}

fn theme(document: &mut Document<'_>, root: &Section<'_, '_>, themes: Option<&[&str]>) -> Option<String> {
    let name = document.text(root, "theme", A_THEME, |name| crate::theme::is_name(name).then(|| name.to_owned()))?;
    if let Some(themes) = themes.filter(|themes| !themes.contains(&name.as_str())) {
        let value = root.table.get("theme")?;
        document.blame(
            &value.span(),
            root.path("theme"),
            format!("there is no theme {name:?}; {}", instead(&name, themes)),
        );
    }
    Some(name)
}

fn highlight(document: &mut Document<'_>, root: &Section<'_, '_>) -> Vec<String> {
    let mut words = Vec::new();
    for value in document.list(root, "highlight", WORDS).unwrap_or_default() {
        match value.get_ref().as_str().map(str::trim) {
            Some(word) if !word.is_empty() => words.push(word.to_owned()),
            _ => document.refuse(value, root.path("highlight"), "words that are not empty"),
        }
    }
    words
}

fn notifications(document: &mut Document<'_>, root: &Section<'_, '_>) -> Notifications {
    let default = Notifications::default();
    let Some(section) = document.section(root, "notifications") else { return default };
    document.only(&section, &NOTIFICATIONS);
    let mut flag = |key, default| document.flag(&section, key).unwrap_or(default);
    Notifications {
        bell: flag("bell", default.bell),
        osc9: flag("osc9", default.osc9),
        osc777: flag("osc777", default.osc777),
        title: flag("title", default.title),
        rooms: document.choice::<Level>(&section, "rooms").unwrap_or(default.rooms),
        direct: document.choice::<Level>(&section, "direct").unwrap_or(default.direct),
    }
}

fn servers(document: &mut Document<'_>, root: &Section<'_, '_>) -> Vec<Server> {
    let mut servers: Vec<Server> = Vec::new();
    for section in document.sections(root, "servers") {
        let Some(server) = server(document, &section) else { continue };
        let at = |key: &str| section.table.get(key).map_or_else(|| section.at().clone(), toml::Spanned::span);
        if servers.iter().any(|other| other.name == server.name) {
            let text = format!("{:?} is another server's name already; give each one its own", server.name);
            document.blame(&at("name"), section.path("name"), text);
        }
        if let Some(other) = servers.iter().find(|other| other.is_default && server.is_default) {
            let text = format!("{:?} is the default already; only one may be", other.name);
            document.blame(&at("default"), section.path("default"), text);
        }
        servers.push(server);
    }
    servers
}

fn server(document: &mut Document<'_>, section: &Section<'_, '_>) -> Option<Server> {
    document.only(section, &SERVER);
    for (key, what) in [("name", A_NAME), ("address", AN_ADDRESS)] {
        if section.table.get(key).is_none() {
            document.blame(section.at(), section.path(key), format!("is missing; write {what}"));
        }
    }
    let name = document.text(section, "name", A_NAME, server_name);
    let address = document.text(section, "address", AN_ADDRESS, |text| Address::parse(text).ok());
    let nickname = document.text(section, "nickname", A_NICKNAME, |text| Nickname::parse(text).ok());
    let room: Option<RoomName> = document.text(section, "room", A_ROOM, room_of);
    let no_tls = document.flag(section, "no_tls").unwrap_or(false);
    let is_default = document.flag(section, "default").unwrap_or(false);
    let mut address = address?;
    let linked = address.room.take();
    Some(Server { name: name?, address, nickname, room: room.or(linked), no_tls, is_default })
}

fn server_name(text: &str) -> Option<String> {
    let is_good =
        (1..=64).contains(&text.chars().count()) && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    is_good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let error = Config::parse(text, "config.toml").expect_err("refused");
        error.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::parse("", "config.toml"), Ok(Config::default()));
        assert_eq!(Config::parse("\u{feff}[keys]\r\n", "config.toml"), Ok(Config::default()));
    }

    #[test]
    fn everything_can_be_set() {
        let config = Config::parse(
            "theme = 'mono'\nlanguage = 'zh-CN'\nmouse = true\nground = 'light'\nhighlight = ['deploy']\n\
             [notifications]\nbell = false\nosc9 = true\ndirect = 'none'\n\
             [[servers]]\nname = 'work'\naddress = 'parlor://chat.example.org/dev'\nnickname = 'alice'\ndefault = true\n\
             [[servers]]\nname = 'home'\naddress = '::1'\nroom = 'lobby'\nno_tls = true\n",
            "config.toml",
        )
        .unwrap();
        assert_eq!((config.theme.as_str(), config.language, config.mouse), ("mono", Language::Chinese, true));
        assert_eq!((config.ground, config.highlight.as_slice()), (Ground::Light, ["deploy".to_owned()].as_slice()));
        let wanted = Notifications { bell: false, osc9: true, direct: Level::None, ..Notifications::default() };
        assert_eq!(config.notifications, wanted);
        let work = config.default_server().unwrap();
        assert_eq!((work.name.as_str(), work.room.as_ref().map(RoomName::as_str)), ("work", Some("#dev")));
        assert_eq!((config.server("home").unwrap().no_tls, config.server("none")), (true, None));
    }

    #[test]
    fn all_that_is_wrong_is_told_with_line_and_key() {
        let errors = errors(
            "them = 'mono'\nmouse = 'yes'\nlanguage = 'de'\nhighlight = ['', 3]\nground = 1\n\n[notifications]\nbell = 1\n\
             room = 'all'\nrooms = 'some'\n[keys]\nignor = ['C-g']\nls = 'F2'\nhelp = [1]\n",
        );
        assert_eq!(
            errors,
            [
                "config.toml:1: them: there is no such key; did you mean \"theme\"? allowed: theme, language, mouse, \
                 ground, highlight, notifications, keys, servers",
                "config.toml:2: mouse: 'yes' is not allowed; allowed: true, false",
                "config.toml:3: language: 'de' is not allowed; allowed: \"auto\", \"en\", \"zh-CN\"",
                "config.toml:4: highlight: '' is not allowed; allowed: words that are not empty",
                "config.toml:4: highlight: 3 is not allowed; allowed: words that are not empty",
                "config.toml:5: ground: 1 is not allowed; allowed: \"auto\", \"light\", \"dark\"",
                "config.toml:8: notifications.bell: 1 is not allowed; allowed: true, false",
                "config.toml:9: notifications.room: there is no such key; did you mean \"rooms\"? allowed: bell, osc9, \
                 osc777, title, rooms, direct",
                "config.toml:10: notifications.rooms: 'some' is not allowed; allowed: \"all\", \"mentions\", \"none\"",
            ]
            .into_iter()
            .chain(errors[9..].iter().map(String::as_str))
            .collect::<Vec<_>>()
        );
        assert!(errors[9].starts_with("config.toml:12: keys.ignor: there is no such action; did you mean \"ignore\"?"));
        assert!(errors[10].starts_with("config.toml:13: keys.ls: 'F2' is not allowed; allowed: a list of keys"));
        assert!(errors[11].starts_with("config.toml:14: keys.help: 1 is not allowed; allowed: a list of keys"));
        assert_eq!(errors.len(), 12);
    }

    #[test]
    fn servers_are_checked() {
        let errors = errors(
            "[[servers]]\nname = 'a'\naddress = 'b c'\n\n[[servers]]\naddress = 'x'\nport = 3\n\n\
             [[servers]]\nname = 'd'\naddress = 'x'\nnickname = 'a b'\nroom = '# '\ndefault = true\n\n\
             [[servers]]\nname = 'd'\naddress = 'y'\ndefault = true\n",
        );
        let starts = [
            "config.toml:3: servers.address: 'b c' is not allowed; allowed: a server's address",
            "config.toml:5: servers.name: is missing; write a name",
            "config.toml:7: servers.port: there is no such key; allowed: name, address",
            "config.toml:12: servers.nickname: 'a b' is not allowed",
            "config.toml:13: servers.room: '# ' is not allowed",
            "config.toml:17: servers.name: \"d\" is another server's name already",
            "config.toml:19: servers.default: \"d\" is the default already",
        ];
        for (error, start) in errors.iter().zip(starts) {
            assert!(error.starts_with(start), "{error}");
        }
        assert_eq!(errors.len(), starts.len(), "{errors:#?}");
    }

    #[test]
    fn a_section_of_the_wrong_shape_is_told() {
        assert!(self::errors("keys = 3\n")[0].contains("keys: 3 is not allowed; allowed: a section [keys]"));
        assert!(self::errors("servers = 3\n")[0].contains("allowed: sections [[servers]]"));
        let errors = errors("[servers]\nname = 'a'\naddress = 'x'\n");
        assert_eq!(errors, ["config.toml:1: servers: write [[servers]]: there may be several"]);
    }

    #[test]
    fn a_file_is_read_with_the_themes_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(Config::load(&path), Ok(Config::default()));
        std::fs::write(&path, "\ntheme = \"min\"\n").unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(
            error.contains("config.toml:2: theme: there is no theme \"min\"; ") && error.contains("mono"),
            "{error}"
        );
        std::fs::create_dir(Config::themes(&path)).unwrap();
        std::fs::write(Config::themes(&path).join("min.toml"), "").unwrap();
        assert_eq!(Config::load(&path).unwrap().theme, "min");
    }
}
