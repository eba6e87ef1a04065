//! The client's state, and what changes it. No I/O: events go in, effects come out.

pub mod act;
mod again;
mod certificate;
pub mod complete;
pub mod conversation;

pub mod draft;
mod event;
pub mod form;
mod hear;
mod history;
mod hold;
mod input;
pub mod inputs;
mod joining;
mod jump;
mod log;
mod loss;
mod moderate;
mod mouse;
mod open;
pub mod outbox;
mod overlay;
pub mod pages;
pub mod people;
pub mod picker;
mod reading;
mod refused;
pub mod ring;
pub mod roster;
mod say;
pub mod scroll;
mod search;
mod select;
pub mod span;
pub mod timeline;
mod unsent;
mod view;
pub mod viewport;
pub mod when;

use crate::{
    command::{Action, command_of},
    config::Keymap,
    link::{Order, dial::Changed},
    locale::Locale,
    markup::Highlighter,
    store::Job,
    theme::{Ground, Theme},
};
pub use event::{Effect, Event, Now};
pub use log::{Log, Mention};

use complete::Completion;
use conversation::Conversation;
use form::Form;
use hold::Digest;
use inputs::Inputs;
use jiff::tz::TimeZone;
use outbox::Outbox;
use pages::Pages;
use people::Circle;
use picker::Picker;
use ring::Preferences;
use search::Hits;
use shared::{Address, LogName, MessageId, RoomName, Seq, UnixMillis, request::Request, text::Label};
use span::Span;
use std::collections::{BTreeMap, HashMap, VecDeque};
use timeline::{Place, What};

/// How long a word in the status line stays.
const WORD_MS: u64 = 6_000;

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
        /// When, on the clock that only goes forward; absent where the person has to decide first.
        retry_at: Option<u64>,
    },
}

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    /// To the input line.
    #[default]
    Input,
    /// To the user list; this one is selected.
    Users(usize),
    /// To the log; this item is selected.
    Log(Place),
}

/// What lies over everything and wants an answer.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// The help, scrolled by so many rows.
    Help(u16),
    /// A long paste: put it in?
    Paste(String),
    /// Messages that were never written to a connection: send them?
    Unsent,
    /// A list to choose from.
    Picker(Box<Picker>),
    /// The server shows another certificate than before: connect?
    Certificate(Box<Changed>),
}

