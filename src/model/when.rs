//! Days, times and lengths as people type them. The moment is always handed in.

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

/// Now, and where: what "tomorrow" and "14:30" are measured from.
#[derive(Clone, Copy)]
pub struct Moment {
    pub now: DateTime<FixedOffset>,
    zone: fn(NaiveDateTime) -> FixedOffset,
}

impl Moment {
    /// `zone` gives the offset at which a local time is lived (clocks change between now and then).
    pub fn new(now: DateTime<FixedOffset>, zone: fn(NaiveDateTime) -> FixedOffset) -> Moment {
        Moment { now, zone }
    }

    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// An instant from a local day and time.
    pub fn at(&self, day: NaiveDate, time: NaiveTime) -> DateTime<FixedOffset> {
        let local = day.and_time(time);
        let offset = (self.zone)(local);
        local.and_local_timezone(offset).single().unwrap_or(self.now)
    }

    /// The same instant on the clock of this place.
    pub fn local(&self, instant: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        // The offset goes by the local time, which goes by the offset: the second guess is right but for the hour that
        // the clocks leave out.
        let mut offset = *self.now.offset();
        for _ in 0..2 {
            offset = (self.zone)(instant.with_timezone(&offset).naive_local());
        }
        instant.with_timezone(&offset)
    }

    /// `today`, `tomorrow`, `fri`, `+2w`, `-3d`, `30 nov`, `nov 30`, `11/30`, `11/30/2026`, `2026-11-30`.
    ///
    /// # Errors
    /// In words, with what may be typed instead.
    pub fn day(&self, text: &str) -> Result<NaiveDate, String> {
        let lower = text.trim().to_lowercase();
        let day = self.day_of(&lower).ok_or_else(|| {
            format!("\"{}\" is not a day: try tomorrow, fri, +2w, 30 nov or 2026-11-30", shortened(text))
        })?;
        if (1850..=2200).contains(&day.year()) {
            Ok(day)
        } else {
            Err(format!("the year {} cannot be right", day.year()))
        }
    }

