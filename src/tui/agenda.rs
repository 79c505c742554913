//! The week and the month: appointments of the whole caseload, day by day, and where two stand in each other's way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeDelta};

use crate::triage::Visit;
use crate::triage::calendar::{add_days, is_federal_holiday};

use super::desk::Desk;

/// An appointment on the clock of this place, whatever clock it was written on.
struct Lived<'a> {
    starts: DateTime<FixedOffset>,
    visit: &'a Visit,
}

impl Desk {
    /// Open visits from a day up to and without another, by start: client's name and visit.
    fn visits(&self, from: NaiveDate, until: NaiveDate) -> Vec<(&str, Lived<'_>)> {
        let moment = self.moment();
        let mut visits: Vec<(&str, Lived<'_>)> = self
            .queue
            .iter()
            .filter_map(|queued| {
                let (facts, visit) = (self.caseload.get(queued.client)?, self.visit_of(queued)?);
                Some((facts.name.as_str(), Lived { starts: moment.local(visit.starts), visit }))
            })
            .filter(|(_, lived)| (from..until).contains(&lived.starts.date_naive()))
            .collect();
        visits.sort_by_key(|(_, lived)| lived.starts);
        visits
    }

    /// How many clients have an open appointment in these seven days.
    pub fn clients_of_the_week(&self) -> usize {
        let until = add_days(self.today, 7);
        let within = |queued: &&super::desk::Queued| {
            let starts = self.visit_of(queued).map(|visit| self.moment().local(visit.starts).date_naive());
            starts.is_some_and(|day| (self.today..until).contains(&day))
        };
        let clients: BTreeSet<_> = self.queue.iter().filter(within).map(|queued| queued.client).collect();
        clients.len()
    }

    /// Seven days from today, a line for each appointment.
    pub fn week_lines(&self) -> Vec<String> {
        let visits = self.visits(self.today, add_days(self.today, 7));
        let mut lines = Vec::new();
        for day in (0..7).filter_map(|n| self.today.checked_add_days(Days::new(n))) {
            let own: Vec<&(&str, Lived<'_>)> =
                visits.iter().filter(|(_, lived)| lived.starts.date_naive() == day).collect();
            let load: u32 = own.iter().map(|(_, lived)| lived.visit.minutes).sum();
            let holiday = if is_federal_holiday(day) { "  (federal holiday)" } else { "" };
            let load =
                if own.is_empty() { "  free".into() } else { format!("  {} appointments, {}", own.len(), hours(load)) };
            lines.push(format!("{}{load}{holiday}", day.format("%A %-d %B").to_string().to_uppercase()));
            let mut ends = None;
            for (name, Lived { starts, visit }) in own {
                let end = self.moment().local(*starts + TimeDelta::minutes(visit.minutes.into()));
                let clash = ends.is_some_and(|ends| *starts < ends);
                ends = ends.max(Some(end));
                let place = if visit.place.is_empty() { String::new() } else { format!(", {}", visit.place) };
                let clash = if clash { "   ! overlaps the one before" } else { "" };
                lines.push(format!(
                    "  {}-{}  {name}: {}{place}{clash}",
                    starts.format("%H:%M"),
                    end.format("%H:%M"),
                    visit.title
                ));
            }
            lines.push(String::new());
        }
        lines
    }

    /// This month and the next, each day with how many appointments it holds.
    pub fn month_lines(&self) -> Vec<String> {
        let first = self.today.with_day(1).unwrap_or(self.today);
        let last = first.checked_add_months(chrono::Months::new(2)).unwrap_or(NaiveDate::MAX);
        let mut load: BTreeMap<NaiveDate, (u32, u32)> = BTreeMap::new();
        for (_, lived) in self.visits(first, last) {
            let day = load.entry(lived.starts.date_naive()).or_default();
            *day = (day.0 + 1, day.1 + lived.visit.minutes);
        }
        let mut lines = Vec::new();
        for month in [first, first.checked_add_months(chrono::Months::new(1)).unwrap_or(first)] {
            lines.push(month.format("%B %Y").to_string().to_uppercase());
            lines.push("  Mon       Tue       Wed       Thu       Fri       Sat       Sun".into());
            let mut week = " ".repeat(10 * month.weekday().num_days_from_monday() as usize);
            for day in month.iter_days().take_while(|day| day.month() == month.month()) {
                let mark = if day == self.today {
                    "*"
                } else if is_federal_holiday(day) {
                    "h"
                } else {
                    " "
                };
                let count =
                    load.get(&day).map_or(String::new(), |(count, minutes)| format!(" {}{}", count, bar(*minutes)));
                week.push_str(&format!("{:<10}", format!(" {mark}{:>2}{count}", day.day())));
                if day.weekday() == chrono::Weekday::Sun {
                    lines.push(std::mem::take(&mut week));
                }
            }
            lines.extend([week, String::new()]);
        }
        lines.push("* today, h federal holiday; each = is two hours of appointments.".into());
        lines
    }
}

fn bar(minutes: u32) -> String {
    "=".repeat(minutes.div_ceil(120).min(4) as usize)
}

fn hours(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
