//! Workbooks, xlsx and ods: a zip of XML files, gone through row by row.
//!
//! The promise: however small the file and whatever it claims, no more is held than its rows need. Nothing is made room
//! for by what a workbook says of itself (its dimensions, its counts, cells and rows that "repeat"); what comes out of the
//! zip, each piece of XML, the texts, the columns and what is handed on are counted, and one word too many refuses the file
//! with what to do. A cell in the last corner of a sheet costs one cell.

mod ods;
#[cfg(test)]
mod tests;
mod xlsx;
mod xml;

use std::io::{BufReader, Error, ErrorKind};
use std::path::Path;

use csv::StringRecord;
use zip::ZipArchive;

use super::source::{Bytes, Watch, trouble};
use super::table::{Header, MOST_COLUMNS, Row, Rows};
use super::{ExchangeError, refused};

use xml::{Budget, Xml};

/// Bytes of a workbook as it lies on the disk.
const LARGEST: u64 = 256 << 20;
/// Rows under the first that holds something, among which the one with the columns' names is looked for.
const TITLES: u64 = 20;
/// Sheets that are looked into.
const SHEETS: usize = 200;
/// Bytes of text that all rows may come to: a text that stands once in the file can be named in a million cells.
const TEXT: usize = 512 << 20;

/// A workbook of which nothing but the names of its parts was read yet.
pub(super) struct Zip<'w> {
    archive: ZipArchive<BufReader<Bytes<'w>>>,
    budget: Budget,
}

/// A workbook.
pub(super) struct Book<'w>(Kind<'w>);

enum Kind<'w> {
    Xlsx(xlsx::Workbook<'w>),
    Ods(Zip<'w>),
}

/// What is wrong with a file, as a reader says it.
fn fault(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidData, why.into())
}

fn broken(why: &str) -> Error {
    fault(format!("it cannot be read as a workbook ({why})"))
}

impl<'w> Zip<'w> {
    /// A part of the workbook by its name; `None` where it has none of that name.
    fn part(&mut self, name: &str) -> Result<Option<Xml<'_>>, Error> {
        match self.archive.by_name(name) {
            Ok(part) => {
                let packed = part.compressed_size();
                Ok(Some(Xml::new(Box::new(part), packed, &self.budget)))
            }
            Err(zip::result::ZipError::FileNotFound) => Ok(None),
            Err(error) => Err(zipped(error)),
        }
    }
}

fn zipped(error: zip::result::ZipError) -> Error {
    match error {
        zip::result::ZipError::Io(error) if error.kind() == ErrorKind::Other => error,
        zip::result::ZipError::UnsupportedArchive(why) => broken(why),
        _ => broken("its zip is damaged or was cut off"),
    }
}

/// Rows of one sheet, from its top: those that hold something, with their number; the first is 1.
trait Sheet {
    fn next(&mut self, row: &mut Cells) -> Result<Option<u64>, Error>;
}

/// The cells of the row at hand.
struct Cells {
    texts: Vec<String>,
    /// No cell beyond this column is kept.
    width: usize,
    /// Something stands beyond it.
    wider: bool,
    /// Bytes handed out so far.
    given: usize,
}

impl Cells {
    fn new(width: usize) -> Cells {
        Cells { texts: Vec::new(), width, wider: false, given: 0 }
    }

    fn clear(&mut self) {
        self.texts.clear();
        self.wider = false;
    }

    fn is_empty(&self) -> bool {
        self.texts.iter().all(String::is_empty)
    }

    /// Puts a text into a column; the first is 0.
    fn put(&mut self, column: usize, text: &str) -> Result<(), Error> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if column >= self.width {
            self.wider = true;
            return Ok(());
        }
        self.count(text.len())?;
        if self.texts.len() <= column {
            self.texts.resize(column + 1, String::new());
        }
        self.texts[column] = text.to_string();
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.given += bytes;
        if self.given > TEXT {
            return Err(fault(format!("its rows come to more than {} MB of text: split it into several", TEXT >> 20)));
        }
        Ok(())
    }

    /// The same row is handed out once more.
    fn count_again(&mut self) -> Result<(), Error> {
        self.count(self.texts.iter().map(String::len).sum())
    }

    /// All columns up to the width, the empty ones too.
    fn record(&self) -> StringRecord {
        let empty = std::iter::repeat("");
        self.texts.iter().map(String::as_str).chain(empty).take(self.width).collect()
    }
}

