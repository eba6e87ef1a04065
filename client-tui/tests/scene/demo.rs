//! The scripted world without a terminal. Its clock goes on only when it is told to, and then as the loop would let it: what
//! is due comes at its time.

use super::{keys::keys, paint};
use client_tui::{
    app::{App, Effect, Event as Happens, Now},
    demo::World,
    link::{Loss, News},
    locale::Locale,
    store::{Job, Saved, Written},
    theme::Theme,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use std::{collections::VecDeque, time::Duration};

pub struct Demo {
    pub app: App,
    world: World,
    mono: u64,
    has_link: bool,
}

impl Demo {
    pub fn new(width: u16, height: u16) -> Self {
        Self::with(Locale::english(), Theme::default(), width, height)
    }

    pub fn with(locale: Locale, theme: Theme, width: u16, height: u16) -> Self {
        let mut app = App::new(locale, theme, TimeZone::UTC, "run".into());
        app.size = (width, height);
        app.open(&World::choice());
        let mut demo = Self { app, world: World::default(), mono: 0, has_link: false };
        let saved = Saved { tabs: demo.world.tabs(), ..Saved::default() };
        demo.happens(Happens::Stored(Written::Loaded(Box::new(saved))));
        demo.call();
        demo
    }

    fn now(&self) -> Now {
        Now { mono: self.mono, wall: self.world.start + self.mono }
    }

    /// Takes an event, and whatever the world answers to what the app does about it.
    pub fn happens(&mut self, event: Happens) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.app.update(event, self.now()) {
                match effect {
                    Effect::Link(order) if self.has_link => {
                        events.extend(self.world.order(order, self.mono).into_iter().map(Happens::Link));
                    }
                    Effect::Store(Job::Queue(send, _)) => {
                        events.push_back(Happens::Stored(Written::Queued(send.id)));
                    }
                    Effect::Theme(name) => self.app.set_theme(&Theme::builtin(&name).unwrap()),
                    _ => {}
                }
            }
        }
    }

    /// The link comes up.
    pub fn call(&mut self) {
        self.has_link = true;
        for news in self.world.call() {
            self.happens(Happens::Link(news));
        }
    }

    /// The link breaks; the next try comes in 4 seconds, and does not come through either.
    pub fn lose(&mut self) {
        self.has_link = false;
        self.happens(Happens::Link(News::Down { loss: Loss::Closed, retry: Some(Duration::from_secs(4)) }));
    }

    /// Time passes. What the world says meanwhile is not heard without a link.
    pub fn wait(&mut self, seconds: u64) {
        let end = self.mono + seconds * 1_000;
        loop {
            let due = [self.world.next(), self.app.next_tick()].into_iter().flatten().min();
            self.mono = due.unwrap_or(end).clamp(self.mono + 1, end.max(self.mono + 1)).min(end);
            for news in self.world.pass(self.mono) {
                if self.has_link {
                    self.happens(Happens::Link(news));
                }
            }
            self.happens(Happens::Tick);
            if self.mono == end {
                return;
            }
        }
    }

    pub fn press(&mut self, names: &str) {
        for key in keys(names) {
            self.happens(Happens::Key(key));
        }
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.happens(Happens::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    pub fn line(&mut self, text: &str) {
        self.type_text(text);
        self.press("Enter");
    }

    pub fn screen(&self) -> String {
        paint::screen(&self.app)
    }
}
