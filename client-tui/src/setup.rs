//! From the command line to a program that runs.

use crate::{
    app::{
        App,
        form::{Choice, Form, room_of},
    },
    cli::{Cli, Screen, Script, host},
    config::{self, Config, ConfigError, Language},
    demo::World,
    host::Hosted,
    identity::{self, load_or_create, random_word},
    locale::Locale,
    manual,
    outside::{Demo, Outside, Real},
    plain, run,
    script::{send, tail},
    store::Store,
    theme::{Depth, Theme},
    time::local_zone,
};
use anyhow::{Context, bail};
use clap::CommandFactory;
use jiff::tz::TimeZone;
use shared::{Address, Nickname, RoomName, limits::DEFAULT_ROOM};
use std::{
    io::{IsTerminal, stdin, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
};

/// Runs what the command line says.
pub fn main(cli: Cli) -> ExitCode {
    let is_screen = cli.script.is_none() && !is_plain(&cli.screen);
    if is_screen && !(stdin().is_terminal() && stdout().is_terminal()) {
        eprintln!(
            "parlor: the screen needs a terminal; without one, `parlor send SERVER ROOM TEXT` says something and \
             `parlor tail SERVER ROOM` prints what is said"
        );
        return ExitCode::from(2);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let tasks = tokio::task::LocalSet::new();
        let result = runtime.block_on(tasks.run_until(dispatch(cli)));
        // A thread that reads the keyboard must not hold up the end.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let said = format!("{error:#}");
            let lines: Vec<String> = said.lines().map(crate::text::drawable_line).collect();
            eprintln!("parlor: {}", lines.join("\n"));
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<()> {
    match cli.script {
        Some(Script::Send { server, room, text, once, common }) => send::run(&server, &room, text, once, common).await,
        Some(Script::Tail { server, room, json, last, since, cursor, follow, common }) => {
            let options = tail::Options { json, last, since, cursor, follow };
            tail::run(&server, &room, options, common).await
        }
        Some(Script::Config(shown)) => print_config(shown.config),
        Some(Script::Key(key)) => identity::run(key),
        Some(Script::Completions { shell }) => Ok(manual::completions(Cli::command(), shell, &mut stdout())?),
        Some(Script::Man { dir }) => manual::pages(Cli::command(), &dir)
            .with_context(|| format!("the manual pages can't be written into {}", dir.display())),
        None if cli.screen.demo => demo(&cli.screen).await,
        None => screen(cli.screen).await,
    }
}

fn print_config(file: Option<PathBuf>) -> anyhow::Result<()> {
    print!("{}", config::print(&configuration(file)?.0));
    Ok(())
}

/// The configuration that was named, which must be there; else the usual one, if there is one. And where it would lie.
fn configuration(file: Option<PathBuf>) -> anyhow::Result<(Config, PathBuf)> {
    let path = match file {
        Some(file) if !file.exists() => bail!("there is no configuration {}", file.display()),
        Some(file) => file,
        None => Config::path().unwrap_or_default(),
    };
    Ok((Config::load(&path)?, path))
}

/// Where themes come from, and how many colours they may have.
#[derive(Debug)]
pub(crate) struct Looks {
    folder: PathBuf,
    depth: Depth,
}

impl Looks {
    fn new(config: &Path) -> Self {
        let value = |key: &str| std::env::var(key).ok();
        let (term, colorterm, no_color) = (value("TERM"), value("COLORTERM"), value("NO_COLOR"));
        let depth = Depth::of(term.as_deref(), colorterm.as_deref(), no_color.as_deref());
        Self { folder: Config::themes(config), depth }
    }

    /// The theme of a name.
    pub(crate) fn load(&self, name: &str) -> Result<Theme, ConfigError> {
        Theme::load(name, &self.folder).map(|theme| theme.reduced(self.depth))
    }
}

/// An app as configuration, command line and environment want it.
fn app(arguments: &Screen, config: &Config, looks: &Looks, zone: TimeZone) -> anyhow::Result<App> {
    let locale = match (&arguments.lang, config.language) {
        (Some(name), _) => Locale::known(name)
            .with_context(|| format!("{name:?} is not spoken; --lang takes {}", Locale::NAMES.join(" or ")))?,
        (None, Language::Auto) => Locale::of_environment(),
        (None, Language::English) => Locale::english(),
        (None, Language::Chinese) => Locale::chinese(),
    };
    let theme = looks.load(arguments.theme.as_deref().unwrap_or(&config.theme))?;
    let mut app = App::new(locale, theme, zone, random_word()?);
    app.configure(config);
    Ok(app)
}

fn is_plain(arguments: &Screen) -> bool {
    let says = |key: &str, value: &str| std::env::var(key).is_ok_and(|found| found == value);
    arguments.plain || says("ACCESSIBLE", "1") || says("TERM", "dumb")
}

/// The scripted world: no network, nothing on disk, the same every time.
async fn demo(arguments: &Screen) -> anyhow::Result<()> {
    let (config, path) = configuration(arguments.config.clone())?;
    let looks = Looks::new(&path);
    let app = app(arguments, &config, &looks, TimeZone::UTC)?;
    let (choice, bells) = (World::choice(), config.notifications);
    if is_plain(arguments) {
        let demo = Outside::Demo(Box::new(Demo::new()));
        return plain::run(app, &choice, bells.bell, demo).await;
    }
    run::run(app, Some(choice), bells, looks, || Ok((Outside::Demo(Box::new(Demo::new())), TimeZone::UTC))).await
}

/// Opens the screen: on the server inside, on the one that was named or saved, or with the form.
async fn screen(arguments: Screen) -> anyhow::Result<()> {
    let (config, path) = configuration(arguments.config.clone())?;
    let looks = Looks::new(&path);
    let data_dir = data_dir(arguments.data_dir.clone())?;
    let wanted = Wanted::new(&arguments, &config, &data_dir)?;
    let hosted = host(&arguments).map(|at| Hosted::start(at, &data_dir, wanted.no_tls)).transpose()?;
    let server = hosted.as_ref().map(|hosted| hosted.address.clone()).or_else(|| wanted.server.clone());
    let mut app = app(&arguments, &config, &looks, TimeZone::UTC)?;
    let choice = match server {
        Some(address) => Some(choose(address, &wanted.nickname, wanted.room.clone(), arguments.room.is_some())?),
        None => {
            let room = wanted.room.as_ref().map_or(DEFAULT_ROOM, RoomName::as_str);
            app.form = Some(Form::new("127.0.0.1", &wanted.nickname, room));
            None
        }
    };
    if let Some(link) = hosted.as_ref().and_then(|hosted| hosted.link.as_deref()) {
        app.announce_link(link);
    }
    let no_tls = wanted.no_tls;
    let outside = || -> anyhow::Result<(Outside, TimeZone)> {
        let identity = Rc::new(load_or_create(&data_dir)?);
        Ok((Outside::Real(Real::new(data_dir, identity, no_tls)?), local_zone()))
    };
    let result = if is_plain(&arguments) {
        let choice = choice.context("name a server: parlor --plain HOST --nick NAME")?;
        let (outside, zone) = outside()?;
        app.zone = zone;
        plain::run(app, &choice, config.notifications.bell, outside).await
    } else {
        run::run(app, choice, config.notifications, looks, outside).await
    };
    hosted.map_or(Ok(()), Hosted::stop)?;
    result
}

/// Whom to call, as whom, into which room: as the command line says, else the configuration, else the last time.
struct Wanted {
    server: Option<Address>,
    nickname: String,
    room: Option<RoomName>,
    no_tls: bool,
}

impl Wanted {
    fn new(arguments: &Screen, config: &Config, data_dir: &Path) -> anyhow::Result<Self> {
        let known = match &arguments.server {
            Some(name) => config.server(name),
            None => config.default_server(),
        };
        // What the command line says need not be looked up: the first frame does not wait for the disk.
        let is_said = arguments.server.is_some() && arguments.nick.is_some();
        let store = if is_said { None } else { Store::open_existing(data_dir)? };
        let saved = |key: &str| store.as_ref().map_or(Ok(None), |store| store.setting(key));
        let nickname =
            arguments.nick.clone().or_else(|| known.and_then(|known| known.nickname.as_ref().map(ToString::to_string)));
        let nickname = self::nickname(nickname, store.as_ref())?;
        let room =
            arguments.room.clone().or_else(|| known.and_then(|known| known.room.as_ref().map(ToString::to_string)));
        let room = match room {
            Some(room) => Some(room),
            None => saved("room")?,
        };
        let room =
            room.as_deref().map(|room| room_of(room).with_context(|| format!("{room:?} is no room"))).transpose()?;
        let server = match (known, &arguments.server) {
            (Some(known), _) => Some(known.address.clone()),
            (None, Some(server)) => Some(Address::parse(server)?),
            (None, None) => saved("server")?.map(|server| Address::parse(&server)).transpose()?,
        };
        let no_tls = arguments.no_tls || known.is_some_and(|known| known.no_tls);
        Ok(Self { server, nickname, room, no_tls })
    }
}

fn choose(address: Address, nickname: &str, room: Option<RoomName>, is_explicit: bool) -> anyhow::Result<Choice> {
    let name = Nickname::parse(nickname)
        .with_context(|| format!("{nickname:?} is no nickname; give another one with --nick"))?;
    let room = match (&address.room, room) {
        (Some(linked), room) if !is_explicit || room.is_none() => linked.clone(),
        (_, Some(room)) => room,
        (_, None) => RoomName::lobby(),
    };
    Ok(Choice { address, nickname: name, room })
}

/// Where things are kept, or would be.
pub(crate) fn data_path(wanted: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let of_user = || {
        let directories = directories::ProjectDirs::from("", "", "parlor");
        directories.context("this user has no home directory; name a data directory with --data-dir")
    };
    wanted.map_or_else(|| Ok(of_user()?.data_dir().to_owned()), Ok)
}

/// Where things are kept; it is made if it is not there.
pub(crate) fn data_dir(wanted: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let directory = data_path(wanted)?;
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("the data directory {} can't be made", directory.display()))?;
    Ok(directory)
}

/// The nickname: as it was given, else the saved one, else the login name.
pub(crate) fn nickname(given: Option<String>, store: Option<&Store>) -> anyhow::Result<String> {
    if let Some(name) = given {
        if let Err(error) = Nickname::parse(&name) {
            bail!("{name:?} is no nickname: {error}");
        }
        return Ok(name);
    }
    let saved = store.map_or(Ok(None), |store| store.setting("nickname"))?;
    let of_environment =
        || ["USER", "LOGNAME"].iter().find_map(|key| std::env::var(key).ok().filter(|name| !name.is_empty()));
    Ok(saved.or_else(of_environment).or_else(|| whoami::username().ok()).unwrap_or_else(|| "guest".into()))
}
