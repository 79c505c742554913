//! What triage knows of one client: small, free of time, and kept packed in the file so that ten thousand
//! clients load at once. Made by the store from the client's rows; nothing in it depends on today.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::model::{
    AppointmentStatus, Arranged, ClientStatus, ContactKind, FieldId, Intensity, Moment, PlanKind, RowId, ShareKind,
    Value,
};
use crate::practice::counting::Given;

use super::{Clock, DueAt};

/// Weeks of contacts that are kept at hand.
pub const WEEKS: usize = 12;
/// Appointments whose outcome is kept at hand.
pub const OUTCOMES: usize = 10;

/// One client, as far as the caseload list, the filter and the rules need to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientFacts {
    pub id: RowId,
    /// As shown in lists; never empty.
    pub name: String,
    /// `family, given`, for ordering by name.
    pub sort_name: String,
    pub status: ClientStatus,
    /// Codes of the practice areas, the main one first.
    pub areas: Vec<String>,
    pub intensity: Option<Intensity>,
    pub birth_date: Option<NaiveDate>,
    pub own_phones: Vec<String>,
    /// Of people around them.
    pub others_phones: Vec<String>,
    pub tags: Vec<String>,
    pub outside_ids: Vec<String>,
    pub worker: String,
    /// What is happening now; more than one where sites disagree. Empty: no crisis.
    pub crisis: Vec<String>,
    /// When that was last written, by the machine's clock, in seconds since 1970.
    pub crisis_written: Option<i64>,
    /// A safe-contact instruction stands before any phone number.
    pub safe_contact: bool,
    /// Needs an interpreter.
    pub interpreter: bool,
    pub opened: Option<NaiveDate>,
    /// Of the first time in care: what fell due before it was somebody else's.
    pub first_opened: Option<NaiveDate>,
    /// The day of the closing; may lie ahead.
    pub closed: Option<NaiveDate>,
    /// How the case was closed: somebody died.
    pub died: bool,
    /// The last time the worker was in touch with the client ([`ContactKind::reached_client`]).
    pub last_contact: Option<Contact>,
    /// The newest [`TOUCHES`] of each: contacts with the client, with somebody else about them, attempts. Newest first.
    pub touches: Vec<Touch>,
    /// The newest times at which the worker saw the client: face to face or by video, or at a visit that was kept. Newest
    /// first, in seconds since 1970.
    pub seen: Vec<i64>,
    /// Contacts and kept appointments that are the follow-up after a stay.
    pub follow_ups: Vec<FollowUp>,
    /// The newest appointment that was not cancelled or moved, in seconds since 1970.
    pub last_visit: Option<i64>,
    /// How often the client was reached in each of the [`WEEKS`] weeks that end with the last contact's, oldest first.
    pub contact_weeks: [u8; WEEKS],
    /// How the last [`OUTCOMES`] appointments went (kept or missed), oldest first.
    pub attendance: Vec<AppointmentStatus>,
    /// Enrollments without an exit.
    pub enrollments: Vec<OpenEnrollment>,
    /// Plans that are active or in draft.
    pub plans: Vec<OpenPlan>,
    /// Goals being worked on.
    pub goals: Vec<OpenGoal>,
    /// Steps not done, and those that say they were done on a day that may lie ahead.
    pub steps: Vec<Due>,
    /// Tasks likewise.
    pub tasks: Vec<Due>,
    /// Appointments still open (planned or confirmed, also past ones that nobody closed), and no-shows that no contact
    /// has answered for certain.
    pub visits: Vec<Visit>,
    /// Children whose eligibility depends on their age.
    pub dependents: Vec<Dependent>,
    pub snoozes: Vec<Snooze>,
    /// With whom the case is shared, as what.
    pub shares: Vec<Share>,
    /// The names under which the same person was entered again.
    pub also: Vec<String>,
    /// How many fields wait for a choice between what two sites, or an import, set.
    pub conflicts: u32,
    /// How many of those are about safety: a safe contact, a crisis, a risk, whether the case is closed.
    pub safety_conflicts: u32,
    /// Rows with something that a rule may look at ([`crate::model::Field::watched`]): all that may still ask for
    /// something, on whatever day one looks, and what raises the risk of others.
    pub marks: Vec<Mark>,
    /// Notes written here that nobody has signed, the oldest first; a few of them.
    pub unsigned: Vec<Unsigned>,
    /// The day of service of each note that waits for its author's signature, the oldest first.
    pub unsigned_days: Vec<NaiveDate>,
    /// Approved units of a service, and when they were used.
    pub authorizations: Vec<Approved>,
}

