//! From minutes of service to units: the one place where time is rounded, for billing, for "units run out" and for figures.
//!
//! The promise: minutes of one code on one day are added before they are rounded; codes of one pool are added together, and
//! the units given out among them, only where the service says so; nothing is ever added across authorizations; a service
//! across midnight counts on both its days; a month's, a day's and an encounter's unit are counted as such. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};
use serde::{Deserialize, Serialize};

use super::Practice;
use super::billing::{Need, Rounding, Service, Unit};

/// A service, or the part of one that falls on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Given {
    pub day: NaiveDate,
    /// The minute of the day at which it began.
    pub begins: u16,
    pub minutes: u32,
}

const DAY: u32 = 24 * 60;

/// A service that begins at a time, for so many minutes.
pub fn given(when: DateTime<FixedOffset>, minutes: u32) -> Given {
    Given { day: when.date_naive(), begins: (when.hour() * 60 + when.minute()) as u16, minutes }
}

impl Given {
    pub fn ends_that_day(self) -> bool {
        u32::from(self.begins) + self.minutes <= DAY
    }

    /// The parts of it by date of service. An encounter is one, on the day on which it began. Hours are counted on from the
    /// clock of the beginning.
    pub fn by_day(self, unit: Option<Unit>) -> Vec<Given> {
        let mut parts = Vec::new();
        let (mut now, mut left) = (self, self.minutes);
        while unit != Some(Unit::Encounter) && u32::from(now.begins) + left > DAY {
            now.minutes = DAY - u32::from(now.begins);
            parts.push(now);
            left -= now.minutes;
            let Some(next) = now.day.succ_opt() else { return parts };
            now = Given { day: next, begins: 0, minutes: left };
        }
        now.minutes = left;
        parts.push(now);
        parts
    }
}

/// One code's units as its services go by, in the order of time, where nothing else is to be looked at: no authorization
/// and no pool. [`count`] comes to the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// The day, or the first of the month.
    stretch: NaiveDate,
    minutes: u32,
    units: u32,
}

impl Tally {
    /// The units that one more part adds.
    pub fn add(&mut self, service: Option<&Service>, given: Given) -> u32 {
        let unit = service.map_or(Unit::Quarter, |service| service.unit);
        let stretch = if unit == Unit::Month { given.day.with_day(1).unwrap_or(given.day) } else { given.day };
        if stretch != self.stretch {
            *self = Tally { stretch, minutes: 0, units: 0 };
        }
        self.minutes += given.minutes;
        let all = match unit {
            Unit::Quarter => service.map_or(Rounding::EightMinute, |service| service.rounding).units(self.minutes),
            Unit::Encounter => self.units + u32::from(given.minutes > 0),
            Unit::Day | Unit::Month => u32::from(self.minutes > 0),
        };
        let all = all.min(service.and_then(|service| service.daily_most).unwrap_or(u32::MAX));
        let added = all.saturating_sub(self.units);
        self.units += added;
        added
    }
}

/// Units that a payer approved of a service.
#[derive(Clone, Debug)]
pub struct Budget<'a> {
    pub service: &'a str,
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    /// Which authorization it is: two lines of one letter, for two codes, are the same.
    pub letter: String,
    pub left: u32,
}

impl Budget<'_> {
    fn covers(&self, service: &str, day: NaiveDate) -> bool {
        self.service == service
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
    }
}

/// What one part came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// Units that it has, each where it was taken from: the place of a budget, or `None` where none is asked for.
    pub taken: Vec<(Option<usize>, u32)>,
    /// Units that it would have, had an authorization been there for them.
    pub wanting: u32,
    /// Whether an authorization covers the day, with units left or not.
    pub covered: bool,
    /// All minutes that were added for the rounding with this part's.
    pub together: u32,
    /// It would have more, were the day's most units not used up.
    pub used_up: bool,
}

impl Counted {
    pub fn units(&self) -> u32 {
        self.taken.iter().map(|(_, units)| units).sum()
    }
}

struct Counting<'b, 'a> {
    /// Whether authorizations are asked for.
    asked: bool,
    budgets: &'b mut [Budget<'a>],
    counted: Vec<Counted>,
}

/// Counts the parts of one client's services, which stand in the order of time; nobody asks for an authorization.
pub fn count(practice: &Practice, parts: &[(&str, Given)]) -> Vec<Counted> {
    counted(practice, parts, false, &mut [])
}

