//! `parlor send`: says something, and ends well only once it is stored.

use super::Session;
use crate::{app::conversation::Partner, cli::Common, identity::random_word};
use anyhow::{Context, bail};
use shared::{
    Event, Kind, LogName, MessageId, Nickname, Request, Text,
    request::{Destination, Send, Start},
};
use std::io::Read;

/// Sends a text to a room or a person.
pub(crate) async fn run(
    server: &str,
    room: &str,
    text: Option<String>,
    once: Option<String>,
    common: Common,
) -> anyhow::Result<()> {
    let to = match Partner::parse(room) {
        Some(Partner::Room(room)) => Destination::Room(room),
        Some(Partner::Person(name)) => Destination::Person(Nickname::parse(&name)?),
        None => bail!("{room:?} is neither a #room nor a @nickname"),
    };
    let id = match once {
        Some(key) => MessageId::parse(&key).with_context(|| format!("--once is to be {}", MessageId::RULE))?,
        None => MessageId::parse(&random_word()?).context("a random id")?,
    };
    let text = match text.as_deref() {
        Some("-") | None => {
            let mut input = String::new();
            std::io::stdin().read_to_string(&mut input).context("standard input is no text")?;
            input.trim_end_matches('\n').to_owned()
        }
        Some(text) => text.to_owned(),
    };
    let text = Text::parse(&text)?;
    let mut session = Session::open(server, common).await?;
    if let Destination::Room(room) = &to {
        let room = LogName::Room(room.clone());
        session.ask(Request::Join { room: room.clone(), start: Start { last: 0, resume: None } }).await?;
        session.answer(|event| matches!(event, Event::Joined(joined) if joined.room == room).then_some(())).await?;
    }
    session.ask(Request::Send(Send { id: id.clone(), to, kind: Kind::Talk, re: None, text: Ok(text) })).await?;
    session.answer(|event| matches!(event, Event::Ack(ack) if ack.id == id).then_some(())).await?;
    session.ask(Request::Bye).await
}
