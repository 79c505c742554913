//! What triage says: for each client a band and the reasons for it.

use chrono::{DateTime, FixedOffset, NaiveDate};
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DueAt {
    Day(NaiveDate),
    Hour(DateTime<FixedOffset>),
}

/// One reason why a client needs the worker, with the rule it comes from and the action that answers it.
#[derive(Clone, PartialEq, Debug)]
pub struct Reason {
    /// The id of the rule in `triage.toml`.
    pub rule: String,
    pub band: Band,
    /// Plain words, complete in themselves: "eviction hearing is tomorrow, not confirmed".
    pub text: String,
    pub due: Option<DueAt>,
    /// The name of the action that answers it (a name from the action table, such as `log-contact`).
    pub action: String,
    /// The row it is about, where it is about one.
    pub subject: Option<RowId>,
    /// Heavier reasons come first among those due at the same time.
    pub weight: u16,
}

/// A client in triage order.
#[derive(Clone, PartialEq, Debug)]
pub struct Ranked {
    pub client: RowId,
    pub band: Band,
    /// The most pressing first; empty only for a client in [`Band::Later`] about whom no rule has anything to say.
    pub reasons: Vec<Reason>,
}
