//! From the notes of one client that can be billed to units, and from authorizations to what is left of them.

use crate::model::records::authorization;
use crate::model::{AuthorizationStatus, Row};

use super::super::Practice;
use super::super::billing::{Service, Unit};
use super::super::counting::{Budget, Counted, count_asking};
use super::{Books, Line, Missing, Taken};

/// Counts the units of one client's billable lines, in the order of time, and takes them from the authorizations.
pub(super) fn count(practice: &Practice, books: &Books, lines: &mut [Line]) {
    let approved = approved(&books.authorizations);
    let mut budgets: Vec<Budget<'_>> = approved.iter().map(|row| budget(row)).collect();
    let mut own: Vec<&mut Line> =
        lines.iter_mut().filter(|line| line.client == books.client && line.is_billable()).collect();
    own.sort_by_key(|line| (line.when, line.note));
    let services: Vec<String> = own.iter().map(|line| line.service.clone()).collect();
    let parts: Vec<_> = services.iter().map(String::as_str).zip(own.iter().map(|line| line.given())).collect();
    let counted = count_asking(practice, &parts, &mut budgets);
    for (line, counted) in own.into_iter().zip(counted) {
        let Some(service) = practice.service(&line.service) else { continue };
        line.units = counted.units();
        line.from = counted.taken.iter().filter_map(|(at, units)| Some(taken(approved[(*at)?], *units))).collect();
        if counted.wanting > 0 {
            not_enough(line, &counted);
        } else if line.units == 0 {
            nothing_added(service, line, &counted);
        }
    }
}

/// Says why a note adds no unit: its minutes count with another note's, or there are too few.
fn nothing_added(service: &Service, line: &mut Line, counted: &Counted) {
    let least = (1..=15).find(|minutes| service.rounding.units(*minutes) > 0).unwrap_or(15);
    match service.unit {
        _ if !counted.covered => not_enough(line, counted),
        Unit::Quarter if counted.together < least => line.missing.push(Missing::new(
            format!("{} a day are too few for a unit of {}", in_minutes(counted.together), service.code),
            format!("{} of it on the same day", in_minutes(least)),
        )),
        _ if counted.used_up => line.missing.push(Missing::new(
            format!("{} is billed with {} units a day at most", service.code, service.daily_most.unwrap_or(1)),
            "Nothing: the day's units are used up",
        )),
        Unit::Quarter | Unit::Encounter => line.remark = "counted with the day's other minutes".into(),
        Unit::Day => line.remark = "counted in the day's one unit".into(),
        Unit::Month => line.remark = "counted in the month's one unit".into(),
    }
}

fn in_minutes(minutes: u32) -> String {
    if minutes == 1 { "1 minute".into() } else { format!("{minutes} minutes") }
}

/// Approved authorizations, the oldest first.
fn approved(rows: &[Row]) -> Vec<&Row> {
    let approved = |row: &&Row| {
        matches!(row.text(authorization::status), "" | "ended") || {
            AuthorizationStatus::from_code(row.text(authorization::status)) == Some(AuthorizationStatus::Approved)
        }
    };
    let mut approved: Vec<&Row> = rows.iter().filter(approved).collect();
    approved.sort_by_key(|row| (row.date(authorization::from), row.date(authorization::until), row.id));
    approved
}

/// What two lines of one authorization have in common: who pays, and its number.
pub fn letter(row: &Row) -> String {
    match row.text(authorization::number).trim() {
        "" => row.id.to_string(),
        number => format!("{} {number}", row.text(authorization::payer).trim().to_lowercase()),
    }
}

fn budget(row: &Row) -> Budget<'_> {
    Budget {
        service: row.text(authorization::service),
        from: row.date(authorization::from),
        until: row.date(authorization::until),
        letter: letter(row),
        left: row.whole(authorization::units).and_then(|units| u32::try_from(units).ok()).unwrap_or(0),
    }
}

fn taken(row: &Row, units: u32) -> Taken {
    Taken {
        authorization: row.id,
        payer: row.text(authorization::payer).into(),
        number: row.text(authorization::number).into(),
        units,
    }
}

/// Says that the authorizations have no units for all of it.
fn not_enough(line: &mut Line, counted: &Counted) {
    let all = line.units + counted.wanting;
    let why = match (counted.covered, line.units) {
        (false, _) => format!("no approved authorization of {} covers {}", line.service, line.when.format("%-d %b %Y")),
        (true, 0) => format!("the authorization of {} has no units left", line.service),
        (true, _) => format!("the authorization of {} has {} of its {all} units left", line.service, line.units),
    };
    line.missing.push(Missing::new(why, "An authorization with units left that covers the day"));
}
