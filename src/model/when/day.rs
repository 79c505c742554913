//! Days as people type them.
//!
//! Promises: what can be two days is not guessed but asked about, with both; what no calendar has is refused with a word
//! why; a weekday that does not fit its date is told.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::{Moment, Way, shortened};

/// A day without a year that lies further back than this many days is asked about.
const FAR: i64 = 300;

/// A day, or nothing where the text is none; `Err` says why what was meant cannot be.
type Read = Result<Option<NaiveDate>, String>;

impl Moment {
    /// `today`, `tomorrow`, `fri`, `+2w`, `-3d`, `30 nov`, `nov 30`, `fri 27 nov`, `11/30`, `11/30/2026`, `2026-11-30`.
    ///
    /// # Errors
    /// In words, with what may be typed instead.
    pub fn day(&self, text: &str) -> Result<NaiveDate, String> {
        self.day_toward(text, Way::Ahead)
    }

    /// A day in a field that looks one way: `mon` in what passed is last Monday.
    ///
    /// # Errors
    /// In words, with what may be typed instead.
    pub fn day_toward(&self, text: &str, way: Way) -> Result<NaiveDate, String> {
        let lower = text.trim().to_lowercase();
        let day = self.read_day(&lower, way)?.ok_or_else(|| {
            format!("\"{}\" is not a day: try tomorrow, fri, +2w, 30 nov or 2026-11-30", shortened(text))
        })?;
        if (1850..=2200).contains(&day.year()) {
            Ok(day)
        } else {
            Err(format!("the year {} cannot be right", day.year()))
        }
    }

    /// Reads lower-case text.
    pub(super) fn read_day(&self, text: &str, way: Way) -> Read {
        let today = self.today();
        match text {
            "today" | "tod" | "t" => return Ok(Some(today)),
            "tomorrow" | "tom" | "tmr" => return Ok(today.succ_opt()),
            "yesterday" | "yes" | "yday" => return Ok(today.pred_opt()),
            "next week" => return Ok(today.checked_add_days(Days::new(7))),
            "next month" => return Ok(today.checked_add_months(Months::new(1))),
            "end of month" | "eom" => {
                return Ok(last_of_month(today.year(), today.month()));
            }
            _ => {}
        }
        if let Some(day) = self.span(text) {
            return Ok(Some(day));
        }
        if let Some(day) = weekday(text) {
            return Ok(Some(self.nearest_weekday(day, way)));
        }
        if let Some((said, rest)) = text.split_once(' ') {
            if let ("next" | "last" | "this", Some(day)) = (said, weekday(rest)) {
                return self.named_weekday(said, day, way).map(Some);
            }
            if let Some(said) = weekday(said.trim_end_matches(','))
                && let Some(day) = self.dated(rest.trim(), way)?
            {
                let fits = day.weekday() == said;
                return if fits { Ok(Some(day)) } else { Err(day.format("%-d %b %Y is a %A").to_string()) };
            }
        }
        self.dated(text, way)
    }

    /// The coming one, or the last one; never today.
    fn nearest_weekday(&self, day: Weekday, way: Way) -> NaiveDate {
        let today = self.today();
        let ahead = u64::from(day.days_since(today.weekday()));
        let back = u64::from(today.weekday().days_since(day));
        let never_today = |days| Days::new(if days == 0 { 7 } else { days });
        match way {
            Way::Ahead | Way::Next => today.checked_add_days(never_today(ahead)),
            Way::Back => today.checked_sub_days(never_today(back)),
        }
        .unwrap_or(today)
    }

    /// `next fri`: the coming Friday to some, that of the next week to others; read only where both are the same day. Weeks
    /// begin on Sunday.
    fn named_weekday(&self, said: &str, day: Weekday, way: Way) -> Result<NaiveDate, String> {
        let today = self.today();
        let of_week = |weeks: i64| {
            let sunday = today - chrono::TimeDelta::days(i64::from(today.weekday().num_days_from_sunday()));
            sunday + chrono::TimeDelta::days(7 * weeks + i64::from(day.num_days_from_sunday()))
        };
        let (one, other) = match said {
            "next" => (self.nearest_weekday(day, Way::Ahead), of_week(1)),
            "last" => (self.nearest_weekday(day, Way::Back), of_week(-1)),
            _ if way != Way::Back && of_week(0) < today => return Ok(self.nearest_weekday(day, way)),
            _ => return Ok(of_week(0)),
        };
        if one == other {
            return Ok(one);
        }
        let (one, other) = (one.min(other), one.max(other));
        let words = |day: NaiveDate| day.format("%a %-d %b").to_string();
        Err(format!("may be {} or {}: type one of them", words(one), words(other)))
    }

    /// `30 nov`, `nov 30`, `30th november 2027`, `11/30`, `11/30/2026`, `2026-11-30`.
    fn dated(&self, text: &str, way: Way) -> Read {
        let parts: Vec<&str> = text.split(|c: char| " ,/.-".contains(c)).filter(|part| !part.is_empty()).collect();
        match parts[..] {
            [y, m, d] if y.len() == 4 && plain(y).is_some() => {
                both(self.year(y), both(month(m).or(plain(m)), ordinal(d)))
                    .map_or(Ok(None), |(y, (m, d))| date(y, m, d))
            }
            [a, b, y] if month(a).is_some() || month(b).is_some() => {
                let (m, d) = if month(a).is_some() { (month(a), ordinal(b)) } else { (month(b), ordinal(a)) };
                both(self.year(y), both(m, d)).map_or(Ok(None), |(y, (m, d))| date(y, m, d))
            }
            [m, d, y] => both(self.year(y), both(plain(m), plain(d))).map_or(Ok(None), |(y, (m, d))| date(y, m, d)),
            [a, b] => {
                let (m, d) = match (month(a), month(b)) {
                    (Some(m), None) => (Some(m), ordinal(b)),
                    (None, Some(m)) => (Some(m), ordinal(a)),
                    _ => (plain(a), plain(b)),
                };
                both(m, d.filter(|day| *day < 100)).map_or(Ok(None), |(m, d)| self.without_year(m, d, way).map(Some))
            }
            _ => Ok(None),
        }
    }

