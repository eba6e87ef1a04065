//! Searching: in the conversation on the screen or everywhere; the hits in a list, and walked one by one.

use super::{
    App, Link, Overlay,
    picker::{Choice, List, Picker},
};
use shared::{Request, Text, event, limits};

/// Hits that are walked with n and N.
#[derive(Debug, Clone)]
pub struct Hits {
    /// All of them, newest first.
    pub choices: Vec<Choice>,
    /// The one that is on the screen.
    pub at: usize,
}

impl App {
    /// `/search [-a] words`. Without words the list opens for them to be typed.
    pub(super) fn search(&mut self, arguments: &str) -> bool {
        let (everywhere, words) = match arguments.split_once(char::is_whitespace) {
            _ if arguments == "-a" => (true, ""),
            Some(("-a", words)) => (true, words.trim()),
            _ => (false, arguments),
        };
        let mut picker = Picker::new(List::Search { everywhere }, Vec::new());
        picker.query.set(words);
        if !words.is_empty() && !self.ask_search(&mut picker) {
            return false;
        }
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
        true
    }

    /// Asks the server for what is typed, or for the next page of it.
    pub(super) fn ask_search(&mut self, picker: &mut Picker) -> bool {
        let List::Search { everywhere } = picker.list else { return false };
        if self.link != Link::Up {
            self.say_key("not-connected");
            return false;
        }
        let words = picker.query.text().trim().to_owned();
        let text = Text::parse(&words);
        if text.is_err() {
            return false;
        }
        let from = picker.next.take().filter(|_| picker.asked.as_ref() == Some(&words));
        if from.is_none() {
            picker.choices.clear();
            picker.chosen = 0;
        }
        let here = self.current().map(|conversation| conversation.partner.log());
        picker.asked = Some(words);
        picker.is_waiting = true;
        let room = here.filter(|_| !everywhere);
        self.ask(Request::Search { text, room, limit: limits::PAGE_DEFAULT, from });
        true
    }

    /// Hits have come.
    pub(super) fn found(&mut self, answer: &event::Search) {
        let mine = |app: &Self, list: List, choice: &Choice| match (list, &choice.target) {
            (List::Search { everywhere: false }, super::picker::Target::Entry { partner, .. }) => {
                app.current().is_some_and(|current| app.find(partner) == app.find(&current.partner))
            }
            _ => true,
        };
        let Some(Overlay::Picker(picker)) = &self.overlay else { return };
        let list = picker.list;
        let found: Vec<Choice> = answer
            .entries
            .iter()
            .filter_map(|message| self.entry_choice(&message.room, &message.entry))
            .filter(|choice| mine(self, list, choice))
            .collect();
        let Some(Overlay::Picker(picker)) = &mut self.overlay else { return };
        if picker.is_waiting && matches!(picker.list, List::Search { .. }) {
            picker.is_waiting = false;
            picker.choices.extend(found);
            picker.next.clone_from(&answer.next);
        }
    }

    /// n: the next older hit; N: the newer one.
    pub(super) fn walk_hits(&mut self, is_older: bool) {
        let Some(hits) = &mut self.hits else { return };
        let at = if is_older { hits.at + 1 } else { hits.at.wrapping_sub(1) };
        let Some(choice) = hits.choices.get(at) else {
            return self.say_key("no-more-hits");
        };
        hits.at = at;
        let (target, hits) = (choice.target.clone(), self.hits.take());
        self.go(&target);
        self.hits = hits;
        self.tell_hit();
    }

    /// Which hit of how many is on the screen.
    pub(super) fn tell_hit(&mut self) {
        let Some(hits) = &self.hits else { return };
        let arguments = [("at", (hits.at + 1).into()), ("count", hits.choices.len().into())];
        let text = self.locale.with("hit", &arguments);
        self.say(text);
    }
}
