//! What happened to a row: the journal read as a person would want it.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset};

use crate::model::{EntryRef, RowId, SiteId, Value, record_by_number};

use super::wire::{Content, Existence, ROW_ITSELF};
use super::{Result, Store, journal};

/// One field set by one action.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    pub when: DateTime<FixedOffset>,
    pub who: String,
    pub site: SiteId,
    /// What the person did: "log contact", "undo edit client".
    pub action: String,
    /// The field's name; `row` for the row itself, `tags: wait` for an element of a set.
    pub field: String,
    pub from: Value,
    pub to: Value,
}

impl Store {
    /// Everything that was ever set in a row, oldest first; also of deleted rows. Times are in the store's own offset.
    pub fn history(&self, row: RowId) -> Result<Vec<HistoryLine>> {
        let offset = *self.now().offset();
        let mut values: HashMap<EntryRef, Value> = HashMap::new();
        let mut lines = Vec::new();
        for batch in journal::of_row(&self.db, row)? {
            let when = DateTime::from_timestamp_millis(batch.header.hlc.unix_ms() as i64).unwrap_or_default();
            for (at, entry) in batch.numbered()?.filter(|(_, entry)| entry.row == row) {
                let to = match (&entry.content, entry.field) {
                    (Content::Value(bytes), ROW_ITSELF) => match Existence::decode(bytes) {
                        Some(Existence::Deleted { .. }) => Value::text("deleted"),
                        _ => Value::text("here"),
                    },
                    _ => entry.value()?,
                };
                let from = entry.base.iter().rev().find_map(|base| values.get(base)).cloned().unwrap_or(Value::Empty);
                values.insert(at, to.clone());
                let field = match record_by_number(entry.record).and_then(|record| record.field(entry.field)) {
                    _ if entry.field == ROW_ITSELF => "row".to_string(),
                    Some(field) => field.name.to_string(),
                    None => format!("field {}", entry.field),
                };
                lines.push(HistoryLine {
                    when: when.with_timezone(&offset),
                    who: batch.header.author.clone(),
                    site: batch.header.site,
                    action: batch.header.label.clone(),
                    field: if entry.key.is_empty() { field } else { format!("{field}: {}", entry.key) },
                    from,
                    to,
                });
            }
        }
        Ok(lines)
    }
}
