//! How days, hours, lists and people are written on paper: in full, without codes, and no longer than there is room.

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::records::client;
use crate::model::{Row, Value};
use crate::practice::episodes::Episode;

use super::super::period::Period;
use super::{Lens, Room};

/// "Tuesday 24 November 2026".
pub fn day_in_full(day: NaiveDate) -> String {
    day.format("%A %-d %B %Y").to_string()
}

/// "24 Nov 2026".
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// "24 Nov 2026, 14:05".
pub fn hour(time: DateTime<FixedOffset>) -> String {
    time.format("%-d %b %Y, %H:%M").to_string()
}

/// From one day to another, either of which may be open ([`NaiveDate::MIN`], [`NaiveDate::MAX`]).
pub fn period(period: Period) -> String {
    match (period.from, period.to) {
        (NaiveDate::MIN, to) => format!("up to {}", day(to)),
        (from, NaiveDate::MAX) => format!("from {} on", day(from)),
        _ => period.in_words(),
    }
}

/// What is not empty, with commas between.
pub fn joined<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut out = String::new();
    for part in parts {
        let part = part.as_ref().trim();
        if part.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(part);
    }
    out
}

/// "Label: value", or nothing where there is no value.
pub fn labelled(label: &str, value: impl AsRef<str>) -> String {
    match value.as_ref().trim() {
        "" => String::new(),
        value => format!("{label}: {value}"),
    }
}

/// A text on one line, cut at a word where it is longer than the room.
pub fn cut(text: &str, room: Room) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= room.letters {
        return line;
    }
    let short: String = line.chars().take(room.letters.saturating_sub(4)).collect();
    let at = short.rfind(' ').filter(|at| *at >= short.len() / 2).unwrap_or(short.len());
    format!("{} ...", short[..at].trim_end())
}

/// As many items as there is room for, and how many more there are.
pub fn some(items: Vec<String>, room: Room) -> Vec<String> {
    let many = items.len();
    let mut shown: Vec<String> = items.into_iter().take(room.items).map(|item| cut(&item, room)).collect();
    if many > room.items {
        shown.push(format!("and {} more", many - room.items));
    }
    shown
}

/// The times in care of someone who came back, as far as a lens shows such days: "15 Jan 2026 to 20 Mar 2026, goals
/// reached". Nothing where there was only one.
pub fn times(lens: &Lens<'_>, all: &[Episode]) -> Vec<String> {
    if all.len() < 2 {
        return Vec::new();
    }
    let told = |one: &Episode| {
        // Each is told as the client's own fields would be.
        let mut own = Row::new(&client::TYPE, lens.client().id, lens.client().stream);
        own.put(client::opened, one.opened.map_or(Value::Empty, Value::Date));
        own.put(client::closed, one.closed.map_or(Value::Empty, Value::Date));
        own.put(client::outcome, one.outcome.as_str());
        let [from, to, outcome] = [client::opened, client::closed, client::outcome].map(|field| lens.text(&own, field));
        match (from.as_str(), to.as_str()) {
            ("", "") => String::new(),
            (_, "") => joined([format!("since {from}"), outcome.to_lowercase()]),
            _ => joined([format!("{from} to {to}"), outcome.to_lowercase()]),
        }
    };
    all.iter().map(told).filter(|text| !text.is_empty()).collect()
}

/// "1 note", "3 notes".
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The items of a text that has one on each line; a bullet before them is dropped.
pub fn items(text: &str) -> Vec<String> {
    let bare = |line: &str| line.trim().trim_start_matches(['-', '*', '•']).trim().to_string();
    text.lines().map(bare).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_never_cut_inside_a_letter() {
        let room = Room { items: 2, letters: 12, large: false };
        let all = ["Zoë Nguyễn Thị Ánh", "two", "three", "four"].map(String::from).to_vec();
        assert_eq!(some(all, room), ["Zoë ...".to_string(), "two".into(), "and 2 more".into()]);
        assert_eq!(cut("one\ntwo", room), "one two");
        assert_eq!(cut("李李李李李李李李李李李李李李", room), "李李李李李李李李 ...");
    }
}
