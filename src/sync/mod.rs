//! Handing work over: bundles, merging, trust, and the places bundles travel through.
//!
//! Two laptops never talk to each other. What one has and the other lacks travels as a **bundle**: one encrypted file, by
//! hand or through a place both can reach. Whoever takes it in verifies it to its very end, and takes all of it or nothing.
//!
//! - [`card`]: how an installation introduces itself: its public keys, signed, and a fingerprint to compare on the phone.
//! - [`bundle`]: the format, its writer and its reader.
//! - [`give`] and [`take`]: making a bundle of a caseload or of chosen clients; taking one in, with a preview.
//! - [`place`]: a folder or an object store in which each site writes under its own name only; [`sync`] gives and takes
//!   through one.
//!
//! Called by `tui` and `cli`; knows `store`, `triage` and `model`.

pub mod bundle;
pub mod card;
mod exchange;
pub mod place;
mod through;

pub use bundle::Refusal;
pub use card::Card;
pub use exchange::{Given, Scope, Taken, Whom, give, merge_file, take};
pub use through::{Synced, sync};
