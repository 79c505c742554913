//! What goes out of a caseload to be read: figures over a period.
//!
//! Reads the store, changes nothing. Called by `cli` and `tui`; knows `store`, `triage`, `practice` and `model`.

pub mod figures;
pub mod period;
