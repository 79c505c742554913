//! Every measure, declared once, and the reports that show them.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::model::records::{appointment, employment, need, referral, stay};
use crate::model::{ContactKind, NeedStatus, ReferralStatus, Row, RowId};
use crate::practice::counting::{self, Given};
use crate::practice::episodes::Episode;
use crate::practice::stays;
use crate::triage::calendar::add_days;

use super::super::period::Period;
use super::material::Written;
use super::{Counted, Kind, Material, Measure, Unit};

type Found = Vec<Counted>;

/// So many of something, for a client, on a day.
fn sum(client: RowId, day: NaiveDate, got: f64) -> Counted {
    Counted { client, got, of: 0.0, day, author: None }
}

/// One of a whole: counted in it, and whether it holds.
fn part(client: RowId, day: NaiveDate, holds: bool) -> Counted {
    Counted { client, got: f64::from(u8::from(holds)), of: 1.0, day, author: None }
}

/// The same for what stands in a note: it is its author's.
fn written(note: &Written, got: f64) -> Counted {
    Counted { author: Some(note.author), ..sum(note.client, note.day, got) }
}

/// Each time in care of which this gives a day: that of its opening, or its closing.
fn episodes<'m>(
    m: &'m Material<'_>,
    p: Period,
    day: impl Fn(&Episode) -> Option<NaiveDate>,
) -> Vec<(RowId, &'m Episode, NaiveDate)> {
    let all = m.people().flat_map(|(client, person)| person.episodes.iter().map(move |one| (client, one)));
    all.filter_map(|(client, one)| Some((client, one, day(one).filter(|day| p.holds(*day))?))).collect()
}

/// Each need of which this holds.
fn needs(m: &Material<'_>, p: Period, holds: impl Fn(&Row) -> bool) -> Found {
    m.needs.iter().filter(|(_, row)| holds(row)).map(|(client, _)| sum(*client, p.to, 1.0)).collect()
}