    /// A year of four digits, or of two: up to ten years from now, else of the last century.
    fn year(&self, text: &str) -> Option<i32> {
        let year = i32::try_from(plain(text)?).ok()?;
        match text.len() {
            4 => Some(year),
            2 if year <= self.today().year() % 100 + 10 => Some(2000 + year),
            2 => Some(1900 + year),
            _ => None,
        }
    }

    /// A day without a year: the one nearest to today, the one ahead where both are as near. In what passed the last one, for
    /// an end the next one.
    fn without_year(&self, month: u32, day: u32, way: Way) -> Result<NaiveDate, String> {
        let today = self.today();
        // Which days a month may have is known without its year, but for February.
        date(2000, month, day)?;
        if way == Way::Next {
            let mut years = today.year()..=today.year() + 8;
            let next = years.find_map(|year| NaiveDate::from_ymd_opt(year, month, day).filter(|day| *day >= today));
            return next.ok_or_else(|| "is no day to come: type the year".into());
        }
        let years = [today.year(), today.year() + 1, today.year() - 1];
        let days = years.into_iter().filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
        let near = days.min_by_key(|day| ((*day - today).num_days().abs(), *day < today));
        let near = near.ok_or_else(|| format!("{} has no 29 Feb: type the year", today.year()))?;
        if way == Way::Ahead || near <= today {
            return Ok(near);
        }
        match NaiveDate::from_ymd_opt(near.year() - 1, month, day) {
            Some(before) if (today - before).num_days() <= FAR => Ok(before),
            _ => Err(format!("{} is still to come: type the year where it was before", near.format("%-d %b %Y"))),
        }
    }

    /// `+2w`, `-3d`, `+1m`, `in 2 weeks`, `3 days ago`, `a week ago`.
    fn span(&self, text: &str) -> Option<NaiveDate> {
        let (sign, rest) =
            match (text.strip_prefix('+'), text.strip_prefix('-'), text.strip_prefix("in "), text.strip_suffix(" ago"))
            {
                (Some(rest), ..) | (_, _, Some(rest), _) => (1, rest),
                (_, Some(rest), ..) | (_, _, _, Some(rest)) => (-1, rest),
                _ => return None,
            };
        let rest = rest.trim();
        let rest = rest.strip_prefix("a ").or(rest.strip_prefix("one ")).unwrap_or(rest);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = rest.split_at(digits);
        let count: u32 = if count.is_empty() { 1 } else { count.parse().ok()? };
        let today = self.today();
        let days = match unit.trim() {
            "" | "d" | "day" | "days" => count,
            "w" | "wk" | "week" | "weeks" => count.checked_mul(7)?,
            "m" | "mo" | "month" | "months" if sign > 0 => return today.checked_add_months(Months::new(count)),
            "m" | "mo" | "month" | "months" => return today.checked_sub_months(Months::new(count)),
            "y" | "year" | "years" if sign > 0 => return today.checked_add_months(Months::new(count.checked_mul(12)?)),
            "y" | "year" | "years" => return today.checked_sub_months(Months::new(count.checked_mul(12)?)),
            _ => return None,
        };
        if sign > 0 {
            today.checked_add_days(Days::new(days.into()))
        } else {
            today.checked_sub_days(Days::new(days.into()))
        }
    }
}

fn both<A, B>(a: Option<A>, b: Option<B>) -> Option<(A, B)> {
    a.zip(b)
}

fn plain(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `30`, `1st`, `22nd`, `3rd`, `30th`.
fn ordinal(text: &str) -> Option<u32> {
    let bare = ["st", "nd", "rd", "th"].iter().find_map(|ending| text.strip_suffix(ending));
    plain(bare.unwrap_or(text))
}

fn last_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_months(Months::new(1))?.pred_opt()
}

/// A date, or what the calendar says against it.
fn date(year: i32, month: u32, day: u32) -> Read {
    if let Some(date) = NaiveDate::from_ymd_opt(year, month, day) {
        return Ok(Some(date));
    }
    if !(1..=12).contains(&month) {
        return Err(format!("there is no month {month}"));
    }
    match last_of_month(year, month) {
        Some(last) if month == 2 && day == 29 => {
            Err(format!("{year} has no 29 Feb: its last is {}", last.format("%-d %b")))
        }
        Some(last) => Err(format!("there is no {day} {}: it has {} days", last.format("%B"), last.day())),
        None => Ok(None),
    }
}

pub(in crate::model) fn weekday(text: &str) -> Option<Weekday> {
    if text.len() < 2 || (text.len() == 2 && !["mo", "tu", "we", "th", "fr", "sa", "su"].contains(&text)) {
        return None;
    }
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Mon),
        ("tuesday", Weekday::Tue),
        ("wednesday", Weekday::Wed),
        ("thursday", Weekday::Thu),
        ("friday", Weekday::Fri),
        ("saturday", Weekday::Sat),
        ("sunday", Weekday::Sun),
    ];
    DAYS.iter().find(|(name, _)| name.starts_with(text)).map(|(_, day)| *day)
}

pub(super) fn month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = (text.len() >= 3).then(|| MONTHS.iter().position(|name| name.starts_with(text)))??;
    Some(at as u32 + 1)
}
