//! Batches in and out of the file, each chained to the one before it in its stream and site.

use ed25519_dalek::{Signer, SigningKey};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use uuid::Uuid;

use crate::model::{EntryRef, Hlc, RowId, SiteId};

use super::wire::{self, Entry, Header};
use super::{Result, StoreError};

/// A batch as it stands in the file.
#[derive(Clone, Debug)]
pub struct Batch {
    pub header: Header,
    pub count: u64,
    pub hash: [u8; 32],
    pub signature: Vec<u8>,
    pub body: Vec<u8>,
}

impl Batch {
    pub fn entries(&self) -> Result<Vec<Entry>> {
        Ok(wire::unpack(&self.header, &self.body, None)?.0)
    }

    /// The entries with where they stand.
    pub fn numbered(&self) -> Result<impl Iterator<Item = (EntryRef, Entry)> + use<>> {
        let Header { site, first, .. } = self.header;
        Ok(self
            .entries()?
            .into_iter()
            .enumerate()
            .map(move |(at, entry)| (EntryRef { site, index: first + at as u64 }, entry)))
    }
}

/// The columns of a batch, in the order in which [`read`] wants them.
pub(super) const COLUMNS: &str =
    "stream, site, first, count, hlc, action, undoes, author, label, origin, hash, signature, body";

pub(super) fn read(row: &SqlRow<'_>) -> rusqlite::Result<Batch> {
    let header = Header {
        stream: RowId::from_bytes(row.get(0)?),
        site: SiteId(row.get(1)?),
        first: row.get::<_, i64>(2)? as u64,
        hlc: Hlc(row.get::<_, i64>(4)? as u64),
        action: Uuid::from_bytes(row.get(5)?),
        undoes: row.get::<_, Option<[u8; 16]>>(6)?.map(Uuid::from_bytes),
        author: row.get(7)?,
        label: row.get(8)?,
        origin: row.get(9)?,
    };
    let count = row.get::<_, i64>(3)? as u64;
    Ok(Batch { header, count, hash: row.get(10)?, signature: row.get(11)?, body: row.get(12)? })
}

/// The end of a chain: the index of the next entry, and the hash that it continues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainEnd {
    pub next: u64,
    pub hash: [u8; 32],
}

impl ChainEnd {
    pub const START: ChainEnd = ChainEnd { next: 0, hash: [0; 32] };
}

pub fn chain_end(db: &Connection, stream: RowId, site: SiteId) -> Result<ChainEnd> {
    let mut query = db.prepare_cached(
        "SELECT first + count, hash FROM batch WHERE stream = ?1 AND site = ?2 ORDER BY first DESC LIMIT 1",
    )?;
    let end = query.query_row((stream.as_bytes().as_slice(), site.0.as_slice()), |row| {
        Ok(ChainEnd { next: row.get::<_, i64>(0)? as u64, hash: row.get(1)? })
    });
    Ok(end.optional()?.unwrap_or(ChainEnd::START))
}

/// A chain's end as it was when `next` was the index of its next entry; none where no batch ends there.
pub fn chain_end_at(db: &Connection, stream: RowId, site: SiteId, next: u64) -> Result<Option<ChainEnd>> {
    let mut query =
        db.prepare_cached("SELECT hash FROM batch WHERE stream = ?1 AND site = ?2 AND first + count = ?3")?;
    let hash = query.query_row((stream.as_bytes().as_slice(), site.0.as_slice(), next as i64), |row| row.get(0));
    Ok(hash.optional()?.map(|hash| ChainEnd { next, hash }))
}

