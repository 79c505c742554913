//! Days that count: business days, US federal holidays, and adding months and years.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// Whether a day is one of the 11 US federal holidays as observed (5 U.S.C. 6103): one that falls on a Saturday is
/// observed on the Friday before, one on a Sunday on the Monday after.
pub fn is_federal_holiday(day: NaiveDate) -> bool {
    let year = day.year();
    // New Year's Day of a Saturday is observed in the old year.
    holidays(year).contains(&day) || observed(year + 1, 1, 1) == Some(day)
}

/// The federal holidays of a year on the days they are observed, in order.
fn holidays(year: i32) -> Vec<NaiveDate> {
    let fixed = |month, day| observed(year, month, day);
    let nth = |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    let last_monday_of_may = nth(5, Weekday::Mon, 5).or_else(|| nth(5, Weekday::Mon, 4));
    [
        fixed(1, 1),              // New Year's Day
        nth(1, Weekday::Mon, 3),  // Birthday of Martin Luther King, Jr.
        nth(2, Weekday::Mon, 3),  // Washington's Birthday
        last_monday_of_may,       // Memorial Day
        fixed(6, 19),             // Juneteenth, since 2021
        fixed(7, 4),              // Independence Day
        nth(9, Weekday::Mon, 1),  // Labor Day
        nth(10, Weekday::Mon, 2), // Columbus Day
        fixed(11, 11),            // Veterans Day
        nth(11, Weekday::Thu, 4), // Thanksgiving Day
        fixed(12, 25),            // Christmas Day
    ]
    .into_iter()
    .flatten()
    .filter(|day| year >= 2021 || (day.month(), day.day()) != (6, 19))
    .collect()
}

fn observed(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    let day = NaiveDate::from_ymd_opt(year, month, day)?;
    match day.weekday() {
        Weekday::Sat => day.pred_opt(),
        Weekday::Sun => day.succ_opt(),
        _ => Some(day),
    }
}

/// Monday to Friday, and not a federal holiday.
pub fn is_business_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_federal_holiday(day)
}

/// The n-th business day after `day` (before it, for a negative n); `day` itself does not count.
pub fn add_business_days(day: NaiveDate, n: i64) -> NaiveDate {
    let (mut at, mut left) = (day, n.abs());
    while left > 0 {
        at = add_days(at, n.signum());
        if is_business_day(at) {
            left -= 1;
        }
    }
    at
}

/// Some days later (earlier, for a negative n); the last day that can be told, where there is none.
pub fn add_days(day: NaiveDate, n: i64) -> NaiveDate {
    let moved = if n >= 0 {
        day.checked_add_days(Days::new(n as u64))
    } else {
        day.checked_sub_days(Days::new(n.unsigned_abs()))
    };
    moved.unwrap_or(if n >= 0 { NaiveDate::MAX } else { NaiveDate::MIN })
}

/// The same day some months later; the month's last day where it has no such day (31 Jan + 1 = 28 or 29 Feb).
pub fn add_months(day: NaiveDate, n: u32) -> NaiveDate {
    day.checked_add_months(Months::new(n)).unwrap_or(NaiveDate::MAX)
}

/// The n-th birthday or anniversary. For 29 February in a common year it is 28 February: a deadline is told early
/// rather than late.
pub fn anniversary(day: NaiveDate, years: u32) -> NaiveDate {
    add_months(day, years * 12)
}

/// Whole years from `from` to `to`: a person's age. Someone born on 29 February is a year older on 28 February of a
/// common year, as in [`anniversary`].
pub fn years_between(from: NaiveDate, to: NaiveDate) -> u32 {
    let years = u32::try_from(to.year() - from.year()).unwrap_or(0);
    if years > 0 && anniversary(from, years) > to { years - 1 } else { years }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// As published by the US Office of Personnel Management.
    #[test]
    fn federal_holidays_are_those_published() {
        let published = [
            (2024, "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25"),
            (2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"),
            (2027, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"),
        ];
        for (year, days) in published {
            let expected: Vec<NaiveDate> = days.split(' ').map(|d| day(&format!("{year}-{d}"))).collect();
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let found: Vec<NaiveDate> =
                first.iter_days().take_while(|d| d.year() == year).filter(|d| is_federal_holiday(*d)).collect();
            assert_eq!(found, expected, "{year}");
        }
    }

    #[test]
    fn business_days_skip_weekends_and_holidays() {
        for (from, n, to) in [
            ("2026-11-20", 2, "2026-11-24"), // Friday: Monday, Tuesday
            ("2026-11-21", 2, "2026-11-24"), // Saturday
            ("2026-11-25", 2, "2026-11-30"), // Wednesday before Thanksgiving
            ("2026-07-02", 1, "2026-07-06"), // 4 July on a Saturday, observed on Friday
            ("2027-12-30", 1, "2028-01-03"), // New Year 2028 is a Saturday, observed on 31 Dec 2027
            ("2026-11-30", -2, "2026-11-25"),
        ] {
            assert_eq!(add_business_days(day(from), n), day(to), "{from} + {n}");
        }
    }

    #[test]
    fn month_ends_and_leap_days() {
        assert_eq!(add_months(day("2027-01-31"), 1), day("2027-02-28"));
        assert_eq!(add_months(day("2028-01-31"), 1), day("2028-02-29"));
        assert_eq!(anniversary(day("2008-02-29"), 18), day("2026-02-28"));
        assert_eq!(anniversary(day("2008-02-29"), 20), day("2028-02-29"));
        assert_eq!(years_between(day("2008-02-29"), day("2026-02-27")), 17);
        assert_eq!(years_between(day("2008-02-29"), day("2026-02-28")), 18);
        assert_eq!(years_between(day("2030-01-01"), day("2026-01-01")), 0);
    }
}
