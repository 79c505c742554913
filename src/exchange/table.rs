//! Rows and columns: a text file's separator, its rows with their line numbers, gone through one by one.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::StringRecord;

use crate::model::{LONGEST, text};

use super::source::{Watch, trouble};
use super::{ExchangeError, Skipped, refused};

/// Columns that a table may have.
pub(super) const MOST_COLUMNS: usize = 4096;

/// Bytes of one row of text, its quoted line ends included.
const LONGEST_ROW: u64 = 256 << 20;

/// What is said of a table that has more.
pub(super) fn too_wide() -> String {
    format!("it has more than {MOST_COLUMNS} columns: leave out those that nobody needs")
}

/// What a table's columns are called.
pub(super) struct Header {
    pub file: String,
    pub names: Vec<String>,
    columns: HashMap<String, usize>,
}

impl Header {
    pub fn new(file: String, names: Vec<String>) -> Header {
        let columns = names.iter().enumerate().map(|(at, name)| (name.to_lowercase(), at)).collect();
        Header { file, names, columns }
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(&name.to_lowercase()).copied()
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub header: &'a Header,
    /// The line of the file it begins on; the first is 1.
    pub number: u64,
    cells: &'a StringRecord,
}

impl<'a> Line<'a> {
    /// The cell in a column; empty where there is no such column.
    pub fn get(self, column: &str) -> &'a str {
        self.header.column(column).map_or("", |at| self.at(at))
    }

    /// The cell in a column, as it was before it was disarmed on its way out.
    pub fn at(self, column: usize) -> &'a str {
        text::from_cell(self.cells.get(column).unwrap_or(""))
    }

    pub fn skip(self, column: &str, reason: impl Into<String>) -> Skipped {
        Skipped { file: self.header.file.clone(), line: self.number, column: column.into(), reason: reason.into() }
    }
}

/// A table of which only the row at hand is in memory.
pub(super) struct Rows<'w> {
    pub header: Header,
    rows: Box<dyn Iterator<Item = Result<Row, ExchangeError>> + 'w>,
    watch: &'w Watch<'w>,
}

/// The line it begins on, and its cells.
pub(super) type Row = (u64, StringRecord);

impl<'w> Rows<'w> {
    /// Opens a file of text with the given separator, or the one that its first line suggests.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where it is empty or no text.
    pub fn open(path: &Path, separator: Option<u8>, watch: &'w Watch<'w>) -> Result<Rows<'w>, ExchangeError> {
        let mut from = BufReader::with_capacity(1 << 16, watch.text(path)?);
        let separator = match separator {
            Some(separator) => separator,
            None => sniff(from.fill_buf().map_err(|error| trouble(path, error))?),
        };
        let starts = Rc::new(RefCell::new(VecDeque::new()));
        let row = Rc::new(Cell::new(0));
        let lines = Lines { from, at: 0, line: 1, begins: true, starts: Rc::clone(&starts), row: Rc::clone(&row) };
        let mut records = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(lines)
            .into_records();
        let owned = path.to_path_buf();
        let bad = move |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(source) => trouble(&owned, source),
            other => refused(&owned, &format!("it cannot be read as a table ({other:?})")),
        };
        let first = records.next().transpose().map_err(&bad)?.ok_or_else(|| refused(path, "it is empty"))?;
        if first.len() > MOST_COLUMNS {
            return Err(refused(path, &too_wide()));
        }
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut line = 1;
        let rows = records.map(move |record| {
            let record = record.map_err(&bad)?;
            row.set(0);
            let byte = record.position().map_or(0, csv::Position::byte);
            // Where the row's first letter stands: line ends before it are passed over.
            while let Some((start, number)) = starts.borrow_mut().pop_front() {
                line = number;
                if start >= byte {
                    break;
                }
            }
            Ok((line, record))
        });
        let names = first.iter().map(String::from).collect();
        Ok(Rows { header: Header::new(file, names), rows: Box::new(rows), watch })
    }

    /// Of rows that come from elsewhere.
    pub fn of(
        header: Header,
        rows: impl Iterator<Item = Result<Row, ExchangeError>> + 'w,
        watch: &'w Watch<'w>,
    ) -> Rows<'w> {
        Rows { header, rows: Box::new(rows), watch }
    }

    /// Goes through all rows and gives how many there were. Those that do not fit the header are skipped and named, and
    /// `take` names more.
    ///
    /// # Errors
    /// Where the file cannot be read to its end, or reading was told to stop.
    pub fn each(
        self,
        skipped: &mut Vec<Skipped>,
        mut take: impl FnMut(Line<'_>, &mut Vec<Skipped>),
    ) -> Result<u64, ExchangeError> {
        self.each_record(skipped, |header, number, cells, skipped| {
            take(Line { header, number, cells: &cells }, skipped);
        })
        .map(|(_, count)| count)
    }

    /// All rows, held.
    ///
    /// # Errors
    /// As [`Rows::each`].
    pub fn held(self, skipped: &mut Vec<Skipped>) -> Result<Table, ExchangeError> {
        let mut rows = Vec::new();
        let (header, _) = self.each_record(skipped, |_, number, cells, _| rows.push((number, cells)))?;
        Ok(Table { header, rows })
    }

    fn each_record(
        self,
        skipped: &mut Vec<Skipped>,
        mut take: impl FnMut(&Header, u64, StringRecord, &mut Vec<Skipped>),
    ) -> Result<(Header, u64), ExchangeError> {
        let Rows { header, rows, watch } = self;
        let wanted = header.names.len();
        let mut count = 0;
        for row in rows {
            let (number, cells) = row?;
            if cells.iter().all(str::is_empty) {
                continue;
            }
            // Spreadsheets leave off empty cells at the end of a row.
            let extra = cells.iter().skip(wanted).any(|cell| !cell.is_empty());
            if extra || cells.len() * 2 < wanted {
                let reason = format!("{} cells instead of {wanted}", cells.len());
                let file = header.file.clone();
                skipped.push(Skipped { file, line: number, column: String::new(), reason });
                continue;
            }
            if let Some(at) = cells.iter().position(|cell| cell.len() > LONGEST) {
                let reason = format!("it is {} MB long; 1 MB is the most", cells[at].len() >> 20);
                let column = header.names.get(at).cloned().unwrap_or_default();
                skipped.push(Skipped { file: header.file.clone(), line: number, column, reason });
                continue;
            }
            count += 1;
            if count % 1024 == 0 {
                watch.go()?;
            }
            take(&header, number, cells, skipped);
        }
        Ok((header, count))
    }
}

