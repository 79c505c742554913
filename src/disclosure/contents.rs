//! What goes into which file for another program: of which types of rows, and which of their fields. A format is handed this
//! and nothing else ([`super::Handed`]), and the releases are asked about this and nothing else.

use crate::model::records::{
    appointment, assessment, benefit, care_team, client, consent, enrollment, goal, medication, need, note, plan,
    referral, relationship, stay, step, task, worker,
};
use crate::model::{CATALOGUE, FieldId, RecordType, Row, Value, record_by_name};

/// A format of the field. Some can only be read, some only be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// HUD HMIS CSV: a folder of files.
    Hmis,
    /// HL7 FHIR R4: a bundle, or lines with a resource each.
    Fhir,
    /// A spreadsheet with a row for each client: csv, tsv, xlsx, ods.
    Sheet,
    /// Appointments as iCalendar.
    Ics,
    /// Care teams as vCard.
    Vcard,
    /// A resource directory as Open Referral HSDS 3.
    Hsds,
    /// Everything as JSON.
    Json,
    /// One list as a table of text.
    Csv,
    /// One list as a workbook.
    Xlsx,
}

/// What is told apart by a format's name: its name on the command line and in `--json`, the author of what comes in from
/// it in the journal (empty: it is never read), and whether it can be written.
const FORMATS: &[(Format, &str, &str, bool)] = &[
    (Format::Hmis, "hmis-csv", "hmis", true),
    (Format::Fhir, "fhir", "fhir", true),
    (Format::Sheet, "sheet", "sheet", false),
    (Format::Ics, "ics", "ics", true),
    (Format::Vcard, "vcard", "vcard", true),
    (Format::Hsds, "hsds", "hsds", true),
    (Format::Json, "json", "", true),
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

/// How somebody is called.
const NAMES: &[FieldId] = &[client::given_name, client::family_name, client::preferred_name];

/// Record types that FHIR has a place for.
pub const FHIR: &[&RecordType] = &[
    &relationship::TYPE,
    &care_team::TYPE,
    &enrollment::TYPE,
    &need::TYPE,
    &plan::TYPE,
    &goal::TYPE,
    &step::TYPE,
    &appointment::TYPE,
    &task::TYPE,
    &note::TYPE,
    &consent::TYPE,
    &benefit::TYPE,
    &medication::TYPE,
    &assessment::TYPE,
    &referral::TYPE,
    &stay::TYPE,
];

/// Record types that HMIS has a place for.
const HMIS: &[&RecordType] = &[&enrollment::TYPE, &need::TYPE, &note::TYPE, &relationship::TYPE];

/// The list that a file holds which holds one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Listed {
    /// Of clients, as the caseload pane has it.
    Caseload,
    /// Of notes, without what was written.
    NotesIndex,
    /// Of all rows of a type.
    Rows(&'static RecordType),
}

impl Listed {
    /// By the name of a record type, or what several of them are called (`task`, `tasks`, `care-team`), or of a view.
    ///
    /// # Errors
    /// With the names that there are.
    pub fn named(name: &str) -> Result<Listed, String> {
        let known = name.to_lowercase().replace([' ', '-'], "_");
        let plural = |record: &RecordType| record.plural.to_lowercase().replace([' ', '-'], "_");
        let record =
            record_by_name(&known).or_else(|| CATALOGUE.iter().copied().find(|record| plural(record) == known));
        match (known.as_str(), record.filter(|record| **record != worker::TYPE)) {
            ("caseload", _) => Ok(Listed::Caseload),
            ("notes_index", _) => Ok(Listed::NotesIndex),
            (_, Some(record)) => Ok(Listed::Rows(record)),
            (_, None) => {
                let all = CATALOGUE.iter().filter(|record| **record != &worker::TYPE).map(|record| record.name);
                let all: Vec<&str> = ["caseload", "notes-index"].into_iter().chain(all).collect();
                Err(format!("There is no list \"{name}\". There are: {}", all.join(", ")))
            }
        }
    }
}

/// What a file for another program is to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    pub format: Format,
    /// For a format that holds one list.
    pub list: Listed,
    /// Whole names and what an appointment is for, where a format would otherwise give initials.
    pub names: bool,
    /// Places and addresses where a format would otherwise leave them out.
    pub places: bool,
    /// All that was ever written, too, where a format holds that.
    pub history: bool,
}

