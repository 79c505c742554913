//! Days, times and lengths as people type them. The moment is always handed in.
//!
//! A day is read in `when/day.rs`, an hour and what it stands beside in `when/hour.rs`.

mod day;
mod hour;
#[cfg(test)]
mod tests;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::Value;
pub(super) use day::weekday;

/// Which way a weekday, or a day without a year, looks: what is planned lies ahead, what passed lies back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Ahead,
    Back,
    /// As ahead, for an end that is still to come: a day without a year is the next one, never one that has passed.
    Next,
}

/// An instant as programs write it: RFC 3339, also without its seconds.
pub fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text).ok().or_else(|| {
        let with_offset = text.strip_suffix(['Z', 'z']).map(|rest| format!("{rest}+00:00"));
        let text = with_offset.as_deref().unwrap_or(text);
        ["%Y-%m-%dT%H:%M%:z", "%Y-%m-%d %H:%M%:z"].iter().find_map(|form| DateTime::parse_from_str(text, form).ok())
    })
}

/// Now, and where: what "tomorrow" and "14:30" are measured from.
#[derive(Clone, Copy)]
pub struct Moment {
    pub now: DateTime<FixedOffset>,
    zone: fn(NaiveDateTime) -> FixedOffset,
    /// Only the day was said: the hour of `now` is this machine's, and decides nothing.
    day_only: bool,
}

impl Moment {
    /// `zone` gives the offset at which a local time is lived (clocks change between now and then).
    pub fn new(now: DateTime<FixedOffset>, zone: fn(NaiveDateTime) -> FixedOffset) -> Moment {
        Moment { now, zone, day_only: false }
    }

    /// The same where only its day was said (`--today`): what is set down for later that day counts as having come.
    #[must_use]
    pub fn of_the_day(self) -> Moment {
        Moment { day_only: true, ..self }
    }

    /// Whether a day or a time is still to come. Times are held against each other as instants, whatever zone they were
    /// said in; a day has come when it has begun here.
    pub fn is_ahead(&self, value: &Value) -> bool {
        match value {
            Value::Date(day) => *day > self.today(),
            Value::Time(time) => *time > self.now && (!self.day_only || self.local(*time).date_naive() > self.today()),
            _ => false,
        }
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

    /// The same instant on the clock of this place, also in the hours in which the clocks change.
    pub fn local(&self, instant: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        let utc = instant.naive_utc();
        let lived = |by: TimeDelta| utc.checked_add_signed(by).map_or(*self.now.offset(), |local| (self.zone)(local));
        // No place is further than 14 hours from UTC: its offsets well before and well after.
        let (before, after) = (lived(TimeDelta::hours(-36)), lived(TimeDelta::hours(36)));
        let on = |offset: FixedOffset| (self.zone)(instant.with_timezone(&offset).naive_local());
        let changed = if after.local_minus_utc() > before.local_minus_utc() {
            // The hour that the clocks leave out counts as the old time, so only the new time's own hours say "after".
            on(after) == after
        } else {
            // Of the hour that the clocks repeat the first counts, so the old time's own hours say "before".
            on(before) != before
        };
        instant.with_timezone(&if changed { after } else { before })
    }

    /// The time of a service as it was lived, and with it its day: on the clock of the place where it was given, as it was
    /// written down. What another system wrote on the clock of UTC says nothing of the place: it is taken as of here, so that
    /// an evening at the end of a month is of that month.
    pub fn lived(&self, time: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        if time.offset().local_minus_utc() == 0 { self.local(time) } else { time }
    }

    /// A time as people read it here: `Tue 24 Nov 2026 14:00`; what was written on another clock says so as well.
    pub fn shown(&self, time: DateTime<FixedOffset>) -> String {
        format!("{}{}", self.local(time).format("%-d %b %Y %H:%M"), self.elsewhere(time))
    }

    /// How a time was written, where that was on another clock than this place's: ` (19:00 UTC)`, ` (03:00 UTC+9, 25 Nov)`.
    pub fn elsewhere(&self, time: DateTime<FixedOffset>) -> String {
        let here = self.local(time);
        if here.offset() == time.offset() {
            return String::new();
        }
        let minutes = time.offset().local_minus_utc() / 60;
        let zone = match (minutes / 60, minutes.abs() % 60) {
            (0, 0) => "UTC".to_string(),
            (hours, 0) => format!("UTC{hours:+}"),
            (hours, minutes) => format!("UTC{hours:+}:{minutes:02}"),
        };
        let day =
            if here.date_naive() == time.date_naive() { String::new() } else { time.format(", %-d %b").to_string() };
        format!(" ({} {zone}{day})", time.format("%H:%M"))
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

/// What was typed, short enough for one line beside a field.
fn shortened(text: &str) -> String {
    let text = super::text::one_line(text.trim());
    if text.chars().count() > 20 { text.chars().take(19).chain(['…']).collect() } else { text.into_owned() }
}