/// What a row says that a rule may look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub record: u16,
    pub row: RowId,
    /// The row's title field as it is stored: a text, or a code.
    pub what: String,
    /// Watched dates and times, by field number.
    pub dates: Vec<(u16, DueAt)>,
    /// Watched choices and texts, by field number.
    pub words: Vec<(u16, String)>,
}

impl Mark {
    pub fn date(&self, field: FieldId) -> Option<DueAt> {
        self.dates.iter().find(|(number, _)| *number == field.field).map(|(_, at)| *at)
    }

    /// A date of something that happens, once it has: what lies ahead of now has not happened yet.
    pub fn happened(&self, field: FieldId, clock: &Clock) -> Option<DueAt> {
        self.date(field).map(|at| clock.here(at)).filter(|at| at.has_come(clock.now))
    }

    pub fn word(&self, field: FieldId) -> &str {
        self.words.iter().find(|(number, _)| *number == field.field).map_or("", |(_, word)| word)
    }
}

/// A note that waits for a signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unsigned {
    pub row: RowId,
    /// The day of the service.
    pub day: NaiveDate,
    /// Whose co-signature it waits for; empty: it waits for its author's.
    pub cosigner: String,
}

/// An authorization in force, and the minutes written down against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approved {
    pub row: RowId,
    pub payer: String,
    /// The code of the service.
    pub service: String,
    pub units: u32,
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    /// Which authorization it is: two lines of one letter, for two codes, are the same.
    pub letter: String,
    /// Services written down in its time, in order; from the day before, for what crosses midnight.
    pub used: Vec<Given>,
}

/// Contacts of each kind that are kept at hand.
pub const TOUCHES: usize = 4;

/// A contact, or an attempt at one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// Seconds since 1970.
    pub at: i64,
    pub kind: ContactKind,
}

/// A contact, or an appointment that was kept, as the follow-up after a stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FollowUp {
    pub stay: RowId,
    /// Seconds since 1970.
    pub at: i64,
    /// By whom the client was seen; a code of [`crate::model::Practitioner`], or empty.
    pub by: String,
    /// Face to face or by video, or a visit.
    pub seen: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub note: RowId,
    pub when: DateTime<FixedOffset>,
    pub kind: ContactKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenEnrollment {
    pub row: RowId,
    pub project: String,
    pub entry: Option<NaiveDate>,
    /// Head of household; the annual assessment goes by theirs.
    pub head: bool,
    /// When the head of the household entered, where it is somebody else.
    pub head_entry: Option<NaiveDate>,
    /// When the last annual assessment was done.
    pub assessed: Option<NaiveDate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenPlan {
    pub row: RowId,
    pub kind: Option<PlanKind>,
    pub active: bool,
    pub start: Option<NaiveDate>,
    pub review_due: Option<NaiveDate>,
    pub reviewed: Option<NaiveDate>,
    /// Where it says something else than was signed under it, and nobody has signed the new words yet.
    pub overtaken: Option<Overtaken>,
}

/// A name under a plan that was changed since: whose, and on which day it was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overtaken {
    pub name: String,
    pub day: NaiveDate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenGoal {
    pub row: RowId,
    pub words: String,
    pub target: Option<NaiveDate>,
    /// 0 to 100.
    pub progress: u8,
}

/// A step or a task that is not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    pub row: RowId,
    pub what: String,
    pub due: Option<NaiveDate>,
    /// The day on which it was done; one ahead has not come yet.
    pub done: Option<NaiveDate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    pub row: RowId,
    pub title: String,
    pub starts: DateTime<FixedOffset>,
    pub minutes: u32,
    pub place: String,
    pub status: AppointmentStatus,
    pub transport: Option<Arranged>,
    pub interpreter: Option<Arranged>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dependent {
    pub row: RowId,
    pub name: String,
    pub birth_date: NaiveDate,
}

/// A reason put off: hides the reasons of `rule` (about `subject`, where given) until a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snooze {
    pub row: RowId,
    pub rule: String,
    pub subject: Option<RowId>,
    /// The first day on which the reason shows again.
    pub until: NaiveDate,
    pub why: String,
    /// The day on which it was put off.
    pub made: Option<NaiveDate>,
}

