//! Which key does what: the table of commands, and what a person has changed.

use crate::command::{Action, COMMANDS, command_of, key_name};
use std::collections::HashMap;

/// From keys to actions and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    actions: HashMap<String, Action>,
    keys: HashMap<Action, Vec<String>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::with(HashMap::new())
    }
}

impl Keymap {
    /// The table's keys; those of some actions are replaced.
    pub(super) fn with(mut rebound: HashMap<Action, Vec<String>>) -> Self {
        let keys_of = |keys: &[&str]| keys.iter().copied().map(String::from).collect();
        let keys: HashMap<Action, Vec<String>> = COMMANDS
            .iter()
            .map(|row| (row.action, rebound.remove(&row.action).unwrap_or_else(|| keys_of(row.keys))))
            .collect();
        let actions = keys.iter().flat_map(|(action, keys)| keys.iter().map(|key| (key.clone(), *action))).collect();
        Self { actions, keys }
    }

    /// What a key does, or a pair such as `C-x l`.
    pub fn action(&self, name: &str) -> Option<Action> {
        self.actions.get(name).copied()
    }

    /// The keys of an action; the first one is told to people.
    pub fn keys_of(&self, action: Action) -> &[String] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The first key of an action as people read it: `Ctrl-G`.
    pub fn name_of(&self, action: Action) -> Option<String> {
        self.keys_of(action).first().map(|key| key_name(key))
    }
}

/// An action's name in the section `[keys]`.
pub fn name_of(action: Action) -> &'static str {
    command_of(action).id()
}

/// The action of a name in the section `[keys]`.
pub fn action_named(name: &str) -> Option<Action> {
    COMMANDS.iter().map(|row| row.action).find(|action| name_of(*action) == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn without_a_file_the_table_holds() {
        let keymap = Keymap::default();
        for row in COMMANDS {
            assert_eq!(keymap.keys_of(row.action), row.keys);
            assert!(row.keys.iter().all(|key| keymap.action(key) == Some(row.action)));
        }
        assert_eq!(keymap.action("C-x ?"), None);
        assert_eq!(keymap.name_of(Action::ToggleIgnore).as_deref(), Some("Ctrl-G"));
    }

    #[test]
    fn changed_keys_take_the_place_of_the_tables() {
        let keymap = Keymap::with(HashMap::from([(Action::Help, vec!["C-x ?".to_owned()])]));
        assert_eq!((keymap.action("C-x ?"), keymap.action("F1")), (Some(Action::Help), None));
        assert_eq!(keymap.keys_of(Action::Help), ["C-x ?"]);
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: HashSet<_> = COMMANDS.iter().map(|row| name_of(row.action)).collect();
        assert_eq!(names.len(), COMMANDS.len());
        assert!(COMMANDS.iter().all(|row| action_named(name_of(row.action)) == Some(row.action)));
    }
}
