//! What somebody's chains hold or ever held: deleted rows and earlier values travel in a bundle too.

use crate::model::records::goal;
use crate::model::{CATALOGUE, FieldId, Row, RowId, field_by_id};

use super::forks::MOVED;
use super::settle::{ASKS, SEEN};
use super::wire::{Content, ROW_ITSELF};
use super::{Result, Store, journal, lines};

/// Something that was written once.
pub enum Ever {
    /// A value of a field, in the row in which it stands or stood.
    Said(Row, FieldId),
    /// By a newer version: nobody here knows what it is.
    Unknown,
}

impl Store {
    /// Goes through all that was ever written of a client, also under other entries for the same person.
    pub fn ever_written(&self, client: RowId, mut each: impl FnMut(Ever)) -> Result<()> {
        for member in self.with_all_entries(&[client])? {
            for batch in journal::of_stream(&self.db, member)? {
                for (_, entry) in batch.numbered()? {
                    // Whose installation wrote it tells of no client, nor does that a row is there or was seen: its fields do.
                    let of_the_row = [ROW_ITSELF, SEEN, ASKS].contains(&entry.field);
                    if entry.record == MOVED || lines::is_word(&entry) || of_the_row {
                        continue;
                    }
                    if matches!(entry.content, Content::Value(ref bytes) if bytes.is_empty()) {
                        continue;
                    }
                    let field = FieldId { record: entry.record, field: entry.field };
                    let record = CATALOGUE.iter().find(|record| record.number == entry.record);
                    let (Some(record), Some(_)) = (record, field_by_id(field)) else {
                        each(Ever::Unknown);
                        continue;
                    };
                    let now = self.row_of(record, entry.row)?;
                    let mut row = now.unwrap_or_else(|| Row::new(record, entry.row, member));
                    match entry.key.is_empty() {
                        true => row.put(field, entry.value()?),
                        false => row.sets.insert(0, (field.field, vec![entry.key.clone()])),
                    }
                    each(Ever::Said(row, field));
                }
            }
        }
        Ok(())
    }

    /// The goals of a person, also those that were deleted: of these only that they were there; what they told stands in the
    /// journal and counts by itself.
    pub fn goals_ever(&self, client: RowId) -> Result<Vec<Row>> {
        let mut goals = Vec::new();
        let sql = format!("SELECT id FROM {} WHERE stream = ?1 AND state & 1 = 1", goal::TYPE.table());
        let mut deleted = self.db.prepare_cached(&sql)?;
        for member in self.with_all_entries(&[client])? {
            goals.extend(self.rows(&goal::TYPE, member)?);
            let ids = deleted.query_map([member], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
            for id in ids {
                goals.push(Row::new(&goal::TYPE, id?, member));
            }
        }
        Ok(goals)
    }
}
