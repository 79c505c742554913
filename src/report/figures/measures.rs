//! Every measure, declared once, and the reports that show them.

use chrono::NaiveDate;

use crate::model::records::{appointment, employment, need, referral, stay};
use crate::model::{ContactKind, NeedStatus, ReferralStatus, Row, RowId};
use crate::practice::stays;
use crate::triage::calendar::add_days;

use super::super::period::Period;
use super::material::Person;
use super::{Counted, Kind, Material, Measure, Unit};

type Found = Vec<Counted>;

/// So many of something, for a client.
fn sum(client: RowId, got: f64) -> Counted {
    Counted { client, got, of: 0.0 }
}

/// One of a whole: counted in it, and whether it holds.
fn part(client: RowId, holds: bool) -> Counted {
    Counted { client, got: f64::from(u8::from(holds)), of: 1.0 }
}

/// Each case of which this holds.
fn cases(m: &Material<'_>, holds: impl Fn(&Person) -> bool) -> Found {
    m.people().filter(|(_, person)| holds(person)).map(|(client, _)| sum(client, 1.0)).collect()
}

/// Each need of which this holds.
fn needs(m: &Material<'_>, holds: impl Fn(&Row) -> bool) -> Found {
    m.needs.iter().filter(|(_, row)| holds(row)).map(|(client, _)| sum(*client, 1.0)).collect()
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
            .map(|note| sum(note.client, 1.0))
            .collect()
    },
    "notes of a contact in which the client was reached",
);
const SEEN: Measure = measure(
    "face_to_face",
    "Of those face to face",
    Unit::Count,
    |m, p| {
        notes(m, p)
            .filter(|note| note.kind == Some(ContactKind::FaceToFace))
            .map(|note| sum(note.client, 1.0))
            .collect()
    },
    "notes of a face-to-face contact",
);
const ATTEMPTS: Measure = measure(
    "attempts",
    "Tried, not reached",
    Unit::Count,
    |m, p| {
        notes(m, p).filter(|note| note.kind == Some(ContactKind::Attempt)).map(|note| sum(note.client, 1.0)).collect()
    },
    "notes of an attempt without contact",
);
const MINUTES: Measure = measure(
    "minutes",
    "Minutes written down",
    Unit::Minutes,
    |m, p| notes(m, p).map(|note| sum(note.client, note.minutes)).collect(),
    "minutes of all notes",
);
const CLIENTS: Measure = measure(
    "clients",
    "Clients something was done for",
    Unit::Count,
    |m, p| {
        let mut seen: Vec<RowId> = notes(m, p).map(|note| note.client).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.into_iter().map(|client| sum(client, 1.0)).collect()
    },
    "clients with at least one note",
);
const SIGNED: Measure = measure(
    "signed",
    "Notes signed",
    Unit::Share,
    |m, p| notes(m, p).map(|note| part(note.client, note.signed)).collect(),
    "of the notes of the period, those that their author has signed by now",
);
const SERVICE_MINUTES: Measure = measure(
    "service_minutes",
    "Minutes of billed services",
    Unit::Minutes,
    |m, p| notes(m, p).filter(|note| !note.service.is_empty()).map(|note| sum(note.client, note.minutes)).collect(),
    "minutes of notes that name a service",
);
const UNITS: Measure = measure(
    "units",
    "Units of signed services",
    Unit::Count,
    units,
    "each day's signed minutes of a service, rounded by the service's own rule",
);
const ATTENDANCE: Measure = measure(
    "attendance",
    "Visits kept",
    Unit::Share,
    |m, p| {
        let counted = |status: &str| matches!(status, "kept" | "no-show");
        visits(m, p)
            .filter(|(_, status)| counted(status))
            .map(|(client, status)| part(client, status == "kept"))
            .collect()
    },
    "of the visits that were kept or missed, those kept",
);
const MISSED: Measure = measure(
    "missed",
    "Visits missed",
    Unit::Count,
    |m, p| visits(m, p).filter(|(_, status)| *status == "no-show").map(|(client, _)| sum(client, 1.0)).collect(),
    "appointments marked as no-show",
);
const CANCELLED: Measure = measure(
    "cancelled",
    "Visits cancelled or moved",
    Unit::Count,
    |m, p| {
        visits(m, p)
            .filter(|(_, status)| matches!(*status, "cancelled" | "moved"))
            .map(|(client, _)| sum(client, 1.0))
            .collect()
    },
    "appointments marked as cancelled or moved",
);
const OPEN_VISITS: Measure = measure(
    "unanswered",
    "Visits nobody marked",
    Unit::Count,
    |m, p| {
        let past = m.visits.iter().filter(|(_, row)| {
            row.time(appointment::starts).is_some_and(|at| at.date_naive() < m.today && p.holds(at.date_naive()))
        });
        past.filter(|(_, row)| matches!(row.text(appointment::status), "" | "planned" | "confirmed"))
            .map(|(client, _)| sum(*client, 1.0))
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
    |m, p| m.goals_reached.iter().filter(|(_, day)| p.holds(*day)).map(|(client, _)| sum(*client, 1.0)).collect(),
    "goals of which it was said in the period that they are reached",
);
const OPEN_GOALS: Measure = measure(
    "goals_open",
    "Goals being worked on",
    Unit::Count,
    |m, _| {
        m.goals
            .iter()
            .filter(|(_, row)| matches!(row.text(crate::model::records::goal::status), "" | "open"))
            .map(|(client, _)| sum(*client, 1.0))
            .collect()
    },
    "goals open now, whatever the period",
);
const REFERRALS_SENT: Measure = measure(
    "referrals_sent",
    "Referrals sent",
    Unit::Count,
    |m, p| sent(m, p).map(|(client, _)| sum(client, 1.0)).collect(),
    "referrals sent in the period",
);
const REFERRALS_ANSWERED: Measure = measure(
    "referrals_answered",
    "Of those answered",
    Unit::Share,
    |m, p| {
        sent(m, p)
            .map(|(client, row)| {
                part(
                    client,
                    row.date(referral::answered).is_some()
                        || status(row).is_some_and(|status| status > ReferralStatus::Received),
                )
            })
            .collect()
    },
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
        sent(m, p).map(|(client, row)| part(client, served(row))).collect()
    },
    "referrals sent in the period of which the client got what was asked, or part of it, by now",
);
const REFERRALS_DECLINED: Measure = measure(
    "referrals_declined",
    "Of those declined there",
    Unit::Share,
    |m, p| {
        sent(m, p)
            .map(|(client, row)| {
                part(
                    client,
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
        needs(m, |row| {
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
            .filter(|(_, row)| row.date(need::identified).is_some_and(|day| p.holds(day)))
            .map(|(client, row)| part(*client, row.text(need::status) == "met"))
            .collect()
    },
    "of the needs identified in the period, those met by now",
);
const CHOSE_NOT: Measure = measure(
    "needs_declined",
    "The client chose not to",
    Unit::Count,
    |m, p| {
        needs(m, |row| {
            row.text(need::status) == "declined" && row.date(need::identified).is_none_or(|day| p.holds(day))
        })
    },
    "needs of the period for which the client chose no service: a choice, not a failure",
);
const DISCHARGES: Measure = measure(
    "discharges",
    "Discharges from hospital",
    Unit::Count,
    |m, p| discharged(m, p).map(|(client, ..)| sum(client, 1.0)).collect(),
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
            .map(|(client, _, day)| part(client, reached(client, day)))
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
            .filter(|(_, row)| row.date(employment::started).is_some_and(|day| p.holds(day)))
            .map(|(client, _)| sum(*client, 1.0))
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
            .map(|(client, person)| sum(client, m.practice.weight(person.facts.intensity, &person.facts.areas)))
            .collect()
    },
    "of the cases open on the last day, by intensity and practice area",
);
const OPEN: Measure = measure(
    "open_cases",
    "Open cases",
    Unit::Count,
    |m, p| cases(m, |person| person.open_on(p.to)),
    "cases open on the last day",
);
const OPENED: Measure = measure(
    "opened",
    "Cases opened",
    Unit::Count,
    |m, p| cases(m, |person| person.facts.opened.is_some_and(|day| p.holds(day))),
    "cases opened in the period",
);
const CLOSED: Measure = measure(
    "closed",
    "Cases closed",
    Unit::Count,
    |m, p| cases(m, |person| person.closed.is_some_and(|day| p.holds(day))),
    "cases closed in the period",
);
const CLOSED_WELL: Measure = measure(
    "closed_reached",
    "Of those with goals reached",
    Unit::Share,
    |m, p| {
        m.people()
            .filter(|(_, person)| person.closed.is_some_and(|day| p.holds(day)))
            .map(|(client, person)| part(client, matches!(person.outcome.as_str(), "goals-reached" | "partly-reached")))
            .collect()
    },
    "of the cases closed in the period, those whose goals were reached, or partly",
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
        measures: &[OPEN, OPENED, CLOSED, CLOSED_WELL],
        usual: "this-quarter",
    },
];

fn notes<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = &'m super::material::Written> {
    m.notes.iter().filter(move |note| p.holds(note.day))
}

fn visits<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = (RowId, &'m str)> {
    let inside = move |row: &Row| row.time(appointment::starts).is_some_and(|at| p.holds(at.date_naive()));
    m.visits.iter().filter(move |(_, row)| inside(row)).map(|(client, row)| (*client, row.text(appointment::status)))
}

fn sent<'m>(m: &'m Material<'_>, p: Period) -> impl Iterator<Item = (RowId, &'m Row)> {
    let inside = move |row: &Row| row.date(referral::sent).is_some_and(|day| p.holds(day));
    m.referrals.iter().filter(move |(_, row)| inside(row)).map(|(client, row)| (*client, row))
}

fn status(row: &Row) -> Option<ReferralStatus> {
    ReferralStatus::from_code(row.text(referral::status))
}

/// Units by day and service: minutes of one day and service are added before they are rounded.
fn units(m: &Material<'_>, p: Period) -> Found {
    let mut minutes: std::collections::BTreeMap<(RowId, NaiveDate, &str), f64> = std::collections::BTreeMap::new();
    for note in notes(m, p).filter(|note| note.signed && !note.service.is_empty()) {
        *minutes.entry((note.client, note.day, note.service.as_str())).or_default() += note.minutes;
    }
    let units = |service: &str, minutes: f64| f64::from(m.practice.units(service, minutes as u32));
    minutes.into_iter().map(|((client, _, service), minutes)| sum(client, units(service, minutes))).collect()
}

/// Whether each case open on the last day was reached within the days asked for.
fn compliance(m: &Material<'_>, p: Period) -> Found {
    let end = p.to.min(m.today);
    let mut found = Vec::new();
    for (client, person) in m.people().filter(|(_, person)| person.open_on(end)) {
        let days = m.contact_days(person);
        let since = add_days(end, -days);
        let last = m.reached.get(&client).and_then(|days| days.iter().rfind(|day| **day <= end)).copied();
        // Someone who came less than that long ago is not late yet.
        let new = person.facts.begun().is_some_and(|begun| begun >= since);
        found.push(part(client, new || last.is_some_and(|last| last >= since)));
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
    discharged(m, p).map(|(client, row, _)| part(client, again(client, row))).collect()
}

/// Jobs whose so-manieth day lies in the period, and whether they lasted until then.
fn kept(m: &Material<'_>, p: Period, days: i64) -> Found {
    let mut found = Vec::new();
    for (client, row) in &m.jobs {
        let Some(day) = row.date(employment::started).map(|started| add_days(started, days)) else { continue };
        if p.holds(day) && day <= m.today {
            found.push(part(*client, row.date(employment::ended).is_none_or(|ended| ended >= day)));
        }
    }
    found
}
