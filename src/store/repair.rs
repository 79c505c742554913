//! What is whole of a damaged file, taken over into a new one.
//!
//! The promise: the damaged file is only read; the new one stands beside it under a name of its own, whole or not at all; what
//! is in it was read from pages that pass their check (or from a backup, where a chain has a hole that a backup fills), and
//! every chain holds; and what is lost is named. Tables of rows are never taken over: they are made again from the journal.
//!
//! Every batch all of whose own pages are whole is found, whatever leads to them ([`leaves`]). Rows of other tables are read
//! from both ends: one page that cannot be read costs what stands on it, and nothing that stands behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value as Cell;

use crate::model::records::worker;
use crate::model::{RowId, SiteId};

use super::check::{follows, signature_holds};
use super::file::{self, put_meta};
use super::journal::{self, Batch, ChainEnd};
use super::sites::{self, Keys};
use super::wire;
use super::{CheckReport, Clock, Passphrase, Result, Staged, Store, StoreError, Worker, backup, erase, rescue};
use source::Source;

/// What belongs to the file beside its journal. What was noted of places is not taken over: they are looked through again.
const TABLES: [&str; 10] =
    ["meta", "local", "site", "line", "own_site", "peer_has", "published", "access", "aside", "arrival"];

/// What a repair did.
#[derive(Debug, serde::Serialize)]
pub struct Repaired {
    /// The new file.
    pub file: PathBuf,
    /// Journal entries in it.
    pub entries: u64,
    /// Entries that a backup beside the file had.
    pub from_backup: u64,
    /// Entries behind a hole that were entered again, under another installation of the same line.
    pub entered_again: u64,
    /// What is lost, in words; ids only, no client's data.
    pub lost: Vec<String>,
    /// What a check of the new file says.
    pub check: CheckReport,
}

/// One chain as far as it could be read.
struct Chain {
    stream: RowId,
    site: SiteId,
    batches: Vec<Batch>,
    /// Where each batch begins that is known to have been there and could not be read.
    unread: BTreeSet<u64>,
}

impl Chain {
    fn empty(stream: RowId, site: SiteId) -> Chain {
        Chain { stream, site, batches: Vec::new(), unread: BTreeSet::new() }
    }
}

impl Store {
    /// Takes what is whole of a file over into a new one beside it.
    ///
    /// # Errors
    /// [`StoreError::WrongPassphrase`] where not even the first page opens; and what the new file says.
    pub fn repair(path: &Path, passphrase: &Passphrase, clock: Clock) -> Result<Repaired> {
        file::look_at(path)?;
        let mut from = Source::open(path.into(), passphrase, true)?;
        let mut lost = Vec::new();
        let mut tables = BTreeMap::new();
        for table in TABLES {
            let (columns, rows, whole) = rows_of(&mut from, table)?;
            if !whole {
                lost.push(format!("some of what is kept in \"{table}\": {} rows of it could be read", rows.len()));
            }
            tables.insert(table, (columns, rows));
        }
        let machine = sites::machine(Some(path));
        let keys = from.surely(|db| Ok(Keys::of(db, &machine, false).ok()))?.flatten();
        let (mut chains, all_known) = chains_of(&mut from, path, passphrase)?;
        if !all_known {
            lost.push("whatever stood last about someone, as it cannot be told whether anything did: look at what you last wrote".into());
        }
        let identity = keys.as_ref().map(Keys::identity).transpose()?;
        let kept = identity.as_ref().and_then(|own| backup::newest_that_opens(&path.with_file_name("backups"), own));
        let by_backup = kept.as_ref().map(|chain| chain[0].1.head.worker);
        let who = worker_of(&tables).or(by_backup).or_else(|| worker_by(&chains));
        let who = who.ok_or_else(|| StoreError::Damaged("it does not even say whose it is".into()))?;
        let from_backup = fill_holes(&mut chains, all_known, kept)?;
        if keys.is_none() {
            lost.push("this installation's keys: colleagues have to accept its new card".into());
        }

        let draft = Staged::beside(Some(path))?;
        let worker = Worker::unnamed(who);
        let made = Store::create_with(
            &draft.path,
            |db, path| Store::set_up(db, path, &worker, keys, clock.clone()),
            passphrase,
        )?;
        let (mut store, _) = made;
        let transaction = store.db.transaction()?;
        for (table, (columns, rows)) in &tables {
            put_rows(&transaction, table, columns, rows)?;
        }
        put_meta(&transaction, "worker", who.as_bytes())?;
        let mut segments = Vec::new();
        for chain in &chains {
            segments.extend(take_chain(&transaction, chain, &mut lost)?);
        }
        super::lines::make_one_of_own(&transaction, store.site)?;
        transaction.commit()?;
        store.rebuild()?;
        // A backup, or a page that was let go, may be older than an erasure.
        let transaction = store.db.transaction()?;
        let erased = erase::judge_again(&transaction, false)?;
        transaction.commit()?;
        if erased {
            store.wipe()?;
        }
        store.read_worker()?;
        let mut entered_again = 0;
        // From the last one on: each time what stands from there to the end is entered again.
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.2));
        for (stream, site, from, entries) in segments {
            entered_again += entries;
            store.make_way(stream, site, from)?;
        }
        drop(store);
        let time = clock().format(rescue::TIME).to_string();
        let file = rescue::named(&draft, path, &format!("repaired-{time}"), "db")?;
        let store = Store::open(&file, passphrase, clock)?;
        let check = store.check()?;
        let entries = check.entries;
        Ok(Repaired { file, entries, from_backup, entered_again, lost, check })
    }
}

