//! Opening hours as a line: `Mo-Fr 09:00-17:00; Sa 10:00-12:00`, the way OpenStreetMap's `opening_hours` writes the usual
//! ones; days may also be written out, hours as `9am-5pm`, and both as people do: `9-5 M-F`, `Mon thru Fri 9-12, 1-5`.
//!
//! An end before its start, with neither am nor pm, is in the afternoon (`9-5`), unless the start is (`18:00-08:00`): then
//! it is on the next day. How a line was read is to be shown beside it.
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
        let mut text = text.trim().to_lowercase().replace(['–', '—'], "-");
        for (said, short) in SAID {
            text = text.replace(said, short);
        }
        let text = text.trim().trim_start_matches("hours:").trim_start_matches("open ").trim();
        if text.is_empty() {
            return None;
        }
        let mut hours = Hours::default();
        if matches!(text, "24/7" | "24 hours" | "24 hours a day" | "always" | "always open" | "around the clock") {
            hours.days = std::array::from_fn(|_| vec![Span { from: 0, to: DAY }]);
            return Some(hours);
        }
        for rule in text.split([';', '\n']).map(str::trim).filter(|rule| !rule.is_empty()) {
            for (rule, at) in parts(rule).iter().zip(0..) {
                hours.take(rule, at > 0)?;
            }
        }
        Some(hours)
    }

    /// Takes in one rule: a later one stands in for an earlier one on the same days, or where it goes on in the same breath
    /// adds to it.
    fn take(&mut self, rule: &str, adds: bool) -> Option<()> {
        if ["closed holidays", "closed on holidays", "closed on public holidays"].contains(&rule) {
            return Some(());
        }
        // The days end where the hours begin, or the other way round.
        let hours_at = rule
            .find(|c: char| c.is_ascii_digit())
            .or_else(|| ["closed", "off", "noon", "midnight"].iter().filter_map(|word| rule.find(word)).min())?;
        let (days, spans) = match rule.split_at(hours_at) {
            ("", rule) => hours_first(rule)?,
            (days, hours) => {
                let days = days.trim().trim_end_matches([':', ',']).trim();
                if days == "ph" || days == "sh" {
                    // Holidays: nothing about the days of a week.
                    return Some(());
                }
                (days_of(days)?, spans_of(hours)?)
            }
        };
        for day in days {
            let own = &mut self.days[day.num_days_from_monday() as usize];
            if !adds {
                own.clear();
            }
            own.extend(spans.iter().filter(|span| !own.contains(span)).copied().collect::<Vec<_>>());
            own.sort_unstable();
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
                let plain = format!("{}-{}", clock(span.from), clock(span.to));
                // An end on the next day that would be taken for this afternoon's: `09:00-29:00`.
                let own = match span_of(&plain, None) == Some(*span) {
                    true => plain,
                    false => format!("{}-{:02}:{:02}", clock(span.from), span.to / 60, span.to % 60),
                };
                let _ = write!(line, "{comma}{own}");
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

/// Other ways to say the same.
const SAID: [(&str, &str); 13] = [
    (" - ", "-"),
    (" to ", "-"),
    (" thru ", "-"),
    (" through ", "-"),
    (" until ", "-"),
    (" till ", "-"),
    ("7 days a week", "daily"),
    ("seven days a week", "daily"),
    ("7 days", "daily"),
    ("open 24 hours", "24 hours"),
    ("a.m.", "am"),
    ("p.m.", "pm"),
    (" hrs", ""),
];

/// A rule parted where other days begin after hours: `Mo-Fr 9-5, Sa 10-2`.
fn parts(rule: &str) -> Vec<String> {
    let says_hours = |text: &str| {
        text.contains(|c: char| c.is_ascii_digit()) || ["closed", "off", "noon"].iter().any(|word| text.contains(word))
    };
    let mut parts: Vec<String> = Vec::new();
    for piece in rule.split(',') {
        let begins = piece.trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
        let begins = begins && !piece.trim_start().starts_with("noon");
        match parts.last_mut() {
            Some(last) if begins && says_hours(last) && says_hours(piece) => parts.push(piece.trim().to_string()),
            Some(last) => {
                last.push(',');
                last.push_str(piece);
            }
            None => parts.push(piece.trim().to_string()),
        }
    }
    parts
}

/// `9-5 m-f`: hours, and after them the days; without any, every day.
fn hours_first(rule: &str) -> Option<(Vec<Weekday>, Vec<Span>)> {
    if let Some(spans) = spans_of(rule) {
        return Some((days_of("")?, spans));
    }
    let starts = rule.char_indices().filter(|(_, c)| *c == ' ' || *c == ',').map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let (hours, days) = rule.split_at(at);
        let days = days.trim_matches([' ', ',']).trim_start_matches("on ");
        let days = (!days.is_empty()).then(|| days_of(days)).flatten()?;
        Some((days, spans_of(hours)?))
    })
}

