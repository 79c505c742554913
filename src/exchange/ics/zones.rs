//! The time zones that a calendar names: by the names of the tz database and of other programs, or by the rules that the
//! file itself brings (`VTIMEZONE`, RFC 5545, 3.6.5).
//!
//! Where both are there the tz database is believed: programs ship rules that are cut off or out of date.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use calcard::common::timezone::Tz;
use calcard::icalendar::{ICalendar, ICalendarComponentType, ICalendarProperty, ICalendarValue};
use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};

use crate::model::Moment;

use super::again;

/// A time as a calendar writes it: on the clock of a zone, of no zone in particular, or as an instant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct When {
    pub local: NaiveDateTime,
    /// The zone's name, where one is named.
    pub zone: Option<String>,
    /// The offset, where the time says it itself.
    pub offset: Option<FixedOffset>,
    /// A day without a time.
    pub day: bool,
}

/// When a zone's offset changes: from this local time on it is so many seconds east.
type Onsets = Vec<(NaiveDateTime, FixedOffset)>;

pub(super) struct Zones {
    own: HashMap<String, Onsets>,
    moment: Moment,
    /// Names that stand for nothing: their times are taken as local ones.
    pub unknown: BTreeSet<String>,
}

impl Zones {
    pub fn new(moment: Moment) -> Zones {
        Zones { own: HashMap::new(), moment, unknown: BTreeSet::new() }
    }

    /// Takes note of a `VTIMEZONE`.
    pub fn learn(&mut self, calendar: &ICalendar, until: NaiveDateTime) {
        let name =
            calendar.components.first().and_then(|zone| text(zone.property(&ICalendarProperty::Tzid)?.values.first()));
        let Some(name) = name else { return };
        let mut onsets = Onsets::new();
        let observances = calendar.components.iter().filter(|part| {
            matches!(part.component_type, ICalendarComponentType::Standard | ICalendarComponentType::Daylight)
        });
        for part in observances {
            let offset = |property| offset(part.property(&property)?.values.first()?);
            let (Some(to), Some(start)) = (
                offset(ICalendarProperty::Tzoffsetto),
                part.property(&ICalendarProperty::Dtstart).and_then(again::time),
            ) else {
                continue;
            };
            let mut times = vec![start.local];
            for entry in part.properties(&ICalendarProperty::Rdate) {
                times.extend(again::times(entry).into_iter().map(|(when, _)| when.local));
            }
            if let Some(rule) = part.property(&ICalendarProperty::Rrule).and_then(again::rule) {
                // UNTIL of an observance is in UTC; a day more or less of a rule that ended does no harm.
                times.extend(again::unfold(&rule, start.local, rule.until_local(|when| when.local), until));
            }
            onsets.extend(times.into_iter().map(|time| (time, to)));
        }
        onsets.sort_by_key(|(time, _)| *time);
        if !onsets.is_empty() {
            self.own.insert(name.to_string(), onsets);
        }
    }

    /// The instant of a time, on the clock of this place.
    pub fn instant(&mut self, when: &When) -> DateTime<FixedOffset> {
        let moment = self.moment;
        if when.day {
            return moment.at(when.local.date(), when.local.time());
        }
        let offset = match (&when.offset, &when.zone) {
            (Some(offset), _) => Some(*offset),
            (None, Some(zone)) => self.offset(zone, when.local),
            (None, None) => None,
        };
        let instant = offset.and_then(|offset| when.local.and_local_timezone(offset).single());
        instant.map_or_else(|| moment.at(when.local.date(), when.local.time()), |instant| moment.local(instant))
    }

    /// The same instant on the clock of a zone (of this place where there is none).
    pub fn on_the_clock_of(&mut self, when: &When, zone: &When) -> NaiveDateTime {
        if when.offset.is_none() && (when.zone == zone.zone || when.zone.is_none()) || when.day {
            return when.local;
        }
        let instant = self.instant(when);
        match (&zone.offset, &zone.zone) {
            (Some(offset), _) => instant.with_timezone(offset).naive_local(),
            (None, Some(name)) => {
                // The offset goes by the local time; the second guess is right.
                let mut local = instant.naive_local();
                for _ in 0..2 {
                    let Some(offset) = self.offset(name, local) else { break };
                    local = instant.with_timezone(&offset).naive_local();
                }
                local
            }
            (None, None) => instant.naive_local(),
        }
    }

    fn offset(&mut self, zone: &str, local: NaiveDateTime) -> Option<FixedOffset> {
        if let Ok(known) = Tz::from_str(zone) {
            return Some(match known.offset_from_local_datetime(&local) {
                LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix(),
                // The hour that the clocks leave out: as before it.
                LocalResult::None => known.offset_from_local_datetime(&(local - TimeDelta::hours(2))).earliest()?.fix(),
            });
        }
        let Some(onsets) = self.own.get(zone) else {
            self.unknown.insert(zone.to_string());
            return None;
        };
        let at = onsets.partition_point(|(time, _)| *time <= local);
        Some(onsets[at.saturating_sub(1)].1)
    }
}

fn text(value: Option<&ICalendarValue>) -> Option<&str> {
    value?.as_text()
}

fn offset(value: &ICalendarValue) -> Option<FixedOffset> {
    let ICalendarValue::PartialDateTime(time) = value else { return None };
    let seconds = i32::from(time.tz_hour?) * 3600 + i32::from(time.tz_minute.unwrap_or(0)) * 60;
    FixedOffset::east_opt(if time.tz_minus { -seconds } else { seconds })
}
