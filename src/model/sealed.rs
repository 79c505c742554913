//! The text that is put under a name: the words that were read, with the number of each field beside them.
//!
//! ```text
//! Signed text, form 2
//! Case manager: Rosa Ortiz, LCSW
//! # 6 0192f0c0-... Plan
//! 1 Kind: service-plan (Service plan)
//! # 8 0192f0c4-... Step
//! 2 What: call the landlord
//!     on Monday
//! ```
//!
//! A head, then each row that was signed: its record type and its id, and every field that held something as number, label
//! and value. So what was signed is read back without a doubt, and held field by field against what is there now, whatever
//! a label is called by then. A line of a value after its first is indented, so that no value can pass for a field. What
//! was signed before this form is text alone, and is read as that. Pure.

use super::records::{arrangement, goal, plan, step};
use super::{Choices, Field, FieldId, Kind, RecordType, Row, RowId, Shown, Value, record_by_number};

const FORM: &str = "Signed text, form 2";
const CASE_MANAGER: &str = "Case manager: ";
const MORE: &str = "    ";

/// What the program keeps and a reader sees all the same.
const KEPT: [FieldId; 3] = [plan::version, goal::plan, step::goal];

/// What became of a thing, not what was agreed: a step done, a goal on its way, a plan in force. Signed as it stood, and no
/// change of what was signed when it moves on.
const PROGRESS: [FieldId; 10] = [
    plan::status,
    plan::reviewed,
    plan::ended,
    goal::plan,
    goal::progress,
    goal::attainment,
    goal::status,
    step::status,
    step::done_on,
    arrangement::status,
];

/// A signed text, read back.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sealed {
    /// What stands above the rows, as that a note is a late entry; empty where nothing does.
    pub head: String,
    /// Whom the words call "me", by name; empty where nothing was said of it.
    pub case_manager: String,
    /// In the order in which they were read; the first is what was signed, the others belong to it.
    pub parts: Vec<Part>,
}

/// A row as it was signed.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    pub record: u16,
    pub id: RowId,
    fields: Vec<Said>,
}

/// A field as it was signed; of a set, one of its elements.
#[derive(Clone, PartialEq, Debug)]
struct Said {
    number: u16,
    label: String,
    value: String,
}

/// Writes rows down as they are signed. `goals` are the client's, for their words.
pub fn write(head: &str, case_manager: &str, rows: &[&Row], goals: &[Row]) -> String {
    let mut text = format!("{FORM}\n");
    if !head.is_empty() {
        text.push_str(&format!("{head}\n"));
    }
    if !case_manager.is_empty() {
        text.push_str(&format!("{CASE_MANAGER}{case_manager}\n"));
    }
    for row in rows {
        text.push_str(&format!("# {} {} {}\n", row.record.number, row.id, row.record.label));
        for field in row.record.fields.iter().filter(|field| is_signed(field)) {
            for value in values(field, row, goals) {
                let value = value.replace('\n', &format!("\n{MORE}"));
                text.push_str(&format!("{} {}: {value}\n", field.id.field, field.label));
            }
        }
    }
    text
}

/// Reads a signed text; `None` for one of before this form.
pub fn read(content: &str) -> Option<Sealed> {
    let mut lines = content.strip_suffix('\n')?.split('\n');
    if lines.next() != Some(FORM) {
        return None;
    }
    let mut sealed = Sealed::default();
    for line in lines {
        if let Some(row) = line.strip_prefix("# ") {
            let mut words = row.splitn(3, ' ');
            let (record, id) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            sealed.parts.push(Part { record, id, fields: Vec::new() });
        } else if let Some(part) = sealed.parts.last_mut() {
            if let Some(more) = line.strip_prefix(MORE) {
                let said = part.fields.last_mut()?;
                said.value.push('\n');
                said.value.push_str(more);
            } else {
                let (number, rest) = line.split_once(' ')?;
                let (label, value) = rest.split_once(": ")?;
                let number = number.parse().ok()?;
                part.fields.push(Said { number, label: label.into(), value: value.into() });
            }
        } else if let Some(name) = line.strip_prefix(CASE_MANAGER) {
            sealed.case_manager = name.into();
        } else {
            sealed.head = line.into();
        }
    }
    (!sealed.parts.is_empty()).then_some(sealed)
}

impl Sealed {
    /// The words of the first row without the numbers, under the labels that they had.
    pub fn words(&self) -> String {
        let mut text = String::new();
        if !self.head.is_empty() {
            text.push_str(&format!("{}\n", self.head));
        }
        let mut before = None;
        for said in self.parts.first().iter().flat_map(|part| &part.fields) {
            let field = self.parts.first().and_then(|part| part.field(said.number));
            let value = field.map_or(said.value.as_str(), |field| read_out(field, &said.value));
            if before == Some(said.number) {
                // The next element of a set.
                text.pop();
                let between = if field.is_some_and(|field| matches!(field.kind, Kind::Links(_))) { "; " } else { ", " };
                text.push_str(&format!("{between}{value}\n"));
            } else {
                text.push_str(&format!("{}: {value}\n", said.label));
            }
            before = Some(said.number);
        }
        text
    }

