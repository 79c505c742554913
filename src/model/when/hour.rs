//! Hours as people type them, alone or beside a day.
//!
//! Promises: an hour from 1 to 6 without am or pm is the afternoon, from 7 to 11 the morning, 12 noon, as people who keep
//! appointments mean it; `03:30`, `15:30` and what a program wrote are read by the 24-hour clock. In what passed, an hour of
//! today that is still to come is the one before noon. A bare number is an hour only straight after a day, after `at`, or
//! beside a part of the day. What the clocks leave out is refused.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::day::month;
use super::{Moment, Value, Way, minutes, shortened};

/// A part of the day that was named, with the hour it stands for where no other is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Morning,
    Afternoon,
    Evening,
    Night,
}

/// An hour as typed; `open` where am or pm is still to be told.
#[derive(Clone, Copy)]
struct Hour {
    hour: u32,
    minute: u32,
    open: bool,
}

impl Moment {
    /// A day and a time, or either, in a field that looks ahead: see [`Moment::time_toward`].
    ///
    /// # Errors
    /// In words, with what may be typed instead.
    pub fn time(&self, text: &str) -> Result<DateTime<FixedOffset>, String> {
        self.time_toward(text, Way::Ahead)
    }

    /// A day and a time, or either: `tomorrow 14:30`, `fri 2pm`, `2pm fri`, `tues 3:30`, `1430`, `noon`, `an hour ago`, `this
    /// morning`, `now`, RFC 3339. A day alone is taken at 09:00.
    ///
    /// # Errors
    /// In words, with what may be typed instead.
    pub fn time_toward(&self, text: &str, way: Way) -> Result<DateTime<FixedOffset>, String> {
        if let Some(time) = self.by_program(text.trim())? {
            return Ok(time);
        }
        let lower = text.trim().to_lowercase().replace("a.m.", "am").replace("p.m.", "pm").replace([',', '@'], " ");
        if ["now", "just now", "right now"].contains(&lower.as_str()) {
            return Ok(self.now);
        }
        if let Some(by) = elapsed(&lower) {
            return self.now.checked_add_signed(by).map(|time| self.local(time)).ok_or_else(|| none(text));
        }
        let mut words = words(&lower);
        let (part, named) = part_of_day(&mut words);
        let day = |words: &[String], named: Option<i64>| -> Result<Option<NaiveDate>, String> {
            match (words, named) {
                ([], Some(days)) => Ok(Some(self.today() + TimeDelta::days(days))),
                ([], None) => Ok(Some(self.today())),
                (words, _) => self.day_beside(&words.join(" "), way),
            }
        };
        // A day without an hour, then an hour last, then an hour first.
        let alone = !words.is_empty() || part.is_some();
        if let Some(day) = if alone { day(&words, named)? } else { None } {
            return Ok(self.day_alone(day, part, way));
        }
        for last in [true, false] {
            let many = words.len();
            let (word, rest) = match (last, many) {
                (_, 0) => continue,
                (true, many) => (&words[many - 1], &words[..many - 1]),
                (false, _) => (&words[0], &words[1..]),
            };
            let beside = part.is_some() || (last && !rest.is_empty());
            match (clock(word, beside), day(rest, named)) {
                (Ok(Some(hour)), Ok(Some(day))) => return self.told(day, hour, part, way),
                (Ok(Some(_)), Err(why)) => return Err(why),
                (Err(why), Ok(Some(_))) => return Err(why),
                _ => {}
            }
        }
        Err(none(text))
    }

    /// A time as a program or a sheet has it: by the 24-hour clock, whatever the hour.
    ///
    /// # Errors
    /// In words, with what may stand there instead.
    pub fn written(&self, text: &str) -> Result<DateTime<FixedOffset>, String> {
        let trimmed = text.trim();
        if let Some((day, hour)) = trimmed.rsplit_once([' ', ','])
            && let Some((hours, minutes)) = hour.split_once(':')
            && let (1, Ok(hours), Ok(minutes)) = (hours.len(), hours.parse(), minutes.parse())
            && let (Some(time), Ok(Some(day))) = (
                NaiveTime::from_hms_opt(hours, minutes, 0),
                self.read_day(day.trim().to_lowercase().as_str(), Way::Ahead),
            )
        {
            return Ok(self.at(day, time));
        }
        match self.day(trimmed) {
            Ok(day) => Ok(self.day_alone(day, None, Way::Ahead)),
            Err(_) => self.time(trimmed),
        }
    }

