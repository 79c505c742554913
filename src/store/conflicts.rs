//! What waits for a choice: fields set to different values in two places that did not know of each other, and rows deleted
//! in one place and edited in another.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};

use crate::model::records::client;
use crate::model::{Field, RecordType, RowId, Value, record_by_number};

use super::cell::{Head, RowState, is_deletion};
use super::settle::is_bookkeeping;
use super::wire::ROW_ITSELF;
use super::{Result, Store, journal, projection};

/// Something to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Whose it is.
    pub client: RowId,
    pub record: &'static RecordType,
    pub row: RowId,
    /// The field; `None` for the row itself: deleted there, edited here.
    pub field: Option<&'static Field>,
    /// The one that is shown now comes first.
    pub sides: Vec<Side>,
}

/// One of the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub value: Value,
    pub who: String,
    pub when: DateTime<FixedOffset>,
    /// Taken from another system's file rather than typed.
    pub imported: bool,
}

impl Store {
    /// All that waits for a choice; of one client, or of everyone.
    pub fn conflicts(&self, client: Option<RowId>) -> Result<Vec<Conflict>> {
        let sql = format!(
            "SELECT stream, row, record, field FROM conflict c WHERE (?1 IS NULL OR stream = ?1) AND {} ORDER BY stream, record, row, field",
            super::signing::open_to_choice()
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let found = query.query_map([client], |row| {
            Ok((RowId::from_bytes(row.get(0)?), RowId::from_bytes(row.get(1)?), row.get(2)?, row.get(3)?))
        })?;
        let mut conflicts = Vec::new();
        for one in found {
            let (stream, row, number, field): (RowId, RowId, u16, u16) = one?;
            let Some(record) = record_by_number(number) else { continue };
            let Some(state) = projection::load(&self.db, record, row)? else { continue };
            let mut sides: Vec<Side> = Vec::new();
            if field == ROW_ITSELF {
                // Who wrote last without knowing, or else whoever wrote last; and who deleted it.
                let said = state.cells.iter().filter(|((field, _), _)| !is_bookkeeping(*field));
                let (gone, here): (Vec<&Head>, Vec<&Head>) =
                    said.flat_map(|(_, cell)| &cell.heads).partition(|head| is_deletion(head));
                let last = |heads: &[&Head]| heads.iter().max_by_key(|head| head.hlc).map(|head| (*head).clone());
                let beside = self.last_beside(&state)?;
                sides.extend(match (beside, last(&here)) {
                    (Some(beside), _) => Some(beside),
                    (None, Some(head)) => Some(self.side(stream, &head, Value::Empty)?),
                    (None, None) => None,
                });
                if let Some(head) = last(&gone) {
                    sides.push(self.side(stream, &head, Value::Empty)?);
                }
            } else {
                let shown = state.to_row().map(|row| row.disagreements).unwrap_or_default();
                let shown = shown.into_iter().filter(|one| one.field.field == field).flat_map(|one| one.sides);
                let heads = state.heads(field, "");
                let torn = state.torn().into_iter().find(|torn| torn.field.field == field);
                for value in shown {
                    let said = heads.iter().find(|head| Value::decode(&head.value).unwrap_or(Value::Empty) == value);
                    // What was settled without knowing of something: on the other side stands who wrote that.
                    if let Some(head) = said.or(torn.as_ref().map(|torn| &torn.against)) {
                        sides.push(self.side(stream, head, value)?);
                    }
                }
            }
            conflicts.push(Conflict { client: stream, record, row, field: record.field(field), sides });
        }
        Ok(conflicts)
    }

    /// The last who wrote in a deleted client's stream what those who deleted them had not seen.
    fn last_beside(&self, state: &RowState) -> Result<Option<Side>> {
        let mut last: Option<journal::Batch> = None;
        for (site, from) in state.beyond() {
            journal::of_chain::<super::StoreError>(&self.db, state.stream, site, from, &mut |batch| {
                if last.as_ref().is_none_or(|last| last.header.hlc < batch.header.hlc) {
                    last = Some(batch);
                }
                Ok(())
            })?;
        }
        Ok(last.map(|batch| {
            let when = DateTime::from_timestamp_millis(batch.header.hlc.unix_ms() as i64).unwrap_or_default();
            let imported = !batch.header.imported_from().is_empty();
            let who = batch.header.author;
            Side { value: Value::Empty, who, when: when.with_timezone(self.now().offset()), imported }
        }))
    }

    /// The clients whom someone deleted while others wrote on them: in sight until someone chooses.
    pub fn deleted_elsewhere(&self) -> Result<BTreeSet<RowId>> {
        let mut query = self.db.prepare_cached("SELECT stream FROM conflict WHERE record = ?1 AND field = ?2")?;
        let found = query.query_map((client::TYPE.number, ROW_ITSELF), |row| Ok(RowId::from_bytes(row.get(0)?)))?;
        found.map(|stream| self.root(stream?)).collect()
    }

    fn side(&self, stream: RowId, head: &Head, value: Value) -> Result<Side> {
        let who = journal::holding(&self.db, stream, head.at)?.map_or(String::new(), |batch| batch.header.author);
        let when = DateTime::from_timestamp_millis(head.hlc.unix_ms() as i64).unwrap_or_default();
        Ok(Side { value, who, when: when.with_timezone(self.now().offset()), imported: !head.by_hand })
    }
}
