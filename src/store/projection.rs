//! Rows made from cells: loading a row's state, saving it, and what follows from it (the search index, the list of
//! conflicts, the clients' facts). Everything here can be dropped and made again from the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow::Continue;

use chrono::{DateTime, NaiveDate};
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, ToSql, params_from_iter};

use crate::model::records::{client, worker};
use crate::model::{CATALOGUE, EntryRef, Kind, RecordType, Row, RowId, SiteId, Value, record_by_number};

use super::cell::{Presence, RowState, StreamEnds, is_deletion};
use super::commit::Progress;
use super::erase::Marker;
use super::journal::{self, Batch};
use super::search::Documents;
use super::wire::Entry;
use super::{Result, Store, StoreError, facts, schema, search, signing};

const GONE: i64 = 1;
const DELETED_ELSEWHERE: i64 = 2;
const CONFLICTED: i64 = 4;
/// A client of whom others have written, and whose own first words have not come here.
const AWAITED: i64 = 8;
/// Something is shown that its column cannot hold: it stands among the heads, and the column is empty.
const BESIDE_ITS_COLUMNS: i64 = 16;

/// Rows being changed within one transaction: loaded once, saved once.
pub struct Workspace<'a> {
    db: &'a Connection,
    /// Whether rows begin as they are in the tables, or as nothing.
    load: bool,
    rows: BTreeMap<(u16, RowId), RowState>,
    changed: BTreeSet<(u16, RowId)>,
    /// Whose chains grew, also by entries that no row here shows.
    grown: BTreeSet<RowId>,
    marker: Marker<'a>,
    /// Entries of which the value is missing, by stream, site and first index of their batch.
    missing: BTreeMap<(RowId, SiteId, u64), Vec<u64>>,
    /// Rows that stand in another stream already, each with the stream that claims them too.
    twice: BTreeSet<(RowId, RowId)>,
}