fn spans_of(hours: &str) -> Option<Vec<Span>> {
    match hours.trim() {
        "closed" | "off" => Some(Vec::new()),
        "24 hours" | "24h" | "24 hours a day" | "24/7" => Some(vec![Span { from: 0, to: DAY }]),
        hours => {
            let mut spans: Vec<Span> = Vec::new();
            for text in hours.split([',', '&']).flat_map(|part| part.split(" and ")) {
                spans.push(span_of(text, spans.last().map(|span| span.to))?);
            }
            spans.sort_unstable();
            Some(spans)
        }
    }
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
    for part in text.split([',', '&', '/']).flat_map(|part| part.split(" and ")) {
        match part.split_once('-') {
            Some((first, last)) => {
                let (mut day, last) = (named(first)?, named(last)?);
                days.push(day);
                while day != last {
                    day = day.succ();
                    days.push(day);
                }
            }
            None => match named(part) {
                Some(day) => days.push(day),
                None => days.extend(run_together(part.trim())?),
            },
        }
    }
    Some(days)
}

fn named(text: &str) -> Option<Weekday> {
    let text = text.trim().trim_end_matches('.');
    match text {
        "m" => Some(Weekday::Mon),
        "t" => Some(Weekday::Tue),
        "w" => Some(Weekday::Wed),
        "r" => Some(Weekday::Thu),
        "f" => Some(Weekday::Fri),
        _ => day_named(text).or_else(|| day_named(text.strip_suffix('s')?)),
    }
}

/// `mwf`, `tth`, `tuth`: days by their first letters, as timetables have them; an `s` alone could be either.
fn run_together(text: &str) -> Option<Vec<Weekday>> {
    const LETTERS: [(&str, Weekday); 10] = [
        ("th", Weekday::Thu),
        ("tu", Weekday::Tue),
        ("sa", Weekday::Sat),
        ("su", Weekday::Sun),
        ("m", Weekday::Mon),
        ("t", Weekday::Tue),
        ("w", Weekday::Wed),
        ("r", Weekday::Thu),
        ("f", Weekday::Fri),
        ("h", Weekday::Thu),
    ];
    let (mut rest, mut days): (&str, Vec<Weekday>) = (text, Vec::new());
    while !rest.is_empty() {
        let (letters, day) = LETTERS.iter().find(|(letters, _)| rest.starts_with(letters))?;
        // In the order of the week, each once: no other word.
        if days.last().is_some_and(|last| last.num_days_from_monday() >= day.num_days_from_monday()) {
            return None;
        }
        days.push(*day);
        rest = &rest[letters.len()..];
    }
    (days.len() > 1).then_some(days)
}

/// A time as it was written.
#[derive(Clone, Copy)]
struct Written {
    /// Minutes after midnight.
    at: u16,
    /// Whether an afternoon was said; `None`: neither am nor pm.
    half: Option<bool>,
    /// On a clock of twelve hours, as far as one can see: `5`, `5:30`, but not `05:00` or `17:00`.
    bare: bool,
}

/// One span; `after` is the end of the one before it on the same days.
fn span_of(text: &str, after: Option<u16>) -> Option<Span> {
    let (from, to) = text.trim().split_once('-')?;
    let (start, end) = (written(from, false)?, written(to, true)?);
    let (mut from, mut to) = (start.at, end.at);
    let unsaid = start.half.is_none() && end.half.is_none();
    match (start.half, end.half) {
        // "9-5pm" means from nine in the morning, "1-5pm" from one in the afternoon.
        (None, Some(true)) if start.bare && from + NOON < to => from += NOON,
        // "10-2am": from ten in the evening.
        (None, Some(false)) if start.bare && from < NOON && to <= from => from += NOON,
        // "1-5", "2-4:30": nobody opens at one at night.
        (None, None) if start.bare && end.bare && (60..360).contains(&from) && from < to && to < NOON => {
            (from, to) = (from + NOON, to + NOON);
        }
        // "7-11, 6-9": the second is in the evening. (From ten on, the hour may be one of a clock of 24.)
        (None, None) if start.bare && from < 600 && after.is_some_and(|after| from < after && after <= from + NOON) => {
            from += NOON;
        }
        _ => {}
    }
    // An end before its start: this afternoon's, or the next day's.
    let on_a_clock_of_twelve = from < NOON + 60 || start.half == Some(true) || (unsaid && start.bare);
    if to > 0 && to < from && end.half.is_none() && to < NOON + 60 && on_a_clock_of_twelve && to + NOON > from {
        to += NOON;
    }
    if from == to || from >= DAY || to > from + DAY {
        return None;
    }
    Some(Span { from, to: if to < from { to + DAY } else { to } })
}

/// Half a day, in minutes.
const NOON: u16 = 720;

