//! Strips onto pages: what must stay together does wherever a page is high enough, and a table's head stands again at the
//! top of each page that begins with one of its rows.
//!
//! A pure function of heights; called by [`super::to_pdf`].

use super::strip::{Flow, Strip};

/// Where a strip stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Placed {
    pub which: Which,
    /// From the top of the page's text, in points.
    pub y: f32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    /// An index into [`Flow::strips`].
    Strip(usize),
    /// A repeated head: indexes into [`Flow::heads`] and into the head.
    Head(usize, usize),
}

/// A repeated head may take this part of a page, at most.
const HEAD_PART: f32 = 0.4;

/// Pages of at most `height` points of text; at least one.
pub(super) fn paginate(flow: &Flow, height: f32) -> Vec<Vec<Placed>> {
    let mut pages = Pages { pages: vec![Vec::new()], used: 0.0, height };
    let mut at = 0;
    while at < flow.strips.len() {
        let group = &flow.strips[at..at + together(&flow.strips[at..])];
        if group[0].breaks && !pages.on_fresh_page() {
            pages.turn();
        }
        let needed: f32 = group.iter().map(|strip| strip.above + strip.height).sum();
        if !pages.on_fresh_page() && pages.used + needed > height && needed - group[0].above <= height {
            pages.turn();
        }
        for (index, strip) in group.iter().enumerate() {
            if !pages.on_fresh_page() && pages.used + strip.above + strip.height > height {
                pages.turn();
            }
            if pages.on_fresh_page() {
                pages.head(flow, strip);
            }
            pages.put(Which::Strip(at + index), strip);
        }
        at += group.len();
    }
    pages.pages
}

/// How many strips stay together, from the first on.
fn together(strips: &[Strip]) -> usize {
    let kept = strips.iter().zip(&strips[1..]).take_while(|(strip, next)| strip.keep && !next.breaks).count();
    kept + 1
}

struct Pages {
    pages: Vec<Vec<Placed>>,
    used: f32,
    height: f32,
}

impl Pages {
    fn on_fresh_page(&self) -> bool {
        self.pages.last().is_none_or(Vec::is_empty)
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.used = 0.0;
    }

    fn put(&mut self, which: Which, strip: &Strip) {
        if !self.on_fresh_page() {
            self.used += strip.above;
        }
        let y = self.used;
        self.used += strip.height;
        if let Some(page) = self.pages.last_mut() {
            page.push(Placed { which, y });
        }
    }

    fn head(&mut self, flow: &Flow, row: &Strip) {
        let Some(head) = row.head else { return };
        let strips = &flow.heads[head];
        let needed: f32 = strips.iter().map(|strip| strip.height).sum();
        if needed <= self.height * HEAD_PART && needed + row.height <= self.height {
            for (at, strip) in strips.iter().enumerate() {
                self.put(Which::Head(head, at), strip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strip(height: f32) -> Strip {
        Strip { above: 2.0, height, ..Strip::default() }
    }

    fn shown(pages: &[Vec<Placed>]) -> Vec<Vec<Which>> {
        pages.iter().map(|page| page.iter().map(|placed| placed.which).collect()).collect()
    }

    #[test]
    fn a_heading_goes_to_the_page_of_what_follows() {
        let heading = Strip { keep: true, ..strip(10.0) };
        let flow = Flow { strips: vec![strip(70.0), heading, strip(20.0)], ..Flow::default() };
        let pages = paginate(&flow, 100.0);
        assert_eq!(shown(&pages), [vec![Which::Strip(0)], vec![Which::Strip(1), Which::Strip(2)]]);
        assert_eq!(pages[1][0].y, 0.0);
    }

    #[test]
    fn the_head_of_a_table_stands_on_every_page_of_it() {
        let head = Strip { keep: true, ..strip(10.0) };
        let row = Strip { head: Some(0), ..strip(40.0) };
        let strips = vec![head.clone(), row.clone(), row.clone(), row];
        let flow = Flow { strips, heads: vec![vec![Strip { above: 0.0, ..head }]], ..Flow::default() };
        let (head, strip) = (Which::Head(0, 0), Which::Strip);
        let expected = [vec![strip(0), strip(1), strip(2)], vec![head, strip(3)]];
        assert_eq!(shown(&paginate(&flow, 100.0)), expected);
    }

    #[test]
    fn a_page_break_is_no_empty_page() {
        let broken = Strip { breaks: true, ..strip(10.0) };
        let flow = Flow { strips: vec![broken.clone(), broken], ..Flow::default() };
        assert_eq!(paginate(&flow, 100.0).len(), 2);
        assert_eq!(paginate(&Flow::default(), 100.0).len(), 1);
    }

    proptest! {
        #[test]
        fn every_strip_stands_once_in_order_and_inside(
            heights in proptest::collection::vec((1f32..60.0, any::<bool>(), any::<bool>(), any::<bool>()), 0..60),
        ) {
            let strips: Vec<Strip> = heights
                .into_iter()
                .map(|(height, keep, breaks, row)| Strip { keep, breaks, head: row.then_some(0), ..strip(height) })
                .collect();
            let count = strips.len();
            let flow = Flow { strips, heads: vec![vec![strip(12.0)]], ..Flow::default() };
            let pages = paginate(&flow, 100.0);
            let mut seen = Vec::new();
            for page in &pages {
                let mut below = 0.0;
                for placed in page {
                    let height = match placed.which {
                        Which::Strip(at) => { seen.push(at); flow.strips[at].height }
                        Which::Head(head, at) => flow.heads[head][at].height,
                    };
                    prop_assert!(placed.y >= below - 0.01 && placed.y + height <= 100.01);
                    below = placed.y + height;
                }
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }
}