/// The same, where units are taken from the first authorization that covers the day, and then from the next.
pub fn count_asking(practice: &Practice, parts: &[(&str, Given)], budgets: &mut [Budget<'_>]) -> Vec<Counted> {
    counted(practice, parts, true, budgets)
}

fn counted(practice: &Practice, parts: &[(&str, Given)], asked: bool, budgets: &mut [Budget<'_>]) -> Vec<Counted> {
    let counted = vec![Counted::default(); parts.len()];
    let mut counting = Counting { asked, budgets, counted };
    let mut groups: BTreeMap<(NaiveDate, &str), Vec<usize>> = BTreeMap::new();
    for (at, (code, given)) in parts.iter().enumerate() {
        let service = practice.service(code);
        let month = service.is_some_and(|service| service.unit == Unit::Month);
        let stretch = if month { given.day.with_day(1).unwrap_or(given.day) } else { given.day };
        let name = service.and_then(|service| service.pool.as_deref()).unwrap_or(code);
        groups.entry((stretch, name)).or_default().push(at);
    }
    for of in groups.into_values() {
        let group: Vec<Part<'_>> = of
            .into_iter()
            .map(|at| Part { at, code: parts[at].0, given: parts[at].1, service: practice.service(parts[at].0) })
            .collect();
        match group[0].service {
            Some(service) if service.pool.is_some() => counting.pooled(&group),
            Some(service) if service.unit != Unit::Quarter => counting.events(service, &group),
            _ => counting.alone(&group),
        }
    }
    counting.counted
}

/// A part, and the rules of its service; a service that nobody knows is counted by the quarter of an hour.
#[derive(Clone, Copy)]
struct Part<'a> {
    at: usize,
    code: &'a str,
    given: Given,
    service: Option<&'a Service>,
}

/// A part, and what it is taken from: `None` where an authorization is asked for and has nothing left.
type InLot<'a> = (Part<'a>, Option<Option<usize>>);

impl Part<'_> {
    fn rounding(&self) -> Rounding {
        self.service.map_or(Rounding::EightMinute, |service| service.rounding)
    }

    fn daily_most(&self) -> u32 {
        self.service.and_then(|service| service.daily_most).unwrap_or(u32::MAX)
    }

    fn needs_authorization(&self) -> bool {
        self.service.is_some_and(|service| service.needs.contains(&Need::Authorization))
    }
}

impl Counting<'_, '_> {
    /// Where a part's units may be taken from, in order; `None` stands for nowhere, where no authorization is asked for.
    fn purses(&mut self, part: &Part<'_>) -> Vec<Option<usize>> {
        if !self.asked || !part.needs_authorization() {
            self.counted[part.at].covered = true;
            return vec![None];
        }
        let covering = self.budgets.iter().zip(0..).filter(|(budget, _)| budget.covers(part.code, part.given.day));
        let (all, left): (Vec<_>, Vec<_>) = covering.map(|(budget, at)| (at, budget.left > 0)).unzip();
        self.counted[part.at].covered = !all.is_empty();
        all.into_iter().zip(left).filter(|(_, left)| *left).map(|(at, _)| Some(at)).collect()
    }

    fn left(&self, purse: Option<usize>) -> u32 {
        purse.map_or(u32::MAX, |at| self.budgets[at].left)
    }

    fn take(&mut self, at: usize, purse: Option<usize>, units: u32) {
        if units == 0 {
            return;
        }
        if let Some(budget) = purse {
            self.budgets[budget].left -= units;
        }
        self.counted[at].taken.push((purse, units));
    }