    /// What no person types: RFC 3339, with its seconds or without, and a day with a `T` or with seconds.
    fn by_program(&self, text: &str) -> Result<Option<DateTime<FixedOffset>>, String> {
        if let Some(time) = super::instant(text) {
            return Ok(Some(self.local(time)));
        }
        for form in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"] {
            if let Ok(local) = NaiveDateTime::parse_from_str(text, form) {
                return Ok(Some(self.at(local.date(), local.time())));
            }
        }
        Ok(None)
    }

    /// A day that stands beside an hour, or might: of `30 nov 1430` nobody means the year.
    fn day_beside(&self, text: &str, way: Way) -> Result<Option<NaiveDate>, String> {
        let words: Vec<&str> = text.split(' ').collect();
        let last = words[words.len() - 1];
        let dated = words.len() > 2 && words.iter().any(|word| month(word).is_some());
        if dated && last.len() == 4 && clock(last, false).is_ok_and(|hour| hour.is_some()) {
            let year: i32 = last.parse().unwrap_or(0);
            match year - self.today().year() {
                2..=33 => return Err(format!("{year} may be a year or {}:{}: type it so", &last[..2], &last[2..])),
                _ if !(1900..=self.today().year() + 1).contains(&year) => return Ok(None),
                _ => {}
            }
        }
        Ok(self.read_day(text, way)?.filter(|day| (1850..=2200).contains(&day.year())))
    }

    /// A day with no hour: 09:00, or that of the part of the day which was named. What passed has passed: a part of today
    /// that has begun is never later than now.
    fn day_alone(&self, day: NaiveDate, part: Option<Part>, way: Way) -> DateTime<FixedOffset> {
        let hour = match part {
            None | Some(Part::Morning) => 9,
            Some(Part::Afternoon) => 14,
            Some(Part::Evening) => 18,
            Some(Part::Night) => 20,
        };
        let time = self.at(day, NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
        if way == Way::Back && day == self.today() && self.is_ahead(&Value::Time(time)) { self.now } else { time }
    }

    /// An hour on a day.
    fn told(&self, day: NaiveDate, hour: Hour, part: Option<Part>, way: Way) -> Result<DateTime<FixedOffset>, String> {
        let afternoon = match part {
            Some(Part::Morning) => false,
            Some(Part::Afternoon | Part::Evening) => true,
            Some(Part::Night) => hour.hour >= 6,
            None => hour.hour <= 6,
        };
        let at = |later: u32| {
            let time = NaiveTime::from_hms_opt(hour.hour + later, hour.minute, 0).unwrap_or_default();
            let told = self.at(day, time);
            // In the night in which the clocks go forward an hour is not lived.
            if self.local(told).time() == time {
                Ok(told)
            } else {
                let lived = self.local(told).format("%H:%M");
                Err(format!("the clocks skip {} that night: is {lived} meant?", time.format("%H:%M")))
            }
        };
        if !(hour.open && afternoon) {
            return at(0);
        }
        let later = at(12)?;
        let ahead = |time: &DateTime<FixedOffset>| self.is_ahead(&Value::Time(*time));
        let still_ahead = way == Way::Back && part.is_none() && day == self.today() && ahead(&later);
        match at(0) {
            Ok(before) if still_ahead && !ahead(&before) => Ok(before),
            _ => Ok(later),
        }
    }
}

fn none(text: &str) -> String {
    format!("\"{}\" is not a day and time: try tomorrow 14:30, fri 2pm or 2026-11-30 10:00", shortened(text))
}

