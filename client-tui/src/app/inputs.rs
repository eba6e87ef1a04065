//! Lines typed before: walked with Up and Down, searched with C-r.

/// A search through the lines typed before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// What is looked for.
    pub query: String,
    /// The line that was found.
    found: Option<usize>,
}

/// Lines typed before, oldest first.
#[derive(Debug, Default)]
pub struct Inputs {
    lines: Vec<String>,
    /// The one that stands in the input line.
    at: Option<usize>,
    /// What was being typed before the walk, or the search, began.
    stash: String,
    /// A search is open.
    search: Option<Search>,
}

impl Inputs {
    /// Lines of an earlier run.
    pub fn set(&mut self, lines: Vec<String>) {
        *self = Self { lines, ..Self::default() };
    }

    /// The search that is open.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// Adds a line that was submitted. False: it is the same as the one before.
    pub fn add(&mut self, line: &str) -> bool {
        self.leave();
        let is_new = self.lines.last().is_none_or(|last| last != line);
        if is_new {
            self.lines.push(line.to_owned());
        }
        is_new
    }

    /// The walk and the search are over.
    pub fn leave(&mut self) {
        self.at = None;
        self.search = None;
    }

    /// Walks to an older line, or a newer one; what was being typed comes back behind the newest. What is to stand in the
    /// input line then.
    pub fn walk(&mut self, typed: &str, is_newer: bool) -> Option<String> {
        let at = match (self.at, is_newer) {
            (None, true) => return None,
            (None, false) => self.lines.len().checked_sub(1),
            (Some(at), false) => Some(at.saturating_sub(1)),
            (Some(at), true) => Some(at + 1).filter(|at| *at < self.lines.len()),
        };
        if self.at.is_none() {
            at?;
            typed.clone_into(&mut self.stash);
        }
        self.at = at;
        Some(at.map_or_else(|| std::mem::take(&mut self.stash), |at| self.lines[at].clone()))
    }

    /// Opens a search, or goes on to an older hit of it. What is to stand in the input line then.
    pub fn search_older(&mut self, typed: &str) -> Option<String> {
        match &self.search {
            None => {
                typed.clone_into(&mut self.stash);
                self.search = Some(Search::default());
                None
            }
            Some(search) => {
                let below = search.found.unwrap_or(self.lines.len());
                self.find(below)
            }
        }
    }

    /// Changes what is looked for. What is to stand in the input line then.
    pub fn search_for(&mut self, change: impl FnOnce(&mut String)) -> Option<String> {
        change(&mut self.search.as_mut()?.query);
        self.find(self.lines.len())
    }

    fn find(&mut self, below: usize) -> Option<String> {
        let search = self.search.as_mut()?;
        let query = search.query.to_lowercase();
        let found = self.lines[..below].iter().rposition(|line| line.to_lowercase().contains(&query))?;
        search.found = Some(found);
        Some(self.lines[found].clone())
    }

    /// Gives the search up; what was being typed comes back.
    pub fn cancel_search(&mut self) -> String {
        self.search = None;
        std::mem::take(&mut self.stash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(lines: &[&str]) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.set(lines.iter().map(|&line| line.to_owned()).collect());
        inputs
    }

    #[test]
    fn up_and_down_walk_and_what_was_typed_comes_back() {
        let mut inputs = inputs(&["one", "two"]);
        assert_eq!(inputs.walk("half", true), None);
        assert_eq!(inputs.walk("half", false).as_deref(), Some("two"));
        assert_eq!(inputs.walk("two", false).as_deref(), Some("one"));
        assert_eq!(inputs.walk("one", false).as_deref(), Some("one"));
        assert_eq!(inputs.walk("one", true).as_deref(), Some("two"));
        assert_eq!(inputs.walk("two", true).as_deref(), Some("half"));
        assert_eq!(inputs.walk("half", true), None);
        assert!(!inputs.add("two") && inputs.add("three"));
        assert_eq!(super::Inputs::default().walk("x", false), None);
    }

    #[test]
    fn ctrl_r_finds_older_and_older_lines() {
        let mut inputs = inputs(&["cargo test", "看到昨天的日志了吗", "Cargo build", "ls"]);
        assert_eq!(inputs.search_older("half"), None);
        assert_eq!(inputs.search_for(|query| query.push_str("cargo")).as_deref(), Some("Cargo build"));
        assert_eq!(inputs.search_older("").as_deref(), Some("cargo test"));
        assert_eq!(inputs.search_older(""), None, "there is no older one: the line stays");
        assert_eq!(inputs.search_for(|query| *query = "日志".into()).as_deref(), Some("看到昨天的日志了吗"));
        assert_eq!(inputs.cancel_search(), "half");
        assert!(inputs.search().is_none());
    }
}
