//! From the command line to a program that runs.

use crate::{
    address::Address,
    app::{
        App,
        form::{Choice, Form, room_of},
    },
    cli::{Cli, Screen, Script, host},
    host::Hosted,
    identity::{load_or_create, random_word},
    locale::Locale,
    run::{self, Shell},
    script::{send, tail},
    store::Store,
    theme::Theme,
};
use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use shared::{Nickname, RoomName, limits::DEFAULT_ROOM};
use std::{
    io::{IsTerminal, stdin, stdout},
    path::PathBuf,
    process::ExitCode,
    rc::Rc,
};

/// Runs what the command line says.
pub fn main(cli: Cli) -> ExitCode {
    let is_screen = cli.script.is_none();
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
            eprintln!("parlor: {}", crate::text::drawable_line(&format!("{error:#}")));
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
        None => screen(cli.screen).await,
    }
}

/// Opens the screen: on the server inside, on the one that was named or saved, or with the form.
async fn screen(arguments: Screen) -> anyhow::Result<()> {
    let data_dir = data_dir(arguments.data_dir.clone())?;
    let identity = Rc::new(load_or_create(&data_dir)?);
    let store = Store::open_existing(&data_dir)?;
    let saved = |key: &str| store.as_ref().map_or(Ok(None), |store| store.setting(key));
    let nickname = nickname(arguments.nick.clone(), store.as_ref())?;
    let room_text = match &arguments.room {
        Some(room) => Some(room.clone()),
        None => saved("room")?,
    };
    let room =
        room_text.as_deref().map(|room| room_of(room).with_context(|| format!("{room:?} is no room"))).transpose()?;

    let hosted = host(&arguments).map(|at| Hosted::start(at, &data_dir, arguments.no_tls)).transpose()?;
    let server = match (&hosted, &arguments.server) {
        (Some(hosted), _) => Some(hosted.address.clone()),
        (None, Some(server)) => Some(Address::parse(server)?),
        (None, None) => saved("server")?.map(|server| Address::parse(&server)).transpose()?,
    };
    let mut app = App::new(Locale::of_environment(), Theme::of_environment(), TimeZone::system(), random_word()?);
    let choice = match server {
        Some(address) => Some(choose(address, &nickname, room, arguments.room.is_some())?),
        None => {
            app.form = Some(Form::new("127.0.0.1", &nickname, room.as_ref().map_or(DEFAULT_ROOM, RoomName::as_str)));
            None
        }
    };
    let shell = Shell { app, data_dir, identity, no_tls: arguments.no_tls };
    let result = run::run(shell, choice).await;
    hosted.map_or(Ok(()), Hosted::stop)?;
    result
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

/// Where things are kept; it is made if it is not there.
pub(crate) fn data_dir(wanted: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let directory = match wanted {
        Some(directory) => directory,
        None => directories::ProjectDirs::from("", "", "parlor")
            .context("this user has no home directory; name a data directory with --data-dir")?
            .data_dir()
            .to_owned(),
    };
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
