//! What time it is: a clock that only goes forward for everything that is waited for, and what people call a time.

use crate::hub::{Millis, Now};
use shared::UnixMillis;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The clock on the wall: a label for people, which may be wrong and may jump. Nothing is ordered by it.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl WallClock {
    /// A clock that shows what `now` says.
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl Default for WallClock {
    /// The machine's. Before 1970 it shows 0.
    fn default() -> Self {
        Self::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis))
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

/// Both clocks.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Instant,
    wall: WallClock,
}

impl Clock {
    pub(crate) fn new(wall: WallClock) -> Self {
        Self { start: Instant::now(), wall }
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: millis(self.start.elapsed()), wall: self.wall.now() }
    }

    /// Waits until then; for ever without a time.
    pub(crate) async fn sleep_until(&self, at: Option<Millis>) {
        match at {
            Some(at) => tokio::time::sleep_until((self.start + Duration::from_millis(at)).into()).await,
            None => std::future::pending().await,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
