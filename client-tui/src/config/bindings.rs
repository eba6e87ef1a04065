//! The section `[keys]`: each action's keys, none of which may do two things.

use super::{
    Document, Keymap, Section, instead,
    keymap::{action_named, name_of},
    keyname,
};
use crate::command::{Action, COMMANDS, find};
use std::{collections::HashMap, ops::Range};

const KEYS: &str = "a list of keys, as [\"C-g\", \"F3\"]";

/// A key that the file binds.
struct Binding {
    action: Action,
    key: String,
    at: Range<usize>,
}

/// Reads the section.
pub(super) fn read(document: &mut Document<'_>, section: &Section<'_, '_>) -> Keymap {
    let mut rebound: HashMap<Action, Vec<String>> = HashMap::new();
    let mut bindings = Vec::new();
    for name in section.table.keys() {
        let Some(action) = action_named(name.get_ref()) else {
            let names: Vec<_> = COMMANDS.iter().map(|row| name_of(row.action)).collect();
            // Who writes the command's name means its action.
            let named = find(name.get_ref()).map(|row| format!("did you mean {:?}? allowed: ", name_of(row.action)));
            let hint = named.map_or_else(|| instead(name.get_ref(), &names), |named| named + &names.join(", "));
            let text = format!("there is no such action; {hint}");
            document.blame(&name.span(), section.path(name.get_ref()), text);
            continue;
        };
        let read = keys(document, section, action);
        rebound.insert(action, read.iter().map(|binding| binding.key.clone()).collect());
        bindings.extend(read);
    }
    bindings.sort_by_key(|binding| binding.at.start);
    refuse_clashes(document, section, &bindings, &rebound);
    Keymap::with(rebound)
}

/// The keys of one action. What is no key is told and left out.
fn keys(document: &mut Document<'_>, section: &Section<'_, '_>, action: Action) -> Vec<Binding> {
    let (name, mut bindings) = (name_of(action), Vec::new());
    for value in document.list(section, name, KEYS).unwrap_or_default() {
        match value.get_ref().as_str().map(|text| (text, keyname::parse(text))) {
            Some((_, Ok(key))) => bindings.push(Binding { action, key, at: value.span() }),
            Some((text, Err(reason))) => {
                document.blame(&value.span(), section.path(name), format!("{text:?} {reason}"));
            }
            None => document.refuse(value, section.path(name), KEYS),
        }
    }
    bindings
}

/// A key does one thing only: among those that the file binds, and against the defaults of actions that it leaves alone.
fn refuse_clashes(
    document: &mut Document<'_>,
    section: &Section<'_, '_>,
    bindings: &[Binding],
    rebound: &HashMap<Action, Vec<String>>,
) {
    let kept = COMMANDS.iter().filter(|row| !rebound.contains_key(&row.action));
    let defaults: HashMap<&str, Action> = kept.flat_map(|row| row.keys.iter().map(|key| (*key, row.action))).collect();
    let mut taken: HashMap<&str, Action> = HashMap::new();
    for Binding { action, key, at } in bindings {
        let name = name_of(*action);
        let text = match (taken.get(key.as_str()), defaults.get(key.as_str())) {
            (Some(other), _) if other == action => format!("{key:?} is given twice; write it once"),
            (Some(other), _) => {
                format!("{key:?} can't be {name}'s and {}'s; write it for one of them", name_of(*other))
            }
            (None, Some(other)) => {
                let other = name_of(*other);
                format!(
                    "{key:?} can't be {name}'s: it is {other}'s by default; give {other} other keys, or take another one"
                )
            }
            (None, None) => String::new(),
        };
        if !text.is_empty() {
            document.blame(at, section.path(name), text);
        }
        taken.entry(key).or_insert(*action);
    }
}

#[cfg(test)]
mod tests {
    use crate::{command::Action, config::Config};

    fn errors(text: &str) -> Vec<String> {
        let error = Config::parse(text, "config.toml").expect_err("refused");
        error.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn keys_take_the_place_of_an_actions_own() {
        let config = Config::parse("[keys]\nignore = ['F9', 'C-x C-g']\nls = []\nhelp = ['C-g']\n", "c").unwrap();
        let keymap = config.keymap;
        assert_eq!(keymap.keys_of(Action::ToggleIgnore), ["F9", "C-x C-g"]);
        assert_eq!(keymap.action("C-g"), Some(Action::Help));
        assert!(keymap.keys_of(Action::Ls).is_empty() && keymap.action("F2").is_none());
        assert_eq!(keymap.action("C-q"), Some(Action::Quit));
    }

    #[test]
    fn one_key_does_not_do_two_things() {
        let errors = errors("[keys]\nignore = ['F9', 'C-i']\nls = ['F9', 'f9']\nhelp = ['C-q', 'C-x h', 'C-x H']\n");
        assert_eq!(errors[0], "config.toml:2: keys.ignore: \"C-i\" can't be bound: terminals send Tab for it");
        let clash = "config.toml:3: keys.ls: \"F9\" can't be ls's and ignore's; write it for one of them";
        assert!(errors.iter().any(|error| error == clash), "{errors:#?}");
        assert!(errors.iter().any(|error| error.starts_with("config.toml:3: keys.ls: \"f9\" is no key")));
        let clash = "config.toml:4: keys.help: \"C-q\" can't be help's: it is quit's by default; give quit other keys, \
                     or take another one";
        assert!(errors.iter().any(|error| error == clash), "{errors:#?}");
        assert!(errors.iter().any(|error| error.ends_with("\"C-x h\" is given twice; write it once")), "{errors:#?}");
        assert_eq!(errors.len(), 5);
    }

    #[test]
    fn the_name_of_a_command_is_understood() {
        let errors = errors("[keys]\ni = ['F9']\n");
        assert!(
            errors[0].starts_with("config.toml:2: keys.i: there is no such action; did you mean \"ignore\"? allowed: ")
        );
    }

    #[test]
    fn the_beginning_of_pairs_is_no_key() {
        let errors = errors("[keys]\nhelp = ['C-x']\n");
        assert!(
            errors[0].starts_with("config.toml:2: keys.help: \"C-x\" can't be bound: it begins the pairs, such as ")
        );
    }
}