impl<'a> Workspace<'a> {
    pub fn new(db: &'a Connection) -> Workspace<'a> {
        let (rows, changed, missing) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let (grown, twice) = (BTreeSet::new(), BTreeSet::new());
        Workspace { db, load: true, rows, changed, grown, marker: Marker::new(db), missing, twice }
    }

    /// For streams of which no row is in the tables: none is looked up.
    pub fn from_nothing(db: &'a Connection) -> Workspace<'a> {
        Workspace { load: false, ..Workspace::new(db) }
    }

    /// The rows of a type that were changed.
    pub fn changed_of(&self, record: &RecordType) -> Vec<RowId> {
        let all = self.changed.range((record.number, RowId::from_bytes([0; 16]))..);
        all.take_while(|(number, _)| *number == record.number).map(|(_, row)| *row).collect()
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The state of a row of a known type, loaded if need be.
    pub fn get(&mut self, record: &'static RecordType, id: RowId) -> Result<Option<&RowState>> {
        let key = (record.number, id);
        if !self.rows.contains_key(&key)
            && let Some(state) = load(self.db, record, id)?
        {
            self.rows.insert(key, state);
        }
        Ok(self.rows.get(&key))
    }

    /// The state of a row for a change; made empty where there is none.
    pub fn change(&mut self, record: u16, id: RowId, stream: RowId) -> Result<&mut RowState> {
        let key = (record, id);
        if !self.rows.contains_key(&key) {
            let loaded = match record_by_number(record) {
                Some(record) if self.load => load(self.db, record, id)?,
                _ => None,
            };
            self.rows.insert(key, loaded.unwrap_or_else(|| RowState::new(record, id, stream)));
        }
        self.changed.insert(key);
        Ok(self.rows.get_mut(&key).expect("just put there"))
    }

    /// Takes in a batch that stands in the journal. Entries of types this version does not know stay in the journal only.
    pub fn apply(&mut self, batch: &Batch, seen: &dyn Fn(EntryRef) -> bool) -> Result<()> {
        self.apply_entries(batch, batch.entries()?, seen)
    }

    /// The same, where the batch was unpacked already.
    pub fn apply_entries(
        &mut self,
        batch: &Batch,
        mut entries: Vec<Entry>,
        seen: &dyn Fn(EntryRef) -> bool,
    ) -> Result<()> {
        let (db, header) = (self.db, &batch.header);
        self.grown.insert(header.stream);
        let missing = self.marker.mark(batch, &mut entries)?;
        if !missing.is_empty() {
            self.missing.insert((header.stream, header.site, header.first), missing);
        }
        for (entry, index) in entries.into_iter().zip(header.first..) {
            if record_by_number(entry.record).is_some() {
                let row = entry.row;
                let state = self.change(entry.record, row, header.stream)?;
                if state.stream != header.stream {
                    self.twice.insert((header.stream, row));
                    continue;
                }
                let strange = strangers(db, header.stream, state, &entry, seen)?;
                let seen = |at: EntryRef| seen(at) && !strange.contains(&at);
                state.apply(header, EntryRef { site: header.site, index }, entry, &seen);
            }
        }
        Ok(())
    }

    /// Saves what changed, with all that follows from it. Gives the rows that changed, and the clients whose facts did.
    pub fn save(mut self, progress: Progress<'_>) -> Result<(Vec<RowId>, BTreeSet<RowId>)> {
        let mut documents = Documents::default();
        let db = self.db;
        let saved = self.save_with(&mut documents, progress)?;
        documents.flush(db)?;
        match self.twice.is_empty() {
            true => Ok(saved),
            false => Err(StoreError::Damaged("a row stands in two streams".into())),
        }
    }

    /// The same, with the texts for the index left for later.
    pub fn save_with(
        &mut self,
        documents: &mut Documents,
        progress: Progress<'_>,
    ) -> Result<(Vec<RowId>, BTreeSet<RowId>)> {
        self.follow_chains()?;
        let mut streams: BTreeMap<RowId, BTreeSet<u16>> = BTreeMap::new();
        for (done, key) in self.changed.iter().enumerate() {
            if done % 64 == 63 && progress(done, self.changed.len()).is_break() {
                return Err(StoreError::Stopped);
            }
            let state = &self.rows[key];
            if !save(self.db, documents, state, !self.load)? {
                self.twice.insert((state.stream, state.id));
                continue;
            }
            if documents.is_full() {
                documents.flush(self.db)?;
            }
            streams.entry(state.stream).or_default().insert(state.record);
        }
        take_note(self.db, &streams)?;
        for ((stream, site, first), indexes) in &self.missing {
            self.db
                .prepare_cached("INSERT OR REPLACE INTO missing (stream, site, first, n) VALUES (?1, ?2, ?3, ?4)")?
                .execute((stream, site.0.as_slice(), *first as i64, indexes.len() as i64))?;
        }
        let mut clients = BTreeSet::new();
        for (stream, touched) in &streams {
            clients.extend(facts::refresh(self.db, *stream, touched)?);
        }
        Ok((std::mem::take(&mut self.changed).into_iter().map(|(_, id)| id).collect(), clients))
    }

    /// Rows that were left as they are, for they stand in another stream already: each with the stream that claims them too.
    pub fn twice(self) -> BTreeSet<(RowId, RowId)> {
        self.twice
    }
}

impl Workspace<'_> {
    /// Holds deleted clients against the chains of their streams as they stand in the journal: what came since, or was
    /// written beside, keeps them in sight.
    fn follow_chains(&mut self) -> Result<()> {
        let mut streams = std::mem::take(&mut self.grown);
        streams.extend(self.changed.iter().map(|key| self.rows[key].stream));
        for stream in streams {
            let key = (client::TYPE.number, stream);
            if !self.rows.contains_key(&key) {
                if !self.load || !is_marked_deleted(self.db, stream)? {
                    continue;
                }
                self.get(&client::TYPE, stream)?;
            }
            let Some(state) = self.rows.get_mut(&key) else { continue };
            let mut ends = StreamEnds::default();
            if state.is_deleted() {
                ends.chains = journal::seen_of_stream(self.db, stream)?;
                for head in state.heads(super::wire::ROW_ITSELF, "").iter().filter(|head| is_deletion(head)) {
                    ends.known.push((head.at, journal::anew_after(self.db, stream, head.at)?));
                }
            }
            if state.stream_ends != ends {
                state.stream_ends = ends;
                self.changed.insert(key);
            }
        }
        Ok(())
    }
}

/// What an entry names as replaced by it, and what is here and is something of another cell. No honest site writes that; but
/// where one wrote two chains, the same name stands for two entries.
fn strangers(
    db: &Connection,
    stream: RowId,
    state: &RowState,
    entry: &Entry,
    seen: &dyn Fn(EntryRef) -> bool,
) -> Result<Vec<EntryRef>> {
    let heads = state.heads(entry.field, &entry.key);
    let mut strange = Vec::new();
    for named in entry.base.iter().filter(|named| !heads.iter().any(|head| head.at == **named) && seen(**named)) {
        let there = journal::entry_at(db, stream, *named)?;
        let cell = |entry: &Entry| (entry.record, entry.row, entry.field, entry.key.clone());
        if there.is_none_or(|there| cell(&there) != cell(entry)) {
            strange.push(*named);
        }
    }
    Ok(strange)
}

/// Whether a client's row says that someone deleted it, be it in sight or not.
fn is_marked_deleted(db: &Connection, stream: RowId) -> Result<bool> {
    let sql =
        format!("SELECT 1 FROM {} WHERE id = ?1 AND state & {} <> 0", client::TYPE.table(), GONE | DELETED_ELSEWHERE);
    Ok(db.prepare_cached(&sql)?.exists([stream])?)
}

/// Loads one row's state.
pub fn load(db: &Connection, record: &'static RecordType, id: RowId) -> Result<Option<RowState>> {
    let mut query = db.prepare_cached(&record.sql().by_id)?;
    let state = query.query_row([id.as_bytes().as_slice()], |row| read_state(record, row)).optional()?;
    match state {
        Some(None) => Err(StoreError::Damaged(format!("a {} cannot be read", record.label.to_lowercase()))),
        Some(state) => Ok(state),
        None => Ok(None),
    }
}

/// A state from the columns `id, stream, state, heads` and the fields.
pub fn read_state(record: &'static RecordType, row: &SqlRow<'_>) -> rusqlite::Result<Option<RowState>> {
    let (id, stream) = (RowId::from_bytes(row.get(0)?), RowId::from_bytes(row.get(1)?));
    let heads = row.get_ref(3)?.as_blob()?;
    let column = |number: u16| {
        let kind = record.field(number).map(|field| field.kind);
        let value = row.get_ref(usize::from(number) + 3).unwrap_or(ValueRef::Null);
        kind.map_or(Value::Empty, |kind| from_sql(kind, value))
    };
    Ok(RowState::unpack(record.number, id, stream, heads, &column))
}

/// A row as a person sees it, from the same columns. The cells are looked into only where something is unusual.
pub fn read_row(record: &'static RecordType, sql: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let state: i64 = sql.get(2)?;
    if state & (CONFLICTED | DELETED_ELSEWHERE | AWAITED | BESIDE_ITS_COLUMNS) != 0
        && let Some(row) = read_state(record, sql)?.and_then(|state| state.to_row())
    {
        return Ok(row);
    }
    let mut row = Row::new(record, RowId::from_bytes(sql.get(0)?), RowId::from_bytes(sql.get(1)?));
    for (at, field, kind) in schema::columns(record) {
        let value = sql.get_ref(at)?;
        if kind.is_set() {
            if let ValueRef::Text(json) = value {
                row.sets.push((field.field, serde_json::from_slice(json).unwrap_or_default()));
            }
        } else {
            row.put(field, from_sql(kind, value));
        }
    }
    Ok(row)
}

/// Writes a row and what follows from it; a `new` one is known not to be there. Whether it could be: it stands in one stream.
fn save(db: &Connection, documents: &mut Documents, state: &RowState, new: bool) -> Result<bool> {
    let Some(record) = record_by_number(state.record) else { return Ok(true) };
    let row = state.to_row().expect("a known type makes a row");
    let disagreeing = state.disagreeing();
    let presence = state.presence();
    let mut flags = match presence {
        Presence::Here => 0,
        Presence::DeletedElsewhere => DELETED_ELSEWHERE,
        Presence::Gone => GONE,
    };
    if !disagreeing.is_empty() {
        flags |= CONFLICTED;
    }
    if row.awaited {
        flags |= AWAITED;
    }
    if state.is_beside_its_columns() {
        flags |= BESIDE_ITS_COLUMNS;
    }
    let id = state.id.as_bytes().as_slice();
    let mut values: Vec<SqlValue> = Vec::with_capacity(record.fields.len() + 4);
    values.push(SqlValue::Blob(id.to_vec()));
    values.push(SqlValue::Blob(state.stream.as_bytes().to_vec()));
    values.push(SqlValue::Integer(flags));
    values.push(SqlValue::Blob(state.pack()));
    for field in record.fields {
        values.push(if field.kind.is_set() {
            match row.words(field.id) {
                [] => SqlValue::Null,
                words => SqlValue::Text(serde_json::to_string(words).expect("words are JSON")),
            }
        } else {
            let value = row.get(field.id);
            if field.kind.holds(value) { to_sql(value) } else { SqlValue::Null }
        });
    }
    if db.prepare_cached(&record.sql().save)?.execute(params_from_iter(values))? == 0 {
        return Ok(false);
    }

    let stream = state.stream.as_bytes().as_slice();
    if !new {
        db.prepare_cached("DELETE FROM conflict WHERE stream = ?1 AND row = ?2 AND record = ?3")?.execute((
            stream,
            id,
            record.number,
        ))?;
    }
    if presence != Presence::Gone {
        let mut add = db.prepare_cached("INSERT INTO conflict (stream, row, record, field) VALUES (?1, ?2, ?3, ?4)")?;
        if presence == Presence::DeletedElsewhere {
            add.execute((stream, id, record.number, super::wire::ROW_ITSELF))?;
        }
        for field in disagreeing {
            add.execute((stream, id, record.number, field.field))?;
        }
    }
    signing::follow(db, &row, presence == Presence::Gone)?;
    search::index(db, documents, &row, presence == Presence::Gone, new)?;
    Ok(true)
}

impl ToSql for RowId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_bytes().as_slice()))
    }
}

