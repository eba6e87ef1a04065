//! The server's own door: what an operator orders through a Unix socket in the data directory, which only its owner can
//! open. One JSON object in, one out, each on a line.

use crate::engine::Held;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use shared::{Nickname, RoomName, identity::PublicKey, network::Network};
use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Write},
    os::{
        fd::AsRawFd,
        unix::{fs::PermissionsExt, net::UnixStream},
    },
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
    sync::{mpsc::UnboundedSender, oneshot},
};

const NAME: &str = "admin.sock";
/// Bytes of an order.
const ORDER_BYTES: u64 = 64 << 10;
/// How long an answer may take: an order waits for the journal.
const ANSWER: Duration = Duration::from_mins(5);

/// After the system had no more descriptors.
const AGAIN: Duration = Duration::from_secs(1);

/// Whom an order is about, as people write it: a nickname, a key, or a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A nickname.
    Name(Nickname),
    /// A key.
    Key(PublicKey),
    /// A network.
    Network(Network),
}

impl Whom {
    /// Reads it. What may be several is a network before a key before a nickname.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        if let Some(key) = PublicKey::parse(text) {
            return Ok(Self::Key(key));
        }
        Nickname::parse(text)
            .map(Self::Name)
            .map_err(|error| format!("{text:?} is no nickname, key or network: {error}"))
    }
}

/// What is ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// How the server is.
    Status,
    /// Lets people in who show this token.
    Invite {
        /// It.
        token: String,
        /// The room that it is for.
        room: Option<RoomName>,
        /// Seconds until it ends.
        for_s: Option<u64>,
        /// How often it may be used.
        uses: Option<u32>,
        /// What it is called in the moderation log.
        note: String,
    },
    /// A token lets nobody in any more.
    Uninvite {
        /// It.
        token: String,
    },
    /// Somebody is an operator.
    Grant {
        /// A nickname or a key.
        who: String,
    },
    /// Somebody is none any more.
    Revoke {
        /// A nickname or a key.
        who: String,
    },
    /// Ends somebody's connections.
    Kick {
        /// A nickname.
        who: String,
        /// Why.
        reason: String,
    },
    /// Keeps somebody out of the server.
    Ban {
        /// A nickname, a key or a network.
        who: String,
        /// Seconds; absent: until it is ended.
        for_s: Option<u64>,
        /// Why.
        reason: String,
    },
    /// Ends that.
    Unban {
        /// A nickname, a key or a network.
        who: String,
    },
    /// Keeps somebody from talking.
    Mute {
        /// A nickname, a key or a network.
        who: String,
        /// Seconds; absent: until it is ended.
        for_s: Option<u64>,
        /// Why.
        reason: String,
    },
    /// Ends that.
    Unmute {
        /// A nickname, a key or a network.
        who: String,
    },
    /// How careful the server is: 0 calm, 1 no new names, 2 no new addresses, 3 read-only.
    Alert {
        /// The level.
        level: u8,
    },
    /// A claimed nickname is free again.
    Release {
        /// It.
        nickname: String,
    },
    /// Takes out a thousand texts of a person; to be ordered until none is left.
    Erase {
        /// A claimed nickname.
        nickname: String,
    },
    /// Takes out entries that are older, or more, than the configuration keeps: a thousand of each log.
    Retention,
    /// Gives back the space of what has gone, and leaves nothing of it in the files.
    Compact,
    /// Reads the configuration again.
    Reload,
}

/// What is answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Why not, if it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Entries that it touched.
    pub entries: u64,
    /// The certificate that clients see, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Where the server listens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// How the server is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

impl Answer {
    /// It was not done.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { error: Some(reason.into()), ..Self::default() }
    }

    /// It is done.
    pub fn done(entries: u64) -> Self {
        Self { entries, ..Self::default() }
    }
}

