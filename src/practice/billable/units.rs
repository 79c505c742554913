//! From the notes of one client that can be billed to units, and from authorizations to what is left of them.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::model::records::authorization;
use crate::model::{AuthorizationStatus, Row};

use super::super::Practice;
use super::super::billing::{Need, Service, Unit};
use super::{Books, Line, Missing, Taken};

/// An authorization, and what is left of it.
struct Budget<'a> {
    row: &'a Row,
    left: u32,
}

/// Counts the units of one client's billable lines, in the order of time, and takes them from the authorizations.
pub(super) fn count(practice: &Practice, books: &Books, lines: &mut [Line]) {
    let mut budgets = budgets(&books.authorizations);
    let mut own: Vec<&mut Line> =
        lines.iter_mut().filter(|line| line.client == books.client && line.is_billable()).collect();
    own.sort_by_key(|line| (line.when, line.note));
    // What was counted before in the same stretch: the day of a service, or its month.
    let mut before: BTreeMap<(String, NaiveDate), (u32, u32)> = BTreeMap::new();
    let mut of_day: BTreeMap<(String, NaiveDate), u32> = BTreeMap::new();
    for line in &own {
        *of_day.entry((line.service.clone(), line.when.date_naive())).or_default() += line.minutes;
    }
    for line in own {
        let Some(service) = practice.service(&line.service) else { continue };
        let day = line.when.date_naive();
        let stretch = if service.unit == Unit::Month { day.with_day(1).unwrap_or(day) } else { day };
        let (minutes, units) = before.entry((line.service.clone(), stretch)).or_default();
        let so_far = so_far(service, *minutes, *units, line.minutes);
        let added = so_far.saturating_sub(*units);
        (*minutes, *units) = (*minutes + line.minutes, so_far);
        if added == 0 {
            let all = of_day.get(&(line.service.clone(), day)).copied().unwrap_or(0);
            nothing_added(service, line, so_far, all);
        } else if service.needs.contains(&Need::Authorization) {
            take(&mut budgets, line, added, day);
        } else {
            line.units = added;
        }
    }
}

/// The units of a stretch with one more note in it.
fn so_far(service: &Service, minutes: u32, units: u32, more: u32) -> u32 {
    match service.unit {
        Unit::Quarter => service.units(minutes + more),
        // Each encounter is one of its own.
        Unit::Encounter => (units + 1).min(service.daily_most.unwrap_or(u32::MAX)),
        Unit::Day | Unit::Month => 1,
    }
}

/// Says why a note adds no unit: its minutes count with another note's, or there are too few.
fn nothing_added(service: &Service, line: &mut Line, so_far: u32, minutes_of_day: u32) {
    let least = (1..=15).find(|minutes| service.units(*minutes) > 0).unwrap_or(15);
    match service.unit {
        Unit::Quarter if minutes_of_day < least => line.missing.push(Missing::new(
            format!("{} a day are too few for a unit of {}", counted(minutes_of_day), service.code),
            format!("{} of it on the same day", counted(least)),
        )),
        _ if service.daily_most == Some(so_far) => line.missing.push(Missing::new(
            format!("{} is billed with {so_far} units a day at most", service.code),
            "Nothing: the day's units are used up",
        )),
        Unit::Quarter | Unit::Encounter => line.remark = "counted with the day's other minutes".into(),
        Unit::Day => line.remark = "counted in the day's one unit".into(),
        Unit::Month => line.remark = "counted in the month's one unit".into(),
    }
}

fn counted(minutes: u32) -> String {
    if minutes == 1 { "1 minute".into() } else { format!("{minutes} minutes") }
}

/// Approved authorizations, the oldest first.
fn budgets(rows: &[Row]) -> Vec<Budget<'_>> {
    let approved = |row: &&Row| {
        matches!(row.text(authorization::status), "" | "ended") || {
            AuthorizationStatus::from_code(row.text(authorization::status)) == Some(AuthorizationStatus::Approved)
        }
    };
    let mut budgets: Vec<Budget<'_>> = rows
        .iter()
        .filter(approved)
        .map(|row| {
            let units = row.whole(authorization::units).and_then(|units| u32::try_from(units).ok());
            Budget { row, left: units.unwrap_or(0) }
        })
        .collect();
    budgets.sort_by_key(|budget| {
        (budget.row.date(authorization::from), budget.row.date(authorization::until), budget.row.id)
    });
    budgets
}

/// Takes a note's units from the oldest authorization that covers the day, and from the next where that is used up.
fn take(budgets: &mut [Budget<'_>], line: &mut Line, units: u32, day: NaiveDate) {
    let mut wanted = units;
    let mut covered = false;
    for budget in budgets.iter_mut().filter(|budget| budget.row.text(authorization::service) == line.service) {
        let begun = budget.row.date(authorization::from).is_none_or(|from| from <= day);
        if !begun || budget.row.date(authorization::until).is_some_and(|until| until < day) {
            continue;
        }
        covered = true;
        let taken = wanted.min(budget.left);
        if taken > 0 {
            budget.left -= taken;
            wanted -= taken;
            line.from.push(Taken {
                authorization: budget.row.id,
                payer: budget.row.text(authorization::payer).into(),
                number: budget.row.text(authorization::number).into(),
                units: taken,
            });
        }
    }
    line.units = units - wanted;
    if wanted == 0 {
        return;
    }
    let why = match (covered, line.units) {
        (false, _) => format!("no approved authorization of {} covers {}", line.service, day.format("%-d %b %Y")),
        (true, 0) => format!("the authorization of {} has no units left", line.service),
        (true, _) => format!("the authorization of {} has {} of its {units} units left", line.service, line.units),
    };
    line.missing.push(Missing::new(why, "An authorization with units left that covers the day"));
}