/// The client's state.
#[derive(Debug)]
pub struct App {
    /// The person's language.
    pub locale: Locale,
    /// Colours, on the terminal's ground.
    pub theme: Theme,
    /// The theme that was chosen.
    base_theme: Theme,
    /// The terminal's ground.
    ground: Ground,
    /// The ground is as the terminal says; else as the configuration does.
    asks_ground: bool,
    /// Which key does what.
    pub keymap: Keymap,
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
    /// When messages were typed that were stored much later.
    pub late: HashMap<MessageId, UnixMillis>,
    /// Ignore mode is on.
    pub ignoring: bool,
    /// When ignore mode ends by itself.
    pub ignoring_until: Option<UnixMillis>,
    /// What ignore mode held back, until the person has chosen what to do with it.
    pub digest: Option<Digest>,
    /// Said to be away.
    pub away: bool,
    /// Whom the person does not want to see or hear.
    pub circle: Circle,
    /// What rings, and how.
    pub preferences: Preferences,
    /// Messages that name the reader, newest first.
    pub mentions: VecDeque<Mention>,
    /// Hits of a search that are walked.
    pub hits: Option<Hits>,
    /// Where keys go.
    pub focus: Focus,
    /// The user list was asked for, where it folds away.
    pub users_wanted: bool,
    /// No panes: the log alone, for copying.
    pub is_bare: bool,
    /// The mouse is listened to.
    pub has_mouse: bool,
    /// What lies over everything.
    pub overlay: Option<Overlay>,
    /// A completion that is open.
    pub completion: Option<Completion>,
    /// Lines typed before.
    pub inputs: Inputs,
    /// A word in the status line, until then.
    pub word: Option<(String, u64)>,
    /// The first key of a pair was pressed.
    pub prefix: bool,
    /// The window's size.
    pub size: (u16, u16),
    /// What time it is.
    pub now: Now,
    /// How long the server took for its last answer, in milliseconds.
    pub latency: Option<u64>,
    /// Colours code.
    pub highlighter: Option<Highlighter>,
    /// Words that stand out: the nickname, and those of the configuration.
    words: Vec<String>,
    /// Changes with everything that changes how a text looks.
    look: u64,
    /// What was kept of an earlier run is here.
    loaded: bool,
    /// Asked to be told twice before it ends.
    quitting: bool,
    has_focus: bool,
    /// Since when the newest row has been before the reader's eyes.
    seen_since: Option<u64>,
    /// The mark was put back by hand: looking at it does not move it.
    is_mark_held: bool,
    /// What the operator has said.
    motd: Label,
    /// What is to be said once a room is open.
    announcements: Vec<String>,
    /// When to try the login again that the server refused for a while.
    log_in_at: Option<u64>,
    /// Since when there is no link.
    down_since: Option<u64>,
    draft_changed_at: Option<u64>,
    /// The last event has changed the draft, and nothing else.
    only_typed: bool,
    pages: Pages,
    /// The log whose older entries the store looks for.
    reading_store: Option<LogName>,
    /// Quotes to ask for, one behind the other.
    quotes_wanted: VecDeque<(LogName, Seq)>,
    rang_at: Option<u64>,
    /// When requests were written whose answers tell the latency.
    asked_at: VecDeque<(MessageId, u64)>,
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
            base_theme: theme.clone(),
            theme,
            ground: Ground::Unknown,
            asks_ground: true,
            keymap: Keymap::default(),
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
            late: HashMap::new(),
            ignoring: false,
            ignoring_until: None,
            digest: None,
            away: false,
            circle: Circle::default(),
            preferences: Preferences::default(),
            mentions: VecDeque::new(),
            hits: None,
            focus: Focus::Input,
            users_wanted: false,
            is_bare: false,
            has_mouse: false,
            overlay: None,
            completion: None,
            inputs: Inputs::default(),
            word: None,
            prefix: false,
            size: (0, 0),
            now: Now::default(),
            latency: None,
            highlighter: None,
            words: Vec::new(),
            look: 0,
            loaded: false,
            quitting: false,
            has_focus: true,
            seen_since: None,
            is_mark_held: false,
            motd: Label::default(),
            announcements: Vec::new(),
            log_in_at: None,
            down_since: Some(0),
            draft_changed_at: None,
            only_typed: false,
            pages: Pages::default(),
            reading_store: None,
            quotes_wanted: VecDeque::new(),
            rang_at: None,
            asked_at: VecDeque::new(),
            run,
            ids: 0,
            asked_ls: false,
            effects: Vec::new(),
        }
    }

    /// Takes an event. What is to happen comes out in order.
    pub fn update(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        self.only_typed = false;
        if self.word.as_ref().is_some_and(|(_, until)| *until <= now.mono) {
            self.word = None;
        }
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Line(line) => self.typed_line(&line),
            Event::Resize(width, height) => self.size = (width, height),
            Event::Focus(has_focus) => self.focus_changed(has_focus),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Ground { is_dark } => self.ground_changed(is_dark),
            Event::Link(news) => self.link_news(news),
            Event::Stored(written) => self.written(written),
            Event::Tick => {}
        }
        if self.log_in_at.is_some_and(|at| at <= now.mono) {
            self.log_in();
        }
        self.join_again();
        self.send_ready();
        self.ask_for_quotes();
        self.see();
        self.save_draft(false);
        self.only_typed &= self.effects.is_empty();
        std::mem::take(&mut self.effects)
    }

    /// True if the last event has changed the draft, and nothing else.
    pub fn has_only_typed(&self) -> bool {
        self.only_typed
    }

    /// When [`Event::Tick`] has something to do.
    pub fn next_tick(&self) -> Option<u64> {
        let second = match &self.link {
            Link::Down { retry_at: Some(retry_at), .. } if *retry_at > self.now.mono => {
                // The shown seconds change.
                Some(retry_at - (retry_at - self.now.mono - 1) / 1_000 * 1_000)
            }
            _ => None,
        };
        let word = self.word.as_ref().map(|(_, until)| *until);
        let retry = self.outbox.next_retry(self.now.mono);
        [second, word, self.log_in_at, self.next_join(), self.next_seen(), self.next_draft(), retry]
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

    /// Says the text of a key in the status line for a while.
    pub fn say_key(&mut self, key: &str) {
        let text = self.locale.text(key);
        self.say(text);
    }

    /// The first key of an action, as people read it.
    fn key_of(&self, action: Action) -> String {
        self.keymap.name_of(action).unwrap_or_else(|| format!("/{}", command_of(action).id()))
    }

    /// Puts a note into the conversation on the screen.
    fn note(&mut self, text: String) {
        let at = self.now.wall;
        if let Some(conversation) = self.conversations.get_mut(self.active) {
            let cursor = self.logs.get(&conversation.partner.log()).map_or(Seq::ZERO, |log| log.cursor);
            conversation.timeline.push(What::Note { at, text: text.into() }, cursor);
        }
    }
}
