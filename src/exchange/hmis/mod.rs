//! HUD HMIS CSV. In: FY2024, FY2026 and older exports, told by the names of their columns. Out: FY2026.
//!
//! Social Security numbers are not read and not written. Rows that carry a `DateDeleted` are left out and counted. Ids are
//! made from the export's own, so that importing again finds the same rows; what goes out keeps the ids it came with.

mod codes;
mod ids;
mod people;
mod read;
mod service;
mod sheets;
mod write;

pub(super) use read::{folder, read};
pub(super) use write::write;
