//! Talking without a screen: what `send` and `tail` have in common.

pub(crate) mod send;
pub(crate) mod tail;

use crate::{
    cli::Common,
    link::{
        dial::{Dialled, dial},
        trust::KnownServers,
    },
    setup,
    store::Store,
};
use anyhow::{Context, bail};
use shared::{Address, Event, Incoming, Nickname, Outgoing, Request, event::Login as LoginAnswer, request::Login};
use std::{path::PathBuf, time::Duration};
use tokio::{io::AsyncWriteExt, time::timeout};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// A quiet session that has logged in with the person's key.
#[derive(Debug)]
pub(crate) struct Session {
    dialled: Dialled,
    /// The nickname as it was claimed.
    pub(crate) nickname: String,
    /// Where things are kept.
    pub(crate) data_dir: PathBuf,
}

impl Session {
    /// Connects and logs in.
    pub(crate) async fn open(server: &str, common: Common) -> anyhow::Result<Self> {
        let address = Address::parse(server)?;
        let data_dir = setup::data_dir(common.data_dir)?;
        let identity = crate::identity::load_or_create(&data_dir)?;
        let name = setup::nickname(common.nick, Store::open_existing(&data_dir)?.as_ref())?;
        let nickname =
            Nickname::parse(&name).with_context(|| format!("{name:?} is no nickname; give one with --nick"))?;
        let dialled = dial(&address, common.no_tls, &KnownServers::new(&data_dir)).await?;
        let signature = identity
            .sign_login(&dialled.welcome.challenge, &dialled.exporter, nickname.as_str())
            .context("the server's challenge is damaged")?;
        let mut session = Self { dialled, nickname: nickname.as_str().to_owned(), data_dir };
        let login = Login {
            sent: nickname.as_str().into(),
            nickname: Ok(nickname),
            proof: Some((identity.public(), signature)),
            quiet: true,
            invite: address.invite,
        };
        session.ask(Request::Login(login)).await?;
        let answer =
            session.answer(|event| if let Event::Login(login) = event { Some(login.clone()) } else { None }).await?;
        let LoginAnswer { success, code, nickname, detail, .. } = answer;
        if !success {
            let code = code.map(|code| code.to_string()).unwrap_or_default();
            bail!("the server refuses the nickname {nickname}: {code}: {}", detail.unwrap_or_default());
        }
        session.nickname = nickname.to_string();
        Ok(session)
    }

    /// Asks the server.
    pub(crate) async fn ask(&mut self, request: Request) -> anyhow::Result<()> {
        self.dialled.stream.write_all(&Incoming::from(request).encode()).await?;
        Ok(self.dialled.stream.flush().await?)
    }

    /// The next event; pings are answered on the way. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Event> {
        loop {
            let line = self.dialled.lines.next(&mut self.dialled.stream).await?;
            // A line that can't be read is one that a later version understands.
            let Ok(Outgoing { event, .. }) = Outgoing::decode(&line) else { continue };
            if event == Event::Ping {
                self.ask(Request::Pong).await?;
            } else {
                return Ok(event);
            }
        }
    }

    /// The first event that `pick` takes; an error of the server ends it.
    pub(crate) async fn answer<T>(&mut self, mut pick: impl FnMut(&Event) -> Option<T>) -> anyhow::Result<T> {
        let wait = async {
            loop {
                let event = self.next().await?;
                if let Some(picked) = pick(&event) {
                    return Ok(picked);
                }
                if let Event::Error(rejection) = event {
                    bail!("the server refuses: {}: {}", rejection.code, rejection.detail);
                }
            }
        };
        timeout(ANSWER, wait).await.context("the server did not answer within 30 seconds")?
    }
}