/// The words, without those that only join them; `2 pm` is one, and `@` stands before an hour that `at` goes before.
fn words(lower: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut at = false;
    for word in lower.split_whitespace() {
        match word {
            "at" => at = true,
            "on" => {}
            "am" | "pm" if words.last().is_some_and(|word| word.ends_with(|c: char| c.is_ascii_digit())) => {
                words.last_mut().expect("there is one").push_str(word);
            }
            "o'clock" | "oclock" if !words.is_empty() => words.last_mut().expect("there is one").insert(0, '@'),
            word => words.push(format!("{}{word}", if at { "@" } else { "" })),
        }
        at = at && word == "at";
    }
    words
}

/// Takes a part of the day out of the words: which, and where it names its day too, how many days from today.
fn part_of_day(words: &mut Vec<String>) -> (Option<Part>, Option<i64>) {
    let found = words.iter().enumerate().find_map(|(at, word)| {
        let part = match word.trim_start_matches('@') {
            "morning" => Part::Morning,
            "afternoon" => Part::Afternoon,
            "evening" => Part::Evening,
            "night" | "tonight" => Part::Night,
            _ => return None,
        };
        Some((at, part))
    });
    let Some((at, part)) = found else { return (None, None) };
    let mut named = (words[at] == "tonight").then_some(0);
    words.remove(at);
    let mut before = at;
    while before > 0 && matches!(words[before - 1].as_str(), "the" | "in" | "this" | "last") {
        before -= 1;
        match words.remove(before).as_str() {
            "this" => named = Some(0),
            "last" => named = Some(-1),
            _ => {}
        }
    }
    (Some(part), named)
}

/// `an hour ago`, `half an hour ago`, `1h30 ago`, `in 20 min`: minutes that pass, whatever the clocks do. Days and longer are
/// days of the calendar.
fn elapsed(text: &str) -> Option<TimeDelta> {
    let (sign, rest) = match (text.strip_suffix(" ago"), text.strip_prefix("in ")) {
        (Some(rest), _) => (-1, rest.trim()),
        (_, Some(rest)) => (1, rest.trim()),
        _ => return None,
    };
    let length = match rest {
        "an hour" | "one hour" => 60,
        "half an hour" | "a half hour" => 30,
        "a quarter of an hour" | "a quarter hour" => 15,
        "an hour and a half" => 90,
        "a minute" | "one minute" => 1,
        _ if !rest.contains(['h', 'm']) || rest.contains("mo") => return None,
        _ => minutes(rest)?,
    };
    Some(TimeDelta::minutes(sign * length))
}

/// `14:30`, `2pm`, `2:30pm`, `1430`, `noon`; where `bare`, or after `@`, a number alone too. `Err` says why an hour cannot be.
fn clock(word: &str, bare: bool) -> Result<Option<Hour>, String> {
    let (word, bare) = word.strip_prefix('@').map_or((word, bare), |word| (word, true));
    match word {
        "noon" | "midday" => return Ok(Some(Hour { hour: 12, minute: 0, open: false })),
        "midnight" => return Err("midnight may be either end of the day: type 00:00 or 23:59".into()),
        _ => {}
    }
    let (body, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(body), _) => (body, Some(0)),
        (_, Some(body)) => (body, Some(12)),
        _ => (word, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = match body.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute),
        None if (3..=4).contains(&body.len()) && (body.len() == 4 || bare || half.is_some()) => {
            body.split_at_checked(body.len() - 2).unwrap_or((body, "00"))
        }
        None if body.len() <= 2 && (half.is_some() || bare) => (body, "00"),
        _ => return Ok(None),
    };
    if !digits(hour) || !digits(minute) || hour.len() > 2 {
        return Ok(None);
    }
    let no = || format!("there is no {}", shortened(word));
    let (number, minute): (u32, u32) = (hour.parse().map_err(|_| no())?, minute.parse().map_err(|_| no())?);
    if minute > 59 {
        return Err(no());
    }
    match half {
        Some(half) if (1..=12).contains(&number) => Ok(Some(Hour { hour: number % 12 + half, minute, open: false })),
        Some(_) => Err(no()),
        None if number == 24 => Err(format!("{}: type 00:00 of the day after", no())),
        None if number > 24 => Err(no()),
        None => Ok(Some(Hour { hour: number, minute, open: (1..=11).contains(&number) && !hour.starts_with('0') })),
    }
}
