//! What triage says: for each client a band and the reasons for it. Small and without words of its own: the words are
//! made from the facts when someone looks, so that ten thousand clients are ranked in a few milliseconds.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};
use serde::Serialize;

use crate::model::RowId;

/// How soon a client needs the worker. The order is the order on screen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    Now,
    Today,
    ThisWeek,
    Later,
}

impl Band {
    pub const ALL: [Band; 4] = [Band::Now, Band::Today, Band::ThisWeek, Band::Later];

    pub fn label(self) -> &'static str {
        match self {
            Band::Now => "Now",
            Band::Today => "Today",
            Band::ThisWeek => "This week",
            Band::Later => "Later",
        }
    }
}

/// When a reason falls due: a day, or an hour of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize)]
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

    /// The order in which things fall due: by day, and what has an hour before what has the whole day.
    pub(super) fn order(self) -> (NaiveDate, u32) {
        match self {
            DueAt::Day(day) => (day, 24 * 60),
            DueAt::Hour(time) => (time.date_naive(), time.hour() * 60 + time.minute()),
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
    pub due: Option<DueAt>,
    /// The row it is about, where it is about one.
    pub subject: Option<RowId>,
    pub fact: Fact,
    /// Comes before everything else in its band.
    pub(super) first: bool,
    pub(super) weight: u16,
}

impl Reason {
    /// Total order of reasons: band, then due time, then weight.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let due = self.due.map_or((NaiveDate::MAX, 0), DueAt::order);
        (self.band, !self.first, due, std::cmp::Reverse(self.weight), self.rule, self.subject)
    }
}

/// A client in triage order.
#[derive(Clone, PartialEq, Debug)]
pub struct Ranked {
    pub client: RowId,
    pub(super) at: u32,
    pub band: Band,
    /// The most pressing first; empty only for a client in [`Band::Later`] about whom no rule has anything to say.
    pub reasons: Vec<Reason>,
    /// Reasons put off for now.
    pub snoozed: u16,
    /// Where the most pressing reason puts the client: see [`standing`].
    pub(super) standing: u64,
}

/// A number that is smaller the sooner a client needs the worker: band, whether anything is known to be due at all, due
/// time, weight. Made once for each client, because sorting ten thousand compares each of them a dozen times.
pub(super) fn standing(band: Band, most_pressing: Option<&Reason>) -> u64 {
    let band = (band as u64) << 52;
    // Within "later", those about whom nothing is known to be due come last.
    let Some(reason) = most_pressing else { return band | 1 << 51 };
    let (day, minute) = reason.due.map_or((NaiveDate::MAX, 0), DueAt::order);
    // Days before the common era are negative numbers: moved so that they stay in order.
    let day = (day.num_days_from_ce() as u32) ^ (1 << 31);
    let lightness = 127 - u64::from(reason.weight.min(127));
    band | u64::from(!reason.first) << 50 | u64::from(day) << 18 | u64::from(minute) << 7 | lightness
}

impl Ranked {
    /// Where the client stands in [`Caseload::facts`](super::Caseload::facts).
    pub fn place(&self) -> usize {
        self.at as usize
    }
}

/// A reason in words, with what a person needs to act on it.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// The id of the rule in `triage.toml`.
    pub rule: String,
    pub band: Band,
    /// Plain words, complete in themselves: "court hearing tomorrow 10:00 is not confirmed".
    pub text: String,
    pub due: Option<DueAt>,
    /// The name of the action that answers it, from the action table.
    pub action: String,
    pub subject: Option<RowId>,
    /// Where the rule comes from.
    pub source: String,
}