/// A type of rows, and the fields of it that go out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub record: &'static RecordType,
    fields: Fields,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fields {
    All,
    These(&'static [FieldId]),
    AllBut(FieldId),
}

impl Part {
    const fn whole(record: &'static RecordType) -> Part {
        Part { record, fields: Fields::All }
    }

    const fn of(record: &'static RecordType, these: &'static [FieldId]) -> Part {
        Part { record, fields: Fields::These(these) }
    }

    pub fn holds(&self, field: FieldId) -> bool {
        match self.fields {
            Fields::All => true,
            Fields::These(these) => these.contains(&field),
            Fields::AllBut(one) => field != one,
        }
    }

    /// Takes out of a row what does not go out.
    pub fn keep(&self, row: &mut Row) {
        if self.fields == Fields::All {
            return;
        }
        for (field, value) in row.record.fields.iter().zip(&mut row.values) {
            if !self.holds(field.id) {
                *value = Value::Empty;
            }
        }
        let record = row.record.number;
        row.sets.retain(|(field, _)| self.holds(FieldId { record, field: *field }));
        row.disagreements.retain(|torn| self.holds(torn.field));
    }
}

const APPOINTMENT: &[FieldId] = &[appointment::starts, appointment::minutes, appointment::status];
const NAMED: &[FieldId] = &[appointment::starts, appointment::minutes, appointment::status, appointment::title];
const PLACED: &[FieldId] = &[appointment::starts, appointment::minutes, appointment::status, appointment::place];
const BOTH: &[FieldId] =
    &[appointment::starts, appointment::minutes, appointment::status, appointment::title, appointment::place];

const CASELOAD: &[FieldId] = &[
    client::given_name,
    client::family_name,
    client::preferred_name,
    client::status,
    client::area,
    client::intensity,
    client::phone,
    client::worker,
];

impl Contents {
    /// A file of a format as it is where nothing else is asked for.
    pub fn of(format: Format) -> Contents {
        Contents { format, list: Listed::Caseload, names: false, places: false, history: false }
    }

    /// What goes out, the person's own row first. None: it holds no client's data.
    pub(super) fn parts(&self) -> Vec<Part> {
        let with = |person: Part, records: &[&'static RecordType]| -> Vec<Part> {
            let rest = records.iter().copied().filter(|record| !record.opens_stream() && !record.is_the_workers());
            std::iter::once(person).chain(rest.map(Part::whole)).collect()
        };
        let (named, person) = (Part::of(&client::TYPE, NAMES), Part::whole(&client::TYPE));
        match self.format {
            Format::Json => with(person, CATALOGUE),
            Format::Fhir => with(person, FHIR),
            Format::Hmis => with(person, HMIS),
            Format::Ics => {
                let fields = match (self.names, self.places) {
                    (false, false) => APPOINTMENT,
                    (true, false) => NAMED,
                    (false, true) => PLACED,
                    (true, true) => BOTH,
                };
                vec![named, Part::of(&appointment::TYPE, fields)]
            }
            // Whose care it is stands in no card, but whoever gets the cards of somebody knows whose they are.
            Format::Vcard => vec![named, Part::whole(&care_team::TYPE)],
            // A directory of services, and what can only be read.
            Format::Hsds | Format::Sheet => Vec::new(),
            Format::Csv | Format::Xlsx => match self.list {
                Listed::Caseload => vec![
                    Part::of(&client::TYPE, CASELOAD),
                    Part::of(&note::TYPE, &[note::when, note::kind]),
                    Part::of(&appointment::TYPE, &[appointment::starts, appointment::status]),
                ],
                Listed::NotesIndex => vec![named, Part { record: &note::TYPE, fields: Fields::AllBut(note::body) }],
                Listed::Rows(record) if record.is_the_workers() => Vec::new(),
                Listed::Rows(record) if record.opens_stream() => vec![person],
                Listed::Rows(record) => vec![named, Part::whole(record)],
            },
        }
    }

    /// Whether it holds clients' data at all.
    pub fn is_of_clients(&self) -> bool {
        !self.parts().is_empty()
    }

    /// Whether somebody whose case is closed goes out where nobody is named.
    pub(super) fn closed_too(&self) -> bool {
        match self.format {
            Format::Ics => false,
            Format::Csv | Format::Xlsx => self.list != Listed::Caseload,
            Format::Hmis | Format::Fhir | Format::Sheet | Format::Vcard | Format::Hsds | Format::Json => true,
        }
    }
}