const fn measure(
    key: &'static str,
    label: &'static str,
    unit: Unit,
    count: fn(&Material<'_>, Period) -> Found,
    about: &'static str,
) -> Measure {
    Measure { key, label, unit, about, count }
}

const CONTACTS: Measure = measure(
    "contacts",
    "Contacts with clients",
    Unit::Count,
    |m, p| {
        notes(m, p)
            .filter(|note| note.kind.is_some_and(ContactKind::reached_client))
            .map(|note| written(note, 1.0))
            .collect()
    },
    "notes of a contact in which the client was reached",
);
const SEEN: Measure = measure(
    "face_to_face",
    "Of those face to face",
    Unit::Count,
    |m, p| {
        notes(m, p).filter(|note| note.kind == Some(ContactKind::FaceToFace)).map(|note| written(note, 1.0)).collect()
    },
    "notes of a face-to-face contact",
);
const ATTEMPTS: Measure = measure(
    "attempts",
    "Tried, not reached",
    Unit::Count,
    |m, p| notes(m, p).filter(|note| note.kind == Some(ContactKind::Attempt)).map(|note| written(note, 1.0)).collect(),
    "notes of an attempt without contact",
);
const MINUTES: Measure = measure(
    "minutes",
    "Minutes written down",
    Unit::Minutes,
    |m, p| notes(m, p).map(|note| written(note, f64::from(note.minutes))).collect(),
    "minutes of all notes",
);
const CLIENTS: Measure = measure(
    "clients",
    "Clients something was done for",
    Unit::People,
    |m, p| notes(m, p).map(|note| written(note, 1.0)).collect(),
    "clients with at least one note",
);
const SIGNED: Measure = measure(
    "signed",
    "Notes signed",
    Unit::Share,
    |m, p| {
        notes(m, p)
            .map(|note| Counted { author: Some(note.author), ..part(note.client, note.day, note.signed) })
            .collect()
    },
    "of the notes of the period, those that their author has signed by now",
);
const SERVICE_MINUTES: Measure = measure(
    "service_minutes",
    "Minutes of billed services",
    Unit::Minutes,
    service_minutes,
    "minutes of notes that name a service; one across midnight counts on both days",
);
const UNITS: Measure = measure(
    "units",
    "Units of signed services",
    Unit::Count,
    units,
    "signed services, counted as they are billed: by each service's own rule",
);
const ATTENDANCE: Measure = measure(
    "attendance",
    "Visits kept",
    Unit::Share,
    |m, p| {
        let counted = |status: &str| matches!(status, "kept" | "no-show");
        visits(m, p)
            .filter(|(_, status, _)| counted(status))
            .map(|(client, status, day)| part(client, day, status == "kept"))
            .collect()
    },
    "of the visits that were kept or missed, those kept",
);
const MISSED: Measure = measure(
    "missed",
    "Visits missed",
    Unit::Count,
    |m, p| {
        visits(m, p)
            .filter(|(_, status, _)| *status == "no-show")
            .map(|(client, _, day)| sum(client, day, 1.0))
            .collect()
    },
    "appointments marked as no-show",
);
const CANCELLED: Measure = measure(
    "cancelled",
    "Visits cancelled or moved",
    Unit::Count,
    |m, p| {
        visits(m, p)
            .filter(|(_, status, _)| matches!(*status, "cancelled" | "moved"))
            .map(|(client, _, day)| sum(client, day, 1.0))
            .collect()
    },
    "appointments marked as cancelled or moved",
);
const OPEN_VISITS: Measure = measure(
    "unanswered",
    "Visits nobody marked",
    Unit::Count,
    |m, p| {
        visits(m, p)
            .filter(|(_, status, day)| *day < m.today && matches!(*status, "" | "planned" | "confirmed"))
            .map(|(client, _, day)| sum(client, day, 1.0))
            .collect()
    },
    "past appointments of which nobody said how they went",
);
const COMPLIANCE: Measure = measure(
    "contact_compliance",
    "In touch as often as agreed",
    Unit::Share,
    compliance,
    "of the cases open on the last day, those reached within the days that their intensity and area ask for",
);
const REACHED_GOALS: Measure = measure(
    "goals_reached",
    "Goals reached",
    Unit::Count,
    |m, p| {
        m.goals_reached.iter().filter(|(_, day)| p.holds(*day)).map(|(client, day)| sum(*client, *day, 1.0)).collect()
    },
    "goals of which it was said in the period that they are reached",
);
const OPEN_GOALS: Measure = measure(
    "goals_open",
    "Goals being worked on",
    Unit::Count,
    |m, p| {
        m.goals
            .iter()
            .filter(|(_, row)| matches!(row.text(crate::model::records::goal::status), "" | "open"))
            .map(|(client, _)| sum(*client, p.to.min(m.today), 1.0))
            .collect()
    },
    "goals open now, whatever the period",
);
const REFERRALS_SENT: Measure = measure(
    "referrals_sent",
    "Referrals sent",
    Unit::Count,
    |m, p| sent(m, p).map(|(client, _, day)| sum(client, day, 1.0)).collect(),
    "referrals sent in the period",
);
const REFERRALS_ANSWERED: Measure = measure(
    "referrals_answered",
    "Of those answered",
    Unit::Share,
    |m, p| sent(m, p).map(|(client, row, day)| part(client, day, is_answered(row))).collect(),
    "referrals sent in the period that were accepted, declined or put on a waiting list by now",
);
const REFERRALS_SERVED: Measure = measure(
    "referrals_served",
    "Of those that led to a service",
    Unit::Share,
    |m, p| {
        let served = |row: &Row| {
            matches!(row.text(referral::outcome), "served" | "partly") || status(row) == Some(ReferralStatus::Served)
        };
        sent(m, p).map(|(client, row, day)| part(client, day, served(row))).collect()
    },
    "referrals sent in the period of which the client got what was asked, or part of it, by now",
);
const REFERRALS_DECLINED: Measure = measure(
    "referrals_declined",
    "Of those declined there",
    Unit::Share,
    |m, p| {
        sent(m, p)
            .map(|(client, row, day)| {
                part(
                    client,
                    day,
                    status(row) == Some(ReferralStatus::Declined) || row.text(referral::outcome) == "not-eligible",
                )
            })
            .collect()
    },
    "referrals sent in the period that the other side declined",
);
const UNMET: Measure = measure(
    "unmet_needs",
    "Needs that cannot be met",
    Unit::Count,
    |m, p| {
        needs(m, p, |row| {
            NeedStatus::from_code(row.text(need::status)) == Some(NeedStatus::Unmet)
                && row.date(need::identified).is_none_or(|day| day <= p.to)
        })
    },
    "needs identified by the end of the period that are marked as ones that cannot be met",
);
const MET: Measure = measure(
    "needs_met",
    "Needs met",
    Unit::Share,
    |m, p| {
        m.needs
            .iter()
            .filter_map(|(client, row)| Some((client, row, row.date(need::identified).filter(|day| p.holds(*day))?)))
            .map(|(client, row, day)| part(*client, day, row.text(need::status) == "met"))
            .collect()
    },
    "of the needs identified in the period, those met by now",
);
const CHOSE_NOT: Measure = measure(
    "needs_declined",
    "The client chose not to",
    Unit::Count,
    |m, p| {
        needs(m, p, |row| {
            row.text(need::status) == "declined" && row.date(need::identified).is_none_or(|day| p.holds(day))
        })
    },
    "needs of the period for which the client chose no service: a choice, not a failure",
);
const DISCHARGES: Measure = measure(
    "discharges",
    "Discharges from hospital",
    Unit::Count,
    |m, p| discharged(m, p).map(|(client, _, day)| sum(client, day, 1.0)).collect(),
    "hospital stays that ended in the period",
);
const READMISSIONS: Measure = measure(
    "readmissions",
    "Readmitted within 30 days",
    Unit::Share,
    readmitted,
    "of the discharges of the period, those followed within 30 days by another stay that was not planned (CMS)",
);
const CALLED: Measure = measure(
    "called_after_discharge",
    "Reached within 2 business days",
    Unit::Share,
    |m, p| {
        let reached = |client: RowId, day: NaiveDate| {
            let due = crate::triage::calendar::add_business_days(day, 2);
            m.reached.get(&client).is_some_and(|days| days.iter().any(|at| *at > day && *at <= due))
        };
        discharged(m, p)
            .filter(|(_, _, day)| crate::triage::calendar::add_business_days(*day, 2) <= m.today)
            .map(|(client, _, day)| part(client, day, reached(client, day)))
            .collect()
    },
    "of the discharges of the period whose second business day has passed, those reached by then (CPT 99495, 99496)",
);
const JOBS: Measure = measure(
    "jobs_started",
    "Jobs begun",
    Unit::Count,
    |m, p| {
        m.jobs
            .iter()
            .filter_map(|(client, row)| Some((client, row.date(employment::started).filter(|day| p.holds(*day))?)))
            .map(|(client, day)| sum(*client, day, 1.0))
            .collect()
    },
    "jobs that began in the period",
);
const KEPT_30: Measure = measure(
    "jobs_kept_30",
    "Kept for 30 days",
    Unit::Share,
    |m, p| kept(m, p, 30),
    "of the jobs whose 30th day lies in the period, those that lasted until then",
);
const KEPT_60: Measure = measure(
    "jobs_kept_60",
    "Kept for 60 days",
    Unit::Share,
    |m, p| kept(m, p, 60),
    "of the jobs whose 60th day lies in the period, those that lasted until then",
);
const KEPT_90: Measure = measure(
    "jobs_kept_90",
    "Kept for 90 days",
    Unit::Share,
    |m, p| kept(m, p, 90),
    "of the jobs whose 90th day lies in the period, those that lasted until then (34 CFR 361.56)",
);
const WEIGHT: Measure = measure(
    "weight",
    "Caseload weight",
    Unit::Weight,
    |m, p| {
        m.people()
            .filter(|(_, person)| person.open_on(p.to))
            .map(|(client, person)| sum(client, p.to, m.practice.weight(person.facts.intensity, &person.facts.areas)))
            .collect()
    },
    "of the cases open on the last day, by intensity and practice area",
);
const OPEN: Measure = measure(
    "open_cases",
    "Open cases",
    Unit::Count,
    |m, p| {
        let open = m.people().filter(|(_, person)| person.open_on(p.to));
        open.map(|(client, _)| sum(client, p.to, 1.0)).collect()
    },
    "cases open on the last day",
);
const OPENED: Measure = measure(
    "opened",
    "Cases opened",
    Unit::Count,
    |m, p| episodes(m, p, |one| one.opened).into_iter().map(|(client, _, day)| sum(client, day, 1.0)).collect(),
    "times in care that began in the period; someone who came back counts again",
);
const CLOSED: Measure = measure(
    "closed",
    "Cases closed",
    Unit::Count,
    |m, p| episodes(m, p, |one| one.closed).into_iter().map(|(client, _, day)| sum(client, day, 1.0)).collect(),
    "times in care that ended in the period",
);
const CLOSED_WELL: Measure = measure(
    "closed_reached",
    "Of those with goals reached",
    Unit::Share,
    |m, p| {
        let well = |one: &Episode| matches!(one.outcome.as_str(), "goals-reached" | "partly-reached");
        let closed = episodes(m, p, |one| one.closed).into_iter();
        closed.map(|(client, one, day)| part(client, day, well(one))).collect()
    },
    "of the cases closed in the period, those whose goals were reached, or partly",
);
const DAYS_IN_CARE: Measure = measure(
    "days_in_care",
    "Days in care of those closed",
    Unit::Mean,
    |m, p| {
        let closed = episodes(m, p, |one| one.closed).into_iter();
        let days = closed.filter_map(|(client, one, day)| Some((client, day, one.days()?)));
        days.map(|(client, day, days)| Counted { of: 1.0, ..sum(client, day, days as f64) }).collect()
    },
    "of the cases closed in the period whose opening is known, days from opening to closing, on average",
);
const KEPT_IN_CARE: Measure = measure(
    "kept_in_care",
    "Still in care after 90 days",
    Unit::Share,
    |m, p| {
        let ninety = |one: &Episode| one.opened.map(|opened| add_days(opened, 90)).filter(|day| *day <= m.today);
        let stayed = |one: &Episode, day| one.closed.map_or(!one.undated, |closed| closed >= day);
        let all = episodes(m, p, ninety).into_iter();
        all.map(|(client, one, day)| part(client, day, stayed(one, day))).collect()
    },
    "of the cases whose 90th day lies in the period, those open until then",
);

const DAY: &[Measure] = &[CONTACTS, SEEN, ATTEMPTS, MINUTES, CLIENTS, ATTENDANCE, MISSED, REACHED_GOALS, SIGNED];

/// Every report there is.
pub static REPORTS: &[Kind] = &[
    Kind { name: "day", title: "The day", measures: DAY, usual: "today" },
    Kind { name: "week", title: "The week", measures: DAY, usual: "this-week" },
    Kind {
        name: "productivity",
        title: "Productivity and billable units",
        measures: &[CONTACTS, SEEN, ATTEMPTS, MINUTES, SERVICE_MINUTES, UNITS, SIGNED, CLIENTS],
        usual: "this-month",
    },
    Kind {
        name: "compliance",
        title: "Contact compliance",
        measures: &[COMPLIANCE, CONTACTS, ATTEMPTS],
        usual: "this-month",
    },
    Kind { name: "goals", title: "Goals", measures: &[REACHED_GOALS, OPEN_GOALS], usual: "this-quarter" },
    Kind {
        name: "attendance",
        title: "Attendance",
        measures: &[ATTENDANCE, MISSED, CANCELLED, OPEN_VISITS],
        usual: "this-month",
    },
    Kind {
        name: "referrals",
        title: "Referrals and their outcomes",
        measures: &[REFERRALS_SENT, REFERRALS_ANSWERED, REFERRALS_SERVED, REFERRALS_DECLINED],
        usual: "this-quarter",
    },
    Kind { name: "needs", title: "Needs, met and unmet", measures: &[UNMET, MET, CHOSE_NOT], usual: "this-quarter" },
    Kind {
        name: "readmissions",
        title: "Discharges and readmissions",
        measures: &[DISCHARGES, CALLED, READMISSIONS],
        usual: "this-quarter",
    },
    Kind {
        name: "employment",
        title: "Employment kept",
        measures: &[JOBS, KEPT_30, KEPT_60, KEPT_90],
        usual: "this-quarter",
    },
    Kind { name: "weight", title: "Caseload weight", measures: &[WEIGHT, OPEN], usual: "today" },
    Kind {
        name: "caseload",
        title: "Cases opened and closed",
        measures: &[OPEN, OPENED, CLOSED, CLOSED_WELL, DAYS_IN_CARE, KEPT_IN_CARE],
        usual: "this-quarter",
    },
];

fn notes<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = &'m super::material::Written> {
    m.notes.iter().filter(move |note| p.holds(note.day))
}

