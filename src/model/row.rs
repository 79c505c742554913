//! One row of any record type, as the journal's entries make it.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::records::client;
use super::{Field, FieldId, Kind, Moment, RecordType, RowId, Value};

/// A row as a person sees it. Fields not filled in are [`Value::Empty`]; sets are sorted.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    pub record: &'static RecordType,
    pub id: RowId,
    /// The client (or worker) whose stream the row belongs to.
    pub stream: RowId,
    /// One for each field of the record type, in order.
    pub values: Vec<Value>,
    /// The elements of the fields that are sets, by field number.
    pub sets: Vec<(u16, Vec<String>)>,
    /// Fields that sites set differently without knowing of each other.
    pub disagreements: Vec<Disagreement>,
    /// Deleted by one site while another edited it: kept in sight until someone decides.
    pub deleted_elsewhere: bool,
    /// Others wrote about this client, and whoever entered them has not been heard yet: nothing is known but that.
    pub awaited: bool,
    /// Of a signature, where its words do not tell: by whose installation it was given.
    pub by: Option<By>,
}

/// By whose installation something was signed.
#[derive(Clone, PartialEq, Debug)]
pub struct By {
    /// As this caseload calls them.
    pub person: String,
    /// Whether it counts as what it says it is.
    pub counts: bool,
}

/// Several values of one field, none of which replaced another. The first is the one shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Disagreement {
    pub field: FieldId,
    pub sides: Vec<Value>,
}

impl Row {
    pub fn new(record: &'static RecordType, id: RowId, stream: RowId) -> Row {
        Row {
            record,
            id,
            stream,
            values: vec![Value::Empty; record.fields.len()],
            sets: Vec::new(),
            disagreements: Vec::new(),
            deleted_elsewhere: false,
            by: None,
            awaited: false,
        }
    }

    /// The value of a field that is not a set.
    pub fn get(&self, field: FieldId) -> &Value {
        debug_assert_eq!(field.record, self.record.number, "a field of another record type");
        self.values.get(usize::from(field.field) - 1).unwrap_or(&Value::Empty)
    }

    pub fn put(&mut self, field: FieldId, value: impl Into<Value>) {
        debug_assert_eq!(field.record, self.record.number, "a field of another record type");
        self.values[usize::from(field.field) - 1] = value.into();
    }

    /// The text of a field; empty where there is none.
    pub fn text(&self, field: FieldId) -> &str {
        match self.get(field) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    pub fn date(&self, field: FieldId) -> Option<NaiveDate> {
        match self.get(field) {
            Value::Date(day) => Some(*day),
            _ => None,
        }
    }

    pub fn time(&self, field: FieldId) -> Option<DateTime<FixedOffset>> {
        match self.get(field) {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }

    pub fn whole(&self, field: FieldId) -> Option<i64> {
        match self.get(field) {
            Value::Whole(number) => Some(*number),
            _ => None,
        }
    }

    pub fn yes(&self, field: FieldId) -> bool {
        matches!(self.get(field), Value::Yes(true))
    }

    pub fn link(&self, field: FieldId) -> Option<RowId> {
        match self.get(field) {
            Value::Link(row) => Some(*row),
            _ => None,
        }
    }

    /// The elements of a set, sorted.
    pub fn words(&self, field: FieldId) -> &[String] {
        self.sets.iter().find(|(number, _)| *number == field.field).map_or(&[], |(_, words)| words)
    }

    /// Whether a field is filled in, by whichever site where they disagree.
    pub fn holds(&self, field: &Field) -> bool {
        let torn = self.disagreements.iter().any(|torn| torn.field == field.id);
        torn || if field.kind.is_set() { !self.words(field.id).is_empty() } else { !self.get(field.id).is_empty() }
    }

    /// The field that the worker has yet to choose; none where the row asks for nothing more.
    pub fn unasked(&self) -> Option<&'static Field> {
        let settled = |field: &Field| match (field.settles, self.get(field.id)) {
            ([], _) | (_, Value::Empty) => false,
            (["*"], _) => true,
            (codes, value) => codes.contains(&value.plain().as_str()),
        };
        let fields = self.record.fields;
        fields.iter().find(|field| field.asked && !self.holds(field)).filter(|_| !fields.iter().any(settled))
    }

    /// The row with its times on the clock of this place, for people to read. A signature is not read off it: it holds for
    /// what was written.
    #[must_use]
    pub fn here(&self, moment: &Moment) -> Row {
        let mut row = self.clone();
        let sides = row.disagreements.iter_mut().flat_map(|torn| &mut torn.sides);
        for value in row.values.iter_mut().chain(sides) {
            if let Value::Time(time) = value {
                *time = moment.local(*time);
            }
        }
        row
    }

    /// What a person reads in this field: labels for choices, sets separated by commas.
    pub fn shown(&self, field: &Field) -> String {
        match field.kind {
            Kind::Choices(choices) => {
                let label = |code: &String| choices.find(code).map_or(code.as_str(), |choice| choice.label).to_string();
                self.words(field.id).iter().map(label).collect::<Vec<_>>().join(", ")
            }
            kind if kind.is_set() => self.words(field.id).join(", "),
            _ => field.shown(self.get(field.id)),
        }
    }

    /// `{id, client, <every field>}` with stable keys: what `--json` shows.
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("id".into(), self.id.to_string().into());
        if !self.record.opens_stream() {
            object.insert("client_id".into(), self.stream.to_string().into());
        }
        for field in self.record.fields {
            let value =
                if field.kind.is_set() { self.words(field.id).to_vec().into() } else { self.get(field.id).to_json() };
            object.insert(field.name.into(), value);
        }
        if !self.disagreements.is_empty() {
            let sides = self.disagreements.iter().filter_map(|disagreement| {
                let name = self.record.field(disagreement.field.field)?.name;
                Some((name.to_string(), disagreement.sides.iter().map(Value::to_json).collect()))
            });
            object.insert("conflicts".into(), serde_json::Value::Object(sides.collect()));
        }
        if self.deleted_elsewhere {
            object.insert("deleted_elsewhere".into(), true.into());
        }
        object.into()
    }

    /// The name to call a client by; never empty, so that a list never shows a blank line.
    pub fn client_name(&self) -> String {
        let given = match self.text(client::preferred_name).trim() {
            "" => self.text(client::given_name).trim(),
            preferred => preferred,
        };
        let family = self.text(client::family_name).trim();
        match (given, family) {
            ("", "") => match self.words(client::outside_ids).first() {
                Some(outside) => format!("(no name, {outside})"),
                None if self.awaited => format!("(not here yet, {})", self.id.short()),
                None => format!("(no name, {})", self.id.short()),
            },
            ("", one) | (one, "") => one.to_string(),
            (given, family) => format!("{given} {family}"),
        }
    }
}
impl Field {
    /// A value of this field as a person reads it.
    pub fn shown(&self, value: &Value) -> String {
        match (self.kind, value) {
            (Kind::Choice(choices), Value::Text(code)) => {
                choices.find(code).map_or(code.clone(), |choice| choice.label.to_string())
            }
            (Kind::Repeat, Value::Text(rule)) => super::series::in_words(rule),
            (Kind::Time, Value::Time(time)) => time.format("%a %-d %b %Y %H:%M").to_string(),
            (Kind::Date, Value::Date(day)) => day.format("%a %-d %b %Y").to_string(),
            (Kind::Whole { unit: "%", .. }, Value::Whole(number)) => format!("{number}%"),
            (Kind::Whole { unit, .. }, Value::Whole(number)) => format!("{number} {unit}"),
            (_, value) => value.plain(),
        }
    }
}
