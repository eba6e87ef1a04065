//! The one table of what can be done: commands with their arguments, keys and help lines. Help, completion, hints and
//! the key table are made from it.

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Show and focus the user list, and print it.
    Ls,
    /// Ignore mode on or off.
    ToggleIgnore,
    /// Show the help, or hide it.
    Help,
    /// Open a direct conversation, or say something in it.
    Message,
    /// Join a room.
    Join,
    /// Leave a room, or close a direct conversation.
    Leave,
    /// List the rooms.
    Rooms,
    /// Say something in the third person.
    Me,
    /// Set the room's topic.
    Topic,
    /// Say to be away, or back.
    Away,
    /// End the program.
    Quit,
    /// The next conversation.
    Next,
    /// The one before.
    Previous,
    /// The next one with something unread.
    NextUnread,
    /// Scroll a page up.
    PageUp,
    /// Scroll a page down.
    PageDown,
    /// Scroll a line up.
    LineUp,
    /// Scroll a line down.
    LineDown,
    /// Start a new line in the message.
    NewLine,
    /// Complete what is typed.
    Complete,
    /// Draw everything anew.
    Redraw,
    /// Go back to the shell for a while.
    Suspend,
}

/// A row of the table.
#[derive(Debug)]
pub struct Command {
    /// The names that are typed behind a slash; none: it has keys only.
    pub names: &'static [&'static str],
    /// The shape of its arguments.
    pub arguments: &'static str,
    /// What it does.
    pub action: Action,
    /// Its keys: `C-` Control, `A-` Alt, `S-` Shift, `C-x` begins a pair.
    pub keys: &'static [&'static str],
    /// The key of its help line.
    pub help: &'static str,
}

const fn row(
    names: &'static [&'static str],
    arguments: &'static str,
    action: Action,
    keys: &'static [&'static str],
    help: &'static str,
) -> Command {
    Command { names, arguments, action, keys, help }
}

/// Everything that can be done.
pub static COMMANDS: &[Command] = &[
    row(&["ls"], "", Action::Ls, &["F2", "C-o", "C-x l"], "help-ls"),
    row(&["i"], "", Action::ToggleIgnore, &["C-g", "F3", "C-x i"], "help-ignore"),
    row(&["help", "h"], "", Action::Help, &["F1", "C-x h"], "help-help"),
    row(&["msg"], "NICK [TEXT]", Action::Message, &[], "help-msg"),
    row(&["join"], "#ROOM", Action::Join, &[], "help-join"),
    row(&["leave"], "", Action::Leave, &[], "help-leave"),
    row(&["rooms"], "", Action::Rooms, &[], "help-rooms"),
    row(&["me"], "TEXT", Action::Me, &[], "help-me"),
    row(&["topic"], "[TEXT]", Action::Topic, &[], "help-topic"),
    row(&["away"], "", Action::Away, &[], "help-away"),
    row(&["quit"], "", Action::Quit, &["C-q"], "help-quit"),
    row(&[], "", Action::Next, &["C-n"], "help-next"),
    row(&[], "", Action::Previous, &["C-p"], "help-previous"),
    row(&[], "", Action::NextUnread, &["A-a", "C-x a"], "help-next-unread"),
    row(&[], "", Action::PageUp, &["PageUp"], "help-page-up"),
    row(&[], "", Action::PageDown, &["PageDown"], "help-page-down"),
    row(&[], "", Action::LineUp, &["S-Up"], "help-line-up"),
    row(&[], "", Action::LineDown, &["S-Down"], "help-line-down"),
    row(&[], "", Action::NewLine, &["A-Enter", "C-j"], "help-new-line"),
    row(&[], "", Action::Complete, &["Tab"], "help-complete"),
    row(&[], "", Action::Redraw, &["C-l"], "help-redraw"),
    row(&[], "", Action::Suspend, &["C-z"], "help-suspend"),
];

/// The row of an action.
pub fn command_of(action: Action) -> &'static Command {
    COMMANDS.iter().find(|command| command.action == action).expect("every action has a row")
}

/// The row of a typed name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.names.contains(&name))
}

/// The name that is nearest to a mistyped one, if one is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    let names = COMMANDS.iter().flat_map(|command| command.names.iter().copied());
    names.map(|known| (distance(name, known), known)).filter(|(far, _)| *far <= 2).min().map(|(_, known)| known)
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Keys as people read them: `C-x l` becomes `Ctrl-X l`.
pub fn key_name(key: &str) -> String {
    let one = |part: &str| {
        let (prefix, rest) = match part.split_once('-') {
            Some(("C", rest)) => ("Ctrl-", rest),
            Some(("A", rest)) => ("Alt-", rest),
            Some(("S", rest)) => ("Shift-", rest),
            _ => ("", part),
        };
        let rest = if prefix.is_empty() { rest.to_owned() } else { rest.to_uppercase() };
        let rest = if rest.len() > 1 && !prefix.is_empty() { capitalised(&rest) } else { rest };
        format!("{prefix}{rest}")
    };
    key.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{first}{}", rest.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_and_no_name_stands_twice() {
        let keys: Vec<_> = COMMANDS.iter().flat_map(|command| command.keys).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        let names: Vec<_> = COMMANDS.iter().flat_map(|command| command.names).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn a_mistyped_name_has_a_neighbour() {
        assert_eq!(nearest("quti"), Some("quit"));
        assert_eq!(nearest("jion"), Some("join"));
        assert_eq!(nearest("frobnicate"), None);
        assert_eq!(key_name("C-x l"), "Ctrl-X l");
        assert_eq!(key_name("A-Enter"), "Alt-Enter");
    }
}
