//! How wide the columns of a table are: as their shares ask, but no column so narrow that a word, a date or a figure in it
//! would be cut, as long as the page has room for that.
//!
//! Called by [`super::flow`].

use super::Style;
use super::look::Look;
use super::shape::Shaper;
use crate::report::document::Table;

/// Text of at most so many letters, such as a date, is not cut over two lines.
const WHOLE: usize = 14;
/// What one column may ask for, in parts of the page's text.
const ASKED: f32 = 0.4;

/// Widths in points that add up to the width of the text. `pad` is the space at each side inside a column.
pub(super) fn widths(table: &Table, look: &Look, shaper: &mut Shaper, pad: f32) -> Vec<f32> {
    let shares: f32 = table.columns.iter().map(|column| f32::from(column.share.max(1))).sum();
    let asked = |at: usize| look.width() * f32::from(table.columns[at].share.max(1)) / shares;
    let least: Vec<f32> = (0..table.columns.len())
        .map(|at| {
            let head = uncut(shaper, &super::said(&table.columns[at].head), Style::Bold, look.small, 0);
            let cells = table
                .rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(|cell| uncut(shaper, &super::said(cell), Style::Regular, look.body * 0.95, WHOLE));
            (cells.fold(head, f32::max) + 2.0 * pad + 0.1).min(look.width() * ASKED)
        })
        .collect();
    settle(&(0..least.len()).map(asked).collect::<Vec<_>>(), &least, look.width())
}

/// The widest part of a text that stays on one line.
fn uncut(shaper: &mut Shaper, text: &str, style: Style, size: f32, whole: usize) -> f32 {
    if text.chars().count() <= whole {
        return shaper.line(text, style, size).width;
    }
    let longest = text.split_whitespace().max_by_key(|word| word.chars().count()).unwrap_or_default();
    let letters: String = longest.chars().take(60).collect();
    shaper.line(&letters, style, size).width
}

/// Columns that would be too narrow get what they need; the others share the rest as they asked.
fn settle(asked: &[f32], least: &[f32], width: f32) -> Vec<f32> {
    let needed: f32 = least.iter().sum();
    if needed >= width {
        return least.iter().map(|least| least * width / needed).collect();
    }
    let mut raised = vec![false; asked.len()];
    loop {
        let taken: f32 = least.iter().zip(&raised).filter(|(_, raised)| **raised).map(|(least, _)| least).sum();
        let sharing: f32 = asked.iter().zip(&raised).filter(|(_, raised)| !**raised).map(|(asked, _)| asked).sum();
        let part = |at: usize| if raised[at] { least[at] } else { asked[at] * (width - taken) / sharing };
        let widths: Vec<f32> = (0..asked.len()).map(part).collect();
        match (0..asked.len()).find(|&at| !raised[at] && widths[at] < least[at]) {
            Some(narrow) => raised[narrow] = true,
            None => return widths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_narrow_column_takes_from_the_others() {
        assert_eq!(settle(&[10.0, 45.0, 45.0], &[28.0, 5.0, 5.0], 100.0), [28.0, 36.0, 36.0]);
        assert_eq!(settle(&[50.0, 50.0], &[150.0, 50.0], 100.0), [75.0, 25.0]);
    }

    proptest! {
        #[test]
        fn columns_fill_the_page_and_hold_their_words(columns in proptest::collection::vec((1f32..9.0, 0f32..30.0), 1..12)) {
            let (asked, least): (Vec<f32>, Vec<f32>) = columns.into_iter().unzip();
            let widths = settle(&asked, &least, 100.0);
            prop_assert!((widths.iter().sum::<f32>() - 100.0).abs() < 0.1);
            if least.iter().sum::<f32>() < 100.0 {
                prop_assert!(widths.iter().zip(&least).all(|(width, least)| *width >= least - 0.01));
            }
        }
    }
}
