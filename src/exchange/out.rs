//! What is asked of a format that writes, and what it gives back.

use crate::model::{Moment, RowId};
use crate::store::Store;

use super::{ExchangeError, Format};

/// What to write, and how much of it.
pub struct Wanted<'a> {
    /// Only what belongs to these clients; empty: to all of them.
    pub clients: &'a [RowId],
    /// Which list, for a format that holds one: the name of a record type, or of a view over several.
    pub list: Option<&'a str>,
    /// Whole names where a format would otherwise give initials.
    pub names: bool,
    /// Places and addresses where a format would otherwise leave them out.
    pub places: bool,
    /// A folder of tables where a format has both that and a single file.
    pub folder: bool,
    pub moment: Moment,
}

/// What a format came to: nothing of it is on the disk yet.
#[derive(Debug)]
pub struct Written {
    /// Each file's name and bytes; a single file has no name, it takes the one it was asked for under.
    pub files: Vec<(String, Vec<u8>)>,
    /// How many of each thing: "appointments", "clients".
    pub counts: Vec<(&'static str, usize)>,
    /// What is to be told beside the counts, each a whole sentence.
    pub told: Vec<String>,
}

impl Written {
    /// A single file.
    pub fn file(bytes: Vec<u8>, what: &'static str, count: usize) -> Written {
        Written { files: vec![(String::new(), bytes)], counts: vec![(what, count)], told: Vec::new() }
    }
}

/// Makes a file, or a folder's files, from rows of the caseload.
///
/// # Errors
/// [`ExchangeError::Unwritten`] where the format cannot hold what is asked for.
pub fn write(store: &Store, format: Format, wanted: &Wanted<'_>) -> Result<Written, ExchangeError> {
    match format {
        Format::Ics => super::ics::out::write(store, wanted),
        Format::Vcard => super::vcard::write(store, wanted),
        Format::Csv | Format::Xlsx => super::lists::write(store, format, wanted),
        Format::Hsds => super::hsds::out::write(store, wanted),
        other => Err(ExchangeError::Unwritten(format!("{} can only be read", other.name()))),
    }
}
