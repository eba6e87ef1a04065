//! Pages of history and of search over a long history while people talk in the same room, and what those who talk notice.

use crate::{
    Run,
    archive::{Archive, RARE, ROOM},
    crowd::Crowd,
    latency::paced,
    sample::Sample,
    servers::{Server, Service},
    table::Row,
};
use anyhow::{Context, ensure};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Those who talk, and what they say a second between them.
const SENDERS: usize = 4;
const RATE: u32 = 500;
/// Pages that are asked for in a second.
const PAGES: u32 = 50;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Page {
    /// Entries before a place.
    Before,
    /// Entries around a time.
    At,
    /// What many entries have.
    Common,
    /// What few have.
    Rare,
    /// Two words in one entry.
    TwoWords,
    /// A word in a script without spaces.
    Chinese,
    /// What no entry has.
    NoHit,
}

impl Page {
    /// All.
    pub(crate) const ALL: [Self; 7] =
        [Self::Before, Self::At, Self::Common, Self::Rare, Self::TwoWords, Self::Chinese, Self::NoHit];

    /// It in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "history before an entry",
            Self::At => "history at a time",
            Self::Common => "search: a common word",
            Self::Rare => "search: a rare word",
            Self::TwoWords => "search: two words",
            Self::Chinese => "search: two Chinese characters",
            Self::NoHit => "search: no hit",
        }
    }

    /// What is looked for; some words are in every second entry, some are hardly ever together.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Before | Self::At => &[],
            Self::Common => &["the", "ubuntu", "install", "you"],
            Self::Rare => &[RARE.0],
            Self::TwoWords => &["install driver", "the kernel", "sound card", "the kumquat"],
            Self::Chinese => &["告诉", "朋友", "知道", "学习"],
            Self::NoHit => &["xyzzyplugh", "ubuntu xyzzyplugh", "囧囧"],
        }
    }

    /// Request number `n`.
    fn request(self, n: usize, archive: &Archive) -> String {
        // A walk over everything that looks like chance and is the same every time.
        let somewhere = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        let what = match self {
            Self::Before => format!("\"history\",\"before\":{}", 2 + somewhere % archive.len as u64),
            Self::At => {
                let (first, last) = archive.times;
                format!("\"history\",\"at\":{}", first + somewhere % (last - first).max(1))
            }
            _ => format!("\"search\",\"text\":\"{}\"", self.words()[n % self.words().len()]),
        };
        format!("{{\"type\":{what},\"room\":\"{ROOM}\",\"limit\":50,\"tag\":\"q{n}\"}}\n")
    }
}

/// Measures one server.
pub(crate) fn measure(server: Server, run: &mut Run) -> anyhow::Result<()> {
    run.archive()?;
    let archive = run.archive.as_ref().context("it was made")?;
    let service = Service::start_in(server, run.machine, archive.path())?;
    let mut crowd = Crowd::new(&service)?;
    crowd.fill(&ROOM[1..], SENDERS)?;
    crowd.settle()?;
    paced(&mut crowd, SENDERS, RATE, run.plan.warm)?;
    let senders = |crowd: &mut Crowd| {
        crowd.ledger.took = Some(Vec::new());
        crowd.ledger.ack_took.clear();
        paced(crowd, SENDERS, RATE, run.plan.pages)?;
        let took: Sample = crowd.ledger.ack_took.iter().map(|micros| f64::from(*micros) / 1000.0).collect();
        took.percentile(99).context("nothing was said")
    };
    let before = senders(&mut crowd)?;
    let (during, took) = thread::scope(|scope| {
        let reader = scope.spawn(|| read(service.address, archive, run.plan.pages));
        let during = senders(&mut crowd);
        let took = reader.join().map_err(|_| anyhow::anyhow!("the reader has panicked"))?;
        anyhow::Ok((during?, took?))
    })?;
    let after = senders(&mut crowd)?;
    run.table.push(Row::SenderAlone, server, f64::midpoint(before, after));
    run.table.push(Row::SenderWithReaders, server, during);
    for (page, took) in took {
        for percent in [50, 99] {
            if let Some(figure) = took.percentile(percent) {
                run.table.push(Row::Page(page, percent), server, figure);
            }
        }
    }
    run.table.push_faults(server, crowd.ledger.faults);
    Ok(())
}

/// Asks for pages for so long, each kind in turn.
fn read(server: SocketAddr, archive: &Archive, length: Duration) -> anyhow::Result<BTreeMap<Page, Sample>> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.write_all(
        format!(
            "{{\"type\":\"hello\",\"version\":1}}\n{{\"type\":\"login\",\"nickname\":\"reader\"}}\n\
             {{\"type\":\"join\",\"room\":\"{ROOM}\",\"last\":0}}\n"
        )
        .as_bytes(),
    )?;
    let mut lines = BufReader::with_capacity(1 << 16, stream.try_clone()?);
    until(&mut lines, "\"type\":\"joined\"")?;
    let (start, mut took) = (Instant::now(), BTreeMap::<Page, Sample>::new());
    for (n, page) in Page::ALL.into_iter().cycle().enumerate() {
        let due = start + Duration::from_secs(1) / PAGES * u32::try_from(n)?;
        if due >= start + length {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let asked = Instant::now();
        stream.write_all(page.request(n, archive).as_bytes())?;
        let answer = until(&mut lines, &format!("\"tag\":\"q{n}\""))?;
        took.entry(page).or_default().push(asked.elapsed().as_secs_f64() * 1000.0);
        let hits = answer.matches("\"seq\":").count();
        ensure!((hits == 0) == (page == Page::NoHit), "{hits} entries for {page:?} {n}");
    }
    Ok(took)
}

/// The next line with these words in it.
fn until(lines: &mut impl BufRead, words: &str) -> anyhow::Result<String> {
    let mut line = String::new();
    loop {
        line.clear();
        ensure!(lines.read_line(&mut line)? > 0, "the server has closed the connection");
        ensure!(!line.starts_with("{\"type\":\"error\""), "{line}");
        // What people say is shorter than an answer and has no tag.
        if !line.starts_with("{\"type\":\"message\"") && line.contains(words) {
            return Ok(line);
        }
    }
}
