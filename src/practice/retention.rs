//! How long a closed file is kept, by the agency's rules: never shorter than the longest rule that holds for it.
//!
//! The promise: the day before which a file must not be destroyed, and which rule says so; a legal hold stands over all of
//! them. Nothing is destroyed here. Pure.

use chrono::{Months, NaiveDate};

use super::{Practice, Retention};

/// Until when a file is to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Keep<'a> {
    /// The case is open, or nobody wrote down when it was closed.
    Open,
    /// Nothing of it may be destroyed, whatever the rules say.
    Held,
    /// Through this day; by this rule.
    Until(NaiveDate, &'a Retention),
}

impl Keep<'_> {
    /// Whether the agency may destroy it on that day.
    pub fn may_go(&self, today: NaiveDate) -> bool {
        matches!(self, Keep::Until(until, _) if *until < today)
    }
}

/// Until when a file is kept that was closed on a day, for someone born on a day who was in these areas; the rule for every
/// other area holds where an area has none of its own, and the longest of several is the one that counts. A minor's file is
/// kept to the age that the rule names (none is given for whoever was grown up when the case was closed).
pub fn keep_until<'a>(
    practice: &'a Practice,
    closed: Option<NaiveDate>,
    birth_date: Option<NaiveDate>,
    areas: &[String],
    held: bool,
) -> Keep<'a> {
    if held {
        return Keep::Held;
    }
    let Some(closed) = closed else { return Keep::Open };
    let rules = &practice.agency.retentions;
    let of = |area: &str| rules.iter().find(|rule| rule.area == area);
    let mut wanted: Vec<&Retention> = areas.iter().filter_map(|area| of(area).or_else(|| of(""))).collect();
    if wanted.is_empty() {
        wanted.extend(of(""));
    }
    let ends = wanted.into_iter().map(|rule| (end(rule, closed, birth_date), rule));
    match ends.max_by_key(|(end, _)| *end) {
        Some((end, rule)) => Keep::Until(end, rule),
        // An agency without any rule keeps everything.
        None => Keep::Open,
    }
}

fn end(rule: &Retention, closed: NaiveDate, birth_date: Option<NaiveDate>) -> NaiveDate {
    let after = years(closed, rule.years);
    let minor = birth_date.filter(|born| closed < years(*born, 18));
    match (minor, rule.until_age) {
        (Some(born), Some(age)) => after.max(years(born, age)),
        _ => after,
    }
}

/// The same day years later; of 29 February the last of February, or the day after where it would fall short.
fn years(day: NaiveDate, years: u8) -> NaiveDate {
    let there = day.checked_add_months(Months::new(u32::from(years) * 12)).unwrap_or(NaiveDate::MAX);
    let short = chrono::Datelike::day(&there) < chrono::Datelike::day(&day);
    if short { there.succ_opt().unwrap_or(there) } else { there }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_closed_file_is_kept_by_the_longest_rule_that_holds_for_it() {
        let practice = Practice::standard();
        for (closed, born, areas, until, years) in [
            // Seven years, for whoever was grown up.
            ("2020-03-10", "1980-01-01", vec!["social-work"], "2027-03-10", 7),
            // A child's to the age of 25.
            ("2020-03-10", "2010-06-05", vec!["social-work"], "2035-06-05", 7),
            // Closed the day before they grew up, and on that day.
            ("2020-03-09", "2002-03-10", vec!["social-work"], "2027-03-10", 7),
            ("2020-03-10", "2002-03-10", vec!["social-work"], "2027-03-10", 7),
            ("2021-03-09", "2003-03-10", vec!["healthcare"], "2028-03-10", 7),
            // 2 CFR 200.334: three years, but not where another area asks for more.
            ("2020-03-10", "1980-01-01", vec!["vocational"], "2023-03-10", 3),
            ("2020-03-10", "1980-01-01", vec!["vocational", "mental-health"], "2027-03-10", 7),
            // No area named: the rule for every other.
            ("2020-02-29", "1980-01-01", vec![], "2027-03-01", 7),
        ] {
            let areas: Vec<String> = areas.iter().map(|area| area.to_string()).collect();
            let Keep::Until(found, rule) = keep_until(&practice, Some(day(closed)), Some(day(born)), &areas, false)
            else {
                panic!("{closed} {areas:?}")
            };
            assert_eq!((found, rule.years), (day(until), years), "{closed} {born} {areas:?}");
            assert!(!rule.source.is_empty());
            let kept = Keep::Until(found, rule);
            assert!(!kept.may_go(found) && kept.may_go(found.succ_opt().unwrap()), "through its last day");
        }
    }

    #[test]
    fn a_legal_hold_stands_over_every_rule_and_an_open_case_is_kept() {
        let practice = Practice::standard();
        let long_ago = Some(day("1990-01-01"));
        assert_eq!(keep_until(&practice, long_ago, None, &[], true), Keep::Held);
        assert_eq!(keep_until(&practice, None, None, &[], false), Keep::Open);
        assert!(!Keep::Held.may_go(day("2100-01-01")) && !Keep::Open.may_go(day("2100-01-01")));
    }
}
