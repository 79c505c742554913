//! Opening hours as a line: `Mo-Fr 09:00-17:00; Sa 10:00-12:00`, the way OpenStreetMap's `opening_hours` writes the usual
//! ones; days may also be written out, hours as `9am-5pm`.
//!
//! Pure. What is not understood is unknown, never closed: nobody is to stay away from a pantry because of how its hours
//! were typed. Public holidays are not known here.

use std::fmt::Write;

use chrono::{Datelike, NaiveDateTime, Timelike, Weekday};

/// Minutes of a day.
const DAY: u16 = 1_440;
const DAYS: [(&str, Weekday); 7] = [
    ("Mo", Weekday::Mon),
    ("Tu", Weekday::Tue),
    ("We", Weekday::Wed),
    ("Th", Weekday::Thu),
    ("Fr", Weekday::Fri),
    ("Sa", Weekday::Sat),
    ("Su", Weekday::Sun),
];

/// From when to when, in minutes after midnight; an end past 1,440 is on the next day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    pub from: u16,
    pub to: u16,
}

/// The hours of each day of a week, Monday first, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hours {
    days: [Vec<Span>; 7],
}

impl Hours {
    /// Reads a line; `None` where any of it is not understood.
    pub fn parse(text: &str) -> Option<Hours> {
        let text = text.trim().to_lowercase().replace(['–', '—'], "-").replace(" - ", "-").replace(" to ", "-");
        if text.is_empty() {
            return None;
        }
        let mut hours = Hours::default();
        if matches!(text.as_str(), "24/7" | "24 hours" | "always" | "always open") {
            hours.days = std::array::from_fn(|_| vec![Span { from: 0, to: DAY }]);
            return Some(hours);
        }
        for rule in text.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
            hours.take(rule)?;
        }
        Some(hours)
    }

    /// Takes in one rule: a later one stands in for an earlier one on the same days.
    fn take(&mut self, rule: &str) -> Option<()> {
        // The days end where the hours begin.
        let hours_at = rule
            .find(|c: char| c.is_ascii_digit())
            .or_else(|| ["closed", "off", "noon"].iter().filter_map(|word| rule.find(word)).min())?;
        let (days, hours) = rule.split_at(hours_at);
        let days = days.trim().trim_end_matches([':', ',']).trim();
        if days == "ph" || days == "sh" {
            // Holidays: nothing about the days of a week.
            return Some(());
        }
        let days = days_of(days)?;
        let spans = match hours.trim() {
            "closed" | "off" => Vec::new(),
            "24 hours" | "24h" => vec![Span { from: 0, to: DAY }],
            hours => {
                let mut spans: Vec<Span> = hours.split([',', '&']).map(span_of).collect::<Option<_>>()?;
                spans.sort_unstable();
                spans
            }
        };
        for day in days {
            self.days[day.num_days_from_monday() as usize] = spans.clone();
        }
        Some(())
    }

    /// Whether it is open at a local time.
    pub fn open_at(&self, time: NaiveDateTime) -> bool {
        let minute = (time.hour() * 60 + time.minute()) as u16;
        let on = |day: Weekday| &self.days[day.num_days_from_monday() as usize];
        let today = on(time.weekday()).iter().any(|span| (span.from..span.to).contains(&minute));
        today || on(time.weekday().pred()).iter().any(|span| (span.from..span.to).contains(&(minute + DAY)))
    }

    /// The hours of one day, in order.
    pub fn on(&self, day: Weekday) -> &[Span] {
        &self.days[day.num_days_from_monday() as usize]
    }

    /// Days that have the same hours, together: `(days, hours)`; days without any are left out.
    pub fn together(&self) -> Vec<(Vec<Weekday>, &[Span])> {
        let mut groups: Vec<(Vec<Weekday>, &[Span])> = Vec::new();
        for (_, day) in DAYS {
            let spans = self.on(day);
            match groups.iter_mut().find(|(_, known)| *known == spans) {
                _ if spans.is_empty() => {}
                Some((days, _)) => days.push(day),
                None => groups.push((vec![day], spans)),
            }
        }
        groups
    }

    /// Adds hours on a day.
    pub fn add(&mut self, day: Weekday, span: Span) {
        let spans = &mut self.days[day.num_days_from_monday() as usize];
        if !spans.contains(&span) {
            spans.push(span);
            spans.sort_unstable();
        }
    }

    /// As a line that [`Hours::parse`] reads again; empty where it is never open.
    pub fn line(&self) -> String {
        let mut line = String::new();
        for (days, spans) in self.together() {
            if !line.is_empty() {
                line.push_str("; ");
            }
            let _ = write!(line, "{} ", days_in_short(&days));
            for (at, span) in spans.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                let _ = write!(line, "{comma}{}-{}", clock(span.from), clock(span.to));
            }
        }
        line
    }
}

/// The two letters of a day, as [`Hours::parse`] and RFC 5545 have them.
pub fn day_code(day: Weekday) -> &'static str {
    DAYS[day.num_days_from_monday() as usize].0
}

/// The day of two letters or more: `mo`, `Mon`, `monday`.
pub fn day_named(text: &str) -> Option<Weekday> {
    super::when::weekday(&text.trim().to_lowercase())
}