fn visits<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = (RowId, &'m str, NaiveDate)> {
    let day = move |row: &Row| row.time(appointment::starts).map(|at| at.date_naive()).filter(|day| p.holds(*day));
    m.visits.iter().filter_map(move |(client, row)| Some((*client, row.text(appointment::status), day(row)?)))
}

fn sent<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = (RowId, &'m Row, NaiveDate)> {
    let day = move |row: &Row| row.date(referral::sent).filter(|day| p.holds(*day));
    m.referrals.iter().filter_map(move |(client, row)| Some((*client, row, day(row)?)))
}

/// Whether the other side answered. One closed because they never did was not.
fn is_answered(row: &Row) -> bool {
    let said = status(row).is_some_and(|status| status > ReferralStatus::Received);
    row.text(referral::outcome) != "no-answer" && (row.date(referral::answered).is_some() || said)
}

fn status(row: &Row) -> Option<ReferralStatus> {
    ReferralStatus::from_code(row.text(referral::status))
}

/// Units of signed services, counted as they are billed; each is its note's author's.
fn units(m: &Material<'_>, p: Period) -> Found {
    let mut of_client: BTreeMap<RowId, Vec<(Given, &Written)>> = BTreeMap::new();
    for note in m.notes.iter().filter(|note| note.signed && !note.service.is_empty() && note.day <= p.to) {
        of_client.entry(note.client).or_default().extend(by_day(m, note).into_iter().map(|part| (part, note)));
    }
    let mut found = Vec::new();
    for mut parts in of_client.into_values() {
        parts.sort_by_key(|(given, _)| *given);
        let plain: Vec<(&str, Given)> = parts.iter().map(|(given, note)| (note.service.as_str(), *given)).collect();
        for ((given, note), counted) in parts.into_iter().zip(counting::count(m.practice, &plain)) {
            if p.holds(given.day) && counted.units() > 0 {
                found.push(Counted { day: given.day, ..written(note, f64::from(counted.units())) });
            }
        }
    }
    found
}

