//! Who needs me today, and why: a pure function `(facts, rules, today) -> ranked clients with reasons`.
//!
//! No clock, no database, no screen. Knows [`crate::model`] and the agency's data in [`crate::practice`].

pub mod calendar;
pub mod duplicates;
mod facts;
pub mod filter;
mod rank;
mod reason;
mod rules;
pub mod team;
pub mod units;
mod words;

pub use facts::*;
pub use rank::{Caseload, may_not_snooze};
pub use reason::{Band, DueAt, Fact, Ranked, Reason, Told};
pub use rules::{ACTIONS, Calendar, LooksAt, Rule, Rules};
pub use words::{day_in_words, hour_in_words, late};

#[cfg(test)]
mod permission_tests;
#[cfg(test)]
mod tests;
