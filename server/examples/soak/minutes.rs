//! One line a minute, and whether the last minutes are like the second one.

use crate::{
    crowd::Crowd,
    process::{Server, Taken, own_cpu},
};
use std::time::{Duration, Instant};

/// Minutes at the end that are looked at; the middle one of each figure counts.
const LAST: usize = 3;
/// Memory may grow by this part and so much more.
const RSS_PART: u64 = 15;
const RSS_KIB: u64 = 4 << 10;
/// Descriptors beside connections: files that are opened when they are needed, connections that are on their way.
const DESCRIPTORS: u64 = 8;
/// A checkpoint is due every 16 MiB.
const WAL_KIB: u64 = 64 << 10;
/// Latency may double. The slowest ones hang on the disk and on what else the machine does, so they may vary by more.
const SLOWER: u64 = 2;
const USUAL_US: u64 = 1_000;
const SLOWEST_US: u64 = 50_000;

#[derive(Debug, Clone, Copy)]
struct Minute {
    taken: Taken,
    connections: u64,
    ack_p50: u64,
    ack_p99: u64,
    delivery_p99: u64,
}

/// A figure: its name, where it stands, and the most that it may be, after what it was.
type Row = (&'static str, fn(&Minute) -> u64, fn(u64) -> u64);

/// All minutes so far.
pub(crate) struct Minutes {
    all: Vec<Minute>,
    cpu: Duration,
    own: Duration,
    at: Instant,
    acked: u64,
}

impl Minutes {
    pub(crate) fn new(server: &Server) -> anyhow::Result<Self> {
        println!(
            "min  conns    msgs  deliveries  RSS KiB  fds  threads  WAL KiB   DB KiB  CPU %  own %  ack p50/p99 ms  delivery p99 ms"
        );
        Ok(Self { all: Vec::new(), cpu: server.taken()?.cpu, own: own_cpu()?, at: Instant::now(), acked: 0 })
    }

    /// A minute is over.
    pub(crate) fn note(&mut self, number: u32, server: &Server, crowd: &mut Crowd) -> anyhow::Result<()> {
        let taken = server.taken()?;
        let connections = crowd.connections();
        let (own, passed) = (own_cpu()?, self.at.elapsed());
        let percent = |used: Duration| used.as_secs_f64() / passed.as_secs_f64() * 100.0;
        let (cpu, own_share) = (percent(taken.cpu.saturating_sub(self.cpu)), percent(own.saturating_sub(self.own)));
        let ledger = &mut crowd.ledger;
        let (mut acks, mut deliveries) = (std::mem::take(&mut ledger.acks), std::mem::take(&mut ledger.deliveries));
        let messages = ledger.done.get("acked").copied().unwrap_or(0);
        let count = deliveries.len();
        let (ack_p50, ack_p99) = (quantile(&mut acks, 50), quantile(&mut acks, 99));
        let delivery_p99 = quantile(&mut deliveries, 99);
        println!(
            "{number:3}  {connections:5}  {:6}  {count:10}  {:7}  {:3}  {:7}  {:7}  {:7}  {cpu:5.1}  {own_share:5.1}  {:>6}/{:<7}  {:>15}",
            messages - self.acked,
            taken.rss_kib,
            taken.descriptors,
            taken.threads,
            taken.wal_kib,
            taken.database_kib,
            millis(ack_p50),
            millis(ack_p99),
            millis(delivery_p99),
        );
        (self.cpu, self.own, self.at, self.acked) = (taken.cpu, own, Instant::now(), messages);
        self.all.push(Minute { taken, connections, ack_p50, ack_p99, delivery_p99 });
        Ok(())
    }

    /// What is left when everybody has gone.
    pub(crate) fn after(server: &Server) -> anyhow::Result<()> {
        let taken = server.taken()?;
        println!("everybody gone: RSS {} KiB, {} descriptors", taken.rss_kib, taken.descriptors);
        Ok(())
    }

    pub(crate) fn is_comparable(&self) -> bool {
        self.all.len() > 2
    }

    /// What has grown since the second minute.
    pub(crate) fn grown(&self) -> Vec<String> {
        let Some(first) = self.all.get(1).filter(|_| self.is_comparable()) else { return Vec::new() };
        let last = &self.all[self.all.len().saturating_sub(LAST).max(2)..];
        let besides = |minute: &Minute| minute.taken.descriptors.saturating_sub(minute.connections);
        let rows: [Row; 6] = [
            ("RSS (KiB)", |m| m.taken.rss_kib, |was| was + was * RSS_PART / 100 + RSS_KIB),
            ("descriptors beside connections", besides, |was| was + DESCRIPTORS),
            ("WAL (KiB)", |m| m.taken.wal_kib, |_| WAL_KIB),
            ("ack p50 (µs)", |m| m.ack_p50, |was| was * SLOWER + USUAL_US),
            ("ack p99 (µs)", |m| m.ack_p99, |was| was * SLOWER + SLOWEST_US),
            ("delivery p99 (µs)", |m| m.delivery_p99, |was| was * SLOWER + SLOWEST_US),
        ];
        let mut grown = Vec::new();
        for (name, figure, most) in rows {
            let mut figures: Vec<u64> = last.iter().map(figure).collect();
            figures.sort_unstable();
            let (was, is) = (figure(first), figures[figures.len() / 2]);
            println!("{name}: {was} in minute 2, {is} at the end, at most {}", most(was));
            if is > most(was) {
                grown.push(format!("{name} from {was} to {is}"));
            }
        }
        grown
    }
}

fn quantile(micros: &mut [u32], percent: usize) -> u64 {
    micros.sort_unstable();
    micros.get((micros.len() * percent / 100).min(micros.len().saturating_sub(1))).map_or(0, |&us| u64::from(us))
}

fn millis(micros: u64) -> String {
    format!("{}.{:02}", micros / 1_000, micros % 1_000 / 10)
}
