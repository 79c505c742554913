//! Reading rows: one, a client's, or all that belongs to a client.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rusqlite::OptionalExtension;

use crate::model::records::{addendum, client, note, plan, signature, worker};
use crate::model::{CATALOGUE, FieldId, Kind, Moment, RecordType, Row, RowId};

use super::projection::{held, read_row};
use super::{Result, Store, joined, speaking};

/// All that belongs to one client.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFile {
    pub client: Row,
    /// The same person entered again: the other rows for them.
    pub also: Vec<Row>,
    rows: BTreeMap<&'static str, Vec<Row>>,
}

impl ClientFile {
    /// The person in one row, whoever entered them: what is shown (see [`one_view`](super::joined::one_view)).
    pub fn person(&self) -> Row {
        joined::one_view(&self.client, &self.also)
    }

    /// Every row in it, the person's own first.
    pub fn all(&self) -> Vec<&Row> {
        std::iter::once(&self.client).chain(&self.also).chain(self.rows.values().flatten()).collect()
    }

    /// The file with each of its rows changed, the person's own too.
    #[must_use]
    pub fn changed(mut self, mut change: impl FnMut(&mut Row)) -> ClientFile {
        let own = std::iter::once(&mut self.client).chain(&mut self.also);
        own.chain(self.rows.values_mut().flatten()).for_each(&mut change);
        self
    }

    /// The rows of a type, each type in its own order (newest first for notes and appointments).
    pub fn of(&self, record: &RecordType) -> &[Row] {
        self.rows.get(record.name).map_or(&[], Vec::as_slice)
    }

    /// The file with its times on the clock of this place, for people to read; notes and what is signed stay as they were
    /// written, for their signatures hold for that.
    #[must_use]
    pub fn here(mut self, moment: &Moment) -> ClientFile {
        let signed = [&note::TYPE, &addendum::TYPE, &signature::TYPE, &plan::TYPE].map(|record| record.name);
        for rows in self.rows.iter_mut().filter(|(name, _)| !signed.contains(name)).map(|(_, rows)| rows) {
            rows.iter_mut().for_each(|row| *row = row.here(moment));
        }
        self
    }
}

/// What a text names.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    One {
        record: &'static RecordType,
        row: RowId,
    },
    /// More than one row's id begins (or ends) like that.
    Several(Vec<RowId>),
    None,
}

