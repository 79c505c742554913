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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RowId;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Worked out by hand. T1016 is billed by the quarter of an hour from the 8th minute on: 60 minutes are 4 units.
    #[test]
    fn units_run_out_at_the_pace_so_far() {
        let practice = Practice::standard();
        // 40 units from 1 Nov to the end of the year, used as told; today is 20 Nov, the 20th day.
        for (name, units, used, expected) in [
            ("nothing used yet", 40, vec![], None),
            // 8 in 20 days: 32 left last 80 days, to 8 Feb: the year ends first.
            ("slowly", 40, vec![("2026-11-03", 60), ("2026-11-17", 60)], None),
            // 20 in 20 days, one a day: 20 left last 20 days.
            ("one a day", 40, vec![("2026-11-02", 150), ("2026-11-20", 150)], Some("2026-12-10")),
            // 12 in 20 days: 28 left last 46.67 days; the last one goes on the 47th.
            ("rounded up", 40, vec![("2026-11-05", 180)], None),
            ("rounded up, with 30 units", 30, vec![("2026-11-05", 180)], Some("2026-12-20")),
            // The 41st unit was used on the 18th.
            ("used up already", 40, vec![("2026-11-09", 300), ("2026-11-18", 315)], Some("2026-11-18")),
            ("used up to the last", 40, vec![("2026-11-09", 300), ("2026-11-18", 300)], Some("2026-11-18")),
            // Seven minutes a day are no unit, however many days.
            ("too short to count", 40, vec![("2026-11-09", 7), ("2026-11-10", 7)], None),
        ] {
            let approved = Approved {
                row: RowId::derived(&[name]),
                payer: "Medicaid".into(),
                service: "T1016".into(),
                units,
                from: Some(day("2026-11-01")),
                until: Some(day("2026-12-31")),
                used: used.iter().map(|(on, minutes)| (day(on), *minutes)).collect(),
            };
            assert_eq!(runs_out(&approved, &practice, day("2026-11-20")), expected.map(day), "{name}");
        }
    }

    #[test]
    fn what_was_used_is_counted_to_a_day_by_the_services_own_rule() {
        let used = vec![(day("2026-11-02"), 20), (day("2026-11-03"), 23), (day("2026-11-04"), 7)];
        let approved = Approved {
            row: RowId::derived(&["a"]),
            payer: String::new(),
            service: "T1016".into(),
            units: 10,
            from: None,
            until: None,
            used,
        };
        let practice = Practice::standard();
        for (on, units) in [("2026-11-01", 0), ("2026-11-02", 1), ("2026-11-03", 3), ("2026-11-30", 3)] {
            assert_eq!(approved.used_until(&practice, day(on)), units, "{on}");
        }
        // Without a beginning the first day of use is the first: 3 units in 3 days, 7 left last 7 more.
        assert_eq!(runs_out(&approved, &practice, day("2026-11-04")), Some(day("2026-11-11")));
    }
}
