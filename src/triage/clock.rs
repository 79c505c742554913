//! The moment of a ranking, and the reader's own wall clock for every instant in it.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeZone, Utc};

use crate::model::Moment;

use super::DueAt;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Now, and what hour it is here at any instant. Remembers the offset of each day that was asked for: a caseload has many
/// instants and few days.
pub struct Clock {
    pub now: DateTime<FixedOffset>,
    pub today: NaiveDate,
    moment: Moment,
    /// By day since 1970 in UTC: the offset, where it is the same all day.
    days: RefCell<HashMap<i64, Option<FixedOffset>>>,
}

impl Clock {
    pub fn new(moment: Moment) -> Clock {
        Clock { now: moment.now, today: moment.today(), moment, days: RefCell::new(HashMap::new()) }
    }

    /// An instant on the reader's wall clock.
    pub fn local(&self, instant: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        let seconds = instant.timestamp();
        let day = seconds.div_euclid(DAY);
        let mut days = self.days.borrow_mut();
        let constant = days.entry(day).or_insert_with(|| {
            let offset = |seconds: i64| {
                let utc = Utc.timestamp_opt(seconds, 0).single()?.fixed_offset();
                Some(*self.moment.local(utc).offset())
            };
            let (first, last) = (offset(day * DAY)?, offset((day + 1) * DAY - 1)?);
            (first == last).then_some(first)
        });
        match constant {
            Some(offset) => instant.with_timezone(offset),
            None => self.moment.local(instant),
        }
    }

    pub fn day_of(&self, instant: DateTime<FixedOffset>) -> NaiveDate {
        self.local(instant).date_naive()
    }

    /// The day of an instant given in seconds since 1970.
    pub fn day_at(&self, seconds: i64) -> NaiveDate {
        match Utc.timestamp_opt(seconds, 0).single() {
            Some(instant) => self.day_of(instant.fixed_offset()),
            None => self.today,
        }
    }

    pub fn here(&self, due: DueAt) -> DueAt {
        match due {
            DueAt::Day(_) => due,
            DueAt::Hour(time) => DueAt::Hour(self.local(time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york(local: chrono::NaiveDateTime) -> FixedOffset {
        let summer = local < "2026-11-01T02:00:00".parse().unwrap();
        FixedOffset::west_opt(if summer { 4 } else { 5 } * 3600).unwrap()
    }

    #[test]
    fn an_instant_stands_on_the_readers_clock_whatever_zone_wrote_it() {
        let clock = Clock::new(Moment::new("2026-11-26T09:00:00-05:00".parse().unwrap(), new_york));
        for (written, here) in [
            ("2026-11-27T03:49:00+10:00", "2026-11-26T12:49:00-05:00"), // Guam
            ("2026-11-24T02:00:00Z", "2026-11-23T21:00:00-05:00"),
            ("2026-11-25T19:00:00Z", "2026-11-25T14:00:00-05:00"),
            // The day on which the clocks go back has two offsets.
            ("2026-11-01T05:30:00Z", "2026-11-01T01:30:00-04:00"),
            ("2026-11-01T17:00:00Z", "2026-11-01T12:00:00-05:00"),
            ("2026-07-01T12:00:00-05:00", "2026-07-01T13:00:00-04:00"), // Chicago in summer
        ] {
            let found = clock.local(DateTime::parse_from_rfc3339(written).unwrap());
            assert_eq!(found.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), here, "{written}");
        }
    }
}
