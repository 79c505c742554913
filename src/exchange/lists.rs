//! Lists as sheets, CSV and XLSX: the caseload, or all rows of any record type, with the catalogue's labels as columns.
//!
//! What begins like a formula is disarmed with an apostrophe, so that opening a sheet runs nothing that somebody wrote into
//! a name. Days and times are real ones in XLSX and ISO 8601 in CSV.

use rust_xlsxwriter::{ExcelDateTime, Format as Look, Workbook};

use crate::disclosure::{Handed, Listed};
use crate::model::records::{client, note, signature};
use crate::model::stands::Stands;
use crate::model::{Field, Kind, RecordType, Row, Value};

use super::table::Made;
use super::{ExchangeError, Format, Wanted, Written};

/// The column that says whether a signature still stands.
const STANDS: &str = "Stands under what was signed";
/// Rows and characters that a sheet of Excel's holds.
const ROWS: usize = 1_048_575;
const CHARACTERS: usize = 32_767;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Empty,
    Text(String),
    Number(i64),
    Day(chrono::NaiveDate),
    Time(chrono::NaiveDateTime),
}

/// A list ready to be written.
struct Sheet {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// Writes one list.
pub(super) fn write(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Written, ExchangeError> {
    let sheet = match handed.contents().list {
        Listed::Caseload => caseload(handed, wanted)?,
        Listed::NotesIndex => rows(handed, &note::TYPE, wanted)?,
        Listed::Rows(record) if record.is_the_workers() => own(handed, record, wanted)?,
        Listed::Rows(record) => rows(handed, record, wanted)?,
    };
    let count = sheet.rows.len();
    let bytes = match handed.contents().format {
        Format::Xlsx => workbook(&sheet)?,
        _ => text(&sheet)?,
    };
    Ok(Written::file(bytes, "rows", count))
}

fn caseload(handed: &Handed<'_>, wanted: &Wanted<'_>) -> Result<Sheet, ExchangeError> {
    let columns = [
        "Id",
        "Name",
        "Status",
        "Practice area",
        "Intensity",
        "Phone",
        "Case manager",
        "Last contact",
        "Next appointment",
    ];
    let lines = handed.caseload(&wanted.moment)?.into_iter().map(|one| {
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) };
        let time = |time: Option<chrono::DateTime<chrono::FixedOffset>>| {
            time.map_or(Cell::Empty, |time| Cell::Time(time.naive_local()))
        };
        vec![
            text(&one.id.to_string()),
            text(&one.name),
            text(one.status.label()),
            text(one.area.as_deref().map_or("", |area| crate::model::List::Area.label(area))),
            text(one.intensity.map_or("", crate::model::Intensity::label)),
            text(&one.phone),
            text(&one.worker),
            time(one.last_contact),
            time(one.next_visit),
        ]
    });
    Ok(Sheet { name: "Caseload", columns: columns.map(String::from).into(), rows: lines.collect() })
}

/// A list of the worker's own, which is about no client.
fn own(handed: &Handed<'_>, record: &'static RecordType, wanted: &Wanted<'_>) -> Result<Sheet, ExchangeError> {
    let columns = std::iter::once("Id").chain(record.fields.iter().map(|field| field.label));
    let rows = handed.about_nobody(record)?.into_iter().map(|row| {
        let row = row.here(&wanted.moment);
        let cells = record.fields.iter().map(|field| cell(&row, field));
        std::iter::once(Cell::Text(row.id.to_string())).chain(cells).collect()
    });
    Ok(Sheet { name: record.plural, columns: columns.map(String::from).collect(), rows: rows.collect() })
}

fn rows(handed: &Handed<'_>, record: &'static RecordType, wanted: &Wanted<'_>) -> Result<Sheet, ExchangeError> {
    let fields = handed.fields(record);
    let persons = *record == client::TYPE;
    let mut columns: Vec<String> = vec!["Id".into()];
    if !persons {
        columns.extend(["Client id".into(), "Client".into()]);
    }
    columns.extend(fields.iter().map(|field| field.label.to_string()));
    // A name is not read without whether it still stands under the words that were signed.
    let signed = *record == signature::TYPE;
    columns.extend(signed.then(|| STANDS.into()));
    let mut sheet = Sheet { name: record.plural, columns, rows: Vec::new() };
    let mut add = |row: &Row, name: Option<&str>, stands: Option<&Stands>| {
        let mut cells = vec![Cell::Text(row.id.to_string())];
        if let Some(name) = name {
            cells.extend([Cell::Text(row.stream.to_string()), Cell::Text(name.into())]);
        }
        let row = row.here(&wanted.moment);
        cells.extend(fields.iter().map(|field| cell(&row, field)));
        cells.extend(stands.map(|stands| {
            Cell::Text(match stands {
                Stands::Yes => "yes".into(),
                Stands::Changed(_) => "no: changed since".into(),
                Stands::Broken => "no: altered outside the program".into(),
                Stands::Gone => "no: what was signed is not here".into(),
            })
        }));
        sheet.rows.push(cells);
    };
    handed.by_name::<ExchangeError>(|name, file| {
        if persons {
            std::iter::once(&file.client).chain(&file.also).for_each(|row| add(row, None, None));
            return Ok(());
        }
        let stands = if signed { handed.stands(&file)? } else { Vec::new() };
        for (at, row) in file.of(record).iter().enumerate() {
            add(row, Some(name), stands.get(at));
        }
        Ok(())
    })?;
    Ok(sheet)
}

