//! The client's state, and what changes it. No I/O: events go in, effects come out.

pub mod act;
pub mod complete;
pub mod conversation;
pub mod draft;
pub mod form;
mod hear;
mod input;
pub mod keys;
mod open;
pub mod outbox;
mod reading;
pub mod roster;
pub mod scroll;
pub mod timeline;

use crate::{
    address::Address,
    layout::{Layout, layout},
    link::{News, Order},
    locale::Locale,
    rows::{Blocks, Context},
    store::{Job, Written},
    theme::Theme,
};
use complete::Completion;
use conversation::{Conversation, Partner};
use crossterm::event::KeyEvent;
use form::{Check, Choice, Form};
use jiff::tz::TimeZone;
use outbox::{Outbox, Outgoing};
use shared::{
    Epoch, LogName, RoomName, Seq, UnixMillis,
    event::State,
    request::{Destination, Request, Start},
    text::Label,
};
use std::collections::BTreeMap;
use timeline::What;

/// How long a word in the status line stays.
const WORD_MS: u64 = 6_000;

/// What time it is: on a clock that only goes forward, and for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds from any start.
    pub mono: u64,
    /// Milliseconds since the Unix epoch.
    pub wall: UnixMillis,
}

/// What happens to the client.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The window has another size.
    Resize(u16, u16),
    /// The terminal has the focus, or lost it.
    Focus(bool),
    /// The link tells something.
    Link(News),
    /// The store tells something.
    Stored(Written),
    /// Time has passed.
    Tick,
}

/// What is to happen.
#[derive(Debug)]
pub enum Effect {
    /// Tell the link.
    Link(Order),
    /// Write this down.
    Store(Job),
    /// Load what is kept for that choice, and call.
    Call(Box<Choice>),
    /// Draw everything anew.
    Redraw,
    /// Go back to the shell for a while.
    Suspend,
    /// End the program.
    Quit,
}

/// How the link is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not called yet.
    Idle,
    /// Dialling.
    Dialling,
    /// Connected, not logged in.
    Greeted,
    /// Logged in.
    Up,
    /// Gone; the next try comes at that time.
    Down {
        /// Why, in words.
        reason: String,
        /// When, on the clock that only goes forward.
        retry_at: u64,
    },
}

/// A log that is followed.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Its incarnation, once it is known.
    pub epoch: Option<Epoch>,
    /// The first entry that the server keeps.
    pub first: Seq,
    /// The end of the newest run without a hole.
    pub cursor: Seq,
    /// How far it is read, on any device.
    pub mark: Option<Seq>,
    /// The server has answered the `join` of this connection.
    pub joined: bool,
}

impl Log {
    /// Where a `join` goes on.
    fn start(&self) -> Start {
        Start { last: shared::limits::LAST_DEFAULT, resume: self.epoch.clone().map(|epoch| (self.cursor, epoch)) }
    }
}

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    /// To the input line.
    #[default]
    Input,
    /// To the user list; this one is selected.
    Users(usize),
}

/// What lies over everything and wants an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// The help, scrolled by so many rows.
    Help(u16),
    /// A long paste: put it in?
    Paste(String),
}

