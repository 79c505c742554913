//! HUD HMIS CSV. In: FY2024, FY2026 and older exports, told by the names of their columns. Out: FY2026.
//!
//! Social Security numbers are not read and not written. Rows that carry a `DateDeleted` are left out and counted. Ids are
//! made from the export's own, so that importing again finds the same rows; what goes out keeps the ids it came with.

mod codes;
mod people;
mod read;

pub(super) use read::read;
