//! The main file without its WAL: which state it is by itself, and whether a WAL that lies beside it belongs to that.
//!
//! It is read without a lock. Where another program folds meanwhile, or a fold was stopped half-way, it is nothing whole by itself,
//! and that is no sign of anything.

use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::store::file::{self, PAGE, beside};
use crate::store::{Passphrase, Result, StoreError};

use super::{AGAIN, Seen};

/// Bytes before the first frame of a WAL, and before the page in each: the page's number comes first.
const WAL_HEAD: u64 = 32;
const FRAME_HEAD: usize = 24;

/// One state of the main file.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Generation {
    pub n: i64,
    pub stamp: [u8; 8],
    pub base: i64,
}

pub(super) fn salt(path: &Path) -> Option<[u8; 16]> {
    let mut salt = [0; 16];
    crate::files::open(path).and_then(|mut file| file.read_exact(&mut salt)).ok()?;
    Some(salt)
}

/// Whether a WAL has a first page, and one of another file than the one that it lies beside.
pub(in crate::store) fn has_another_salt(path: &Path, wal: &Path) -> bool {
    salt_in_wal(wal).is_ok_and(|found| found.is_some() && found != salt(path))
}

fn salt_in_wal(wal: &Path) -> std::io::Result<Option<[u8; 16]>> {
    let mut wal = std::io::BufReader::new(std::fs::File::open(wal)?);
    std::io::copy(&mut wal.by_ref().take(WAL_HEAD), &mut std::io::sink())?;
    let mut head = [0; FRAME_HEAD];
    // The first one is as good as any: they are all of one file.
    while wal.read_exact(&mut head).is_ok() {
        if head.starts_with(&1_u32.to_be_bytes()) {
            let mut salt = [0; 16];
            wal.read_exact(&mut salt)?;
            return Ok(Some(salt));
        }
        wal.seek_relative(PAGE as i64)?;
    }
    Ok(None)
}

/// Whether the main file opens by itself, and its generations can be read.
pub(in crate::store) fn opens_alone(path: &Path, passphrase: &Passphrase) -> bool {
    let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let opened = || -> Result<()> {
        let db = Connection::open_with_flags(alone(path), access)?;
        db.query_row("PRAGMA cipher_log_level = NONE", [], |_| Ok(())).optional()?;
        file::unlock(&db, passphrase)?;
        generations(&db, "main").map(drop)
    };
    opened().is_ok()
}

pub(super) fn wal_length(wal: &Path) -> u64 {
    std::fs::metadata(wal).map_or(0, |found| found.len())
}

pub(super) fn generations(db: &Connection, schema: &str) -> Result<Vec<Generation>> {
    let mut query = db.prepare(&format!("SELECT n, stamp, base FROM {schema}.generation ORDER BY n"))?;
    let all = query.query_map([], |row| Ok(Generation { n: row.get(0)?, stamp: row.get(1)?, base: row.get(2)? }))?;
    Ok(all.collect::<rusqlite::Result<_>>()?)
}

/// The generations as the main file alone has them, with the key that is known already; and whether the file is as long
/// as it says.
pub(super) fn in_main_file(db: &Connection, path: &Path) -> Result<Vec<Generation>> {
    db.execute("ATTACH ?1 AS there", [alone(path)]).map_err(|error| match error.sqlite_error_code() {
        // The first page does not open with the key that is known.
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::OutOfMemory) => StoreError::WrongPassphrase,
        _ => error.into(),
    })?;
    let read = (|| {
        let pages: i64 = db.pragma_query_value(Some("there"), "page_count", |row| row.get(0))?;
        if std::fs::metadata(path)?.len() < pages as u64 * PAGE {
            return Err(StoreError::Damaged("the file is shorter than it should be".into()));
        }
        let has = "SELECT 1 FROM there.sqlite_schema WHERE name = 'generation'";
        match db.query_row(has, [], |_| Ok(())).optional()? {
            Some(()) => generations(db, "there"),
            None => Ok(Vec::new()),
        }
    })();
    let _ = db.execute_batch("DETACH there");
    read
}

/// The last batch that the main file alone has, in the order of arrival.
pub(in crate::store) fn last_in_main_file(db: &Connection, path: &Path) -> Result<i64> {
    db.execute("ATTACH ?1 AS there", [alone(path)])?;
    let last = db.query_row("SELECT coalesce(max(n), 0) FROM there.batch", [], |row| row.get(0));
    let _ = db.execute_batch("DETACH there");
    Ok(last?)
}

/// How SQLite is told to read a main file without its WAL, and without a lock.
pub(in crate::store) fn alone(path: &Path) -> String {
    let mut name = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => name.push(char::from(*byte)),
            #[cfg(windows)]
            b':' => name.push(':'),
            #[cfg(windows)]
            b'\\' => name.push('/'),
            other => name.push_str(&format!("%{other:02X}")),
        }
    }
    name + "?immutable=1"
}

/// Whether a WAL that lies beside a file that was just opened was written on another state of it than the one that is there.
pub(in crate::store) fn is_stale(db: &Connection, path: &Path) -> Result<bool> {
    if wal_length(&beside(path, "-wal")) == 0 {
        return Ok(false);
    }
    let has = "SELECT 1 FROM sqlite_schema WHERE name = 'generation'";
    if db.query_row(has, [], |_| Ok(())).optional()?.is_none() {
        return Ok(false);
    }
    let wal = beside(path, "-wal");
    for again in 0..AGAIN.0 {
        if again > 0 {
            std::thread::sleep(AGAIN.1);
        }
        // Where another program folds or writes meanwhile, nothing that was read says anything, and the WAL is its own.
        let before = (Seen::of(path, &wal)?, wal_length(&wal), generations(db, "main")?);
        let there = in_main_file(db, path);
        if (Seen::of(path, &wal)?, wal_length(&wal), generations(db, "main")?) != before {
            continue;
        }
        let (through_wal, there) = match there {
            Ok(there) => (before.2, there),
            Err(StoreError::WrongPassphrase) => return Err(StoreError::WrongPassphrase),
            // Folded in part: without this WAL it is nothing.
            Err(_) => return Ok(false),
        };
        let Some(newest) = through_wal.last() else { return Ok(false) };
        return Ok(match there.last() {
            Some(last) => last.n < newest.base || !through_wal.iter().any(|one| one.stamp == last.stamp),
            None => newest.base > 0,
        });
    }
    Ok(false)
}
