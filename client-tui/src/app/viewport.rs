//! Where the window stands in the log: always by a block and a row of it, never by a count from an end that moves.

use crate::rows::Heights;

/// The top row of the window: a block, and a row of it.
pub type Top = (usize, usize);

/// The top row when the last row is at the bottom.
pub fn live_top(blocks: &impl Heights, height: usize) -> Top {
    let mut left = height;
    for index in (0..blocks.count()).rev() {
        let rows = blocks.height(index);
        if rows > 0 && rows >= left {
            return (index, rows - left);
        }
        left -= rows;
    }
    first(blocks)
}

/// The first row of all.
fn first(blocks: &impl Heights) -> Top {
    ((0..blocks.count()).find(|index| blocks.height(*index) > 0).unwrap_or(0), 0)
}

/// The row that stands for an anchor: its own, or the next one if its block has none.
pub fn settle(blocks: &impl Heights, (index, row): Top) -> Top {
    let height = if index < blocks.count() { blocks.height(index) } else { 0 };
    if height > 0 {
        return (index, row.min(height - 1));
    }
    let next = (index..blocks.count()).find(|next| blocks.height(*next) > 0);
    next.map_or((blocks.count(), 0), |next| (next, 0))
}

/// The row that lies so many above another; true: it is the first one of all.
pub fn up(blocks: &impl Heights, (mut index, mut row): Top, mut count: usize) -> (Top, bool) {
    while count > row {
        count -= row;
        // The last row of the block before that has any.
        let Some(before) = (0..index).rev().find(|before| blocks.height(*before) > 0) else {
            return (first(blocks), true);
        };
        count -= 1;
        (index, row) = (before, blocks.height(before) - 1);
    }
    let top = (index, row - count);
    (top, top == first(blocks))
}

/// The row that lies so many below another; behind the last one if there are not so many.
pub fn down(blocks: &impl Heights, (mut index, mut row): Top, mut count: usize) -> Top {
    while index < blocks.count() {
        let left = blocks.height(index).saturating_sub(row);
        if count < left {
            return (index, row + count);
        }
        count -= left;
        (index, row) = (index + 1, 0);
    }
    (index, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Heights for Vec<usize> {
        fn count(&self) -> usize {
            self.len()
        }

        fn height(&self, index: usize) -> usize {
            self[index]
        }
    }

    /// The rows one behind the other.
    fn flat(heights: &[usize]) -> Vec<Top> {
        heights.iter().enumerate().flat_map(|(index, rows)| (0..*rows).map(move |row| (index, row))).collect()
    }

    proptest! {
        /// The model is the list of all rows.
        #[test]
        fn like_a_list_of_rows(heights in prop::collection::vec(0_usize..5, 0..20), at in 0_usize..60, by in 0_usize..60, window in 1_usize..12) {
            let rows = flat(&heights);
            let live = live_top(&heights, window);
            prop_assert_eq!(rows.get(rows.len().saturating_sub(window)).copied().unwrap_or((0, 0)), live);
            if let Some(from) = rows.get(at) {
                let (above, is_first) = up(&heights, *from, by);
                prop_assert_eq!(above, rows[at.saturating_sub(by)]);
                prop_assert_eq!(is_first, at <= by);
                let below = down(&heights, *from, by);
                prop_assert_eq!(below, rows.get(at + by).copied().unwrap_or((heights.len(), 0)));
                prop_assert_eq!(settle(&heights, *from), *from);
            }
        }
    }

    #[test]
    fn a_block_taller_than_the_window_is_scrolled_row_by_row() {
        let heights = vec![1, 40, 1];
        assert_eq!(live_top(&heights, 1), (2, 0), "a window of one row");
        assert_eq!(up(&heights, (2, 0), 10), ((1, 30), false));
        assert_eq!(down(&heights, (1, 30), 10), (2, 0));
    }
}
