//! Who needs me today, and why: a pure function `(facts, rules, moment) -> ranked clients with reasons`.
//!
//! No clock, no database, no screen. Knows [`crate::model`] and the agency's data in [`crate::practice`].
//!
//! Promises, each held by a property over random caseloads, days and zones (`tests/promises.rs` beside this file):
//!
//! 1. Open safety matters keep a person in sight, whatever their status: nothing closes them but an answer.
//! 2. Only what has happened counts as done: a date ahead of now settles nothing yet.
//! 3. A fact from a clock or zone ahead of ours is never less urgent than one of now.
//! 4. No cap drops something open.
//! 5. Growing overdue never lowers anyone: a deadline that has passed stays until somebody answers. What ends by itself
//!    says so in its rule.
//! 6. Putting off has an end that the rule knows.
//! 7. People before paper: paper stands in no band, and calls nobody "needs you today".
//! 8. The order is a function of the set of facts: not of the order in which people or rows came, nor of their ids.

pub mod calendar;
mod clock;
mod crises;
mod desk;
pub mod duplicates;
mod facts;
pub mod filter;
mod local;
mod look;
mod order;
mod rank;
mod reason;
mod risk;
mod rules;
pub mod team;
pub mod units;
mod words;

pub use clock::Clock;
pub use desk::DeskWork;
pub use facts::*;
pub use order::why_before;
pub use rank::{Caseload, may_not_snooze};
pub use reason::{Band, Class, DueAt, Fact, PutOff, Ranked, Reason, Told};
pub use rules::{ACTIONS, Calendar, LooksAt, MetBy, Rule, Rules, Urgency};
pub use words::{day_in_words, hour_in_words, late};

#[cfg(test)]
mod permission_tests;
#[cfg(test)]
mod tests;
