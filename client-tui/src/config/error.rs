//! What is wrong in a file, and where.

use std::fmt;

/// Everything that was found wrong in one file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: String,
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Its line, counted from 1; none if the file as a whole is wrong.
    pub line: Option<usize>,
    /// The key with its sections, as `keys.ignore`; empty if no key is to blame.
    pub key: String,
    /// What was given, why that is wrong, and what is allowed.
    pub text: String,
}

impl ConfigError {
    pub(crate) fn new(file: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort();
        Self { file: file.to_owned(), problems }
    }

    /// The file as a whole is wrong.
    pub(crate) fn of_file(file: &str, text: impl Into<String>) -> Self {
        Self::new(file, vec![Problem { line: None, key: String::new(), text: text.into() }])
    }

    /// The file, as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What is wrong; at least one thing.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// A line for each problem: `FILE:LINE: KEY: what is wrong`.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file)?;
            if let Some(line) = problem.line {
                write!(f, "{line}:")?;
            }
            if !problem.key.is_empty() {
                write!(f, " {}:", problem.key)?;
            }
            write!(f, " {}", problem.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