type Rows = Vec<Vec<Cell>>;

fn cells(row: &rusqlite::Row<'_>) -> rusqlite::Result<Vec<Cell>> {
    (0..row.as_ref().column_count()).map(|at| row.get(at)).collect()
}

/// The rows of a table as far as they can be read, by the columns that it has, and whether that is all of them.
fn rows_of(from: &mut Source<'_>, table: &str) -> Result<(Vec<String>, Rows, bool)> {
    let mut columns = Vec::new();
    let mut keys = Vec::new();
    {
        let mut query = from.db.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?;
        let mut found = query.query([table])?;
        while let Some(row) = found.next()? {
            let (name, key): (String, i64) = (row.get(0)?, row.get(1)?);
            if key > 0 {
                keys.push((key, format!("\"{name}\" ")));
            }
            columns.push(name);
        }
    }
    if columns.is_empty() {
        return Ok((columns, Vec::new(), true));
    }
    keys.sort();
    let order = |way: &str| keys.iter().map(|(_, key)| format!("{key}{way}")).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT * FROM \"{table}\" ORDER BY ");
    let mut rows = Vec::new();
    let whole = from.read_on(&format!("{sql}{}", order("")), cells, &mut |row| rows.push(row))?;
    if !whole {
        let mut from_behind = Vec::new();
        from.read_on(&format!("{sql}{}", order("DESC")), cells, &mut |row| from_behind.push(row))?;
        from_behind.retain(|row| !rows.contains(row));
        rows.extend(from_behind.into_iter().rev());
    }
    Ok((columns, rows, whole))
}

fn put_rows(db: &Connection, table: &str, columns: &[String], rows: &Rows) -> Result<()> {
    let here: BTreeSet<String> = db
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let at: Vec<usize> = (0..columns.len()).filter(|at| here.contains(&columns[*at])).collect();
    if at.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = at.iter().map(|at| columns[*at].as_str()).collect();
    let marks = vec!["?"; at.len()].join(", ");
    let sql = format!("INSERT OR REPLACE INTO \"{table}\" (\"{}\") VALUES ({marks})", names.join("\", \""));
    let mut insert = db.prepare(&sql)?;
    for row in rows {
        // What the tables were made from is this version's own.
        if table == "meta" && row.first() == Some(&Cell::Text("projection".into())) {
            continue;
        }
        insert.execute(rusqlite::params_from_iter(at.iter().map(|at| &row[*at])))?;
    }
    Ok(())
}

