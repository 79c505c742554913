//! One encrypted SQLite file: opened and unlocked, the journal and the tables made from it, queries and search.
//!
//! The promise: an acknowledged change survives `kill -9`; a refused one changes nothing. Nothing writes a
//! table without writing the journal. Called by `tui`, `cli`, `exchange`, `sync` and `report`; knows `triage`
//! (whose facts it keeps) and `model`.

mod api;

pub use api::*;
