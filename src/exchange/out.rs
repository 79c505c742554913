//! What is asked of a format that writes, and what it gives back.

use std::io::Write;

use crate::disclosure::Handed;
use crate::model::Moment;
use crate::practice::Practice;

use super::{ExchangeError, Format, fhir, hmis, json};

/// How to write; what is written is handed over.
pub struct Wanted<'a> {
    /// A folder of tables where a format has both that and a single file.
    pub folder: bool,
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

/// Makes a file, or a folder's files, from what is handed over.
///
/// # Errors
/// [`ExchangeError::Unwritten`] where the format cannot hold what is asked for.
pub fn write(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Written, ExchangeError> {
    match handed.contents().format {
        Format::Ics => super::ics::out::write(handed, wanted),
        Format::Vcard => super::vcard::write(handed),
        Format::Csv | Format::Xlsx => super::lists::write(handed, wanted),
        Format::Hsds => super::hsds::out::write(handed, wanted),
        Format::Hmis => hmis::write(handed, wanted),
        other => Err(ExchangeError::Unwritten(format!("{} can only be read", other.name()))),
    }
}

/// Writes a file that may be larger than memory, one client after the other. `None`: the format does not write so; ask
/// [`write`].
pub fn stream(handed: &Handed<'_>, wanted: &Wanted<'_>, out: &mut dyn Write) -> Option<Result<Written, ExchangeError>> {
    let (what, done) = match handed.contents().format {
        Format::Fhir => ("resources", fhir::write(handed, wanted, out)),
        Format::Json => ("rows", json::write(handed, wanted, out)),
        _ => return None,
    };
    let counts = |many| vec![("clients", handed.clients().len()), (what, many)];
    Some(done.map(|many| Written { files: Vec::new(), counts: counts(many), told: Vec::new() }))
}