fn cell(row: &Row, field: &Field) -> Cell {
    match (field.kind, row.get(field.id)) {
        (Kind::Date, Value::Date(day)) => Cell::Day(*day),
        (Kind::Time, Value::Time(time)) => Cell::Time(time.naive_local()),
        (Kind::Whole { .. }, Value::Whole(number)) => Cell::Number(*number),
        (Kind::Yes, Value::Yes(yes)) => Cell::Text(if *yes { "yes" } else { "no" }.into()),
        _ => match row.shown(field) {
            empty if empty.is_empty() => Cell::Empty,
            shown => Cell::Text(shown),
        },
    }
}

fn text(sheet: &Sheet) -> Result<Vec<u8>, ExchangeError> {
    let failed = |error: csv::Error| ExchangeError::Unwritten(error.to_string());
    let mut out = Made::new(csv::Terminator::CRLF);
    out.row(&sheet.columns).map_err(failed)?;
    for row in &sheet.rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Day(day) => day.format("%Y-%m-%d").to_string(),
            Cell::Time(time) => time.format("%Y-%m-%d %H:%M").to_string(),
        });
        out.row(cells).map_err(failed)?;
    }
    out.done().map_err(failed)
}

fn workbook(sheet: &Sheet) -> Result<Vec<u8>, ExchangeError> {
    let failed = |error: rust_xlsxwriter::XlsxError| ExchangeError::Unwritten(error.to_string());
    if sheet.rows.len() > ROWS {
        return Err(ExchangeError::Unwritten(format!(
            "A workbook holds {ROWS} rows, the list has {}: write it as csv, or for some clients",
            sheet.rows.len()
        )));
    }
    let mut book = Workbook::new();
    let (head, day, time) = (
        Look::new().set_bold(),
        Look::new().set_num_format("yyyy-mm-dd"),
        Look::new().set_num_format("yyyy-mm-dd hh:mm"),
    );
    let page = book.add_worksheet();
    page.set_name(sheet.name.chars().filter(|c| !"[]:*?/\\".contains(*c)).take(31).collect::<String>())
        .map_err(failed)?;
    for (name, at) in sheet.columns.iter().zip(0u16..) {
        page.write_string_with_format(0, at, name, &head).map_err(failed)?;
    }
    page.set_freeze_panes(1, 0).map_err(failed)?;
    for (line, row) in sheet.rows.iter().zip(1u32..) {
        for (cell, column) in line.iter().zip(0u16..) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(text) => {
                    let text: String = crate::model::text::cell(text).chars().take(CHARACTERS).collect();
                    page.write_string(row, column, text)
                }
                Cell::Number(number) => page.write_number(row, column, *number as f64),
                // What is before the first day that a sheet can count is text.
                Cell::Day(date) => match dated(date.and_time(chrono::NaiveTime::MIN)) {
                    Some(date) => page.write_datetime_with_format(row, column, date, &day),
                    None => page.write_string(row, column, date.to_string()),
                },
                Cell::Time(moment) => match dated(*moment) {
                    Some(date) => page.write_datetime_with_format(row, column, date, &time),
                    None => page.write_string(row, column, moment.format("%Y-%m-%d %H:%M").to_string()),
                },
            }
            .map_err(failed)?;
        }
    }
    book.save_to_buffer().map_err(failed)
}

fn dated(time: chrono::NaiveDateTime) -> Option<ExcelDateTime> {
    use chrono::{Datelike, Timelike};
    let year = u16::try_from(time.year()).ok().filter(|year| *year >= 1900)?;
    let date = ExcelDateTime::from_ymd(year, time.month() as u8, time.day() as u8).ok()?;
    date.and_hms(time.hour() as u16, time.minute() as u8, f64::from(time.second())).ok()
}
