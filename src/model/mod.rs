//! What a caseload is: record types, the catalogue of their fields, values, and changes to them.
//!
//! This room knows nobody. It does no I/O and reads no clock: a day or an instant is always handed in.
//! Everything that holds or moves client data (table, form, `--json`, journal, import) is made from the
//! one declaration per record type in [`records`].

mod apart;
mod catalogue;
mod change;
mod choice;
pub mod hours;
mod id;
mod lists;
mod parse;
pub mod plans;
pub mod records;
mod row;
pub mod sealed;
pub mod series;
pub mod signing;
pub mod standing;
pub mod stands;
pub mod text;
mod value;
pub mod when;

pub use apart::Apart;
pub use catalogue::{Field, FieldId, Kind, RecordType, Shown, field_by_id, record_by_name, record_by_number};
pub use change::{Change, Edit, Invalid, LONGEST, NAMES, needs_a_name};
pub use choice::*;
pub use id::{EntryRef, Hlc, Ids, RowId, SiteId};
pub use lists::{Choices, List};
pub use parse::Beginning;
pub use records::CATALOGUE;
pub use row::{By, Disagreement, Row};
pub use value::{Value, ValueError};
pub use when::Moment;
