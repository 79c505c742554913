//! Erasure: a value is taken out of the journal for good, because an order or a rule says so, and every copy follows.
//!
//! The promise: a value is gone where an **order** in the journal covers it, and only there. An order is a row of type
//! `erasure` in the same stream. It names each stretch of entries by their site, their indexes and the head of the hash of
//! the batch they stand in, so that it takes what its author had before their eyes and never what another copy wrote at
//! the same place. It counts if it names what it rests on and was made by whoever may erase those entries
//! ([`rights::may_erase`]: their author's line, or by a grant). Nothing takes it back: neither undo nor a later entry. So what is erased depends on the set of entries
//! alone, and all copies that have the same entries have erased the same, in whatever order they came.
//!
//! A value that is not there without such an order is **missing**: damage, or somebody's malice on the way. It is taken in
//! (the rest of the batch is sound), shown as [`wire::MISSING`], told, asked for again, and filled in from any copy of the
//! same batch, whose hash it must fit.
//!
//! What holds the rest together is never erased: that rows are here or deleted, what had been seen, who was given what
//! (the accounting of disclosures), to whom a file was handed, and the orders themselves. Elements of sets are words in the
//! chain's own hashes: they can be taken out of their set, not erased.

mod asking;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use uuid::Uuid;

use crate::model::records::{disclosure, erasure, share, signature};
use crate::model::{EntryRef, Row, RowId, SiteId, Value};

use super::forks::{self, MOVED};
use super::journal::{self, Batch, ChainEnd};
use super::lines::OF_LINE;
use super::rights::{self, GRANT, Point};
use super::settle::{ASKS, SEEN};
use super::wire::{self, Content, Entry, ROW_ITSELF};
use super::{Result, Store, StoreError, projection};
pub use asking::{Target, ToErase, field_in_words};

/// Record types of which nothing is ever erased.
const KEPT: [u16; 6] = [disclosure::TYPE.number, share::TYPE.number, GRANT, erasure::TYPE.number, MOVED, OF_LINE];

/// Whether a value of this kind stays, whatever an order says.
fn stays(entry: &Entry) -> bool {
    [ROW_ITSELF, SEEN].contains(&entry.field) || !entry.key.is_empty() && entry.field != ASKS || {
        KEPT.contains(&entry.record)
    }
}

fn point(stream: RowId, at: EntryRef) -> Point {
    Point { stream, site: at.site, index: at.index }
}

/// A stretch of entries of one batch, as an order names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    pub site: SiteId,
    pub first: u64,
    /// The index after the last.
    pub next: u64,
    /// The head of the hash of its batch.
    head: [u8; 8],
}

impl Stretch {
    fn parse(text: &str) -> Option<Stretch> {
        let mut parts = text.split(':');
        let (site, range, head) = (parts.next()?, parts.next()?, parts.next()?);
        let (first, next) = range.split_once('-')?;
        let (first, next) = (first.parse().ok()?, next.parse().ok()?);
        let stretch = Stretch { site: SiteId(from_hex(site)?), first, next, head: from_hex(head)? };
        (parts.next().is_none() && first < next).then_some(stretch)
    }

    fn written(&self) -> String {
        let head: String = self.head.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:{}-{}:{head}", self.site, self.first, self.next)
    }
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(out)
}

fn head_of(hash: &[u8; 32]) -> [u8; 8] {
    let mut head = [0; 8];
    head.copy_from_slice(&hash[..8]);
    head
}

/// What the orders of one stream cover, by batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders(BTreeMap<(SiteId, [u8; 8]), Vec<Stretch>>);

impl Orders {
    /// The orders of a stream that count.
    pub fn of(db: &Connection, stream: RowId) -> Result<Orders> {
        let mut named: BTreeSet<(SiteId, RowId)> = BTreeSet::new();
        let mut said: Vec<(RowId, EntryRef, Stretch)> = Vec::new();
        for batch in journal::of_stream(db, stream)? {
            for (at, entry) in batch.numbered()?.filter(|(_, entry)| entry.record == erasure::TYPE.number) {
                if entry.field == erasure::order.field && says_something(&entry) {
                    named.insert((at.site, entry.row));
                } else if entry.field == erasure::entries.field {
                    // The element stands in the hash: whatever became of its value, it was ordered.
                    said.extend(Stretch::parse(&entry.key).map(|stretch| (entry.row, at, stretch)));
                }
            }
        }
        let mut orders = Orders::default();
        for (row, at, stretch) in said {
            if named.contains(&(at.site, row)) && rights::may_erase(db, &point(stream, at), stretch.site)? {
                orders.0.entry((stretch.site, stretch.head)).or_default().push(stretch);
            }
        }
        Ok(orders)
    }

