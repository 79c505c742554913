//! A text file of rows and columns: its encoding, its separator, its rows with their line numbers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{ExchangeError, Skipped, refused};

/// More than this in one file is not a caseload.
const MAX_BYTES: u64 = 2 << 30;

/// A table in memory. Rows that do not fit its header are skipped and named.
pub(super) struct Table {
    pub file: String,
    pub header: Vec<String>,
    /// The line each row starts on, and its cells: as many as the header has.
    pub rows: Vec<(u64, csv::StringRecord)>,
    columns: HashMap<String, usize>,
}

/// One row of a [`Table`].
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub table: &'a Table,
    pub number: u64,
    cells: &'a csv::StringRecord,
}

impl Table {
    /// Reads a file of text with the given separator, or the one that its first line suggests.
    pub fn read(path: &Path, separator: Option<u8>, skipped: &mut Vec<Skipped>) -> Result<Table, ExchangeError> {
        let io = |source| ExchangeError::Io { path: path.into(), source };
        if std::fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
            return Err(refused(path, "it is larger than 2 GB"));
        }
        let text = decode(std::fs::read(path).map_err(io)?).ok_or_else(|| refused(path, "it is not a text file"))?;
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let separator = separator.unwrap_or_else(|| sniff(&text));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let first = records.next().transpose().map_err(|error| refused(path, &error.to_string()))?;
        let header: Vec<String> = first.ok_or_else(|| refused(path, "it is empty"))?.iter().map(String::from).collect();
        let mut rows = Vec::new();
        let mut lines = LineCounter { text: text.as_bytes(), at: 0, line: 1 };
        for record in records {
            let record = record.map_err(|error| refused(path, &error.to_string()))?;
            let line = lines.line_of(record.position().map_or(0, csv::Position::byte));
            if record.iter().all(str::is_empty) {
                continue;
            }
            // Spreadsheets leave off empty cells at the end of a row.
            let extra = record.iter().skip(header.len()).any(|cell| !cell.is_empty());
            let short = record.len() < header.len() && separator == b',' && record.len() * 2 < header.len();
            if extra || short {
                let reason = format!("{} cells instead of {}", record.len(), header.len());
                skipped.push(Skipped { file: file.clone(), line, column: String::new(), reason });
                continue;
            }
            rows.push((line, record));
        }
        Ok(Table::new(file, header, rows))
    }

    pub fn new(file: String, header: Vec<String>, rows: Vec<(u64, csv::StringRecord)>) -> Table {
        let columns = header.iter().enumerate().map(|(at, name)| (name.to_lowercase(), at)).collect();
        Table { file, header, rows, columns }
    }

    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|(number, cells)| Line { table: self, number: *number, cells })
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(&name.to_lowercase()).copied()
    }
}

impl<'a> Line<'a> {
    /// The cell in a column; empty where there is no such column.
    pub fn get(self, column: &str) -> &'a str {
        self.table.column(column).map_or("", |at| self.at(at))
    }

    pub fn at(self, column: usize) -> &'a str {
        self.cells.get(column).unwrap_or("")
    }

    pub fn skip(self, column: &str, reason: impl Into<String>) -> Skipped {
        Skipped { file: self.table.file.clone(), line: self.number, column: column.into(), reason: reason.into() }
    }
}

/// Counts lines as rows go by: the reader's own count is one behind where lines end in CR LF.
struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line on which the row that begins at (or after line ends at) this byte stands; the first is 1.
    fn line_of(&mut self, byte: u64) -> u64 {
        let mut to = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        while self.text.get(to).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            to += 1;
        }
        self.line += self.text[self.at.min(to)..to].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = to;
        self.line
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

/// Text of a file: UTF-8, UTF-16 with its mark, or else Windows-1252. `None` for what is not text.
pub(super) fn decode(bytes: Vec<u8>) -> Option<String> {
    let text = match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, _)) => encoding.decode(&bytes).0.into_owned(),
        None => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
        },
    };
    (!text.contains('\0')).then_some(text)
}

/// The separator that parts the first line into most columns.
fn sniff(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    let best = [b'\t', b';', b'|', b','].into_iter().max_by_key(count);
    best.unwrap_or(b',')
}