/// How the server is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Seconds since it was started.
    pub up_s: u64,
    /// Connections.
    pub connections: usize,
    /// Those of them that speak TLS.
    pub tls: usize,
    /// People that are here.
    pub people: usize,
    /// Claimed nicknames.
    pub claims: usize,
    /// Rooms.
    pub rooms: usize,
    /// Sanctions that hold.
    pub sanctions: usize,
    /// How careful it is.
    pub alert: u8,
    /// Bytes of answers that are not sent.
    pub unsent_bytes: usize,
    /// Bytes of the newest entries in memory.
    pub tail_bytes: usize,
    /// Connections since the start.
    pub accepted_total: u64,
    /// Connections that were refused for want of room.
    pub refused_total: u64,
    /// Logins.
    pub logins_total: u64,
    /// Logins that failed.
    pub failed_logins_total: u64,
    /// Entries that were stored.
    pub entries_total: u64,
    /// Requests that were refused for being too many.
    pub slowed_total: u64,
    /// Bytes that were read,
    pub received_bytes_total: u64,
    /// and written.
    pub sent_bytes_total: u64,
}

impl Status {
    /// What is held, as the engine counts it.
    pub(crate) fn hold(&mut self, held: Held) {
        (self.connections, self.unsent_bytes, self.tail_bytes) = (held.connections, held.unsent, held.tails);
    }
}

/// What reaches the loop from outside of its sockets: an order, and where its answer goes.
pub(crate) type Command = (Order, oneshot::Sender<Answer>);

/// The way to the loop.
pub(crate) type Commands = UnboundedSender<Command>;

/// Asks the loop.
pub(crate) async fn ask(commands: &Commands, order: Order) -> Answer {
    let (to, answer) = oneshot::channel();
    if commands.send((order, to)).is_err() {
        return Answer::refused("the server is ending");
    }
    answer.await.unwrap_or_else(|_| Answer::refused("the server is ending"))
}

/// The socket of a data directory.
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// The system takes no longer path for a socket.
const PATH_MAX: usize = 100;

/// A path that is short enough: where it is not, through the open folder.
fn short(path: &Path, folder: &fs::File) -> PathBuf {
    if path.as_os_str().len() <= PATH_MAX {
        return path.to_owned();
    }
    PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(NAME)
}

/// Opens the door; what a killed server has left of it goes first.
pub(crate) fn bind(data_dir: &Path) -> anyhow::Result<UnixListener> {
    let path = socket_path(data_dir);
    let failed = || format!("the socket {} can't be made", path.display());
    let folder = fs::File::open(data_dir).with_context(failed)?;
    let path = short(&path, &folder);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(failed),
        _ => {}
    }
    let listener = UnixListener::bind(&path).with_context(failed)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).with_context(failed)?;
    Ok(listener)
}

/// Takes orders until the loop has ended.
pub(crate) async fn serve(listener: UnixListener, commands: Commands) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Without descriptors nobody can be let in; the door must open again when there are some.
                tracing::warn!(%error, "admin_accept_failed");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        let commands = commands.clone();
        tokio::spawn(async move {
            let (reading, mut writing) = stream.into_split();
            let mut lines = tokio::io::BufReader::new(reading.take(ORDER_BYTES)).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match serde_json::from_str(&line) {
                    Ok(order) => ask(&commands, order).await,
                    Err(error) => Answer::refused(format!("that is no order: {error}")),
                };
                let mut line = serde_json::to_vec(&answer).unwrap_or_default();
                line.push(b'\n');
                if writing.write_all(&line).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Gives an order to the server that runs over a data directory.
pub fn order(data_dir: &Path, order: &Order) -> anyhow::Result<Answer> {
    let path = socket_path(data_dir);
    let folder = fs::File::open(data_dir).with_context(|| format!("there is no {}", data_dir.display()))?;
    let mut stream = UnixStream::connect(short(&path, &folder)).with_context(|| {
        format!("no server answers at {}: is it running, over this data directory, and as this user?", path.display())
    })?;
    stream.set_read_timeout(Some(ANSWER))?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).context("the server did not answer")?;
    let answer: Answer = serde_json::from_str(&answer).context("the server ended before it answered")?;
    match answer.error {
        Some(error) => anyhow::bail!(error),
        None => Ok(answer),
    }
}
