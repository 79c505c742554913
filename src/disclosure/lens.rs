//! What of a client's file a page may tell. A page reads the file through a [`Lens`] and through nothing else: what may not
//! be told is not there, and what was asked for is remembered, so that it can be said what was left out.
//!
//! A page is made twice: once through [`Lens::open`], to learn what it would tell, and once through a lens that holds what
//! the releases allow. Pure.

use std::cell::RefCell;
use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::records::{client, goal, signature};
use crate::model::standing::Standing;
use crate::model::{FieldId, Information, RecordType, Row, Value};
use crate::practice::Practice;
use crate::store::ClientFile;

use super::classes::{Categories, Sorter, leads_to_them};

/// A client's file, as far as it may be told.
pub struct Lens<'a> {
    file: &'a ClientFile,
    /// The person in one row, whoever entered them.
    person: Row,
    sorter: Sorter<'a>,
    /// None: everything.
    allowed: Option<Categories>,
    told: RefCell<Categories>,
}

impl<'a> Lens<'a> {
    /// Shows everything.
    pub fn open(file: &'a ClientFile, practice: &'a Practice) -> Lens<'a> {
        let sorter = Sorter::new(practice, file.of(&goal::TYPE));
        Lens { file, person: file.person(), sorter, allowed: None, told: RefCell::default() }
    }

    /// Shows what is allowed.
    pub fn allowing(self, allowed: Categories) -> Lens<'a> {
        Lens { allowed: Some(allowed), told: RefCell::default(), ..self }
    }

    /// What the page would have told through an open lens, of what it has read so far.
    pub fn told(&self) -> Categories {
        self.told.borrow().clone()
    }

    /// Whether something that tells all of these may be told.
    pub fn may(&self, tells: &Categories) -> bool {
        self.told.borrow_mut().extend(tells);
        self.allowed.as_ref().is_none_or(|allowed| tells.is_subset(allowed))
    }

    pub fn client(&self) -> &Row {
        &self.person
    }

    /// The client's own row, and those of the same person entered again.
    pub fn entries(&self) -> impl Iterator<Item = &'a Row> {
        std::iter::once(&self.file.client).chain(&self.file.also)
    }

    /// Rows of a type of which at least the first line may be told.
    pub fn rows(&self, record: &'static RecordType) -> Vec<&'a Row> {
        self.file.of(record).iter().filter(|row| self.names(row)).collect()
    }

    /// Whether at least the first line of a row may be told.
    pub fn names(&self, row: &Row) -> bool {
        row.record.title_field().is_some_and(|title| self.shows(row, title.id))
    }

    /// Rows of a type, whatever may be told of them: for those that say it themselves.
    pub fn all_rows(&self, record: &RecordType) -> &'a [Row] {
        self.file.of(record)
    }

    /// Whether a row as it was signed may be named: it, and what it became since.
    pub fn names_signed(&self, row: &Row) -> bool {
        self.names(row) && self.now(row).is_none_or(|now| self.names(now))
    }

    /// Whether a field may be told as it was signed or as it is now: only where both may.
    pub fn shows_both(&self, row: &Row, field: FieldId) -> bool {
        self.shows(row, field) && self.now(row).is_none_or(|now| self.shows(now, field))
    }

    fn now(&self, row: &Row) -> Option<&'a Row> {
        self.file.of(row.record).iter().find(|now| now.id == row.id)
    }

    fn shows(&self, row: &Row, field: FieldId) -> bool {
        self.may(&self.sorter.of_field(row, field)) && (!leads(row, field) || self.safely())
    }

    /// Where there is a safe-contact instruction, nobody learns how to reach the client who may not learn that.
    fn safely(&self) -> bool {
        let torn = |row: &Row| row.disagreements.iter().any(|torn| torn.field == client::safe_contact);
        let instructed = self.entries().any(|row| !row.get(client::safe_contact).is_empty() || torn(row));
        !instructed || self.may(&[Information::Violence].into())
    }

    /// What a person reads in a field, on one line or several; empty where there is nothing or it may not be told. Where
    /// sites disagree about something that safety hangs on, all of it.
    pub fn text(&self, row: &Row, id: FieldId) -> String {
        let Some(field) = row.record.field(id.field) else { return String::new() };
        let torn = row.disagreements.iter().find(|torn| torn.field == id && field.safety);
        let text = match (torn, row.get(id)) {
            (Some(torn), _) => torn.sides.iter().map(Value::plain).collect::<Vec<_>>().join("; or: "),
            (None, Value::Time(time)) => time.format("%-d %b %Y, %H:%M").to_string(),
            (None, Value::Date(day)) => day.format("%-d %b %Y").to_string(),
            _ => row.shown(field),
        };
        let text = text.trim();
        if text.is_empty() || !self.shows(row, id) { String::new() } else { text.to_string() }
    }

    /// A text of one field, from all entries of the person.
    pub fn of_person(&self, id: FieldId) -> String {
        let mut found: Vec<String> = Vec::new();
        for text in self.entries().map(|row| self.text(row, id)).filter(|text| !text.is_empty()) {
            if !found.contains(&text) {
                found.push(text);
            }
        }
        found.join("; ")
    }

    pub fn date(&self, row: &Row, id: FieldId) -> Option<NaiveDate> {
        row.date(id).filter(|_| self.shows(row, id))
    }

    pub fn time(&self, row: &Row, id: FieldId) -> Option<DateTime<FixedOffset>> {
        row.time(id).filter(|_| self.shows(row, id))
    }

    pub fn whole(&self, row: &Row, id: FieldId) -> Option<i64> {
        row.whole(id).filter(|_| self.shows(row, id))
    }

    /// The name to call the client by, or, where it may not be told, none.
    pub fn name(&self) -> Option<String> {
        self.shows(self.client(), client::given_name).then(|| self.client().client_name())
    }

    /// First and last name as they stand in other papers, with the name they go by.
    pub fn full_name(&self) -> Option<String> {
        let person = self.client();
        let [given, family, preferred] =
            [client::given_name, client::family_name, client::preferred_name].map(|field| person.text(field).trim());
        let name = self.name()?;
        Some(match (given, preferred) {
            ("", _) | (_, "") => name,
            (given, preferred) if given == preferred => name,
            (given, preferred) => format!("{given} {family} (goes by {preferred})").replace("  ", " "),
        })
    }

    /// Whether a row may be told whole.
    pub fn shows_row(&self, row: &Row) -> bool {
        self.may(&self.sorter.of_row(row))
    }

    /// Whether what was signed under a note may be told: all that the note's fields say now, and all that the signed text
    /// says, which may be more.
    pub fn shows_signed(&self, row: &Row, standing: &Standing<'_>) -> bool {
        let mut tells = self.sorter.of_row(row);
        for signed in &standing.signatures {
            tells.extend(self.sorter.of_signed(row, signed.text(signature::content)));
        }
        self.may(&tells)
    }

    /// Whether what triage says of the client may be told, as far as it lies in its words: a crisis may stand in them.
    pub fn may_say(&self, reason: &str) -> bool {
        self.may(&self.sorter.of_reason(self.entries(), reason))
    }

    /// The categories in words.
    pub fn in_words(all: &BTreeSet<Information>) -> String {
        all.iter().map(|one| one.label()).collect::<Vec<_>>().join(", ")
    }
}

fn leads(row: &Row, field: FieldId) -> bool {
    row.record.field(field.field).is_some_and(leads_to_them)
}
