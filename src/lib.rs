//! `caseload`: a field case manager's whole caseload in the terminal.
//!
//! The house, room by room; each knows only those above it in this list:
//!
//! - [`model`]: what a caseload is: record types, the catalogue of fields, values, changes. No I/O, no clock.
//! - [`practice`]: what an agency may change without a compiler, and the rules that rest on it. Pure.
//! - [`triage`]: who needs the worker today, and why. Pure.
//! - [`files`]: the door to the disk: how others' files are opened, and how one of ours comes to be.
//! - [`store`]: one encrypted SQLite file: journal, tables made from it, search, undo, history, backups.
//! - [`disclosure`]: what may leave, for whom, and what is recorded of it: the one room that decides.
//! - [`exchange`]: the field's formats, one file each; they read and hand over drafts.
//! - [`sync`]: handing work over: bundles, merging, trust, and the places bundles travel through.
//! - [`report`]: figures and printed pages.
//! - [`demo`]: made-up caseloads of any size.
//! - [`tui`] and [`cli`]: the screen and the command line, side by side.
//!
//! Data flows one way: a key calls an action, the action makes a [`model::Change`], the store saves it as entries of its
//! journal, rows and [`triage::ClientFacts`] follow from those, and the next frame shows them.

// So that what the tests of the whole program share names it as they do.
#[cfg(test)]
extern crate self as caseload;

pub mod cli;
pub mod demo;
pub mod disclosure;
pub mod exchange;
pub mod files;
pub mod model;
pub mod practice;
pub mod report;
pub mod store;
pub mod sync;
pub mod triage;
pub mod tui;