fn to_sql(value: &Value) -> SqlValue {
    match value {
        Value::Empty => SqlValue::Null,
        Value::Whole(number) => SqlValue::Integer(*number),
        Value::Yes(yes) => SqlValue::Integer((*yes).into()),
        Value::Link(row) => SqlValue::Blob(row.as_bytes().to_vec()),
        Value::Unknown(bytes) => SqlValue::Blob(bytes.clone()),
        text => SqlValue::Text(text.plain()),
    }
}

fn from_sql(kind: Kind, value: ValueRef<'_>) -> Value {
    match (kind, value) {
        (_, ValueRef::Null) => Value::Empty,
        (Kind::Yes, ValueRef::Integer(yes)) => Value::Yes(yes != 0),
        (_, ValueRef::Integer(number)) => Value::Whole(number),
        (_, ValueRef::Blob(bytes)) => match <[u8; 16]>::try_from(bytes) {
            Ok(id) => Value::Link(RowId::from_bytes(id)),
            Err(_) => Value::Unknown(bytes.to_vec()),
        },
        (_, ValueRef::Text(bytes)) => {
            let text = String::from_utf8_lossy(bytes);
            let typed = match kind {
                Kind::Date => text.parse::<NaiveDate>().ok().map(Value::Date),
                Kind::Time => DateTime::parse_from_rfc3339(&text).ok().map(Value::Time),
                _ => None,
            };
            typed.unwrap_or_else(|| Value::Text(text.into_owned()))
        }
        (_, ValueRef::Real(_)) => Value::Empty,
    }
}