/// A service's parts, by date of service.
fn by_day(m: &Material<'_>, note: &Written) -> Vec<Given> {
    note.given.by_day(m.practice.service(&note.service).map(|service| service.unit))
}

/// Minutes of the notes that name a service, by date of service.
fn service_minutes(m: &Material<'_>, p: Period) -> Found {
    let mut found = Vec::new();
    for note in m.notes.iter().filter(|note| !note.service.is_empty()) {
        // Of a group's hour only this note's part.
        let mine = Given { minutes: note.minutes, ..note.given };
        let parts = mine.by_day(m.practice.service(&note.service).map(|service| service.unit));
        let inside = parts.into_iter().filter(|part| p.holds(part.day));
        found.extend(inside.map(|part| Counted { day: part.day, ..written(note, f64::from(part.minutes)) }));
    }
    found
}

/// Whether each case open on the last day was reached within the days asked for.
fn compliance(m: &Material<'_>, p: Period) -> Found {
    let end = p.to.min(m.today);
    let mut found = Vec::new();
    for (client, person) in m.people() {
        let Some(begun) = person.since(end) else { continue };
        let days = m.contact_days(person);
        let since = add_days(end, -days);
        let last = m.reached.get(&client).and_then(|days| days.iter().rfind(|day| **day <= end)).copied();
        // Someone who came less than that long ago is not late yet.
        let new = begun.is_some_and(|begun| begun >= since);
        found.push(part(client, end, new || last.is_some_and(|last| last >= since)));
    }
    found
}

fn discharged<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = (RowId, &'m Row, NaiveDate)> {
    m.stays.iter().filter_map(move |(client, row)| {
        let day = row.date(stay::discharged).filter(|day| p.holds(*day))?;
        stays::is_inpatient(row).then_some((*client, row, day))
    })
}

fn readmitted(m: &Material<'_>, p: Period) -> Found {
    let again = |client, row| m.stays.iter().any(|(other, next)| *other == client && stays::follows(next, row));
    discharged(m, p).map(|(client, row, day)| part(client, day, again(client, row))).collect()
}

/// Jobs whose so-manieth day lies in the period, and whether they lasted until then.
fn kept(m: &Material<'_>, p: Period, days: i64) -> Found {
    let mut found = Vec::new();
    for (client, row) in &m.jobs {
        let Some(day) = row.date(employment::started).map(|started| add_days(started, days)) else { continue };
        if p.holds(day) && day <= m.today {
            found.push(part(*client, day, row.date(employment::ended).is_none_or(|ended| ended >= day)));
        }
    }
    found
}
