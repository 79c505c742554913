//! A change: what one action of the user does, checked at the door so that everything behind it can trust it.
//!
//! A form, the command line and an import all end here; the store takes nothing else.

use super::records::client;
use super::{Choice, Field, FieldId, Kind, RecordType, Row, RowId, Value, record_by_number};

/// One action of the user. Committed whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What was done, in words for the history and for undo: "log contact", "edit client".
    pub label: String,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new row in a client's stream. For a record type that opens a stream, `row` and `stream` are the same.
    Create {
        record: &'static RecordType,
        row: RowId,
        stream: RowId,
    },
    /// Sets a field that is not a set; [`Value::Empty`] clears it.
    Set {
        row: RowId,
        field: FieldId,
        value: Value,
    },
    /// Adds or removes one element of a field that is a set.
    Member {
        row: RowId,
        field: FieldId,
        element: String,
        present: bool,
    },
    Delete {
        record: &'static RecordType,
        row: RowId,
    },
    /// Says that a row stays, against a deletion made elsewhere.
    Keep {
        record: &'static RecordType,
        row: RowId,
    },
}

/// Why a change is refused, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{label}: {why}")]
pub struct Invalid {
    pub field: FieldId,
    pub label: &'static str,
    pub why: String,
}

impl Change {
    pub fn new(label: impl Into<String>) -> Change {
        Change { label: label.into(), edits: Vec::new() }
    }

    /// Adds a new row; follow with [`Change::set`] for its fields.
    pub fn create(&mut self, record: &'static RecordType, row: RowId, stream: RowId) -> &mut Change {
        self.edits.push(Edit::Create { record, row, stream });
        self
    }

    pub fn set(&mut self, row: RowId, field: FieldId, value: impl Into<Value>) -> &mut Change {
        self.edits.push(Edit::Set { row, field, value: value.into() });
        self
    }

    pub fn member(&mut self, row: RowId, field: FieldId, element: impl Into<String>, present: bool) -> &mut Change {
        self.edits.push(Edit::Member { row, field, element: element.into(), present });
        self
    }

    pub fn delete(&mut self, record: &'static RecordType, row: RowId) -> &mut Change {
        self.edits.push(Edit::Delete { record, row });
        self
    }

    pub fn keep(&mut self, record: &'static RecordType, row: RowId) -> &mut Change {
        self.edits.push(Edit::Keep { record, row });
        self
    }

    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Checks every value against its field, and every new row for what it must have.
    pub fn check(&self) -> Result<(), Invalid> {
        for edit in &self.edits {
            match edit {
                Edit::Create { record, row, .. } => {
                    for field in record.fields.iter().filter(|field| field.required) {
                        let given = self.edits.iter().any(|edit| {
                            matches!(edit, Edit::Set { row: r, field: f, value } if r == row && *f == field.id && !blank(value))
                        });
                        if !given {
                            return Err(field.invalid("needs to be filled in"));
                        }
                    }
                    if **record == client::TYPE && !self.names(*row, None) {
                        return Err(needs_a_name());
                    }
                }
                Edit::Set { field, value, .. } => {
                    let field = known(*field)?;
                    field.check(value)?;
                    if field.required && blank(value) {
                        return Err(field.invalid("cannot be empty"));
                    }
                }
                Edit::Member { field, element, present, .. } => {
                    let field = known(*field)?;
                    let fits = match field.kind {
                        Kind::Words => !element.trim().is_empty(),
                        Kind::Links(_) => element.parse::<RowId>().is_ok(),
                        // What is on no list any more can still be taken away.
                        Kind::Choices(choices) => !present || choices.holds(element),
                        _ => false,
                    };
                    if !fits {
                        return Err(field.invalid("is not something that can be added here"));
                    }
                }
                Edit::Delete { .. } | Edit::Keep { .. } => {}
            }
        }
        Ok(())
    }
}

impl Change {
    /// A row as it is once the change is made.
    pub fn after(&self, before: &Row) -> Row {
        let mut after = before.clone();
        for edit in &self.edits {
            match edit {
                Edit::Set { row, field, value } if *row == before.id => {
                    after.disagreements.retain(|torn| torn.field != *field);
                    after.put(*field, value.clone());
                }
                Edit::Member { row, field, element, present } if *row == before.id => {
                    let at = after.sets.iter().position(|(number, _)| *number == field.field);
                    let at = at.unwrap_or_else(|| {
                        after.sets.push((field.field, Vec::new()));
                        after.sets.len() - 1
                    });
                    let words = &mut after.sets[at].1;
                    words.retain(|word| word != element);
                    if *present {
                        words.push(element.clone());
                        words.sort();
                    }
                }
                _ => {}
            }
        }
        after
    }

    /// Refuses to write a row in which the worker has yet to choose what nobody else can.
    ///
    /// # Errors
    /// In words, for that field, with what there is to choose.
    pub fn asks(&self, before: &Row) -> Result<(), Invalid> {
        let Some(field) = self.after(before).unasked() else { return Ok(()) };
        Err(field.invalid(match field.kind {
            Kind::Choice(choices) => format!("say which; {}= one of: {}", field.name, codes(choices.all())),
            _ => "needs to be filled in".into(),
        }))
    }

