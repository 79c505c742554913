//! Batches on pages to which no page leads any more: where the damage is in the tree above them, they are whole all the same.
//!
//! In a copy of the file, tables are told to begin at each page in turn. Where that is a page of batches, SQLite reads them as
//! it reads any table; from every other page it reads nothing. Whether they hold is not decided here.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::super::file::{beside, connect, unlock};
use super::super::journal::{self, Batch};
use super::super::{Passphrase, Result, Staged, wire};

/// So many pages are looked at under one reading of the schema.
const AT_ONCE: i64 = 256;

/// The same columns as those of batches, and nothing that would need a page of its own.
const LEAF: &str = "n INTEGER PRIMARY KEY, stream, site, first, count, hlc, action, undoes, author, label, origin, hash, \
                    signature, body";

/// What of a row is on the page itself tells whether it is a batch.
const IS_BATCH: &str =
    "typeof(stream) = 'blob' AND length(stream) = 16 AND typeof(hash) = 'blob' AND length(hash) = 32";

/// Hands over every batch that can be read from any page, until that is enough. Some come more than once.
pub(super) fn batches(path: &Path, passphrase: &Passphrase, take: &mut dyn FnMut(Batch) -> bool) -> Result<()> {
    let copy = Copy::of(path, passphrase)?;
    let mut db = copy.open()?;
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
    add_tables(&db)?;
    let mut begin = 2;
    while begin <= pages {
        begin_at(&db, begin, pages)?;
        for table in 0..AT_ONCE.min(pages - begin + 1) {
            let mut after = 0;
            loop {
                match read(&db, table, &mut after, take) {
                    Ok(true) => break,
                    Ok(false) => return Ok(()),
                    // No page of a table.
                    Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => break,
                    Err(_) => {}
                }
                // A connection that met with a page that does not pass its check reads nothing more. Where that page is one
                // of those that a single batch goes on at, the others are read on behind it.
                drop(db);
                db = copy.open()?;
                match next(&db, table, after) {
                    Ok(Some(damaged)) => after = damaged,
                    Ok(None) => break,
                    Err(_) => {
                        drop(db);
                        db = copy.open()?;
                        break;
                    }
                }
            }
        }
        begin += AT_ONCE;
    }
    Ok(())
}

fn add_tables(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE; PRAGMA writable_schema = ON;
         WITH RECURSIVE number (of) AS (VALUES (0) UNION ALL SELECT of + 1 FROM number WHERE of + 1 < {AT_ONCE})
         INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
         SELECT 'table', 'leaf_' || of, 'leaf_' || of, 2, 'CREATE TABLE leaf_' || of || ' ({LEAF})' FROM number;
         COMMIT"
    ))
}

/// Lets the tables begin at one page each, from the given one on.
fn begin_at(db: &Connection, page: i64, last: i64) -> rusqlite::Result<()> {
    db.execute_batch(&format!(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = min({page} + substr(name, 6), {last}) WHERE name GLOB 'leaf_*';
         PRAGMA writable_schema = RESET"
    ))
}

/// Hands over the batches of a table behind a number; says whether more are wanted.
fn read(db: &Connection, table: i64, after: &mut i64, take: &mut dyn FnMut(Batch) -> bool) -> rusqlite::Result<bool> {
    let columns = journal::COLUMNS;
    let mut query =
        db.prepare(&format!("SELECT {columns}, n FROM leaf_{table} WHERE n > ?1 AND {IS_BATCH} ORDER BY n"))?;
    let mut rows = query.query([*after])?;
    while let Some(row) = rows.next()? {
        *after = row.get(13)?;
        // A page that was let go may go on where something else stands by now.
        let whole = journal::read(row).ok().filter(|batch| wire::unpack(&batch.header, &batch.body, None).is_ok());
        if whole.is_some_and(|batch| !take(batch)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The number of the next batch, without what of it is on other pages.
fn next(db: &Connection, table: i64, after: i64) -> rusqlite::Result<Option<i64>> {
    let sql = format!("SELECT n FROM leaf_{table} WHERE n > ?1 AND {IS_BATCH} ORDER BY n LIMIT 1");
    db.query_row(&sql, [after], |row| row.get(0)).optional()
}

/// A copy of the file with its WAL, beside it, gone when this is dropped.
struct Copy<'a> {
    at: Staged,
    passphrase: &'a Passphrase,
}

impl<'a> Copy<'a> {
    fn of(path: &Path, passphrase: &'a Passphrase) -> Result<Copy<'a>> {
        let at = Staged::beside(Some(path))?;
        for ending in ["", "-wal"] {
            let from = beside(path, ending);
            if from.exists() {
                let mut to = crate::files::new_file(&beside(&at.path, ending))?;
                std::io::copy(&mut crate::files::open(&from)?, &mut to)?;
            }
        }
        Ok(Copy { at, passphrase })
    }

    fn open(&self) -> Result<Connection> {
        let db = connect(&self.at.path, false)?;
        unlock(&db, self.passphrase)?;
        Ok(db)
    }
}
