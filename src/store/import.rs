//! Rows from another system's file, taken in one transaction.
//!
//! An import is an author of its own who never sees what is typed here: the base of its entries is its own last entry
//! for that field. So a field that only the file changed is updated, one that was only edited here stays, and one that
//! both changed is a disagreement like any other, with the value typed here shown first.

use std::collections::BTreeMap;

use crate::model::{EntryRef, FieldId, RecordType, RowId, Value};

use super::cell::Presence;
use super::commit::{Action, Progress, Writer};
use super::wire::{Content, Existence, ROW_ITSELF};
use super::{Result, Store, StoreError, journal, signing};

/// A row as another system has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub record: &'static RecordType,
    pub row: RowId,
    pub stream: RowId,
    pub values: Vec<(FieldId, Value)>,
    /// Elements to add to sets; an import never takes one away.
    pub members: Vec<(FieldId, String)>,
}

/// How many rows of each record type an import created, updated and left as they were.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    pub created: BTreeMap<&'static str, u64>,
    pub updated: BTreeMap<&'static str, u64>,
    pub unchanged: BTreeMap<&'static str, u64>,
    /// Fields edited here since their last import that came in different: both values are kept, to choose.
    pub conflicts: u64,
}

/// What happened to one draft.
enum Outcome {
    Created,
    Updated,
    Unchanged,
}

impl Store {
    /// Takes rows from another system. `origin` names the format ("hmis"). `progress(done, all)` may stop it, and then
    /// nothing has changed; with `dry_run` nothing is changed either, and the counts say what would be.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a draft whose value does not fit its field; importers check before they hand over.
    pub fn import(&mut self, origin: &str, drafts: &[Draft], dry_run: bool, progress: Progress<'_>) -> Result<Taken> {
        let mut taken = Taken::default();
        let label = format!("import {origin}");
        let action = Action { label: &label, origin, undoes: None };
        // Taking in and saving are each half of the way.
        let all = drafts.len() * 2;
        let mut halves = |done: usize, of: usize| {
            progress(if of == all { done } else { drafts.len() + done.min(drafts.len()) }, all)
        };
        self.write(action, !dry_run, &mut halves, |writer, progress| {
            for (done, draft) in drafts.iter().enumerate() {
                if done % 64 == 0 && progress(done, all).is_break() {
                    return Err(StoreError::Stopped);
                }
                let name = draft.record.name;
                let counts = match take(writer, origin, draft, &mut taken.conflicts)? {
                    Outcome::Created => &mut taken.created,
                    Outcome::Updated => &mut taken.updated,
                    Outcome::Unchanged => &mut taken.unchanged,
                };
                *counts.entry(name).or_default() += 1;
            }
            Ok(())
        })?;
        Ok(taken)
    }
}

fn take(writer: &mut Writer<'_>, origin: &str, draft: &Draft, conflicts: &mut u64) -> Result<Outcome> {
    for (field, value) in &draft.values {
        if let Some(field) = draft.record.field(field.field) {
            field.check(value)?;
        }
    }
    let number = draft.record.number;
    let Some(state) = writer.state(draft.record, draft.row)?.cloned() else {
        writer.create(draft.record, draft.row, draft.stream)?;
        for (field, value) in draft.values.iter().filter(|(_, value)| !value.is_empty()) {
            writer.put(number, draft.row, field.field, "", value.encoded(), None)?;
        }
        for (field, element) in &draft.members {
            writer.put(number, draft.row, field.field, element, Value::Yes(true).encoded(), None)?;
        }
        return Ok(Outcome::Created);
    };
    if signing::is_frozen(writer.db, draft.record, draft.row, writer.header.site)? {
        return Ok(Outcome::Unchanged);
    }
    let mut history: Option<Imported> = None;
    if state.presence() == Presence::Gone {
        let imported = Imported::read(writer, origin, draft.row)?;
        if !imported.undone() {
            // Deleted here on purpose: a file does not bring it back.
            return Ok(Outcome::Unchanged);
        }
        writer.put(number, draft.row, ROW_ITSELF, "", Existence::Here.encoded(), None)?;
        history = Some(imported);
    }
    let mut touched = history.is_some();
    for (field, value) in &draft.values {
        let current = state.value(field.field);
        if current == *value || (current.is_empty() && value.is_empty()) {
            continue;
        }
        if history.is_none() {
            history = Some(Imported::read(writer, origin, draft.row)?);
        }
        let last = history.as_ref().and_then(|history| history.cells.get(&(field.field, String::new())));
        // What was erased since the last import is not brought back by the next.
        if last.is_some_and(|(_, last)| last.as_ref().is_none_or(|last| *last == value.encoded())) {
            continue;
        }
        let base: Vec<EntryRef> = last.map(|(at, _)| *at).into_iter().collect();
        if state.base(field.field, "") != base {
            *conflicts += 1;
        }
        writer.put(number, draft.row, field.field, "", value.encoded(), Some(base))?;
        touched = true;
    }
    for (field, element) in &draft.members {
        // An element taken out here stays out, unless the file never had it before.
        if !state.has_element(field.field, element) && state.heads(field.field, element).is_empty() {
            writer.put(number, draft.row, field.field, element, Value::Yes(true).encoded(), None)?;
            touched = true;
        }
    }
    Ok(if touched { Outcome::Updated } else { Outcome::Unchanged })
}

/// What earlier imports of the same kind, and undoing them, left of one row: the last entry of each cell.
struct Imported {
    cells: BTreeMap<(u16, String), Said>,
}

/// Where an entry stands, and what it says: `None` where its value is not here any more.
type Said = (EntryRef, Option<Vec<u8>>);

impl Imported {
    fn read(writer: &Writer<'_>, origin: &str, row: RowId) -> Result<Imported> {
        let mut cells = BTreeMap::new();
        for batch in journal::of_row(writer.db, row)?.iter().filter(|batch| batch.header.imported_from() == origin) {
            for (at, entry) in batch.numbered()? {
                if entry.row != row {
                    continue;
                }
                let value = match entry.content {
                    Content::Value(value) => Some(value),
                    Content::Erased(_) | Content::Missing(_) => None,
                };
                cells.insert((entry.field, entry.key), (at, value));
            }
        }
        Ok(Imported { cells })
    }

    /// Whether the import that made the row was undone.
    fn undone(&self) -> bool {
        let existence = self.cells.get(&(ROW_ITSELF, String::new()));
        let existence = existence.and_then(|(_, value)| Existence::decode(value.as_ref()?));
        matches!(existence, Some(Existence::Deleted { .. }))
    }
}
