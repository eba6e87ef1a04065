//! The connection: dial, log in, pump lines, notice when it is dead, come back.
//!
//! What the server says goes to the app as it comes; what is to be said comes from the app. The link itself only knows
//! hello, login and heartbeats.

pub mod backoff;
pub mod dial;
pub mod stream;
mod tls;
pub mod trust;

use backoff::Backoff;
use dial::{DialError, Dialled, Lines, dial};
use shared::{
    Address, Event, Incoming, Label, Outgoing, Request,
    code::NoticeCode,
    event::Notice,
    identity::{Identity, Pin},
    request::Login,
};
use std::{io, rc::Rc, time::Duration};
use stream::Stream;
use tokio::{
    io::AsyncWriteExt,
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::{Instant, sleep_until},
};
use trust::KnownServers;

/// Without a byte from the server for so long, it is asked whether it is there.
const PING_AFTER: Duration = Duration::from_secs(40);
/// Without a byte for so long, the connection is given up.
const DEAD_AFTER: Duration = Duration::from_secs(70);

/// Whom to call, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server.
    pub address: Address,
    /// Plain text to other machines.
    pub no_tls: bool,
    /// The nickname as it is signed and sent.
    pub nickname: String,
    /// The person's key.
    pub identity: Rc<Identity>,
    /// A session that counts nowhere.
    pub quiet: bool,
    /// Which certificates are known.
    pub servers: KnownServers,
}

/// What the app tells the link.
#[derive(Debug)]
pub enum Order {
    /// The answer to [`News::Greeted`]: log in, and ask this in the same write.
    LogIn(Vec<Request>),
    /// Ask this.
    Ask(Request),
    /// Try again at once, if the link waits.
    Hurry,
    /// The server may show this certificate from now on; try again at once.
    Trust(Pin),
    /// Call somebody else.
    Call(Target),
    /// Say `bye` and end.
    End,
}

/// What the link tells the app.
#[derive(Debug)]
pub enum News {
    /// It dials.
    Dialling,
    /// The server has said welcome; the app is to say what to ask with the login.
    Greeted {
        /// What the operator has to say.
        motd: Label,
        /// The certificate, if it was seen for the first time and nobody vouches for it: it is pinned now.
        pinned: Option<Pin>,
    },
    /// The server says something.
    Said(Box<Outgoing>),
    /// The connection is gone, or was not to be had. The next try is in so long.
    Down {
        /// Why.
        loss: Loss,
        /// When; absent where a person has to decide first.
        retry: Option<Duration>,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A step of the dial has failed.
    Dial(DialError),
    /// The server has closed it.
    Closed,
    /// Nothing was heard for too long.
    Silent,
    /// It broke; what the system says of it.
    Broken(String),
    /// The server has ended it on purpose, and would not be pleased to see it again at once.
    PutOut,
}

/// Runs the link until it is told to end.
pub async fn run(mut target: Target, mut orders: UnboundedReceiver<Order>, news: UnboundedSender<News>) {
    let mut backoff = Backoff::default();
    loop {
        if news.send(News::Dialling).is_err() {
            return;
        }
        let end = match dial(&target.address, target.no_tls, &target.servers).await {
            Ok(dialled) => {
                let mut session = Session { target: &target, orders: &mut orders, news: &news, backoff: &mut backoff };
                session.run(dialled).await
            }
            Err(error) => End::Lost { loss: Loss::Dial(error), retry: None },
        };
        match end {
            End::Over => return,
            End::Call(next) => {
                target = next;
                backoff.reset();
            }
            End::Lost { loss, retry } => {
                // Another certificate does not become the right one by itself.
                let wait = match &loss {
                    Loss::Dial(DialError::Changed(_)) | Loss::PutOut => None,
                    _ => Some(retry.unwrap_or_else(|| backoff.next(jitter()))),
                };
                let _ = news.send(News::Down { loss, retry: wait });
                match wait_for(&mut orders, wait).await {
                    Wait::Over => return,
                    Wait::Trust(pin) => {
                        target.address.pin = Some(pin);
                        backoff.reset();
                    }
                    Wait::Call(next) => {
                        target = next;
                        backoff.reset();
                    }
                    Wait::Again => {}
                }
            }
        }
    }
}

enum Wait {
    Again,
    Trust(Pin),
    Call(Target),
    Over,
}

async fn wait_for(orders: &mut UnboundedReceiver<Order>, wait: Option<Duration>) -> Wait {
    let until = wait.map(|wait| Instant::now() + wait);
    loop {
        tokio::select! {
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Wait::Again,
            order = orders.recv() => match order {
                Some(Order::Hurry) if wait.is_some() => return Wait::Again,
                Some(Order::Trust(pin)) => return Wait::Trust(pin),
                Some(Order::Call(target)) => return Wait::Call(target),
                Some(Order::End) | None => return Wait::Over,
                // What was meant for the lost connection; the outbox has it.
                Some(Order::Hurry | Order::Ask(_) | Order::LogIn(_)) => {}
            }
        }
    }
}

enum End {
    Over,
    Call(Target),
    Lost { loss: Loss, retry: Option<Duration> },
}

struct Session<'a> {
    target: &'a Target,
    orders: &'a mut UnboundedReceiver<Order>,
    news: &'a UnboundedSender<News>,
    backoff: &'a mut Backoff,
}