    /// The rows as they were signed, of the types that this version knows.
    pub fn rows(&self, stream: RowId) -> Vec<Row> {
        self.parts.iter().filter_map(|part| part.row(stream)).collect()
    }
}

impl Part {
    fn field(&self, number: u16) -> Option<&'static Field> {
        record_by_number(self.record)?.field(number)
    }

    fn row(&self, stream: RowId) -> Option<Row> {
        let record: &'static RecordType = record_by_number(self.record)?;
        let mut row = Row::new(record, self.id, stream);
        for said in &self.fields {
            // A field of a later version is signed all the same; what it says is not known here.
            let Some(field) = record.field(said.number) else { continue };
            let exact = exact(field, &said.value);
            if !field.kind.is_set() {
                row.put(field.id, typed(field, exact));
                continue;
            }
            match row.sets.iter_mut().find(|(number, _)| *number == said.number) {
                Some((_, words)) => words.push(exact.into()),
                None => row.sets.push((said.number, vec![exact.into()])),
            }
        }
        row.sets.iter_mut().for_each(|(_, words)| words.sort());
        Some(row)
    }
}

/// The fields that two rows do not say alike, of those that were agreed: the one as it was signed, the other as it is now.
/// What sites disagree about says something else, whichever value is shown.
pub fn differing(signed: &Row, now: &Row) -> Vec<FieldId> {
    let differs = |field: &&Field| {
        let id = field.id;
        let torn = now.disagreements.iter().any(|torn| torn.field == id);
        let same = match field.kind.is_set() {
            true => signed.words(id) == now.words(id),
            false => {
                let (signed, now) = (signed.get(id), now.get(id));
                signed == now || signed.is_empty() && now.is_empty() || signed.plain() == now.plain()
            }
        };
        is_agreed(field) && (torn || !same)
    };
    now.record.fields.iter().filter(differs).map(|field| field.id).collect()
}

/// Whether a field says what was agreed, and not what became of it.
pub fn is_agreed(field: &Field) -> bool {
    is_signed(field) && !PROGRESS.contains(&field.id)
}

fn is_signed(field: &Field) -> bool {
    field.shown == Shown::Form || KEPT.contains(&field.id)
}

/// A field's value as it is signed, exact to the second: a code with its words where these are the program's own, a goal's
/// id with its words; of a set, each element.
fn values(field: &Field, row: &Row, goals: &[Row]) -> Vec<String> {
    match field.kind {
        Kind::Links("goal") => {
            let words = row.words(field.id).iter().map(|id| {
                let known = goals.iter().find(|goal| goal.id.to_string() == *id);
                known.map_or(id.clone(), |goal| format!("{id} \"{}\"", goal.text(goal::words)))
            });
            words.collect()
        }
        kind if kind.is_set() => row.words(field.id).to_vec(),
        _ if row.get(field.id).is_empty() => Vec::new(),
        Kind::Choice(Choices::Fixed(_)) => {
            let (code, words) = (row.get(field.id).plain(), row.shown(field));
            vec![if code == words { code } else { format!("{code} ({words})") }]
        }
        _ => vec![row.get(field.id).plain()],
    }
}

/// What a signed value stands for, without the words beside it.
fn exact<'a>(field: &Field, value: &'a str) -> &'a str {
    match field.kind {
        Kind::Links("goal") => value.split_once(' ').map_or(value, |(id, _)| id),
        Kind::Choice(Choices::Fixed(_)) => value.split_once(" (").map_or(value, |(code, _)| code),
        _ => value,
    }
}

/// What a reader of a note reads of a signed value: a goal by its words, a choice by its code, which no agency's list
/// changes.
fn read_out<'a>(field: &Field, value: &'a str) -> &'a str {
    match field.kind {
        Kind::Links("goal") => value.split_once(' ').map_or(value, |(_, words)| words),
        _ => exact(field, value),
    }
}

fn typed(field: &Field, text: &str) -> Value {
    let typed = match field.kind {
        Kind::Date => text.parse().ok().map(Value::Date),
        Kind::Time => chrono::DateTime::parse_from_rfc3339(text).ok().map(Value::Time),
        Kind::Whole { .. } => text.parse().ok().map(Value::Whole),
        Kind::Yes => {
            [("yes", true), ("no", false)].iter().find(|(said, _)| *said == text).map(|(_, yes)| Value::Yes(*yes))
        }
        Kind::Link(_) => text.parse().ok().map(Value::Link),
        _ => None,
    };
    typed.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests;
