//! A spreadsheet with a row for each client: columns are matched by name, with common synonyms
//! (`assets/exchange/sheet-columns.toml`), and `--map` for the rest.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use crate::model::records::{appointment, client, goal, note, task};
use crate::model::{
    AppointmentStatus, ClientStatus, ContactKind, Field, GoalStatus, RecordType, RowId, Value, WorkStatus,
};
use crate::store::{Draft, Store};

use super::book::{self, Book};
use super::source::Watch;
use super::table::{Header, Line, Rows};
use super::{ExchangeError, Format, Options, Reading, refused};

/// What a column stands for.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Field(&'static Field),
    /// An id in another system, of that system's name.
    OutsideId(&'static str),
    /// A whole name.
    Name,
    LastContact,
    NextAppointment,
    Note,
    Goal,
    Task,
}

/// Other systems whose ids have a name of their own here.
pub(super) const SYSTEMS: [&str; 3] = ["mrn", "medicaid", "hmis"];

fn synonyms() -> &'static BTreeMap<String, Vec<String>> {
    static SYNONYMS: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    SYNONYMS.get_or_init(|| {
        toml::from_str(include_str!("../../assets/exchange/sheet-columns.toml"))
            .expect("the shipped column names are sound")
    })
}

pub(super) fn read(path: &Path, options: &Options<'_>, watch: &Watch<'_>) -> Result<Reading, ExchangeError> {
    let mut book = None;
    let rows = load(path, &mut book, watch)?;
    let columns = columns(path, &rows.header, options.map)?;
    let mut reading = Reading::of(Format::Sheet);
    for (name, column) in rows.header.names.iter().zip(&columns) {
        if column.is_none() && !name.is_empty() {
            reading.unused_columns.push(name.clone());
        }
    }
    let file = rows.header.file.clone();
    let mut seen: HashMap<RowId, u64> = HashMap::new();
    let all = &mut reading.drafts;
    let count = rows.each(&mut reading.skipped, |line, skipped| match drafts(line, &columns, options) {
        Ok(drafts) => match seen.insert(drafts[0].row, line.number) {
            None => all.extend(drafts),
            Some(other) => {
                let why = format!("the same person as on line {other}; an id or a birth date would tell two apart");
                skipped.push(line.skip("", why));
            }
        },
        Err((at, why)) => skipped.push(line.skip(line.header.names.get(at).map_or("", String::as_str), why)),
    })?;
    reading.read.insert(file, count);
    Ok(reading)
}

/// The file's rows; a workbook stays open in `book` while they are gone through.
fn load<'w>(path: &Path, book: &'w mut Option<Book<'w>>, watch: &'w Watch<'w>) -> Result<Rows<'w>, ExchangeError> {
    let io = |source| ExchangeError::Io { path: path.into(), source };
    let mut head = Vec::new();
    crate::files::open(path).map_err(io)?.take(8).read_to_end(&mut head).map_err(io)?;
    let extension = path.extension().map(|ext| ext.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (zip, old) = (head.starts_with(b"PK\x03\x04"), head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]));
    if !zip && !old {
        if matches!(extension.as_str(), "xlsx" | "ods" | "xls" | "xlsm") {
            return Err(refused(path, "it has the name of a workbook, but it is none"));
        }
        return Rows::open(path, None, watch);
    }
    if old {
        return Err(refused(path, book::OLD));
    }
    let rows = book.insert(Book::open(path, watch)?).rows(path, watch, |cell| known(cell).is_some())?;
    rows.ok_or_else(|| {
        refused(
            path,
            "no sheet in it has a row of column names that are known here; name them with --map \"Column=field\"",
        )
    })
}

/// A name of a column without case, spaces and punctuation.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn known(name: &str) -> Option<Column> {
    let wanted = bare(name);
    let known =
        synonyms().iter().find(|(field, names)| bare(field) == wanted || names.iter().any(|name| bare(name) == wanted));
    match known {
        Some((field, _)) => named(field, name),
        // A list of our own is headed by what the fields are called here.
        None => client::TYPE.fields.iter().find(|field| bare(field.label) == wanted).map(Column::Field),
    }
}