impl Store {
    /// Drops every table that the journal makes and makes it again. The journal is not touched.
    pub fn rebuild(&mut self) -> Result<()> {
        self.writable()?;
        make_again(&mut self.db)?;
        self.after_writing();
        Ok(())
    }
}

/// The same for a file that is only read, in memory.
pub fn make_again(db: &mut Connection) -> Result<()> {
    let transaction = db.transaction()?;
    schema::create_projection(&transaction)?;
    for stream in journal::streams(&transaction)? {
        replay(&transaction, stream)?.save(&mut |_, _| Continue(()))?;
    }
    Ok(transaction.commit()?)
}

/// The rows of one stream as its journal makes them, from nothing.
pub fn replay(db: &Connection, stream: RowId) -> Result<Workspace<'_>> {
    let mut workspace = Workspace::from_nothing(db);
    let mut ends: BTreeMap<SiteId, u64> = BTreeMap::new();
    for batch in journal::of_stream(db, stream)? {
        let end = batch.header.first + batch.count;
        {
            let site = batch.header.site;
            let seen = |at: EntryRef| {
                if at.site == site { at.index < end } else { ends.get(&at.site).is_some_and(|next| at.index < *next) }
            };
            workspace.apply(&batch, &seen)?;
        }
        ends.insert(batch.header.site, end);
    }
    workspace.follow_chains()?;
    Ok(workspace)
}

