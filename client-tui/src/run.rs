//! The loop: terminal, link, store and clock make events; the app decides; the screen shows.

use crate::{
    app::{App, Effect, Event, form::Choice, ring::Ring},
    config::Notifications,
    layout::Layout,
    markup::Highlighter,
    outside::Outside,
    setup::Looks,
    terminal::{Input, Keyboard, Screen},
    view,
};
use jiff::tz::TimeZone;
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

/// Between two frames that no key has caused, in the long run.
const FRAME: Duration = Duration::from_millis(18);
/// So many may come at once: what follows a quiet moment is shown as it comes.
const BURST: u32 = 2;
/// The most events that are taken before the keyboard is looked at again.
const DRAIN: usize = 256;

/// What the loop holds while it runs.
struct Running {
    app: App,
    outside: Outside,
    screen: Screen,
    bells: Notifications,
    looks: Looks,
    /// Where everything lay in the last whole frame, if nothing lay over the input line.
    plan: Option<Layout>,
    ends: bool,
}

struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    resized: Signal,
}

enum Told {
    End,
    Stop,
    Resized,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resized: signal(SignalKind::window_change())?,
        })
    }

    /// Comes with the next signal.
    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::End,
            _ = self.hangup.recv() => Told::End,
            _ = self.interrupt.recv() => Told::End,
            _ = self.stop.recv() => Told::Stop,
            _ = self.resized.recv() => Told::Resized,
        }
    }
}

/// Runs the screen until the person quits or the terminal goes away. With a choice it is called once the first frame is on
/// the screen, which `outside` is made for then: neither the disk nor the time zone is waited for before.
pub(crate) async fn run(
    mut app: App,
    choice: Option<Choice>,
    bells: Notifications,
    looks: Looks,
    outside: impl FnOnce() -> anyhow::Result<(Outside, TimeZone)>,
) -> anyhow::Result<()> {
    // A signal that comes while the terminal is being taken is heard of then.
    let mut signals = Signals::new()?;
    let mut screen = Screen::take()?;
    app.size = screen.size();
    if let Some(choice) = &choice {
        app.open(choice);
    }
    screen.draw(|buffer| view::draw(&app, buffer))?;
    let mut pace = Pace { due: Instant::now() };
    let (mut outside, zone) = outside()?;
    if let Some(choice) = choice {
        outside.call(&choice);
    }
    app.zone = zone;
    let coloured = Arc::new(Notify::new());
    let done = coloured.clone();
    app.highlighter = Some(Highlighter::new(move || done.notify_one()));
    let mut keyboard = Keyboard::new()?;
    let mut running = Running { app, outside, screen, bells, looks, plan: None, ends: false };
    running.event(Event::Tick)?;
    if running.app.has_mouse {
        running.screen.mouse(true)?;
    }
    let mut rest = Rest::Soon;
    while !running.ends {
        let frame = (rest != Rest::Shown).then(|| pace.next());
        rest = match running.turn(&mut keyboard, &mut signals, &coloured, frame).await? {
            // What waits for its frame goes on waiting.
            Rest::Shown => rest,
            other => other,
        };
        let is_due = rest == Rest::Now || (rest == Rest::Soon && pace.next() <= Instant::now());
        if is_due {
            if running.show()? {
                pace.drawn();
            }
            rest = Rest::Shown;
        }
    }
    running.outside.end().await;
    Ok(())
}

/// What is to be shown after something has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is shown already.
    Shown,
    /// With the next frame.
    Soon,
    /// At once.
    Now,
}

/// How fast frames follow each other, if no key causes them: at most 60 a second.
struct Pace {
    /// When the next one would be due if they came evenly.
    due: Instant,
}

impl Pace {
    /// When the next frame may come.
    fn next(&self) -> Instant {
        self.due.checked_sub(FRAME * BURST).unwrap_or(self.due)
    }

    fn drawn(&mut self) {
        self.due = self.due.max(Instant::now()) + FRAME;
    }
}

/// Comes at that time, or never.
pub(crate) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

