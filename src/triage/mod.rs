//! Who needs me today, and why: a pure function `(facts, rules, today) -> ranked clients with reasons`.
//!
//! No clock, no database, no screen. Knows only [`crate::model`].

mod facts;
mod reason;

pub use facts::*;
pub use reason::{Band, DueAt, Ranked, Reason};
