//! What happened to a row: the journal read as a person would want it.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::model::{EntryRef, Hlc, RowId, SiteId, Value, record_by_number};

use super::erase::Marker;
use super::settle::is_bookkeeping;
use super::since::own_sites;
use super::wire::{Content, Existence, ROW_ITSELF};
use super::{Result, Store, journal};

/// One field set by one action.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    /// When it was done.
    pub when: DateTime<FixedOffset>,
    /// When it came here; none for what was done here, and where that was not noted.
    pub arrived: Option<DateTime<FixedOffset>>,
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

    /// Everything that was ever set in a row, in the order in which it was done; also of deleted rows. Times are in the
    /// store's own offset.
    pub fn history(&self, row: RowId) -> Result<Vec<HistoryLine>> {
        let offset = *self.now().offset();
        let at = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or_default().with_timezone(&offset);
        let own = own_sites(&self.db, self.site)?;
        let mut said: Vec<Said> = Vec::new();
        let mut marker = Marker::new(&self.db);
        for (batch, arrived) in journal::of_row_with_arrival(&self.db, row)? {
            let arrived = arrived.filter(|_| !own.contains(&batch.header.site)).map(at);
            let installation = self.installation_of(batch.header.site, &batch.header.author)?;
            let entries = marker.numbered(&batch)?;
            for (place, entry) in entries.filter(|(_, entry)| entry.row == row && !is_bookkeeping(entry.field)) {
                let to = match (&entry.content, entry.field) {
                    (Content::Value(bytes), ROW_ITSELF) => match Existence::decode(bytes) {
                        Some(Existence::Deleted { .. }) => Value::text("deleted"),
                        _ => Value::text("here"),
                    },
                    _ => entry.value()?,
                };
                let field = match record_by_number(entry.record).and_then(|record| record.field(entry.field)) {
                    _ if entry.field == ROW_ITSELF => "row".to_string(),
                    Some(field) => field.name.to_string(),
                    None => format!("field {}", entry.field),
                };
                let line = HistoryLine {
                    when: at(batch.header.hlc.unix_ms() as i64),
                    arrived,
                    who: batch.header.author.clone(),
                    site: batch.header.site,
                    installation: installation.clone(),
                    action: batch.header.label.clone(),
                    field: if entry.key.is_empty() { field } else { format!("{field}: {}", entry.key) },
                    from: Value::Empty,
                    to,
                };
                said.push(Said { at: place, base: entry.base, stands: (batch.header.hlc, 0), line });
            }
        }
        Ok(in_order(said))
    }
}

/// A line on its way to its place.
struct Said {
    at: EntryRef,
    base: Vec<EntryRef>,
    /// By the clock of whoever did it, and after all that it replaced, whatever the clocks say.
    stands: (Hlc, u32),
    line: HistoryLine,
}

/// So many times what stands before what it replaced is moved behind it: clocks that are off are few.
const PASSES: usize = 64;

fn in_order(mut said: Vec<Said>) -> Vec<HistoryLine> {
    let values: HashMap<EntryRef, Value> = said.iter().map(|one| (one.at, one.line.to.clone())).collect();
    said.sort_by_key(|one| one.stands);
    let mut stands: HashMap<EntryRef, (Hlc, u32)> = said.iter().map(|one| (one.at, one.stands)).collect();
    for _ in 0..PASSES {
        let mut moved = false;
        for one in &mut said {
            let behind = one.base.iter().filter_map(|base| stands.get(base)).max().copied();
            if let Some((hlc, place)) = behind.filter(|behind| *behind >= one.stands) {
                one.stands = (hlc, place.saturating_add(1));
                stands.insert(one.at, one.stands);
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    said.sort_by_key(|one| one.stands);
    let with_before = |one: Said| {
        let from = one.base.iter().rev().find_map(|base| values.get(base)).cloned().unwrap_or(Value::Empty);
        HistoryLine { from, ..one.line }
    };
    said.into_iter().map(with_before).collect()
}

impl HistoryLine {
    /// When it came here, where that was more than a minute after it was done.
    pub fn came_later(&self) -> Option<DateTime<FixedOffset>> {
        self.arrived.filter(|arrived| *arrived - self.when > TimeDelta::minutes(1))
    }
}