impl Session<'_> {
    async fn run(&mut self, dialled: Dialled) -> End {
        let Dialled { mut stream, exporter, pinned, mut lines, welcome } = dialled;
        let _ = self.news.send(News::Greeted { motd: welcome.motd.clone(), pinned });
        let proof = Proof { challenge: &welcome.challenge, exporter: &exporter };
        match self.pump(&mut stream, &mut lines, &proof).await {
            Ok(end) => end,
            Err(error) => End::Lost { loss: Loss::Broken(error.to_string()), retry: None },
        }
    }

    async fn pump(&mut self, stream: &mut Stream, lines: &mut Lines, proof: &Proof<'_>) -> io::Result<End> {
        let mut heard = Instant::now();
        let mut pinged = false;
        let mut retry = None;
        let mut is_put_out = false;
        loop {
            while let Some(line) = lines.take() {
                // A line that can't be read is one that a later version understands.
                let Ok(outgoing) = Outgoing::decode(&line) else { continue };
                match &outgoing.event {
                    Event::Ping => write(stream, &Incoming::from(Request::Pong).encode()).await?,
                    Event::Login(login) if login.success => self.backoff.reset(),
                    // Whoever gave the nickname back, or was put out, comes back by hand.
                    Event::Release { .. } | Event::Notice(Notice { code: NoticeCode::Kicked, room: None, .. }) => {
                        is_put_out = true;
                    }
                    Event::Notice(notice) => retry = notice.retry_ms.map(Duration::from_millis).or(retry),
                    _ => {}
                }
                let _ = self.news.send(News::Said(Box::new(outgoing)));
            }
            let silence = heard + if pinged { DEAD_AFTER } else { PING_AFTER };
            tokio::select! {
                more = lines.fill(stream) => {
                    if !more? {
                        let loss = if is_put_out { Loss::PutOut } else { Loss::Closed };
                        return Ok(End::Lost { loss, retry });
                    }
                    (heard, pinged) = (Instant::now(), false);
                }
                order = self.orders.recv() => match self.say(order, stream, proof).await? {
                    None => {}
                    Some(end) => return Ok(end),
                },
                () = sleep_until(silence) => {
                    if pinged {
                        return Ok(End::Lost { loss: Loss::Silent, retry: None });
                    }
                    pinged = true;
                    write(stream, &Incoming::from(Request::Ping).encode()).await?;
                }
            }
        }
    }

    /// Writes what the app wants said, all that is queued in one write.
    async fn say(&mut self, order: Option<Order>, stream: &mut Stream, proof: &Proof<'_>) -> io::Result<Option<End>> {
        let mut bytes = Vec::new();
        let mut next = order.or(Some(Order::End));
        let mut end = None;
        while let Some(order) = next {
            match order {
                Order::LogIn(requests) => {
                    bytes.extend(Incoming::from(self.login(proof)?).encode());
                    bytes.extend(requests.into_iter().flat_map(|request| Incoming::from(request).encode()));
                }
                Order::Ask(request) => bytes.extend(Incoming::from(request).encode()),
                Order::Hurry | Order::Trust(_) => {}
                Order::Call(target) => end = Some(End::Call(target)),
                Order::End => end = Some(End::Over),
            }
            next = if end.is_some() { None } else { self.orders.try_recv().ok() };
        }
        if end.is_some() {
            bytes.extend(Incoming::from(Request::Bye).encode());
        }
        write(stream, &bytes).await?;
        Ok(end)
    }

    fn login(&self, proof: &Proof<'_>) -> io::Result<Request> {
        let Target { nickname, identity, quiet, .. } = self.target;
        let signature = identity
            .sign_login(proof.challenge, proof.exporter, nickname)
            .ok_or_else(|| io::Error::other("the server's challenge is damaged"))?;
        Ok(Request::Login(Login {
            sent: nickname.as_str().into(),
            nickname: shared::Nickname::parse(nickname),
            proof: Some((identity.public(), signature)),
            quiet: *quiet,
            invite: self.target.address.invite.clone(),
        }))
    }
}

/// What a login on this connection signs beside the nickname.
struct Proof<'a> {
    challenge: &'a str,
    exporter: &'a [u8],
}

/// Writes all of it, out of every buffer.
async fn write(stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Random, from 0 to 1.
fn jitter() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}