    /// Whether a client has a name once the change is made: one of those that people are called by. `before` is the row as
    /// it stands.
    pub fn names(&self, row: RowId, before: Option<&Row>) -> bool {
        let named = |field: FieldId| {
            let set = self.edits.iter().rev().find_map(|edit| match edit {
                Edit::Set { row: of, field: set, value } if (*of, *set) == (row, field) => Some(value),
                _ => None,
            });
            set.or(before.map(|row| row.get(field))).is_some_and(|value| !blank(value))
        };
        NAMES.iter().any(|field| named(*field))
    }
}

/// What a client is called by: one of them is there.
pub const NAMES: [FieldId; 3] = [client::given_name, client::family_name, client::preferred_name];

/// Nobody is on a caseload without a name to call them by.
pub fn needs_a_name() -> Invalid {
    Invalid {
        field: client::given_name,
        label: "Name",
        why: "is missing: fill in a first name, a last name, or what they go by".into(),
    }
}

fn blank(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.trim().is_empty()) || value.is_empty()
}

fn known(id: FieldId) -> Result<&'static Field, Invalid> {
    record_by_number(id.record).and_then(|record| record.field(id.field)).ok_or_else(|| Invalid {
        field: id,
        label: "Field",
        why: "is not known to this version of caseload".into(),
    })
}

/// Bytes of the longest text that a field holds. Nobody writes as much, and what is larger could not travel: a change goes
/// into a bundle whole.
pub const LONGEST: usize = 1 << 20;

impl Field {
    pub fn invalid(&self, why: impl Into<String>) -> Invalid {
        Invalid { field: self.id, label: self.label, why: why.into() }
    }

    /// Whether this field may hold the value. Empty always fits: whether it must be filled in is asked elsewhere.
    pub fn check(&self, value: &Value) -> Result<(), Invalid> {
        match (self.kind, value) {
            (_, Value::Empty) => Ok(()),
            (_, Value::Text(text)) if text.len() > LONGEST => {
                Err(self
                    .invalid(format!("is {} MB long; 1 MB, some 200 pages, is the most", text.len().div_ceil(1 << 20))))
            }
            (Kind::Line | Kind::Phone | Kind::Repeat, Value::Text(text)) if text.contains('\n') => {
                Err(self.invalid("must be a single line"))
            }
            (Kind::Line | Kind::Text | Kind::Phone | Kind::Repeat, Value::Text(_)) => Ok(()),
            (Kind::Date, Value::Date(_)) | (Kind::Time, Value::Time(_)) | (Kind::Yes, Value::Yes(_)) => Ok(()),
            (Kind::Link(_), Value::Link(_)) => Ok(()),
            (Kind::Whole { min, max, unit }, Value::Whole(number)) => {
                if (min..=max).contains(number) {
                    Ok(())
                } else {
                    Err(self.invalid(format!("must be from {min} to {max} {unit}")))
                }
            }
            (Kind::Choice(choices), Value::Text(code)) => {
                if choices.holds(code) {
                    Ok(())
                } else {
                    Err(self.invalid(format!("must be one of: {}", codes(choices.all()))))
                }
            }
            _ => Err(self.invalid("is not of the right kind")),
        }
    }
}

/// The codes of a list, for messages.
fn codes(choices: &[Choice]) -> String {
    choices.iter().map(|choice| choice.code).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::records::{goal, step};
    use super::*;

    #[test]
    fn a_new_row_without_what_it_must_have_is_refused_by_name() {
        let row = RowId::derived(&["a"]);
        let mut change = Change::new("add goal");
        change.create(&goal::TYPE, row, row).set(row, goal::progress, 10);
        let refused = change.check().unwrap_err();
        assert_eq!(refused.field, goal::words);
        change.set(row, goal::words, "A door that locks");
        assert_eq!(change.check(), Ok(()));
        change.set(row, goal::progress, 101);
        assert_eq!(change.check().unwrap_err().to_string(), "Progress: must be from 0 to 100 %");
    }

    #[test]
    fn nobody_is_added_or_left_without_a_name() {
        let row = RowId::derived(&["a"]);
        let mut change = Change::new("add client");
        change.create(&client::TYPE, row, row).set(row, client::given_name, "  ");
        assert!(change.check().unwrap_err().to_string().starts_with("Name: is missing"));
        change.set(row, client::preferred_name, "Mari");
        assert_eq!(change.check(), Ok(()));
        let mut before = Row::new(&client::TYPE, row, row);
        before.put(client::family_name, "Delgado");
        let mut cleared = Change::new("edit client");
        cleared.set(row, client::family_name, Value::Empty);
        assert!(!cleared.names(row, Some(&before)));
        before.put(client::preferred_name, "Mari");
        assert!(cleared.names(row, Some(&before)));
    }

    #[test]
    fn a_choice_off_the_list_is_refused_with_the_list() {
        let row = RowId::derived(&["a"]);
        let mut change = Change::new("edit");
        change.set(row, step::status, "finished");
        assert_eq!(change.check().unwrap_err().to_string(), "Status: must be one of: open, done, dropped");
    }
}
