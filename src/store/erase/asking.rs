//! What a person asks to be erased: told first, with all that would stay, and then done.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::records::{addendum, client, disclosure, erasure, signature};
use crate::model::{Change, FieldId, RowId, SiteId, Value, record_by_number};
use crate::store::settle::{ASKS, SEEN};
use crate::store::wire::{Content, Entry, ROW_ITSELF};
use crate::store::{Result, Store, StoreError, journal};

use super::{KEPT, Marker, Stretch, head_of, stays};

/// What is asked to be erased.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Every value that a field ever had.
    Field(RowId, FieldId),
    /// Everything that a row ever said, with the signatures and addenda under it.
    Row(RowId),
    /// Everything in a client's file.
    File,
}

/// What would be erased, and what would not: shown before it is done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToErase {
    pub stream: Option<RowId>,
    /// What it is, in words, without a value of it.
    pub what: String,
    pub stretches: Vec<Stretch>,
    /// How many values.
    pub values: u64,
    /// What others wrote, who must erase it themselves: under what name, and how many values.
    pub of_others: Vec<(String, u64)>,
    /// Values of the accounting of disclosures, which stay.
    pub stay: u64,
    /// Elements of sets, which can only be taken out of their sets.
    pub elements: u64,
    /// Rows of the same file in which the same words stand, and stay.
    pub also_in: Vec<(u16, RowId)>,
}

impl Store {
    /// Looks for what is to be erased in a client's stream; changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Held`] where nothing of this file may be destroyed.
    pub fn to_erase(&self, stream: RowId, targets: &[Target], what: &str) -> Result<ToErase> {
        for member in self.with_all_entries(&[stream])? {
            if self.row_of(&client::TYPE, member)?.is_some_and(|row| row.yes(client::hold)) {
                return Err(StoreError::Held);
            }
        }
        let mut under = BTreeSet::new();
        for target in targets {
            if let Target::Row(row) = target {
                under.extend(self.under(stream, *row)?);
            }
        }
        let asked_for = |entry: &Entry| entry.key.parse().is_ok_and(|row| under.contains(&row));
        let wanted = |entry: &Entry| {
            (under.contains(&entry.row) || entry.field == ASKS && asked_for(entry))
                || targets.iter().any(|target| match target {
                    Target::File => true,
                    Target::Row(_) => false,
                    Target::Field(row, field) => {
                        (entry.record, entry.row, entry.field) == (field.record, *row, field.field)
                    }
                })
        };
        let mut words: BTreeSet<String> = BTreeSet::new();
        let mut texts: Vec<(u16, RowId, String)> = Vec::new();
        let mut plan = ToErase { stream: Some(stream), what: what.into(), ..ToErase::default() };
        let mut others: BTreeMap<SiteId, (String, u64)> = BTreeMap::new();
        let mut marker = Marker::new(&self.db);
        for batch in journal::of_stream(&self.db, stream)? {
            let may = self.may_erase(stream, batch.header.site)?;
            for (at, entry) in marker.numbered(&batch)? {
                if !wanted(&entry) {
                    texts.extend(text_of(&entry).map(|text| (entry.record, entry.row, text)));
                    continue;
                }
                if entry.record == disclosure::TYPE.number {
                    plan.stay += u64::from(entry.field != ROW_ITSELF);
                    continue;
                }
                if !entry.key.is_empty() && entry.field != ASKS && entry.field != SEEN && !stays_whole(&entry) {
                    plan.elements += u64::from(matches!(&entry.content, Content::Value(value) if is_member(value)));
                }
                if stays(&entry) || !holds_something(&entry) {
                    continue;
                }
                if !may {
                    let name = || batch.header.author.clone();
                    others.entry(at.site).or_insert_with(|| (name(), 0)).1 += 1;
                    continue;
                }
                plan.values += 1;
                words.extend(text_of(&entry).filter(|text| text.chars().count() >= TELLING));
                match plan.stretches.last_mut().filter(|last| last.site == at.site && last.next == at.index) {
                    Some(last) if last.head == head_of(&batch.hash) => last.next += 1,
                    _ => plan.stretches.push(Stretch {
                        site: at.site,
                        first: at.index,
                        next: at.index + 1,
                        head: head_of(&batch.hash),
                    }),
                }
            }
        }
        plan.of_others = others.into_values().collect();
        for (record, row, text) in texts {
            if !plan.also_in.contains(&(record, row)) && words.iter().any(|word| text.contains(word.as_str())) {
                plan.also_in.push((record, row));
            }
        }
        Ok(plan)
    }

    /// The stream and the type of a row that there ever was here, deleted or not; `None` for none.
    pub fn row_ever(&self, row: RowId) -> Result<Option<(RowId, u16)>> {
        for batch in journal::of_row(&self.db, row)? {
            if let Some(entry) = batch.entries()?.into_iter().find(|entry| entry.row == row) {
                return Ok(Some((batch.header.stream, entry.record)));
            }
        }
        Ok(None)
    }

    /// The signatures and addenda under a row: they hold its words.
    fn under(&self, stream: RowId, row: RowId) -> Result<BTreeSet<RowId>> {
        let mut under = BTreeSet::from([row]);
        for added in self.rows(&addendum::TYPE, stream)? {
            if *added.get(addendum::note) == Value::Link(row) {
                under.insert(added.id);
            }
        }
        for signed in self.rows(&signature::TYPE, stream)? {
            if signed.text(signature::of).parse::<RowId>().is_ok_and(|of| under.contains(&of)) {
                under.insert(signed.id);
            }
        }
        Ok(under)
    }

    /// Erases, for good: writes the order and takes the values out, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::NothingToErase`] where nothing is left of it that this installation may erase; an invalid value
    /// where no order is named.
    pub fn erase(&mut self, plan: &ToErase, order: &str) -> Result<()> {
        let (Some(stream), false) = (plan.stream, plan.stretches.is_empty()) else {
            return Err(StoreError::NothingToErase);
        };
        let row = self.new_id();
        let mut change = Change::new("erase");
        change
            .create(&erasure::TYPE, row, stream)
            .set(row, erasure::when, self.now())
            .set(row, erasure::order, order.trim())
            .set(row, erasure::what, plan.what.as_str())
            .set(row, erasure::who, self.worker.name.as_str());
        for stretch in &plan.stretches {
            change.member(row, erasure::entries, stretch.written(), true);
        }
        self.commit(&change)?;
        self.wipe()
    }
}

/// Shorter words than this stand anywhere.
const TELLING: usize = 5;

fn text_of(entry: &Entry) -> Option<String> {
    match &entry.content {
        Content::Value(value) if entry.key.is_empty() && !stays_whole(entry) => match Value::decode(value) {
            Ok(Value::Text(text)) => Some(text.trim().to_lowercase()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an entry holds a value that there is something in.
fn holds_something(entry: &Entry) -> bool {
    match &entry.content {
        Content::Value(value) => !Value::decode(value).is_ok_and(|value| value.is_empty()),
        // What is missing here may be there elsewhere.
        Content::Missing(_) => true,
        Content::Erased(_) => false,
    }
}

fn stays_whole(entry: &Entry) -> bool {
    KEPT.contains(&entry.record)
}

fn is_member(value: &[u8]) -> bool {
    Value::decode(value) == Ok(Value::Yes(true))
}

/// What a field is called, with the record type it is of.
pub fn field_in_words(field: FieldId) -> String {
    let Some(record) = record_by_number(field.record) else { return "A field of a newer version".into() };
    let label = record.field(field.field).map_or("", |field| field.label);
    if *record == client::TYPE { label.into() } else { format!("{}: {label}", record.label) }
}