fn worker_of(tables: &BTreeMap<&str, (Vec<String>, Rows)>) -> Option<RowId> {
    let meta = tables.get("meta").map(|(_, rows)| rows.as_slice()).unwrap_or_default();
    meta.iter().find_map(|row| match row.as_slice() {
        [Cell::Text(key), Cell::Blob(id), ..] if key == "worker" => {
            Some(RowId::from_bytes(id.as_slice().try_into().ok()?))
        }
        _ => None,
    })
}

/// The only worker of whom the journal knows.
fn worker_by(chains: &[Chain]) -> Option<RowId> {
    let entries = chains.iter().flat_map(|chain| &chain.batches).filter_map(|batch| batch.entries().ok()).flatten();
    let workers: BTreeSet<RowId> =
        entries.filter(|entry| entry.record == worker::TYPE.number).map(|entry| entry.row).collect();
    workers.first().copied().filter(|_| workers.len() == 1)
}

/// Where a batch stands: of which stream and site, and the index of its first entry.
type Place = (RowId, SiteId, u64);

fn place_of(batch: &Batch) -> Place {
    (batch.header.stream, batch.header.site, batch.header.first)
}

/// Every batch that can be read, and where there were others; and whether every place is known where one was.
fn chains_of(from: &mut Source<'_>, path: &Path, passphrase: &Passphrase) -> Result<(Vec<Chain>, bool)> {
    let mut read = BTreeMap::new();
    let sql = format!("SELECT {} FROM batch ORDER BY n", journal::COLUMNS);
    let table_is_whole = from.read_on(&sql, journal::read, &mut |batch| {
        read.entry(place_of(&batch)).or_insert(batch);
    })?;
    let (known, index_is_whole) = known_places(from)?;
    let mut unread: BTreeSet<Place> = known.into_iter().filter(|place| !read.contains_key(place)).collect();
    if !table_is_whole && (!index_is_whole || !unread.is_empty()) {
        leaves::batches(path, passphrase, &mut |batch| {
            let place = place_of(&batch);
            // What a whole index does not know was taken out of the journal, and its page not used again.
            if unread.remove(&place) || !index_is_whole {
                read.entry(place).or_insert(batch);
            }
            !index_is_whole || !unread.is_empty()
        })?;
    }
    let mut chains: BTreeMap<(RowId, SiteId), Chain> = BTreeMap::new();
    for ((stream, site, _), batch) in read {
        chains.entry((stream, site)).or_insert_with(|| Chain::empty(stream, site)).batches.push(batch);
    }
    for (stream, site, first) in unread {
        chains.entry((stream, site)).or_insert_with(|| Chain::empty(stream, site)).unread.insert(first);
    }
    Ok((chains.into_values().collect(), table_is_whole || index_is_whole))
}

/// Where batches stand by the index of their table, and whether that is all of it.
fn known_places(from: &mut Source<'_>) -> Result<(BTreeSet<Place>, bool)> {
    let sql = "SELECT stream, site, first FROM batch INDEXED BY sqlite_autoindex_batch_1 ORDER BY stream";
    let place = |row: &rusqlite::Row<'_>| {
        Ok((RowId::from_bytes(row.get(0)?), SiteId(row.get(1)?), row.get::<_, i64>(2)? as u64))
    };
    let mut known = BTreeSet::new();
    let mut note = |place| {
        known.insert(place);
    };
    let whole = from.read_on(sql, place, &mut note)?;
    if !whole {
        from.read_on(&format!("{sql} DESC"), place, &mut note)?;
    }
    Ok((known, whole))
}