/// How far each site's chain in a stream has come: what has been seen of the stream.
pub fn seen_of_stream(db: &Connection, stream: RowId) -> Result<Vec<(SiteId, u64)>> {
    let mut query =
        db.prepare_cached("SELECT site, max(first + count) FROM batch WHERE stream = ?1 GROUP BY site ORDER BY site")?;
    let rows = query
        .query_map([stream.as_bytes().as_slice()], |row| Ok((SiteId(row.get(0)?), row.get::<_, i64>(1)? as u64)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Where a site's chain in a stream first says something anew after the action to which an entry belongs; undoing older
/// actions is nothing new. The end of all numbers where it does not.
pub fn anew_after(db: &Connection, stream: RowId, at: EntryRef) -> Result<u64> {
    let mut query = db.prepare_cached(
        "SELECT min(first) FROM batch WHERE stream = ?1 AND site = ?2 AND first > ?3 AND undoes IS NULL AND action <>
         (SELECT action FROM batch WHERE stream = ?1 AND site = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1)",
    )?;
    let chain = (stream.as_bytes().as_slice(), at.site.0.as_slice(), at.index as i64);
    let anew: Option<i64> = query.query_row(chain, |row| row.get(0))?;
    Ok(anew.map_or(u64::MAX, |anew| anew as u64))
}

/// Writes one batch of our own at the end of its chain, signed.
pub fn append(
    db: &Connection,
    key: &SigningKey,
    end: ChainEnd,
    header: &Header,
    entries: &[Entry],
) -> Result<ChainEnd> {
    debug_assert_eq!(end.next, header.first, "a batch continues its chain");
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).map_err(|error| StoreError::Write(error.to_string()))?;
    let packed = wire::pack(header, entries, seed, &end.hash);
    let signature = key.sign(&packed.hash).to_bytes().to_vec();
    let header = header.clone();
    let batch = Batch { header, count: entries.len() as u64, hash: packed.hash, signature, body: packed.body };
    insert(db, &batch, entries)?;
    Ok(ChainEnd { next: batch.header.first + batch.count, hash: batch.hash })
}

/// Puts a batch that was made elsewhere, and verified, at the end of the order of arrival; `entries` are those in its body.
pub fn insert(db: &Connection, batch: &Batch, entries: &[Entry]) -> Result<()> {
    let header = &batch.header;
    db.prepare_cached(
        "INSERT INTO batch (stream, site, first, count, hlc, action, undoes, author, label, origin, hash, signature, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(rusqlite::params![
        header.stream.as_bytes().as_slice(),
        header.site.0.as_slice(),
        header.first as i64,
        batch.count as i64,
        header.hlc.0 as i64,
        header.action.as_bytes().as_slice(),
        header.undoes.map(|action| *action.as_bytes()),
        header.author,
        header.label,
        header.origin,
        batch.hash.as_slice(),
        batch.signature,
        batch.body,
    ])?;
    let n = db.last_insert_rowid();
    let mut touch = db.prepare_cached("INSERT OR IGNORE INTO touched (row, batch) VALUES (?1, ?2)")?;
    let mut last = None;
    for entry in entries {
        if last != Some(entry.row) {
            touch.execute((entry.row.as_bytes().as_slice(), n))?;
            last = Some(entry.row);
        }
    }
    Ok(())
}

/// Every batch that speaks of a row, in the order in which they arrived.
pub fn of_row(db: &Connection, row: RowId) -> Result<Vec<Batch>> {
    let sql = format!("SELECT {COLUMNS} FROM touched JOIN batch ON batch = n WHERE row = ?1 ORDER BY n");
    let mut query = db.prepare_cached(&sql)?;
    let batches = query.query_map([row.as_bytes().as_slice()], read)?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

/// The batches of one site that speak of a row, of whichever streams, the first four of them.
pub fn of_row_by(db: &Connection, row: RowId, site: SiteId) -> Result<Vec<Batch>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM touched JOIN batch ON batch = n WHERE row = ?1 AND site = ?2 ORDER BY n LIMIT 4"
    );
    let mut query = db.prepare_cached(&sql)?;
    let batches = query.query_map((row.as_bytes().as_slice(), site.0.as_slice()), read)?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

/// Takes note that what comes next in the order of arrival came now.
pub fn note_arrival(db: &Connection, now_ms: u64) -> Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO arrival (n, at) SELECT coalesce(max(n), 0) + 1, ?1 FROM batch")?
        .execute([now_ms as i64])?;
    Ok(())
}

