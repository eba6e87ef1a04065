//! Who holds which nickname, claimed or for as long as a guest is here.

use crate::ids::PersonId;
use shared::{
    Nickname,
    nickname::{NameKey, NameLook},
};
use std::collections::HashMap;

/// Who holds a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// This person.
    Person(PersonId),
    /// Somebody who is just claiming it.
    Claiming,
}

/// Every name that is held.
#[derive(Debug, Default)]
pub(super) struct Names {
    keys: HashMap<NameKey, Holder>,
    looks: HashMap<NameLook, usize>,
}

impl Names {
    /// Who holds the same name.
    pub(super) fn holder(&self, name: &Nickname) -> Option<Holder> {
        self.keys.get(&name.key()).copied()
    }

    /// True if somebody holds a name that looks like it.
    pub(super) fn has_look(&self, name: &Nickname) -> bool {
        self.looks.contains_key(&name.look())
    }

    pub(super) fn add(&mut self, name: &Nickname, holder: Holder) {
        self.keys.insert(name.key(), holder);
        *self.looks.entry(name.look()).or_default() += 1;
    }

    /// The name stays held, by somebody else now.
    pub(super) fn hand_over(&mut self, name: &Nickname, holder: Holder) {
        self.keys.insert(name.key(), holder);
    }

    pub(super) fn remove(&mut self, name: &Nickname) {
        self.keys.remove(&name.key());
        let look = name.look();
        if let Some(count) = self.looks.get_mut(&look) {
            *count -= 1;
            if *count == 0 {
                self.looks.remove(&look);
            }
        }
    }
}