/// The column that a field's name stands for.
fn named(field: &str, header: &str) -> Option<Column> {
    // A column of ids under whatever name: `--map "Chart ref=mrn"`.
    if let Some(system) = SYSTEMS.iter().find(|system| **system == field) {
        return Some(Column::OutsideId(system));
    }
    Some(match field {
        "name" => Column::Name,
        "last_contact" => Column::LastContact,
        "next_appointment" => Column::NextAppointment,
        "note" => Column::Note,
        "goal" => Column::Goal,
        "task" => Column::Task,
        "outside_ids" => Column::OutsideId(match bare(header).as_str() {
            "mrn" | "medicalrecordnumber" => "mrn",
            "medicaidid" => "medicaid",
            "hmisid" | "personalid" => "hmis",
            _ => "sheet",
        }),
        _ => Column::Field(client::TYPE.field_by_name(field)?),
    })
}

fn columns(path: &Path, table: &Header, map: &[(String, String)]) -> Result<Vec<Option<Column>>, ExchangeError> {
    let mut columns: Vec<Option<Column>> = vec![None; table.names.len()];
    for (header, field) in map {
        let at = table.names.iter().position(|name| bare(name) == bare(header));
        let at = at.ok_or_else(|| {
            refused(path, &format!("it has no column \"{header}\"; it has: {}", table.names.join(", ")))
        })?;
        let column = named(field, header).ok_or_else(|| {
            let fields: Vec<&str> = synonyms().keys().map(String::as_str).collect();
            refused(
                path,
                &format!("there is no field \"{field}\" to put a column into; there are: {}", fields.join(", ")),
            )
        })?;
        columns[at] = Some(column);
    }
    for (at, header) in table.names.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
        if columns[at].is_none() {
            columns[at] = known(header).filter(|column| !columns.contains(&Some(*column)));
        }
    }
    let names = |column: &Column| {
        matches!(column, Column::Name)
            || matches!(column, Column::Field(field) if [client::given_name, client::family_name].contains(&field.id))
    };
    if !columns.iter().flatten().any(names) {
        let header: Vec<_> = table.names.iter().take(12).map(|name| crate::model::text::one_line(name)).collect();
        let why = format!(
            "no column holds names (found: {}). Name one with --map \"Column=name\"",
            header.join(", ").chars().take(200).collect::<String>()
        );
        return Err(refused(path, &why));
    }
    Ok(columns)
}

