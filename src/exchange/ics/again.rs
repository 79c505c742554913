//! How often an event comes again (RFC 5545, 3.8.5): rules, further times and times left out, on the clock on the wall.
//!
//! A visit at 14:00 stays at 14:00 when the clocks change, so times are worked out without a zone and get theirs after.

use std::collections::VecDeque;

use calcard::common::{CalendarScale, PartialDateTime};
use calcard::icalendar::{ICalendarEntry, ICalendarPeriod, ICalendarRecurrenceRule, ICalendarSkip, ICalendarValue};
use chrono::{Datelike, NaiveDateTime, TimeDelta};
use rrule::{RRule, Unvalidated};

use super::zones::When;

/// So many times of one event are taken at most: those nearest ahead.
pub(super) const MOST: usize = 500;
/// So many are worked out to find them; an event that comes more often is no appointment.
const TRIED: usize = 100_000;

/// A rule that can be unfolded.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    rule: ICalendarRecurrenceRule,
    until: Option<When>,
}

impl Rule {
    /// The last time of the rule on the clock of its event.
    pub fn until_local(&self, on_the_clock: impl FnOnce(&When) -> NaiveDateTime) -> Option<NaiveDateTime> {
        // A day alone means all of it.
        let whole = |when: &When| if when.day { TimeDelta::seconds(86_399) } else { TimeDelta::zero() };
        self.until.as_ref().map(|when| on_the_clock(when) + whole(when))
    }

    /// Whether it names an end.
    pub fn ends(&self) -> bool {
        self.until.is_some() || self.rule.count.is_some()
    }
}

/// The rule of an `RRULE`; `None` where it is not understood.
pub(super) fn rule(entry: &ICalendarEntry) -> Option<Rule> {
    let ICalendarValue::RecurrenceRule(rule) = entry.values.first()? else { return None };
    let mut rule = (**rule).clone();
    let plain = matches!(rule.rscale, None | Some(CalendarScale::Gregorian))
        && rule.bymonth.iter().all(|month| !month.is_leap());
    // Leaving out a day that a year does not have is what the rule does without being told to.
    if !plain || !matches!(rule.skip, None | Some(ICalendarSkip::Omit)) {
        return None;
    }
    (rule.rscale, rule.skip) = (None, None);
    let until = match rule.until.take() {
        Some(until) => Some(when(&until, None)?),
        None => None,
    };
    parsed(&rule.to_string())?;
    Some(Rule { rule, until })
}

fn parsed(rule: &str) -> Option<RRule<Unvalidated>> {
    rule.parse().ok()
}

/// The times of a rule from its first to `end`; of very many the last ones.
pub(super) fn unfold(
    rule: &Rule,
    first: NaiveDateTime,
    until: Option<NaiveDateTime>,
    end: NaiveDateTime,
) -> Vec<NaiveDateTime> {
    let Some(parsed) = parsed(&rule.rule.to_string()) else { return vec![first] };
    let start = first.and_utc().with_timezone(&rrule::Tz::UTC);
    let Ok(set) = parsed.build(start) else { return vec![first] };
    let end = until.map_or(end, |until| until.min(end));
    let set = set.limit();
    let times = set.into_iter().take(TRIED).map(|time| time.naive_utc()).take_while(|time| *time <= end);
    let mut kept: VecDeque<NaiveDateTime> = VecDeque::new();
    for time in times {
        if kept.len() > 4 * MOST {
            kept.pop_front();
        }
        kept.push_back(time);
    }
    kept.into()
}

/// At most [`MOST`] of an event's times, those from `floor` on where there are more; and whether any was left out.
pub(super) fn nearest(mut times: Vec<NaiveDateTime>, floor: NaiveDateTime) -> (Vec<NaiveDateTime>, bool) {
    if times.len() <= MOST {
        return (times, false);
    }
    let past = times.partition_point(|time| *time < floor).min(times.len() - 1);
    times.drain(..past);
    times.truncate(MOST);
    (times, true)
}

/// The time of a property such as `DTSTART`.
pub(super) fn time(entry: &ICalendarEntry) -> Option<When> {
    let ICalendarValue::PartialDateTime(time) = entry.values.first()? else { return None };
    when(time, entry.tz_id())
}

/// The times of an `RDATE` or `EXDATE`, with how many minutes each lasts where it says so.
pub(super) fn times(entry: &ICalendarEntry) -> Vec<(When, Option<i64>)> {
    let zone = entry.tz_id();
    let read = entry.values.iter().filter_map(|value| match value {
        ICalendarValue::PartialDateTime(time) => Some((when(time, zone)?, None)),
        ICalendarValue::Period(ICalendarPeriod::Range { start, end }) => {
            let (start, end) = (when(start, zone)?, when(end, zone)?);
            let minutes = (end.local - start.local).num_minutes();
            Some((start, Some(minutes)))
        }
        ICalendarValue::Period(ICalendarPeriod::Duration { start, duration }) => {
            Some((when(start, zone)?, Some(duration.as_seconds() / 60)))
        }
        _ => None,
    });
    read.collect()
}

fn when(time: &PartialDateTime, zone: Option<&str>) -> Option<When> {
    let read = time.to_date_time()?;
    // Far outside the years that people live in, adding a day would not be safe any more.
    (1600..=2400).contains(&read.date_time.year()).then(|| When {
        local: read.date_time,
        zone: zone.map(String::from),
        offset: read.offset,
        day: !time.has_time(),
    })
}
