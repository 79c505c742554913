//! Batches on pages to which no page leads any more: where the damage is in the tree above them, they are whole all the same.
//!
//! In a copy of the file the first page is one of our own, under the same key. It knows tables that begin at each page in
//! turn, and needs nothing else of the file. Where that is a page of batches, SQLite reads them as it reads any table, each
//! batch by itself; from every other page it reads nothing. Whether they hold is not decided here.

use std::fs::OpenOptions;
use std::io::{Read, Seek, Write};
use std::path::Path;

use rusqlite::Connection;

use super::super::file::{PAGE, beside, connect, unlock};
use super::super::journal::{self, Batch};
use super::super::{Passphrase, Result, Staged, wire};
use super::source::Source;

/// So many tables have room on the first page.
const AT_ONCE: u64 = 16;

/// The same columns as those of batches, and nothing that would need a page of its own.
const LEAF: &str = "n INTEGER PRIMARY KEY, stream, site, first, count, hlc, action, undoes, author, label, origin, hash, \
                    signature, body";

/// What of a row is always on the page itself tells whether it is a batch.
const IS_BATCH: &str =
    "typeof(stream) = 'blob' AND length(stream) = 16 AND typeof(hash) = 'blob' AND length(hash) = 32";

/// As much of a filling is written at once, in bytes.
const FILLING: u64 = 64 << 20;

/// Hands over every batch that can be read from any page, until that is enough. Some come more than once.
pub(super) fn batches(path: &Path, passphrase: &Passphrase, take: &mut dyn FnMut(Batch) -> bool) -> Result<()> {
    let (copy, pages) = copy_under_our_own_page(path, passphrase)?;
    let mut from = Source::open(copy.path.clone(), passphrase, false)?;
    let mut begin = 2;
    while begin <= pages {
        begin_at(&from.db, begin, pages)?;
        for table in 0..AT_ONCE.min(pages - begin + 1) {
            for n in from.surely(|db| numbers(db, table))?.unwrap_or_default() {
                let found = from.surely(|db| read(db, table, n))?;
                // A page that was let go may go on where something else stands by now.
                let whole = found.filter(|batch| wire::unpack(&batch.header, &batch.body, None).is_ok());
                if whole.is_some_and(|batch| !take(batch)) {
                    return Ok(());
                }
            }
        }
        begin += AT_ONCE;
    }
    Ok(())
}

/// Lets the tables begin at one page each, from the given one on.
fn begin_at(db: &Connection, page: u64, last: u64) -> rusqlite::Result<()> {
    db.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = min({page} + substr(name, 6), {last}) WHERE name GLOB 'leaf_*';
         PRAGMA writable_schema = RESET"
    ))
}

/// The numbers of the batches on a page, and on those to which it leads.
fn numbers(db: &Connection, table: u64) -> rusqlite::Result<Vec<i64>> {
    let mut query = db.prepare(&format!("SELECT n FROM leaf_{table} WHERE {IS_BATCH} ORDER BY n"))?;
    query.query_map([], |row| row.get(0))?.collect()
}

fn read(db: &Connection, table: u64, n: i64) -> rusqlite::Result<Batch> {
    let columns = journal::COLUMNS;
    db.prepare_cached(&format!("SELECT {columns} FROM leaf_{table} WHERE n = ?1"))?.query_row([n], journal::read)
}

/// A copy of the file beside it, gone when it is dropped, and how many pages of the file there are in it: what lay in the WAL
/// stands in it, and its first page is one of our own.
fn copy_under_our_own_page(path: &Path, passphrase: &Passphrase) -> Result<(Staged, u64)> {
    let copy = Staged::beside(Some(path))?;
    for ending in ["", "-wal"] {
        let from = beside(path, ending);
        if from.exists() {
            let mut to = crate::files::new_file(&beside(&copy.path, ending))?;
            std::io::copy(&mut crate::files::open(&from)?, &mut to)?;
        }
    }
    // Pages go from the WAL into the file as they are, unread.
    let folded = Source::open(copy.path.clone(), passphrase, false)?;
    folded.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(folded);
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&copy.path, ending));
    }
    let mut file = OpenOptions::new().read(true).write(true).open(&copy.path)?;
    let pages = file.metadata()?.len() / PAGE;
    let mut salt = [0; 16];
    file.read_exact(&mut salt)?;
    let (page, length) = first_page(path, passphrase, &salt, pages)?;
    file.set_len(length)?;
    file.rewind()?;
    file.write_all(&page)?;
    Ok((copy, pages))
}

/// The first page of a file of so many pages or more, under the key that the passphrase gives with a salt; and how long such a
/// file is.
fn first_page(path: &Path, passphrase: &Passphrase, salt: &[u8; 16], pages: u64) -> Result<(Vec<u8>, u64)> {
    let made = Staged::beside(Some(path))?;
    crate::files::new_file(&made.path)?;
    let db = connect(&made.path, false)?;
    unlock(&db, passphrase)?;
    let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
    let tables: String = (0..AT_ONCE).map(|table| format!("CREATE TABLE leaf_{table} ({LEAF});")).collect();
    db.execute_batch(&format!(
        "PRAGMA cipher_salt = \"x'{salt}'\"; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         {tables} CREATE TABLE filling (bytes)"
    ))?;
    // The page says how many there are.
    loop {
        let there = db.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))?.unsigned_abs();
        let Some(short @ 1..) = pages.checked_sub(there) else { break };
        let bytes = (short * PAGE).min(FILLING) as i64;
        db.execute("INSERT INTO filling (bytes) VALUES (zeroblob(?1))", [bytes])?;
    }
    drop(db);
    let mut file = crate::files::open(&made.path)?;
    let mut page = vec![0; PAGE as usize];
    file.read_exact(&mut page)?;
    Ok((page, file.metadata()?.len()))
}