/// A client and what hangs on them, or the column in trouble and why.
fn drafts(line: Line<'_>, columns: &[Option<Column>], options: &Options<'_>) -> Result<Vec<Draft>, (usize, String)> {
    let moment = &options.moment;
    let mut person = new(&client::TYPE, RowId::derived(&["none"]));
    // A list of our own that comes back: whose row it is.
    let mut own: Option<RowId> = None;
    let mut more: Vec<(Column, usize, &str)> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let (Some(column), cell) = (column, line.at(at).trim()) else { continue };
        if cell.is_empty() {
            continue;
        }
        match column {
            Column::OutsideId("sheet") if is_client(cell, options.store) => own = cell.parse().ok(),
            // How they are called, of a list of our own, is not how they are written.
            Column::Name if own.is_some() => {}
            Column::Name => {
                let (given, family) = match cell.split_once(',') {
                    Some((family, given)) => (given.trim(), family.trim()),
                    None => cell.rsplit_once(' ').map_or((cell, ""), |(given, family)| (given.trim(), family)),
                };
                person.values.push((client::given_name, flat(given)));
                person.values.push((client::family_name, flat(family)));
            }
            Column::OutsideId(system) => {
                let id = if cell.contains(':') { cell.to_string() } else { format!("{system}:{cell}") };
                person.members.push((client::outside_ids, id));
            }
            Column::Field(field) if field.kind.is_set() => {
                for word in Field::parse_words(cell) {
                    let element = field.parse_element(&word).map_err(|error| (at, error.why))?;
                    person.members.push((field.id, element));
                }
            }
            Column::Field(field) => {
                let cell = if field.id == client::status { status(cell) } else { cell };
                let value = field.read(cell, moment).map_err(|error| (at, error.why))?;
                person.values.push((field.id, value));
            }
            _ => more.push((*column, at, cell)),
        }
    }
    if let Some(own) = own {
        // What a list tells besides is made from what is here already.
        return Ok(vec![Draft { row: own, stream: own, ..person }]);
    }
    let text = |field| {
        person
            .values
            .iter()
            .find(|(id, _)| *id == field)
            .map_or(String::new(), |(_, value)| value.plain().to_lowercase())
    };
    let id = person.members.iter().find(|(field, _)| *field == client::outside_ids).map(|(_, id)| id.clone());
    let (given, family, born) = (text(client::given_name), text(client::family_name), text(client::birth_date));
    person.row = match &id {
        Some(id) => match id.strip_prefix("hmis:") {
            // The same person as in an HMIS export.
            Some(hmis) => RowId::derived(&["hmis", "client", hmis]),
            None => RowId::derived(&["sheet", "id", id]),
        },
        None if given.is_empty() && family.is_empty() => {
            return Err((0, "the row has neither a name nor an id".into()));
        }
        None => RowId::derived(&["sheet", "person", &given, &family, &born]),
    };
    person.stream = person.row;
    if !person.values.iter().any(|(field, _)| *field == client::status) {
        let closed = person.values.iter().any(|(field, _)| *field == client::closed);
        let status = if closed { ClientStatus::Closed } else { ClientStatus::Active };
        person.values.push((client::status, Value::text(status.code())));
    }
    let stream = person.row;
    let opened = person.values.iter().find_map(|(field, value)| match value {
        Value::Date(day) if *field == client::opened => Some(moment.at(*day, chrono::NaiveTime::MIN)),
        _ => None,
    });
    let contact = more.iter().find(|(column, ..)| *column == Column::LastContact);
    let noted = contact.and_then(|(_, _, cell)| moment.written(cell).ok()).or(opened);
    let mut drafts = vec![person];
    for (column, at, cell) in more {
        let key = |what: &str| RowId::derived(&["sheet", what, &stream.to_string(), cell]);
        let draft = match column {
            Column::LastContact => {
                let when = moment.written(cell).map_err(|why| (at, why))?;
                let values = vec![
                    (note::when, Value::Time(when)),
                    (note::kind, Value::text(ContactKind::Phone.code())),
                    (note::body, Value::text("Last contact, from the spreadsheet")),
                ];
                Draft { record: &note::TYPE, row: key("contact"), stream, values, members: vec![] }
            }
            Column::NextAppointment => {
                let when = moment.written(cell).map_err(|why| (at, why))?;
                let values = vec![
                    (appointment::title, Value::text("Appointment")),
                    (appointment::starts, Value::Time(when)),
                    (appointment::status, Value::text(AppointmentStatus::Planned.code())),
                ];
                Draft { record: &appointment::TYPE, row: key("visit"), stream, values, members: vec![] }
            }
            Column::Note => {
                // A note without a day of its own belongs to the last contact, or to the opening.
                let Some(when) = noted else {
                    drafts[0].values.push((client::about, Value::text(cell)));
                    continue;
                };
                let values = vec![
                    (note::when, Value::Time(when)),
                    (note::kind, Value::text(ContactKind::Record.code())),
                    (note::body, Value::text(cell)),
                ];
                Draft { record: &note::TYPE, row: key("note"), stream, values, members: vec![] }
            }
            Column::Goal => {
                let values = vec![
                    (goal::words, flat(cell)),
                    (goal::progress, Value::Whole(0)),
                    (goal::status, Value::text(GoalStatus::Open.code())),
                ];
                Draft { record: &goal::TYPE, row: key("goal"), stream, values, members: vec![] }
            }
            Column::Task => {
                let values = vec![(task::what, flat(cell)), (task::status, Value::text(WorkStatus::Open.code()))];
                Draft { record: &task::TYPE, row: key("task"), stream, values, members: vec![] }
            }
            _ => continue,
        };
        drafts.push(draft);
    }
    Ok(drafts)
}

/// Whether somebody here goes by this id.
fn is_client(id: &str, store: &Store) -> bool {
    id.parse().is_ok_and(|id| store.row_of(&client::TYPE, id).is_ok_and(|row| row.is_some()))
}

/// What people write for a status.
fn status(cell: &str) -> &str {
    match bare(cell).as_str() {
        "open" | "enrolled" | "current" | "admitted" => ClientStatus::Active.code(),
        "inactive" | "discharged" | "exited" | "done" | "terminated" => ClientStatus::Closed.code(),
        "waitlist" | "waitlisted" | "pending" | "referred" => ClientStatus::Waiting.code(),
        _ => cell,
    }
}

fn flat(text: &str) -> Value {
    text.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

fn new(record: &'static RecordType, row: RowId) -> Draft {
    Draft { record, row, stream: row, values: Vec::new(), members: Vec::new() }
}
