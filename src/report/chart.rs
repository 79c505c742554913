//! A chart as plain marks on a rectangle, so that the HTML and the PDF show the same picture: bars one below the other, or
//! a line over time. Measures are points, x to the right and y down; the figures always stand in words beside their marks.
//!
//! Called by [`super::html`] and [`super::pdf`]. It cannot measure letters: words are cut to a number of letters that fit.

use super::document::{Chart, ChartKind, figure};

/// A picture of `width` x `height` points.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Drawing {
    pub width: f32,
    pub height: f32,
    /// Where a picture that is too high for a page may be cut, from the top (0) down.
    pub cuts: Vec<f32>,
    pub marks: Vec<Mark>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Mark {
    /// A thin line of a grid.
    Grid {
        from: (f32, f32),
        to: (f32, f32),
    },
    Bar {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
    /// The line from figure to figure.
    Trend(Vec<(f32, f32)>),
    Dot(f32, f32),
    /// Words on a baseline.
    Words {
        x: f32,
        y: f32,
        anchor: Anchor,
        text: String,
    },
}

/// Which part of the words stands at their x.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Mark {
    /// How far down it begins.
    pub fn top(&self) -> f32 {
        match self {
            Mark::Grid { from: (_, y), .. } | Mark::Bar { y, .. } | Mark::Dot(_, y) | Mark::Words { y, .. } => *y,
            Mark::Trend(points) => points.iter().map(|(_, y)| *y).fold(f32::INFINITY, f32::min),
        }
    }
}

/// A letter is about this wide, in parts of its size.
const LETTER: f32 = 0.56;
/// Lines of a bar's label, at most.
const LABEL_LINES: usize = 2;

/// Draws a chart; `size` is the size of its letters in points.
pub(super) fn draw(chart: &Chart, width: f32, size: f32) -> Drawing {
    match chart.kind {
        ChartKind::Bars => bars(chart, width, size),
        ChartKind::Line => line(chart, width, size),
    }
}

/// A chart in words, for those who cannot see it.
pub(super) fn in_words(chart: &Chart) -> String {
    let figures: Vec<String> =
        chart.points.iter().map(|(label, value)| format!("{label}: {}", figure(*value))).collect();
    format!("{}. {}", chart.title, figures.join("; "))
}

fn finite(chart: &Chart) -> impl Iterator<Item = f64> {
    chart.points.iter().map(|(_, value)| *value).filter(|value| value.is_finite())
}

fn bars(chart: &Chart, width: f32, size: f32) -> Drawing {
    let low = finite(chart).fold(0.0, f64::min);
    let high = finite(chart).fold(0.0, f64::max);
    let labels = width * 0.36;
    let left = labels + size * 0.8;
    let figures = size * 5.0;
    let right = (width - figures).max(left + 1.0);
    let place = |value: f64| left + (right - left) * part(value, low, high);
    let zero = place(0.0);
    let (mut marks, mut cuts) = (Vec::new(), Vec::new());
    let mut y = 0.0;
    for (label, value) in &chart.points {
        let lines = wrapped(label, (labels / (size * LETTER)) as usize);
        let row = size * (0.9 + 1.2 * lines.len() as f32);
        cuts.push(y);
        marks.push(Mark::Grid { from: (zero, y), to: (zero, y + row) });
        let middle = y + row / 2.0;
        let first = middle + size * 0.35 - size * 0.6 * (lines.len() as f32 - 1.0);
        for (at, text) in lines.into_iter().enumerate() {
            marks.push(Mark::Words { x: labels, y: first + size * 1.2 * at as f32, anchor: Anchor::End, text });
        }
        let end = if value.is_finite() { place(*value) } else { zero };
        let height = size * 1.15;
        if (end - zero).abs() > 0.01 {
            let (x, width) = (zero.min(end), (end - zero).abs());
            marks.push(Mark::Bar { x, y: middle - height / 2.0, width, height });
        }
        let x = zero.max(end) + size * 0.5;
        marks.push(Mark::Words { x, y: middle + size * 0.35, anchor: Anchor::Start, text: figure(*value) });
        y += row;
    }
    Drawing { width, height: y, cuts, marks }
}

