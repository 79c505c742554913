//! What the four practices know of a client at a glance: the hospital and what a discharge needs, the home, the
//! vocational case, the job, and services elsewhere; each in a line that says what is next.
//!
//! Pure: rows and a day in, lines out.

use chrono::NaiveDate;

use crate::model::records::{arrangement, employment, housing, service, stay, vocation};
use crate::model::{ArrangementKind, ArrangementStatus, HousingKind, Row, ServiceStatus, VocationOutcome};
use crate::practice::stays::{WINDOW, day_of_window, readmissions};
use crate::store::ClientFile;
use crate::triage::calendar::add_days;
use crate::triage::{day_in_words, hour_in_words};

/// A line of the page, and how it is meant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tone {
    Plain,
    Quiet,
    /// Something is not as it should be.
    Pressing,
}

pub type Told = (String, Tone);

/// All lines about a client's practices, in the order in which they matter.
pub fn lines(file: &ClientFile, today: NaiveDate) -> Vec<Told> {
    let mut lines = hospital(file.of(&stay::TYPE), file.of(&arrangement::TYPE), today);
    lines.extend(homes(file.of(&housing::TYPE), today));
    lines.extend(file.of(&vocation::TYPE).iter().rev().take(1).filter_map(|row| vocational(row, today)));
    lines.extend(file.of(&employment::TYPE).iter().rev().filter_map(|row| work(row, today)).take(2));
    lines.extend(file.of(&service::TYPE).iter().filter_map(|row| linked(row, today)));
    lines
}

fn hospital(stays: &[Row], arrangements: &[Row], today: NaiveDate) -> Vec<Told> {
    let said = |day: NaiveDate| day_in_words(day, today);
    let mut lines = Vec::new();
    let last = stays.iter().max_by_key(|stay| (stay.date(stay::admitted), stay.id));
    let Some(last) = last else { return with_arrangements(lines, None, arrangements, today) };
    let mut text = format!("STAY  {}", last.text(stay::hospital));
    if let Some(admitted) = last.date(stay::admitted) {
        text.push_str(&format!(", admitted {}", said(admitted)));
    }
    let window = day_of_window(last, today);
    match (last.date(stay::discharged), window) {
        (None, _) => text.push_str(&match last.date(stay::admitted) {
            Some(admitted) => format!(", there for {}", days((today - admitted).num_days())),
            None => ", there now".into(),
        }),
        (Some(home), Some(day)) => {
            text.push_str(&format!(", home {}; day {day} of {WINDOW} since discharge", said(home)));
        }
        (Some(home), None) => text.push_str(&format!(", home {}", said(home))),
    }
    text.push_str(&match (readmissions(stays), last.yes(stay::readmission)) {
        (0, _) => String::new(),
        (1, true) => "; a readmission".into(),
        (1, false) => "; 1 readmission before".into(),
        (many, _) => format!("; {many} readmissions in {} stays", stays.len()),
    });
    let tone = match last.date(stay::discharged) {
        Some(_) if window.is_none() => Tone::Quiet,
        _ => Tone::Plain,
    };
    lines.push((text, tone));
    with_arrangements(lines, Some(last), arrangements, today)
}

/// What a discharge needs, what is not settled first; of an earlier stay only what is still open.
fn with_arrangements(mut lines: Vec<Told>, last: Option<&Row>, all: &[Row], today: NaiveDate) -> Vec<Told> {
    let current =
        last.is_some_and(|stay| stay.date(stay::discharged).is_none() || day_of_window(stay, today).is_some());
    let status =
        |row: &Row| ArrangementStatus::from_code(row.text(arrangement::status)).unwrap_or(ArrangementStatus::Open);
    let settled = |row: &Row| !matches!(status(row), ArrangementStatus::Open | ArrangementStatus::Ordered);
    let mut shown: Vec<&Row> = all
        .iter()
        .filter(|row| {
            let of_this = row.link(arrangement::stay).is_none_or(|stay| last.is_some_and(|last| last.id == stay));
            !settled(row) || current && of_this
        })
        .collect();
    shown.sort_by_key(|row| (settled(row), row.time(arrangement::due), row.id));
    if !shown.is_empty() {
        let done = shown.iter().filter(|row| settled(row)).count();
        lines.push((format!("FOR THE DISCHARGE  {done} of {} in place", shown.len()), Tone::Plain));
    }
    for row in shown {
        let mark = if settled(row) { "x" } else { ">" };
        let kind = ArrangementKind::from_code(row.text(arrangement::kind)).map_or("", ArrangementKind::label);
        let mut text = format!("  {mark} {kind}: {}", row.text(arrangement::what));
        let provider = row.text(arrangement::provider);
        if !provider.is_empty() {
            text.push_str(&format!(" ({provider})"));
        }
        let due = row.time(arrangement::due);
        if settled(row) || status(row) == ArrangementStatus::Ordered {
            text.push_str(&format!(", {}", status(row).label().to_lowercase()));
        }
        if !settled(row) {
            text.push_str(&due.map_or(String::new(), |due| format!(", by {}", hour_in_words(due, today))));
            let owner = row.text(arrangement::owner);
            text.push_str(&if owner.is_empty() { String::new() } else { format!(", {owner}") });
        }
        let late = !settled(row) && due.is_some_and(|due| due.date_naive() < today);
        let tone = if late {
            Tone::Pressing
        } else if settled(row) {
            Tone::Quiet
        } else {
            Tone::Plain
        };
        lines.push((text, tone));
    }
    lines
}