/// Every batch that speaks of a row, in the order in which they arrived, with when whatever came with it did, in
/// milliseconds since 1970. Of what was written here that says nothing.
pub fn of_row_with_arrival(db: &Connection, row: RowId) -> Result<Vec<(Batch, Option<i64>)>> {
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT at FROM arrival a WHERE a.n <= batch.n ORDER BY a.n DESC LIMIT 1)
         FROM touched JOIN batch ON batch = n WHERE row = ?1 ORDER BY n"
    );
    let mut query = db.prepare_cached(&sql)?;
    let batches = query.query_map([row.as_bytes().as_slice()], |row| Ok((read(row)?, row.get(13)?)))?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

/// Every batch of a stream, in the order in which they arrived.
pub fn of_stream(db: &Connection, stream: RowId) -> Result<Vec<Batch>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM batch WHERE stream = ?1 ORDER BY n"))?;
    let batches = query.query_map([stream.as_bytes().as_slice()], read)?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

/// The batch in which an entry stands.
pub fn holding(db: &Connection, stream: RowId, at: EntryRef) -> Result<Option<Batch>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM batch WHERE stream = ?1 AND site = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1"
    ))?;
    let batch =
        query.query_row((stream.as_bytes().as_slice(), at.site.0.as_slice(), at.index as i64), read).optional()?;
    Ok(batch.filter(|batch| at.index < batch.header.first + batch.count))
}

/// An entry by the name that others have for it.
pub fn entry_at(db: &Connection, stream: RowId, at: EntryRef) -> Result<Option<Entry>> {
    let Some(batch) = holding(db, stream, at)? else { return Ok(None) };
    let within = usize::try_from(at.index - batch.header.first).unwrap_or(usize::MAX);
    Ok(batch.entries()?.into_iter().nth(within))
}

/// The batch at a place in the order of arrival.
pub fn at(db: &Connection, n: i64) -> Result<Batch> {
    Ok(db.prepare_cached(&format!("SELECT {COLUMNS} FROM batch WHERE n = ?1"))?.query_row([n], read)?)
}

/// The batches of a chain that hold entries from `from` on, in order, one at a time.
pub fn of_chain<E: From<StoreError>>(
    db: &Connection,
    stream: RowId,
    site: SiteId,
    from: u64,
    take: &mut dyn FnMut(Batch) -> Result<(), E>,
) -> Result<(), E> {
    let sql =
        format!("SELECT {COLUMNS} FROM batch WHERE stream = ?1 AND site = ?2 AND first + count > ?3 ORDER BY first");
    let mut query = db.prepare_cached(&sql).map_err(StoreError::from)?;
    let mut rows = query.query((stream, site.0.as_slice(), from as i64)).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        take(read(row).map_err(StoreError::from)?)?;
    }
    Ok(())
}

/// Takes the end of a chain out, from an index on.
pub fn remove_from(db: &Connection, stream: RowId, site: SiteId, from: u64) -> Result<()> {
    let numbers: Vec<i64> = db
        .prepare("SELECT n FROM batch WHERE stream = ?1 AND site = ?2 AND first >= ?3")?
        .query_map((stream, site.0.as_slice(), from as i64), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for n in numbers {
        db.prepare_cached("DELETE FROM touched WHERE batch = ?1")?.execute([n])?;
        db.prepare_cached("DELETE FROM batch WHERE n = ?1")?.execute([n])?;
    }
    Ok(())
}

/// All streams that have a journal here.
pub fn streams(db: &Connection) -> Result<Vec<RowId>> {
    let mut query = db.prepare("SELECT DISTINCT stream FROM batch ORDER BY stream")?;
    let streams = query.query_map([], |row| Ok(RowId::from_bytes(row.get(0)?)))?;
    Ok(streams.collect::<rusqlite::Result<_>>()?)
}

/// Every batch after the first `after` in the order of arrival, one at a time.
pub fn each(db: &Connection, after: i64, take: &mut dyn FnMut(Batch) -> Result<()>) -> Result<()> {
    let mut query = db.prepare(&format!("SELECT {COLUMNS} FROM batch WHERE n > ?1 ORDER BY n"))?;
    let mut rows = query.query([after])?;
    while let Some(row) = rows.next()? {
        take(read(row)?)?;
    }
    Ok(())
}
