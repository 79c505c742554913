//! What waits for a choice: fields set to different values in two places that did not know of each other, and rows deleted
//! in one place and edited in another.

use chrono::{DateTime, FixedOffset};

use crate::model::{Field, RecordType, RowId, Value, record_by_number};

use super::cell::Head;
use super::wire::{Existence, ROW_ITSELF};
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
                // The last who edited it, and who deleted it.
                let edits = record.fields.iter().flat_map(|field| state.heads(field.id.field, ""));
                let existence = state.heads(ROW_ITSELF, "").iter();
                let deleted = |head: &&Head| matches!(Existence::decode(&head.value), Some(Existence::Deleted { .. }));
                let last = |heads: &mut dyn Iterator<Item = &Head>| heads.max_by_key(|head| head.hlc).cloned();
                for head in [last(&mut edits.into_iter()), last(&mut existence.filter(deleted))].into_iter().flatten() {
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

    fn side(&self, stream: RowId, head: &Head, value: Value) -> Result<Side> {
        let who = journal::holding(&self.db, stream, head.at)?.map_or(String::new(), |batch| batch.header.author);
        let when = DateTime::from_timestamp_millis(head.hlc.unix_ms() as i64).unwrap_or_default();
        Ok(Side { value, who, when: when.with_timezone(self.now().offset()), imported: !head.by_hand })
    }
}
