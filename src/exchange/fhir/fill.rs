//! A draft being filled from a resource: every value is checked against its field before it is put in, so that nothing
//! from outside stops an import.

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::model::text::{lines, one_line};
use crate::model::{FieldId, Kind, RecordType, RowId, Value};
use crate::store::Draft;

/// What is wrong with a resource: where, and what.
pub(super) type Trouble = (&'static str, String);

pub(super) struct Fill {
    pub draft: Draft,
    /// It is our own: its words are taken as they are.
    own: bool,
    /// What could not be taken, the rest being sound.
    pub lost: Vec<String>,
}

impl Fill {
    pub fn new(record: &'static RecordType, row: RowId, stream: RowId, own: bool) -> Fill {
        Fill { draft: Draft { record, row, stream, values: Vec::new(), members: Vec::new() }, own, lost: Vec::new() }
    }

    /// Text of one line, or of several, as the field has it. A phone number may be anything that is dialled.
    pub fn text(&mut self, field: FieldId, text: &str) -> &mut Fill {
        let several = self.draft.record.field(field.field).is_some_and(|field| matches!(field.kind, Kind::Text));
        let text = match (self.own, several) {
            (true, _) => text.to_string(),
            (_, true) => lines(text).trim_end().to_string(),
            (_, false) => one_line(text).split_whitespace().collect::<Vec<_>>().join(" "),
        };
        self.value(field, text.into())
    }

    pub fn day(&mut self, field: FieldId, day: Result<Option<NaiveDate>, String>) -> &mut Fill {
        match day {
            Ok(day) => self.value(field, day.into()),
            Err(why) => self.lose(why),
        }
    }

    pub fn time(&mut self, field: FieldId, time: Result<Option<DateTime<FixedOffset>>, String>) -> &mut Fill {
        match time {
            Ok(time) => self.value(field, time.into()),
            Err(why) => self.lose(why),
        }
    }

    /// Sets what the file says; what it does not say is left as it is here.
    pub fn value(&mut self, field: FieldId, value: Value) -> &mut Fill {
        let blank = value.is_empty() || matches!(&value, Value::Text(text) if text.trim().is_empty());
        if blank {
            return self;
        }
        if let Some(kind) = self.draft.record.field(field.field) {
            match kind.check(&value) {
                Ok(()) => self.draft.values.push((field, value)),
                Err(why) => return self.lose(why.to_string()),
            }
        }
        self
    }

    /// An element of a set.
    pub fn member(&mut self, field: FieldId, element: &str) -> &mut Fill {
        let element = one_line(element).trim().to_string();
        let fits = match self.draft.record.field(field.field).map(|field| field.kind) {
            Some(Kind::Choices(choices)) => choices.holds(&element),
            _ => !element.is_empty(),
        };
        if fits && !self.draft.members.iter().any(|(known, word)| *known == field && *word == element) {
            self.draft.members.push((field, element));
        }
        self
    }

    fn lose(&mut self, why: String) -> &mut Fill {
        self.lost.push(why);
        self
    }

    /// The draft, if it has all that its type asks for.
    pub fn done(self) -> Result<(Draft, Vec<String>), Trouble> {
        let missing = self
            .draft
            .record
            .fields
            .iter()
            .find(|field| field.required && !self.draft.values.iter().any(|(known, _)| *known == field.id));
        match missing {
            Some(field) => {
                let because = self.lost.first().map_or(String::new(), |why| format!(" ({why})"));
                Err((
                    field.name,
                    format!(
                        "it says nothing of what a {} needs: {}{because}",
                        self.draft.record.label.to_lowercase(),
                        field.label.to_lowercase()
                    ),
                ))
            }
            None => Ok((self.draft, self.lost)),
        }
    }
}
