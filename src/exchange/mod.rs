//! The field's formats, one room each, in and out.
//!
//! In: [`read`] reads what another program wrote and hands over drafts of rows; it never touches the caseload. A bad row
//! is skipped and named, the rest goes in; a file that is not what it claims to be is refused whole.
//! Out: [`write`] makes a file, or a folder's files, from what it is handed ([`crate::disclosure::Handed`]) and from nothing
//! else: it sees no store. Whoever calls it puts them on the disk.
//!
//! Knows [`crate::model`], [`crate::practice`], the store and [`crate::disclosure`]; called by `cli` and `tui`.

mod book;
pub mod closings;
mod detect;
mod fhir;
mod happened;
mod hmis;
mod hsds;
mod ics;
mod json;
mod lines;
mod lists;
mod out;
mod people;
mod sheet;
mod source;
mod table;
mod twins;
pub mod unplaced;
mod vcard;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::records::assessment;
use crate::model::{Moment, Row, RowId};
use crate::practice::Practice;
use crate::practice::instruments::{Around, Hand, Instrument, settle};
use crate::store::{Draft, Store, StoreError};

pub use out::{Wanted, Written, stream, write};
pub use source::Going;

pub use crate::disclosure::Format;

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
    /// Resources of a bundle that stand for nothing here, by their type.
    pub unused: BTreeMap<String, u64>,
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
            unused: BTreeMap::new(),
            drafts: Vec::new(),
            unplaced: Vec::new(),
            told: Vec::new(),
        }
    }
}

/// Whether every value fits its field, so that nothing from outside stops an import; what does not, and why.
fn fits(draft: &Draft) -> Result<(), (&'static str, String)> {
    for (id, value) in &draft.values {
        if let Some(field) = draft.record.field(id.field) {
            field.check(value).map_err(|error| (field.name, error.why))?;
        }
    }
    Ok(())
}

/// A row that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub file: String,
    /// The line of the file; of a workbook, the row of the sheet; of a bundle, the entry. The first is 1.
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
    Store(#[from] StoreError),
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
    /// The instruments and areas that are known here.
    pub practice: &'a Practice,
    /// Told how far reading is, and asked whether to go on.
    pub going: Going<'a>,
}

/// Reads a file or a folder.
///
/// # Errors
/// [`ExchangeError::Refused`] where it is not what it claims to be; [`StoreError::Stopped`] where it was told to stop.
pub fn read(path: &Path, options: &Options<'_>) -> Result<Reading, ExchangeError> {
    let format = options.format.map_or_else(|| detect::detect(path), Ok)?;
    // A bundle is gone through twice: who is who, then what becomes of each.
    let times = if format == Format::Fhir { 2 } else { 1 };
    let whole = if format == Format::Hmis { hmis::folder(path) } else { path };
    let watch = &source::Watch::new(whole, times, options.going);
    let read = match format {
        Format::Hmis => hmis::read(path, options.store, watch),
        Format::Fhir => fhir::read(path, options, watch),
        Format::Ics => ics::read(path, options, watch),
        Format::Hsds => hsds::read(path, options, watch),
        Format::Vcard => vcard::read(path, options, watch),
        Format::Json => Err(refused(path, "this cannot be imported by this version")),
        Format::Sheet | Format::Csv | Format::Xlsx => sheet::read(path, options, watch),
    };
    // What a reader says of a file that it was stopped in is not true of the file.
    watch.go()?;
    let mut reading = read?;
    happened::sift(&mut reading, &options.moment);
    assessed(&mut reading, options)?;
    twins::tell(&mut reading, options.store, &options.moment)?;
    Ok(reading)
}

/// Assessments that came in are scored like those that are typed: no score, band or alarm that their answers do not give,
/// and none that is missing.
fn assessed(reading: &mut Reading, options: &Options<'_>) -> Result<(), StoreError> {
    let today = options.moment.today();
    let mut empty = Vec::new();
    for draft in reading.drafts.iter_mut().filter(|draft| *draft.record == assessment::TYPE) {
        let known = options.store.row_of(draft.record, draft.row)?;
        let instruments = &options.practice.instruments;
        let named = draft.values.iter().rev().find(|(field, _)| *field == assessment::instrument);
        let named = named.and_then(|(_, code)| instruments.get(&code.plain()));
        // Earlier ones are asked for only where it matters whether they were evaluated.
        let file = match named.is_some_and(Instrument::looks_back) {
            true => options.store.client_part(draft.stream, 0, &[&assessment::TYPE])?,
            false => None,
        };
        let others = file.as_ref().map_or(&[][..], |file| file.of(&assessment::TYPE));
        let around = Around { instruments, others, today };
        let new = known.is_none();
        let before = known.unwrap_or_else(|| Row::new(&assessment::TYPE, draft.row, draft.stream));
        let said = std::mem::take(&mut draft.values);
        let settled = settle(said, &before, new, Hand::Taken, around).expect("a file is told, never refused");
        draft.values = settled.values;
        let says = [assessment::answers, assessment::score, assessment::band, assessment::urgent];
        if new && !settled.told.is_empty() && !draft.values.iter().any(|(field, _)| says.contains(field)) {
            // Nothing of it was sound: an empty one would stand before an earlier one that says something.
            empty.push(draft.row);
        }
        for why in settled.told {
            let line = format!("An assessment was put right: {why}");
            if !reading.told.contains(&line) {
                reading.told.push(line);
            }
        }
    }
    reading.drafts.retain(|draft| *draft.record != assessment::TYPE || !empty.contains(&draft.row));
    Ok(())
}

fn refused(path: &Path, why: &str) -> ExchangeError {
    ExchangeError::Refused { path: path.into(), why: why.into() }
}