/// `09:00`; midnight at the end of a day is `24:00`.
fn clock(minute: u16) -> String {
    let minute = if minute > DAY { minute - DAY } else { minute };
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn days_in_short(days: &[Weekday]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while at < days.len() {
        let mut end = at;
        while end + 1 < days.len() && days[end + 1] == days[end].succ() {
            end += 1;
        }
        if end > at + 1 {
            parts.push(format!("{}-{}", day_code(days[at]), day_code(days[end])));
            at = end + 1;
        } else {
            parts.push(day_code(days[at]).to_string());
            at += 1;
        }
    }
    parts.join(",")
}

fn days_of(text: &str) -> Option<Vec<Weekday>> {
    let all = || DAYS.iter().map(|(_, day)| *day);
    match text {
        "" | "daily" | "every day" | "everyday" => return Some(all().collect()),
        "weekdays" => return Some(all().take(5).collect()),
        "weekends" | "weekend" => return Some(all().skip(5).collect()),
        _ => {}
    }
    let mut days = Vec::new();
    for part in text.split([',', '&']).flat_map(|part| part.split(" and ")) {
        match part.split_once('-') {
            Some((first, last)) => {
                let (mut day, last) = (named(first)?, named(last)?);
                days.push(day);
                while day != last {
                    day = day.succ();
                    days.push(day);
                }
            }
            None => days.push(named(part)?),
        }
    }
    Some(days)
}

fn named(text: &str) -> Option<Weekday> {
    let text = text.trim().trim_end_matches('.');
    day_named(text).or_else(|| day_named(text.strip_suffix('s')?))
}

fn span_of(text: &str) -> Option<Span> {
    let (from, to) = text.trim().split_once('-')?;
    let (to, half) = minute_of(to, None)?;
    // "9-5pm" means from nine in the morning, "1-5pm" from one in the afternoon.
    let (from, _) = match minute_of(from, None)? {
        (from, None) if half == Some(true) && from + 720 < to => (from + 720, half),
        read => read,
    };
    if from == to || from >= DAY || to > DAY {
        return None;
    }
    Some(Span { from, to: if to < from { to + DAY } else { to } })
}

/// Minutes after midnight, and whether an afternoon was said (`None`: neither am nor pm).
fn minute_of(text: &str, half: Option<bool>) -> Option<(u16, Option<bool>)> {
    let text = text.trim();
    match text {
        "noon" => return Some((720, Some(true))),
        "midnight" => return Some((DAY, None)),
        _ => {}
    }
    for (suffix, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
        if let Some(body) = text.strip_suffix(suffix) {
            return minute_of(body, Some(afternoon));
        }
    }
    let (hour, minute) = match text.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse().ok()?),
        Some(_) => return None,
        None => (text, 0),
    };
    let hour: u16 = hour.parse().ok()?;
    let hour = match half {
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
        None => hour,
    };
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some((minutes, half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn hours_as_they_are_written() {
        for (typed, line) in [
            ("Mo-Fr 09:00-17:00; Sa 10:00-12:00", "Mo-Fr 09:00-17:00; Sa 10:00-12:00"),
            ("Mo,We,Fr 9-12", "Mo,We,Fr 09:00-12:00"),
            ("Mon-Fri 9am-5pm", "Mo-Fr 09:00-17:00"),
            ("Monday to Friday 9:00 am - 4:30 pm", "Mo-Fr 09:00-16:30"),
            ("Tuesdays and Thursdays 1-5pm", "Tu,Th 13:00-17:00"),
            ("weekdays: 8.30-12.00, 13.00-16.00", "Mo-Fr 08:30-12:00,13:00-16:00"),
            ("Mo-Fr 08:00-18:00; We 13:00-18:00", "Mo,Tu,Th,Fr 08:00-18:00; We 13:00-18:00"),
            ("Mo-Su 09:00-17:00; Su off; PH off", "Mo-Sa 09:00-17:00"),
            ("24/7", "Mo-Su 00:00-24:00"),
            ("Fr-Sa 20:00-02:00", "Fr,Sa 20:00-02:00"),
            ("daily 9-noon", "Mo-Su 09:00-12:00"),
        ] {
            assert_eq!(Hours::parse(typed).map(|hours| hours.line()).as_deref(), Some(line), "{typed}");
        }
        for unknown in
            ["", "by appointment", "call first", "Mo-Fr", "Mo 25:00-26:00", "first Monday 9-12", "9", "Mo 9-9"]
        {
            assert_eq!(Hours::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn open_is_from_the_first_minute_to_before_the_last_and_past_midnight() {
        // 23 November 2026 is a Monday.
        let hours = Hours::parse("Mo-Fr 09:00-17:00; Fr 20:00-02:00").unwrap();
        for (time, open) in [
            ("2026-11-23 08:59", false),
            ("2026-11-23 09:00", true),
            ("2026-11-23 16:59", true),
            ("2026-11-23 17:00", false),
            ("2026-11-27 10:00", false),
            ("2026-11-27 23:00", true),
            ("2026-11-28 01:59", true),
            ("2026-11-28 02:00", false),
            ("2026-11-29 12:00", false),
        ] {
            assert_eq!(hours.open_at(at(time)), open, "{time}");
        }
        assert!(Hours::parse("Su 22:00-06:00").unwrap().open_at(at("2026-11-23 05:00")), "from one week into the next");
    }

    proptest! {
        #[test]
        fn a_line_is_read_again_as_it_was_meant(spans in proptest::collection::vec((0usize..7, 0u16..1_380, 30u16..1_440), 0..12)) {
            let mut hours = Hours::default();
            for (day, from, long) in spans {
                hours.add(DAYS[day].1, Span { from, to: from + long.min(DAY - 1) });
            }
            let line = hours.line();
            if !line.is_empty() {
                prop_assert_eq!(Hours::parse(&line), Some(hours));
            }
        }

        #[test]
        fn whatever_is_typed_is_read_or_unknown(text in ".{0,40}") {
            let _ = Hours::parse(&text);
        }
    }
}