fn line(chart: &Chart, width: f32, size: f32) -> Drawing {
    let ticks = ticks(finite(chart).fold(f64::INFINITY, f64::min), finite(chart).fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
    let widest = ticks.iter().map(|tick| figure(*tick).chars().count()).max().unwrap_or(1) as f32;
    let (left, right) = (size * (LETTER * widest + 0.8), width - size * 1.5);
    let (top, bottom) = (size * 1.6, size * 14.0);
    let across = |at: usize| match chart.points.len() {
        0 | 1 => (left + right) / 2.0,
        count => left + size + (right - left - size) * at as f32 / (count - 1) as f32,
    };
    let down = |value: f64| bottom - (bottom - top) * part(value, low, high);
    let mut marks = Vec::new();
    for tick in &ticks {
        let y = down(*tick);
        marks.push(Mark::Grid { from: (left, y), to: (right, y) });
        let (x, y) = (left - size * 0.5, y + size * 0.35);
        marks.push(Mark::Words { x, y, anchor: Anchor::End, text: figure(*tick) });
    }
    // A missing figure breaks the line instead of being drawn over.
    for run in chart.points.iter().enumerate().collect::<Vec<_>>().split(|(_, (_, value))| !value.is_finite()) {
        if run.len() > 1 {
            marks.push(Mark::Trend(run.iter().map(|(at, (_, value))| (across(*at), down(*value))).collect()));
        }
    }
    // Labels are thinned from the last one backwards, so that the newest is always named.
    let longest = chart.points.iter().map(|(label, _)| label.chars().count().min(14)).max().unwrap_or(1) as f32;
    let room = (right - left) / chart.points.len().max(1) as f32;
    let every = ((size * LETTER * (longest + 2.0) / room).ceil() as usize).max(1);
    for (at, (label, value)) in chart.points.iter().enumerate() {
        let x = across(at);
        if (chart.points.len() - 1 - at).is_multiple_of(every) {
            let text = wrapped(label, 14).swap_remove(0);
            let half = size * LETTER * text.chars().count() as f32 / 2.0;
            let anchor = if x + half > width { Anchor::End } else { Anchor::Middle };
            let x = if anchor == Anchor::End { width } else { x };
            marks.push(Mark::Words { x, y: bottom + size * 1.7, anchor, text });
            if value.is_finite() {
                let (x, y) = (across(at), down(*value) - size * 0.7);
                marks.push(Mark::Words { x, y, anchor: Anchor::Middle, text: figure(*value) });
            }
        }
        if value.is_finite() {
            marks.push(Mark::Dot(x, down(*value)));
        }
    }
    Drawing { width, height: bottom + size * 2.3, cuts: vec![0.0], marks }
}

/// Where a value lies between two others, from 0 to 1.
fn part(value: f64, low: f64, high: f64) -> f32 {
    let range = high - low;
    // Halves first: the range of two huge figures would be infinite.
    if range.is_finite() && range > 0.0 {
        ((value - low) / range) as f32
    } else if high > low {
        ((value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)) as f32
    } else {
        0.0
    }
}

/// Two to six round figures around all values.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    if low > high {
        return vec![0.0, 1.0];
    }
    if low.abs().max(high.abs()) > 1e12 {
        return if low < high { vec![low, high] } else { vec![low.min(0.0), high.max(0.0)] };
    }
    let rough = ((high - low) / 4.0).max(0.25);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|by| by * power).find(|step| *step >= rough).unwrap_or(power);
    let first = (low / step).floor();
    let last = (high / step).ceil().max(first + 1.0);
    (0..=(last - first) as usize).map(|at| (first + at as f64) * step).collect()
}

/// A label over at most two lines of so many letters, cut with an ellipsis.
fn wrapped(label: &str, letters: usize) -> Vec<String> {
    let letters = letters.max(2);
    let mut lines = vec![String::new()];
    for word in label.split_whitespace() {
        let line = lines.last().expect("there is a line from the start");
        if line.is_empty() || line.chars().count() + 1 + word.chars().count() <= letters {
            let line = lines.last_mut().expect("there is a line from the start");
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let all = lines.len();
    lines.truncate(LABEL_LINES);
    let kept = lines.len();
    for (at, line) in lines.iter_mut().enumerate() {
        let cut = at + 1 == kept && all > kept;
        if line.chars().count() > letters || cut {
            *line = line.chars().take(letters - 1).collect::<String>() + "…";
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        for (low, high, expected) in [
            (0.0, 27.0, vec![0.0, 10.0, 20.0, 30.0]),
            (12.0, 18.0, vec![12.0, 14.0, 16.0, 18.0]),
            (3.0, 3.0, vec![3.0, 3.5]),
        ] {
            assert_eq!(ticks(low, high), expected);
        }
    }

    #[test]
    fn a_missing_figure_breaks_the_line() {
        let points = [1.0, 2.0, f64::NAN, 4.0, 3.0].map(|value| ("May".to_owned(), value)).to_vec();
        let drawing = draw(&Chart { kind: ChartKind::Line, title: String::new(), points }, 400.0, 9.0);
        let lines = drawing.marks.iter().filter(|mark| matches!(mark, Mark::Trend(_))).count();
        let dots = drawing.marks.iter().filter(|mark| matches!(mark, Mark::Dot(..))).count();
        assert_eq!((lines, dots), (2, 4));
    }

    #[test]
    fn bars_grow_from_zero_in_both_directions() {
        let points = vec![("less".to_owned(), -2.0), ("more".to_owned(), 1.0)];
        let drawing = draw(&Chart { kind: ChartKind::Bars, title: String::new(), points }, 300.0, 9.0);
        let bars: Vec<(f32, f32)> = drawing
            .marks
            .iter()
            .filter_map(|mark| if let Mark::Bar { x, width, .. } = mark { Some((*x, *width)) } else { None })
            .collect();
        assert!((bars[0].0 + bars[0].1 - bars[1].0).abs() < 0.01);
        assert!((bars[0].1 - 2.0 * bars[1].1).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn no_figure_leaves_the_picture(values in proptest::collection::vec(any::<f64>(), 0..20), line in any::<bool>()) {
            let kind = if line { ChartKind::Line } else { ChartKind::Bars };
            let points = values.into_iter().map(|value| ("a label of some length".to_owned(), value)).collect();
            let drawing = draw(&Chart { kind, title: String::new(), points }, 480.0, 9.0);
            let inside = |x: f32, y: f32| (0.0..=480.0).contains(&x) && (0.0..=drawing.height).contains(&y);
            for mark in &drawing.marks {
                let stays = match mark {
                    Mark::Bar { x, y, width, height } => inside(*x, *y) && inside(x + width, y + height),
                    Mark::Trend(points) => points.iter().all(|(x, y)| inside(*x, *y)),
                    Mark::Dot(x, y) => inside(*x, *y),
                    Mark::Grid { from, to } => inside(from.0, from.1) && inside(to.0, to.1),
                    Mark::Words { x, y, .. } => inside(*x, *y),
                };
                prop_assert!(stays, "{:?}", mark);
            }
        }
    }
}