/// The case is in a colleague's hands too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub row: RowId,
    pub kind: ShareKind,
    /// The colleague's name.
    pub with: String,
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
    /// The instant at which it is over, in seconds since 1970; none where only a day was said.
    pub ends: Option<i64>,
}

impl Share {
    /// Whether a colleague stands in at that moment.
    pub fn covers(&self, moment: &Moment) -> bool {
        let begun = self.from.is_none_or(|from| from <= moment.today());
        self.kind == ShareKind::Cover && begun && !self.is_over(moment)
    }

    /// Whether it was for a while, and is over: at the minute that was said, or after the last day.
    pub fn is_over(&self, moment: &Moment) -> bool {
        match self.ends.and_then(|ends| DateTime::from_timestamp(ends, 0)) {
            Some(ends) => !moment.is_ahead(&Value::Time(ends.fixed_offset())),
            None => self.until.is_some_and(|until| until < moment.today()),
        }
    }
}

impl ClientFacts {
    /// Whether the client is a worker's to look after at a moment: by name, or because they stand in.
    pub fn is_with(&self, worker: &str, moment: &Moment) -> bool {
        let same = |name: &str| name.trim().eq_ignore_ascii_case(worker.trim());
        same(&self.worker) || self.shares.iter().any(|share| share.covers(moment) && same(&share.with))
    }

    /// Every phone number at which the client, or someone around them, is reached.
    pub fn phones(&self) -> impl Iterator<Item = &String> {
        self.own_phones.iter().chain(&self.others_phones)
    }

    /// A client about whom nothing else is known yet.
    pub fn new(id: RowId, name: impl Into<String>) -> ClientFacts {
        let name = name.into();
        ClientFacts {
            id,
            sort_name: name.to_lowercase(),
            name,
            status: ClientStatus::Active,
            areas: Vec::new(),
            intensity: None,
            birth_date: None,
            own_phones: Vec::new(),
            others_phones: Vec::new(),
            tags: Vec::new(),
            outside_ids: Vec::new(),
            worker: String::new(),
            crisis: Vec::new(),
            crisis_written: None,
            safe_contact: false,
            interpreter: false,
            opened: None,
            first_opened: None,
            closed: None,
            died: false,
            last_contact: None,
            touches: Vec::new(),
            seen: Vec::new(),
            follow_ups: Vec::new(),
            last_visit: None,
            contact_weeks: [0; WEEKS],
            attendance: Vec::new(),
            enrollments: Vec::new(),
            plans: Vec::new(),
            goals: Vec::new(),
            steps: Vec::new(),
            tasks: Vec::new(),
            visits: Vec::new(),
            dependents: Vec::new(),
            snoozes: Vec::new(),
            shares: Vec::new(),
            also: Vec::new(),
            conflicts: 0,
            safety_conflicts: 0,
            marks: Vec::new(),
            unsigned: Vec::new(),
            unsigned_days: Vec::new(),
            authorizations: Vec::new(),
        }
    }

    /// How often the client was reached in each of the [`WEEKS`] weeks that end with the week of `today`.
    pub fn contacts_by_week(&self, today: NaiveDate) -> [u8; WEEKS] {
        let mut weeks = [0; WEEKS];
        if let Some(last) = &self.last_contact {
            let passed = (monday(today) - monday(last.when.date_naive())).num_weeks();
            for (many, at) in self.contact_weeks.iter().zip(0..) {
                if let Some(place) = usize::try_from(at - passed).ok().and_then(|at| weeks.get_mut(at)) {
                    *place = *many;
                }
            }
        }
        weeks
    }
}

/// The Monday of a day's week.
pub fn monday(day: NaiveDate) -> NaiveDate {
    day - TimeDelta::days(day.weekday().num_days_from_monday().into())
}
