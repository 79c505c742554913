//! Instruments against their published rules, wrong files, an agency's own, and what must hold for any answers.

mod certain;
mod door;
mod files;
mod lasting;
mod published;

use super::*;

/// A shipped instrument.
fn shipped(code: &str) -> Instrument {
    Instruments::standard().get(code).unwrap_or_else(|| panic!("{code} ships")).clone()
}

fn answers(line: &str) -> Answers {
    line.parse().unwrap()
}

/// `count` items 1, 2, 3 ... whose answers, each at most `most`, add up to `total`.
fn adding_up(total: i64, count: i64, most: i64) -> Answers {
    let mut left = total;
    let mut answers = Answers::default();
    for item in 1..=count {
        let value = left.min(most);
        answers.set(&item.to_string().parse().unwrap(), value);
        left -= value;
    }
    assert_eq!(left, 0, "{total} is reached with {count} answers of {most}");
    answers
}
