//! When an authorization's units are used up, at the pace so far.

use chrono::NaiveDate;

use crate::practice::Practice;

use super::{Approved, calendar};

impl Approved {
    /// Units used up to and on a day: each day's minutes rounded by the service's own rule.
    pub fn used_until(&self, practice: &Practice, day: NaiveDate) -> u32 {
        let days = self.used.iter().filter(|(on, _)| *on <= day);
        days.map(|(_, minutes)| practice.units(&self.service, *minutes)).sum()
    }
}

/// The first day on which no unit is left, if the pace since the beginning goes on; `None` where the end of the
/// authorization comes first, or nothing was used yet. A day on which the last unit was used already is given as it was.
pub fn runs_out(approved: &Approved, practice: &Practice, today: NaiveDate) -> Option<NaiveDate> {
    let from = approved.from.or_else(|| approved.used.first().map(|(day, _)| *day))?;
    let mut used = 0;
    for (day, minutes) in &approved.used {
        used += practice.units(&approved.service, *minutes);
        if used >= approved.units {
            return Some(*day);
        }
    }
    let passed = (today - from).num_days() + 1;
    if used == 0 || passed < 1 {
        return None;
    }
    let left = i64::from(approved.units - used);
    // Rounded up: the day on which the last unit goes, not the day before.
    let days = (left * passed + i64::from(used) - 1) / i64::from(used);
    let day = calendar::add_days(today, days);
    (approved.until.is_none_or(|until| day < until)).then_some(day)
}