fn written(text: &str, is_end: bool) -> Option<Written> {
    let text = text.trim();
    match text {
        "noon" | "12noon" | "12 noon" => return Some(Written { at: NOON, half: Some(true), bare: false }),
        "midnight" | "12midnight" | "12 midnight" => {
            return Some(Written { at: if is_end { DAY } else { 0 }, half: Some(false), bare: false });
        }
        _ => {}
    }
    let halves = [("am", false), ("pm", true), ("a", false), ("p", true)];
    let said =
        halves.iter().find_map(|(suffix, afternoon)| Some((text.strip_suffix(suffix)?.trim(), Some(*afternoon))));
    let (body, half) = said.unwrap_or((text, None));
    let (hour, minute) = match body.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse().ok()?),
        Some(_) => return None,
        None => (body, 0u16),
    };
    let bare = half.is_none() && !hour.starts_with('0');
    let hour: u16 =
        Some(hour).filter(|hour| hour.len() <= 2 && hour.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let bare = bare && (1..=12).contains(&hour);
    let hour = match half {
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
        None => hour,
    };
    // An end may be told as past midnight: 26:00.
    let most = if is_end { 2 * DAY } else { DAY };
    let at = hour * 60 + minute;
    (minute < 60 && at <= most).then_some(Written { at, half, bare })
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
            // As people write them: an end before its start is in the afternoon.
            ("Mo-Fr 9-5", "Mo-Fr 09:00-17:00"),
            ("Mo-Fr 9:00-5:00", "Mo-Fr 09:00-17:00"),
            ("Mo-Fr 09:00-05:00", "Mo-Fr 09:00-17:00"),
            ("M-F 8:30-4:30", "Mo-Fr 08:30-16:30"),
            ("9-5 M-F", "Mo-Fr 09:00-17:00"),
            ("9am-5pm Mon-Fri", "Mo-Fr 09:00-17:00"),
            ("9 a.m. to 5 p.m., Monday through Friday", "Mo-Fr 09:00-17:00"),
            ("Mon thru Fri 9 to 5", "Mo-Fr 09:00-17:00"),
            ("Mon.-Fri. 9am-5", "Mo-Fr 09:00-17:00"),
            ("Mon-Fri: 9a-5p", "Mo-Fr 09:00-17:00"),
            ("Mo-Fr 9-12, 1-5", "Mo-Fr 09:00-12:00,13:00-17:00"),
            ("Mo-Fr 9-12 and 1-5", "Mo-Fr 09:00-12:00,13:00-17:00"),
            ("Mo-Fr 8-12, 12:30-4", "Mo-Fr 08:00-12:00,12:30-16:00"),
            ("Mo-Fr 7-11, 6-9", "Mo-Fr 07:00-11:00,18:00-21:00"),
            ("Sa 10-2", "Sa 10:00-14:00"),
            ("Mon-Fri 9-5, Sat 10-2", "Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
            ("Mon-Fri 9-5\nSat 10-2\nclosed holidays", "Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
            ("9-5 M-F; 10-2 Sat & Sun", "Mo-Fr 09:00-17:00; Sa,Su 10:00-14:00"),
            ("MWF 9-12", "Mo,We,Fr 09:00-12:00"),
            ("TTh 1-4", "Tu,Th 13:00-16:00"),
            ("Mon/Wed/Fri 11-1", "Mo,We,Fr 11:00-13:00"),
            ("Tue 12-1", "Tu 12:00-13:00"),
            ("We 5-7:30", "We 17:00-19:30"),
            ("7 days a week 8-8pm", "Mo-Su 08:00-20:00"),
            ("open 24 hours", "Mo-Su 00:00-24:00"),
            ("Mo-Fr 9-5; PH off", "Mo-Fr 09:00-17:00"),
            // Over the night.
            ("18:00-08:00", "Mo-Su 18:00-08:00"),
            ("Mo-Su 18:00-08:00", "Mo-Su 18:00-08:00"),
            ("6pm-8am daily", "Mo-Su 18:00-08:00"),
            ("daily 6pm-8", "Mo-Su 18:00-20:00"),
            ("daily 10pm-6", "Mo-Su 22:00-06:00"),
            ("Fr 8-2am", "Fr 20:00-02:00"),
            ("Fr 20-2", "Fr 20:00-02:00"),
            ("Fr 7pm-midnight", "Fr 19:00-24:00"),
            ("Sa 09:00-29:00", "Sa 09:00-29:00"),
        ] {
            assert_eq!(Hours::parse(typed).map(|hours| hours.line()).as_deref(), Some(line), "{typed}");
        }
        for unknown in [
            "",
            "by appointment",
            "call first",
            "Mo-Fr",
            "Mo 25:00-26:00",
            "first Monday 9-12",
            "9",
            "Mo 9-9",
            "Mo-Fr 9-5 by appointment",
            "1st and 3rd Tue 9-12",
            "S 9-5",
            "Mo-Fr 9-5 (closed 12-1)",
            "Mo 9-5-6",
        ] {
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
        // What was open at ten to midnight.
        let hours = Hours::parse("Mo-Fr 9-5").unwrap();
        assert!(!hours.open_at(at("2026-11-23 23:50")) && !hours.open_at(at("2026-11-24 04:00")));
        assert!(hours.open_at(at("2026-11-23 16:59")));
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
