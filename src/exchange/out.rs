//! What is asked of a format that writes, and what it gives back.

use std::io::Write;

use crate::model::{Moment, RowId};
use crate::practice::Practice;
use crate::store::Store;

use super::leaving::{in_danger, nobody};
use super::{ExchangeError, Format, fhir, hmis, json};

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
    /// In JSON: everything that was ever set, too.
    pub history: bool,
    /// The clients were chosen by their releases to the one whom it is for; otherwise it is told to nobody here.
    pub released: bool,
    pub moment: Moment,
    /// The instruments and areas that are known here.
    pub practice: &'a Practice,
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
        Format::Hmis => hmis::write(store, wanted, if wanted.released { &nobody } else { &in_danger }),
        other => Err(ExchangeError::Unwritten(format!("{} can only be read", other.name()))),
    }
}

/// Writes a file that may be larger than memory, one client after the other. `None`: the format does not write so; ask
/// [`write`].
pub fn stream(
    store: &Store,
    format: Format,
    wanted: &Wanted<'_>,
    out: &mut dyn Write,
) -> Option<Result<Written, ExchangeError>> {
    let written = match format {
        Format::Fhir => fhir::write(store, wanted, out).map(|(resources, leaving)| {
            let counts = vec![("clients", leaving.clients.len()), ("resources", resources)];
            Written { files: Vec::new(), counts, told: left_out(&leaving.left_out) }
        }),
        Format::Json => json::write(store, wanted, out).map(|(rows, leaving)| {
            let counts = vec![("clients", leaving.clients.len()), ("rows", rows)];
            Written { files: Vec::new(), counts, told: left_out(&leaving.left_out) }
        }),
        _ => return None,
    };
    Some(written)
}

/// Who was asked for and did not go out, each in a sentence.
fn left_out(all: &[(String, String)]) -> Vec<String> {
    all.iter().map(|(name, why)| format!("Left out: {name}, who {why}.")).collect()
}
