//! What happened to a row: the journal read as a person would want it.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset};

use crate::model::{EntryRef, RowId, SiteId, Value, record_by_number};

use super::settle::is_bookkeeping;
use super::wire::{Content, Existence, ROW_ITSELF};
use super::{Result, Store, journal};

/// One field set by one action.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    pub when: DateTime<FixedOffset>,
    pub who: String,
    pub site: SiteId,
    /// By whose installation, where the name does not tell.
    pub installation: Option<String>,
    /// What the person did: "log contact", "undo edit client".
    pub action: String,
    /// The field's name; `row` for the row itself, `tags: wait` for an element of a set.
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// What one client's stream (or the worker's own) holds here and not in an older state.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The client's name, or whose own stream it is.
    pub whose: String,
    pub entries: u64,
    pub since: DateTime<FixedOffset>,
    /// What was done, each once.
    pub actions: Vec<String>,
}

impl Store {
    /// What would be lost by going back to another, older state of this caseload.
    pub fn lost_by_going_back_to(&self, older: &Store) -> Result<Vec<Lost>> {
        let there: HashMap<(RowId, SiteId), u64> =
            older.chains(None)?.into_iter().map(|(stream, site, next)| ((stream, site), next)).collect();
        let offset = *self.now().offset();
        let mut lost: std::collections::BTreeMap<RowId, Lost> = std::collections::BTreeMap::new();
        for (stream, site, next) in self.chains(None)? {
            let from = there.get(&(stream, site)).copied().unwrap_or(0);
            if from >= next {
                continue;
            }
            let facts = self.facts(self.root(stream)?)?;
            let whose = facts.map_or_else(|| self.worker().name.clone(), |facts| facts.name);
            journal::of_chain::<super::StoreError>(&self.db, stream, site, from, &mut |batch| {
                let when = DateTime::from_timestamp_millis(batch.header.hlc.unix_ms() as i64).unwrap_or_default();
                let when = when.with_timezone(&offset);
                let one = lost.entry(stream).or_insert_with(|| Lost {
                    whose: whose.clone(),
                    entries: 0,
                    since: when,
                    actions: Vec::new(),
                });
                one.entries += batch.count;
                one.since = one.since.min(when);
                if !one.actions.contains(&batch.header.label) {
                    one.actions.push(batch.header.label);
                }
                Ok(())
            })?;
        }
        Ok(lost.into_values().collect())
    }

    /// Everything that was ever set in a row, oldest first; also of deleted rows. Times are in the store's own offset.
    pub fn history(&self, row: RowId) -> Result<Vec<HistoryLine>> {
        let offset = *self.now().offset();
        let mut values: HashMap<EntryRef, Value> = HashMap::new();
        let mut lines = Vec::new();
        for batch in journal::of_row(&self.db, row)? {
            let when = DateTime::from_timestamp_millis(batch.header.hlc.unix_ms() as i64).unwrap_or_default();
            let installation = self.installation_of(batch.header.site, &batch.header.author)?;
            for (at, entry) in batch.numbered()?.filter(|(_, entry)| entry.row == row && !is_bookkeeping(entry.field)) {
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
                    installation: installation.clone(),
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
