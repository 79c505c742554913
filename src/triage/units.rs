//! When an authorization's units are used up, at the pace so far: counted as they are billed ([`crate::practice::counting`]).

use chrono::NaiveDate;

use crate::practice::Practice;
use crate::practice::counting::{self, Budget, Given, Tally};

use super::{Approved, calendar};

/// The days on which units of one of a client's authorizations were used, in order; `all` are those in force, this one among
/// them.
fn used(all: &[Approved], one: &Approved, practice: &Practice) -> Vec<(NaiveDate, u32)> {
    let service = practice.service(&one.service);
    let unit = service.map(|service| service.unit);
    let pool = service.and_then(|service| service.pool.as_ref());
    let same_pool = |other: &Approved| {
        pool.is_some() && practice.service(&other.service).and_then(|service| service.pool.as_ref()) == pool
    };
    let related = |other: &&Approved| meet(one, other) && (other.service == one.service || same_pool(other));
    if all.iter().filter(related).count() > 1 {
        return among(&all.iter().filter(related).collect::<Vec<_>>(), one, practice);
    }
    let mut tally = Tally::default();
    let mut days = Vec::with_capacity(one.used.len());
    let mut add = |part: Given| {
        if one.from.is_none_or(|from| from <= part.day) && one.until.is_none_or(|until| part.day <= until) {
            days.push((part.day, tally.add(service, part)));
        }
    };
    for given in &one.used {
        if given.ends_that_day() { add(*given) } else { given.by_day(unit).into_iter().for_each(&mut add) }
    }
    days
}

/// Whether two authorizations have a day in common.
fn meet(one: &Approved, other: &Approved) -> bool {
    let before = |a: &Approved, b: &Approved| a.until.zip(b.from).is_some_and(|(until, from)| until < from);
    !before(one, other) && !before(other, one)
}

/// The same where several authorizations share the notes: the oldest is used up first.
fn among(related: &[&Approved], one: &Approved, practice: &Practice) -> Vec<(NaiveDate, u32)> {
    let mut related: Vec<&Approved> = related.to_vec();
    related.sort_by_key(|approved| (approved.from, approved.until, approved.row));
    // Each authorization names the notes of its time: a note of two is one, two notes of one hour are two.
    let mut named: Vec<(&str, Given, usize)> = Vec::new();
    for (at, approved) in related.iter().enumerate() {
        named.extend(approved.used.iter().map(|given| (approved.service.as_str(), *given, at)));
    }
    named.sort_unstable();
    let mut parts: Vec<(&str, Given)> = Vec::with_capacity(named.len());
    for same in named.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let many = same.chunk_by(|a, b| a.2 == b.2).map(<[_]>::len).max().unwrap_or(0);
        parts.extend(std::iter::repeat_n((same[0].0, same[0].1), many));
    }
    let mut split = Vec::with_capacity(parts.len());
    for (service, given) in parts {
        let unit = practice.service(service).map(|service| service.unit);
        split.extend(given.by_day(unit).into_iter().map(|part| (service, part)));
    }
    let mut parts = split;
    parts.sort_by_key(|(_, given)| *given);
    let mut budgets: Vec<Budget<'_>> = related.iter().map(|approved| budget(approved)).collect();
    let counted = counting::count_asking(practice, &parts, &mut budgets);
    let place = related.iter().position(|approved| approved.row == one.row);
    let own = |counted: &counting::Counted| {
        counted.taken.iter().filter(|(at, _)| at.is_some() && *at == place).map(|(_, units)| units).sum()
    };
    parts.iter().zip(&counted).map(|((_, given), counted)| (given.day, own(counted))).collect()
}

fn budget(approved: &Approved) -> Budget<'_> {
    Budget {
        service: &approved.service,
        from: approved.from,
        until: approved.until,
        letter: approved.letter.clone(),
        left: approved.units,
    }
}

/// The first day on which no unit is left, if the pace since the beginning goes on; `None` where the end of the
/// authorization comes first, or nothing was used yet. A day on which the last unit was used already is given as it was.
pub fn runs_out(all: &[Approved], approved: &Approved, practice: &Practice, today: NaiveDate) -> Option<NaiveDate> {
    let days = used(all, approved, practice);
    let from = approved.from.or_else(|| days.first().map(|(day, _)| *day))?;
    let mut used = 0;
    for (day, units) in days {
        used += units;
        if used >= approved.units {
            return Some(day);
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

    /// An authorization of 2026, and services of so many minutes from 10 o'clock on.
    fn approved(key: &str, service: &str, units: u32, used: &[(&str, u32)]) -> Approved {
        Approved {
            row: RowId::derived(&[key]),
            payer: "Medicaid".into(),
            service: service.into(),
            units,
            from: Some(day("2026-11-01")),
            until: Some(day("2026-12-31")),
            letter: key.into(),
            used: used.iter().map(|(on, minutes)| Given { day: day(on), begins: 600, minutes: *minutes }).collect(),
        }
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
            let one = approved(name, "T1016", units, &used);
            let found = runs_out(std::slice::from_ref(&one), &one, &practice, day("2026-11-20"));
            assert_eq!(found, expected.map(day), "{name}");
        }
    }

    fn units(all: &[Approved], at: usize) -> u32 {
        used(all, &all[at], &Practice::standard()).iter().map(|(_, units)| units).sum()
    }

    /// What "units run out" counts is what is billed: minutes of a day added, a month's unit once, an encounter each time.
    #[test]
    fn what_was_used_is_counted_as_it_is_billed() {
        for (service, used, expected) in [
            ("T1016", vec![("2026-11-02", 20), ("2026-11-03", 23), ("2026-11-04", 7)], 3),
            ("T1016", vec![("2026-11-02", 20), ("2026-11-02", 20)], 3),
            ("T2022", vec![("2026-11-02", 20), ("2026-11-09", 20), ("2026-12-01", 20)], 2),
            ("H0006", vec![("2026-11-02", 20), ("2026-11-02", 20)], 2),
            // Outside its time.
            ("T1016", vec![("2026-10-31", 60), ("2027-01-01", 60)], 0),
        ] {
            assert_eq!(units(&[approved("a", service, 99, &used)], 0), expected, "{service} {used:?}");
        }
        // 23:40 on the day before it began, for 45 minutes: 25 of them are its own, two units.
        let mut one = approved("a", "T1016", 99, &[]);
        one.used.push(Given { day: day("2026-10-31"), begins: 23 * 60 + 40, minutes: 45 });
        assert_eq!(units(&[one], 0), 2);
    }

    /// Two payers' authorizations of one code: each note is taken from one of them, as it is billed.
    #[test]
    fn two_authorizations_of_one_code_do_not_both_use_a_note() {
        let notes = [("2026-11-02", 20), ("2026-11-02", 20), ("2026-11-03", 60)];
        let all = [approved("A", "T1016", 1, &notes), approved("B", "T1016", 99, &notes)];
        let (a, b) = if all[0].row < all[1].row { (0, 1) } else { (1, 0) };
        let sum = units(&all, 0) + units(&all, 1);
        // One that begins when the other has ended is by itself.
        let mut after = all.clone();
        after[1].from = Some(day("2027-01-01"));
        assert_eq!(units(&after, 0), 7);
        // Either the one with a single unit goes first (1, then 1 and 4), or the other has all (3 and 4).
        assert_eq!(sum, if a == 0 { 6 } else { 7 });
        assert_eq!(units(&all, b), if a == 0 { 5 } else { 0 });
    }
}