/// The client's state.
#[derive(Debug)]
pub struct App {
    /// The person's language.
    pub locale: Locale,
    /// Colours.
    pub theme: Theme,
    /// The person's time zone.
    pub zone: TimeZone,
    /// The first run's form, while it is open.
    pub form: Option<Form>,
    /// The nickname.
    pub me: Label,
    /// The server.
    pub address: Option<Address>,
    /// The room to open.
    pub home: RoomName,
    /// How the link is.
    pub link: Link,
    /// The open conversations.
    pub conversations: Vec<Conversation>,
    /// The one on the screen.
    pub active: usize,
    /// The logs that are followed.
    pub logs: BTreeMap<LogName, Log>,
    /// Messages on their way.
    pub outbox: Outbox,
    /// Ignore mode is on.
    pub ignoring: bool,
    /// Said to be away.
    pub away: bool,
    /// Where keys go.
    pub focus: Focus,
    /// The user list was asked for, where it folds away.
    pub users_wanted: bool,
    /// What lies over everything.
    pub overlay: Option<Overlay>,
    /// A completion that is open.
    pub completion: Option<Completion>,
    /// A word in the status line, until then.
    pub word: Option<(String, u64)>,
    /// The first key of a pair was pressed.
    pub prefix: bool,
    /// The window's size.
    pub size: (u16, u16),
    /// What time it is.
    pub now: Now,
    /// Asked to be told twice before it ends.
    quitting: bool,
    has_focus: bool,
    /// Since when the newest row has been before the reader's eyes.
    seen_since: Option<u64>,
    inputs: Vec<String>,
    input_at: Option<usize>,
    stash: String,
    draft_changed_at: Option<u64>,
    /// Begins the ids of this run's messages.
    run: String,
    ids: u64,
    asked_ls: bool,
    effects: Vec<Effect>,
}

impl App {
    /// A client that has not called anybody. `run` is a random word of 12 characters.
    pub fn new(locale: Locale, theme: Theme, zone: TimeZone, run: String) -> Self {
        Self {
            locale,
            theme,
            zone,
            form: None,
            me: Label::default(),
            address: None,
            home: RoomName::lobby(),
            link: Link::Idle,
            conversations: Vec::new(),
            active: 0,
            logs: BTreeMap::new(),
            outbox: Outbox::default(),
            ignoring: false,
            away: false,
            focus: Focus::Input,
            users_wanted: false,
            overlay: None,
            completion: None,
            word: None,
            prefix: false,
            size: (0, 0),
            now: Now::default(),
            quitting: false,
            has_focus: true,
            seen_since: None,
            inputs: Vec::new(),
            input_at: None,
            stash: String::new(),
            draft_changed_at: None,
            run,
            ids: 0,
            asked_ls: false,
            effects: Vec::new(),
        }
    }

