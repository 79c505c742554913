//! The field's formats, one room each, in and out.
//!
//! In: [`read`] reads what another program wrote and hands over drafts of rows; it never touches the caseload. A bad row
//! is skipped and named, the rest goes in; a file that is not what it claims to be is refused whole.
//! Out: [`write`] makes a file, or a folder's files, from rows of the caseload and changes nothing; whoever calls it puts
//! them on the disk.
//!
//! Knows [`crate::model`], [`crate::practice`] and the store; called by `cli` and `tui`.

mod detect;
mod hmis;
mod hsds;
mod ics;
mod lines;
mod lists;
mod out;
mod people;
mod sheet;
mod table;
pub mod unplaced;
mod vcard;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::{Moment, RowId};
use crate::store::{Draft, Store};

pub use out::{Wanted, Written, write};

/// A format of the field. Some can only be read, some only be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// HUD HMIS CSV: a folder of files.
    Hmis,
    /// A spreadsheet with a row for each client: csv, tsv, xlsx, ods.
    Sheet,
    /// Appointments as iCalendar.
    Ics,
    /// Care teams as vCard.
    Vcard,
    /// A resource directory as Open Referral HSDS 3.
    Hsds,
    /// One list as a table of text.
    Csv,
    /// One list as a workbook.
    Xlsx,
}

/// What is told apart by a format's name: its name on the command line and in `--json`, the author of what comes in from
/// it in the journal (empty: it is never read), and whether it can be written.
const FORMATS: &[(Format, &str, &str, bool)] = &[
    (Format::Hmis, "hmis-csv", "hmis", false),
    (Format::Sheet, "sheet", "sheet", false),
    (Format::Ics, "ics", "ics", true),
    (Format::Vcard, "vcard", "vcard", true),
    (Format::Hsds, "hsds", "hsds", true),
    (Format::Csv, "csv", "", true),
    (Format::Xlsx, "xlsx", "", true),
];

impl Format {
    fn line(self) -> &'static (Format, &'static str, &'static str, bool) {
        FORMATS.iter().find(|(format, ..)| *format == self).expect("every format has its line")
    }

    /// All that can be read.
    pub fn read() -> impl Iterator<Item = Format> {
        FORMATS.iter().filter(|(_, _, origin, _)| !origin.is_empty()).map(|(format, ..)| *format)
    }

    /// All that can be written.
    pub fn written() -> impl Iterator<Item = Format> {
        FORMATS.iter().filter(|(.., written)| *written).map(|(format, ..)| *format)
    }

    /// The name on the command line and in `--json`.
    pub fn name(self) -> &'static str {
        self.line().1
    }

    pub fn from_name(name: &str) -> Option<Format> {
        FORMATS.iter().find(|(_, known, ..)| *known == name).map(|(format, ..)| *format)
    }

    /// The author of what comes in, in the journal.
    pub fn origin(self) -> &'static str {
        self.line().2
    }
}

/// What a file holds, ready to be taken in.
#[derive(Debug)]
pub struct Reading {
    pub format: Format,
    /// Rows read from each file.
    pub read: BTreeMap<String, u64>,
    /// Rows that the file itself marks as deleted; left out.
    pub deleted: BTreeMap<String, u64>,
    pub skipped: Vec<Skipped>,
    /// Columns of a spreadsheet that stand for nothing here.
    pub unused_columns: Vec<String>,
    pub drafts: Vec<Draft>,
    /// What belongs to a client, and nobody could tell to which: to be kept ([`unplaced::keep`]) until somebody says it.
    pub unplaced: Vec<unplaced::Unplaced>,
    /// What is to be told beside the counts, each a whole sentence.
    pub told: Vec<String>,
}

impl Reading {
    fn of(format: Format) -> Reading {
        Reading {
            format,
            read: BTreeMap::new(),
            deleted: BTreeMap::new(),
            skipped: Vec::new(),
            unused_columns: Vec::new(),
            drafts: Vec::new(),
            unplaced: Vec::new(),
            told: Vec::new(),
        }
    }
}

/// A row that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub file: String,
    /// The line of the file; for a workbook, the row of the sheet. The first is 1.
    pub line: u64,
    pub column: String,
    pub reason: String,
}

/// Why a file was refused whole.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("Cannot read {}: {source}.", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {why}. Nothing was imported.", .path.display())]
    Refused { path: PathBuf, why: String },
    #[error("{0}. Nothing was written.")]
    Unwritten(String),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// How to read.
pub struct Options<'a> {
    /// `None`: told apart by content.
    pub format: Option<Format>,
    /// Columns of a spreadsheet by name, and the field each stands for.
    pub map: &'a [(String, String)],
    pub moment: Moment,
    /// Whose the file is, where the file does not say it.
    pub client: Option<RowId>,
    /// Who is in the caseload, for formats that know people by name only, and whose it is.
    pub store: &'a Store,
}

/// Reads a file or a folder.
///
/// # Errors
/// [`ExchangeError::Refused`] where it is not what it claims to be.
pub fn read(path: &Path, options: &Options<'_>) -> Result<Reading, ExchangeError> {
    let format = options.format.map_or_else(|| detect::detect(path), Ok)?;
    match format {
        Format::Hmis => hmis::read(path),
        Format::Sheet => sheet::read(path, options.map, &options.moment),
        Format::Ics => ics::read(path, options),
        Format::Hsds => hsds::read(path, options),
        Format::Vcard => vcard::read(path, options),
        Format::Csv | Format::Xlsx => sheet::read(path, options.map, &options.moment),
    }
}

fn refused(path: &Path, why: &str) -> ExchangeError {
    ExchangeError::Refused { path: path.into(), why: why.into() }
}