impl Running {
    /// Waits for something to happen, and takes it.
    async fn turn(
        &mut self,
        keyboard: &mut Keyboard,
        signals: &mut Signals,
        coloured: &Notify,
        frame: Option<Instant>,
    ) -> anyhow::Result<Rest> {
        let tick = self.app.next_tick().map(|at| self.outside.instant(at));
        tokio::select! {
            biased;
            input = keyboard.next() => {
                self.input(input)?;
                return Ok(if self.echo()? { Rest::Shown } else { Rest::Soon });
            }
            told = signals.next() => {
                self.told(&told)?;
                return Ok(Rest::Now);
            }
            event = self.outside.next() => {
                self.event(event)?;
                for _ in 0..DRAIN {
                    let Some(event) = self.outside.try_next() else { break };
                    self.event(event)?;
                }
            }
            () = coloured.notified() => {}
            () = sleep_until(tick) => self.event(Event::Tick)?,
            () = sleep_until(frame) => {}
        }
        Ok(Rest::Soon)
    }

    /// What a key has changed at the input line is shown at once; the rest of the screen may wait for its frame. True: there
    /// is no rest.
    fn echo(&mut self) -> io::Result<bool> {
        let app = &self.app;
        match view::plan(app).filter(|plan| Some(*plan) == self.plan) {
            Some(plan) => {
                let rows = plan.rule.y..plan.input.bottom();
                self.screen.patch(rows, |buffer| view::draw_input(app, &plan, buffer))?;
                Ok(app.has_only_typed())
            }
            None => self.show().map(|_| false),
        }
    }

    /// Shows everything. False: it was shown already.
    fn show(&mut self) -> io::Result<bool> {
        let app = &self.app;
        self.plan = view::plan(app);
        let has_changed = self.screen.draw(|buffer| view::draw(app, buffer))?;
        if let Some(title) = app.title() {
            self.screen.title(&title)?;
        }
        Ok(has_changed)
    }

    fn input(&mut self, input: Input) -> anyhow::Result<()> {
        match input {
            Input::Key(key) => self.event(Event::Key(key)),
            Input::Paste(text) => self.event(Event::Paste(text)),
            Input::Focus(has_it) => self.event(Event::Focus(has_it)),
            Input::Mouse(mouse) => self.event(Event::Mouse(mouse)),
            Input::Ground { is_dark } => self.event(Event::Ground { is_dark }),
            Input::Gone => {
                self.ends = true;
                Ok(())
            }
        }
    }

    /// Gives the terminal back until the shell goes on.
    fn suspend(&mut self) -> io::Result<()> {
        self.plan = None;
        self.screen.suspend()
    }

    fn told(&mut self, told: &Told) -> anyhow::Result<()> {
        match told {
            Told::End => self.ends = true,
            Told::Stop => self.suspend()?,
            Told::Resized => {
                let (width, height) = self.screen.resize()?;
                self.event(Event::Resize(width, height))?;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event) -> anyhow::Result<()> {
        let now = self.outside.now();
        for effect in self.app.update(event, now) {
            self.effect(effect)?;
        }
        Ok(())
    }

    fn effect(&mut self, effect: Effect) -> anyhow::Result<()> {
        match effect {
            Effect::Link(order) => self.outside.order(order),
            Effect::Store(job) => self.outside.store(job),
            Effect::Call(choice) => {
                self.app.open(&choice);
                self.outside.call(&choice);
            }
            Effect::Ring(ring) => self.ring(&ring)?,
            Effect::Copy(text) => {
                if !self.screen.copy(&text)? {
                    self.app.say_key("copy-too-long");
                }
            }
            Effect::Open(url) => {
                if open::that_detached(url).is_err() {
                    self.app.say_key("open-failed");
                }
            }
            Effect::Theme(name) => match self.looks.load(&name) {
                Ok(theme) => self.app.set_theme(&theme),
                Err(error) => self.app.say(error.to_string().replace('\n', "; ")),
            },
            Effect::Mouse(is_on) => self.screen.mouse(is_on)?,
            Effect::Redraw => {
                self.screen.redraw();
                self.plan = None;
            }
            Effect::Suspend => self.suspend()?,
            Effect::Quit => self.ends = true,
        }
        Ok(())
    }

    fn ring(&mut self, ring: &Ring) -> io::Result<()> {
        if self.bells.bell {
            self.screen.ring()?;
        }
        if self.bells.osc9 {
            self.screen.osc9(&format!("{}: {}", ring.title, ring.body))?;
        }
        if self.bells.osc777 {
            self.screen.osc777(&ring.title, &ring.body)?;
        }
        Ok(())
    }
}
