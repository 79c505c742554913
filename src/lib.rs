pub mod cli;
pub mod demo;
pub mod exchange;
pub mod model;
pub mod store;
pub mod triage;
pub mod tui;
