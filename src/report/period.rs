//! Stretches of days as people name them, and the stretch before each.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};

use crate::triage::{calendar::add_days, monday};

/// From one day to another, both counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// How a period may be named, for help and errors.
pub const NAMES: &str = "today, yesterday, this-week, last-week, this-month, last-month, this-quarter, last-quarter, \
                         this-year, last-year, 2026-11, 2026-Q4, 2026, a day, or FROM..TO";

impl Period {
    pub fn day(day: NaiveDate) -> Period {
        Period { from: day, to: day }
    }

    /// The week of a day, from Monday on.
    pub fn week(day: NaiveDate) -> Period {
        Period { from: monday(day), to: add_days(monday(day), 6) }
    }

    /// So many months from the first of a month on.
    fn months(first: NaiveDate, many: u32) -> Period {
        let next = first.checked_add_months(Months::new(many)).unwrap_or(NaiveDate::MAX);
        Period { from: first, to: add_days(next, -1) }
    }

    fn month(day: NaiveDate) -> Period {
        Period::months(first_of_month(day), 1)
    }

    fn quarter(day: NaiveDate) -> Period {
        let month = day.month0() / 3 * 3 + 1;
        Period::months(NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day), 3)
    }

    fn year(day: NaiveDate) -> Period {
        Period::months(NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day), 12)
    }

    /// A period as it is typed.
    ///
    /// # Errors
    /// In words, with what it may be.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Period, String> {
        let text = text.trim().to_lowercase();
        let wrong = || format!("\"{text}\" is not a period: {NAMES}");
        Ok(match text.as_str() {
            "today" => Period::day(today),
            "yesterday" => Period::day(add_days(today, -1)),
            "this-week" | "week" => Period::week(today),
            "last-week" => Period::week(today).before(),
            "this-month" | "month" => Period::month(today),
            "last-month" => Period::month(today).before(),
            "this-quarter" | "quarter" => Period::quarter(today),
            "last-quarter" => Period::quarter(today).before(),
            "this-year" | "year" => Period::year(today),
            "last-year" => Period::year(today).before(),
            _ => {
                if let Some((from, to)) = text.split_once("..") {
                    let (from, to) =
                        (from.parse().map_err(|_| wrong())?, to.trim().parse::<NaiveDate>().map_err(|_| wrong())?);
                    return if from <= to {
                        Ok(Period { from, to })
                    } else {
                        Err("a period ends after it begins".into())
                    };
                }
                if let Ok(day) = text.parse::<NaiveDate>() {
                    return Ok(Period::day(day));
                }
                if let Ok(day) = format!("{text}-01").parse::<NaiveDate>() {
                    return Ok(Period::month(day));
                }
                if let Some((year, quarter)) = text.split_once("-q") {
                    let (year, quarter): (i32, u32) =
                        (year.parse().map_err(|_| wrong())?, quarter.parse().map_err(|_| wrong())?);
                    let first = NaiveDate::from_ymd_opt(year, quarter.saturating_mul(3).saturating_sub(2), 1);
                    return first.map(|first| Period::months(first, 3)).ok_or_else(wrong);
                }
                let year = text.parse::<i32>().ok().filter(|year| (1900..=2200).contains(year)).ok_or_else(wrong)?;
                Period::year(NaiveDate::from_ymd_opt(year, 1, 1).ok_or_else(wrong)?)
            }
        })
    }

    /// The period just before: the same months where it is of whole months, else as many days.
    pub fn before(self) -> Period {
        let to = add_days(self.from, -1);
        let whole = self.from.day() == 1 && add_days(self.to, 1).day() == 1;
        if whole {
            let next = add_days(self.to, 1);
            let months = (next.year() - self.from.year()) * 12 + next.month0() as i32 - self.from.month0() as i32;
            let from = self.from.checked_sub_months(Months::new(months.unsigned_abs())).unwrap_or(NaiveDate::MIN);
            return Period { from, to };
        }
        Period { from: self.from - TimeDelta::days(self.days()), to }
    }

    pub fn days(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    pub fn holds(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// "November 2026", "Mon 23 Nov to Sun 29 Nov 2026".
    pub fn in_words(self) -> String {
        let (from, to) = (self.from, self.to);
        if from == to {
            return from.format("%A %-d %B %Y").to_string();
        }
        if self == Period::month(from) {
            return from.format("%B %Y").to_string();
        }
        if self == Period::quarter(from) {
            return format!("quarter {} of {}", from.month0() / 3 + 1, from.year());
        }
        if self == Period::year(from) {
            return from.year().to_string();
        }
        format!("{} to {}", from.format("%a %-d %b %Y"), to.format("%a %-d %b %Y"))
    }
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn periods_as_people_name_them_and_the_one_before() {
        let today = day("2028-03-01");
        for (text, from, to, before_from, before_to) in [
            ("today", "2028-03-01", "2028-03-01", "2028-02-29", "2028-02-29"),
            ("this-week", "2028-02-28", "2028-03-05", "2028-02-21", "2028-02-27"),
            ("last-month", "2028-02-01", "2028-02-29", "2028-01-01", "2028-01-31"),
            ("this-quarter", "2028-01-01", "2028-03-31", "2027-10-01", "2027-12-31"),
            ("2027", "2027-01-01", "2027-12-31", "2026-01-01", "2026-12-31"),
            ("2027-Q4", "2027-10-01", "2027-12-31", "2027-07-01", "2027-09-30"),
            ("2028-02", "2028-02-01", "2028-02-29", "2028-01-01", "2028-01-31"),
            ("2028-01-10..2028-01-19", "2028-01-10", "2028-01-19", "2027-12-31", "2028-01-09"),
        ] {
            let period = Period::parse(text, today).unwrap();
            assert_eq!(period, Period { from: day(from), to: day(to) }, "{text}");
            assert_eq!(period.before(), Period { from: day(before_from), to: day(before_to) }, "before {text}");
        }
        for wrong in ["", "soon", "2027-Q5", "2027-13", "2028-02-02..2028-02-01", "99999"] {
            assert!(Period::parse(wrong, today).is_err(), "{wrong}");
        }
    }
}