/// Where the client lives now, and until when.
fn homes(all: &[Row], today: NaiveDate) -> Vec<Told> {
    let now = all.iter().filter(|row| row.date(housing::until).is_none_or(|until| until >= today));
    let lines = now.rev().take(2).map(|row| {
        let kind = HousingKind::from_code(row.text(housing::kind)).map_or("", HousingKind::label);
        let mut text = format!("HOME  {kind}");
        let place = row.text(housing::place);
        text.push_str(&if place.is_empty() { String::new() } else { format!(", {place}") });
        if let Some(from) = row.date(housing::from) {
            text.push_str(&format!(", since {}", day_in_words(from, today)));
        }
        let mut tone = Tone::Plain;
        let left = |day: NaiveDate| match (day - today).num_days() {
            0 => "today".into(),
            left @ 1.. => format!("{} left", days(left)),
            left => format!("{} ago", days(-left)),
        };
        if let Some(out) = row.date(housing::must_leave) {
            text.push_str(&format!("; must be out by {} ({})", day_in_words(out, today), left(out)));
            tone = Tone::Pressing;
        } else if let Some(notice) = row.date(housing::notice) {
            text.push_str(&format!("; notice to leave dated {}", day_in_words(notice, today)));
            tone = Tone::Pressing;
        } else if let Some(ends) = row.date(housing::lease_ends).filter(|ends| *ends >= today) {
            text.push_str(&format!("; lease ends {}", day_in_words(ends, today)));
        }
        (text, tone)
    });
    lines.collect()
}

/// A vocational case: how far it is, and what is due next.
fn vocational(row: &Row, today: NaiveDate) -> Option<Told> {
    let said = |day: NaiveDate| day_in_words(day, today);
    let day = |field| row.date(field);
    let outcome = VocationOutcome::from_code(row.text(vocation::outcome));
    let state =
        match (outcome, day(vocation::closed), day(vocation::ipe), day(vocation::eligible), day(vocation::applied)) {
            (outcome, Some(closed), ..) => {
                format!("closed {}, {}", said(closed), outcome.map_or("", VocationOutcome::label).to_lowercase())
            }
            (Some(outcome), None, ..) => outcome.label().to_lowercase(),
            (None, None, Some(ipe), ..) => format!("IPE signed {}", said(ipe)),
            (None, None, None, Some(eligible), _) => {
                let due = day(vocation::ipe_extended).unwrap_or(add_days(eligible, 90));
                format!("eligible {}, IPE due {}", said(eligible), said(due))
            }
            (None, None, None, None, Some(applied)) => {
                let due = day(vocation::eligibility_extended).unwrap_or(add_days(applied, 60));
                format!("applied {}, eligibility due {}", said(applied), said(due))
            }
            _ => return None,
        };
    let goal = row.text(vocation::goal);
    let goal = if goal.is_empty() { String::new() } else { format!("; goal: {goal}") };
    let tone = if day(vocation::closed).is_some() { Tone::Quiet } else { Tone::Plain };
    Some((format!("VOCATION  {state}{goal}"), tone))
}

/// A job that is held, and which of its checks were made.
fn work(row: &Row, today: NaiveDate) -> Option<Told> {
    let started = row.date(employment::started)?;
    if row.date(employment::ended).is_some_and(|ended| ended < today) {
        return None;
    }
    let mut text = format!("WORK  {}", row.text(employment::employer));
    let job = row.text(employment::job);
    text.push_str(&if job.is_empty() { String::new() } else { format!(", {job}") });
    let passed = (today - started).num_days();
    match passed {
        ..0 => text.push_str(&format!(", starts {}", day_in_words(started, today))),
        _ => text.push_str(&format!(" since {}, {}", day_in_words(started, today), days(passed))),
    }
    if let Some(hours) = row.whole(employment::hours) {
        text.push_str(&format!(", {hours} h a week"));
    }
    let wage = row.text(employment::wage);
    text.push_str(&if wage.is_empty() { String::new() } else { format!(", {wage}") });
    let checks = [(30, employment::checked_30), (60, employment::checked_60), (90, employment::checked_90)];
    let made: Vec<String> =
        checks.iter().filter(|(_, field)| row.date(*field).is_some()).map(|(day, _)| day.to_string()).collect();
    let next = checks.iter().find(|(_, field)| row.date(*field).is_none());
    if !made.is_empty() {
        text.push_str(&format!("; checked at {}", made.join(", ")));
    }
    if let Some((day, _)) = next {
        text.push_str(&format!("; {day} days on {}", day_in_words(add_days(started, *day), today)));
    }
    Some((text, Tone::Plain))
}

