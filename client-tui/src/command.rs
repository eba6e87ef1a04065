//! The one table of what can be done: commands with their arguments, keys and help lines. Help, completion, hints and
//! the key table are made from it.

use shared::moderation::{self, Action as Act};

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
    /// Keep order in a room.
    Moderate(moderation::Action),
    /// Take the text of a message out.
    Redact,
    /// Give the nickname back.
    Release,
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
    /// Reply to a message.
    Reply,
    /// Copy a message.
    Copy,
    /// Go to a moment.
    Goto,
    /// Search the log, or all of them.
    Search,
    /// Go to a room, a person or a command.
    Jump,
    /// Messages that name the reader.
    Mentions,
    /// Take a person out of sight, or bring them back.
    Hide,
    /// Silence a person's or a conversation's pings, or let them ring again.
    Mute,
    /// Which messages of a conversation ring.
    Notify,
    /// Ring, to see which ways arrive.
    NotifyTest,
    /// Look another way.
    Theme,
    /// Listen to the mouse, or leave it to the terminal.
    Mouse,
    /// The log alone, for copying.
    Bare,
    /// Select the message above.
    SelectUp,
    /// Select the message below.
    SelectDown,
    /// Take the last change of the draft back.
    Undo,
    /// Search the lines typed before.
    SearchInputs,
    /// Take a message back that was never written to a connection.
    Recall,
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

impl Command {
    /// The name that configuration and help know it by.
    pub fn id(&self) -> &'static str {
        self.help.strip_prefix("help-").unwrap_or(self.help)
    }

    /// True if it means nothing without arguments: some stand outside of brackets.
    pub fn needs_arguments(&self) -> bool {
        let mut depth = 0;
        self.arguments.chars().any(|c| {
            depth += i32::from(c == '[') - i32::from(c == ']');
            depth == 0 && c.is_alphanumeric()
        })
    }
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
    row(&["i"], "[TIME]", Action::ToggleIgnore, &["C-g", "F3", "C-x i"], "help-ignore"),
    row(&["help", "h"], "", Action::Help, &["F1", "C-x h"], "help-help"),
    row(&["msg"], "NICK [TEXT]", Action::Message, &[], "help-msg"),
    row(&["join"], "#ROOM", Action::Join, &[], "help-join"),
    row(&["leave"], "", Action::Leave, &[], "help-leave"),
    row(&["rooms"], "", Action::Rooms, &[], "help-rooms"),
    row(&["me"], "TEXT", Action::Me, &[], "help-me"),
    row(&["topic"], "[TEXT]", Action::Topic, &[], "help-topic"),
    row(&["away"], "", Action::Away, &[], "help-away"),
    row(&["reply"], "[TEXT]", Action::Reply, &["C-x r"], "help-reply"),
    row(&["go"], "[LETTERS]", Action::Jump, &["F5", "C-x g"], "help-go"),
    row(&["search"], "[-a] [WORDS]", Action::Search, &["F4", "C-x s"], "help-search"),
    row(&["mentions"], "", Action::Mentions, &["C-x m"], "help-mentions"),
    row(&["goto"], "[DATE] TIME", Action::Goto, &["C-x d"], "help-goto"),
    row(&["hide"], "[NICK]", Action::Hide, &["C-x k"], "help-hide"),
    row(&["mute"], "[NICK]", Action::Mute, &["C-x q"], "help-mute"),
    row(&["notify"], "[LEVEL]", Action::Notify, &[], "help-notify"),
    row(&["notify-test"], "", Action::NotifyTest, &["C-x n"], "help-notify-test"),
    row(&["copy"], "", Action::Copy, &["C-x y"], "help-copy"),
    row(&["bare"], "", Action::Bare, &["C-x b"], "help-bare"),
    row(&["theme"], "[NAME]", Action::Theme, &["C-x t"], "help-theme"),
    row(&["mouse"], "", Action::Mouse, &["C-x o"], "help-mouse"),
    row(&["redact"], "[REASON]", Action::Redact, &[], "help-redact"),
    row(&["kick"], "[-a] NICK [REASON]", Action::Moderate(Act::Kick), &[], "help-kick"),
    row(&["ban"], "[-a] [-n] NICK [TIME] [REASON]", Action::Moderate(Act::Ban), &[], "help-ban"),
    row(&["unban"], "[-a] NICK", Action::Moderate(Act::Unban), &[], "help-unban"),
    row(&["silence"], "[-a] NICK [TIME] [REASON]", Action::Moderate(Act::Mute), &[], "help-silence"),
    row(&["unsilence"], "[-a] NICK", Action::Moderate(Act::Unmute), &[], "help-unsilence"),
    row(&["slow"], "TIME", Action::Moderate(Act::Slow), &[], "help-slow"),
    row(&["lock"], "", Action::Moderate(Act::Lock), &[], "help-lock"),
    row(&["unlock"], "", Action::Moderate(Act::Unlock), &[], "help-unlock"),
    row(&["grant"], "NICK [owner]", Action::Moderate(Act::Grant), &[], "help-grant"),
    row(&["revoke"], "NICK", Action::Moderate(Act::Revoke), &[], "help-revoke"),
    row(&["release"], "NICK", Action::Release, &[], "help-release"),
    row(&["quit"], "", Action::Quit, &["C-q"], "help-quit"),
    row(&[], "", Action::Next, &["C-n"], "help-next"),
    row(&[], "", Action::Previous, &["C-p"], "help-previous"),
    row(&[], "", Action::NextUnread, &["A-a", "C-x a"], "help-next-unread"),
    row(&[], "", Action::PageUp, &["PageUp"], "help-page-up"),
    row(&[], "", Action::PageDown, &["PageDown"], "help-page-down"),
    row(&[], "", Action::LineUp, &["S-Up"], "help-line-up"),
    row(&[], "", Action::LineDown, &["S-Down"], "help-line-down"),
    row(&[], "", Action::SelectUp, &["C-Up", "C-x Up"], "help-select-up"),
    row(&[], "", Action::SelectDown, &["C-Down", "C-x Down"], "help-select-down"),
    row(&[], "", Action::SearchInputs, &["C-r"], "help-search-inputs"),
    row(&[], "", Action::Undo, &["C-7", "C-x u"], "help-undo"),
    row(&[], "", Action::Recall, &["C-x z"], "help-recall"),
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
    names
        .map(|known| (strsim::osa_distance(name, known), known))
        .filter(|(far, _)| *far <= 2)
        .min()
        .map(|(_, known)| known)
}

/// Keys as people read them: `C-x l` becomes `Ctrl-X l`.
pub fn key_name(key: &str) -> String {
    let one = |part: &str| {
        // Control with _, with / and with 7 are one byte; readline's people know it by the first.
        let part = if part == "C-7" { "C-_" } else { part };
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
    fn arguments_in_brackets_may_be_left_out() {
        let needs = |name| find(name).unwrap().needs_arguments();
        assert!(needs("msg") && needs("goto") && needs("join") && needs("me"));
        assert!(!needs("i") && !needs("search") && !needs("notify") && !needs("topic"));
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