impl Store {
    /// One row, whatever its type; `None` where there is none or it was deleted.
    pub fn row(&self, id: RowId) -> Result<Option<Row>> {
        for record in CATALOGUE {
            if let Some(row) = self.row_of(record, id)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// One row of a known type.
    pub fn row_of(&self, record: &'static RecordType, id: RowId) -> Result<Option<Row>> {
        let mut query = self.db.prepare_cached(&format!("{} AND state & 1 = 0", record.sql().by_id))?;
        Ok(query.query_row([id], |row| read_row(record, row)).optional()?)
    }

    /// All rows of a type in a client's stream, in the type's order.
    pub fn rows(&self, record: &'static RecordType, stream: RowId) -> Result<Vec<Row>> {
        let mut query = self.db.prepare_cached(&record.sql().by_stream)?;
        let rows = query.query_map([stream], |row| read_row(record, row))?;
        let mut rows = rows.collect::<rusqlite::Result<Vec<Row>>>()?;
        speaking::attribute(&self.db, record, &mut rows)?;
        Ok(rows)
    }

    /// All clients' rows of a type whose field lies between two days (both counted), one after another; with `None`, all of
    /// the type. Nothing is held: however many there are, memory stays flat.
    pub fn each_row(
        &self,
        record: &'static RecordType,
        between: Option<(FieldId, NaiveDate, NaiveDate)>,
        mut each: impl FnMut(Row),
    ) -> Result<()> {
        let sql = record.sql();
        let select = sql.by_id.split(" WHERE ").next().unwrap_or(&sql.by_id);
        let (filter, from, to) = match between {
            Some((field, from, to)) => {
                let name = record.field(field.field).map_or("id", |field| field.name);
                // Days and times both begin with the day: "2026-11-30T..." lies before "2026-11-30~".
                (format!("AND \"{name}\" >= ?1 AND \"{name}\" < ?2"), from.to_string(), format!("{to}~"))
            }
            None => ("AND ?1 = ?2".into(), String::new(), String::new()),
        };
        let mut query = self.db.prepare_cached(&format!("{select} WHERE state & 1 = 0 {filter}"))?;
        let mut rows = query.query((from, to))?;
        while let Some(row) = rows.next()? {
            let mut row = [read_row(record, row)?];
            speaking::attribute(&self.db, record, &mut row)?;
            let [row] = row;
            each(row);
        }
        Ok(())
    }

    /// All rows of a type, whosever they are.
    pub fn every(&self, record: &'static RecordType) -> Result<Vec<Row>> {
        let mut query = self.db.prepare_cached(&record.sql().every)?;
        let rows = query.query_map([], |row| read_row(record, row))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// All that belongs to one client, with at most `notes` of the newest notes; `None` for no such client.
    pub fn client_file(&self, id: RowId, notes: usize) -> Result<Option<ClientFile>> {
        self.client_part(id, notes, CATALOGUE)
    }

    /// Some of what belongs to one client: rows of these types only.
    pub fn client_part(&self, id: RowId, notes: usize, records: &[&'static RecordType]) -> Result<Option<ClientFile>> {
        // One look at the file: what is read belongs together, and the file is locked once instead of for each type.
        let _reading = self.db.unchecked_transaction()?;
        let id = joined::root(&self.db, id)?;
        let Some(client) = self.row_of(&client::TYPE, id)? else { return Ok(None) };
        let mut also = Vec::new();
        for other in self.also_entered_as(id)? {
            also.extend(self.row_of(&client::TYPE, other)?);
        }
        let mut streams = Vec::with_capacity(1 + also.len());
        for stream in std::iter::once(id).chain(also.iter().map(|row| row.id)) {
            streams.push((stream, held(&self.db, stream)?));
        }
        let mut rows = BTreeMap::new();
        for record in records.iter().copied().filter(|record| !record.opens_stream()) {
            let mut found = Vec::new();
            for (stream, _) in streams.iter().filter(|(_, held)| held.contains(&record.number)) {
                found.extend(if *record == note::TYPE {
                    let mut query = self.db.prepare_cached(&record.sql().newest)?;
                    let found = query.query_map((*stream, notes as i64), |row| read_row(record, row))?;
                    found.collect::<rusqlite::Result<Vec<Row>>>()?
                } else {
                    self.rows(record, *stream)?
                });
            }
            if !also.is_empty() {
                in_order(record, &mut found);
            }
            if !found.is_empty() {
                rows.insert(record.name, found);
            }
        }
        Ok(Some(ClientFile { client, also, rows }))
    }

    /// The row that a text names: a full id, a unique beginning or ending of one (four characters or more), or an
    /// outside id such as `hmis:528656`. Clients are looked for first.
    pub fn find(&self, text: &str) -> Result<Found> {
        let text = text.trim().to_lowercase();
        if let Ok(id) = text.parse::<RowId>() {
            return Ok(self.row(id)?.map_or(Found::None, |row| Found::One { record: row.record, row: id }));
        }
        if text.contains(':') {
            let hits: Vec<RowId> = self
                .all_facts()?
                .into_iter()
                .filter(|facts| facts.outside_ids.iter().any(|id| id.to_lowercase() == text))
                .map(|facts| facts.id)
                .collect();
            return Ok(one_of(&client::TYPE, hits));
        }
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Found::None);
        }
        let mut several = Vec::new();
        let mut found = Found::None;
        for record in CATALOGUE.iter().filter(|record| **record != &worker::TYPE) {
            let sql = format!(
                "SELECT id FROM {} WHERE state & 1 = 0 AND (hex(id) LIKE ?1 || '%' OR hex(id) LIKE '%' || ?1) LIMIT 9",
                record.table()
            );
            let mut query = self.db.prepare_cached(&sql)?;
            let ids = query.query_map([&digits], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
            for id in ids {
                let row = id?;
                several.push(row);
                found = Found::One { record, row };
            }
            if *record == &client::TYPE && several.len() == 1 {
                return Ok(found);
            }
        }
        Ok(if several.len() > 1 { Found::Several(several) } else { found })
    }
}

/// Puts rows of several entries for one person into the type's order, as the tables have it.
fn in_order(record: &RecordType, rows: &mut [Row]) {
    let Some(field) = record.ordered_by() else { return rows.sort_by_key(|row| row.id) };
    match field.kind {
        Kind::Time => rows.sort_by_key(|row| std::cmp::Reverse((row.time(field.id), row.id))),
        _ => rows.sort_by_key(|row| (row.date(field.id).is_none(), row.date(field.id), row.id)),
    }
}

fn one_of(record: &'static RecordType, mut hits: Vec<RowId>) -> Found {
    match hits.len() {
        0 => Found::None,
        1 => Found::One { record, row: hits.remove(0) },
        _ => Found::Several(hits),
    }
}