    /// Whether an entry of a batch is erased.
    fn cover(&self, site: SiteId, hash: &[u8; 32], index: u64, entry: &Entry) -> bool {
        let stretches = self.0.get(&(site, head_of(hash))).map_or(&[][..], Vec::as_slice);
        stretches.iter().any(|one| (one.first..one.next).contains(&index)) && !stays(entry)
    }

    /// The body of a batch without what is erased of it; `None` where it is so already.
    pub fn without(&self, batch: &Batch) -> Result<Option<Vec<u8>>> {
        let header = &batch.header;
        if !self.0.contains_key(&(header.site, head_of(&batch.hash))) {
            return Ok(None);
        }
        let gone = |index: u64, entry: &Entry| self.cover(header.site, &batch.hash, index, entry);
        wire::blanked(header, &batch.body, &gone)
    }

    /// The batches that are covered and still hold something of it, with their bodies as they should be.
    pub fn undone(&self, db: &Connection, stream: RowId) -> Result<Vec<(Batch, Vec<u8>)>> {
        let mut found = Vec::new();
        if self.0.is_empty() {
            return Ok(found);
        }
        for batch in forks::all_aside(db, stream)? {
            if let Some(body) = self.without(&batch)? {
                found.push((batch, body));
            }
        }
        for ((site, head), stretches) in &self.0 {
            let Some(first) = stretches.first().map(|stretch| stretch.first) else { continue };
            let batch = journal::holding(db, stream, EntryRef { site: *site, index: first })?;
            let Some(batch) = batch.filter(|batch| head_of(&batch.hash) == *head) else { continue };
            if let Some(body) = self.without(&batch)? {
                found.push((batch, body));
            }
        }
        Ok(found)
    }
}

fn says_something(entry: &Entry) -> bool {
    match &entry.content {
        Content::Value(value) => !Value::decode(value).is_ok_and(|value| value.is_empty()),
        Content::Erased(_) | Content::Missing(_) => true,
    }
}

/// Tells what was erased from what is missing. Looks into a stream's orders once, and only where something is not there.
pub(super) struct Marker<'a> {
    db: &'a Connection,
    orders: BTreeMap<RowId, Orders>,
}

