//! The field's formats, one file each. Each reads what another program wrote and hands over drafts of rows; none of them
//! touches the caseload. A bad row is skipped and named, the rest goes in; a file that is not what it claims to be is
//! refused whole.
//!
//! Knows [`crate::model`] and the store's [`Draft`]; called by `cli` and `tui`.

mod hmis;
mod sheet;
mod table;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::Moment;
use crate::store::Draft;

/// A format that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// HUD HMIS CSV: a folder of files.
    Hmis,
    /// A spreadsheet with a row for each client: csv, tsv, xlsx, ods.
    Sheet,
}

impl Format {
    pub const ALL: [Format; 2] = [Format::Hmis, Format::Sheet];

    /// The name on the command line and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Hmis => "hmis-csv",
            Format::Sheet => "sheet",
        }
    }

    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The author of what comes in, in the journal.
    pub fn origin(self) -> &'static str {
        match self {
            Format::Hmis => "hmis",
            Format::Sheet => "sheet",
        }
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
}

/// How to read.
pub struct Options<'a> {
    /// `None`: told apart by content.
    pub format: Option<Format>,
    /// Columns of a spreadsheet by name, and the field each stands for.
    pub map: &'a [(String, String)],
    pub moment: Moment,
}

/// Reads a file or a folder.
///
/// # Errors
/// [`ExchangeError::Refused`] where it is not what it claims to be.
pub fn read(path: &Path, options: &Options<'_>) -> Result<Reading, ExchangeError> {
    match options.format.map_or_else(|| detect(path), Ok)? {
        Format::Hmis => hmis::read(path),
        Format::Sheet => sheet::read(path, options.map, &options.moment),
    }
}

fn detect(path: &Path) -> Result<Format, ExchangeError> {
    let io = |source| ExchangeError::Io { path: path.into(), source };
    let meta = std::fs::metadata(path).map_err(io)?;
    if meta.is_dir() {
        return if table::in_folder(path, "Client.csv").is_some() {
            Ok(Format::Hmis)
        } else {
            Err(refused(path, "a folder without a Client.csv is not an HMIS export"))
        };
    }
    let mut head = Vec::new();
    std::fs::File::open(path).map_err(io)?.take(4096).read_to_end(&mut head).map_err(io)?;
    let text = String::from_utf8_lossy(&head);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if head.starts_with(b"PK\x03\x04") && path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("zip")) {
        return Err(refused(path, "unpack this zip first, then name the folder"));
    }
    let known = [
        ("BEGIN:VCALENDAR", "calendars"),
        ("BEGIN:VCARD", "address cards"),
        ("{", "JSON"),
        ("<", "XML or HTML"),
        ("%PDF", "PDF"),
    ];
    if let Some((_, what)) = known.iter().find(|(begin, _)| start.starts_with(begin)) {
        return Err(refused(path, &format!("{what} cannot be imported by this version")));
    }
    let first = start.lines().next().unwrap_or("");
    let is_client = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("Client.csv"));
    Ok(if is_client && first.contains("PersonalID") { Format::Hmis } else { Format::Sheet })
}

fn refused(path: &Path, why: &str) -> ExchangeError {
    ExchangeError::Refused { path: path.into(), why: why.into() }
}
