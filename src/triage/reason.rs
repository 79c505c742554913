//! What triage says: for each client a band and the reasons for it. Small and without words of its own: the words are
//! made from the facts when someone looks, so that ten thousand clients are ranked in a few milliseconds.

use chrono::{DateTime, FixedOffset, NaiveDate, Timelike};
use serde::{Deserialize, Serialize};

use crate::model::{Moment, RowId};

/// How soon a client needs the worker. The order is the order on screen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    Now,
    Today,
    ThisWeek,
    Later,
    /// The worker's own desk: no person needs anybody for it. Only a reason stands here, never a client.
    Desk,
}

impl Band {
    /// The bands in which clients stand.
    pub const ALL: [Band; 4] = [Band::Now, Band::Today, Band::ThisWeek, Band::Later];

    pub fn label(self) -> &'static str {
        match self {
            Band::Now => "Now",
            Band::Today => "Today",
            Band::ThisWeek => "This week",
            Band::Later => "Later",
            Band::Desk => "Desk work",
        }
    }
}

/// What comes of it if nobody answers a reason. The order is the order inside a band: people before paper.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Somebody may die or be badly hurt within days.
    Life,
    /// There is a day after which a home or a right is lost.
    HomeAndRights,
    /// Somebody waits for us.
    Promise,
    /// We do not know how they are.
    Contact,
    /// It gets worse slowly.
    Care,
    /// Only we suffer.
    Paper,
}

impl Class {
    pub const ALL: [Class; 6] =
        [Class::Life, Class::HomeAndRights, Class::Promise, Class::Contact, Class::Care, Class::Paper];

    /// The class in a few words, for "why does this person stand here".
    pub fn label(self) -> &'static str {
        match self {
            Class::Life => "danger to life",
            Class::HomeAndRights => "a home or a right that can be lost",
            Class::Promise => "somebody waits for us",
            Class::Contact => "we do not know how they are",
            Class::Care => "care that gets worse slowly",
            Class::Paper => "paper",
        }
    }

    /// The soonest band that a rule of this class may reach. A contact reaches *now* only where its rule says so, after a
    /// hospital stay.
    pub fn soonest(self) -> Band {
        match self {
            Class::Life | Class::HomeAndRights | Class::Contact => Band::Now,
            Class::Promise | Class::Care => Band::Today,
            Class::Paper => Band::Desk,
        }
    }
}

/// When a reason falls due: a day, or an hour of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DueAt {
    Day(NaiveDate),
    Hour(DateTime<FixedOffset>),
}

impl DueAt {
    pub fn day(self) -> NaiveDate {
        match self {
            DueAt::Day(day) => day,
            DueAt::Hour(time) => time.date_naive(),
        }
    }

    /// The same on the clock of whoever looks; a day is the same everywhere.
    pub fn on_the_clock_of(self, moment: &Moment) -> DueAt {
        match self {
            DueAt::Day(_) => self,
            DueAt::Hour(time) => DueAt::Hour(moment.local(time)),
        }
    }

    /// Minutes into the day; `None` for a whole day.
    pub(super) fn minute(self) -> Option<u32> {
        match self {
            DueAt::Day(_) => None,
            DueAt::Hour(time) => Some(time.hour() * 60 + time.minute()),
        }
    }

    /// The order in which things fall due: by day, and what has an hour before what has the whole day.
    pub(super) fn order(self) -> (NaiveDate, u32) {
        (self.day(), self.minute().unwrap_or(24 * 60))
    }

    /// Whether it has come: a day from its first minute on.
    pub(super) fn has_come(self, now: DateTime<FixedOffset>) -> bool {
        match self {
            DueAt::Day(day) => day <= now.date_naive(),
            DueAt::Hour(time) => time <= now,
        }
    }

    /// Whether it has passed: a day with its last minute.
    pub(super) fn has_passed(self, now: DateTime<FixedOffset>) -> bool {
        match self {
            DueAt::Day(day) => day < now.date_naive(),
            DueAt::Hour(time) => time < now,
        }
    }
}

/// The fact that a reason rests on: where it stands in the client's facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    Client,
    Enrollment(u16),
    Plan(u16),
    Goal(u16),
    Step(u16),
    Task(u16),
    Visit(u16),
    Dependent(u16),
    Share(u16),
    Mark(u16),
    Unsigned(u16),
    Approved(u16),
}

/// One reason why a client needs the worker.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reason {
    /// The place of its rule among the [`Rules`](super::Rules).
    pub rule: u16,
    pub band: Band,
    pub class: Class,
    pub due: Option<DueAt>,
    /// The row it is about, where it is about one.
    pub subject: Option<RowId>,
    pub fact: Fact,
    /// How grave, where it is about life: 0 to 1,100.
    pub gravity: u16,
    /// Somebody has already done something, or called somebody.
    pub in_hand: bool,
    /// A raised risk, or a critical medication, made it a matter of life.
    pub lifted: bool,
    /// The fact is dated ahead of this clock: it counts as of now.
    pub ahead: bool,
    /// Where it stands among a client's reasons, and its client among others: see [`super::order`].
    pub(super) standing: u128,
}

/// A reason that the worker put off.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PutOff {
    pub reason: Reason,
    /// The first day on which it shows again.
    pub until: NaiveDate,
    /// The place of the snooze among the client's.
    pub snooze: u16,
}

/// A client in triage order.
#[derive(Clone, PartialEq, Debug)]
pub struct Ranked {
    pub client: RowId,
    pub(super) at: u32,
    pub band: Band,
    /// The most pressing first, paper last; empty only for a client in [`Band::Later`] about whom no rule has anything to
    /// say.
    pub reasons: Vec<Reason>,
    /// Reasons put off for now.
    pub put_off: Vec<PutOff>,
    /// The case is closed, and something is still open that keeps the person in sight.
    pub closed: bool,
    pub(super) standing: u128,
}

impl Ranked {
    /// Where the client stands in [`Caseload::facts`](super::Caseload::facts).
    pub fn place(&self) -> usize {
        self.at as usize
    }

    /// An open crisis or incident stands for the client.
    pub fn is_in_crisis(&self) -> bool {
        self.reasons.iter().any(|reason| reason.class == Class::Life && reason.gravity >= super::order::CRISIS)
    }

    /// Reasons about people; what is left is paper.
    pub fn about_people(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.class != Class::Paper)
    }
}

/// A reason in words, with what a person needs to act on it.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// The id of the rule in `triage.toml`.
    pub rule: String,
    pub band: Band,
    pub class: Class,
    /// Plain words, complete in themselves: "court hearing tomorrow 10:00 is not confirmed".
    pub text: String,
    pub due: Option<DueAt>,
    /// The name of the action that answers it, from the action table.
    pub action: String,
    pub subject: Option<RowId>,
    /// Where the rule comes from.
    pub source: String,
}