    fn day_of(&self, text: &str) -> Option<NaiveDate> {
        let today = self.today();
        match text {
            "today" | "tod" | "t" => return Some(today),
            "tomorrow" | "tom" | "tmr" => return today.succ_opt(),
            "yesterday" | "yes" | "yday" => return today.pred_opt(),
            "next week" => return today.checked_add_days(Days::new(7)),
            "next month" => return today.checked_add_months(Months::new(1)),
            "end of month" | "eom" => {
                return today.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt();
            }
            _ => {}
        }
        if let Some(day) = self.span(text) {
            return Some(day);
        }
        let named = text.strip_prefix("next ").unwrap_or(text);
        if let Some(weekday) = weekday(named) {
            let ahead = (7 + weekday.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
            return today.checked_add_days(Days::new(if ahead == 0 { 7 } else { ahead.into() }));
        }
        if let Some(weekday) = text.strip_prefix("last ").and_then(weekday) {
            let back = (7 + today.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
            return today.checked_sub_days(Days::new(if back == 0 { 7 } else { back.into() }));
        }
        let parts: Vec<&str> = text.split(|c: char| " ,/.-".contains(c)).filter(|part| !part.is_empty()).collect();
        let year = |text: &str| -> Option<i32> {
            let year: i32 = text.parse().ok()?;
            match text.len() {
                4 => Some(year),
                2 if year <= today.year() % 100 + 10 => Some(2000 + year),
                2 => Some(1900 + year),
                _ => None,
            }
        };
        let number = |text: &str| text.trim_end_matches(|c: char| c.is_alphabetic()).parse::<u32>().ok();
        match parts[..] {
            [y, m, d] if y.len() == 4 && y.bytes().all(|byte| byte.is_ascii_digit()) => {
                NaiveDate::from_ymd_opt(year(y)?, month(m).or(number(m))?, number(d)?)
            }
            [a, b, y] if month(a).is_some() => NaiveDate::from_ymd_opt(year(y)?, month(a)?, number(b)?),
            [a, b, y] if month(b).is_some() => NaiveDate::from_ymd_opt(year(y)?, month(b)?, number(a)?),
            [m, d, y] => NaiveDate::from_ymd_opt(year(y)?, m.parse().ok()?, d.parse().ok()?),
            [a, b] => {
                let (month, day) = match (month(a), month(b)) {
                    (Some(month), None) => (month, number(b)?),
                    (None, Some(month)) => (month, number(a)?),
                    _ => (a.parse().ok()?, b.parse().ok()?),
                };
                self.nearest(month, day)
            }
            _ => None,
        }
    }

    /// A day without a year: the one nearest to today, the one ahead where both are as near.
    fn nearest(&self, month: u32, day: u32) -> Option<NaiveDate> {
        let today = self.today();
        let years = [today.year(), today.year() + 1, today.year() - 1];
        let days = years.into_iter().filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
        days.min_by_key(|day| ((*day - today).num_days().abs(), *day < today))
    }

    /// `+2w`, `-3d`, `+1m`, `in 2 weeks`, `3 days ago`.
    fn span(&self, text: &str) -> Option<NaiveDate> {
        let (sign, rest) =
            match (text.strip_prefix('+'), text.strip_prefix('-'), text.strip_prefix("in "), text.strip_suffix(" ago"))
            {
                (Some(rest), ..) | (_, _, Some(rest), _) => (1, rest),
                (_, Some(rest), ..) | (_, _, _, Some(rest)) => (-1, rest),
                _ => return None,
            };
        let rest = rest.trim();
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

    /// A day and a time, or either: `tomorrow 14:30`, `fri 2pm`, `9:15`, `now`, RFC 3339. A day alone is taken at 09:00.
    ///
    /// # Errors
    /// In words, with what may be typed instead.
    pub fn time(&self, text: &str) -> Result<DateTime<FixedOffset>, String> {
        let trimmed = text.trim();
        if let Ok(time) = DateTime::parse_from_rfc3339(trimmed) {
            return Ok(time);
        }
        for form in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
            if let Ok(local) = NaiveDateTime::parse_from_str(trimmed, form) {
                return Ok(self.at(local.date(), local.time()));
            }
        }
        let lower = trimmed.to_lowercase();
        if lower == "now" {
            return Ok(self.now);
        }
        if let Some(past) = lower.strip_suffix(" ago").and_then(minutes)
            && lower.contains(['h', 'm'])
            && !lower.contains("mo")
        {
            return Ok(self.now - TimeDelta::minutes(past));
        }
        if let Some(time) = clock(&lower) {
            return Ok(self.at(self.today(), time));
        }
        if let Some((day, time)) = lower.rsplit_once([' ', ',']) {
            let (day, time) = match time {
                "am" | "pm" => lower
                    .trim_end_matches(time)
                    .trim_end()
                    .rsplit_once(' ')
                    .map_or((day, None), |(day, hour)| (day, clock(&format!("{hour}{time}")))),
                _ => (day, clock(time)),
            };
            let day = day.trim_end_matches(" at");
            if let (Some(time), Ok(day)) = (time, self.day(day)) {
                return Ok(self.at(day, time));
            }
        }
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        self.day(&lower).map(|day| self.at(day, nine)).map_err(|_| {
            format!("\"{}\" is not a day and time: try tomorrow 14:30, fri 2pm or 2026-11-30 10:00", shortened(text))
        })
    }
}

/// A length in whole minutes: `45`, `45m`, `1h30`, `1:15`, `1.5h`.
pub fn minutes(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    if let Some((hours, rest)) = text.split_once(':') {
        return Some(
            hours.parse::<u16>().ok().map(i64::from)? * 60 + i64::from(rest.parse::<u8>().ok().filter(|m| *m < 60)?),
        );
    }
    let plain = |text: &str| text.trim().parse::<u16>().ok().map(i64::from);
    let without = |text: &str| {
        let text = text.trim();
        ["minutes", "minute", "mins", "min", "m"]
            .iter()
            .find_map(|unit| text.strip_suffix(unit))
            .unwrap_or(text)
            .trim()
            .to_string()
    };
    if let Some(at) = text.find('h') {
        let (hours, rest) = text.split_at(at);
        let rest = ["hours", "hour", "hrs", "hr", "h"].iter().find_map(|unit| rest.strip_prefix(unit))?;
        let hours: f64 = hours.trim().parse().ok().filter(|hours: &f64| (0.0..=1000.0).contains(hours))?;
        let rest = without(rest);
        let rest = if rest.is_empty() { 0 } else { plain(&rest)? };
        return Some((hours * 60.0).round() as i64 + rest);
    }
    plain(&without(&text))
}

/// `14:30`, `2pm`, `2:30 pm`, `noon`.
fn clock(text: &str) -> Option<NaiveTime> {
    if text == "noon" {
        return NaiveTime::from_hms_opt(12, 0, 0);
    }
    let (body, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(body), _) => (body.trim(), Some(0)),
        (_, Some(body)) => (body.trim(), Some(12)),
        _ => (text, None),
    };
    let (hour, minute) = match body.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse().ok()?),
        None if half.is_some() => (body, 0),
        _ => return None,
    };
    let hour: u32 = hour.parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