    /// One code on one day, by the quarter of an hour: each authorization's minutes are a sum of their own.
    fn alone(&mut self, group: &[Part<'_>]) {
        let (rounding, most) = (group[0].rounding(), group[0].daily_most());
        let mut sums: BTreeMap<Option<usize>, (u32, u32)> = BTreeMap::new();
        let (mut over, mut over_units, mut of_day) = (0, 0, 0);
        let mut last = Vec::with_capacity(group.len());
        for part in group {
            let mut rest = part.given.minutes;
            let mut purse_of = None;
            for purse in self.purses(part) {
                let (minutes, units) = sums.entry(purse).or_default();
                let earned = rounding.units(*minutes + rest).saturating_sub(*units);
                self.counted[part.at].used_up = earned > most - of_day;
                let earned = earned.min(most - of_day);
                let taken = earned.min(self.left(purse));
                (*units, of_day) = (*units + taken, of_day + taken);
                // Used up in the middle of it: the units taken hold so many of its minutes, the next has the others.
                let held = if taken == earned { rest } else { (*units * 15).saturating_sub(*minutes).min(rest) };
                *minutes += held;
                rest -= held;
                self.take(part.at, purse, taken);
                purse_of = Some(purse);
                if taken == earned {
                    break;
                }
            }
            if rest > 0 {
                over += rest;
                let units = rounding.units(over);
                self.counted[part.at].wanting = (units - over_units).min(most - of_day);
                over_units = units;
            }
            last.push(purse_of);
        }
        for (part, purse) in group.iter().zip(last) {
            self.counted[part.at].together = purse.and_then(|purse| sums.get(&purse)).map_or(over, |(sum, _)| *sum);
        }
    }

    /// What is counted by the encounter, the day or the month.
    fn events(&mut self, service: &Service, group: &[Part<'_>]) {
        let most = service.daily_most.unwrap_or(u32::MAX);
        let most = if service.unit == Unit::Encounter { most } else { most.min(1) };
        let together = group.iter().map(|part| part.given.minutes).sum();
        let mut units = 0;
        for part in group {
            let purse = self.purses(part).first().copied();
            self.counted[part.at].together = together;
            match purse {
                _ if part.given.minutes == 0 => {}
                _ if units >= most => self.counted[part.at].used_up = service.daily_most.is_some(),
                Some(purse) => {
                    self.take(part.at, purse, 1);
                    units += 1;
                }
                None => self.counted[part.at].wanting = 1,
            }
        }
    }

    /// All timed codes of a pool on one day, in lots of one payer's letter.
    fn pooled(&mut self, group: &[Part<'_>]) {
        let mut lots: Vec<(Option<String>, Vec<InLot<'_>>)> = Vec::new();
        for part in group {
            let purse = self.purses(part).first().copied();
            let letter = purse.flatten().map(|at| self.budgets[at].letter.clone());
            match lots.iter_mut().find(|(known, lot)| *known == letter && lot[0].1.is_some() == purse.is_some()) {
                Some((_, lot)) => lot.push((*part, purse)),
                None => lots.push((letter, vec![(*part, purse)])),
            }
        }
        for (_, lot) in lots {
            let mut codes: Vec<(&str, u32)> = Vec::new();
            for (part, _) in &lot {
                match codes.iter_mut().find(|(code, _)| *code == part.code) {
                    Some((_, minutes)) => *minutes += part.given.minutes,
                    None => codes.push((part.code, part.given.minutes)),
                }
            }
            let together = codes.iter().map(|(_, minutes)| minutes).sum();
            let minutes: Vec<u32> = codes.iter().map(|(_, minutes)| *minutes).collect();
            for ((code, _), units) in codes.iter().zip(share_out(group[0].rounding(), &minutes)) {
                let own: Vec<_> = lot.iter().filter(|(part, _)| part.code == *code).collect();
                let most = own[0].0.daily_most();
                self.hand_out(&own, units.min(most), together);
                own.iter().for_each(|(part, _)| self.counted[part.at].used_up = units > most);
            }
        }
    }

    /// Gives a code's units of a day to its parts: each what it adds, the last one what is over.
    fn hand_out(&mut self, own: &[&InLot<'_>], units: u32, together: u32) {
        let (mut minutes, mut given) = (0, 0);
        for (place, (part, purse)) in own.iter().enumerate() {
            minutes += part.given.minutes;
            let so_far = if place + 1 == own.len() { units } else { part.rounding().units(minutes).min(units) };
            let more = so_far - given;
            given = so_far;
            let taken = purse.map_or(0, |purse| more.min(self.left(purse)));
            self.take(part.at, purse.flatten(), taken);
            self.counted[part.at].wanting = more - taken;
            self.counted[part.at].together = together;
        }
    }
}

/// The units of a pool's day, for each code by its minutes: all minutes together say how many there are; each code has its
/// whole quarters, and the others go to those with most minutes beside them (Medicare Claims Processing Manual, chapter 5,
/// section 20.2 C).
pub fn share_out(rounding: Rounding, minutes: &[u32]) -> Vec<u32> {
    let mut units: Vec<u32> = minutes.iter().map(|minutes| minutes / 15).collect();
    let whole: u32 = units.iter().sum();
    let all = rounding.units(minutes.iter().sum());
    let mut by_rest: Vec<usize> = (0..minutes.len()).collect();
    by_rest.sort_by_key(|at| Reverse((minutes[*at] % 15, minutes[*at])));
    for at in by_rest.into_iter().take(all.saturating_sub(whole) as usize) {
        units[at] += 1;
    }
    units
}

#[cfg(test)]
mod tests;
