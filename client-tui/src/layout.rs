//! Which pane lies where. Drawing and scrolling use the same rectangles.

use ratatui::layout::Rect;

/// Rows that the input line takes at most.
pub const INPUT_ROWS: u16 = 6;
/// Columns below which the user list folds away.
const FOLD: u16 = 60;
/// The smallest window that is drawn.
const SMALLEST: (u16, u16) = (20, 6);
/// Columns of the user list.
const USERS: u16 = 20;

/// Where the panes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Conversations and the link's state.
    pub tabs: Rect,
    /// The rule under it: what the log shows, who is online.
    pub title: Rect,
    /// The message log.
    pub log: Rect,
    /// The user list, beside the log or over it.
    pub users: Option<Rect>,
    /// The user list lies over the log.
    pub users_cover: bool,
    /// The rule over the input line.
    pub rule: Rect,
    /// The input line.
    pub input: Rect,
    /// Badges and hints.
    pub status: Rect,
}

impl Layout {
    /// The log takes the place of everything but the input line and the status line.
    #[must_use]
    pub fn bare(self) -> Self {
        let none = Rect { width: 0, height: 0, ..self.tabs };
        let log = Rect { y: 0, height: self.log.height + 2, width: self.rule.width, x: 0 };
        Self { tabs: none, title: none, log, users: None, ..self }
    }
}

/// The panes of a window. `None`: it is too small.
pub fn layout(width: u16, height: u16, users_wanted: bool, input_rows: u16) -> Option<Layout> {
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return None;
    }
    let input_rows = input_rows.clamp(1, INPUT_ROWS).min(height - 5);
    let log_height = height - 4 - input_rows;
    let folds = width < FOLD;
    let users_width = if folds { (width / 2).clamp(12, USERS) } else { USERS.min(width / 4) };
    let has_users = !folds || users_wanted;
    let beside = if folds { 0 } else { users_width + 1 };
    let row = |y, height| Rect::new(0, y, width, height);
    Some(Layout {
        tabs: row(0, 1),
        title: row(1, 1),
        log: Rect::new(0, 2, width - beside, log_height),
        users: has_users.then(|| Rect::new(width - users_width, 2, users_width, log_height)),
        users_cover: folds,
        rule: row(2 + log_height, 1),
        input: row(3 + log_height, input_rows),
        status: row(height - 1, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_its_panes_inside_the_window() {
        for width in 0..140 {
            for height in 0..50 {
                for wanted in [false, true] {
                    let Some(panes) = layout(width, height, wanted, 9) else { continue };
                    let window = Rect::new(0, 0, width, height);
                    for pane in [panes.tabs, panes.title, panes.log, panes.rule, panes.input, panes.status] {
                        assert_eq!(pane.intersection(window), pane, "{width}x{height}");
                    }
                    assert!(panes.log.height >= 1);
                    assert_eq!(panes.users.is_some(), wanted || width >= 60);
                }
            }
        }
    }
}
