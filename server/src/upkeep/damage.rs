//! What is wrong with a journal.

use std::fmt;

/// So many findings are said; the rest is counted.
const SAID: usize = 20;

/// An error that says everything that is wrong with a journal, one finding a line.
#[derive(Debug, Default)]
pub struct Damage {
    /// What is wrong: which log or account, which entry. At most 20.
    pub findings: Vec<String>,
    /// How many more there are.
    pub more: u64,
}

impl Damage {
    pub(super) fn note(&mut self, finding: String) {
        if self.findings.len() < SAID {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.findings.iter().enumerate() {
            write!(f, "{}{finding}", if number == 0 { "" } else { "\n" })?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Damage {}