    /// Takes an event. What is to happen comes out in order.
    pub fn update(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        if self.word.as_ref().is_some_and(|(_, until)| *until <= now.mono) {
            self.word = None;
        }
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(width, height) => {
                self.size = (width, height);
                // The terminal may have been smaller in between, and have lost what was on it.
                self.effects.push(Effect::Redraw);
            }
            Event::Focus(has_focus) => self.focus_changed(has_focus),
            Event::Link(news) => self.link_news(news),
            Event::Stored(written) => self.written(written),
            Event::Tick => {}
        }
        self.send_ready();
        self.see();
        self.save_draft(false);
        std::mem::take(&mut self.effects)
    }

    /// When [`Event::Tick`] has something to do.
    pub fn next_tick(&self) -> Option<u64> {
        let second = match &self.link {
            Link::Down { retry_at, .. } if *retry_at > self.now.mono => {
                // The shown seconds change.
                Some(retry_at - (retry_at - self.now.mono - 1) / 1_000 * 1_000)
            }
            _ => None,
        };
        let word = self.word.as_ref().map(|(_, until)| *until);
        [second, word, self.next_seen(), self.next_draft(), self.outbox.next_retry(self.now.mono)]
            .into_iter()
            .flatten()
            .min()
    }

    /// The conversation on the screen.
    pub fn current(&self) -> Option<&Conversation> {
        self.conversations.get(self.active)
    }

    fn current_mut(&mut self) -> Option<&mut Conversation> {
        self.conversations.get_mut(self.active)
    }

    /// Messages on their way to a partner.
    pub fn pending(&self, partner: &Partner) -> Vec<&Outgoing> {
        let is_to = |to: &Destination| match (to, partner) {
            (Destination::Room(a), Partner::Room(b)) => a == b,
            (Destination::Person(a), Partner::Person(b)) => a.as_str().to_lowercase() == b.to_lowercase(),
            _ => false,
        };
        self.outbox.messages().iter().filter(|message| is_to(&message.send.to)).collect()
    }

    /// The panes, if the window is large enough.
    pub fn layout(&self) -> Option<Layout> {
        let (width, height) = self.size;
        let rows = self.current().map_or(1, |conversation| {
            let (rows, (caret, _)) = conversation.draft.rows(self.input_width());
            rows.len().max(caret + 1)
        });
        layout(width, height, self.users_wanted, u16::try_from(rows).unwrap_or(u16::MAX))
    }

    /// Columns of the input line behind its prompt.
    pub fn input_width(&self) -> usize {
        usize::from(self.size.0).saturating_sub(self.prompt_width() + 1).max(1)
    }

    /// Columns of the prompt.
    pub fn prompt_width(&self) -> usize {
        crate::text::width(&self.prompt())
    }

    /// What stands before the caret; in a direct conversation also to whom it goes.
    pub fn prompt(&self) -> String {
        let short = |name: &str| crate::text::fit(&crate::text::drawable_line(name), 12);
        match self.current().map(|conversation| &conversation.partner) {
            Some(Partner::Person(name)) => format!(" {} → {} › ", short(&self.me), short(name)),
            _ => format!(" {} › ", short(&self.me)),
        }
    }

    /// Who is in a conversation, and in which state: of a direct one, as the rooms tell. Without a link nobody knows.
    pub fn people(&self, conversation: &Conversation) -> Vec<(Label, State)> {
        let mut people = self.last_known_people(conversation);
        if self.link != Link::Up {
            for (_, state) in &mut people {
                *state = State::Unknown;
            }
        }
        people
    }

    fn last_known_people(&self, conversation: &Conversation) -> Vec<(Label, State)> {
        let Partner::Person(name) = &conversation.partner else {
            return conversation.roster.people().map(|(name, state)| (name.clone(), state)).collect();
        };
        let everybody = || self.conversations.iter().flat_map(|other| other.roster.people());
        let seen = everybody().find(|(other, _)| other.to_lowercase() == name.to_lowercase());
        let state = |found: Option<(&Label, State)>| found.map_or(State::Unknown, |(_, state)| state);
        let mine = state(everybody().find(|(other, _)| **other == self.me));
        vec![(self.me.clone(), mine), (name.clone(), state(seen))]
    }

    /// The blocks of a conversation in a log of so many columns.
    pub fn blocks<'a>(&'a self, conversation: &'a Conversation, width: u16) -> Blocks<'a> {
        let context = Context {
            width: usize::from(width),
            nick_width: 0,
            me: &self.me,
            locale: &self.locale,
            theme: self.theme,
            zone: &self.zone,
            pending: self.pending(&conversation.partner),
        };
        Blocks::new(conversation, context)
    }

    fn store(&mut self, job: Job) {
        self.effects.push(Effect::Store(job));
    }

    fn ask(&mut self, request: Request) {
        if self.link == Link::Up {
            self.effects.push(Effect::Link(Order::Ask(request)));
        }
    }

    /// Says something in the status line for a while.
    pub fn say(&mut self, text: String) {
        self.word = Some((text, self.now.mono + WORD_MS));
    }

    fn say_key(&mut self, key: &str) {
        let text = self.locale.text(key);
        self.say(text);
    }

    /// Puts a note into the conversation on the screen.
    fn note(&mut self, text: String) {
        let at = self.now.wall;
        if let Some(conversation) = self.current_mut() {
            conversation.timeline.push(What::Note { at, text });
        }
    }

    /// What is joined with the login: the inbox and every room that is open, from where each was left.
    fn joins(&self) -> Vec<Request> {
        self.logs.iter().map(|(room, log)| Request::Join { room: room.clone(), start: log.start() }).collect()
    }

    /// The form again, with what was chosen.
    fn reopen_form(&mut self, field: usize, reason: String) {
        let address = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut form = Form::new(&address, &self.me, self.home.as_str());
        form.focus = field;
        form.check = Check::Failed(reason);
        self.form = Some(form);
    }
}