/// A table of which all rows are in memory.
pub(super) struct Table {
    header: Header,
    rows: Vec<Row>,
}

impl Table {
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|(number, cells)| Line { header: &self.header, number: *number, cells })
    }
}

/// A table of text that goes out: every cell of every format is disarmed on its way through here.
pub(super) struct Made(csv::Writer<Vec<u8>>);

impl Made {
    pub fn new(ends: csv::Terminator) -> Made {
        Made(csv::WriterBuilder::new().terminator(ends).from_writer(Vec::new()))
    }

    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> csv::Result<()> {
        for cell in cells {
            self.0.write_field(&*text::cell(cell.as_ref()))?;
        }
        self.0.write_record(None::<&[u8]>)
    }

    pub fn done(self) -> csv::Result<Vec<u8>> {
        self.0.into_inner().map_err(|error| csv::Error::from(std::io::Error::from(error.error().kind())))
    }
}

/// Takes note, as text goes by, of where its lines begin that hold something: the reader's own count is one behind where
/// lines end in CR LF.
struct Lines<R> {
    from: R,
    at: u64,
    line: u64,
    /// Nothing of this line has come yet.
    begins: bool,
    /// The byte and the number of every line not yet asked for.
    starts: Rc<RefCell<VecDeque<(u64, u64)>>>,
    /// Bytes since the last row was taken: a quote that nobody closed would hold the whole file in one cell.
    row: Rc<Cell<u64>>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        let mut starts = self.starts.borrow_mut();
        for (byte, at) in buffer[..read].iter().zip(self.at..) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.begins = true;
                }
                b'\r' => {}
                _ if std::mem::take(&mut self.begins) => starts.push_back((at, self.line)),
                _ => {}
            }
        }
        self.at += read as u64;
        self.row.set(self.row.get() + read as u64);
        if self.row.get() > LONGEST_ROW {
            let why = format!(
                "a row of it is longer than {} MB: a quote may have been opened there that is not closed",
                LONGEST_ROW >> 20
            );
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, why));
        }
        Ok(read)
    }
}

/// A file in a folder, whatever the case of its name.
pub(super) fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Some(exact);
    }
    let entries = std::fs::read_dir(folder).ok()?;
    entries.filter_map(Result::ok).find(|entry| entry.file_name().eq_ignore_ascii_case(name)).map(|entry| entry.path())
}

/// The separator that parts the first line into most columns.
fn sniff(text: &[u8]) -> u8 {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| first.iter().filter(|byte| *byte == separator).count();
    let best = [b'\t', b';', b'|', b','].into_iter().max_by_key(count);
    best.unwrap_or(b',')
}