fn linked(row: &Row, today: NaiveDate) -> Option<Told> {
    let status = ServiceStatus::from_code(row.text(service::status)).unwrap_or(ServiceStatus::Active);
    if status == ServiceStatus::Ended || row.date(service::until).is_some_and(|until| until < today) {
        return None;
    }
    let parts = [service::what, service::provider, service::phone].map(|field| row.text(field).trim().to_string());
    let mut text =
        format!("SERVICE  {}", parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", "));
    if status != ServiceStatus::Active {
        text.push_str(&format!(" ({})", status.label().to_lowercase()));
    }
    Some((text, Tone::Plain))
}

fn days(many: i64) -> String {
    if many == 1 { "1 day".into() } else { format!("{many} days") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordType, RowId, Value};

    fn row(record: &'static RecordType, values: &[(crate::model::FieldId, &str)]) -> Row {
        let mut row = Row::new(record, RowId::derived(&[record.name, values[0].1]), RowId::derived(&["client"]));
        for (field, text) in values {
            let day = text.parse::<NaiveDate>().map(Value::Date);
            row.put(*field, day.unwrap_or(Value::text(*text)));
        }
        row
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_vocational_case_says_what_is_due_next() {
        let mut case = row(&vocation::TYPE, &[(vocation::applied, "2026-09-01")]);
        let said = |case: &Row| vocational(case, day("2026-11-24")).unwrap().0;
        assert_eq!(said(&case), "VOCATION  applied 1 Sep, eligibility due 31 Oct");
        case.put(vocation::eligible, day("2026-10-03"));
        assert_eq!(said(&case), "VOCATION  eligible 3 Oct, IPE due 1 Jan 2027");
        case.put(vocation::ipe_extended, day("2027-02-01"));
        assert_eq!(said(&case), "VOCATION  eligible 3 Oct, IPE due 1 Feb 2027");
        case.put(vocation::ipe, day("2026-11-24"));
        case.put(vocation::goal, "welder");
        assert_eq!(said(&case), "VOCATION  IPE signed today; goal: welder");
    }

    #[test]
    fn a_job_and_a_home_say_for_how_long() {
        let job =
            row(&employment::TYPE, &[(employment::employer, "Northside Bakery"), (employment::started, "2026-09-23")]);
        let said = work(&job, day("2026-11-24")).unwrap().0;
        assert_eq!(said, "WORK  Northside Bakery since 23 Sep, 62 days; 30 days on 23 Oct");
        let home = [(housing::kind, "rental"), (housing::from, "2025-03-03"), (housing::must_leave, "2026-12-05")];
        let said = homes(&[row(&housing::TYPE, &home)], day("2026-11-24"));
        let text = "HOME  Rental, since 3 Mar 2025; must be out by 5 Dec (11 days left)";
        assert_eq!(said, [(text.to_string(), Tone::Pressing)]);
    }

    #[test]
    fn a_stay_counts_its_thirty_days_and_shows_what_is_not_in_place() {
        let home = row(
            &stay::TYPE,
            &[
                (stay::hospital, "Mercy General"),
                (stay::kind, "medical"),
                (stay::admitted, "2026-11-08"),
                (stay::discharged, "2026-11-12"),
            ],
        );
        let mut bed = row(&arrangement::TYPE, &[(arrangement::what, "hospital bed"), (arrangement::kind, "equipment")]);
        bed.put(arrangement::owner, "me");
        let mut nurse = row(&arrangement::TYPE, &[(arrangement::what, "nurse"), (arrangement::kind, "home-health")]);
        nurse.put(arrangement::status, "confirmed");
        let told: Vec<String> =
            hospital(&[home], &[nurse, bed], day("2026-11-24")).into_iter().map(|line| line.0).collect();
        assert_eq!(
            told,
            [
                "STAY  Mercy General, admitted 8 Nov, home 12 Nov; day 12 of 30 since discharge",
                "FOR THE DISCHARGE  1 of 2 in place",
                "  > Durable medical equipment: hospital bed, me",
                "  x Home health: nurse, confirmed",
            ]
        );
    }
}