/// Puts batches that a backup has into the holes of chains, and where it is not known what there was, behind their ends. Gives
/// how many entries that were.
fn fill_holes(chains: &mut Vec<Chain>, all_known: bool, backup: Option<Vec<(PathBuf, backup::Opened)>>) -> Result<u64> {
    let has_holes = |chain: &Chain| !chain.unread.is_empty() || holes(&chain.batches);
    if backup.is_none() || (all_known && !chains.iter().any(has_holes)) {
        return Ok(0);
    }
    let mut filled = 0;
    let mut at: BTreeMap<(RowId, SiteId), usize> =
        chains.iter().enumerate().map(|(at, chain)| ((chain.stream, chain.site), at)).collect();
    for batch in backup::batches_of(backup.unwrap_or_default())? {
        let (stream, site, first) = place_of(&batch);
        if !all_known && !at.contains_key(&(stream, site)) {
            at.insert((stream, site), chains.len());
            chains.push(Chain::empty(stream, site));
        }
        let Some(chain) = at.get(&(stream, site)).map(|at| &mut chains[*at]) else { continue };
        if !chain.batches.iter().any(|one| one.header.first == first) {
            filled += batch.count;
            chain.unread.remove(&first);
            chain.batches.push(batch);
        }
    }
    chains.iter_mut().for_each(|chain| chain.batches.sort_by_key(|batch| batch.header.first));
    Ok(filled)
}

fn holes(batches: &[Batch]) -> bool {
    let mut next = 0;
    batches.iter().any(|batch| std::mem::replace(&mut next, batch.header.first + batch.count) != batch.header.first)
}

/// A stretch behind a hole: of which stream and site, from where on, and how many entries.
type Segment = (RowId, SiteId, u64, u64);

/// Puts in what holds of a chain: all that follows on its beginning; and of our own what stands behind a hole, to be entered
/// again from there on.
fn take_chain(db: &Connection, chain: &Chain, lost: &mut Vec<String>) -> Result<Vec<Segment>> {
    let known = sites::of(db, chain.site)?;
    let own = sites::sign_as(db, chain.site, &[])?.is_some();
    let (mut end, mut hole) = (ChainEnd::START, false);
    let (mut batches, mut segments): (Vec<&Batch>, Vec<Segment>) = (Vec::new(), Vec::new());
    for batch in &chain.batches {
        let (first, next) = (batch.header.first, batch.header.first + batch.count);
        let mut on = end;
        if follows(&mut on, batch).is_ok() {
            batches.push(batch);
        } else if first < end.next {
            // What stands there already is what holds.
            continue;
        } else {
            lost.push(format!("entries {} to {first} that site {} wrote about {}", end.next, chain.site, chain.stream));
            let key = known.as_ref().map(|site| site.public_key);
            let genuine = wire::unpack(&batch.header, &batch.body, None).is_ok()
                && key.is_some_and(|key| signature_holds(&key, &batch.hash, &batch.signature));
            hole = true;
            if !own || !genuine {
                let rest: u64 = chain.batches.iter().filter(|one| one.header.first >= first).map(|one| one.count).sum();
                lost.push(format!(
                    "{rest} entries behind them, which whoever wrote them has (site {}): have them write a bundle with everything",
                    chain.site
                ));
                break;
            }
            batches.push(batch);
            segments.push((chain.stream, chain.site, first, 0));
            on = ChainEnd { next, hash: batch.hash };
        }
        end = on;
        if let Some(segment) = segments.last_mut() {
            segment.3 += batch.count;
        }
    }
    // The end of a chain carries its site's signature, or it is no end.
    while let Some(last) = batches.last().filter(|_| !own) {
        let key = known.as_ref().map(|site| site.public_key);
        if key.is_some_and(|key| signature_holds(&key, &last.hash, &last.signature)) {
            break;
        }
        lost.push(format!(
            "{} entries of site {} about {}, whose signature is lost: have them write a bundle with everything",
            last.count, chain.site, chain.stream
        ));
        batches.pop();
    }
    for batch in batches {
        journal::insert(db, batch, &batch.entries()?)?;
    }
    if let Some(unread) = chain.unread.iter().find(|first| **first >= end.next).filter(|_| !hole) {
        lost.push(format!("entries {unread} and on that site {} wrote about {}", chain.site, chain.stream));
    }
    Ok(segments)
}

mod leaves;
mod source;

#[cfg(test)]
mod tests;
