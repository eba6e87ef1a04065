//! Several runs of one thing.

/// The figures of several runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// One run more.
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
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

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// A count as a figure.
#[allow(clippy::cast_precision_loss, reason = "no count here comes near to 2^53")]
pub(crate) fn figure(count: u64) -> f64 {
    count as f64
}
