//! The loop: terminal, link, store and clock make events; the app decides; the screen shows.

use crate::{
    app::{App, Effect, Event, Now, form::Choice},
    link::{self, Order, Target},
    links::Links,
    store::{Profile, Store, StoreThread},
    terminal::{self, Frame, Input, Screen},
    view,
};
use shared::identity::Identity;
use std::{
    io,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// Between two frames that no key has caused.
const FRAME: Duration = Duration::from_millis(16);
/// How long the link has for its last words.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Everything around the app.
pub(crate) struct Shell {
    /// The state.
    pub(crate) app: App,
    /// Where things are kept.
    pub(crate) data_dir: PathBuf,
    /// The person's key.
    pub(crate) identity: Rc<Identity>,
    /// Plain text to other machines.
    pub(crate) no_tls: bool,
}

/// What the loop holds while it runs.
struct Running {
    shell: Shell,
    screen: Screen,
    store: StoreThread,
    profile: Profile,
    orders: Option<UnboundedSender<Order>>,
    news_to: UnboundedSender<link::News>,
    link: Option<tokio::task::JoinHandle<()>>,
    start: Instant,
    ends: bool,
}

struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }

    /// Comes with the next signal; true: the program is to end, false: to stop for a while.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.hangup.recv() => true,
            _ = self.interrupt.recv() => true,
            _ = self.stop.recv() => false,
        }
    }
}

/// Runs the screen until the person quits or the terminal goes away. With a choice it is called at once.
pub(crate) async fn run(shell: Shell, choice: Option<Choice>) -> anyhow::Result<()> {
    let (written_to, mut written) = unbounded_channel();
    let store = StoreThread::start(shell.data_dir.clone(), written_to)?;
    let (news_to, mut news) = unbounded_channel();
    let mut resized = signal(SignalKind::window_change())?;
    let mut signals = Signals::new()?;
    let screen = Screen::take()?;
    let mut input = terminal::listen()?;
    let profile = Profile::default();
    let start = Instant::now();
    let mut running = Running { shell, screen, store, profile, orders: None, news_to, link: None, start, ends: false };
    running.shell.app.size = running.screen.size();
    if let Some(choice) = choice {
        running.call(&choice)?;
    }
    let mut drawn = Instant::now();
    running.draw()?;
    let mut is_dirty = false;
    while !running.ends {
        let frame = is_dirty.then(|| drawn + FRAME);
        let tick = running.shell.app.next_tick().map(|at| start + Duration::from_millis(at));
        let mut at_once = false;
        tokio::select! {
            biased;
            input = input.recv() => {
                running.input(input)?;
                at_once = true;
            }
            ends = signals.next() => if ends { running.ends = true } else { running.screen.suspend()? },
            _ = resized.recv() => {
                let (width, height) = running.screen.size();
                running.event(Event::Resize(width, height))?;
                at_once = true;
            }
            Some(first) = news.recv() => {
                running.event(Event::Link(first))?;
                drain(&mut news, |news| running.event(Event::Link(news)))?;
            }
            Some(first) = written.recv() => {
                running.event(Event::Stored(first))?;
                drain(&mut written, |written| running.event(Event::Stored(written)))?;
            }
            () = sleep_until(tick) => running.event(Event::Tick)?,
            () = sleep_until(frame) => {}
        }
        is_dirty = true;
        if at_once || drawn.elapsed() >= FRAME {
            running.draw()?;
            drawn = Instant::now();
            is_dirty = false;
        }
    }
    running.end().await;
    Ok(())
}

/// The most that is taken before the keyboard is looked at again.
const DRAIN: usize = 256;

fn drain<T>(queue: &mut UnboundedReceiver<T>, mut take: impl FnMut(T) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for _ in 0..DRAIN {
        let Ok(item) = queue.try_recv() else { break };
        take(item)?;
    }
    Ok(())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

impl Running {
    fn now(&self) -> Now {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        Now { mono: millis(self.start.elapsed()), wall }
    }

    fn input(&mut self, input: Option<Input>) -> anyhow::Result<()> {
        match input {
            Some(Input::Key(key)) => self.event(Event::Key(key)),
            Some(Input::Paste(text)) => self.event(Event::Paste(text)),
            Some(Input::Focus(has_it)) => self.event(Event::Focus(has_it)),
            Some(Input::Mouse(_) | Input::Ground { .. }) => Ok(()),
            Some(Input::Gone) | None => {
                self.ends = true;
                Ok(())
            }
        }
    }

    fn event(&mut self, event: Event) -> anyhow::Result<()> {
        let now = self.now();
        for effect in self.shell.app.update(event, now) {
            self.effect(effect)?;
        }
        Ok(())
    }

    fn effect(&mut self, effect: Effect) -> anyhow::Result<()> {
        match effect {
            Effect::Link(order) => {
                if let Some(orders) = &self.orders {
                    let _ = orders.send(order);
                }
            }
            Effect::Store(job) => self.store.submit(self.profile.clone(), job),
            Effect::Call(choice) => self.call(&choice)?,
            Effect::Redraw => self.screen.redraw(),
            Effect::Suspend => self.screen.suspend()?,
            Effect::Quit => self.ends = true,
        }
        Ok(())
    }

    /// Loads what is kept for a choice, and calls.
    fn call(&mut self, choice: &Choice) -> anyhow::Result<()> {
        self.profile = Profile::new(choice.nickname.as_str(), &choice.address);
        let saved = match Store::open_existing(&self.shell.data_dir)? {
            Some(store) => store.load(&self.profile)?,
            None => crate::store::Saved::default(),
        };
        self.shell.app.open(choice, saved);
        let target = Target {
            address: choice.address.clone(),
            no_tls: self.shell.no_tls,
            nickname: choice.nickname.as_str().to_owned(),
            identity: self.shell.identity.clone(),
            quiet: false,
        };
        if let Some(orders) = &self.orders {
            let _ = orders.send(Order::Call(target));
        } else {
            let (orders, queue) = unbounded_channel();
            self.link = Some(tokio::task::spawn_local(link::run(target, queue, self.news_to.clone())));
            self.orders = Some(orders);
        }
        Ok(())
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        let app = &self.shell.app;
        self.screen.draw(|buffer| Frame { caret: view::draw(app, buffer), links: Links::new() })?;
        Ok(())
    }

    /// Says goodbye to the server, and writes what is not on disk yet.
    async fn end(mut self) {
        if let Some(orders) = self.orders.take() {
            let _ = orders.send(Order::End);
        }
        if let Some(link) = self.link.take() {
            let _ = tokio::time::timeout(LAST_WORDS, link).await;
        }
    }
}