impl<'w> Book<'w> {
    /// Opens a file that begins like a zip.
    pub fn open(path: &Path, watch: &'w Watch<'w>) -> Result<Book<'w>, ExchangeError> {
        let io = |source| trouble(path, source);
        if path.metadata().map_err(io)?.len() > LARGEST {
            let why = format!("it is larger than {} MB: split it, or save the sheet as csv", LARGEST >> 20);
            return Err(refused(path, &why));
        }
        let bytes = BufReader::with_capacity(1 << 16, watch.bytes(path).map_err(io)?);
        let archive = ZipArchive::new(bytes).map_err(|error| io(zipped(error)))?;
        let zip = Zip { archive, budget: Budget::default() };
        if zip.archive.index_for_name("content.xml").is_some() {
            return Ok(Book(Kind::Ods(zip)));
        }
        if zip.archive.index_for_name("xl/workbook.bin").is_some() {
            return Err(refused(path, OLD));
        }
        match xlsx::Workbook::open(zip).map_err(io)? {
            Some(book) => Ok(Book(Kind::Xlsx(book))),
            None => Err(refused(path, "it cannot be read as a workbook (it holds no sheets): save it as xlsx or csv")),
        }
    }

    /// One of its sheets; `None` behind the last.
    fn sheet(&mut self, at: usize) -> Result<Option<Box<dyn Sheet + '_>>, Error> {
        Ok(match &mut self.0 {
            Kind::Xlsx(book) => book.sheet(at)?.map(|sheet| Box::new(sheet) as Box<dyn Sheet>),
            Kind::Ods(zip) => ods::sheet(zip, at)?.map(|sheet| Box::new(sheet) as Box<dyn Sheet>),
        })
    }

    /// The first sheet with a row of names of which one is known, and what stands under that row.
    pub fn rows<'b>(
        &'b mut self,
        path: &Path,
        watch: &'b Watch<'b>,
        known: impl Fn(&str) -> bool,
    ) -> Result<Option<Rows<'b>>, ExchangeError> {
        let owned = path.to_path_buf();
        let io = move |source| trouble(&owned, source);
        let Some((at, number, mut names)) = self.header(watch, known).map_err(&io)? else { return Ok(None) };
        let Some(mut sheet) = self.sheet(at).map_err(&io)? else { return Ok(None) };
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        let mut cells = Cells::new(names.len());
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let row = move || -> Option<Result<Row, ExchangeError>> {
            loop {
                match sheet.next(&mut cells).transpose()? {
                    Ok(line) if line <= number => {}
                    Ok(line) => return Some(Ok((line, cells.record()))),
                    Err(error) => return Some(Err(io(error))),
                }
            }
        };
        Ok(Some(Rows::of(Header::new(file, names), std::iter::from_fn(row), watch)))
    }

    /// Which sheet and which row of it hold the columns' names, and the names.
    fn header(
        &mut self,
        watch: &Watch<'_>,
        known: impl Fn(&str) -> bool,
    ) -> Result<Option<(usize, u64, Vec<String>)>, Error> {
        for at in 0..SHEETS {
            watch.go().map_err(Error::other)?;
            let Some(mut sheet) = self.sheet(at)? else { return Ok(None) };
            let mut cells = Cells::new(MOST_COLUMNS);
            let mut first = None;
            // A title or two may stand above the header.
            while let Some(number) = sheet.next(&mut cells)? {
                if number >= *first.get_or_insert(number) + TITLES {
                    break;
                }
                let named = cells.texts.iter().filter(|cell| !cell.is_empty()).count() >= 2;
                if named && cells.texts.iter().any(|cell| known(cell)) {
                    if cells.wider {
                        return Err(fault(super::table::too_wide()));
                    }
                    return Ok(Some((at, number, std::mem::take(&mut cells.texts))));
                }
            }
        }
        Ok(None)
    }
}

/// What is said of a workbook that is no zip of XML.
pub(super) const OLD: &str = "it is a workbook of an old kind (xls, xlsb): open it and save it as xlsx, ods or csv";

/// A number as people write it.
fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { number.to_string() }
}