pub(super) fn weekday(text: &str) -> Option<Weekday> {
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

fn month(text: &str) -> Option<u32> {
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

/// What was typed, short enough for one line beside a field.
fn shortened(text: &str) -> String {
    let text = super::text::one_line(text.trim());
    if text.chars().count() > 20 { text.chars().take(19).chain(['…']).collect() } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// New York: -04:00 in summer, -05:00 from 1 Nov 2026 02:00.
    fn new_york(local: NaiveDateTime) -> FixedOffset {
        let summer = local.date() < NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        FixedOffset::west_opt(if summer { 4 } else { 5 } * 3600).unwrap()
    }

    fn moment() -> Moment {
        // A Tuesday.
        Moment::new(DateTime::parse_from_rfc3339("2026-11-24T11:05:00-05:00").unwrap(), new_york)
    }

    #[test]
    fn days_as_people_type_them() {
        for (typed, day) in [
            ("today", "2026-11-24"),
            ("Tomorrow", "2026-11-25"),
            ("yesterday", "2026-11-23"),
            ("fri", "2026-11-27"),
            ("tue", "2026-12-01"),
            ("next monday", "2026-11-30"),
            ("last fri", "2026-11-20"),
            ("+2w", "2026-12-08"),
            ("+10", "2026-12-04"),
            ("-3d", "2026-11-21"),
            ("+1m", "2026-12-24"),
            ("in 2 weeks", "2026-12-08"),
            ("3 days ago", "2026-11-21"),
            ("30 nov", "2026-11-30"),
            ("Nov 30", "2026-11-30"),
            ("30th november 2027", "2027-11-30"),
            ("11/30", "2026-11-30"),
            ("1/15", "2027-01-15"),
            ("9/30", "2026-09-30"),
            ("3/14/1990", "1990-03-14"),
            ("3/14/90", "1990-03-14"),
            ("2026-11-30", "2026-11-30"),
            ("eom", "2026-11-30"),
            ("29 feb 2028", "2028-02-29"),
        ] {
            assert_eq!(moment().day(typed).unwrap().to_string(), day, "{typed}");
        }
        for typed in ["", "31 feb 2027", "2026-13-01", "someday", "+w2", "13/13", "0001-01-01", "+99999999999w"] {
            assert!(moment().day(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn times_take_the_offset_of_their_own_day() {
        for (typed, time) in [
            ("14:30", "2026-11-24T14:30:00-05:00"),
            ("tomorrow 9:15", "2026-11-25T09:15:00-05:00"),
            ("fri 2pm", "2026-11-27T14:00:00-05:00"),
            ("fri 2:30 pm", "2026-11-27T14:30:00-05:00"),
            ("30 oct at 10:00", "2026-10-30T10:00:00-04:00"),
            ("2026-10-31 23:30", "2026-10-31T23:30:00-04:00"),
            ("2026-12-01T08:00:00+01:00", "2026-12-01T08:00:00+01:00"),
            ("12am", "2026-11-24T00:00:00-05:00"),
            ("noon", "2026-11-24T12:00:00-05:00"),
            ("20m ago", "2026-11-24T10:45:00-05:00"),
            ("3 days ago", "2026-11-21T09:00:00-05:00"),
            ("mon", "2026-11-30T09:00:00-05:00"),
        ] {
            assert_eq!(moment().time(typed).unwrap().to_rfc3339(), time, "{typed}");
        }
        for typed in ["25:00", "fri 14:75", "13pm", "whenever 10:00", "1430x"] {
            assert!(moment().time(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn an_instant_is_told_by_the_clock_of_its_own_day_here() {
        for (instant, here) in [
            ("2026-07-01T12:00:00Z", "2026-07-01T08:00:00-04:00"),
            ("2026-12-01T12:00:00Z", "2026-12-01T07:00:00-05:00"),
            ("2026-12-01T14:00:00+09:00", "2026-12-01T00:00:00-05:00"),
        ] {
            assert_eq!(moment().local(DateTime::parse_from_rfc3339(instant).unwrap()).to_rfc3339(), here);
        }
    }

    #[test]
    fn lengths() {
        for (typed, length) in
            [("45", 45), ("45m", 45), ("1h30", 90), ("1h 30min", 90), ("1:15", 75), ("1.5h", 90), ("2 hours", 120)]
        {
            assert_eq!(minutes(typed), Some(length), "{typed}");
        }
        for typed in ["", "-5", "1:75", "soon", "h"] {
            assert_eq!(minutes(typed), None, "{typed}");
        }
    }
}
