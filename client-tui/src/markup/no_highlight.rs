//! Without the feature `highlight`: code is plain.

use super::Run;
use std::sync::Arc;

/// Gives no colours.
#[derive(Debug)]
pub struct Highlighter;

impl Highlighter {
    /// `done` is never called: nothing is ever to come.
    pub fn new(done: impl Fn() + Send + 'static) -> Self {
        drop(done);
        Self
    }

    /// No colours.
    pub fn ask(&self, _language: &str, _code: &str) -> Option<Arc<Vec<Run>>> {
        Some(Arc::default())
    }
}