impl Workspace<'_> {
    /// The entries of which the value is missing.
    pub fn missing(&self) -> impl Iterator<Item = EntryRef> {
        let batches = self.missing.iter();
        batches.flat_map(|((_, site, _), indexes)| indexes.iter().map(|index| EntryRef { site: *site, index: *index }))
    }

    /// The states, for comparing.
    pub fn into_states(self) -> impl Iterator<Item = RowState> {
        self.rows.into_values()
    }
}

/// Makes the rows of one stream again from its journal.
pub fn make_stream_again(db: &Connection, stream: RowId) -> Result<()> {
    let held = held(db, stream)?;
    for record in CATALOGUE.iter().filter(|record| held.contains(&record.number)) {
        let ids: Vec<RowId> = db
            .prepare_cached(&format!("SELECT id FROM {} WHERE stream = ?1", record.table()))?
            .query_map([stream], |row| Ok(RowId::from_bytes(row.get(0)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for id in ids {
            search::index(db, &mut Documents::default(), &Row::new(record, id, stream), true, false)?;
        }
        db.prepare_cached(&format!("DELETE FROM {} WHERE stream = ?1", record.table()))?.execute([stream])?;
    }
    db.prepare_cached("DELETE FROM held WHERE stream = ?1")?.execute([stream])?;
    db.prepare_cached("DELETE FROM conflict WHERE stream = ?1")?.execute([stream])?;
    db.prepare_cached("DELETE FROM unsigned WHERE stream = ?1")?.execute([stream])?;
    db.prepare_cached("DELETE FROM written_over WHERE stream = ?1")?.execute([stream])?;
    db.prepare_cached("DELETE FROM missing WHERE stream = ?1")?.execute([stream])?;
    db.prepare_cached("DELETE FROM facts WHERE client = ?1")?.execute([stream])?;
    replay(db, stream)?.save(&mut |_, _| Continue(()))?;
    Ok(())
}

/// Takes note of the types of which a stream holds rows. Rows are never taken out of a table, so a type once held stays
/// held, also where all its rows are deleted: looking for them is then one wasted question, never a row missed.
fn take_note(db: &Connection, held: &BTreeMap<RowId, BTreeSet<u16>>) -> Result<()> {
    let mut add = db.prepare_cached("INSERT OR IGNORE INTO held (stream, record) VALUES (?1, ?2)")?;
    let all = held.iter().flat_map(|(stream, records)| records.iter().map(move |record| (stream, record)));
    for one in all {
        add.execute(one)?;
    }
    Ok(())
}

/// The types of which a stream holds rows. All others need not be asked for, however many types there are.
pub fn held(db: &Connection, stream: RowId) -> Result<BTreeSet<u16>> {
    let mut query = db.prepare_cached("SELECT record FROM held WHERE stream = ?1")?;
    let found = query.query_map([stream], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Whether a stream is a client's (the only other kind is the worker's own).
pub fn is_client(db: &Connection, stream: RowId) -> Result<bool> {
    let table = client::TYPE.table();
    let mut query = db.prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?;
    debug_assert!(worker::TYPE.opens_stream());
    Ok(query.exists([stream])?)
}