impl<'a> Marker<'a> {
    pub fn new(db: &'a Connection) -> Marker<'a> {
        Marker { db, orders: BTreeMap::new() }
    }

    /// Marks what of a batch's entries was erased; gives the indexes of those that are missing.
    pub fn mark(&mut self, batch: &Batch, entries: &mut [Entry]) -> Result<Vec<u64>> {
        let mut missing = Vec::new();
        if !entries.iter().any(|entry| matches!(entry.content, Content::Missing(_))) {
            return Ok(missing);
        }
        let (stream, site) = (batch.header.stream, batch.header.site);
        if !self.orders.contains_key(&stream) {
            self.orders.insert(stream, Orders::of(self.db, stream)?);
        }
        let orders = &self.orders[&stream];
        for (entry, index) in entries.iter_mut().zip(batch.header.first..) {
            if let Content::Missing(leaf) = entry.content {
                if orders.cover(site, &batch.hash, index, entry) {
                    entry.content = Content::Erased(leaf);
                } else {
                    missing.push(index);
                }
            }
        }
        Ok(missing)
    }

    /// The entries of a batch, marked, with where they stand.
    pub fn numbered(&mut self, batch: &Batch) -> Result<impl Iterator<Item = (EntryRef, Entry)> + use<>> {
        let mut entries = batch.entries()?;
        self.mark(batch, &mut entries)?;
        let (site, first) = (batch.header.site, batch.header.first);
        Ok((first..).map(move |index| EntryRef { site, index }).zip(entries))
    }
}

/// Whether a stream has rows of erasure, by the table.
pub(super) fn has_orders(db: &Connection, stream: RowId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM {} WHERE stream = ?1", erasure::TYPE.table());
    Ok(db.prepare_cached(&sql)?.exists([stream])?)
}

/// Every stream that has rows of erasure.
pub(super) fn ordered_streams(db: &Connection) -> Result<Vec<RowId>> {
    let mut query = db.prepare(&format!("SELECT DISTINCT stream FROM {} ORDER BY stream", erasure::TYPE.table()))?;
    let streams = query.query_map([], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
    Ok(streams.collect::<rusqlite::Result<_>>()?)
}

/// Takes out of a stream what its orders cover, and makes its rows again; with `anew` also where all of it is out already.
/// What was typed about those rows and not yet saved goes too.
pub(super) fn carry_out(db: &Connection, stream: RowId, anew: bool) -> Result<bool> {
    let undone = Orders::of(db, stream)?.undone(db, stream)?;
    if undone.is_empty() && !anew {
        return Ok(false);
    }
    if !undone.is_empty() {
        // What is overwritten or let go from here on is overwritten with zeros.
        db.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    }
    let mut rows: BTreeSet<RowId> = BTreeSet::new();
    for (batch, body) in &undone {
        write_body(db, batch, body)?;
        rows.extend(batch.entries()?.iter().map(|entry| entry.row));
    }
    projection::make_stream_again(db, stream)?;
    if !undone.is_empty() {
        forget_drafts(db, &rows)?;
        for index in ["doc_text", "doc_people"] {
            // Words of rows that are gone stand in the index until its parts are merged.
            db.execute_batch(&format!("INSERT INTO {index} ({index}) VALUES ('optimize')"))?;
        }
    }
    Ok(!undone.is_empty())
}

/// Fills in what our copy of a batch lacks from another copy of the same batch.
pub(super) fn fill(db: &Connection, ours: &Batch, theirs: &[u8]) -> Result<bool> {
    let (header, hash) = (&ours.header, &ours.hash);
    let lacks = ours.entries()?.iter().any(|entry| matches!(entry.content, Content::Missing(_)));
    if !lacks {
        return Ok(false);
    }
    let orders = Orders::of(db, header.stream)?;
    let gone = |index: u64, entry: &Entry| orders.cover(header.site, hash, index, entry);
    let Some(body) = wire::filled(header, &ours.body, theirs, &gone)? else { return Ok(false) };
    write_body(db, ours, &body)?;
    Ok(true)
}

/// Writes the body of a batch anew, in its chain or beside it.
fn write_body(db: &Connection, batch: &Batch, body: &[u8]) -> Result<()> {
    let header = &batch.header;
    for table in ["batch", "aside"] {
        let sql = format!("UPDATE {table} SET body = ?1 WHERE stream = ?2 AND site = ?3 AND first = ?4 AND hash = ?5");
        let (site, hash) = (header.site.0.as_slice(), batch.hash.as_slice());
        db.prepare_cached(&sql)?.execute((body, header.stream, site, header.first as i64, hash))?;
    }
    Ok(())
}

/// Where it changed who may erase what: carries out what counts now. With `anew` also where it may count no longer.
pub(super) fn judge_again(db: &Connection, anew: bool) -> Result<bool> {
    let mut erased = false;
    for stream in ordered_streams(db)? {
        let sql = "SELECT 1 FROM missing WHERE stream = ?1";
        let is_missing = db.prepare_cached(sql)?.exists([stream])?;
        erased |= carry_out(db, stream, anew || is_missing)?;
    }
    Ok(erased)
}

/// Orders for a work that was entered again under another site: what was erased of it stays erased. `again` are its batches,
/// each with the first index and the hash that it has there.
pub(super) fn order_again(
    db: &Connection,
    stream: RowId,
    site: SiteId,
    again: &[(Batch, u64, [u8; 32])],
) -> Result<Vec<Entry>> {
    let mut marker = Marker::new(db);
    let mut stretches = Vec::new();
    for (batch, first, hash) in again {
        for (at, entry) in marker.numbered(batch)? {
            if matches!(entry.content, Content::Erased(_)) {
                let index = at.index - batch.header.first + first;
                stretches.push(Stretch { site, first: index, next: index + 1, head: head_of(hash) });
            }
        }
    }
    let Some(one) = stretches.first() else { return Ok(Vec::new()) };
    let row = RowId::derived(&["erased again", &stream.to_string(), &one.written()]);
    let put = |field: u16, key: String, value: Value| Entry {
        record: erasure::TYPE.number,
        row,
        field,
        key,
        base: Vec::new(),
        content: Content::Value(value.encoded()),
    };
    let here = Content::Value(super::wire::Existence::Here.encoded());
    let mut entries = vec![Entry { content: here, ..put(ROW_ITSELF, String::new(), Value::Empty) }];
    for (field, text) in [
        (erasure::order, "The order by which it was erased before"),
        (erasure::what, "What was erased before this was entered again"),
    ] {
        entries.push(put(field.field, String::new(), Value::text(text)));
    }
    entries.extend(stretches.iter().map(|one| put(erasure::entries.field, one.written(), Value::Yes(true))));
    Ok(entries)
}

/// Where the forms keep what was typed: one form, a list of them.
const DRAFTS: [&str; 3] = ["draft", "assessments", "timer"];

fn forget_drafts(db: &Connection, rows: &BTreeSet<RowId>) -> Result<()> {
    use rusqlite::OptionalExtension;
    let ids: Vec<String> = rows.iter().map(RowId::to_string).collect();
    let speaks = |draft: &serde_json::Value| {
        let text = draft.to_string();
        ids.iter().any(|id| text.contains(id.as_str()))
    };
    for key in DRAFTS {
        let kept: Option<Vec<u8>> =
            db.query_row("SELECT value FROM local WHERE key = ?1", [key], |row| row.get(0)).optional()?;
        let Some(draft) = kept.and_then(|kept| serde_json::from_slice::<serde_json::Value>(&kept).ok()) else {
            continue;
        };
        match draft {
            serde_json::Value::Array(drafts) if drafts.iter().any(&speaks) => {
                let left: Vec<_> = drafts.into_iter().filter(|draft| !speaks(draft)).collect();
                let left = serde_json::to_vec(&left).map_err(|error| StoreError::Write(error.to_string()))?;
                db.execute("UPDATE local SET value = ?1 WHERE key = ?2", (left, key))?;
            }
            serde_json::Value::Array(_) => {}
            draft if speaks(&draft) => {
                db.execute("DELETE FROM local WHERE key = ?1", [key])?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A batch of which values are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    pub stream: RowId,
    pub site: SiteId,
    /// The index of the batch's first entry.
    pub first: u64,
    /// How many of its values are missing.
    pub values: u64,
}

/// How many values are missing.
pub(super) fn missing_values(db: &Connection) -> Result<u64> {
    let sum: i64 = db.prepare_cached("SELECT coalesce(sum(n), 0) FROM missing")?.query_row([], |row| row.get(0))?;
    Ok(sum as u64)
}

impl Store {
    /// After values were taken out: what SQLite keeps beside the file holds them no longer either.
    pub(super) fn wipe(&self) -> Result<()> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.fold(&self.db, super::file::PATIENCE))
    }

    /// Batches of which values are missing here without an order to erase them.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        let mut query = self.db.prepare("SELECT stream, site, first, n FROM missing ORDER BY stream, site, first")?;
        let missing = query.query_map([], |row| {
            Ok(Missing {
                stream: RowId::from_bytes(row.get(0)?),
                site: SiteId(row.get(1)?),
                first: row.get::<_, i64>(2)? as u64,
                values: row.get::<_, i64>(3)? as u64,
            })
        })?;
        Ok(missing.collect::<rusqlite::Result<_>>()?)
    }

    /// How far a chain is here with all its values: what others are told, so that they give again what is missing.
    pub fn whole_to(&self, stream: RowId, site: SiteId) -> Result<ChainEnd> {
        let mut query = self.db.prepare_cached("SELECT min(first) FROM missing WHERE stream = ?1 AND site = ?2")?;
        let first: Option<i64> = query.query_row((stream, site.0.as_slice()), |row| row.get(0))?;
        let Some(first) = first.map(|first| first as u64) else { return self.chain_end(stream, site) };
        let Some(index) = first.checked_sub(1) else { return Ok(ChainEnd::START) };
        let before = journal::holding(&self.db, stream, EntryRef { site, index })?;
        Ok(before.map_or(ChainEnd::START, |before| ChainEnd { next: first, hash: before.hash }))
    }

    /// What was ordered erased since a place in the order of arrival: stream, site, first index, and the index after the
    /// last. A bundle written before that holds the values, if it holds these entries.
    pub fn erased_since(&self, looked: i64) -> Result<Vec<super::Range>> {
        let mut found: BTreeSet<super::Range> = BTreeSet::new();
        for stream in ordered_streams(&self.db)? {
            let sql = "SELECT DISTINCT action FROM batch WHERE stream = ?1 AND n > ?2";
            let mut query = self.db.prepare_cached(sql)?;
            let new = query.query_map((stream, looked), |row| Ok(Uuid::from_bytes(row.get(0)?)))?;
            let new: BTreeSet<Uuid> = new.collect::<rusqlite::Result<_>>()?;
            let orders = Orders::of(&self.db, stream)?;
            let counts = |wanted: &Stretch| orders.0.values().flatten().any(|stretch| stretch == wanted);
            for batch in journal::of_stream(&self.db, stream)?.iter().filter(|one| new.contains(&one.header.action)) {
                for entry in batch
                    .entries()?
                    .iter()
                    .filter(|entry| entry.record == erasure::TYPE.number && entry.field == erasure::entries.field)
                {
                    let stretch = Stretch::parse(&entry.key).filter(counts);
                    found.extend(stretch.map(|one| (stream, one.site, one.first, one.next)));
                }
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// Whether an entry is of an order to erase: it is carried out once all that came with it is in.
pub(super) fn is_an_order(entry: &Entry) -> bool {
    entry.record == erasure::TYPE.number
}

/// Whether all words of a signature were erased: there is nothing left that its seal could stand under.
pub(super) fn is_erased(row: &Row) -> bool {
    let words = [signature::content, signature::reads, signature::seal];
    *row.record == signature::TYPE && words.into_iter().all(|field| row.get(field).is_empty())
}

#[cfg(test)]
mod tests;
