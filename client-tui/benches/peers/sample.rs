//! Several runs of one thing.

use std::time::Duration;

/// The figures of several runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// One run more.
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// One run more, in milliseconds.
    pub(crate) fn push_time(&mut self, time: Duration) {
        self.push(time.as_secs_f64() * 1000.0);
    }

    /// The figure that so many percent do not exceed; none without a run.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() * percent / 100).copied()
    }

    /// The figure in the middle.
    pub(crate) fn median(&self) -> Option<f64> {
        self.percentile(50)
    }
}
